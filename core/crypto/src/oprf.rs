//! The keyed hash under which a relay knows a phone number: the OPRF of RFC 9497 (ristretto255-SHA512, mode OPRF).
//! Here it is evaluated in the clear, at registration; a device that searches for others will blind its numbers and
//! end up with the same values.

use std::fmt;

use voprf::{OprfServer, Ristretto255};

/// Separates keys for numbers from any other key of the same seed.
const KEY_INFO: &[u8] = b"sealpost number key v1";
/// The longest input of the OPRF.
const INPUT_BYTES: usize = u16::MAX as usize;

/// The relay's secret for phone numbers. Whoever has it and the database can try all numbers, so that the two are kept
/// and backed up apart. Wiped on drop.
pub struct NumberKey(OprfServer<Ristretto255>);

impl NumberKey {
    /// A new key from 32 bytes of the system's randomness (RFC 9497, DeriveKeyPair).
    pub fn generate(seed: [u8; 32]) -> Self {
        Self::derive(&seed, KEY_INFO)
    }

    /// Reads what [`NumberKey::to_bytes`] gave; `None` for zero and for bytes that are no canonical scalar.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        OprfServer::new_with_key(bytes).ok().map(Self)
    }

    /// The secret scalar, little-endian, for the key's own file.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.serialize().into()
    }

    /// The token of a number in E.164 form. (Input beyond 65,535 bytes is no number; it is cut, so that the function
    /// has an answer to everything.)
    pub fn token(&self, number: &str) -> [u8; 64] {
        let input = &number.as_bytes()[..number.len().min(INPUT_BYTES)];
        self.0.evaluate(input).expect("nobody finds an input that hashes to the group's identity").into()
    }

    fn derive(seed: &[u8], info: &[u8]) -> Self {
        Self(OprfServer::new_from_seed(seed, info).expect("one of 256 hashes is a key other than zero"))
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NumberKey(…)")
    }
}
