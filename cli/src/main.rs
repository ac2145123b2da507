//! `sealpost` in a terminal: the façade that the phones use, as commands; it also starts a relay and the demo.
//!
//! Nothing is decided here that the core decides: a command reads its arguments, calls the façade and shows what came
//! of it, for people or (`--json`) for programs.

mod account_folder;
mod arguments;
mod authority;
mod cast;
mod chat;
mod clean;
mod columns;
mod commands;
mod demo;
mod exit;
mod people;
mod screen;
mod session;
mod show;
mod style;
mod terminal;
mod words;

use std::{ffi::OsString, process::ExitCode};

use crate::{exit::Exit, terminal::Terminal, words::Words};

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let json = arguments.iter().skip(1).take_while(|argument| *argument != "--").any(|argument| argument == "--json");
    let terminal = Terminal::new(Words::new(arguments::language(&arguments)), json);
    let ended = arguments::parse(arguments, commands::all(&terminal.words), &terminal).and_then(|matches| {
        commands::run(&matches, &terminal).map_err(|error| {
            terminal.error(&error);
            error.exit
        })
    });
    ended.map_or_else(|exit| exit, |()| Exit::Done).into()
}
