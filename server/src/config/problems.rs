//! What a configuration says that can't work, or that its operator may not have meant.

use std::{fs::File, net::SocketAddr, path::Path};

use sealpost_wire::PROTOCOL_VERSION;

use super::{Config, SmsBy, Tls, gateway_url};

/// Sockets are pinged every 30 seconds: whoever is cut before that has had no chance to answer.
const SHORTEST_IDLE_SECONDS: u64 = 45;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// The relay does not start.
    Error,
    /// It does.
    Warning,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub weight: Weight,
    pub setting: &'static str,
    pub what: String,
    pub remedy: String,
}

impl Config {
    /// Errors first.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        self.listening(&mut problems);
        if let Some(tls) = &self.tls {
            certificate(tls, &mut problems);
        }
        self.limited(&mut problems);
        self.registering(&mut problems);
        problems.sort_by_key(|problem| problem.weight != Weight::Error);
        problems
    }

    fn listening(&self, problems: &mut Vec<Problem>) {
        if self.tls.is_none() && !self.listen.ip().is_loopback() && self.trusted_proxies.is_empty() {
            let what = format!("plain HTTP on {} would be open to everybody on the way", self.listen);
            let remedy = "set both of tls, or name the proxy that ends TLS in trusted_proxies, or listen on loopback";
            problems.push(Problem::error("listen", what, remedy));
        }
        let Some(observe) = self.observe else { return };
        if observe == self.listen && observe.port() != 0 {
            problems.push(Problem::error("observe", "listens where the relay does", "give it another port"));
        }
        if is_public(observe) {
            let what = format!("metrics can be read by everybody who reaches {observe}");
            problems.push(Problem::warning("observe", what, "listen on loopback, or shut the port to others"));
        }
    }

    fn limited(&self, problems: &mut Vec<Problem>) {
        let limits = &self.limits;
        let zero = [
            ("limits.anonymous_a_minute", u64::from(limits.anonymous_a_minute)),
            ("limits.signed_a_minute", u64::from(limits.signed_a_minute)),
            ("limits.connections", limits.connections as u64),
            ("limits.mailbox_messages", limits.mailbox_messages),
            ("limits.mailbox_bytes", limits.mailbox_bytes),
            ("limits.uploads", limits.uploads as u64),
            ("limits.idle_seconds", limits.idle_seconds),
        ];
        for (setting, _) in zero.into_iter().filter(|(_, limit)| *limit == 0) {
            problems.push(Problem::error(setting, "nobody could use the relay", "set it to 1 or more"));
        }
        if limits.idle_seconds < SHORTEST_IDLE_SECONDS {
            let remedy = format!("set it to {SHORTEST_IDLE_SECONDS} or more: sockets are pinged every 30 seconds");
            problems.push(Problem::warning("limits.idle_seconds", "idle sockets are cut before their ping", remedy));
        }
        if self.disk.deliveries_bytes > self.disk.uploads_bytes {
            let what = "deliveries would be refused before uploads are";
            problems.push(Problem::error("disk.deliveries_bytes", what, "set it to disk.uploads_bytes or less"));
        }
        if self.oldest_version > PROTOCOL_VERSION {
            let remedy = format!("set it to {PROTOCOL_VERSION} or less, or install a newer relay");
            problems.push(Problem::error("oldest_version", "no app could talk to this relay", remedy));
        }
    }

    fn registering(&self, problems: &mut Vec<Problem>) {
        for country in self.sms.countries.iter().flatten() {
            if country.len() != 2 || !country.bytes().all(|letter| letter.is_ascii_uppercase()) {
                let what = format!("{country} is no ISO 3166 code");
                problems.push(Problem::error("sms.countries", what, "two capital letters, such as DE"));
            }
        }
        if let SmsBy::Gateway { url, token } = &self.sms.by {
            if let Err(error) = gateway_url(url) {
                let remedy = "give the service's https address";
                problems.push(Problem::error("sms.by.gateway.url", error.to_string(), remedy));
            }
            if token.is_empty() {
                let remedy = "give the token that the service knows you by";
                problems.push(Problem::error("sms.by.gateway.token", "is empty", remedy));
            }
        }
        let ways = self.registration;
        if !(ways.phone || ways.invitation || ways.open) {
            let remedy = "open one of the three ways when somebody is to join";
            problems.push(Problem::warning("registration", "nobody can register", remedy));
        }
        let is_public = is_public(self.listen) || !self.trusted_proxies.is_empty();
        if is_public && ways.phone && !matches!(self.sms.by, SmsBy::Gateway { .. }) {
            let what = "codes are written down here and sent to nobody, yet phone numbers may register";
            problems.push(Problem::warning("sms.by", what, "name an SMS service, or set registration.phone to false"));
        }
        if is_public && ways.open {
            let what = "everybody who reaches the relay may register";
            problems.push(Problem::warning("registration.open", what, "set it to false, and hand out invitations"));
        }
        if is_public && [&self.operator, &self.region].into_iter().any(|words| words == "not named") {
            let remedy = "set operator and region: users see them before they register";
            problems.push(Problem::warning("operator", "users are not told who runs the relay, or where", remedy));
        }
    }
}

impl Problem {
    fn error(setting: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Error, setting, what: what.into(), remedy: remedy.into() }
    }

    fn warning(setting: &'static str, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { weight: Weight::Warning, ..Self::error(setting, what, remedy) }
    }
}

fn is_public(address: SocketAddr) -> bool {
    !address.ip().is_loopback()
}

fn certificate(tls: &Tls, problems: &mut Vec<Problem>) {
    let files: [(&'static str, &Path); 2] =
        [("tls.certificate_chain", &tls.certificate_chain), ("tls.private_key", &tls.private_key)];
    for (setting, path) in files {
        if let Err(error) = File::open(path) {
            let what = format!("{} can't be read ({error})", path.display());
            problems.push(Problem::error(setting, what, "put it there, and let the relay's user read it"));
        }
    }
}
