//! `chat`: one conversation, live: what is typed is sent, what comes in is shown at once, in plain lines.

use std::{
    cell::Cell,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use clap::{ArgMatches, Command};
use rustyline::{
    Editor, Helper, completion::Completer, error::ReadlineError, highlight::Highlighter, hint::Hinter,
    history::MemHistory, validate::Validator,
};
use sealpost_client::{Account, Conversation, Error};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, positional, text},
    cast::Members,
    chat::{entry::Entry, orders, screen::Screen},
    clean,
    exit::{CommandError, Exit},
    people,
    session::{self, Deadline},
    show::group,
    terminal::Terminal,
    words::Words,
};

/// Messages shown at the start.
const SHOWN_MESSAGES: u32 = 20;
/// How long one wait for an event lasts; the end of the chat waits this long at most.
const TICK: Duration = Duration::from_millis(200);
/// A signal that one is typing is not repeated sooner.
const TYPING_PAUSE: Duration = Duration::from_secs(4);
/// How long the last messages may take to leave when the chat ends.
const LEAVE_SECONDS: u64 = 5;

pub fn command(words: &Words) -> Command {
    dressed(Command::new("chat"), words, "chat-usage", "chat-about")
        .arg(positional(words, "who", "value-who", "help-whom").required(true))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let account = folder.open(terminal)?;
    let Conversation { id: conversation, title, .. } =
        people::find_conversation(&account, text(matches, "who").unwrap_or_default())?;
    account.connect()?;

    let mut editor = editor(&account, &conversation)?;
    let cast = Members::of(&account, &conversation)?;
    let screen = Screen::new(&account, terminal, &conversation, cast, editor.create_external_printer().ok());
    terminal.tell("chat-start", &[("name", clean::line(&title).into())]);
    for message in account.messages(&conversation, None, SHOWN_MESSAGES)? {
        screen.show(&message);
    }
    let done = AtomicBool::new(false);
    let listened = std::thread::scope(|scope| {
        let listener = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                if let Some(event) = account.next_event(TICK) {
                    screen.hear(&event)?;
                }
            }
            Ok(())
        });
        let talked =
            Talk { account: &account, terminal, conversation: &conversation, screen: &screen }.run(&mut editor);
        done.store(true, Ordering::Relaxed);
        let listened = listener.join().unwrap_or_else(|_| Err(CommandError::new("internal", Exit::Failure)));
        talked.and(listened)
    });
    listened?;
    leave(&account)
}

/// Lets the last messages leave; what can't waits in the outbox.
fn leave(account: &Account) -> Result<(), CommandError> {
    let settled = session::settle(account, Deadline::after_seconds(LEAVE_SECONDS));
    match account.outbox()?.waiting {
        0 => Ok(()),
        _ => settled.and(Err(CommandError::new("waiting", Exit::Waiting))).map_err(|error| match error.exit {
            Exit::Unreachable => CommandError::new("waiting", Exit::Waiting),
            _ => error,
        }),
    }
}

/// The side of the chat that reads what is typed.
struct Talk<'a> {
    account: &'a Account,
    terminal: &'a Terminal,
    conversation: &'a str,
    screen: &'a Screen<'a>,
}

impl Talk<'_> {
    fn run(&self, editor: &mut Editor<TypingSensor<'_>, MemHistory>) -> Result<(), CommandError> {
        let prompt = if self.terminal.is_json() { "" } else { "> " };
        loop {
            let line = match editor.readline(prompt) {
                Ok(line) => line,
                Err(ReadlineError::Eof | ReadlineError::Interrupted) => return Ok(()),
                Err(error) => {
                    let error = error.to_string();
                    return Err(CommandError::new("input_unreadable", Exit::Failure).with("detail", &error));
                }
            };
            // A line that can't be kept for the arrow keys is still sent.
            let _ = editor.add_history_entry(&line);
            match Entry::parse(&line) {
                Entry::Quit => return Ok(()),
                entry => self.act(&entry).unwrap_or_else(|error| self.screen.error(&error)),
            }
        }
    }

    fn act(&self, entry: &Entry) -> Result<(), CommandError> {
        match entry {
            Entry::Members => self.members(),
            Entry::Help => self.help(),
            order => {
                let sent = orders::carry_out(self.account, self.conversation, order, SHOWN_MESSAGES)?;
                sent.iter().for_each(|message| self.screen.show(message));
                Ok(())
            }
        }
    }

    fn members(&self) -> Result<(), CommandError> {
        self.account.conversation(self.conversation)?.group.ok_or(Error::NotAGroup)?;
        for member in self.account.members(self.conversation)? {
            self.terminal.record(&group::member_record(self.conversation, &member));
            self.screen.note(&group::member_line(&member, &self.terminal.words));
        }
        Ok(())
    }

    fn help(&self) -> Result<(), CommandError> {
        let words = &self.terminal.words;
        self.screen.note(&words.say("chat-help"));
        if self.account.conversation(self.conversation)?.group.is_some() {
            self.screen.note(&words.say("chat-help-group"));
        }
        Ok(())
    }
}

/// A line editor whose history stays in memory: messages are never written down outside the account's database.
fn editor<'a>(
    account: &'a Account,
    conversation: &'a str,
) -> Result<Editor<TypingSensor<'a>, MemHistory>, CommandError> {
    let editor = Editor::with_history(rustyline::Config::default(), MemHistory::new());
    let mut editor = editor
        .map_err(|error| CommandError::new("input_unreadable", Exit::Failure).with("detail", &error.to_string()))?;
    editor.set_helper(Some(TypingSensor { account, conversation, told: Cell::new(None) }));
    Ok(editor)
}

/// Hears each keystroke and tells the other side that somebody is typing, now and then.
struct TypingSensor<'a> {
    account: &'a Account,
    conversation: &'a str,
    told: Cell<Option<Instant>>,
}

impl Hinter for TypingSensor<'_> {
    type Hint = String;

    fn hint(&self, line: &str, _cursor: usize, _context: &rustyline::Context<'_>) -> Option<String> {
        let is_due = self.told.get().is_none_or(|told| told.elapsed() >= TYPING_PAUSE);
        if is_due && !line.is_empty() && !line.starts_with('/') {
            self.told.set(Some(Instant::now()));
            // A lost signal is not worth a word.
            let _ = self.account.typing(self.conversation);
        }
        None
    }
}

impl Completer for TypingSensor<'_> {
    type Candidate = String;
}
impl Highlighter for TypingSensor<'_> {}
impl Validator for TypingSensor<'_> {}
impl Helper for TypingSensor<'_> {}
