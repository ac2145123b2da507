//! Two people and a relay, each in a terminal of their own.

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Output, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::program::{command, record, sealpost, text};

#[test]
fn two_people_talk_as_the_readme_says() {
    let walk = Walk::begin();
    walk.meet();
    let chatted = walk.chat(
        "ada",
        "Bob",
        &["Hello from Ada", "//etc is a folder", "/edit /etc is a folder", "/nonsense", "/quit"],
    );
    let told = text(&chatted);
    assert_eq!(chatted.status.code(), Some(0), "{told}");
    assert!(told.contains("\"chat_command\""), "a mistyped command is refused: {told}");

    let inbox = walk.run("bob", &["inbox"]);
    let conversation = of_type(&inbox, "conversation").pop().expect("a conversation");
    assert_eq!((&conversation["unread"], &conversation["request"]), (&Value::from(2), &Value::from(true)));
    walk.done("bob", &["contacts", "accept", &walk.id("ada")]);
    let messages = of_type(&walk.run("bob", &["inbox", &walk.id("ada")]), "message");
    let texts: Vec<_> = messages.iter().map(|message| message["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts, ["Hello from Ada", "/etc is a folder"]);
    assert_eq!(of_type(&walk.run("bob", &["inbox"]), "conversation")[0]["unread"], 0);

    let answered = walk.run("bob", &["send", &walk.id("ada"), "Hello", "from", "Bob"]);
    assert_eq!(of_type(&answered, "message").pop().expect("a message")["text"], "Hello from Bob");
    let seen = of_type(&walk.run("ada", &["inbox", "Bob"]), "message");
    assert_eq!(seen.last().expect("a message")["text"], "Hello from Bob");
}

#[test]
fn what_is_sent_without_a_relay_waits_and_leaves_later() {
    let mut walk = Walk::begin();
    walk.meet();
    walk.done("ada", &["send", "Bob", "before"]);
    walk.stop_relay();
    let waiting = walk.run("ada", &["send", "Bob", "while it was away", "--wait", "1"]);
    assert_eq!(waiting.status.code(), Some(3), "{}", text(&waiting));
    assert_eq!(walk.run("bob", &["inbox", "--wait", "1"]).status.code(), Some(6));
    walk.start_relay();
    walk.done("ada", &["inbox"]);
    let messages = of_type(&walk.run("bob", &["inbox", &walk.id("ada")]), "message");
    let texts: Vec<_> = messages.iter().map(|message| message["text"].as_str().unwrap_or_default()).collect();
    assert_eq!(texts, ["before", "while it was away"]);
}

#[test]
fn two_contacts_of_one_name_are_told_apart_by_their_ids() {
    let walk = Walk::begin();
    walk.meet();
    walk.done("cyd", &["init", "--name", "Cyd", "--vault", "passphrase"]);
    walk.done("cyd", &["register", "--relay", &walk.address, "--open"]);
    walk.done("ada", &["contacts", "add", &walk.card("cyd"), "--name", "bob"]);
    let refused = walk.run("ada", &["send", "Bob", "for whom?"]);
    assert_eq!(error_code(&refused), "ambiguous_name");
    // A name that is somebody's ID does not take that person's messages.
    walk.done("ada", &["contacts", "rename", &walk.id("cyd"), &walk.id("bob")]);
    let sent = walk.run("ada", &["send", &walk.id("bob"), "for Bob", "--wait", "10"]);
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent));
    let messages = of_type(&walk.run("bob", &["inbox", &walk.id("ada")]), "message");
    assert_eq!(messages.last().expect("a message")["text"], "for Bob");
}

/// A relay in a process of its own, and homes for everybody.
pub struct Walk {
    home: TempDir,
    relay: Option<Child>,
    address: String,
}

impl Walk {
    pub fn begin() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let mut walk = Self { home, relay: None, address: "127.0.0.1:0".to_owned() };
        walk.start_relay();
        walk
    }

    /// Ada and Bob register; Ada has Bob's card.
    pub fn meet(&self) {
        for (account, name) in [("ada", "Ada"), ("bob", "Bob")] {
            self.done(account, &["init", "--name", name, "--vault", "passphrase"]);
            self.done(account, &["register", "--relay", &self.address, "--open"]);
        }
        self.done("ada", &["contacts", "add", &self.card("bob"), "--name", "Bob"]);
    }

    /// Also Cyd; Ada has both cards, both have Ada's.
    pub fn meet_all(&self) {
        self.meet();
        self.done("cyd", &["init", "--name", "Cyd", "--vault", "passphrase"]);
        self.done("cyd", &["register", "--relay", &self.address, "--open"]);
        self.done("ada", &["contacts", "add", &self.card("cyd"), "--name", "Cyd"]);
        for account in ["bob", "cyd"] {
            self.done(account, &["contacts", "add", &self.card("ada"), "--name", "Ada"]);
        }
    }

    /// What an account's device says of a group.
    pub fn group(&self, account: &str, name: &str) -> Value {
        let shown = self.run(account, &["groups", "show", name]);
        of_type(&shown, "conversation").pop().unwrap_or_else(|| panic!("a group: {}", text(&shown)))
    }

    pub fn start_relay(&mut self) {
        let data = self.home.path().join("relay-data");
        let listen = self.address.trim_start_matches("http://").to_owned();
        let data = data.to_str().expect("a text");
        let mut relay = command(self.home.path(), &["serve", "--json", "--open", "--listen", &listen, "--data", data])
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        BufReader::new(relay.stdout.take().expect("its output")).read_line(&mut line).expect("it speaks");
        let listening: Value = serde_json::from_str(&line).expect("a record");
        self.address = listening["address"].as_str().expect("an address").to_owned();
        self.relay = Some(relay);
    }

    pub fn stop_relay(&mut self) {
        if let Some(mut relay) = self.relay.take() {
            // It may have ended already.
            let _ = relay.kill();
            let _ = relay.wait();
        }
    }

    /// The relay's process and its folder, for whoever wants to end it in another way.
    pub fn take_relay(&mut self) -> (Child, PathBuf) {
        (self.relay.take().expect("a relay"), self.home.path().join("relay-data"))
    }

    /// Where everybody's folders are.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    pub fn id(&self, account: &str) -> String {
        record(&self.run(account, &["id"]))["id"].as_str().expect("an ID").to_owned()
    }

    pub fn card(&self, account: &str) -> String {
        record(&self.run(account, &["card"]))["link"].as_str().expect("a card").to_owned()
    }

    pub fn done(&self, account: &str, arguments: &[&str]) {
        let output = self.run(account, arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output));
    }

    pub fn run(&self, account: &str, arguments: &[&str]) -> Output {
        sealpost(self.home.path(), &[&["--account", account, "--json"], arguments].concat())
    }

    /// As [`Walk::run`], for people.
    pub fn tells(&self, account: &str, arguments: &[&str]) -> Output {
        sealpost(self.home.path(), &[&["--account", account], arguments].concat())
    }

    /// Types these lines into a chat.
    pub fn chat(&self, account: &str, who: &str, lines: &[&str]) -> Output {
        let home: &Path = self.home.path();
        let mut chat = command(home, &["--account", account, "--json", "chat", who])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut input = chat.stdin.take().expect("its input");
        for line in lines {
            writeln!(input, "{line}").expect("it listens");
        }
        chat.wait_with_output().expect("it ends")
    }
}

impl Drop for Walk {
    fn drop(&mut self) {
        self.stop_relay();
    }
}

pub fn of_type(output: &Output, kind: &str) -> Vec<Value> {
    let told = String::from_utf8_lossy(&output.stdout);
    let records = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("a record"));
    records.filter(|record| record["type"] == kind).collect()
}

pub fn error_code(output: &Output) -> String {
    let told = String::from_utf8_lossy(&output.stdout);
    let last: Value = serde_json::from_str(told.lines().last().expect("a line")).expect("a record");
    last["error"]["code"].as_str().expect("an error").to_owned()
}
