//! Chance that is the same for the same seed: the schedule's, each device's, the relay's.

use std::sync::{Mutex, PoisonError};

use sealpost_engine::step::Random;
use sealpost_server::parts::Randomness;

/// SplitMix64.
#[derive(Debug, Clone)]
pub struct Chance(u64);

impl Chance {
    /// Streams of one seed have nothing to do with each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed.wrapping_mul(0xD1B5_4A32_D192_ED03) ^ stream.wrapping_mul(0xAEF1_7502_108E_F2D9));
        chance.next();
        chance
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

impl Random for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

/// The relay's: shared by all that it does.
pub struct Shared(pub Mutex<Chance>);

impl Randomness for Shared {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        Random::fill(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), bytes);
        Ok(())
    }
}
