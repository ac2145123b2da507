//! What the relay does by itself, on a timer: the deletions that follow from the data inventory, retirements,
//! checkpoints.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use crate::{
    inventory,
    service::{Refusal, Service},
};

const EVERY: Duration = Duration::from_secs(60);
/// How soon the relay notices what its operator does to accounts.
const ATTENTION: Duration = Duration::from_secs(2);

/// Until `stop`.
pub async fn run(service: Arc<Service>, stop: CancellationToken) {
    tokio::join!(sweep(Arc::clone(&service), stop.clone()), attend(service, stop));
}

async fn attend(service: Arc<Service>, stop: CancellationToken) {
    // Each change is looked at twice: a session that was just being opened the first time is found the second.
    let (mut before, mut last) = (0, 0);
    while stop.run_until_cancelled(tokio::time::sleep(ATTENTION)).await.is_some() {
        match service.attend(before).await {
            Ok(changes) => (before, last) = (last, changes),
            Err(refusal) => tracing::warn!(code = refusal.code.as_str(), "the operator's changes were not read"),
        }
    }
}

async fn sweep(service: Arc<Service>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        match stop.run_until_cancelled(once(&service)).await {
            Some(Ok(0)) | None => {}
            Some(Ok(rows)) => tracing::info!(rows, "deleted what was over"),
            Some(Err(refusal)) => tracing::warn!(code = refusal.code.as_str(), "the deletion jobs failed"),
        }
    }
}

/// All jobs, now; how many rows were deleted.
pub async fn once(service: &Service) -> Result<usize, Refusal> {
    let mut rows = until_none(|| service.retire_due()).await? + until_none(|| service.delete_expired_blobs()).await?;
    for sweep in inventory::sweeps() {
        rows += until_none(|| service.sweep(sweep)).await?;
    }
    service.checkpoint().await?;
    Ok(rows)
}

async fn until_none<F: Future<Output = Result<usize, Refusal>>>(job: impl Fn() -> F) -> Result<usize, Refusal> {
    let mut rows = 0;
    loop {
        match job().await? {
            0 => return Ok(rows),
            some => rows += some,
        }
    }
}
