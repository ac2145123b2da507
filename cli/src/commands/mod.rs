//! The commands, one file per noun: each builds its own arguments and runs itself.

mod card;
mod chat;
mod completions;
mod contacts;
mod demo;
mod export;
mod groups;
mod id;
mod inbox;
mod init;
mod man;
mod privacy;
mod register;
mod screen;
mod search;
mod send;
mod serve;
mod watch;

use clap::{ArgMatches, Command};

use crate::{account_folder::AccountFolder, arguments, exit::CommandError, terminal::Terminal, words::Words};

/// Every command, in the order in which a newcomer needs them.
pub fn all(words: &Words) -> Vec<Command> {
    vec![
        demo::command(words),
        init::command(words),
        register::command(words),
        id::command(words),
        card::command(words),
        contacts::command(words),
        groups::command(words),
        send::command(words),
        chat::command(words),
        screen::command(words),
        inbox::command(words),
        watch::command(words),
        search::command(words),
        export::command(words),
        privacy::command(words),
        serve::command(words),
        completions::command(words),
        man::command(words),
    ]
}

/// Runs the command that was asked for.
///
/// # Errors
/// What the command could not do; the exit code goes with it.
pub fn run(matches: &ArgMatches, terminal: &Terminal) -> Result<(), CommandError> {
    let Some((name, matches)) = matches.subcommand() else {
        return Ok(());
    };
    match name {
        "demo" => return demo::run(matches, terminal),
        "serve" => return serve::run(matches, terminal),
        "completions" => return completions::run(matches, terminal),
        "man" => return man::run(matches, terminal),
        _ => {}
    }
    let folder = AccountFolder::find(arguments::text(matches, "account"))?;
    let folder = folder.with_passphrase_file(arguments::text(matches, "passphrase-file"));
    match name {
        "init" => init::run(matches, terminal, &folder),
        "register" => register::run(matches, terminal, &folder),
        "id" => id::run(matches, terminal, &folder),
        "card" => card::run(matches, terminal, &folder),
        "contacts" => contacts::run(matches, terminal, &folder),
        "groups" => groups::run(matches, terminal, &folder),
        "send" => send::run(matches, terminal, &folder),
        "chat" => chat::run(matches, terminal, &folder),
        "screen" => screen::run(matches, terminal, &folder),
        "watch" => watch::run(matches, terminal, &folder),
        "search" => search::run(matches, terminal, &folder),
        "export" => export::run(matches, terminal, &folder),
        "privacy" => privacy::run(matches, terminal, &folder),
        _ => inbox::run(matches, terminal, &folder),
    }
}
