//! `demo`: two people, a relay, a cut network and a search for what the relay could have read; on this machine, in a
//! temporary folder, in under a minute.

use clap::{ArgMatches, Command};

use crate::{arguments::dressed, demo, exit::CommandError, terminal::Terminal, words::Words};

pub fn command(words: &Words) -> Command {
    dressed(Command::new("demo"), words, "demo-usage", "demo-about")
}

pub fn run(_matches: &ArgMatches, terminal: &Terminal) -> Result<(), CommandError> {
    demo::run(terminal)
}
