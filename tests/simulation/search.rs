//! Runs many seeds, on as many threads as there are cores, and tells what one of them breaks.

use std::{
    ops::RangeInclusive,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
};

use sealpost_engine::simulation;

use crate::{
    broken::Broken,
    bugs::{self, Bug},
    run,
    schedule::Schedule,
    shrink,
};

/// One-time key packages of a device: few, so that the last-resort one is used as well.
pub const KEY_PACKAGES: usize = 3;

/// The seeds that break something, in order; after `enough` of them no further one is begun.
pub fn search(seeds: RangeInclusive<u64>, bug: Option<Bug>, enough: usize) -> Vec<(u64, Broken)> {
    let (next, done) = (AtomicU64::new(*seeds.start()), AtomicBool::new(false));
    let work = || {
        prepare(bug);
        let mut found = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed > *seeds.end() {
                break;
            }
            if let Err(broken) = run::run(&Schedule::draw(seed)) {
                found.push((seed, broken));
                done.store(found.len() >= enough, Ordering::Relaxed);
            }
        }
        found
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut found: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a search ends")).collect()
    });
    found.sort_by_key(|(seed, _)| *seed);
    found
}

/// The shortest story that breaks the same.
pub fn story(seed: u64, broken: Broken) -> String {
    prepare(None);
    let whole = Schedule::draw(seed);
    let count = whole.actions.len();
    let (shortest, broken) = shrink::shrink(whole, broken);
    let (_, lines) = run::tell(&shortest);
    let (suite, actions) = (shortest.suite, shortest.actions.len());
    let head = format!("seed {seed} ({suite:?}), {actions} of {count} actions:");
    format!("{head}\n{}\n→ {}\n{:?}", lines.join("\n"), broken.0, shortest.actions)
}

/// What holds for this thread.
fn prepare(bug: Option<Bug>) {
    simulation::make_key_packages(KEY_PACKAGES);
    bugs::plant(bug);
}
