//! The targets under libFuzzer: `TARGET` names one. With `SEEDS` its valid bytes are written into that folder instead.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use sealpost_fuzz::{PLANTED, TARGETS, Target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn chosen() -> &'static Target {
    let name = std::env::var("TARGET").unwrap_or_default();
    let Some(target) = TARGETS.iter().chain([&PLANTED]).find(|target| target.name == name) else {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        eprintln!("TARGET is one of: {}", names.join(" "));
        std::process::exit(2);
    };
    if let Ok(folder) = std::env::var("SEEDS") {
        for (number, seed) in (target.seeds)().iter().enumerate() {
            let written = std::fs::write(format!("{folder}/seed-{number}"), seed);
            written.unwrap_or_else(|error| panic!("{folder}: {error}"));
        }
        std::process::exit(0);
    }
    target
}

fuzz_target!(
    init: {
        TARGET.get_or_init(chosen);
    },
    |data: &[u8]| (TARGET.get_or_init(chosen).run)(data)
);
