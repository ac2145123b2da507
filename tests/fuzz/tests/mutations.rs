//! Each target over mutations of valid bytes, the same each time; `RUNS` times as many where it is set.

use std::panic::catch_unwind;

use sealpost_fuzz::{
    PLANTED, TARGETS, Target,
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

#[test]
fn a_decoder_that_believes_a_length_is_found() {
    let input = first_failure(&PLANTED).expect("found");
    assert!(input.starts_with(b"seal") && usize::from(input[4]) > input.len() - 5);
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
