//! Somebody's device: the program as `chat`, which takes lines from a pipe and says in records what became of them.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::moment;
use crate::program::command;

/// A device that is not online after this has lost its way.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Device {
    process: Child,
    input: ChildStdin,
    with: String,
    records: Receiver<Value>,
    is_online: bool,
    /// The own texts that the program has shown: they stand in its database.
    taken: Vec<String>,
}

impl Device {
    /// Starts the chat of an account with somebody, or in a group.
    pub fn start(home: &Path, account: &str, with: &str) -> Self {
        let mut process = command(home, &["--account", account, "--json", "chat", with])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let input = process.stdin.take().expect("its input");
        let lines = BufReader::new(process.stdout.take().expect("its output")).lines();
        let (tell, records) = channel();
        thread::spawn(move || {
            // What the kill cut off in the middle is no record; nobody listening any more is the end as well.
            for record in lines.map_while(Result::ok).map_while(|line| serde_json::from_str(&line).ok()) {
                if tell.send(record).is_err() {
                    return;
                }
            }
        });
        Self { process, input, with: with.to_owned(), records, is_online: false, taken: Vec::new() }
    }

    /// Whether this is where it writes to: an ID as it was started with.
    pub fn writes_to(&self, with: &str) -> bool {
        self.with == with
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        if writeln!(self.input, "{line}").is_err() {
            let said: Vec<_> = self.records.iter().collect();
            panic!("a device ended by itself: {:?}", said.last());
        }
    }

    pub fn comes_online(&mut self) {
        let begin = Instant::now();
        while !self.is_online {
            let left = PATIENCE.saturating_sub(begin.elapsed());
            let record = self.records.recv_timeout(left).expect("it comes online");
            self.hears(&record);
        }
    }

    /// Takes in what it has said; it has to come online anew to count as such.
    pub fn goes_offline(&mut self) {
        while let Ok(record) = self.records.try_recv() {
            self.hears(&record);
        }
        self.is_online = false;
    }

    /// Kills it. Answers with the texts that it had taken, and whether it was inside of a transaction.
    pub fn dies(mut self, folder: &Path) -> (Vec<String>, bool) {
        let inside = moment::kill(&mut self.process, folder);
        while let Ok(record) = self.records.recv() {
            self.hears(&record);
        }
        (std::mem::take(&mut self.taken), inside)
    }

    /// Lets it end in order. Answers with the texts that it had taken.
    pub fn ends(mut self) -> Vec<String> {
        self.types("/quit");
        let ended = self.process.wait().expect("it ends");
        assert!(matches!(ended.code(), Some(0 | 3)), "{ended}");
        while let Ok(record) = self.records.recv() {
            self.note(&record);
        }
        std::mem::take(&mut self.taken)
    }

    fn hears(&mut self, record: &Value) {
        assert!(record["error"].is_null(), "a device said: {record}");
        self.note(record);
    }

    fn note(&mut self, record: &Value) {
        if record["type"] == "connection" {
            self.is_online = record["state"] == "online";
        } else if record["type"] == "message" && record["mine"] == true && record["kind"] == "text" {
            self.taken.push(record["text"].as_str().expect("a text").to_owned());
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
