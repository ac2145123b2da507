//! Mailboxes and what is delivered to them: accepted by token, known again, paged in order.

use std::{collections::BTreeMap, ops::Bound, sync::Arc};

use sealpost_wire::{api::mailbox::MailboxStatus, envelope::Envelope, id::UserId};

use super::{LISTED, State};
use crate::store::{Addressee, Delivered, Filed, NewDelivery, NewRecipient, Page, Totals, hour_before};

/// What waits for one device, by sequence.
#[derive(Default)]
pub struct Mailbox {
    messages: BTreeMap<u64, Message>,
    bytes: u64,
}

struct Message {
    delivery_id: [u8; 16],
    wrapped_key: Vec<u8>,
    payload: Arc<[u8]>,
    stored_hour: u64,
}

impl State {
    pub fn deliver(&mut self, delivery: &NewDelivery, now: u64) -> (Vec<Delivered>, Vec<Filed>) {
        let (mut outcomes, mut filed) = (Vec::new(), Vec::new());
        for (index, recipient) in delivery.recipients.iter().enumerate() {
            let outcome = self.deliver_to(delivery, recipient, now);
            if outcome == Delivered::Stored {
                filed.push(Filed { recipient: index, sequence: self.sequence });
            }
            outcomes.push(outcome);
        }
        (outcomes, filed)
    }

    /// `Stored` if the mailbox accepts the token.
    pub fn admit(&self, to: &Addressee, now: u64) -> Delivered {
        let account = self.accounts.get(&to.id);
        let mut tokens = account.iter().flat_map(|account| &account.tokens);
        if tokens.any(|it| it.hash == to.token && (it.expires_at == 0 || it.expires_at > now)) {
            let suspended = account.is_some_and(|account| account.suspended);
            return if suspended { Delivered::MailboxFull } else { Delivered::Stored };
        }
        let retired = self.former.get(&to.former.0).is_some_and(|former| former.tokens.contains(&to.token));
        if retired { Delivered::Retired } else { Delivered::TokenRefused }
    }

    pub fn page(&self, id: UserId, after: u64, messages: usize, bytes: usize) -> Page {
        let mut page = Page { envelopes: Vec::new(), more: false };
        let Some(account) = self.accounts.get(&id) else { return page };
        let mut room = bytes;
        for (sequence, message) in account.mailbox.messages.range((Bound::Excluded(after), Bound::Unbounded)) {
            let weight = message.payload.len();
            let is_full = page.envelopes.len() == messages.clamp(1, LISTED);
            if is_full || (weight > room && !page.envelopes.is_empty()) {
                page.more = true;
                break;
            }
            room = room.saturating_sub(weight);
            page.envelopes.push(message.envelope(*sequence));
        }
        page
    }

    pub fn totals(&self) -> Totals {
        let mailboxes = || self.accounts.values().map(|account| &account.mailbox);
        Totals {
            accounts: self.accounts.len() as u64,
            suspended_accounts: self.accounts.values().filter(|account| account.suspended).count() as u64,
            waiting_messages: mailboxes().map(|mailbox| mailbox.messages.len() as u64).sum(),
            waiting_bytes: mailboxes().map(|mailbox| mailbox.bytes).sum(),
        }
    }

    /// The limits are the caller's to fill in.
    pub fn mailbox_status(&self, id: UserId) -> MailboxStatus {
        let load = |mailbox: &Mailbox| (mailbox.messages.len() as u64, mailbox.bytes);
        let (messages, bytes) = self.accounts.get(&id).map_or((0, 0), |account| load(&account.mailbox));
        MailboxStatus { messages, bytes, messages_limit: 0, bytes_limit: 0 }
    }

    fn deliver_to(&mut self, delivery: &NewDelivery, recipient: &NewRecipient, now: u64) -> Delivered {
        match self.admit(&recipient.to, now) {
            Delivered::Stored => {}
            refused => return refused,
        }
        if self.delivered.contains_key(&recipient.seen) {
            return Delivered::Again;
        }
        let Some(account) = self.accounts.get_mut(&recipient.to.id) else { return Delivered::TokenRefused };
        let message = Message {
            delivery_id: delivery.delivery_id,
            wrapped_key: recipient.wrapped_key.clone(),
            payload: Arc::clone(&delivery.payload),
            stored_hour: hour_before(now),
        };
        let mailbox = &mut account.mailbox;
        let (messages, bytes) = (mailbox.messages.len() as u64, mailbox.bytes + message.weight());
        if messages >= delivery.messages_limit || bytes > delivery.bytes_limit {
            return Delivered::MailboxFull;
        }
        mailbox.bytes = bytes;
        self.sequence += 1;
        mailbox.messages.insert(self.sequence, message);
        self.delivered.insert(recipient.seen, hour_before(now));
        Delivered::Stored
    }
}

impl Mailbox {
    pub fn remove(&mut self, sequences: &[u64]) {
        for sequence in sequences {
            if let Some(message) = self.messages.remove(sequence) {
                self.bytes -= message.weight();
            }
        }
    }

    /// Removes what was stored before this hour; how many they were.
    pub fn expire(&mut self, over: u64) -> usize {
        let expired = self.messages.iter().filter(|(_, message)| message.stored_hour < over);
        let expired: Vec<u64> = expired.map(|(sequence, _)| *sequence).collect();
        self.remove(&expired);
        expired.len()
    }
}

impl Message {
    fn weight(&self) -> u64 {
        (self.payload.len() + self.wrapped_key.len()) as u64
    }

    fn envelope(&self, sequence: u64) -> Envelope {
        Envelope {
            sequence,
            delivery_id: self.delivery_id.to_vec(),
            wrapped_key: self.wrapped_key.clone(),
            payload: self.payload.to_vec(),
            ephemeral: false,
        }
    }
}
