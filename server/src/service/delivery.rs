//! Deliveries: accepted per recipient, durable before the answer, pushed after it. Nothing here knows a sender.

use std::sync::Arc;

use sealpost_crypto::hash::token_hash;
use sealpost_wire::{
    envelope::{Delivery, DeliveryAnswer, Envelope, RefusedRecipient},
    error::ErrorCode,
    id::{DeliveryId, DeliveryToken, UserId},
};

use super::{Refusal, Service};
use crate::{
    hub::{Hub, Signal},
    inbox::Arrival,
    store::{Addressee, Delivered, Filed, NewDelivery, NewRecipient},
};

impl Service {
    /// Stores a delivery for all that accept it, or, if it is ephemeral, hands it to those who are connected.
    pub async fn deliver(&self, delivery: Delivery) -> Result<DeliveryAnswer, Refusal> {
        let recipients = delivery.recipients.len() as u64;
        let answer = self.deliver_uncounted(delivery).await;
        answer.inspect_err(|refusal| self.metrics.deliveries_refused(refusal.code.as_str(), recipients.max(1)))
    }

    async fn deliver_uncounted(&self, delivery: Delivery) -> Result<DeliveryAnswer, Refusal> {
        let checked = delivery.check().map_err(|(code, detail)| Refusal::new(code, detail))?;
        let outcomes = if delivery.ephemeral {
            self.hand_on(delivery, &checked.recipients).await?
        } else {
            self.check_disk(self.config.disk.deliveries_bytes)?;
            self.store_delivery(delivery, checked.delivery_id, &checked.recipients).await?
        };
        Ok(self.answer(&outcomes))
    }

    async fn store_delivery(
        &self,
        delivery: Delivery,
        delivery_id: DeliveryId,
        recipients: &[(UserId, DeliveryToken)],
    ) -> Result<Vec<Delivered>, Refusal> {
        let new = |((id, token), recipient): (&(UserId, DeliveryToken), sealpost_wire::envelope::Recipient)| {
            let seen = self.keys.hash.hash("delivery", &[&id.to_bytes(), &delivery_id.0]);
            let seen = seen.first_chunk::<16>().copied().unwrap_or_default();
            NewRecipient { to: self.addressee(*id, token), wrapped_key: recipient.wrapped_key, seen }
        };
        let stored = NewDelivery {
            delivery_id: delivery_id.0,
            payload: delivery.payload.into(),
            recipients: recipients.iter().zip(delivery.recipients).map(new).collect(),
            messages_limit: self.config.limits.mailbox_messages,
            bytes_limit: self.config.limits.mailbox_bytes,
        };
        let stored = Arc::new(stored);
        let (hub, told) = (Arc::clone(&self.hub), Arc::clone(&stored));
        let filed = move |filed: &[Filed]| filed.iter().for_each(|filed| announce(&hub, &told, *filed));
        Ok(self.store.deliver(stored, self.now(), Box::new(filed)).await?)
    }

    async fn hand_on(
        &self,
        delivery: Delivery,
        recipients: &[(UserId, DeliveryToken)],
    ) -> Result<Vec<Delivered>, Refusal> {
        let addressees = recipients.iter().map(|(id, token)| self.addressee(*id, token)).collect();
        let outcomes = self.store.admit(addressees, self.now()).await?;
        for (((id, _), recipient), outcome) in recipients.iter().zip(delivery.recipients).zip(&outcomes) {
            if *outcome == Delivered::Stored {
                let envelope = Envelope {
                    sequence: 0,
                    delivery_id: delivery.delivery_id.clone(),
                    wrapped_key: recipient.wrapped_key,
                    payload: delivery.payload.clone(),
                    ephemeral: true,
                };
                self.hub.signal(*id, Signal::Ephemeral(envelope));
            }
        }
        Ok(outcomes)
    }

    pub(super) fn addressee(&self, id: UserId, token: &DeliveryToken) -> Addressee {
        Addressee { id, former: self.former(id), token: token_hash(token) }
    }

    fn answer(&self, outcomes: &[Delivered]) -> DeliveryAnswer {
        let mut refused = Vec::new();
        for (index, outcome) in (0..).zip(outcomes) {
            match refused_code(*outcome) {
                None => self.metrics.accepted.increment(1),
                Some(code) => {
                    self.metrics.deliveries_refused(code.as_str(), 1);
                    refused.push(RefusedRecipient { index, code: code.as_str().to_owned() });
                }
            }
        }
        DeliveryAnswer { refused }
    }
}

/// Tells a mailbox's holder what was stored in it.
fn announce(hub: &Hub, delivery: &NewDelivery, filed: Filed) {
    let Some(recipient) = delivery.recipients.get(filed.recipient) else { return };
    hub.arrived(recipient.to.id, || Arrival {
        sequence: filed.sequence,
        delivery_id: delivery.delivery_id,
        wrapped_key: recipient.wrapped_key.clone(),
        payload: Arc::clone(&delivery.payload),
    });
}

/// `None`: accepted, now or before.
pub fn refused_code(outcome: Delivered) -> Option<ErrorCode> {
    match outcome {
        Delivered::Stored | Delivered::Again => None,
        Delivered::TokenRefused => Some(ErrorCode::TokenRefused),
        Delivered::MailboxFull => Some(ErrorCode::MailboxFull),
        Delivered::Retired => Some(ErrorCode::Retired),
    }
}
