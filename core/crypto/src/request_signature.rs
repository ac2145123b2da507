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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, bytes, damaged, list, load, text};

    #[test]
    fn requests_are_signed_as_the_vectors_say() {
        let file = load("signatures");
        let key = IdentityKey::from_secret(array(&file["identity_secret"]));
        assert_eq!(key.public(), array(&file["identity_public"]));
        for case in list(&file["requests"]) {
            let body = bytes(&case["body"]);
            let request = SignedRequest {
                id: text(&case["id"]).parse().unwrap(),
                method: text(&case["method"]),
                path: text(&case["path"]),
                body: &body,
                time_seconds: case["time_seconds"].as_u64().unwrap(),
                nonce: array(&case["nonce"]),
            };
            assert_eq!(request.sign(&key), array(&case["signature"]));
            assert_eq!(key.sign_unseparated(&bytes(&case["signed_bytes"])), array(&case["signature"]));
            assert!(request.verify(&key.public(), &bytes(&case["signature"])));
        }
    }

    #[test]
    fn socket_challenges_are_signed_as_the_vectors_say() {
        let file = load("signatures");
        let key = IdentityKey::from_secret(array(&file["identity_secret"]));
        for case in list(&file["socket_challenges"]) {
            let exporter = (!case["exporter"].is_null()).then(|| array(&case["exporter"]));
            let challenge =
                socket_challenge(text(&case["id"]).parse().unwrap(), &bytes(&case["nonce"]), exporter.as_ref());
            assert_eq!(key.sign(Domain::Socket, &challenge), array(&case["signature"]));
            assert_eq!(key.sign_unseparated(&bytes(&case["signed_bytes"])), array(&case["signature"]));
        }
    }

    #[test]
    fn a_request_changed_in_any_part_does_not_verify() {
        let key = IdentityKey::from_secret([1; 32]);
        let request = request();
        let signature = request.sign(&key);
        let changed = [
            SignedRequest { id: "ABCD2346".parse().unwrap(), ..request },
            SignedRequest { method: "POST", ..request },
            SignedRequest { method: "PU", path: "T/v1/mailbox", ..request },
            SignedRequest { path: "/v1/mailbox?all", ..request },
            SignedRequest { body: b"bodies", ..request },
            SignedRequest { time_seconds: 1_795_000_001, ..request },
            SignedRequest { nonce: [4; 16], ..request },
        ];
        assert!(request.verify(&key.public(), &signature));
        assert!(changed.iter().all(|other| !other.verify(&key.public(), &signature)));
        assert!(!request.verify(&IdentityKey::from_secret([2; 32]).public(), &signature));
        assert!(damaged(&signature).all(|signature| !request.verify(&key.public(), &signature)));
    }

    #[test]
    fn challenges_of_plain_and_of_bound_connections_differ() {
        let id = "ABCD2345".parse().unwrap();
        let plain = socket_challenge(id, &[[6; 32], [5; 32]].concat(), None);
        assert_ne!(socket_challenge(id, &[5; 32], Some(&[6; 32])), plain);
        assert_ne!(socket_challenge(id, &[5; 32], Some(&[6; 32])), socket_challenge(id, &[5; 32], Some(&[7; 32])));
    }

    fn request() -> SignedRequest<'static> {
        SignedRequest {
            id: "ABCD2345".parse().unwrap(),
            method: "PUT",
            path: "/v1/mailbox",
            body: b"body",
            time_seconds: 1_795_000_000,
            nonce: [3; 16],
        }
    }
}
