//! Which relay a command is about: its configuration, and what flags say otherwise.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use sealpost_server::{
    Parts,
    config::{Config, ConfigError, Layers, Loaded, Override},
    parts::DATABASE,
    service::{Refusal, Service},
};

use super::{Failure, block_on};

/// Where a package puts it.
pub const PACKAGED: &str = "/etc/sealpost/relay.toml";

/// What the configuration file does not say, or says otherwise.
#[derive(Args, Clone, Default)]
pub struct Place {
    /// The configuration, TOML; without it SEALPOST_SERVER_CONFIG, then /etc/sealpost/relay.toml if it is there.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The data folder.
    #[arg(long)]
    pub data: Option<PathBuf>,
    /// Where to listen.
    #[arg(long)]
    listen: Option<SocketAddr>,
    /// Where /health and /metrics listen, and `status` asks.
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
    /// The configuration of all layers; it may still make no sense.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let environment: Vec<_> = std::env::vars_os().collect();
        let file = self.config.clone().or_else(|| Layers::file_of(&environment));
        let file = file.or_else(|| Path::new(PACKAGED).exists().then(|| PACKAGED.into()));
        Layers { file, environment, flags: self.flags() }.load()
    }

    /// For a command that serves nobody: what could not be served does not matter.
    pub fn config(self) -> Result<Config, ConfigError> {
        Ok(self.load()?.config)
    }

    /// For serving.
    pub fn checked_config(self) -> Result<Config, ConfigError> {
        self.load()?.check()
    }

    fn flags(self) -> Vec<Override> {
        let path = |path: PathBuf| path.to_string_lossy().into_owned().into();
        let mut flags: Vec<Override> = Vec::new();
        flags.extend(self.data.map(|data| ("data", path(data), "--data")));
        flags.extend(self.listen.map(|address| ("listen", address.to_string().into(), "--listen")));
        flags.extend(self.observe.map(|address| ("observe", address.to_string().into(), "--observe")));
        flags.extend(self.sms_file.map(|file| ("sms.by.file.path", path(file), "--sms-file")));
        if self.open {
            flags.push(("registration.open", true.into(), "--open"));
        }
        flags
    }
}

/// Works on the store beside the relay, which may be running.
pub fn on_service<T>(config: &Config, work: impl AsyncFnOnce(&Service) -> Result<T, Refusal>) -> Result<T, Failure> {
    database(config)?;
    block_on(async {
        let service = Service::new(config.clone(), Parts::open_beside(config)?);
        work(&service)
            .await
            .map_err(|refusal| format!("{}; nothing is known to be changed, repeat it", refusal.detail).into())
    })
}

/// The relay's database, which has to be there.
pub fn database(config: &Config) -> Result<PathBuf, Failure> {
    let database = config.data.join(DATABASE);
    if !database.exists() {
        return Err(format!("{} is not there; check --data and --config", database.display()).into());
    }
    Ok(database)
}
