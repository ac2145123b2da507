//! SHA-256, and the hash by which a relay knows a delivery token.

use sealpost_wire::id::DeliveryToken;
use sha2::{Digest, Sha256};

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What a relay stores of a delivery token: its SHA-256. A token is 16 random bytes, so that the plain hash suffices.
pub fn token_hash(token: &DeliveryToken) -> [u8; 32] {
    sha256(token.as_bytes())
}
