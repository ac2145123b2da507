//! The relay's clock, which is the true one, and how far each device's is off.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sealpost_server::parts::Clock;

pub const MINUTE_MS: u64 = 60_000;
pub const HOUR_MS: u64 = 60 * MINUTE_MS;
pub const DAY_MS: u64 = 24 * HOUR_MS;
pub const START_MS: u64 = 1_900_000_000_000;

/// Clones show the same time, in Unix milliseconds.
#[derive(Clone)]
pub struct TrueTime(Arc<AtomicU64>);

impl TrueTime {
    pub fn new() -> Self {
        Self(Arc::new(AtomicU64::new(START_MS)))
    }

    pub fn now_ms(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub fn set(&self, now_ms: u64) {
        self.0.store(now_ms, Ordering::Relaxed);
    }
}

impl Clock for TrueTime {
    fn now_seconds(&self) -> u64 {
        self.now_ms() / 1000
    }
}
