//! Somebody with a device: an account folder, and programs that are started for each thing that person does.

use std::path::{Path, PathBuf};

use crate::{exit::CommandError, words::Language};

use super::{
    failed,
    program::{Ended, Program},
};

pub struct Person {
    pub name: String,
    /// E.164.
    pub number: String,
    pub id: String,
    folder: PathBuf,
    language: Language,
}

/// How far a message came while its program ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    AtTheRelay,
    Waiting,
}

impl Person {
    /// Creates the account on the device.
    pub fn create(name: &str, number: &str, folder: &Path, language: Language) -> Result<Self, CommandError> {
        let mut person = Self {
            name: name.to_owned(),
            number: number.to_owned(),
            id: String::new(),
            folder: folder.to_owned(),
            language,
        };
        let ended = person.run(&["init", "--name", name, "--vault", "passphrase"])?.expect(0)?;
        let profile = ended.of_type("profile").next().ok_or_else(|| failed("no profile"))?;
        person.id = profile["id"].as_str().unwrap_or_default().to_owned();
        Ok(person)
    }

    /// Registers by phone number and answers with the code that came by SMS.
    pub fn register(
        &self,
        relay: &str,
        pin: &str,
        code: impl Fn() -> Result<String, CommandError>,
    ) -> Result<String, CommandError> {
        let arguments = ["register", "--relay", relay, "--pin", pin, "--phone", &self.number];
        let mut program = self.start(&arguments)?;
        program.wait_for("code_sent")?;
        let code = code()?;
        program.answer(&code)?;
        program.finish()?.expect(0)?;
        Ok(code)
    }

    /// The own contact card, as a link.
    pub fn card(&self) -> Result<String, CommandError> {
        let ended = self.run(&["card"])?.expect(0)?;
        let link = ended.of_type("card").next().and_then(|card| card["link"].as_str());
        link.map(str::to_owned).ok_or_else(|| failed("no card"))
    }

    pub fn add_contact(&self, card: &str, name: &str) -> Result<(), CommandError> {
        self.run(&["contacts", "add", card, "--name", name])?.expect(0)?;
        Ok(())
    }

    /// Sends to a person's ID or a group's name, and waits some seconds for the relay to have it.
    pub fn send(&self, to: &str, text: &str, wait_seconds: u32) -> Result<Outcome, CommandError> {
        let ended = self.run(&["send", to, text, "--wait", &wait_seconds.to_string()])?;
        match ended.exit {
            0 => Ok(Outcome::AtTheRelay),
            3 => Ok(Outcome::Waiting),
            _ => Err(ended.expect(0).err().unwrap_or_else(|| failed("send"))),
        }
    }

    /// Sends, and is killed as soon as the message is kept on the device. Answers with the process's number.
    pub fn send_and_be_killed(&self, to: &Self, text: &str) -> Result<u32, CommandError> {
        let mut program = self.start(&["send", &to.id, text, "--wait", "60"])?;
        program.wait_for("message")?;
        let process = program.process();
        program.kill()?;
        Ok(process)
    }

    pub fn create_group(&self, name: &str, with: &[&Self]) -> Result<(), CommandError> {
        let who: Vec<&str> = with.iter().map(|person| person.id.as_str()).collect();
        self.run(&[&["groups", "create", name], &who[..]].concat())?.expect(0)?;
        Ok(())
    }

    pub fn remove_from(&self, group: &str, whom: &Self) -> Result<(), CommandError> {
        self.run(&["groups", "remove", group, &whom.id])?.expect(0)?;
        Ok(())
    }

    /// Fetches, and answers with the texts that stand in the group, oldest first.
    pub fn read_in(&self, group: &str) -> Result<Vec<String>, CommandError> {
        let ended = self.run(&["inbox", group, "--wait", "20"])?.expect(0)?;
        let texts = ended.of_type("message").filter(|message| message["kind"] == "text");
        Ok(texts.filter_map(|message| message["text"].as_str()).map(str::to_owned).collect())
    }

    /// What the device says that it is in the group.
    pub fn standing_in(&self, group: &str) -> Result<String, CommandError> {
        let shown = self.run(&["groups", "show", group])?.expect(0)?;
        let standing = shown.of_type("conversation").next().and_then(|group| group["group"]["standing"].as_str());
        Ok(standing.unwrap_or_default().to_owned())
    }

    /// Tries to send, and answers with the error's code.
    pub fn send_is_refused(&self, group: &str, text: &str) -> Result<String, CommandError> {
        let ended = self.run(&["send", group, text])?;
        let code = ended.records.iter().find_map(|record| record["error"]["code"].as_str());
        Ok(code.unwrap_or_default().to_owned())
    }

    /// Goes online until everything that waits has left and come in.
    pub fn visit(&self) -> Result<(), CommandError> {
        self.run(&["inbox", "--wait", "20"])?.expect(0)?;
        Ok(())
    }

    /// Fetches, and answers with all texts of that person, oldest first.
    pub fn received_from(&self, author: &Self) -> Result<Vec<String>, CommandError> {
        let ended = self.run(&["inbox", &author.id, "--wait", "20"])?.expect(0)?;
        let theirs = ended.of_type("message").filter(|message| message["author"] == author.id.as_str());
        Ok(theirs.filter_map(|message| message["text"].as_str()).map(str::to_owned).collect())
    }

    fn run(&self, arguments: &[&str]) -> Result<Ended, CommandError> {
        self.start(arguments)?.finish()
    }

    fn start(&self, arguments: &[&str]) -> Result<Program, CommandError> {
        let folder = self.folder.to_str().ok_or_else(|| failed("the folder's name is no text"))?;
        Program::start(&[&["--account", folder], arguments].concat(), self.language)
    }
}
