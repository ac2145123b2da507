//! What a device signs to show a relay who it is: its HTTP requests, and the challenge of a device socket.

use sealpost_wire::id::UserId;

use crate::{
    hash::sha256,
    keys::{Domain, IdentityKey, verify},
};

/// The label under which both ends of a TLS connection export 32 bytes (RFC 8446, 7.5; no context) to bind the device
/// socket's challenge to that connection.
pub const TLS_EXPORTER_LABEL: &[u8] = b"EXPORTER-sealpost-device-socket";

/// A request as it is signed. Time window and nonce memory are the relay's to check.
#[derive(Clone, Copy)]
pub struct SignedRequest<'a> {
    pub id: UserId,
    /// In capitals, as in the request line.
    pub method: &'a str,
    /// With the query, as in the request line.
    pub path: &'a str,
    pub body: &'a [u8],
    /// Unix seconds.
    pub time_seconds: u64,
    pub nonce: [u8; 16],
}

impl SignedRequest<'_> {
    /// The signature for the `sealpost-signature` header.
    pub fn sign(&self, key: &IdentityKey) -> [u8; 64] {
        key.sign(Domain::Request, &self.message())
    }

    /// Whether the holder of `public` signed exactly this request.
    pub fn verify(&self, public: &[u8; 32], signature: &[u8]) -> bool {
        verify(public, Domain::Request, &self.message(), signature)
    }

    /// ID (8 characters), time (8 bytes, big-endian), nonce (16), SHA-256 of the body (32), method, a space, path. A
    /// method has no space, so that no other request has the same bytes.
    fn message(&self) -> Vec<u8> {
        [
            self.id.as_str().as_bytes(),
            &self.time_seconds.to_be_bytes(),
            &self.nonce,
            &sha256(self.body),
            self.method.as_bytes(),
            b" ",
            self.path.as_bytes(),
        ]
        .concat()
    }
}

/// What a device signs with [`Domain::Socket`]: ID (8 characters), 1 and the TLS exporter (32 bytes) or 0 where the
/// connection is plain, the nonce of the relay's hello.
pub fn socket_challenge(id: UserId, nonce: &[u8], exporter: Option<&[u8; 32]>) -> Vec<u8> {
    let mut challenge = id.as_str().as_bytes().to_vec();
    challenge.push(u8::from(exporter.is_some()));
    challenge.extend(exporter.into_iter().flatten());
    challenge.extend(nonce);
    challenge
}
