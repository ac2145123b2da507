//! The two MLS ciphersuites that a device speaks, by their registered numbers.

use serde::{Deserialize, Serialize};

/// A ciphersuite; the order is that of preference, the stronger first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub enum Suite {
    /// `MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519`, post-quantum hybrid.
    Hybrid,
    /// `MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519`.
    Classical,
}

impl Suite {
    pub const ALL: [Suite; 2] = [Suite::Hybrid, Suite::Classical];

    pub fn number(self) -> u16 {
        match self {
            Suite::Hybrid => 0x004E,
            Suite::Classical => 0x0003,
        }
    }
}

impl From<Suite> for u16 {
    fn from(suite: Suite) -> u16 {
        suite.number()
    }
}

/// A ciphersuite number that this build does not speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("ciphersuite {0:#06x} is not supported")]
pub struct UnsupportedSuite(pub u16);

impl TryFrom<u16> for Suite {
    type Error = UnsupportedSuite;

    fn try_from(number: u16) -> Result<Self, UnsupportedSuite> {
        Suite::ALL.into_iter().find(|suite| suite.number() == number).ok_or(UnsupportedSuite(number))
    }
}
