//! How the demo is told: numbered steps, what was written and read, and what was found.

use std::path::Path;

use fluent_bundle::FluentValue;
use serde_json::json;

use crate::{clean, terminal::Terminal, words::Language};

use super::search::Found;

/// The same by hand: the terminal's number and what is entered there. The README has it too, with a third person in
/// the group.
const BY_HAND: [(&str, &str); 13] = [
    ("1", "serve"),
    ("2", "--account johanna init --name Johanna"),
    ("2", "--account johanna register --relay http://127.0.0.1:8443 --phone +4917604069001"),
    ("2", "--account johanna card"),
    ("3", "--account matthieu init --name Matthieu"),
    ("3", "--account matthieu register --relay http://127.0.0.1:8443 --phone +4917604069002"),
    ("3", "--account matthieu contacts add CARD --name Johanna"),
    ("3", "--account matthieu chat Johanna"),
    ("2", "--account johanna inbox"),
    ("2", "--account johanna contacts accept Matthieu"),
    ("2", "--account johanna chat Matthieu"),
    ("2", "--account johanna groups create Choir Matthieu"),
    ("3", "--account matthieu chat Choir"),
];

/// The storyteller.
pub struct Story<'a> {
    terminal: &'a Terminal,
    step: std::cell::Cell<u32>,
}

impl<'a> Story<'a> {
    pub fn begin(terminal: &'a Terminal, folder: &Path) -> Self {
        terminal.line("");
        terminal.line(&terminal.bold(&terminal.words.say("demo-title")));
        let folder = clean::line(&folder.display().to_string());
        terminal.tell("demo-folder", &[("folder", folder.into())]);
        Self { terminal, step: std::cell::Cell::new(0) }
    }

    pub fn language(&self) -> Language {
        self.terminal.words.language()
    }

    pub fn text(&self, key: &str) -> String {
        self.terminal.words.say(key)
    }

    /// A numbered heading.
    pub fn step(&self, key: &str) {
        let number = self.step.get() + 1;
        self.step.set(number);
        let text = self.text(key);
        self.terminal.record(&json!({"type": "step", "number": number, "text": text}));
        self.terminal.line("");
        self.terminal.line(&self.terminal.bold(&format!("{number}  {text}")));
    }

    /// Something that happened.
    pub fn fact(&self, key: &str, variables: &[(&str, &str)]) {
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, FluentValue::from(*value))).collect();
        let text = self.terminal.words.with(key, &variables);
        self.terminal.record(&json!({"type": "fact", "text": text}));
        self.terminal.line(&format!("   {} {text}", self.terminal.green("✓")));
    }

    /// What somebody wrote, and how far it came.
    pub fn quote(&self, author: &str, text: &str, state: &str) {
        let state = self.text(state);
        self.terminal.record(&json!({"type": "written", "author": author, "text": text, "state": state}));
        self.terminal.line(&format!("   {author}: {text}  {}", self.terminal.dim(&format!("[{state}]"))));
    }

    /// What somebody reads on the screen.
    pub fn received(&self, reader: &str, text: &str) {
        self.terminal.record(&json!({"type": "received", "reader": reader, "text": text}));
        let sees = self.terminal.words.with("demo-reads", &[("name", reader.into()), ("text", text.into())]);
        self.terminal.line(&format!("   {} {sees}", self.terminal.green("✓")));
    }

    /// The relay's tables with the number of their rows.
    pub fn table(&self, rows: &[(String, u64)]) {
        for (table, count) in rows {
            self.terminal.record(&json!({"type": "rows", "table": table, "count": count}));
        }
        let width = rows.iter().map(|(table, _)| table.len()).max().unwrap_or(0);
        for (table, count) in rows.iter().filter(|(_, count)| *count > 0) {
            let what = explained(table).map(|key| self.text(key)).unwrap_or_default();
            self.terminal.line(&format!("     {table:width$}  {count:>5}  {}", self.terminal.dim(&what)));
        }
        let empty = rows.iter().filter(|(_, count)| *count == 0).count();
        let empty = self.terminal.words.with("demo-tables-empty", &[("count", empty.into())]);
        self.terminal.line(&format!("     {empty}"));
    }

    /// What the search found.
    pub fn searched(&self, needles: usize, found: &Found) {
        self.terminal.record(&json!({
            "type": "search", "needles": needles, "files": found.files, "bytes": found.bytes, "hits": found.hits,
        }));
        let kibibytes = found.bytes.div_ceil(1024);
        let variables = [("needles", needles.into()), ("files", found.files.into()), ("size", kibibytes.into())];
        let line = self.terminal.words.with("demo-searched", &variables);
        self.terminal.line(&format!("   {} {line}", self.terminal.green("✓")));
        let hits = self.terminal.words.with("demo-hits", &[("count", found.hits.into())]);
        self.terminal.line(&format!("   {}", self.terminal.bold(&hits)));
    }

    pub fn end(&self, seconds: u64) {
        self.terminal.record(&json!({"type": "done", "seconds": seconds}));
        self.terminal.line("");
        self.terminal.line(&self.terminal.bold(&self.terminal.words.with("demo-done", &[("seconds", seconds.into())])));
        self.terminal.line("");
        self.terminal.say("demo-by-hand");
        for (number, command) in BY_HAND {
            self.terminal.line(&format!("  {}  sealpost {command}", self.terminal.bold(number)));
        }
        self.terminal.say("demo-by-hand-note");
    }
}

/// The text that says what stands in a table of the relay.
fn explained(table: &str) -> Option<&'static str> {
    Some(match table {
        "account" => "demo-row-account",
        "code" => "demo-row-code",
        "codes_a_day" => "demo-row-codes-a-day",
        "delivered" => "demo-row-delivered",
        "key_package" => "demo-row-key-package",
        "mailbox" => "demo-row-mailbox",
        "message" => "demo-row-message",
        "payload" => "demo-row-payload",
        "relay" => "demo-row-relay",
        "slot" => "demo-row-slot",
        "token" => "demo-row-token",
        _ => return None,
    })
}
