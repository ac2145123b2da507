//! Time that passed and time that this process computed, and what lies in the middle of several.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What something took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cost {
    /// Of all threads of this process, in the program and in the kernel.
    pub cpu: Duration,
    pub wall: Duration,
}

/// Does it, and says what it took.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (cpu, wall) = (cpu_time(), Instant::now());
    let result = work();
    (result, Cost { cpu: cpu_time() - cpu, wall: wall.elapsed() })
}

/// The middle one of an odd number of values: what disturbs a few runs does not move it.
pub fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> T {
    let mut sorted: Vec<T> = values.into_iter().collect();
    sorted.sort_by(|one, other| one.partial_cmp(other).expect("what is measured can be compared"));
    sorted[sorted.len() / 2]
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let whole = |part: i64| u64::try_from(part).expect("a process's time is not negative");
    Duration::from_secs(whole(time.tv_sec)) + Duration::from_nanos(whole(time.tv_nsec))
}
