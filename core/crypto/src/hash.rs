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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, load};

    #[test]
    fn a_token_is_known_by_its_plain_sha_256() {
        let case = &load("signatures")["token_hash"];
        assert_eq!(token_hash(&DeliveryToken(array(&case["token"]))), array(&case["hash"]));
        assert_eq!(token_hash(&DeliveryToken([3; 16])), sha256(&[3; 16]));
    }
}
