//! The operating system's clock and random source.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sealpost_engine::step::Random;

/// Unix milliseconds.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A clock that is so far from where it ought to be was set, or the machine slept.
const LEAP: Duration = Duration::from_secs(60);

/// Sees the clock leap.
pub struct Watch {
    at: Instant,
    now_ms: u64,
}

impl Watch {
    pub fn new() -> Self {
        Self { at: Instant::now(), now_ms: now_ms() }
    }

    /// Whether the clock has leapt since the last look.
    pub fn leapt(&mut self) -> bool {
        let before = std::mem::replace(self, Self::new());
        is_leap(self.now_ms, before.now_ms, self.at.duration_since(before.at))
    }
}

fn is_leap(now_ms: u64, before_ms: u64, passed: Duration) -> bool {
    let expected_ms = before_ms.saturating_add(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX));
    Duration::from_millis(now_ms.abs_diff(expected_ms)) > LEAP
}

/// The operating system's secure random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("an operating system that runs this has a random source");
    }
}

/// `N` random bytes.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom.fill(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_has_leapt_and_one_that_ran_has_not() {
        let hour = Duration::from_secs(3600);
        assert!(!is_leap(5_000_000 + 3_600_000, 5_000_000, hour));
        assert!(!is_leap(5_000_000 + 3_630_000, 5_000_000, hour), "a clock that is kept right is moved a little");
        assert!(is_leap(9_000_000_000, 5_000_000, hour), "forward");
        assert!(is_leap(5_000_000, 5_000_000, hour), "back");
        assert!(!Watch::new().leapt());
    }
}
