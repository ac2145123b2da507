//! Every setting by its name: what it decides, in which unit, and how it is written. The order is the file's.

use std::net::{IpAddr, SocketAddr};

use toml::Value;

/// What the names of environment variables begin with.
pub const ENVIRONMENT: &str = "SEALPOST_SERVER_";

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// In the file: sections and name, joined by dots.
    pub name: &'static str,
    pub about: &'static str,
    /// Of a number; empty where there is none.
    pub unit: &'static str,
    pub kind: Kind,
    /// How it is written where the default is that there is none; a TOML value.
    pub example: &'static str,
    /// Never shown.
    pub is_secret: bool,
}

/// What a value must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Switch,
    /// 32 bits.
    Count,
    /// 63 bits: TOML has no more.
    Large,
    /// Address and port.
    Address,
    /// Addresses without a port.
    Addresses,
    Texts,
}

impl Setting {
    const fn new(name: &'static str, kind: Kind, about: &'static str) -> Self {
        Self { name, about, unit: "", kind, example: "", is_secret: false }
    }

    const fn unit(self, unit: &'static str) -> Self {
        Self { unit, ..self }
    }

    const fn example(self, example: &'static str) -> Self {
        Self { example, ..self }
    }

    const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }

    pub fn find(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("{ENVIRONMENT}{}", self.name.to_uppercase().replace('.', "__"))
    }

    /// The section it stands in, and its name there.
    pub fn place(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }

    /// A variable's text as a value; `None`: it is not of this kind.
    pub fn read(&self, text: &str) -> Option<Value> {
        let listed = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let texts = |parts: Vec<&str>| Value::Array(parts.into_iter().map(|part| Value::String(part.into())).collect());
        let digits = || text.trim().replace('_', "");
        match self.kind {
            Kind::Text => Some(Value::String(text.to_owned())),
            Kind::Switch => text.trim().parse().ok().map(Value::Boolean),
            Kind::Count => digits().parse::<u32>().ok().map(|count| Value::Integer(count.into())),
            Kind::Large => digits().parse::<i64>().ok().filter(|count| *count >= 0).map(Value::Integer),
            Kind::Address => text.trim().parse::<SocketAddr>().ok().map(|address| Value::String(address.to_string())),
            Kind::Addresses => listed().all(|part| part.parse::<IpAddr>().is_ok()).then(|| texts(listed().collect())),
            Kind::Texts => Some(texts(listed().collect())),
        }
    }
}

impl Kind {
    /// What a value is, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Switch => "true or false",
            Self::Count => "a whole number from 0 to 4294967295",
            Self::Large => "a whole number from 0 on",
            Self::Address => "an address with its port, such as \"127.0.0.1:8443\" or \"[::1]:8443\"",
            Self::Addresses => "a list of addresses without ports, such as [\"127.0.0.1\"]",
            Self::Texts => "a list of texts, such as [\"DE\", \"FR\"]",
        }
    }
}

use Kind::{Address, Addresses, Count, Large, Switch, Text, Texts};

/// All of them.
pub const SETTINGS: &[Setting] = &[
    Setting::new("operator", Text, "Who runs the relay, in words for its users."),
    Setting::new("region", Text, "Where its data lies, in words for its users."),
    Setting::new("data", Text, "The data folder: database, key files, blobs."),
    Setting::new("listen", Address, "Where the relay listens."),
    Setting::new("observe", Address, "Where /health and /metrics listen, and `status` asks; not for the public.")
        .example("\"127.0.0.1:9464\""),
    Setting::new("trusted_proxies", Addresses, "Proxies whose x-forwarded-for is believed."),
    Setting::new("oldest_version", Count, "The oldest protocol version that is served."),
    Setting::new("tls.certificate_chain", Text, "The certificate with its chain, PEM, the leaf first.")
        .example("\"/etc/sealpost/chain.pem\""),
    Setting::new("tls.private_key", Text, "Its private key, PEM; readable by the relay alone.")
        .example("\"/etc/sealpost/key.pem\""),
    Setting::new("registration.phone", Switch, "With a phone number and the code sent to it."),
    Setting::new("registration.invitation", Switch, "With an invitation (`sealpost-server invite`)."),
    Setting::new("registration.open", Switch, "With nothing at all: for closed networks and tests."),
    Setting::new(
        "sms.by",
        Text,
        "How codes are sent: \"console\" prints them; or one of the two sections below instead.",
    ),
    Setting::new("sms.countries", Texts, "ISO 3166 codes of the countries that codes are sent to; without it, all.")
        .example("[\"DE\", \"FR\"]"),
    Setting::new("sms.codes_a_day", Count, "The bill's ceiling, all numbers together.").unit("codes a day"),
    Setting::new("sms.by.file.path", Text, "Codes are appended to this file (delete `by` above).")
        .example("\"/var/lib/sealpost/sms.jsonl\""),
    Setting::new("sms.by.gateway.url", Text, "Codes are posted to this SMS service, https only (delete `by` above).")
        .example("\"https://sms.example/send\""),
    Setting::new("sms.by.gateway.token", Text, "Its bearer token.").example("\"the service's token\"").secret(),
    Setting::new("limits.anonymous_a_minute", Count, "Requests and deliveries without identity, per address prefix.")
        .unit("requests a minute"),
    Setting::new("limits.signed_a_minute", Count, "Signed requests, per account.").unit("requests a minute"),
    Setting::new("limits.codes_an_hour", Count, "Codes asked for, per address prefix.").unit("codes an hour"),
    Setting::new("limits.connections", Large, "Connections at a time, all together.").unit("connections"),
    Setting::new("limits.idle_seconds", Large, "A connection that neither sends nor takes anything is cut after this.")
        .unit("seconds"),
    Setting::new("limits.mailbox_messages", Large, "Messages that wait in one mailbox.").unit("messages"),
    Setting::new("limits.mailbox_bytes", Large, "Bytes that wait in one mailbox.").unit("bytes"),
    Setting::new("limits.uploads", Large, "Uploads of blobs at a time; each is held in memory, 32 MiB at most.")
        .unit("uploads"),
    Setting::new("disk.uploads_bytes", Large, "With less free disk, uploads and new accounts are refused.")
        .unit("bytes"),
    Setting::new("disk.deliveries_bytes", Large, "With less free disk, deliveries and slot claims are refused too.")
        .unit("bytes"),
];
