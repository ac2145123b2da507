//! Deletions by rule, and the store's own upkeep.

use super::{Refusal, Service};
use crate::store::Sweep;

impl Service {
    /// Deletes some of what is over by one rule; how many rows they were.
    pub async fn sweep(&self, sweep: Sweep) -> Result<usize, Refusal> {
        let rows = self.store.sweep(sweep, self.now()).await?;
        self.metrics.swept.increment(rows as u64);
        Ok(rows)
    }

    pub async fn checkpoint(&self) -> Result<(), Refusal> {
        Ok(self.store.checkpoint().await?)
    }
}
