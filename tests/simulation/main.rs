//! Engines, the relay's service, and a network, clocks and disks that fail by chance: from one seed each run, against
//! a reference model. A seed that breaks something tells its story, as short as it can be made.
//!
//! `SEEDS=first..last` runs others than the thousand, `TOLD` says how many stories are told.

mod audit;
mod broken;
mod bugs;
mod chance;
mod clock;
mod clubs;
mod device;
mod ending;
mod line;
mod model;
mod network;
mod people;
mod relay;
mod reunion;
mod run;
mod schedule;
mod search;
mod shrink;
mod story;
mod temper;
mod time;
mod wire;
mod world;

use std::{ops::RangeInclusive, time::Instant};

use bugs::Bug;
use search::search;

const SEEDS: RangeInclusive<u64> = 1..=1_000;
/// Seeds that are told when many fail.
const TOLD: usize = 3;

#[test]
fn whatever_happens_nothing_is_lost_doubled_or_sealed_twice() {
    let seeds = std::env::var("SEEDS").map_or(SEEDS, |text| range(&text));
    let told = std::env::var("TOLD").ok().and_then(|text| text.parse().ok()).unwrap_or(TOLD);
    let started = Instant::now();
    let failures = search(seeds.clone(), None, usize::MAX);
    let (count, seconds) = (seeds.end() + 1 - seeds.start(), started.elapsed().as_secs_f64());
    println!("{count} seeds in {seconds:.1} seconds, {:.1} a second", count as f64 / seconds);
    for (seed, broken) in failures.iter().take(told) {
        println!("\n{}", search::story(*seed, broken.clone()));
    }
    let list: Vec<_> = failures.iter().map(|(seed, broken)| format!("{seed}: {}", broken.0)).collect();
    assert!(list.is_empty(), "{} of {count} seeds:\n{}", list.len(), list.join("\n"));
}

#[test]
fn every_planted_bug_is_found_within_a_thousand_seeds() {
    let missed = |bug: &Bug| match search(SEEDS, Some(*bug), 1).first() {
        Some((seed, broken)) => {
            println!("{bug:?}: found by seed {seed}: {}", broken.0);
            false
        }
        None => true,
    };
    let only = std::env::var("BUG").unwrap_or_default();
    let wanted = |bug: &Bug| format!("{bug:?}").contains(&only);
    let missed: Vec<_> = bugs::ALL.into_iter().filter(wanted).filter(missed).collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}

/// `first..last`, both included; or one seed.
fn range(text: &str) -> RangeInclusive<u64> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let number = |text: &str| text.trim_start_matches('=').parse().expect("SEEDS=first..last");
    number(first)..=number(last)
}
