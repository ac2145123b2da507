//! Makes a schedule that breaks something shorter, while it still breaks the same.

use crate::{broken::Broken, run::run, schedule::Schedule};

/// Runs that shrinking may take.
const RUNS: usize = 400;

/// The shortest schedule that was found, and what it breaks.
pub fn shrink(mut schedule: Schedule, mut broken: Broken) -> (Schedule, Broken) {
    let mut runs = 0;
    let mut size = schedule.actions.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        let mut cut = false;
        while start < schedule.actions.len() && runs < RUNS {
            let mut shorter = schedule.clone();
            let end = (start + size).min(shorter.actions.len());
            shorter.actions.drain(start..end);
            runs += 1;
            match run(&shorter) {
                Err(other) if other.is_like(&broken) => {
                    (schedule, broken, cut) = (shorter, other, true);
                }
                _ => start += size,
            }
        }
        if !cut || size > 1 {
            size /= 2;
        }
        if runs >= RUNS {
            break;
        }
    }
    (schedule, broken)
}
