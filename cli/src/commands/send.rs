//! `send`: one message to people and groups; the exit code tells whether the relay has it or it waits here.

use clap::{ArgAction, ArgMatches, Command, value_parser};
use sealpost_client::{Account, Conversation};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, joined, option, positional, text},
    cast::Members,
    clean,
    exit::{CommandError, Exit},
    people,
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long to wait, for an account in use and then for the relay, where nothing else is said.
const WAIT_SECONDS: u64 = 15;

pub fn command(words: &Words) -> Command {
    let content = positional(words, "text", "value-text", "send-help-text").required_unless_present("file");
    dressed(Command::new("send"), words, "send-usage", "send-about")
        .arg(positional(words, "who", "value-who", "help-whom").required(true))
        .arg(content.num_args(1..))
        .arg(option(words, "also", "value-who", "send-help-also").action(ArgAction::Append))
        .arg(option(words, "file", "value-file", "send-help-file"))
        .arg(option(words, "wait", "value-seconds", "send-help-wait").value_parser(value_parser!(u64).range(..=3600)))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    if matches.contains_id("file") {
        return Err(CommandError::new("no_files_yet", Exit::Usage));
    }
    // Whoever writes into the pipe may take their time: nobody else is kept from the account meanwhile.
    let content = match joined(matches, "text").as_str() {
        "-" => terminal.read_all()?,
        content => content.to_owned(),
    };
    let seconds = *matches.get_one::<u64>("wait").unwrap_or(&WAIT_SECONDS);
    let account = folder.open_until(terminal, Deadline::after_seconds(seconds))?;
    let conversations = recipients(&account, matches)?;
    let deadline = Deadline::after_seconds(seconds);
    let mut sent = Vec::new();
    let mut ended = Ok(());
    for conversation in &conversations {
        match account.send_text(&conversation.id, &content, None) {
            Ok(message) => {
                terminal.record(&show::message_record(&message));
                sent.push((conversation, message));
            }
            // The others get it all the same.
            Err(error) => ended = ended.and(named(error.into(), conversation, terminal, conversations.len())),
        }
    }
    for (conversation, message) in sent {
        let handed_over = session::hand_over(&account, &message, deadline);
        let message = account.message(&message.conversation, message.position)?;
        terminal.record(&show::message_record(&message));
        match handed_over {
            Ok(message) => {
                let state = show::message_state(&message, &Members::of(&account, &conversation.id)?, &terminal.words);
                let name = clean::line(&conversation.title);
                terminal.tell("send-done", &[("name", name.into()), ("state", state.into())]);
            }
            Err(error) => ended = ended.and(named(error, conversation, terminal, conversations.len())),
        }
    }
    ended
}

/// Everybody who is meant, each once. Where one is not found, nobody gets anything.
fn recipients(account: &Account, matches: &ArgMatches) -> Result<Vec<Conversation>, CommandError> {
    let others = matches.get_many::<String>("also").unwrap_or_default().map(String::as_str);
    let mut conversations: Vec<Conversation> = Vec::new();
    for who in text(matches, "who").into_iter().chain(others) {
        let conversation = people::find_conversation(account, who)?;
        if !conversations.iter().any(|known| known.id == conversation.id) {
            conversations.push(conversation);
        }
    }
    Ok(conversations)
}

/// Of several recipients, people want to know to whom it happened.
fn named(
    error: CommandError,
    conversation: &Conversation,
    terminal: &Terminal,
    recipients: usize,
) -> Result<(), CommandError> {
    if recipients > 1 {
        let name = clean::line(&conversation.title);
        terminal.remark(&terminal.words.with("send-not-to", &[("name", name.into())]));
    }
    Err(error)
}
