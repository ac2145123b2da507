//! `watch`: everything that happens to the account, as it comes, for bots: from where it stopped, each change once in
//! its order, until it is told to stop.
//!
//! Invariant: a bookmark never runs ahead of what was written out. Events only wake this up; what is told comes from
//! the journal, which holds what no event can lose.

mod orders;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::Receiver,
    },
    time::Duration,
};

use clap::{ArgMatches, Command, builder::NonEmptyStringValueParser, value_parser};
use sealpost_client::{Account, Change, Connection, Error, Event};
use serde_json::{Value, json};
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, option, text},
    cast::Members,
    clean,
    exit::{CommandError, Exit},
    session, show,
    terminal::Terminal,
    words::Words,
};

/// Changes between two bookmarks.
const PAGE: u32 = 100;
/// How long one wait for an event lasts; a signal waits this long at most.
const TICK: Duration = Duration::from_millis(200);

pub fn command(words: &Words) -> Command {
    let since = option(words, "since", "value-position", "watch-help-since").value_parser(value_parser!(u64));
    let name = NonEmptyStringValueParser::new();
    dressed(Command::new("watch"), words, "watch-usage", "watch-about")
        .arg(option(words, "resume", "value-name", "watch-help-resume").conflicts_with("since").value_parser(name))
        .arg(since)
        .arg(flag(words, "send", "watch-help-send"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let stop = stop_on_signal()?;
    let account = folder.open(terminal)?;
    let name = text(matches, "resume");
    let newest_or_bookmark = account.follow(name)?;
    let position = matches.get_one::<u64>("since").copied().unwrap_or(newest_or_bookmark);
    account.connect()?;
    terminal.remark(&terminal.words.say("inbox-watching"));
    terminal.stream(&json!({"type": "watching", "stream_position": position}))?;
    let orders = matches.get_flag("send").then(orders::listen);
    let mut watch = Watch { account: &account, terminal, name, position, connection: None, orders };
    let ended = watch.run(&stop);
    // What was written out is not told again, whatever ended it.
    watch.keep_bookmark()?;
    ended?;
    terminal.stream(&json!({"type": "stopped", "stream_position": watch.position}))
}

struct Watch<'a> {
    account: &'a Account,
    terminal: &'a Terminal,
    name: Option<&'a str>,
    /// Everything up to here was written out.
    position: u64,
    /// The state that was told last.
    connection: Option<Connection>,
    /// What the bot wants sent, where it may say so.
    orders: Option<Receiver<String>>,
}

impl Watch<'_> {
    fn run(&mut self, stop: &AtomicBool) -> Result<(), CommandError> {
        self.tell_changes()?;
        while !stop.load(Ordering::Relaxed) {
            self.tell_connection()?;
            self.take_orders()?;
            match self.account.next_event(TICK) {
                None | Some(Event::Connection { .. }) => {}
                Some(Event::Typing { conversation, author }) => {
                    let record = json!({"type": "typing", "conversation": conversation, "author": author});
                    self.terminal.stream(&record)?;
                }
                Some(_) => self.tell_changes()?,
            }
        }
        self.tell_changes()
    }

    /// Writes out what the journal holds behind the position.
    fn tell_changes(&mut self) -> Result<(), CommandError> {
        loop {
            let page = self.account.changes(self.position, PAGE)?;
            if page.missed {
                self.terminal.remark(&self.terminal.words.say("watch-missed"));
                self.terminal.stream(&json!({"type": "missed", "stream_position": page.end}))?;
            }
            for change in &page.changes {
                self.tell(change)?;
                self.position = change.position;
            }
            if page.end == self.position && page.changes.is_empty() && !page.missed {
                return Ok(());
            }
            self.position = page.end;
            self.keep_bookmark()?;
        }
    }

    fn tell(&self, change: &Change) -> Result<(), CommandError> {
        let told = match &change.event {
            Event::Message { conversation, position } => self.message(conversation, *position, change.new),
            Event::Contact { id } => self.account.contact(id).map(|contact| {
                (show::contact_record(&contact), Some(show::contact_line(&contact, &self.terminal.words)))
            }),
            Event::Conversation { id } => {
                self.account.conversation(id).map(|conversation| (show::conversation_record(&conversation), None))
            }
            Event::Profile => self.account.profile().map(|profile| (show::profile_record(&profile), None)),
            _ => return Ok(()),
        };
        match told {
            Ok((mut record, line)) => {
                record["stream_position"] = change.position.into();
                self.terminal.stream(&record)?;
                line.map_or(Ok(()), |line| self.terminal.stream_line(&line))
            }
            // It is gone, or stands at another place by now, of which another change tells.
            Err(Error::UnknownMessage | Error::UnknownConversation | Error::UnknownContact) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn message(&self, conversation: &str, position: u64, new: bool) -> Result<(Value, Option<String>), Error> {
        let message = self.account.message(conversation, position)?;
        let mut record = show::message_record(&message);
        record["new"] = new.into();
        if self.terminal.is_json() {
            return Ok((record, None));
        }
        let title = clean::line(&self.account.conversation(conversation)?.title);
        let Ok(cast) = Members::of(self.account, conversation) else { return Ok((record, None)) };
        let line = show::message_line(&message, None, &cast, &self.terminal.words);
        Ok((record, Some(format!("{title}  {line}"))))
    }

    /// Sends what the bot has written meanwhile. What can't be sent is said, and the stream goes on.
    fn take_orders(&self) -> Result<(), CommandError> {
        let Some(orders) = &self.orders else { return Ok(()) };
        for line in orders.try_iter() {
            self.terminal.stream(&orders::answer(self.account, &line, &self.terminal.words))?;
        }
        Ok(())
    }

    /// Says once that the relay went away or came back.
    ///
    /// # Errors
    /// It will not come back by waiting.
    fn tell_connection(&mut self) -> Result<(), CommandError> {
        let state = self.account.connection();
        if self.connection.replace(state) == Some(state) {
            return Ok(());
        }
        self.terminal.stream(&json!({"type": "connection", "state": show::connection_code(state)}))?;
        match state {
            Connection::Online => self.terminal.remark(&self.terminal.words.say("chat-online")),
            Connection::Connecting => self.terminal.remark(&self.terminal.words.say("watch-connecting")),
            _ => {}
        }
        session::refusal(state).map_or(Ok(()), Err)
    }

    fn keep_bookmark(&self) -> Result<(), CommandError> {
        if let Some(name) = self.name {
            self.account.set_bookmark(name, self.position)?;
        }
        Ok(())
    }
}

/// Set by Ctrl-C and SIGTERM: what is being written is finished, and the account is closed in order.
fn stop_on_signal() -> Result<Arc<AtomicBool>, CommandError> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let registered = signal_hook::flag::register(signal, stop.clone());
        registered.map_err(|error| CommandError::new("internal", Exit::Failure).with("detail", &error.to_string()))?;
    }
    Ok(stop)
}
