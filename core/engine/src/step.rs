//! What every noun works with inside one step: the transaction, the time, randomness, the account, and the events that
//! leave after the commit.

use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_wire::{
    id::{MessageId, UserId},
    limits,
};

use crate::{
    account::Account,
    error::EngineError,
    event::Event,
    fact::{Fact, Happened},
    mls::Loaded,
    names::ConversationId,
    storage::{Write, save},
};

/// Clocks that are no further apart are taken to agree.
const CLOCK_TOLERANCE_MS: u64 = 2 * 60 * 1000;

/// A source of secure random bytes; the platform's, or a seeded one in simulations.
pub trait Random: Send {
    fn fill(&mut self, bytes: &mut [u8]);
}

/// One step in progress. Dropped without commit, it leaves nothing behind.
pub struct Step<'a> {
    pub tx: &'a mut dyn Write,
    /// By the relay's clock, as far as this device knows it.
    pub now_ms: u64,
    pub random: &'a mut dyn Random,
    pub account: Account,
    pub identity_key: IdentityKey,
    /// MLS groups that stay loaded from step to step.
    pub groups: &'a mut Loaded,
    pub events: Vec<Event>,
    /// What has to be shown as rows, by whoever routes facts.
    pub facts: Vec<Fact>,
    /// Receipts that are owed for messages, and whether they were read; queued together when the input is handled.
    pub receipts: Vec<(ConversationId, MessageId, bool)>,
}

impl<'a> Step<'a> {
    pub fn new(
        tx: &'a mut dyn Write,
        now_ms: u64,
        random: &'a mut dyn Random,
        account: Account,
        groups: &'a mut Loaded,
    ) -> Self {
        let identity_key = IdentityKey::from_secret(account.identity_secret);
        let (events, facts, receipts) = (Vec::new(), Vec::new(), Vec::new());
        Self { tx, now_ms, random, account, identity_key, groups, events, facts, receipts }
    }

    /// Goes by the relay's clock, by which key packages, mailboxes and slots end for everybody. What is a moment off
    /// stays as it is.
    pub fn follow_clock(&mut self, relay_seconds: u64) {
        let relay_ms = relay_seconds.saturating_mul(1000);
        let (Ok(theirs), Ok(ours)) = (i64::try_from(relay_ms), i64::try_from(self.now_ms)) else { return };
        let lacks = theirs.saturating_sub(ours);
        if lacks.unsigned_abs() > CLOCK_TOLERANCE_MS {
            self.account.clock_lacks_ms = self.account.clock_lacks_ms.saturating_add(lacks);
            self.now_ms = relay_ms;
        }
    }

    /// A time in here, by this device's clock.
    pub fn by_device_clock(&self, at_ms: u64) -> u64 {
        at_ms.saturating_add_signed(self.account.clock_lacks_ms.saturating_neg())
    }

    pub fn now_seconds(&self) -> u64 {
        self.now_ms / 1000
    }

    /// How long ago that was, in milliseconds. A time that is more than a day ahead was noted by a clock that has been
    /// set right since: that counts as long ago, so that nothing waits for it to come.
    pub fn since(&self, at_ms: u64) -> u64 {
        if self.is_from_wrong_clock(at_ms) { u64::MAX } else { self.now_ms.saturating_sub(at_ms) }
    }

    /// Whether this device's clock can't have meant that time, by the longest pause that there is.
    pub fn is_from_wrong_clock(&self, at_ms: u64) -> bool {
        at_ms > self.now_ms.saturating_add(limits::DAY_SECONDS * 1000)
    }

    pub fn random_bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes);
        bytes
    }

    /// A number below `bound`; the bias of the remainder is of no account for pauses.
    pub fn random_below(&mut self, bound: u64) -> u64 {
        u64::from_be_bytes(self.random_bytes()) % bound.max(1)
    }

    pub fn sealing_key(&self) -> SealingKey {
        SealingKey::from_secret(self.account.sealing_secret)
    }

    /// Writes the account's row; every change to `account` is followed by this.
    pub fn save_account(&mut self) -> Result<(), EngineError> {
        Ok(save(self.tx, &self.account)?)
    }

    /// Notes what happened to a conversation.
    pub fn note(&mut self, conversation: ConversationId, by: UserId, what: Happened) {
        self.facts.push(Fact { conversation, by, what });
    }

    /// Tells an event once, however often it happens in this step.
    pub fn tell(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }
}
