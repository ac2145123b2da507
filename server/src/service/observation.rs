//! What the operator is shown: whether the relay serves, and how much it holds.

use std::time::Duration;

use super::Service;
use crate::metrics::Levels;

/// A store that takes longer than this for nothing is stuck.
const STORE: Duration = Duration::from_secs(5);

/// Whether the relay serves; what it does not do, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// It takes and hands out messages.
    pub ready: bool,
    /// Whatever is not as it should be, each a sentence without its period.
    pub reasons: Vec<&'static str>,
}

impl Service {
    /// Asks the disk, a reader and the writer. The writer's answer comes behind all that waits for it.
    pub async fn health(&self) -> Health {
        self.health_with(self.free_space.free_bytes().ok()).await
    }

    async fn health_with(&self, free_bytes: Option<u64>) -> Health {
        let mut health = Health { ready: true, reasons: Vec::new() };
        let disk = self.config.disk;
        match free_bytes {
            None => health.lacks("the data folder's disk can't be asked: deliveries are refused"),
            Some(free) if free < disk.deliveries_bytes => {
                health.lacks("the disk is nearly full: deliveries, uploads and new accounts are refused");
            }
            Some(free) if free < disk.uploads_bytes => {
                health.reasons.push("the disk is low: uploads and new accounts are refused");
            }
            Some(_) => {}
        }
        match tokio::time::timeout(STORE, self.store.incarnation()).await {
            Ok(Ok(_)) => {}
            Ok(Err(_)) => health.lacks("the store can't be read"),
            Err(_) => health.lacks("the store's readers are stuck"),
        }
        // Removes nothing, but goes through the queue and a transaction like every delivery.
        match tokio::time::timeout(STORE, self.store.remove_blobs(Vec::new())).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => health.lacks("the store can't be written"),
            Err(_) => health.lacks("the store's writer is stuck"),
        }
        self.metrics.ready(health.ready);
        health
    }

    /// All metrics in Prometheus' text format, levels as they are now.
    pub async fn measure(&self) -> String {
        let free = self.free_space.free_bytes().ok();
        self.health_with(free).await;
        let totals = async { (self.store.totals().await, self.store.incarnation().await) };
        // What can't be read keeps its last level; `sealpost_ready` says that something is wrong.
        if let Ok((Ok(totals), Ok(incarnation))) = tokio::time::timeout(STORE, totals).await {
            self.metrics.levels(&Levels {
                accounts: totals.accounts,
                waiting_messages: totals.waiting_messages,
                waiting_bytes: totals.waiting_bytes,
                incarnation,
            });
        }
        self.metrics.disk_free(free.unwrap_or(0));
        self.metrics.render()
    }
}

impl Health {
    fn lacks(&mut self, reason: &'static str) {
        self.ready = false;
        self.reasons.push(reason);
    }
}
