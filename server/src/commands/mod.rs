//! The operator's commands. Each failure says what to do next; each is a file of its own.

mod config;
mod init;
mod invite;
mod place;
mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use place::Place;

/// Why a command did not do it, in words for the operator.
type Failure = Box<dyn std::error::Error>;

/// The Sealpost relay: carries sealed messages and forgets them.
#[derive(Parser)]
#[command(version)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes a commented configuration and makes the data folder with the relay's keys.
    Init(init::Init),
    /// Serves until it is told to stop (SIGTERM, SIGINT).
    Serve(Place),
    /// Says what is in force, and where each value comes from; secrets are masked.
    Config(Place),
    /// Makes an invitation for one registration, and prints it.
    Invite(invite::Invite),
}

impl Arguments {
    pub fn run(self) -> ExitCode {
        // What a command has to say, it says; only `serve` tells of its ordinary work.
        let level = if matches!(self.command, Command::Serve(_)) { "info" } else { "error" };
        let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
        tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
        match self.command.run() {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("sealpost-server: {failure}");
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Init(init) => init.run()?,
            Self::Serve(place) => serve::run(place)?,
            Self::Config(place) => config::run(place)?,
            Self::Invite(invite) => invite.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs what needs the runtime.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Runtime::new()?.block_on(work)
}
