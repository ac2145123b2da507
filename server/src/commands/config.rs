//! `config`: what is in force.

use sealpost_server::config::Weight;

use super::{Failure, Place};

pub fn run(place: Place) -> Result<(), Failure> {
    let loaded = place.load()?;
    match &loaded.file {
        Some(path) => println!("# {}", path.display()),
        None => println!("# no file: make one with `sealpost-server init`"),
    }
    loaded.listing().iter().for_each(|line| println!("{line}"));
    for problem in loaded.problems() {
        let weight = if problem.weight == Weight::Error { "error" } else { "warning" };
        eprintln!("{weight}: {}: {}; {}", problem.setting, problem.what, problem.remedy);
    }
    Ok(())
}
