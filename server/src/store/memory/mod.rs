//! The store in memory, for simulations: what SQLite keeps in its tables stands in maps, behind one lock.
//!
//! Invariants: every operation is one hold of the lock, and answers at once (its future never waits); the rounding of
//! times and the order of rows are those of the database. A clone is another handle to the same memory, so that a
//! relay can be started anew over it.

mod account;
mod code;
mod directory;
mod mailbox;
mod sweep;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use sealpost_wire::{
    api::{
        directory::{KeyPackageCount, KeyPackages},
        mailbox::MailboxStatus,
    },
    id::{BlobId, SlotName, UserId},
};

use super::*;

/// Rows that one answer lists at most.
const LISTED: usize = 128;

/// A handle to the memory of one relay.
#[derive(Clone, Default)]
pub struct MemoryStore(Arc<Mutex<State>>);

/// All that the relay keeps.
#[derive(Default)]
struct State {
    accounts: BTreeMap<UserId, account::Account>,
    former: BTreeMap<Hash, account::Former>,
    codes: BTreeMap<NumberToken, code::Code>,
    codes_a_day: BTreeMap<u64, u32>,
    invitations: BTreeMap<Hash, u64>,
    /// Deliveries that are known again, with the hour in which they were stored.
    delivered: BTreeMap<[u8; 16], u64>,
    /// The last sequence that was given.
    sequence: u64,
    slots: BTreeMap<SlotName, Slot>,
    blobs: BTreeMap<BlobId, Blob>,
    administrations: u64,
}

struct Slot {
    /// Empty: it is over, and the name stays taken.
    content: Vec<u8>,
    claimed_hour: u64,
}

struct Blob {
    owner: Hash,
    expires_at: u64,
}

impl MemoryStore {
    fn at_once<T: Send + 'static>(&self, operation: impl FnOnce(&mut State) -> T) -> Answer<'_, T> {
        let result = operation(&mut self.lock());
        Box::pin(std::future::ready(Ok(result)))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn register(&self, new: NewAccount, proof: Proof, now: u64) -> Answer<'_, Registration> {
        self.at_once(|state| state.register(new, &proof, now))
    }

    fn account(&self, id: UserId, former: FormerId) -> Answer<'_, Found> {
        self.at_once(|state| state.find(id, former))
    }

    fn open_session(&self, id: UserId, presented: Option<Hash>, next: Hash) -> Answer<'_, SessionOpened> {
        self.at_once(|state| state.open_session(id, presented, next))
    }

    fn keep_session(&self, id: UserId, latest: Hash) -> Answer<'_, ()> {
        self.at_once(|state| state.keep_session(id, latest))
    }

    fn link_number(&self, id: UserId, proof: NumberProof, now: u64) -> Answer<'_, NumberLinking> {
        self.at_once(|state| state.link_number(id, &proof, now))
    }

    fn unlink_number(&self, id: UserId) -> Answer<'_, ()> {
        self.at_once(|state| state.change(id, |account| account.number = None))
    }

    fn keep_account(&self, id: UserId) -> Answer<'_, ()> {
        self.at_once(|state| state.change(id, |account| account.retire_at = 0))
    }

    fn remove_account(&self, id: UserId, former: FormerId, now: u64) -> Answer<'_, ()> {
        self.at_once(|state| state.remove(id, former, now))
    }

    fn suspend_account(&self, id: UserId, suspended: bool) -> Answer<'_, bool> {
        self.at_once(|state| {
            state.administrations += 1;
            state.change(id, |account| account.suspended = suspended);
            state.accounts.contains_key(&id)
        })
    }

    fn count_administration(&self) -> Answer<'_, ()> {
        self.at_once(|state| state.administrations += 1)
    }

    fn administrations(&self) -> Answer<'_, u64> {
        self.at_once(|state| state.administrations)
    }

    fn due_retirements(&self, now: u64) -> Answer<'_, Vec<UserId>> {
        self.at_once(|state| state.due_retirements(now))
    }

    fn plan_code(&self, plan: CodePlan, now: u64) -> Answer<'_, CodePlanned> {
        self.at_once(|state| state.plan_code(&plan, now))
    }

    fn withdraw_code(&self, number: NumberToken, now: u64) -> Answer<'_, ()> {
        self.at_once(|state| state.withdraw_code(&number, now))
    }

    fn add_invitation(&self, code: Hash, expires_at: u64) -> Answer<'_, ()> {
        self.at_once(|state| {
            state.invitations.insert(code, hour_after(expires_at));
        })
    }

    fn invitations(&self, now: u64) -> Answer<'_, u64> {
        self.at_once(|state| state.invitations.values().filter(|end| **end > now).count() as u64)
    }

    fn remove_invitations(&self, code: Option<Hash>, now: u64) -> Answer<'_, u64> {
        self.at_once(|state| {
            let known = state.invitations.len();
            state.invitations.retain(|hash, end| *end <= now || code.is_some_and(|code| code != *hash));
            (known - state.invitations.len()) as u64
        })
    }

    fn add_key_packages(
        &self,
        id: UserId,
        packages: Vec<KeyPackages>,
        batch: Hash,
        replace: bool,
    ) -> Answer<'_, PackagesAdded> {
        self.at_once(|state| state.add_key_packages(id, packages, batch, replace))
    }

    fn key_package_counts(&self, id: UserId) -> Answer<'_, Vec<KeyPackageCount>> {
        self.at_once(|state| state.key_package_counts(id))
    }

    fn take_key_package(&self, asked: Addressee, suites: Vec<u16>, now: u64) -> Answer<'_, Taken> {
        self.at_once(|state| state.take_key_package(&asked, &suites, now))
    }

    fn replace_tokens(&self, id: UserId, tokens: Vec<TokenHash>) -> Answer<'_, ()> {
        self.at_once(|state| state.change(id, |account| account.tokens = account::rounded(tokens)))
    }

    fn deliver(&self, delivery: Arc<NewDelivery>, now: u64, filed: OnFiled) -> Answer<'_, Vec<Delivered>> {
        self.at_once(|state| {
            let (outcomes, stored) = state.deliver(&delivery, now);
            filed(&stored);
            outcomes
        })
    }

    fn admit(&self, to: Vec<Addressee>, now: u64) -> Answer<'_, Vec<Delivered>> {
        self.at_once(|state| to.iter().map(|addressee| state.admit(addressee, now)).collect())
    }

    fn page(&self, id: UserId, after: u64, messages: usize, bytes: usize) -> Answer<'_, Page> {
        self.at_once(|state| state.page(id, after, messages, bytes))
    }

    fn acknowledge(&self, id: UserId, sequences: Vec<u64>) -> Answer<'_, ()> {
        self.at_once(|state| state.change(id, |account| account.mailbox.remove(&sequences)))
    }

    fn mailbox_status(&self, id: UserId) -> Answer<'_, MailboxStatus> {
        self.at_once(|state| state.mailbox_status(id))
    }

    fn claim_slot(&self, name: SlotName, content: Vec<u8>, now: u64) -> Answer<'_, SlotState> {
        self.at_once(|state| match state.slot(&name) {
            SlotState::Free => {
                state.slots.insert(name, Slot { content, claimed_hour: hour_before(now) });
                SlotState::Claimed
            }
            SlotState::Taken(standing) if standing == content => SlotState::Claimed,
            taken => taken,
        })
    }

    fn slot(&self, name: SlotName) -> Answer<'_, SlotState> {
        self.at_once(|state| state.slot(&name))
    }

    fn add_blob(&self, name: BlobId, owner: Hash, expires_at: u64) -> Answer<'_, bool> {
        self.at_once(|state| {
            let blob = state.blobs.entry(name).or_insert(Blob { owner, expires_at });
            if blob.owner == owner {
                blob.expires_at = hour_after(expires_at);
            }
            blob.owner == owner
        })
    }

    fn owns_blob(&self, name: BlobId, owner: Hash) -> Answer<'_, bool> {
        self.at_once(|state| state.blobs.get(&name).is_some_and(|blob| blob.owner == owner))
    }

    fn remove_blobs(&self, names: Vec<BlobId>) -> Answer<'_, ()> {
        self.at_once(|state| {
            let names: BTreeSet<BlobId> = names.into_iter().collect();
            state.blobs.retain(|name, _| !names.contains(name));
        })
    }

    fn blobs_after(&self, after: Option<BlobId>) -> Answer<'_, Vec<(BlobId, Hash)>> {
        self.at_once(|state| {
            let behind = state.blobs.iter().filter(|(name, _)| after.is_none_or(|after| name.0 > after.0));
            behind.map(|(name, blob)| (*name, blob.owner)).take(LISTED).collect()
        })
    }

    fn expired_blobs(&self, now: u64) -> Answer<'_, Vec<BlobId>> {
        self.at_once(|state| {
            let expired = state.blobs.iter().filter(|(_, blob)| blob.expires_at <= now);
            expired.map(|(name, _)| *name).take(LISTED).collect()
        })
    }

    fn totals(&self) -> Answer<'_, Totals> {
        self.at_once(|state| state.totals())
    }

    fn incarnation(&self) -> Answer<'_, u64> {
        self.at_once(|_| 1)
    }

    fn claims_from(&self, _: u64) -> Answer<'_, u64> {
        // What lives in memory is restored from nothing.
        self.at_once(|_| 0)
    }

    fn sweep(&self, sweep: Sweep, now: u64) -> Answer<'_, usize> {
        self.at_once(|state| state.sweep(sweep, now))
    }

    fn checkpoint(&self) -> Answer<'_, ()> {
        self.at_once(|_| ())
    }
}

impl State {
    fn slot(&self, name: &SlotName) -> SlotState {
        match self.slots.get(name) {
            None => SlotState::Free,
            Some(slot) if slot.content.is_empty() => SlotState::Gone,
            Some(slot) => SlotState::Taken(slot.content.clone()),
        }
    }

    /// Changes an account; nothing where there is none.
    fn change(&mut self, id: UserId, change: impl FnOnce(&mut account::Account)) {
        if let Some(account) = self.accounts.get_mut(&id) {
            change(account);
        }
    }
}

#[cfg(all(test, feature = "conformance"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_store_in_memory_passes_the_suite() {
        let store = MemoryStore::default();
        conformance::run(|| Arc::new(store.clone())).await;
    }
}
