//! What goes into the store's operations and comes out of them. Hashes are keyed ones unless it says otherwise.

use std::sync::Arc;

use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackages},
    envelope::Envelope,
    id::{BlobId, UserId},
};

/// A 32-byte hash.
pub type Hash = [u8; 32];
/// The OPRF output of a phone number.
pub type NumberToken = [u8; 64];

/// An hour, the grain of every time that is stored for longer.
pub const HOUR_SECONDS: u64 = 3_600;

/// Rounded down to the hour.
pub fn hour_before(seconds: u64) -> u64 {
    seconds - seconds % HOUR_SECONDS
}

/// Rounded up to the hour: a promise of time is kept in full.
pub fn hour_after(seconds: u64) -> u64 {
    seconds.div_ceil(HOUR_SECONDS).saturating_mul(HOUR_SECONDS)
}

/// The keyed hash under which an ID stays taken when its account is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormerId(pub Hash);

/// A delivery token's SHA-256 and its end (0: until replaced).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenHash {
    pub hash: Hash,
    pub expires_at: u64,
}

/// An account to be.
#[derive(Debug, Clone)]
pub struct NewAccount {
    pub id: UserId,
    pub former: FormerId,
    pub entry: DirectoryEntry,
    pub session: Hash,
    pub tokens: Vec<TokenHash>,
    pub key_packages: Vec<KeyPackages>,
}

/// Why somebody may register.
#[derive(Debug, Clone)]
pub enum Proof {
    Number(NumberProof),
    Invitation(Hash),
    Open,
}

/// A number and the code that was sent to it.
#[derive(Debug, Clone)]
pub struct NumberProof {
    pub number: NumberToken,
    pub code: Hash,
    /// When whoever loses the number is retired.
    pub retire_at: u64,
}

/// What became of a registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registration {
    /// `moved_from`: the ID that lost its number to the new one.
    Done {
        number: Option<NumberToken>,
        moved_from: Option<UserId>,
    },
    /// The same entry is registered, and has opened a session already.
    InUse,
    Taken,
    CodeWrong {
        tries_left: u32,
    },
    CodeExpired,
    InvitationInvalid,
}

/// What became of a number's link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberLinking {
    Done { moved_from: Option<UserId> },
    CodeWrong { tries_left: u32 },
    CodeExpired,
}

/// What is known of an ID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Account(Account),
    /// Retired or deleted; the key that its device would sign with, while that is kept.
    Former {
        identity_key: Option<[u8; 32]>,
    },
    Nobody,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub entry: DirectoryEntry,
    /// 0: no retirement is pending.
    pub retire_at: u64,
    /// By the operator: nothing is accepted or delivered until that ends.
    pub suspended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionOpened {
    /// `retire_at`: 0 if no retirement is pending.
    Opened {
        retire_at: u64,
    },
    Copied,
    Unknown,
}

/// A code about to be sent.
#[derive(Debug, Clone)]
pub struct CodePlan {
    pub number: NumberToken,
    pub code: Hash,
    /// Codes that the relay sends in a day.
    pub ceiling: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePlanned {
    Planned,
    /// Too soon after the last, or too many today.
    TooMany {
        retry_after_seconds: u64,
    },
    Ceiling {
        retry_after_seconds: u64,
    },
}

/// A mailbox and what is shown to it.
#[derive(Debug, Clone)]
pub struct Addressee {
    pub id: UserId,
    pub former: FormerId,
    /// SHA-256 of the token.
    pub token: Hash,
}

/// A key package, if the token is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    Package {
        entry: DirectoryEntry,
        suite: u16,
        package: Vec<u8>,
        last_resort: bool,
        left: u32,
    },
    /// None of the suites.
    Nothing,
    Refused(Delivered),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackagesAdded {
    Added,
    /// More one-time packages than one device keeps per suite.
    TooMany,
}

/// One payload for many mailboxes, checked.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    pub delivery_id: [u8; 16],
    /// Shared with whoever else holds the delivery: a payload may be a megabyte.
    pub payload: Arc<[u8]>,
    pub recipients: Vec<NewRecipient>,
    pub messages_limit: u64,
    pub bytes_limit: u64,
}

/// A message that a delivery has left in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filed {
    /// Which of the delivery's recipients.
    pub recipient: usize,
    pub sequence: u64,
}

/// Hears of what a delivery has left, once it is durable.
pub type OnFiled = Box<dyn FnOnce(&[Filed]) + Send>;

#[derive(Debug, Clone)]
pub struct NewRecipient {
    pub to: Addressee,
    pub wrapped_key: Vec<u8>,
    /// Keyed hash of mailbox and delivery ID.
    pub seen: [u8; 16],
}

/// What became of a delivery at one mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// Stored now.
    Stored,
    /// Accepted before; nothing was stored.
    Again,
    /// Unknown, revoked and wrong are alike.
    TokenRefused,
    MailboxFull,
    /// The ID is retired, and the token was one of its.
    Retired,
}

/// A mailbox's next envelopes.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub envelopes: Vec<Envelope>,
    /// There are more behind these.
    pub more: bool,
}

/// What the relay holds, all mailboxes together; weights are those of the quotas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    pub accounts: u64,
    /// Of the accounts.
    pub suspended_accounts: u64,
    pub waiting_messages: u64,
    pub waiting_bytes: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotState {
    Free,
    /// The content asked to be written stands there.
    Claimed,
    Taken(Vec<u8>),
    /// Taken, and its content is over.
    Gone,
}

/// What leads from an account, or from one that was, to rows that do not name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traces {
    pub former: FormerId,
    pub blobs: Vec<BlobId>,
}

/// One rule of deletion; the data inventory says for which columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sweep {
    Messages,
    Deduplication,
    Tokens,
    FormerTokens,
    Codes,
    CodeCounts,
    Invitations,
    SlotContents,
    SlotNames,
}
