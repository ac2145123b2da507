//! The demo's relay: `sealpost serve` in a process of its own, so that it can be killed and started again.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{exit::CommandError, words::Language};

use super::{failed, program::Program};

pub struct Relay {
    program: Program,
    folder: PathBuf,
    sms: PathBuf,
    address: SocketAddr,
    pin: String,
}

impl Relay {
    /// With a certificate authority of its own, on a free port; codes go to a file instead of a phone.
    pub fn start(folder: &Path, sms: &Path) -> Result<Self, CommandError> {
        let (program, address, pin) = serve(folder, sms, "127.0.0.1:0")?;
        Ok(Self { program, folder: folder.to_owned(), sms: sms.to_owned(), address, pin })
    }

    /// `kill -9`, then a new process on the same data and port. Answers with the killed one's number.
    pub fn kill_and_restart(&mut self) -> Result<u32, CommandError> {
        let process = self.program.process();
        self.program.kill()?;
        let (program, address, pin) = serve(&self.folder, &self.sms, &self.address.to_string())?;
        if (address, &pin) != (self.address, &self.pin) {
            return Err(failed("the relay came back as another one"));
        }
        self.program = program;
        Ok(process)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn pin(&self) -> &str {
        &self.pin
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn database(&self) -> PathBuf {
        self.folder.join("relay.sqlite")
    }

    /// The six digits in the newest SMS.
    pub fn newest_code(&self) -> Result<String, CommandError> {
        let messages = fs::read_to_string(&self.sms).map_err(failed)?;
        let newest = messages.lines().last().ok_or_else(|| failed("no SMS"))?;
        let newest: Value = serde_json::from_str(newest).map_err(failed)?;
        let text = newest["text"].as_str().unwrap_or_default();
        let mut words = text.split(|character: char| !character.is_ascii_digit());
        words.find(|word| word.len() == 6).map(str::to_owned).ok_or_else(|| failed("no code in the SMS"))
    }
}

fn serve(folder: &Path, sms: &Path, listen: &str) -> Result<(Program, SocketAddr, String), CommandError> {
    let text = |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| failed("the folder's name is no text"));
    let (folder, sms) = (text(folder)?, text(sms)?);
    let arguments = ["serve", "--private", "--data", &folder, "--listen", listen, "--sms-file", &sms];
    let mut program = Program::start(&arguments, Language::English)?;
    let listening = program.wait_for("listening")?;
    let address = listening["address"].as_str().unwrap_or_default();
    let address = address.trim_start_matches("https://").parse().map_err(failed)?;
    let pin = listening["pin"].as_str().ok_or_else(|| failed("no pin"))?.to_owned();
    Ok((program, address, pin))
}
