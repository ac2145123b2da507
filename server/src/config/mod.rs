//! What an operator decides; every limit with its unit, every default one that a small relay can live with.
//!
//! Invariant: each field stands in `settings` too, where the file that `init` writes, the environment and the
//! suggestions come from; a test holds the two against each other.

mod gateway_url;
mod load;
mod problems;
mod settings;
mod template;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use sealpost_wire::{PROTOCOL_VERSION, api::relay::RegistrationWays, limits};
use serde::{Deserialize, Serialize};

pub use gateway_url::{GatewayUrlError, gateway_url};
pub use load::{ConfigError, Layers, Loaded, Override, Source};
pub use problems::{Problem, Weight};
pub use settings::{ENVIRONMENT, SETTINGS, Setting};
pub use template::template;

/// A relay's configuration; the file is TOML with these names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Who runs the relay, in words for users.
    pub operator: String,
    /// Where its data lies, in words for users.
    pub region: String,
    /// The data folder: database, key files, blobs.
    pub data: PathBuf,
    /// Where the relay listens.
    pub listen: SocketAddr,
    /// Where `/health` and `/metrics` listen; not for the public. Absent: nowhere.
    pub observe: Option<SocketAddr>,
    /// Absent: plain HTTP, on loopback or behind `trusted_proxies` only.
    pub tls: Option<Tls>,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// How one may register.
    pub registration: Ways,
    pub sms: Sms,
    /// The oldest protocol version that is served.
    pub oldest_version: u32,
    pub limits: Limits,
    pub disk: Disk,
}

/// The relay's certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// PEM, the leaf first.
    pub certificate_chain: PathBuf,
    /// PEM, PKCS #8, PKCS #1 or SEC1.
    pub private_key: PathBuf,
}

/// Ways to register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ways {
    pub phone: bool,
    pub invitation: bool,
    /// With nothing at all.
    pub open: bool,
}

/// How codes are sent, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sms {
    pub by: SmsBy,
    /// ISO 3166 codes (`DE`) of the countries that codes are sent to. Absent: all.
    pub countries: Option<Vec<String>>,
    /// Codes in a day, all numbers together: the bill's ceiling.
    pub codes_a_day: u32,
}

/// The three ways of a text message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SmsBy {
    /// Printed, for development.
    Console,
    /// Appended to a file as JSON lines, for tests.
    File { path: PathBuf },
    /// Posted to an SMS service: `{"to": …, "text": …}` with a bearer token.
    Gateway {
        /// `https`, or `http` on loopback.
        url: String,
        token: String,
    },
}

/// Rates and quotas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests and deliveries without identity in a minute, per address prefix (/24, /48). Full at start.
    pub anonymous_a_minute: u32,
    /// Signed requests in a minute, per account. Full at start.
    pub signed_a_minute: u32,
    /// Codes asked for in an hour, per address prefix.
    pub codes_an_hour: u32,
    /// Connections at a time, all together.
    pub connections: usize,
    /// Seconds after which a connection that neither sends nor takes anything is cut; sockets are pinged every 30.
    pub idle_seconds: u64,
    /// Messages that wait in one mailbox.
    pub mailbox_messages: u64,
    /// Bytes that wait in one mailbox.
    pub mailbox_bytes: u64,
    /// Uploads of blobs at a time; each is held in memory until its signature is checked.
    pub uploads: usize,
}

/// What is refused on a nearly full disk, by bytes that are free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Disk {
    /// Below this, uploads and new accounts are refused.
    pub uploads_bytes: u64,
    /// Below this, deliveries and slot claims too.
    pub deliveries_bytes: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            operator: "not named".to_owned(),
            region: "not named".to_owned(),
            data: PathBuf::from("sealpost-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            observe: None,
            tls: None,
            trusted_proxies: Vec::new(),
            registration: Ways::default(),
            sms: Sms::default(),
            oldest_version: PROTOCOL_VERSION,
            limits: Limits::default(),
            disk: Disk::default(),
        }
    }
}

impl Default for Ways {
    fn default() -> Self {
        Self { phone: true, invitation: true, open: false }
    }
}

impl From<Ways> for RegistrationWays {
    fn from(ways: Ways) -> Self {
        Self { phone: ways.phone, invitation: ways.invitation, open: ways.open }
    }
}

impl Default for Sms {
    fn default() -> Self {
        Self { by: SmsBy::Console, countries: None, codes_a_day: 1_000 }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            anonymous_a_minute: 60_000,
            signed_a_minute: 6_000,
            codes_an_hour: limits::CODES_PER_PREFIX_AN_HOUR,
            connections: 20_000,
            idle_seconds: 120,
            mailbox_messages: limits::MAILBOX_MESSAGES,
            mailbox_bytes: limits::MAILBOX_BYTES,
            uploads: 8,
        }
    }
}

impl Default for Disk {
    fn default() -> Self {
        Self { uploads_bytes: 1 << 30, deliveries_bytes: 256 << 20 }
    }
}
