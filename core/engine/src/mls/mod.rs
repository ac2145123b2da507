//! MLS (RFC 9420) through openmls: the only place that names it.
//!
//! A [`Session`] spans what one step does with its groups: openmls writes into its cache, and [`Session::finish`] hands
//! the last value of each row to the step's transaction. A session that is dropped has written nothing.
//!
//! Invariants: after any error the session and the groups loaded from it are dropped, since the ones in memory may run
//! ahead of the store; handshake messages are PrivateMessages only; no proposal is ever stored; who a leaf belongs to
//! never changes; nothing that decides about a commit depends on a device's clock.

mod change;
mod commit;
mod departed;
mod error;
mod group;
mod key_packages;
mod leaf;
mod lists;
mod loaded;
mod message;
mod profile;
mod provider;
mod rows;
mod secrets;
mod session;
mod signer;
mod walk;

#[cfg(test)]
mod hostile_tests;

use openmls::{group::GroupId as OpenMlsGroupId, prelude::Ciphersuite};
use sealpost_wire::suite::Suite;
use serde::{Deserialize, Serialize};

pub use change::{Changes, PendingCommit};
pub use commit::{CommitApplied, CommitView};
pub use error::MlsError;
pub use group::{Decrypted, Group, Joined};
pub use key_packages::{check_key_package, forget_expired_key_packages, generate_key_packages};
pub use leaf::Member;
pub use loaded::Loaded;
pub use message::{MessageHead, MessageKind, head};
pub use profile::GroupProfile;
pub use session::Session;

/// Epochs before the current one whose messages can still be opened.
pub const PAST_EPOCHS: usize = 2;
/// How far behind the newest message of a sender another one may come.
const OUT_OF_ORDER_TOLERANCE: u32 = 100;
/// How many messages of a sender may be missing before the next one.
const FORWARD_DISTANCE: u32 = 1_000;

/// Names an MLS group; 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct GroupId(pub [u8; 16]);

impl GroupId {
    /// The ID's bytes, for keys of rows.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    fn to_openmls(self) -> OpenMlsGroupId {
        OpenMlsGroupId::from_slice(&self.0)
    }

    fn from_openmls(id: &OpenMlsGroupId) -> Result<Self, MlsError> {
        id.as_slice().try_into().map(Self).map_err(|_| MlsError::WrongGroup)
    }
}

/// IDs stay out of logs: the debug form says only that there is one.
impl std::fmt::Debug for GroupId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("GroupId(…)")
    }
}

fn ciphersuite(suite: Suite) -> Ciphersuite {
    match suite {
        Suite::Hybrid => Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519,
        Suite::Classical => Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
    }
}

fn suite(ciphersuite: Ciphersuite) -> Result<Suite, MlsError> {
    let known = Suite::ALL.into_iter().find(|suite| self::ciphersuite(*suite) == ciphersuite);
    known.ok_or(MlsError::Forbidden("the ciphersuite is not one of ours"))
}
