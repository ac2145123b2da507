//! `sealpost-server`: the relay as a program of its own.

use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use sealpost_server::{Config, Parts, config::SmsBy, service::Service};
use sealpost_wire::{invitation::Invitation, relay_address::RelayAddress};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn std::error::Error>;

/// The Sealpost relay: carries sealed messages and forgets them.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until it is told to stop (SIGTERM, SIGINT).
    Serve(Place),
    /// Makes an invitation for one registration, and prints it.
    Invite {
        #[command(flatten)]
        place: Place,
        /// The relay's public address, such as https://relay.example; without it the bare code is printed.
        #[arg(long)]
        address: Option<String>,
        /// SHA-256 of the private certificate authority's certificate, 64 hex digits.
        #[arg(long, requires = "address")]
        pin: Option<String>,
    },
}

/// What the configuration file does not say, or says otherwise.
#[derive(Args)]
struct Place {
    /// The configuration, TOML.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder.
    #[arg(long)]
    data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where /health and /metrics listen.
    #[arg(long)]
    observe: Option<SocketAddr>,
    /// Appends text messages to this file instead of sending them.
    #[arg(long)]
    sms_file: Option<PathBuf>,
    /// Lets anybody register without number and invitation.
    #[arg(long)]
    open: bool,
}

impl Place {
    fn config(self) -> Result<Config, Failure> {
        let mut config = self.config.as_deref().map(Config::load).transpose()?.unwrap_or_default();
        config.data = self.data.unwrap_or(config.data);
        config.listen = self.listen.unwrap_or(config.listen);
        config.observe = self.observe.or(config.observe);
        config.sms.by = self.sms_file.map_or(config.sms.by, |path| SmsBy::File { path });
        config.registration.open |= self.open;
        Ok(config)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let outcome = tokio::runtime::Runtime::new().map_err(Failure::from).and_then(|runtime| {
        runtime.block_on(async {
            match arguments.command {
                Command::Serve(place) => serve(place.config()?).await,
                Command::Invite { place, address, pin } => invite(place.config()?, address, pin).await,
            }
        })
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sealpost-server: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: Config) -> Result<(), Failure> {
    let parts = Parts::open(&config)?;
    let listener = TcpListener::bind(config.listen).await?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    println!("listening on {scheme}://{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stopping = stop.clone();
    tokio::spawn(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
        stopping.cancel();
    });
    Ok(sealpost_server::run(config, listener, parts, stop).await?)
}

async fn invite(config: Config, address: Option<String>, pin: Option<String>) -> Result<(), Failure> {
    let parts = Parts::open_beside(&config)?;
    let code = Service::new(config, parts).create_invitation().await.map_err(|refusal| refusal.detail.into_owned())?;
    let Some(address) = address else {
        println!("{}", data_encoding::BASE64URL_NOPAD.encode(&code));
        return Ok(());
    };
    let pin = pin.map(|hex| data_encoding::HEXLOWER_PERMISSIVE.decode(hex.as_bytes())).transpose()?;
    let pin = pin.map(|bytes| bytes.try_into().map_err(|_| "the pin has 64 hex digits")).transpose()?;
    println!("{}", Invitation { relay: RelayAddress::new(&address, pin)?, code }.to_text());
    Ok(())
}
