//! Valid bytes, changed: the same changes for the same seed.

/// Small, fast, and the same everywhere (xorshift).
pub struct Chance(u64);

impl Chance {
    pub fn of(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

/// Lengths and tags at their edges.
const EDGES: [u8; 8] = [0, 1, 0x7f, 0x80, 0xff, 0x0a, 0x12, b'"'];

/// One of the seeds with one to four changes.
pub fn mutated(seeds: &[Vec<u8>], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(4) {
        change(&mut bytes, seeds, chance);
    }
    bytes
}

fn change(bytes: &mut Vec<u8>, seeds: &[Vec<u8>], chance: &mut Chance) {
    let at = chance.below(bytes.len());
    let end = at + chance.below(bytes.len() - at + 1).min(64);
    match chance.below(8) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << chance.below(8),
        1 if !bytes.is_empty() => bytes[at] = EDGES[chance.below(EDGES.len())],
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..end.min(bytes.len()))),
        4 => {
            let part = bytes[at..end.min(bytes.len())].to_vec();
            bytes.splice(at..at, part);
        }
        5 => {
            let other = &seeds[chance.below(seeds.len())];
            let from = chance.below(other.len());
            bytes.truncate(at);
            bytes.extend(&other[from..]);
        }
        6 => {
            let part = vec![EDGES[chance.below(EDGES.len())]; 1 + chance.below(16)];
            bytes.splice(at..at, part);
        }
        _ => bytes.push(chance.below(256) as u8),
    }
}
