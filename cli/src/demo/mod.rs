//! The demo: real programs, started, cut off and killed as a user's would be, and then a look into the relay's files.
//!
//! Each step checks what it shows: a message that is lost, doubled or out of order ends the demo with an error.

mod club;
mod network;
mod person;
mod program;
mod relay;
mod search;
mod story;

use std::{fmt::Display, path::Path, time::Instant};

use crate::{
    exit::{CommandError, Exit},
    terminal::Terminal,
};

use self::{
    network::Network,
    person::{Outcome, Person},
    relay::Relay,
    story::Story,
};

/// Numbers that the German authority keeps free for films.
const JOHANNA: (&str, &str) = ("Johanna", "+4917604069001");
const MATTHIEU: (&str, &str) = ("Matthieu", "+4917604069002");

/// Plays the demo in a temporary folder and says how to do the same by hand.
///
/// # Errors
/// Something did not come out as promised; the text says what.
pub fn run(terminal: &Terminal) -> Result<(), CommandError> {
    let begin = Instant::now();
    let folder = tempfile::Builder::new().prefix("sealpost-demo-").tempdir().map_err(failed)?;
    let story = Story::begin(terminal, folder.path());
    let played = Play::prepare(&story, folder.path()).and_then(|mut play| {
        play.talk()?;
        play.cut_and_kill()?;
        play.gather(folder.path())?;
        play.remove_one()?;
        play.look_into_the_relay()
    });
    played?;
    story.end(begin.elapsed().as_secs());
    Ok(())
}

/// Any failure of the demo's own doing.
fn failed(error: impl Display) -> CommandError {
    CommandError::new("demo_failed", Exit::Failure).with("detail", &error.to_string())
}

/// Creates an account and registers it with the code from the SMS.
fn enter(
    story: &Story<'_>,
    relay: &Relay,
    network: &Network,
    (name, number): (&str, &str),
    folder: &Path,
) -> Result<Person, CommandError> {
    let person = Person::create(name, number, &folder.join(name.to_lowercase()), story.language())?;
    let code = person.register(&network.url(), relay.pin(), || relay.newest_code())?;
    story.fact("demo-registered", &[("name", name), ("number", number), ("code", &code), ("id", &person.id)]);
    Ok(person)
}

/// Everything that takes part.
struct Play<'a> {
    story: &'a Story<'a>,
    relay: Relay,
    network: Network,
    johanna: Person,
    matthieu: Person,
    /// Comes later.
    giulia: Option<Person>,
    /// Every text that was written, for the search.
    written: Vec<String>,
}

impl<'a> Play<'a> {
    /// Starts the relay, registers both and exchanges their cards.
    fn prepare(story: &'a Story<'a>, folder: &Path) -> Result<Self, CommandError> {
        story.step("demo-step-relay");
        let relay = Relay::start(&folder.join("relay"), &folder.join("sms.jsonl"))?;
        let network = Network::start(relay.address())?;
        story.fact("demo-relay-runs", &[("address", &network.url())]);
        story.fact("demo-relay-pin", &[("pin", &relay.pin()[..16])]);

        story.step("demo-step-register");
        let enter = |who| enter(story, &relay, &network, who, folder);
        let (johanna, matthieu) = (enter(JOHANNA)?, enter(MATTHIEU)?);
        let play = Self { story, relay, network, johanna, matthieu, giulia: None, written: Vec::new() };
        story.step("demo-step-cards");
        play.exchange(&play.johanna, &play.matthieu)?;
        Ok(play)
    }

    /// Somebody registers by phone number.
    fn enter(&self, who: (&str, &str), folder: &Path) -> Result<Person, CommandError> {
        enter(self.story, &self.relay, &self.network, who, folder)
    }

    /// Both take the other's card.
    fn exchange(&self, one: &Person, other: &Person) -> Result<(), CommandError> {
        for (one, other) in [(one, other), (other, one)] {
            let card = one.card()?;
            other.add_contact(&card, &one.name)?;
            let start = &card[..card.len().min(40)];
            self.story.fact("demo-card", &[("name", &one.name), ("other", &other.name), ("card", start)]);
        }
        Ok(())
    }

    /// A message each way.
    fn talk(&mut self) -> Result<(), CommandError> {
        self.story.step("demo-step-talk");
        let hello = self.write("demo-text-hello");
        self.show_written(&self.johanna, &hello, self.johanna.send(&self.matthieu.id, &hello, 20)?)?;
        self.expect_received(&self.matthieu, &self.johanna, &[&hello])?;
        let answer = self.write("demo-text-answer");
        self.show_written(&self.matthieu, &answer, self.matthieu.send(&self.johanna.id, &answer, 20)?)?;
        self.expect_received(&self.johanna, &self.matthieu, &[&answer])
    }

    /// No network, a killed client, a killed relay: everything arrives once, in order.
    fn cut_and_kill(&mut self) -> Result<(), CommandError> {
        self.story.step("demo-step-cut");
        self.network.cut();
        self.story.fact("demo-network-cut", &[]);
        let offline = self.write("demo-text-offline");
        self.show_written(&self.johanna, &offline, self.johanna.send(&self.matthieu.id, &offline, 1)?)?;
        let killed = self.write("demo-text-killed");
        let process = self.johanna.send_and_be_killed(&self.matthieu, &killed)?;
        self.story.quote(&self.johanna.name, &killed, "demo-state-killed");
        self.story.fact("demo-client-killed", &[("name", &self.johanna.name), ("process", &process.to_string())]);

        self.story.step("demo-step-back");
        self.network.restore();
        self.story.fact("demo-network-back", &[]);
        self.johanna.visit()?;
        self.story.fact("demo-outbox-left", &[("name", &self.johanna.name)]);
        let process = self.relay.kill_and_restart()?;
        self.story.fact("demo-relay-killed", &[("process", &process.to_string())]);
        let hello = self.written[0].clone();
        self.expect_received(&self.matthieu, &self.johanna, &[&hello, &offline, &killed])?;
        self.story.fact("demo-all-once", &[]);
        Ok(())
    }

    /// What the relay holds while a message waits there, and that nothing of what was said can be found in it.
    fn look_into_the_relay(&mut self) -> Result<(), CommandError> {
        self.story.step("demo-step-look");
        let waiting = self.write("demo-text-waiting");
        self.show_written(&self.johanna, &waiting, self.johanna.send(&self.matthieu.id, &waiting, 20)?)?;
        self.story.fact("demo-waits-there", &[("name", &self.matthieu.name)]);
        let rows = search::rows(&self.relay.database())?;
        self.story.table(&rows);

        self.story.step("demo-step-search");
        let folder = self.relay.folder();
        let control = self.story.text("demo-text-control");
        let planted = search::plant(folder, &control)?;
        let found = search::search(folder, std::slice::from_ref(&control))?;
        std::fs::remove_file(planted).map_err(failed)?;
        if found.hits != 1 {
            return Err(failed("the search did not find its planted control"));
        }
        self.story.fact("demo-control-found", &[("text", &control)]);
        let needles = self.needles();
        let found = search::search(folder, &needles)?;
        self.story.searched(needles.len(), &found);
        if found.hits > 0 {
            return Err(CommandError::new("demo_readable", Exit::Failure).with_number("hits", found.hits));
        }
        self.story.step("demo-step-last");
        self.expect_received(&self.matthieu, &self.johanna, &[&waiting])
    }

    /// What must not be found: what was said, who said it, and the numbers with and without their plus.
    fn needles(&self) -> Vec<String> {
        let mut needles = self.written.clone();
        for person in [&self.johanna, &self.matthieu].into_iter().chain(&self.giulia) {
            needles.push(person.name.clone());
            needles.push(person.number.clone());
            needles.push(person.number.trim_start_matches('+').to_owned());
        }
        needles
    }

    fn write(&mut self, key: &str) -> String {
        let text = self.story.text(key);
        self.written.push(text.clone());
        text
    }

    fn show_written(&self, author: &Person, text: &str, outcome: Outcome) -> Result<(), CommandError> {
        let state = match outcome {
            Outcome::AtTheRelay => "demo-state-sent",
            Outcome::Waiting => "demo-state-waiting",
        };
        self.story.quote(&author.name, text, state);
        Ok(())
    }

    /// Lets a person fetch, and checks that exactly these texts of the other came last, in this order, each once.
    fn expect_received(&self, reader: &Person, author: &Person, expected: &[&str]) -> Result<(), CommandError> {
        let received = reader.received_from(author)?;
        let tail = &received[received.len().saturating_sub(expected.len())..];
        let once = |text: &&str| received.iter().filter(|known| known == text).count() == 1;
        if tail != expected || !expected.iter().all(once) {
            return Err(failed(format!("{} received {received:?}, expected {expected:?}", reader.name)));
        }
        for text in expected.iter().skip(usize::from(expected.len() > 1)) {
            self.story.received(&reader.name, text);
        }
        Ok(())
    }
}
