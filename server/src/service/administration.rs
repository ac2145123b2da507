//! What the operator does to accounts, also beside the running relay.

use sealpost_wire::{error::ErrorCode, id::UserId};

use super::{Refusal, Service};
use crate::store::{Account, Found, Totals, Traces};

impl Service {
    /// How much there is, also where no relay runs.
    pub async fn totals(&self) -> Result<Totals, Refusal> {
        Ok(self.store.totals().await?)
    }

    /// Suspends an account or lets it go on; `false`: there is none. A running relay ends its sessions within seconds.
    pub async fn suspend(&self, id: UserId, suspended: bool) -> Result<bool, Refusal> {
        Ok(self.store.suspend_account(id, suspended).await?)
    }

    /// What leads from an account to rows that do not name it.
    pub async fn traces(&self, id: UserId) -> Result<Traces, Refusal> {
        Ok(Traces { former: self.former(id), blobs: self.blobs_of(id).await? })
    }

    /// Deletes an account with all that waits for it and all that it stored; `false`: there is none.
    pub async fn erase(&self, id: UserId) -> Result<bool, Refusal> {
        let found = matches!(self.store.account(id, self.former(id)).await?, Found::Account(_));
        if found {
            self.delete_account(id).await?;
        }
        // Those of an account that is gone already too: the time before may have been cut off in between.
        self.delete_blobs_of(id).await?;
        self.store.count_administration().await?;
        Ok(found)
    }

    /// Looks whether the operator changed accounts since, and ends the sessions of those who may not go on.
    pub async fn attend(&self, seen: u64) -> Result<u64, Refusal> {
        let changes = self.store.administrations().await?;
        if changes == seen {
            return Ok(seen);
        }
        for id in self.hub.ids() {
            match self.store.account(id, self.former(id)).await? {
                Found::Account(account) if !account.suspended => {}
                _ => self.hub.evict(id),
            }
        }
        Ok(changes)
    }
}

/// Refuses a device whose account the operator suspended: it may come again, and keeps all that it has.
pub fn check_not_suspended(account: &Account) -> Result<(), Refusal> {
    if account.suspended {
        return Err(Refusal::retry(ErrorCode::AccountSuspended, "the operator has suspended this account", 600));
    }
    Ok(())
}
