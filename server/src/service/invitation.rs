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

    pub(super) fn invitation_hash(&self, code: &[u8]) -> Hash {
        self.keys.hash.hash("invitation", &[code])
    }
}
