//! Invitations: a code for one registration, handed out by the operator.

use sealpost_wire::limits::INVITATION_SECONDS;

use super::{Refusal, Service};
use crate::store::Hash;

impl Service {
    /// A new code, single use; the relay keeps its hash until it is used or over.
    pub async fn create_invitation(&self) -> Result<[u8; 16], Refusal> {
        let code: [u8; 16] = self.random()?;
        self.store.add_invitation(self.invitation_hash(&code), self.now() + INVITATION_SECONDS).await?;
        Ok(code)
    }

    /// How many could still be used.
    pub async fn open_invitations(&self) -> Result<u64, Refusal> {
        Ok(self.store.invitations(self.now()).await?)
    }

    /// `false`: it was not open.
    pub async fn withdraw_invitation(&self, code: &[u8; 16]) -> Result<bool, Refusal> {
        let hash = self.invitation_hash(code);
        Ok(self.store.remove_invitations(Some(hash), self.now()).await? > 0)
    }

    /// Withdraws all that are open; how many they were.
    pub async fn withdraw_invitations(&self) -> Result<u64, Refusal> {
        Ok(self.store.remove_invitations(None, self.now()).await?)
    }

    pub(super) fn invitation_hash(&self, code: &[u8]) -> Hash {
        self.keys.hash.hash("invitation", &[code])
    }
}
