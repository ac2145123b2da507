//! `watch`: a bot hears everything once, goes on where it stopped, and is told when the relay is away.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    program::{command, text},
    walk::Walk,
};

/// How long a line may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_bot_hears_messages_requests_and_states_and_ends_in_order() {
    let walk = Walk::begin();
    walk.meet();
    let mut bot = Bot::starts(&walk, "bob", &["--resume", "bot"]);
    walk.done("ada", &["send", "Bob", "hello bot"]);
    let heard = bot.hears("a message", |line| line["text"] == "hello bot" && line["new"] == true);
    assert_eq!((&heard["type"], &heard["mine"]), (&"message".into(), &false.into()));
    assert!(heard["stream_position"].as_u64().is_some_and(|position| position > 0), "{heard}");
    bot.hears_of_earlier("a contact request", |line| line["type"] == "contact" && line["request"] == true);
    assert_eq!(bot.ends().last().expect("a last line")["type"], "stopped");

    // What happens while nobody watches is told later, once.
    walk.done("ada", &["send", "Bob", "while you were away"]);
    walk.done("bob", &["inbox"]);
    let mut bot = Bot::starts(&walk, "bob", &["--resume", "bot"]);
    let heard = bot.hears("what was missed", |line| line["text"] == "while you were away" && line["new"] == true);
    let lines = bot.ends();
    assert!(lines.iter().all(|line| line["text"] != "hello bot" || line["new"] == false), "{lines:?}");
    // From a position, the same is told again.
    let before = (heard["stream_position"].as_u64().expect("a position") - 1).to_string();
    let mut bot = Bot::starts(&walk, "bob", &["--since", &before]);
    bot.hears("the same again", |line| line["text"] == "while you were away");
    bot.ends();
}

#[test]
fn a_bot_that_is_killed_hears_again_what_it_had_not_written_out() {
    let walk = Walk::begin();
    walk.meet();
    Bot::starts(&walk, "bob", &["--resume", "bot"]).ends();
    for number in 0..5 {
        walk.done("ada", &["send", "Bob", &format!("message {number}")]);
        let mut bot = Bot::starts(&walk, "bob", &["--resume", "bot"]);
        bot.hears("each message", |line| line["text"] == format!("message {number}"));
        bot.process.kill().expect("it is killed");
        bot.process.wait().expect("it is gone");
    }
    let bot = Bot::starts(&walk, "bob", &["--resume", "bot"]);
    let told: Vec<_> = bot.ends().into_iter().filter(|line| line["new"] == true).collect();
    assert!(told.len() <= 1, "at most the last one is told again: {told:?}");
}

#[test]
fn a_bot_is_told_that_the_relay_is_away_and_that_it_is_back() {
    let mut walk = Walk::begin();
    walk.meet();
    let mut bot = Bot::starts(&walk, "bob", &[]);
    let connection = |line: &Value, state: &str| line["type"] == "connection" && line["state"] == state;
    bot.hears("a connection", |line| connection(line, "online"));
    walk.stop_relay();
    bot.hears("that it is gone", |line| connection(line, "connecting"));
    walk.start_relay();
    bot.hears("that it is back", |line| connection(line, "online"));
    walk.done("ada", &["send", "Bob", "after the pause"]);
    bot.hears("a message", |line| line["text"] == "after the pause");
    bot.ends();
}

#[test]
fn a_bot_hears_what_happens_in_a_group_in_its_order() {
    let walk = Walk::begin();
    walk.meet_all();
    let mut bot = Bot::starts(&walk, "bob", &[]);
    walk.done("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
    bot.hears("the group", |line| line["type"] == "conversation" && line["title"] == "Choir");
    walk.done("ada", &["groups", "rename", "Choir", "Big choir"]);
    let renamed = bot.hears("the new name", |line| line["kind"] == "system" && line["text"] == "renamed");
    assert_eq!(renamed["name"], "Big choir");
    let positions: Vec<_> = bot.ends().iter().filter_map(|line| line["stream_position"].as_u64()).collect();
    assert!(positions.is_sorted(), "{positions:?}");
}

#[test]
fn a_bot_answers_through_the_program_that_watches() {
    let walk = Walk::begin();
    walk.meet();
    let mut bot = Bot::starts(&walk, "bob", &["--send"]);
    walk.done("ada", &["send", "Bob", "what is two and two?"]);
    let asked = bot.hears("a question", |line| line["text"] == "what is two and two?");
    bot.says(&json!({"conversation": asked["conversation"], "text": "four", "reply_to": asked["id"], "tag": 7}));
    let taken = bot.hears("that it was taken", |line| line["type"] == "taken");
    assert_eq!((&taken["tag"], &taken["text"]), (&7.into(), &"four".into()));
    bot.hears("that the relay has it", |line| line["mine"] == true && line["state"] == "sent");
    bot.says(&json!({"to": "Dora", "text": "who are you?", "tag": 8}));
    let refused = bot.hears("a refusal", |line| line["type"] == "refused");
    assert_eq!((&refused["tag"], &refused["error"]["code"]), (&8.into(), &"unknown_conversation_name".into()));
    bot.says(&json!(["nonsense"]));
    let refused = bot.hears("a refusal", |line| line["type"] == "refused");
    assert_eq!(refused["error"]["code"], "order_unclear");
    bot.ends();
    walk.done("ada", &["inbox"]);
    let told = text(&walk.run("ada", &["inbox", "Bob"]));
    assert!(told.contains("four"), "{told}");
}

/// `sealpost watch --json` of one account.
struct Bot {
    process: Child,
    lines: Receiver<Value>,
    heard: Vec<Value>,
}

impl Bot {
    fn starts(walk: &Walk, account: &str, arguments: &[&str]) -> Self {
        let arguments = [&["--account", account, "--json", "watch"], arguments].concat();
        let mut process = command(walk.home(), &arguments);
        let mut process = process.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let output = BufReader::new(process.stdout.take().expect("its output"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // Nobody listens any more once the test is over.
                let _ = tell.send(serde_json::from_str(&line).unwrap_or_else(|_| panic!("a record: {line}")));
            }
        });
        let mut bot = Self { process, lines, heard: Vec::new() };
        bot.hears("the beginning", |line| line["type"] == "watching");
        bot
    }

    /// The next line of this kind.
    fn hears(&mut self, what: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("{what} never came: {:#?}", self.heard));
            self.heard.push(line.clone());
            if is_meant(&line) {
                return line;
            }
        }
    }

    /// A line of this kind, if it did not come already.
    fn hears_of_earlier(&mut self, what: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
        match self.heard.iter().find(|line| is_meant(line)) {
            Some(line) => line.clone(),
            None => self.hears(what, is_meant),
        }
    }

    /// Writes a line to its standard input.
    fn says(&mut self, order: &Value) {
        writeln!(self.process.stdin.as_mut().expect("its input"), "{order}").expect("it listens");
    }

    /// Sends SIGTERM and answers everything that was heard.
    fn ends(mut self) -> Vec<Value> {
        let id = self.process.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).output().expect("it can be asked");
        assert!(asked.status.success(), "{}", text(&asked));
        let status = self.process.wait().expect("it ends");
        self.heard.extend(self.lines.iter());
        assert_eq!(status.code(), Some(0), "{:?}", self.heard);
        self.heard
    }
}
