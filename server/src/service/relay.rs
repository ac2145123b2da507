//! What the relay says of itself.

use sealpost_wire::{PROTOCOL_VERSION, api::relay::RelayInfo};

use super::{Refusal, Service};

impl Service {
    pub async fn relay_info(&self) -> Result<RelayInfo, Refusal> {
        Ok(RelayInfo {
            operator: self.config.operator.clone(),
            region: self.config.region.clone(),
            oldest_version: self.config.oldest_version,
            newest_version: PROTOCOL_VERSION,
            registration: self.config.registration.into(),
            receipt_key: self.keys.receipt.public().to_vec(),
            incarnation: self.incarnation().await?,
            time_seconds: self.now(),
        })
    }
}
