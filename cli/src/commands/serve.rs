//! `serve`: starts a relay in this process and says how to register at it.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, ArgMatches, Command};
use sealpost_server::{
    config::{Config, SmsBy, Tls, Ways},
    parts::Parts,
};
use serde_json::json;
use tokio::{net::TcpListener, signal::unix::SignalKind};
use tokio_util::sync::CancellationToken;

use crate::{
    account_folder,
    arguments::{dressed, flag, option, text},
    authority::Authority,
    clean,
    exit::{CommandError, Exit},
    terminal::Terminal,
    words::Words,
};

const LISTEN: &str = "127.0.0.1:8443";

pub fn command(words: &Words) -> Command {
    let path = |name, help| option(words, name, "value-folder", help).value_parser(clap::value_parser!(PathBuf));
    dressed(Command::new("serve"), words, "serve-usage", "serve-about")
        .arg(path("data", "serve-help-data"))
        .arg(option(words, "listen", "value-listen", "serve-help-listen").default_value(LISTEN))
        .arg(flag(words, "private", "serve-help-private").conflicts_with("certificate"))
        .arg(option(words, "host", "value-host", "serve-help-host").action(ArgAction::Append).requires("private"))
        .arg(path("certificate", "serve-help-certificate").requires("key"))
        .arg(path("key", "serve-help-key").requires("certificate"))
        .arg(flag(words, "open", "serve-help-open"))
        .arg(option(words, "operator", "value-text", "serve-help-operator"))
        .arg(option(words, "region", "value-text", "serve-help-region"))
        .arg(path("sms-file", "serve-help-data").hide(true))
}

pub fn run(matches: &ArgMatches, terminal: &Terminal) -> Result<(), CommandError> {
    let plan = Plan::read(matches)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(failed)?;
    runtime.block_on(plan.carry_out(terminal))
}

/// A relay that is to be started.
struct Plan {
    config: Config,
    pin: Option<String>,
    /// The name in the printed address, where it is not the listener's.
    host: Option<String>,
}

impl Plan {
    fn read(matches: &ArgMatches) -> Result<Self, CommandError> {
        let path = |name| matches.get_one::<PathBuf>(name).cloned();
        let data = path("data").map_or_else(account_folder::relay_folder, Ok)?;
        let listen = text(matches, "listen").unwrap_or(LISTEN);
        let listen: SocketAddr =
            listen.parse().map_err(|_| CommandError::new("listen_address", Exit::Usage).with("address", listen))?;
        let hosts: Vec<String> = matches.get_many("host").unwrap_or_default().cloned().collect();
        let mut tls = path("certificate").zip(path("key"));
        let mut pin = None;
        if matches.get_flag("private") {
            let names = if hosts.is_empty() { vec![listen.ip().to_string()] } else { hosts.clone() };
            let authority = Authority::in_folder(&data, &names).map_err(failed)?;
            tls = Some((authority.chain, authority.private_key));
            pin = Some(authority.pin);
        }
        let mut config = Config {
            data,
            listen,
            tls: tls.map(|(certificate_chain, private_key)| Tls { certificate_chain, private_key }),
            operator: text(matches, "operator").unwrap_or_default().to_owned(),
            region: text(matches, "region").unwrap_or_default().to_owned(),
            registration: Ways { open: matches.get_flag("open"), ..Ways::default() },
            ..Config::default()
        };
        if let Some(path) = path("sms-file") {
            config.sms.by = SmsBy::File { path };
        }
        Ok(Self { config, pin, host: hosts.into_iter().next() })
    }

    async fn carry_out(self, terminal: &Terminal) -> Result<(), CommandError> {
        let parts = Parts::open(&self.config).map_err(failed)?;
        let listener = TcpListener::bind(self.config.listen).await.map_err(failed)?;
        let mut address = listener.local_addr().map_err(failed)?.to_string();
        if let Some(host) = &self.host {
            let port = listener.local_addr().map_err(failed)?.port();
            address = format!("{host}:{port}");
        }
        let scheme = if self.config.tls.is_some() { "https" } else { "http" };
        let stop = stop_on_signal()?;
        let ready = || self.announce(terminal, &format!("{scheme}://{address}"));
        sealpost_server::run(self.config.clone(), listener, parts, ready, stop).await.map_err(failed)?;
        terminal.say("serve-stopped");
        Ok(())
    }

    fn announce(&self, terminal: &Terminal, address: &str) {
        terminal.record(&json!({"type": "listening", "address": address, "pin": self.pin}));
        terminal.tell("serve-listening", &[("address", terminal.bold(address).into())]);
        let folder = clean::line(&self.config.data.display().to_string());
        terminal.tell("serve-data", &[("folder", folder.into())]);
        let pin = self.pin.as_ref().map_or(String::new(), |pin| format!(" --pin {pin}"));
        terminal.tell("serve-register", &[("command", format!("--relay {address}{pin}").into())]);
        terminal.say("serve-codes");
        terminal.say("serve-stop");
    }
}

/// A token that Ctrl-C and SIGTERM set off: requests that run are finished, sockets are closed.
fn stop_on_signal() -> Result<CancellationToken, CommandError> {
    let stop = CancellationToken::new();
    let mut interrupted = tokio::signal::unix::signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminated = tokio::signal::unix::signal(SignalKind::terminate()).map_err(failed)?;
    let signalled = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
        signalled.cancel();
    });
    Ok(stop)
}

fn failed(error: impl std::fmt::Display) -> CommandError {
    CommandError::new("relay_failed", Exit::Failure).with("detail", &error.to_string())
}
