//! A stop for calls that wait for the network: somebody else may pull it at any time.

use tokio_util::sync::CancellationToken;

/// Cloned handles stop the same call.
#[derive(Debug, Clone, Default)]
pub struct Stop(CancellationToken);

impl Stop {
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends the call soon, with [`crate::Error::Stopped`]. What the relay did by then is done.
    pub fn stop(&self) {
        self.0.cancel();
    }

    pub(crate) async fn stopped(&self) {
        self.0.cancelled().await;
    }
}
