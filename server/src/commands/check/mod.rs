//! `check`: what an administrator would look at, a line each; 0 all is well, 1 something to look at, 2 it won't do.

mod certificate;
mod folder;

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    process::ExitCode,
    time::Duration,
};

use clap::Args;
use sealpost_server::config::{Config, Weight};
use serde::Serialize;

use super::{Failure, Place, status::reachable};

/// A relay on this machine answers at once.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Args)]
pub struct Check {
    #[command(flatten)]
    place: Place,
    /// Reads the whole database, its indices too; takes as long as the disk needs.
    #[arg(long)]
    full: bool,
    /// One JSON array instead of lines.
    #[arg(long)]
    json: bool,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warn,
    Error,
}

/// One line.
#[derive(Debug, Serialize)]
struct Finding {
    state: State,
    about: String,
    what: String,
    /// Empty where all is well.
    remedy: String,
}

impl Check {
    pub fn run(self) -> Result<ExitCode, Failure> {
        let (full, json) = (self.full, self.json);
        let findings = findings(self.place, full);
        if json {
            println!("{}", serde_json::to_string(&findings)?);
        } else {
            findings.iter().for_each(Finding::print);
        }
        Ok(match findings.iter().map(|finding| finding.state).max() {
            Some(State::Error) => ExitCode::from(2),
            Some(State::Warn) => ExitCode::from(1),
            Some(State::Ok) | None => ExitCode::SUCCESS,
        })
    }
}

fn findings(place: Place, full: bool) -> Vec<Finding> {
    let loaded = match place.load() {
        Ok(loaded) => loaded,
        Err(error) => return vec![Finding::error(error.place, error.what, error.remedy)],
    };
    let mut findings = Vec::new();
    for problem in loaded.problems() {
        let about = format!("{} ({})", problem.setting, loaded.source(problem.setting));
        let state = if problem.weight == Weight::Error { State::Error } else { State::Warn };
        findings.push(Finding { state, about, what: problem.what, remedy: problem.remedy });
    }
    if findings.is_empty() {
        let what = loaded.file.as_ref().map_or("defaults".into(), |file| file.display().to_string());
        findings.push(Finding::ok("configuration", what));
    }
    let config = &loaded.config;
    let is_running = folder::check(config, full, &mut findings);
    if let Some(tls) = &config.tls {
        findings.push(certificate::check(tls));
    }
    findings.push(listening(config, is_running));
    findings
}

fn listening(config: &Config, is_running: bool) -> Finding {
    let address = config.listen;
    match TcpListener::bind(address) {
        Ok(_) if is_running => {
            let remedy = "it was started with another address, or is just starting";
            Finding::warn("listen", format!("a relay runs, but not on {address}"), remedy)
        }
        Ok(_) => Finding::ok("listen", format!("{address} is free")),
        Err(error) => match error.kind() {
            std::io::ErrorKind::AddrInUse if is_running => Finding::ok("listen", format!("the relay is on {address}")),
            std::io::ErrorKind::AddrInUse => {
                let remedy = "stop what listens there (`ss -ltnp`), or set another address";
                Finding::error("listen", format!("{address} is in use by another program"), remedy)
            }
            // Who may not bind there is not told that somebody has.
            std::io::ErrorKind::PermissionDenied if is_running && answers(address) => {
                Finding::ok("listen", format!("the relay is on {address}"))
            }
            std::io::ErrorKind::PermissionDenied => {
                let remedy = "its service needs CAP_NET_BIND_SERVICE, or a port from 1024 on";
                Finding::warn("listen", format!("this user may not listen on {address}"), remedy)
            }
            _ => Finding::error("listen", format!("{address}: {error}"), "set an address of this machine"),
        },
    }
}

fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&reachable(address), PATIENCE).is_ok()
}

impl Finding {
    fn ok(about: impl Into<String>, what: impl Into<String>) -> Self {
        Self { state: State::Ok, about: about.into(), what: what.into(), remedy: String::new() }
    }

    fn warn(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Warn, about: about.into(), what: what.into(), remedy: remedy.into() }
    }

    fn error(about: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { state: State::Error, ..Self::warn(about, what, remedy) }
    }

    fn print(&self) {
        let state = match self.state {
            State::Ok => "ok   ",
            State::Warn => "warn ",
            State::Error => "error",
        };
        let remedy = if self.remedy.is_empty() { String::new() } else { format!("; {}", self.remedy) };
        println!("{state}  {}: {}{remedy}", self.about, self.what);
    }
}
