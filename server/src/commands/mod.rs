//! The operator's commands. Each failure says what to do next; each is a file of its own.

mod accounts;
mod backup;
mod check;
mod config;
mod figures;
mod init;
mod invitations;
mod invite;
mod migrate;
mod place;
mod progress;
mod restore;
mod serve;
mod status;

use std::{
    panic,
    process::{self, ExitCode},
};

use clap::{Parser, Subcommand};
use sealpost_server::{config::ConfigError, keys::KeyError, parts::PartsError, store::StoreError};

use place::Place;

/// What a shell shows of a command whose reader has gone.
const NOBODY_READS: i32 = 128 + 13;
/// What must be mended before another start: sysexits' EX_CONFIG, after which systemd does not start it again.
const MISCONFIGURED: u8 = 78;

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
    /// Looks at configuration, keys, database, disk, certificate and address; exits with 0, 1 (warnings) or 2.
    Check(check::Check),
    /// Asks the running relay how it is; exits with 0 if it is ready.
    Status(status::Status),
    /// Brings the database of an older version up; `serve` does so too.
    Migrate(Place),
    /// Copies database and blobs while the relay runs, and the keys to a file of their own.
    Backup(backup::Backup),
    /// Makes a data folder out of a backup, as the relay's next incarnation.
    Restore(restore::Restore),
    /// Counts, suspends, deletes accounts, and writes out what is held of one; also while the relay runs.
    Accounts(accounts::Accounts),
    /// Makes an invitation for one registration, and prints it.
    Invite(invite::Invite),
    /// Counts and withdraws invitations that nobody has used yet.
    Invitations(invitations::Invitations),
}

impl Arguments {
    pub fn run(self) -> ExitCode {
        end_with_the_reader();
        // What a command has to say, it says; only `serve` tells of its ordinary work.
        let level = if matches!(self.command, Command::Serve(_)) { "info" } else { "error" };
        let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| level.into());
        sealpost_server::logging::start(filter, std::io::stderr);
        match self.command.run() {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("sealpost-server: {failure}");
                if is_permanent(&*failure) { ExitCode::from(MISCONFIGURED) } else { ExitCode::FAILURE }
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
            Self::Check(check) => return check.run(),
            Self::Status(status) => return status.run(),
            Self::Migrate(place) => migrate::run(place)?,
            Self::Backup(backup) => backup.run()?,
            Self::Restore(restore) => restore.run()?,
            Self::Accounts(accounts) => accounts.run()?,
            Self::Invite(invite) => invite.run()?,
            Self::Invitations(invitations) => invitations.run()?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Printing panics where whoever reads has gone, as in `… | head -n 1`: that is nothing to tell anybody.
fn end_with_the_reader() {
    let before = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        let said = info.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            process::exit(NOBODY_READS);
        }
        before(info);
    }));
}

/// Whether the same again fails in the same way, until somebody has changed configuration, keys or program.
fn is_permanent(failure: &(dyn std::error::Error + 'static)) -> bool {
    let is_key = |error: &KeyError| !matches!(error, KeyError::File(..));
    failure.is::<ConfigError>()
        || failure.downcast_ref().is_some_and(is_key)
        || failure.downcast_ref::<PartsError>().is_some_and(|error| match error {
            PartsError::Unfinished(_) | PartsError::Gateway(_) => true,
            PartsError::Keys(error) => is_key(error),
            PartsError::Store(error) => matches!(error, StoreError::NewerSchema { .. }),
            PartsError::Folder(..) | PartsError::InUse(_) | PartsError::Blobs(_) => false,
        })
}

/// Runs what needs the runtime.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    tokio::runtime::Runtime::new()?.block_on(work)
}
