//! What stands on the chat's screen: each message once, then only what changed in it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use rustyline::ExternalPrinter;
use sealpost_client::{Account, Connection, Error, Event, Message};
use serde_json::json;

use crate::{
    cast::{Cast, Members},
    exit::CommandError,
    session, show,
    terminal::Terminal,
};

/// Shared by the side that reads and the side that listens; lines never mix.
pub struct Screen<'a> {
    account: &'a Account,
    terminal: &'a Terminal,
    conversation: &'a str,
    cast: Members<'a>,
    state: Mutex<State>,
}

struct State {
    printer: Option<Box<dyn ExternalPrinter + Send>>,
    shown: HashMap<u64, Message>,
    connection: Connection,
}

impl<'a> Screen<'a> {
    /// Without a printer (standard input is no terminal) lines go straight to standard output.
    pub fn new(
        account: &'a Account,
        terminal: &'a Terminal,
        conversation: &'a str,
        cast: Members<'a>,
        printer: Option<impl ExternalPrinter + Send + 'static>,
    ) -> Self {
        let printer = printer.map(|printer| Box::new(printer) as Box<dyn ExternalPrinter + Send>);
        let state = State { printer, shown: HashMap::new(), connection: Connection::Disconnected };
        Self { account, terminal, conversation, cast, state: Mutex::new(state) }
    }

    /// Shows a message that is new or changed; of a change of state alone, one short line.
    pub fn show(&self, message: &Message) {
        let words = &self.terminal.words;
        let mut state = self.state();
        let before = state.shown.insert(message.position, message.clone());
        let only_state = |before: &Message| {
            let reached = message.unreached.clone();
            Message { state: message.state, unreached: reached, ..before.clone() } == *message
        };
        let line = match before {
            Some(before) if before == *message => return,
            Some(before) if only_state(&before) => {
                let line = format!("#{} {}", message.position, show::message_state(message, &self.cast, words));
                self.terminal.dim(&line)
            }
            _ => {
                let answered = show::answered(message, state.shown.values());
                show::message_line(message, answered, &self.cast, words)
            }
        };
        self.terminal.record(&show::message_record(message));
        self.print(&mut state, line);
    }

    /// Takes in an event of the account.
    ///
    /// # Errors
    /// The connection will not come back by waiting, or the account's folder can't be read any more.
    pub fn hear(&self, event: &Event) -> Result<(), CommandError> {
        match event {
            Event::Message { conversation, position } | Event::Arrived { conversation, position }
                if conversation == self.conversation =>
            {
                let message = match self.account.message(conversation, *position) {
                    Ok(message) => message,
                    // It stands at another place by now, of which another event tells.
                    Err(Error::UnknownMessage) => return Ok(()),
                    Err(error) => return Err(error.into()),
                };
                self.show(&message);
                if !message.mine {
                    self.account.mark_read(conversation, *position)?;
                }
            }
            Event::Typing { conversation, author } if conversation == self.conversation => {
                self.terminal.record(&json!({"type": "typing", "author": author}));
                let name = self.cast.name(author);
                self.note(&self.terminal.words.with("chat-typing", &[("name", name.into())]));
            }
            Event::Connection { state } => return self.connection(*state),
            Event::Overflow => {
                for message in self.account.messages(self.conversation, None, 50)? {
                    self.show(&message);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A remark between the messages.
    pub fn note(&self, text: &str) {
        let text = self.terminal.dim(&format!("* {text}"));
        self.print(&mut self.state(), text);
    }

    pub fn error(&self, error: &CommandError) {
        if self.terminal.is_json() {
            self.terminal.error(error);
        } else {
            self.note(&error.text(&self.terminal.words));
        }
    }

    fn connection(&self, connection: Connection) -> Result<(), CommandError> {
        if let Some(refusal) = session::refusal(connection) {
            return Err(refusal);
        }
        self.terminal.record(&json!({"type": "connection", "state": show::connection_code(connection)}));
        let before = std::mem::replace(&mut self.state().connection, connection);
        match (before, connection) {
            (Connection::Online, Connection::Online) => {}
            (_, Connection::Online) => self.note(&self.terminal.words.say("chat-online")),
            (Connection::Online, _) => self.note(&self.terminal.words.say("chat-offline")),
            _ => {}
        }
        Ok(())
    }

    fn print(&self, state: &mut State, line: String) {
        match &mut state.printer {
            // A terminal that went away ends the reading side, which then ends the chat.
            Some(printer) if !self.terminal.is_json() => drop(printer.print(format!("{line}\n"))),
            _ => self.terminal.line(&line),
        }
    }

    /// What a panicking thread left behind is still true: it is only what was shown.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
