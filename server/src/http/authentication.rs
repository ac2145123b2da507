//! Who asks: nobody (counted by address prefix) or an account (by its signature), as extractors.

use std::{
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, FromRequest, FromRequestParts, OriginalUri, Path, Request},
    http::{HeaderMap, request::Parts},
};
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use sealpost_wire::{
    api::{directory::DirectoryEntry, header},
    error::ErrorCode,
    id::UserId,
    limits::{BLOB_BYTES, FRAME_BYTES},
};
use serde::de::DeserializeOwned;

use super::Relay;
use crate::{
    listener::Peer,
    service::{Refusal, Signature},
};

/// Where a proxy writes whom it asks for; each appends the one before it.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// A request without identity has been counted; holds the address for limits of its own.
pub struct Anonymous(pub IpAddr);

/// A request without identity and its JSON body.
pub struct AnonymousJson<T>(pub T, pub IpAddr);

/// A request that an account signed, without a body.
pub struct Signed {
    pub id: UserId,
    pub entry: DirectoryEntry,
    pub session: Option<[u8; 16]>,
}

/// The same with a JSON body.
pub struct SignedJson<T>(pub Signed, pub T);

/// The same with a body of bytes, as large as a blob.
pub struct SignedBytes(pub Signed, pub Bytes);

/// A request whose signer has no account yet; the service checks the signature.
pub struct Unchecked<T> {
    pub signature: Signature,
    pub path: String,
    pub body: Bytes,
    pub value: T,
}

/// The one name in a path.
pub struct Named<T>(pub T);

impl FromRequestParts<Relay> for Anonymous {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, relay: &Relay) -> Result<Self, Refusal> {
        let address = address(parts, relay)?;
        relay.service.admit_anonymous(address)?;
        Ok(Self(address))
    }
}

impl<T: DeserializeOwned> FromRequest<Relay> for AnonymousJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, relay: &Relay) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let Anonymous(address) = Anonymous::from_request_parts(&mut parts, relay).await?;
        Ok(Self(json(&read(body, FRAME_BYTES).await?)?, address))
    }
}

impl FromRequest<Relay> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, relay: &Relay) -> Result<Self, Refusal> {
        let (signed, _) = signed(request, relay, 0).await?;
        Ok(signed)
    }
}

impl<T: DeserializeOwned> FromRequest<Relay> for SignedJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, relay: &Relay) -> Result<Self, Refusal> {
        let (signed, body) = signed(request, relay, FRAME_BYTES).await?;
        Ok(Self(signed, json(&body)?))
    }
}

impl FromRequest<Relay> for SignedBytes {
    type Rejection = Refusal;

    async fn from_request(request: Request, relay: &Relay) -> Result<Self, Refusal> {
        let (signed, body) = signed(request, relay, BLOB_BYTES).await?;
        Ok(Self(signed, body))
    }
}

impl<T: DeserializeOwned> FromRequest<Relay> for Unchecked<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, relay: &Relay) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        Anonymous::from_request_parts(&mut parts, relay).await?;
        let signature = signature(&parts.headers)?;
        let body = read(body, FRAME_BYTES).await?;
        Ok(Self { signature, path: path(&parts), value: json(&body)?, body })
    }
}

impl<T: FromStr> FromRequestParts<Relay> for Named<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, relay: &Relay) -> Result<Self, Refusal> {
        let name = Path::<String>::from_request_parts(parts, relay).await;
        let malformed = || Refusal::malformed("the name in the path");
        name.map_err(|_| malformed())?.0.parse().map(Self).map_err(|_| malformed())
    }
}

impl Signed {
    /// Refuses whose session does not hold the mailbox.
    pub fn check_session(&self, relay: &Relay) -> Result<(), Refusal> {
        let session = self.session.as_ref().ok_or(Refusal::malformed("sealpost-session: 16 bytes"))?;
        relay.service.check_session(self.id, session)
    }
}

async fn signed(request: Request, relay: &Relay, limit: usize) -> Result<(Signed, Bytes), Refusal> {
    let (mut parts, body) = request.into_parts();
    // Before the signature is checked nobody has proven anything: it is counted as anonymous.
    Anonymous::from_request_parts(&mut parts, relay).await?;
    let signature = signature(&parts.headers)?;
    let session = match parts.headers.contains_key(header::SESSION) {
        true => Some(bytes(&parts.headers, header::SESSION)?),
        false => None,
    };
    let body = read(body, limit).await?;
    let entry = relay.service.authenticate(&signature, parts.method.as_str(), &path(&parts), &body).await?;
    Ok((Signed { id: signature.id, entry, session }, body))
}

fn address(parts: &Parts, relay: &Relay) -> Result<IpAddr, Refusal> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>();
    let peer = peer.ok_or(Refusal::new(ErrorCode::Internal, "no peer"))?.0.address.ip();
    Ok(origin(peer, &parts.headers, &relay.service.config.trusted_proxies))
}

/// The first that is no trusted proxy, read from the nearest on. What stands behind something that is no address
/// anybody may have written: then it is the last proxy that counts.
fn origin(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpAddr]) -> IpAddr {
    let trusted = |address: IpAddr| trusted_proxies.iter().any(|proxy| proxy.to_canonical() == address);
    let mut nearest = peer.to_canonical();
    let lines = headers.get_all(FORWARDED_FOR).iter().rev().map(|value| value.to_str().unwrap_or_default());
    let mut hops = lines.flat_map(|line| line.rsplit(','));
    while trusted(nearest)
        && let Some(hop) = hops.next().and_then(hop)
    {
        nearest = hop;
    }
    nearest
}

/// An address; some proxies write a port behind it.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}

fn path(parts: &Parts) -> String {
    let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
    uri.path_and_query().map_or_else(String::new, ToString::to_string)
}

fn signature(headers: &HeaderMap) -> Result<Signature, Refusal> {
    let id = text(headers, header::ID)?.parse().map_err(|_| missing(header::ID))?;
    let time_seconds = text(headers, header::TIME)?.parse().map_err(|_| missing(header::TIME))?;
    Ok(Signature {
        id,
        time_seconds,
        nonce: bytes(headers, header::NONCE)?,
        signature: bytes(headers, header::SIGNATURE)?,
    })
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<&'a str, Refusal> {
    headers.get(name).and_then(|value| value.to_str().ok()).ok_or_else(|| missing(name))
}

fn bytes<const N: usize>(headers: &HeaderMap, name: &'static str) -> Result<[u8; N], Refusal> {
    let bytes = BASE64URL_NOPAD.decode(text(headers, name)?.as_bytes()).map_err(|_| missing(name))?;
    bytes.try_into().map_err(|_| missing(name))
}

fn missing(name: &'static str) -> Refusal {
    Refusal::malformed(name)
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Refusal> {
    to_bytes(body, limit).await.map_err(|_| Refusal::new(ErrorCode::TooLarge, "body: too large, or cut off"))
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        // The parser's own words may quote the body.
        let place = format!("JSON, line {} column {}", error.line(), error.column());
        Refusal::new(ErrorCode::Malformed, place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rightmost_hop_that_is_no_trusted_proxy_counts() {
        let proxies = ["10.0.0.1", "10.0.0.2"];
        assert_eq!(from("203.0.113.9", &proxies, &["198.51.100.7"]), "203.0.113.9", "no proxy, nothing is believed");
        assert_eq!(from("10.0.0.1", &proxies, &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &proxies, &["192.0.2.1, 198.51.100.7, 10.0.0.2"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &proxies, &["192.0.2.1", "198.51.100.7", "10.0.0.2"]), "198.51.100.7");
        assert_eq!(from("::ffff:10.0.0.1", &proxies, &["::ffff:198.51.100.7"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &proxies, &[]), "10.0.0.1");
    }

    #[test]
    fn ports_are_taken_off_and_nothing_is_believed_beyond_what_is_no_address() {
        assert_eq!(from("10.0.0.1", &["10.0.0.1"], &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(from("10.0.0.1", &["10.0.0.1"], &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(from("10.0.0.1", &["10.0.0.1"], &["192.0.2.1, unknown"]), "10.0.0.1");
        assert_eq!(from("10.0.0.1", &["10.0.0.1"], &["192.0.2.1,"]), "10.0.0.1");
    }

    fn from(peer: &str, proxies: &[&str], lines: &[&str]) -> String {
        let address = |text: &str| text.parse::<IpAddr>().expect("an address");
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a header"));
        }
        let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| address(proxy)).collect();
        origin(address(peer), &headers, &proxies).to_string()
    }
}
