//! The account's row: keys, ID, relay, session, delivery tokens.

use sealpost_crypto::{
    hash::token_hash,
    keys::{IdentityKey, SealingKey},
};
use sealpost_wire::{
    api::mailbox::{MailboxToken, MailboxTokens},
    card::Card,
    id::{DeliveryToken, UserId},
    relay_address::RelayAddress,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::{
    error::EngineError,
    storage::{Read, Row, Table, load},
};

const KEY: &[u8] = b"account";

/// The account's row. Its secrets leave the device in no form.
#[derive(Clone, Serialize, Deserialize)]
pub struct Account {
    pub id: UserId,
    pub identity_secret: [u8; 32],
    pub sealing_secret: [u8; 32],
    pub name: String,
    pub relay: Option<RelayAddress>,
    /// The relay's key for slot receipts, Ed25519.
    pub receipt_key: [u8; 32],
    /// How often the relay had been restored when this device last heard; 0 before it did.
    #[serde(default)]
    pub incarnation: u64,
    pub state: AccountState,
    /// OPRF output of the number, as the relay gave it at registration; empty without a number.
    pub number_token: Vec<u8>,
    pub session_secret: Vec<u8>,
    /// What all contacts show to write here.
    pub contacts_token: DeliveryToken,
    /// Tokens before, each with the Unix seconds of its end.
    pub rotated_tokens: Vec<(DeliveryToken, u64)>,
    pub read_receipts: bool,
    pub retires_at_seconds: Option<u64>,
    pub key_packages_at_seconds: u64,
    /// Envelopes that could not be handled: no message of anybody's, or nothing that can be asked for again.
    pub unhandled: u64,
    /// What this device's clock lacks to the relay's, in milliseconds: all times in here are by the relay's.
    #[serde(default)]
    pub clock_lacks_ms: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountState {
    New,
    Active,
    /// The relay has seen a newer session: this folder is a copy.
    Copied,
    Retired,
}

impl Row for Account {
    const TABLE: Table = Table::Account;

    fn key(&self) -> Vec<u8> {
        KEY.to_vec()
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.identity_secret.zeroize();
        self.sealing_secret.zeroize();
        self.session_secret.zeroize();
    }
}

impl Account {
    /// The card that lets others write to this account; `None` before registration.
    pub fn card(&self) -> Option<Card> {
        Some(Card {
            relay: self.relay.clone()?,
            id: self.id,
            identity_key: IdentityKey::from_secret(self.identity_secret).public(),
            sealing_key: SealingKey::from_secret(self.sealing_secret).public(),
            token: self.contacts_token,
        })
    }

    pub fn is_active(&self) -> bool {
        self.state == AccountState::Active
    }

    /// What the mailbox accepts now.
    pub fn tokens(&self, now_seconds: u64) -> MailboxTokens {
        let current = MailboxToken { hash: token_hash(&self.contacts_token).to_vec(), expires_at_seconds: 0 };
        let rotated = self.rotated_tokens.iter().filter(|(_, end)| *end > now_seconds);
        let rotated =
            rotated.map(|(token, end)| MailboxToken { hash: token_hash(token).to_vec(), expires_at_seconds: *end });
        MailboxTokens { tokens: std::iter::once(current).chain(rotated).collect() }
    }
}

/// The account of this database, if one was created.
pub fn account(read: &(impl Read + ?Sized)) -> Result<Option<Account>, EngineError> {
    Ok(load(read, KEY)?)
}
