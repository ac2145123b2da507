//! `export`: what the account knows and has said, in the clear, for backups and other programs; never a key.
//!
//! Invariant: a file is there whole or not at all, and only its owner can read it.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use clap::{ArgMatches, Command};
use sealpost_client::{Account, Conversation};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::{
    account_folder::AccountFolder,
    arguments::{dressed, flag, option, positional, text},
    cast::Members,
    clean,
    exit::{CommandError, Exit},
    people,
    show::{self, group},
    terminal::{Progress, Terminal},
    words::Words,
};

/// Messages that are in memory at once.
const PAGE: u32 = 500;
/// The form of the records; another one gets another number.
const VERSION: u32 = 1;

pub fn command(words: &Words) -> Command {
    dressed(Command::new("export"), words, "export-usage", "export-about")
        .arg(positional(words, "who", "value-who", "export-help-who"))
        .arg(option(words, "to", "value-target", "export-help-to").required(true))
        .arg(flag(words, "text", "export-help-text"))
        .arg(flag(words, "force", "export-help-force"))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal, folder: &AccountFolder) -> Result<(), CommandError> {
    let target = text(matches, "to").unwrap_or_default();
    let path = Some(target).filter(|target| *target != "-").map(PathBuf::from);
    if path.as_ref().is_some_and(|path| path.exists()) && !matches.get_flag("force") {
        return Err(CommandError::new("export_exists", Exit::Failure).with("file", target));
    }
    let account = folder.open(terminal)?;
    let who = text(matches, "who").map(|who| people::find_conversation(&account, who)).transpose()?;
    let sink = Sink::open(path.as_deref()).map_err(|error| unwritable(target, &error))?;
    let mut export = Export {
        account: &account,
        terminal,
        sink,
        as_text: matches.get_flag("text"),
        target,
        messages: 0,
        progress: terminal.progress(),
    };
    export.write(who)?;
    let Export { messages, sink, .. } = export;
    sink.finish(path.as_deref()).map_err(|error| unwritable(target, &error))?;
    if path.is_some() {
        terminal.record(&json!({"type": "exported", "file": target, "messages": messages}));
        terminal.tell("export-done", &[("count", messages.into()), ("file", clean::line(target).into())]);
        terminal.remark(&terminal.bold(&terminal.words.say("export-warning")));
    }
    Ok(())
}

struct Export<'a> {
    account: &'a Account,
    terminal: &'a Terminal,
    sink: Sink,
    as_text: bool,
    target: &'a str,
    messages: u64,
    progress: Progress,
}

impl Export<'_> {
    /// The account, or one conversation: people first, then what was said, each conversation in its order.
    fn write(&mut self, only: Option<Conversation>) -> Result<(), CommandError> {
        let profile = self.account.profile()?;
        self.record(&json!({"type": "export", "version": VERSION, "account": profile.id}))?;
        let mut contacts = self.account.contacts()?;
        let conversations = match only {
            Some(conversation) => {
                contacts.retain(|contact| conversation.peer.as_ref() == Some(&contact.id));
                vec![conversation]
            }
            None => {
                self.record(&show::profile_record(&profile))?;
                self.account.conversations()?
            }
        };
        for contact in &contacts {
            self.record(&show::contact_record(contact))?;
            self.line(&show::contact_line(contact, &self.terminal.words))?;
        }
        for conversation in &conversations {
            self.conversation(conversation)?;
        }
        Ok(())
    }

    fn conversation(&mut self, conversation: &Conversation) -> Result<(), CommandError> {
        let mut record = show::conversation_record(conversation);
        // It comes with the messages.
        record.as_object_mut().and_then(|record| record.remove("last"));
        self.record(&record)?;
        self.line("")?;
        self.line(&format!("== {} ({}) ==", clean::line(&conversation.title), conversation.id))?;
        if conversation.group.is_some() {
            for member in self.account.members(&conversation.id)? {
                self.record(&group::member_record(&conversation.id, &member))?;
                self.line(&group::member_line(&member, &self.terminal.words))?;
            }
        }
        let account = self.account;
        let cast = Members::of(account, &conversation.id)?;
        let mut after = None;
        loop {
            let page = account.messages_after(&conversation.id, after, PAGE)?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.position);
            for message in &page {
                self.record(&show::message_record(message))?;
                if self.as_text {
                    // One that is answered further above is not looked up: it may be anywhere.
                    let answered = show::answered(message, page.iter());
                    self.line(&show::message_line(message, answered, &cast, &self.terminal.words))?;
                }
            }
            self.messages += page.len() as u64;
            self.progress.show(&self.terminal.words.with("export-writing", &[("count", self.messages.into())]));
        }
    }

    fn record(&mut self, record: &Value) -> Result<(), CommandError> {
        if self.as_text { Ok(()) } else { self.put(&clean::json(&record.to_string())) }
    }

    fn line(&mut self, line: &str) -> Result<(), CommandError> {
        if self.as_text { self.put(line) } else { Ok(()) }
    }

    fn put(&mut self, line: &str) -> Result<(), CommandError> {
        writeln!(self.sink, "{line}").map_err(|error| unwritable(self.target, &error))
    }
}

/// Where an export goes: a file that has its name at the end only, or standard output.
enum Sink {
    /// Made for its owner alone (0600), beside the file that it becomes; gone if anything goes wrong.
    File(BufWriter<NamedTempFile>),
    Output(BufWriter<io::Stdout>),
}

impl Sink {
    fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::Output(BufWriter::new(io::stdout())));
        };
        Ok(Self::File(BufWriter::new(NamedTempFile::new_in(folder_of(path))?)))
    }

    /// Gives the file its name, once all of it is on the disk.
    fn finish(self, path: Option<&Path>) -> io::Result<()> {
        match (self, path) {
            (Self::File(writer), Some(path)) => {
                let file = writer.into_inner().map_err(|error| error.into_error())?;
                file.as_file().sync_all()?;
                file.persist(path).map_err(|error| error.error)?;
                File::open(folder_of(path))?.sync_all()
            }
            (Self::File(_), None) => Ok(()),
            (Self::Output(mut writer), _) => writer.flush(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(writer) => writer.write(bytes),
            Self::Output(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(writer) => writer.flush(),
            Self::Output(writer) => writer.flush(),
        }
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn unwritable(target: &str, error: &io::Error) -> CommandError {
    CommandError::new("export_unwritable", Exit::Failure).with("file", target).with("detail", &error.to_string())
}
