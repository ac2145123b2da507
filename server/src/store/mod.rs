//! What the relay stores, as a trait: each method is one atomic operation of the product.
//!
//! Invariants: no transaction crosses the trait; a write is durable when its future answers (an acknowledgement may
//! wait 100 ms for the next commit); domain refusals are values, `StoreError` is a failure of the store itself; times
//! are arguments. The suite that every backend passes is `conformance` (feature of the same name).

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "memory")]
pub mod memory;
pub mod sqlite;
mod types;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sealpost_wire::{
    api::{
        directory::{KeyPackageCount, KeyPackages},
        mailbox::MailboxStatus,
    },
    id::{BlobId, SlotName, UserId},
};

pub use types::*;

/// The answer of a store's operation, in the future.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// A failure of the store, not of what was asked. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    #[error("the disk is full")]
    Full,
    #[error("more operations wait than the queue holds")]
    Busy,
    #[error("the store is closed")]
    Closed,
    #[error("the database is version {found}, this program knows {known}: install the newer program")]
    NewerSchema { found: u32, known: u32 },
    #[error("the database is version {found}, this program knows {known}: restart the relay, or run `migrate`")]
    OlderSchema { found: u32, known: u32 },
    #[error("{0}")]
    Failed(String),
}

/// The relay's memory. `now` is in Unix seconds throughout.
pub trait Store: Send + Sync + 'static {
    /// Claims an ID together with its proof, tokens and key packages; moves the number if the proof is one.
    fn register(&self, account: NewAccount, proof: Proof, now: u64) -> Answer<'_, Registration>;
    /// The account of an ID, or what is left of it.
    fn account(&self, id: UserId, former: FormerId) -> Answer<'_, Found>;
    /// Exchanges a session secret's hash for the next one's; with none presented, starts over: no other is valid then.
    fn open_session(&self, id: UserId, presented: Option<Hash>, next: Hash) -> Answer<'_, SessionOpened>;
    /// The device keeps this secret (its hash) durably: if it is the latest, the one before is good for nothing.
    fn keep_session(&self, id: UserId, latest: Hash) -> Answer<'_, ()>;
    /// Links a number, which moves it away from whoever holds it, and ends a pending retirement of the account.
    fn link_number(&self, id: UserId, proof: NumberProof, now: u64) -> Answer<'_, NumberLinking>;
    fn unlink_number(&self, id: UserId) -> Answer<'_, ()>;
    /// Ends a pending retirement.
    fn keep_account(&self, id: UserId) -> Answer<'_, ()>;
    /// Deletes an account; its ID stays taken as a keyed hash, its tokens answer *retired* for a while.
    fn remove_account(&self, id: UserId, former: FormerId, now: u64) -> Answer<'_, ()>;
    /// Suspends an account, or lets it go on; `false`: there is no such account. Running relays notice.
    fn suspend_account(&self, id: UserId, suspended: bool) -> Answer<'_, bool>;
    /// The operator has changed accounts: running relays look whom they still serve.
    fn count_administration(&self) -> Answer<'_, ()>;
    /// How often the operator has changed accounts.
    fn administrations(&self) -> Answer<'_, u64>;
    /// Accounts whose retirement is due, at most 128 of them.
    fn due_retirements(&self, now: u64) -> Answer<'_, Vec<UserId>>;

    /// Notes a code that is about to be sent, within the limits.
    fn plan_code(&self, plan: CodePlan, now: u64) -> Answer<'_, CodePlanned>;
    /// Takes a planned code back: it could not be sent.
    fn withdraw_code(&self, number: NumberToken, now: u64) -> Answer<'_, ()>;
    fn add_invitation(&self, code: Hash, expires_at: u64) -> Answer<'_, ()>;
    /// How many are not used and not over.
    fn invitations(&self, now: u64) -> Answer<'_, u64>;
    /// Removes one, or all (`None`), that are not over; how many they were.
    fn remove_invitations(&self, code: Option<Hash>, now: u64) -> Answer<'_, u64>;

    /// Adds one-time packages and replaces last-resort ones; `replace` drops the old ones first. The batch that was
    /// added last adds nothing: whoever repeats it has missed the answer, and some may be handed out already.
    fn add_key_packages(
        &self,
        id: UserId,
        packages: Vec<KeyPackages>,
        batch: Hash,
        replace: bool,
    ) -> Answer<'_, PackagesAdded>;
    fn key_package_counts(&self, id: UserId) -> Answer<'_, Vec<KeyPackageCount>>;
    /// Takes the first one-time package, or copies the last-resort one, of the first suite that there is.
    fn take_key_package(&self, asked: Addressee, suites: Vec<u16>, now: u64) -> Answer<'_, Taken>;

    fn replace_tokens(&self, id: UserId, tokens: Vec<TokenHash>) -> Answer<'_, ()>;
    /// Stores one payload for all that accept it; the answer is per addressee, in order. `filed` is called before the
    /// answer, with what was stored now, and for all deliveries in the order of their sequences.
    fn deliver(&self, delivery: Arc<NewDelivery>, now: u64, filed: OnFiled) -> Answer<'_, Vec<Delivered>>;
    /// Checks tokens only: for what is not stored.
    fn admit(&self, to: Vec<Addressee>, now: u64) -> Answer<'_, Vec<Delivered>>;
    /// Envelopes behind a sequence, within both limits, but at least one if there is one.
    fn page(&self, id: UserId, after: u64, messages: usize, bytes: usize) -> Answer<'_, Page>;
    /// Deletes exactly these of the mailbox's messages. Rides on the next commit, 100 ms at most.
    fn acknowledge(&self, id: UserId, sequences: Vec<u64>) -> Answer<'_, ()>;
    fn mailbox_status(&self, id: UserId) -> Answer<'_, MailboxStatus>;

    /// The first claim wins, for good.
    fn claim_slot(&self, name: SlotName, content: Vec<u8>, now: u64) -> Answer<'_, SlotState>;
    fn slot(&self, name: SlotName) -> Answer<'_, SlotState>;

    /// Reserves a blob's name for its owner (a keyed hash); `false` if it is taken by another.
    fn add_blob(&self, name: BlobId, owner: Hash, expires_at: u64) -> Answer<'_, bool>;
    /// Whether the blob is one of this owner's.
    fn owns_blob(&self, name: BlobId, owner: Hash) -> Answer<'_, bool>;
    fn remove_blobs(&self, names: Vec<BlobId>) -> Answer<'_, ()>;
    /// Blobs with their owners' hashes, by name behind `after`, at most 128 of them.
    fn blobs_after(&self, after: Option<BlobId>) -> Answer<'_, Vec<(BlobId, Hash)>>;
    /// Blobs whose time is over, at most 128 of them.
    fn expired_blobs(&self, now: u64) -> Answer<'_, Vec<BlobId>>;

    /// Reads every mailbox's load: for gauges, not for requests.
    fn totals(&self) -> Answer<'_, Totals>;
    /// When the relay was last restored from a backup, in milliseconds; 1 if never.
    fn incarnation(&self) -> Answer<'_, u64>;
    /// When new claims are taken after a restore (Unix seconds); 0 where there was none. The first call after one sets
    /// it to `proposed`.
    fn claims_from(&self, proposed: u64) -> Answer<'_, u64>;
    /// Deletes what is over by one rule of the data inventory, a bounded number of rows; how many they were.
    fn sweep(&self, sweep: Sweep, now: u64) -> Answer<'_, usize>;
    /// Moves the log into the database file.
    fn checkpoint(&self) -> Answer<'_, ()>;
}
