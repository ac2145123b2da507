//! `id`: one's own profile, and what can be changed in it.

use clap::{ArgMatches, Command};
use sealpost_client::{Account, AccountState, Error, GroupStanding, Profile, Stop};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, positional, text},
    clean,
    exit::{CommandError, Exit},
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long a change may take to leave for the relay before it waits in the outbox.
const CHANGE_SECONDS: u64 = 10;
/// How long an account that is to be deleted waits for the words of leave to its groups.
const LEAVE_SECONDS: u64 = 30;

pub fn command(words: &Words) -> Command {
    let name = dressed(Command::new("name"), words, "id-name-usage", "id-name-about")
        .arg(positional(words, "name", "value-name", "init-help-name").required(true));
    let receipts = dressed(Command::new("read-receipts"), words, "id-read-receipts-usage", "id-read-receipts-about")
        .arg(positional(words, "switch", "value-switch", "id-help-switch").required(true).value_parser(["on", "off"]));
    dressed(Command::new("id"), words, "id-usage", "id-about")
        .subcommand(dressed(Command::new("delete"), words, "id-delete-usage", "id-delete-about").arg(flag(
            words,
            "yes",
            "id-help-yes",
        )))
        .subcommand(dressed(Command::new("keep"), words, "id-keep-usage", "id-keep-about"))
        .subcommand(name)
        .subcommand(receipts)
        .subcommand(dressed(Command::new("start-over"), words, "id-start-over-usage", "id-start-over-about"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    match matches.subcommand() {
        Some(("delete", matches)) => return delete(terminal, &account, matches.get_flag("yes")),
        Some(("keep", _)) => account.keep_id()?,
        Some(("start-over", _)) => account.start_over(&Stop::new())?,
        Some(("name", matches)) => account.set_name(text(matches, "name").unwrap_or_default())?,
        Some((_, matches)) => account.set_read_receipts(text(matches, "switch") == Some("on"))?,
        None => return show_profile(terminal, &account.profile()?),
    }
    let left = leave(&account);
    show_profile(terminal, &account.profile()?)?;
    if left.is_err() {
        terminal.remark(&terminal.words.say("change-waits"));
    }
    Ok(())
}

/// Lets a change leave for the relay and the contacts; offline, it waits in the outbox.
fn leave(account: &Account) -> Result<(), CommandError> {
    if account.profile()?.registered {
        session::settle(account, Deadline::after_seconds(CHANGE_SECONDS))?;
    }
    Ok(())
}

/// Takes leave of the groups, as far as the relay is reached, then deletes the account there; what is here stays.
fn delete(terminal: &Terminal, account: &Account, yes: bool) -> Result<(), CommandError> {
    let profile = account.profile()?;
    if !profile.registered {
        return Err(Error::NotRegistered.into());
    }
    if !yes {
        let question = terminal.words.with("ask-delete", &[("id", profile.id.as_str().into())]);
        if terminal.ask(&question)?.is_none_or(|answer| !answer.eq_ignore_ascii_case(&profile.id)) {
            return Err(CommandError::new("not_confirmed", Exit::NeedsUser));
        }
    }
    if profile.state == AccountState::Active {
        take_leave(account)?;
    }
    account.delete_account(&Stop::new())?;
    terminal.record(&show::profile_record(&account.profile()?));
    terminal.tell("id-deleted", &[("id", profile.id.as_str().into())]);
    Ok(())
}

fn take_leave(account: &Account) -> Result<(), CommandError> {
    for conversation in account.conversations()? {
        let standing = conversation.group.map(|group| group.standing);
        if matches!(standing, Some(GroupStanding::Member | GroupStanding::Invited { .. })) {
            account.leave_group(&conversation.id)?;
        }
    }
    session::settle(account, Deadline::after_seconds(LEAVE_SECONDS))
}

fn show_profile(terminal: &Terminal, profile: &Profile) -> Result<(), CommandError> {
    terminal.record(&show::profile_record(profile));
    let name = clean::line(&profile.name);
    terminal.tell("id-name", &[("name", if name.is_empty() { "—".into() } else { name.into() })]);
    terminal.tell("id-id", &[("id", terminal.bold(&profile.id).into())]);
    terminal.tell("id-fingerprint", &[("fingerprint", profile.fingerprint.as_str().into())]);
    if profile.registered {
        terminal.tell("id-relay", &[("relay", clean::line(&profile.relay).into())]);
    } else {
        terminal.say("id-unregistered");
    }
    terminal.say(if profile.number_linked { "id-number-linked" } else { "id-number-none" });
    terminal.say(if profile.read_receipts { "id-receipts-on" } else { "id-receipts-off" });
    match profile.state {
        AccountState::New | AccountState::Active => {}
        AccountState::Copied => terminal.say("error-copied-device"),
        AccountState::Retired => terminal.say("error-retired"),
    }
    if let Some(at) = profile.retires_at_ms {
        terminal.tell("id-retires", &[("time", show::time(at).into())]);
    }
    Ok(())
}
