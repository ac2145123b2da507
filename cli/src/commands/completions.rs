//! `completions`: what a shell needs to complete commands and options, in the user's language where the shell shows it.

use clap::{ArgMatches, Command};
use clap_complete::{Shell, generate};

use crate::{
    arguments::{self, dressed, positional, text},
    exit::CommandError,
    terminal::Terminal,
    words::Words,
};

pub fn command(words: &Words) -> Command {
    let shell = positional(words, "shell", "value-shell", "completions-help-shell").required(true);
    dressed(Command::new("completions"), words, "completions-usage", "completions-about")
        .arg(shell.value_parser(["bash", "zsh", "fish"]))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal) -> Result<(), CommandError> {
    let shell = match text(matches, "shell") {
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        _ => Shell::Bash,
    };
    let mut root = arguments::root(&terminal.words, super::all(&terminal.words));
    let mut script = Vec::new();
    generate(shell, &mut root, "sealpost", &mut script);
    terminal.raw(&String::from_utf8_lossy(&script));
    Ok(())
}
