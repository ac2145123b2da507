//! Where a command's results go: lines for people, or one JSON object a line for programs, never both.

use std::{
    io::{self, BufRead, IsTerminal, Read, Write},
    time::{Duration, Instant},
};

use fluent_bundle::FluentValue;
use serde_json::{Value, json};

use crate::{
    clean, columns,
    exit::{CommandError, Exit},
    style::Style,
    words::Words,
};

/// The most that is read from standard input; the core's own limits are far below.
const INPUT_BYTES: u64 = 1 << 20;
/// Between two lines of progress.
const PROGRESS_PAUSE: Duration = Duration::from_millis(150);

/// The terminal as the user wishes it.
#[derive(Debug)]
pub struct Terminal {
    pub words: Words,
    json: bool,
    style: Style,
}

impl Terminal {
    pub fn new(words: Words, json: bool) -> Self {
        Self { words, json, style: Style::of_environment(json) }
    }

    pub fn is_json(&self) -> bool {
        self.json
    }

    /// Whether colours may be used.
    pub fn has_colours(&self) -> bool {
        self.style.colours
    }

    /// Columns of a line.
    pub fn width(&self) -> usize {
        self.style.width
    }

    /// How far something long is, on standard error where that is a terminal.
    pub fn progress(&self) -> Progress {
        Progress { is_shown: self.style.progress, width: self.style.width, shown_at: None }
    }

    /// For people: a finished line (whoever builds it has cleaned what is foreign in it).
    pub fn line(&self, line: &str) {
        if !self.json {
            print(line);
        }
    }

    /// For people: a text of the locale files.
    pub fn say(&self, key: &str) {
        self.line(&self.words.say(key));
    }

    /// For people: a text of the locale files with its variables.
    pub fn tell(&self, key: &str, variables: &[(&str, FluentValue<'_>)]) {
        self.line(&self.words.with(key, variables));
    }

    /// For people, on standard error: a remark that is no result.
    pub fn remark(&self, line: &str) {
        if !self.json {
            // Nobody is left to be told when standard error is closed.
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// For programs: one object on one line.
    pub fn record(&self, record: &Value) {
        if self.json {
            print(&clean::json(&record.to_string()));
        }
    }

    /// As [`Terminal::record`], for a stream whose reader must get every line.
    ///
    /// # Errors
    /// Nobody reads any more, or it can't be written.
    pub fn stream(&self, record: &Value) -> Result<(), CommandError> {
        if self.json { self.write_through(&clean::json(&record.to_string())) } else { Ok(()) }
    }

    /// As [`Terminal::line`], for the same.
    ///
    /// # Errors
    /// As [`Terminal::stream`].
    pub fn stream_line(&self, line: &str) -> Result<(), CommandError> {
        if self.json { Ok(()) } else { self.write_through(line) }
    }

    /// A whole text as it is, for another program: a script, a page.
    pub fn raw(&self, text: &str) {
        print(text.trim_end_matches('\n'));
    }

    fn write_through(&self, line: &str) -> Result<(), CommandError> {
        let mut output = io::stdout().lock();
        writeln!(output, "{line}")
            .and_then(|()| output.flush())
            .map_err(|error| CommandError::new("output_closed", Exit::Failure).with("detail", &error.to_string()))
    }

    /// An error: for people on standard error, for programs as `{"error":{"code","message"}}` on standard output.
    pub fn error(&self, error: &CommandError) {
        let text = error.text(&self.words);
        self.failure(error.code, &text);
    }

    /// As [`Terminal::error`] for a text that is finished.
    pub fn failure(&self, code: &str, text: &str) {
        if self.json {
            self.record(&json!({"error": {"code": code, "message": text}}));
        } else {
            let _ = writeln!(io::stderr(), "{}", self.bold(text));
        }
    }

    pub fn bold(&self, text: &str) -> String {
        self.styled("1", text)
    }

    pub fn dim(&self, text: &str) -> String {
        self.styled("2", text)
    }

    pub fn green(&self, text: &str) -> String {
        self.styled("32", text)
    }

    fn styled(&self, style: &str, text: &str) -> String {
        if self.style.colours { format!("\u{1b}[{style}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Asks for one line; `None` at the end of the input.
    ///
    /// # Errors
    /// Input that can't be read or is no text.
    pub fn ask(&self, question: &str) -> Result<Option<String>, CommandError> {
        if !self.json && io::stdin().is_terminal() {
            let mut output = io::stdout();
            let _ = write!(output, "{question} ");
            let _ = output.flush();
        }
        let mut answer = String::new();
        let length = io::stdin().lock().read_line(&mut answer);
        let length = length
            .map_err(|error| CommandError::new("input_unreadable", Exit::Failure).with("detail", &error.to_string()))?;
        Ok((length > 0).then(|| answer.trim().to_owned()))
    }

    /// All of standard input as a text, without the line break at its end.
    ///
    /// # Errors
    /// Input that can't be read, is no text or is longer than a mebibyte.
    pub fn read_all(&self) -> Result<String, CommandError> {
        let unreadable = |detail: &str| CommandError::new("input_unreadable", Exit::Failure).with("detail", detail);
        let mut text = String::new();
        let read = io::stdin().lock().take(INPUT_BYTES + 1).read_to_string(&mut text);
        let length = read.map_err(|error| unreadable(&error.to_string()))?;
        if length as u64 > INPUT_BYTES {
            return Err(unreadable("> 1 MiB"));
        }
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    /// Asks for a secret, which is not shown; `None` where nobody can be asked.
    pub fn ask_secret(&self, question: &str) -> Option<String> {
        if self.json || !io::stdin().is_terminal() {
            return None;
        }
        rpassword::prompt_password(format!("{question} ")).ok()
    }
}

/// A line that is written over again and again, and is gone at the end.
#[derive(Debug)]
pub struct Progress {
    is_shown: bool,
    width: usize,
    shown_at: Option<Instant>,
}

impl Progress {
    /// Shows how far it is, not more often than eyes can follow.
    pub fn show(&mut self, text: &str) {
        if self.is_shown && self.shown_at.is_none_or(|at| at.elapsed() >= PROGRESS_PAUSE) {
            self.shown_at = Some(Instant::now());
            let _ = write!(io::stderr(), "\r\u{1b}[2K{}", columns::cut(text, self.width - 1));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown_at.is_some() {
            let _ = write!(io::stderr(), "\r\u{1b}[2K");
        }
    }
}

/// A closed pipe (`sealpost inbox | head`) is not an error of the command.
fn print(line: &str) {
    let mut output = io::stdout().lock();
    let _ = writeln!(output, "{line}");
    let _ = output.flush();
}
