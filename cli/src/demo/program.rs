//! This same program as a child process, spoken to through `--json`: what is killed here is a real process.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::Value;

use crate::{account_folder::PASSPHRASE_VARIABLE, exit::CommandError, words::Language};

use super::failed;

/// Protects the demo's accounts, which are deleted with their folder.
const PASSPHRASE: &str = "only for the demo";

/// A running child; dropping it ends it.
pub struct Program {
    child: Child,
    output: Lines<BufReader<ChildStdout>>,
}

/// How a child ended.
pub struct Ended {
    pub exit: i32,
    pub records: Vec<Value>,
}

impl Program {
    pub fn start(arguments: &[&str], language: Language) -> Result<Self, CommandError> {
        let mut child = Command::new(std::env::current_exe().map_err(failed)?)
            .args(["--json", "--lang", language.code()])
            .args(arguments)
            .env(PASSPHRASE_VARIABLE, PASSPHRASE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(failed)?;
        let output = child.stdout.take().ok_or_else(|| failed("no output"))?;
        Ok(Self { child, output: BufReader::new(output).lines() })
    }

    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// The next record of this type; those before it are passed over, an error ends the wait.
    pub fn wait_for(&mut self, kind: &str) -> Result<Value, CommandError> {
        loop {
            let record = self.record()?.ok_or_else(|| failed(format!("a program ended before {kind}")))?;
            if let Some(message) = record["error"]["message"].as_str() {
                return Err(failed(message));
            }
            if record["type"] == kind {
                return Ok(record);
            }
        }
    }

    /// Types a line.
    pub fn answer(&mut self, line: &str) -> Result<(), CommandError> {
        let input = self.child.stdin.as_mut().ok_or_else(|| failed("no input"))?;
        writeln!(input, "{line}").and_then(|()| input.flush()).map_err(failed)
    }

    /// `kill -9`: no chance to tidy up.
    pub fn kill(&mut self) -> Result<(), CommandError> {
        self.child.kill().map_err(failed)?;
        self.child.wait().map_err(failed)?;
        Ok(())
    }

    /// Reads everything to the end.
    pub fn finish(mut self) -> Result<Ended, CommandError> {
        drop(self.child.stdin.take());
        let mut records = Vec::new();
        while let Some(record) = self.record()? {
            records.push(record);
        }
        let exit = self.child.wait().map_err(failed)?.code().unwrap_or(-1);
        Ok(Ended { exit, records })
    }

    fn record(&mut self) -> Result<Option<Value>, CommandError> {
        let Some(line) = self.output.next().transpose().map_err(failed)? else {
            return Ok(None);
        };
        serde_json::from_str(&line).map(Some).map_err(|_| failed(line))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already; either way nothing of the demo is left running.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// The records of one type.
    ///
    /// # Errors
    /// The child ended with another code than this one.
    pub fn expect(self, exit: i32) -> Result<Self, CommandError> {
        if self.exit == exit {
            return Ok(self);
        }
        let told = self.records.iter().find_map(|record| record["error"]["message"].as_str());
        Err(failed(told.map_or_else(|| format!("exit code {}", self.exit), str::to_owned)))
    }

    pub fn of_type(&self, kind: &str) -> impl DoubleEndedIterator<Item = &Value> {
        self.records.iter().filter(move |record| record["type"] == kind)
    }
}
