//! Who asks: nobody (counted by address prefix) or an account (by its signature), as extractors.

use std::{net::IpAddr, str::FromStr};

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

/// The first that is no trusted proxy, read from the nearest on.
fn address(parts: &Parts, relay: &Relay) -> Result<IpAddr, Refusal> {
    let peer = parts.extensions.get::<ConnectInfo<Peer>>();
    let peer = peer.ok_or(Refusal::new(ErrorCode::Internal, "no peer"))?.0.address.ip().to_canonical();
    let trusted = |address: &IpAddr| relay.service.config.trusted_proxies.contains(address);
    if !trusted(&peer) {
        return Ok(peer);
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> =
        forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    Ok(hops.into_iter().rev().find(|hop| !trusted(hop)).unwrap_or(peer))
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
