//! `contacts`: whom one knows; adding, naming, accepting, blocking.

use clap::{ArgMatches, Command};
use sealpost_client::Account;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, joined, option, positional, text},
    exit::{CommandError, Exit},
    people,
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long a change may take to leave for the relay before it waits in the outbox.
const CHANGE_SECONDS: u64 = 10;

pub fn command(words: &Words) -> Command {
    let who = || positional(words, "who", "value-who", "help-who").required(true);
    let card = positional(words, "card", "value-card", "contacts-help-card").required(true).num_args(1..);
    let name = option(words, "name", "value-name", "contacts-help-name");
    let new_name = positional(words, "name", "value-name", "contacts-help-name").required(true);
    let new_id = positional(words, "to", "value-who", "help-who").required(true);
    let command = |name: &'static str, usage, about| dressed(Command::new(name), words, usage, about);
    command("contacts", "contacts-usage", "contacts-about")
        .subcommand(command("add", "contacts-add-usage", "contacts-add-about").arg(card).arg(name))
        .subcommand(command("rename", "contacts-rename-usage", "contacts-rename-about").arg(who()).arg(new_name))
        .subcommand(command("accept", "contacts-accept-usage", "contacts-accept-about").arg(who()))
        .subcommand(command("block", "contacts-block-usage", "contacts-block-about").arg(who()))
        .subcommand(command("unblock", "contacts-unblock-usage", "contacts-unblock-about").arg(who()))
        .subcommand(
            command("send-again", "contacts-send-again-usage", "contacts-send-again-about").arg(who()).arg(new_id),
        )
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let Some((verb, matches)) = matches.subcommand() else {
        return list(&account, terminal);
    };
    let id = if verb == "add" {
        let card = match joined(matches, "card").as_str() {
            "-" => terminal.read_all()?,
            card => card.to_owned(),
        };
        account.add_contact(&card, text(matches, "name").unwrap_or_default())?.id
    } else {
        people::find(&account, text(matches, "who").unwrap_or_default())?.id
    };
    match verb {
        "rename" => account.rename_contact(&id, text(matches, "name").unwrap_or_default())?,
        "accept" => account.accept(&id)?,
        "block" => account.block(&id)?,
        "unblock" => account.unblock(&id)?,
        "send-again" => {
            let to = people::find(&account, text(matches, "to").unwrap_or_default())?.id;
            let conversation = |id: &str| account.conversation_with(id).map(|conversation| conversation.id);
            let count = account.send_again(&conversation(&id)?, &conversation(&to)?)?;
            terminal.tell("contacts-sent-again", &[("count", count.into())]);
        }
        _ => {}
    }
    let contact = account.contact(&id)?;
    terminal.record(&show::contact_record(&contact));
    terminal.line(&show::contact_line(&contact, &terminal.words));
    if matches!(verb, "accept" | "block" | "unblock" | "send-again") && account.profile()?.registered {
        let mut progress = terminal.progress();
        let left = session::settle_showing(&account, Deadline::after_seconds(CHANGE_SECONDS), |waiting| {
            progress.show(&terminal.words.with("contacts-still-waiting", &[("count", waiting.into())]));
        });
        drop(progress);
        if left.is_err_and(|error| error.exit == Exit::Unreachable) {
            terminal.remark(&terminal.words.say("change-waits"));
        }
    }
    if verb == "add" {
        terminal.tell("contacts-added", &[("fingerprint", contact.fingerprint.into())]);
    }
    Ok(())
}

fn list(account: &Account, terminal: &Terminal) -> Result<(), CommandError> {
    let contacts = account.contacts()?;
    if contacts.is_empty() {
        terminal.say("contacts-none");
    }
    for contact in &contacts {
        terminal.record(&show::contact_record(contact));
        terminal.line(&show::contact_line(contact, &terminal.words));
    }
    Ok(())
}
