//! `send`: one message to a person or a group; the exit code tells whether the relay has it or it waits here.

use clap::{ArgMatches, Command, value_parser};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, joined, option, positional, text},
    cast::Members,
    clean,
    exit::CommandError,
    people,
    session::{self, Deadline},
    show,
    terminal::Terminal,
    words::Words,
};

/// How long to wait for the relay where nothing else is said.
const WAIT_SECONDS: u64 = 15;

pub fn command(words: &Words) -> Command {
    dressed(Command::new("send"), words, "send-usage", "send-about")
        .arg(positional(words, "who", "value-who", "help-whom").required(true))
        .arg(positional(words, "text", "value-text", "send-help-text").required(true).num_args(1..))
        .arg(option(words, "wait", "value-seconds", "send-help-wait").value_parser(value_parser!(u64).range(..=3600)))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let conversation = people::find_conversation(&account, text(matches, "who").unwrap_or_default())?;
    let content = match joined(matches, "text").as_str() {
        "-" => terminal.read_all()?,
        content => content.to_owned(),
    };
    let message = account.send_text(&conversation.id, &content, None)?;
    terminal.record(&show::message_record(&message));
    let deadline = Deadline::after_seconds(*matches.get_one::<u64>("wait").unwrap_or(&WAIT_SECONDS));
    let ended = session::hand_over(&account, &message, deadline);
    let message = account.message(&message.conversation, message.position)?;
    terminal.record(&show::message_record(&message));
    let message = ended?;
    let state = show::message_state(&message, &Members::of(&account, &conversation.id)?, &terminal.words);
    terminal.tell("send-done", &[("name", clean::line(&conversation.title).into()), ("state", state.into())]);
    Ok(())
}
