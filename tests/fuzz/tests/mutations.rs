//! Each target over mutations of valid bytes, the same each time; `RUNS` times as many where it is set.

use std::{
    panic::catch_unwind,
    sync::atomic::{AtomicU32, Ordering},
};

use sealpost_fuzz::{
    TARGETS, Target,
    mutation::{Chance, mutated},
};

#[test]
fn no_decoder_panics_or_contradicts_itself_whatever_it_is_given() {
    for target in TARGETS {
        if let Some(input) = first_failure(target) {
            panic!("{}: {}", target.name, data_encoding::HEXLOWER.encode(&input));
        }
    }
}

/// What was planted: a decoder that believes a length.
#[test]
fn a_decoder_that_believes_a_length_is_found() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    fn believes(data: &[u8]) {
        RUNS.fetch_add(1, Ordering::Relaxed);
        if let Some((length, rest)) = data.split_first() {
            let _ = &rest[..usize::from(*length)];
        }
    }
    let target = Target { name: "planted", run: believes, seeds: || vec![vec![3, 1, 2, 3]], runs: 1_000 };
    let input = first_failure(&target).expect("found");
    assert!(usize::from(input[0]) >= input.len() && RUNS.load(Ordering::Relaxed) > 1);
}

fn first_failure(target: &Target) -> Option<Vec<u8>> {
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{}", target.name);
    let mut chance = Chance::of(7);
    let times: u32 = std::env::var("RUNS").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    let mutations = (0..target.runs.saturating_mul(times)).map(|_| mutated(&seeds, &mut chance));
    let mut inputs = seeds.clone().into_iter().chain(mutations);
    inputs.find(|input| catch_unwind(|| (target.run)(input)).is_err())
}
