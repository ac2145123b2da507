//! `inbox`: fetches what waits at the relay, and shows conversations, one conversation, or what comes in from now on.

use std::time::Duration;

use clap::{ArgMatches, Command, value_parser};
use sealpost_client::{Account, Conversation, Event, Message};
use serde_json::json;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, option, positional, text},
    cast::Members,
    exit::CommandError,
    people,
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long to wait for the relay where nothing else is said.
const WAIT_SECONDS: u64 = 10;
/// Messages of one conversation that are shown.
const SHOWN_MESSAGES: u32 = 50;
/// How long one wait for an event lasts while watching.
const WATCH: Duration = Duration::from_secs(1);

pub fn command(words: &Words) -> Command {
    dressed(Command::new("inbox"), words, "inbox-usage", "inbox-about")
        .arg(positional(words, "who", "value-who", "help-whom"))
        .arg(flag(words, "watch", "inbox-help-watch"))
        .arg(option(words, "wait", "value-seconds", "inbox-help-wait").value_parser(value_parser!(u64).range(..=3600)))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let deadline = Deadline::after_seconds(*matches.get_one::<u64>("wait").unwrap_or(&WAIT_SECONDS));
    // What is stored here is shown even if the relay can't be reached; the exit code tells that it was not.
    let fetched = session::settle(&account, deadline);
    // Only now: whoever is meant may have written for the first time.
    let who = text(matches, "who").map(|who| people::find_conversation(&account, who)).transpose()?;
    match &who {
        Some(conversation) => show_messages(&account, terminal, conversation)?,
        None => show_conversations(&account, terminal)?,
    }
    if matches.get_flag("watch") {
        return watch(&account, terminal, who.as_ref());
    }
    if who.is_some() && fetched.is_ok() {
        // Read receipts, where they are wished, leave at once.
        session::settle(&account, deadline)?;
    }
    fetched
}

fn show_conversations(account: &Account, terminal: &Terminal) -> Result<(), CommandError> {
    let conversations = account.conversations()?;
    for conversation in &conversations {
        terminal.record(&show::conversation_record(conversation));
        terminal.line(&show::conversation_line(conversation, &Members::of(account, &conversation.id)?, terminal));
    }
    let unread: u32 = conversations.iter().map(|conversation| conversation.unread).sum();
    terminal.tell("inbox-unread", &[("count", unread.into())]);
    Ok(())
}

fn show_messages(account: &Account, terminal: &Terminal, conversation: &Conversation) -> Result<(), CommandError> {
    let cast = Members::of(account, &conversation.id)?;
    let messages = account.messages(&conversation.id, None, SHOWN_MESSAGES)?;
    for message in &messages {
        terminal.record(&show::message_record(message));
        let answered = show::answered(message, messages.iter());
        terminal.line(&show::message_line(message, answered, &cast, &terminal.words));
    }
    if let Some(last) = messages.last() {
        account.mark_read(&conversation.id, last.position)?;
    }
    Ok(())
}

/// Shows messages as they come in or change, until the process is ended.
fn watch(account: &Account, terminal: &Terminal, only: Option<&Conversation>) -> Result<(), CommandError> {
    let is_wished = |conversation: &str| only.is_none_or(|only| only.id == conversation);
    terminal.remark(&terminal.words.say("inbox-watching"));
    account.connect()?;
    loop {
        match account.next_event(WATCH) {
            Some(Event::Message { conversation, position }) if is_wished(&conversation) && terminal.is_json() => {
                terminal.record(&show::message_record(&account.message(&conversation, position)?));
            }
            Some(Event::Arrived { conversation, position }) if is_wished(&conversation) => {
                let message = account.message(&conversation, position)?;
                show_arrived(account, terminal, &message)?;
                if only.is_some() {
                    account.mark_read(&conversation, position)?;
                }
            }
            Some(Event::Connection { state }) => {
                if let Some(refusal) = session::refusal(state) {
                    return Err(refusal);
                }
                terminal.record(&json!({"type": "connection", "state": show::connection_code(state)}));
            }
            _ => {}
        }
    }
}

fn show_arrived(account: &Account, terminal: &Terminal, message: &Message) -> Result<(), CommandError> {
    let mut record = show::message_record(message);
    record["type"] = "arrived".into();
    terminal.record(&record);
    if !terminal.is_json() {
        let cast = Members::of(account, &message.conversation)?;
        terminal.line(&show::message_line(message, None, &cast, &terminal.words));
    }
    Ok(())
}
