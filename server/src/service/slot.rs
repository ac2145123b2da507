//! Commit slots: the first claim wins, and gets the relay's signature for it.

use sealpost_crypto::slot_receipt::sign_receipt;
use sealpost_wire::{
    api::slot::{Slot, SlotClaim},
    error::ErrorCode,
    id::SlotName,
    limits::{CLAIMS_PAUSE_SECONDS, SLOT_BYTES},
};

use super::{Refusal, Service};
use crate::store::SlotState;

impl Service {
    pub async fn claim_slot(&self, name: SlotName, claim: SlotClaim) -> Result<Slot, Refusal> {
        if claim.content.is_empty() || claim.content.len() > SLOT_BYTES {
            return Err(Refusal::new(ErrorCode::TooLarge, "content: 1 byte to 1 MiB"));
        }
        self.check_disk(self.config.disk.deliveries_bytes)?;
        self.check_restored(claim.brought).await?;
        let state = self.store.claim_slot(name, claim.content.clone(), self.now()).await?;
        if state == SlotState::Claimed {
            let receipt = sign_receipt(&self.keys.receipt, &name, &claim.content).to_vec();
            return Ok(Slot { claimed: true, content: Vec::new(), receipt });
        }
        self.standing(&name, state)
    }

    pub async fn slot(&self, name: SlotName) -> Result<Slot, Refusal> {
        let state = self.store.slot(name).await?;
        self.standing(&name, state)
    }

    /// After a restore what devices bring goes first: a slot that the backup had lost would be given out twice.
    async fn check_restored(&self, brought: bool) -> Result<(), Refusal> {
        let now = self.now();
        let proposed = || self.store.claims_from(now + CLAIMS_PAUSE_SECONDS);
        let from = *self.claims_from.get_or_try_init(proposed).await?;
        if brought || from <= now {
            return Ok(());
        }
        Err(Refusal::retry(
            ErrorCode::Unavailable,
            "the relay was restored and first takes what stood before",
            from - now,
        ))
    }

    fn standing(&self, name: &SlotName, state: SlotState) -> Result<Slot, Refusal> {
        match state {
            SlotState::Taken(content) => {
                let receipt = sign_receipt(&self.keys.receipt, name, &content).to_vec();
                Ok(Slot { claimed: false, content, receipt })
            }
            SlotState::Claimed | SlotState::Gone => {
                Ok(Slot { claimed: false, content: Vec::new(), receipt: Vec::new() })
            }
            SlotState::Free => Err(Refusal::new(ErrorCode::NotFound, "the slot is free")),
        }
    }
}
