//! Where a relay is, and, for one with a private certificate authority, whom to believe there.

use serde::{Deserialize, Serialize};

/// The longest address.
const URL_BYTES: usize = 200;

/// An address that is not usable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    #[error("a relay's address starts with https://")]
    Scheme,
    #[error("plain http is for a relay on this machine only")]
    PlainNotLoopback,
    #[error("a relay's address is a host and an optional port, nothing behind it")]
    Shape,
}

/// A relay's origin (`https://host[:port]`, no path), and the SHA-256 of its private authority's certificate (DER).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RelayAddress {
    url: String,
    pin: Option<[u8; 32]>,
}

impl RelayAddress {
    /// `pin`: SHA-256 of the private certificate authority's certificate; `None` trusts the public ones.
    pub fn new(url: &str, pin: Option<[u8; 32]>) -> Result<Self, InvalidAddress> {
        let url = url.trim().trim_end_matches('/');
        let (secure, authority) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(authority), _) => (true, authority),
            (_, Some(authority)) => (false, authority),
            _ => return Err(InvalidAddress::Scheme),
        };
        let allowed = |character: char| character.is_ascii_alphanumeric() || ".-:[]".contains(character);
        if authority.is_empty() || url.len() > URL_BYTES || !authority.chars().all(allowed) {
            return Err(InvalidAddress::Shape);
        }
        if !secure && !is_loopback(authority) {
            return Err(InvalidAddress::PlainNotLoopback);
        }
        Ok(Self { url: url.to_ascii_lowercase(), pin })
    }

    /// `https://host[:port]` without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same origin for WebSockets: `wss://…`, or `ws://…` on loopback.
    pub fn socket_url(&self) -> String {
        format!("ws{}", self.url.strip_prefix("http").unwrap_or(&self.url))
    }

    pub fn pin(&self) -> Option<&[u8; 32]> {
        self.pin.as_ref()
    }
}

fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(""),
        None => authority.split(':').next().unwrap_or(""),
    };
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(RelayAddress::new("http://127.0.0.1:8443", None).is_ok());
        assert!(RelayAddress::new("http://[::1]:8443", None).is_ok());
        assert_eq!(RelayAddress::new("http://relay.example", None), Err(InvalidAddress::PlainNotLoopback));
        assert_eq!(RelayAddress::new("http://localhost.example", None), Err(InvalidAddress::PlainNotLoopback));
    }

    #[test]
    fn an_address_is_an_origin_and_nothing_more() {
        assert_eq!(
            RelayAddress::new("https://relay.example/", None).map(|a| a.url),
            Ok("https://relay.example".into())
        );
        assert_eq!(RelayAddress::new("https://relay.example/path", None), Err(InvalidAddress::Shape));
        assert_eq!(RelayAddress::new("https://user@relay.example", None), Err(InvalidAddress::Shape));
        assert_eq!(RelayAddress::new("ftp://relay.example", None), Err(InvalidAddress::Scheme));
    }

    #[test]
    fn sockets_have_the_same_origin() {
        let address = RelayAddress::new("https://relay.example:8443", None).expect("well-formed");
        assert_eq!(address.socket_url(), "wss://relay.example:8443");
    }
}
