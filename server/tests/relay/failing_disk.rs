//! The relay's database on a disk that fails at each of its writes and syncs: what was answered is kept, also when the
//! power goes; what was refused is there whole or not at all; and it goes on once the disk works.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use sealpost_disk::{Disk, Fault, Remains};
use sealpost_server::store::{
    Addressee, Delivered, FormerId, NewAccount, NewDelivery, NewRecipient, Proof, Registration, SlotState, Store,
    StoreError, TokenHash, sqlite::SqliteStore,
};
use sealpost_wire::{
    api::directory::DirectoryEntry,
    id::{SlotName, UserId},
};
use tempfile::TempDir;

use Operation::{Acknowledge, Claim, Deliver};

const NOW: u64 = 1_800_000_000;
const SLOT: SlotName = SlotName([7; 32]);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Deliver(u8),
    /// The oldest envelope that is there.
    Acknowledge,
    Claim(u8),
}

/// What is done one after another; what stands together is asked for at once.
const LIFE: &[&[Operation]] =
    &[&[Deliver(1)], &[Deliver(2), Claim(1)], &[Acknowledge, Deliver(3)], &[Claim(2)], &[Deliver(4), Deliver(5)]];
/// After this many of them, the log is folded into the database.
const CHECKPOINT_AFTER: usize = 3;

/// What the relay holds: the deliveries in the mailbox, and the slot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Holding {
    mailbox: BTreeSet<u8>,
    slot: Option<u8>,
}

struct Run {
    folder: TempDir,
    disk: Disk,
    store: Option<SqliteStore>,
    answered: Holding,
    /// What was refused; it may have been done all the same.
    refused: Vec<Operation>,
}

#[tokio::test]
async fn a_power_cut_at_any_write_or_sync_leaves_what_was_answered() {
    for remains in [Remains::Nothing, Remains::All, Remains::AllButTorn, Remains::Some(1)] {
        fails_at_each(Fault::PowerCut(remains), |_| true).await;
    }
}

#[tokio::test]
async fn a_disk_that_fills_up_at_any_write_is_said_and_loses_nothing() {
    fails_at_each(Fault::Full, |error| *error == StoreError::Full).await;
}

#[tokio::test]
async fn a_disk_that_breaks_at_any_write_or_sync_loses_nothing() {
    for fault in [Fault::ReadOnly, Fault::Broken] {
        fails_at_each(fault, |error| matches!(error, StoreError::Failed(_))).await;
    }
}

async fn fails_at_each(fault: Fault, is_clear: fn(&StoreError) -> bool) {
    for operation in 0.. {
        let mut run = Run::new();
        run.disk.fails_after(operation, fault);
        let outcome = run.lives().await;
        let has_failed = run.disk.has_failed();
        println!("{fault:?} at operation {operation}: {outcome:?}, {:?} but for {:?}", run.answered, run.refused);
        if let Err(error) = outcome {
            assert!(has_failed && is_clear(&error), "{error:?}");
        }
        if matches!(fault, Fault::PowerCut(_)) {
            run.store = None;
        }
        run.disk.works_again();
        if run.store.is_none() {
            run.opens().expect("the database opens");
        }
        run.registers().await.expect("the disk works");
        run.holds_what_was_answered().await;
        // It goes on, also in the same process.
        assert_eq!(run.does(&[Deliver(9)]).await, Ok(()));
        run.store = None;
        run.opens().expect("the database opens");
        run.holds_what_was_answered().await;
        if !has_failed {
            assert!(operation > 100, "only {operation} operations");
            return;
        }
    }
}

impl Run {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary");
        let disk = Disk::under(folder.path());
        Self { folder, disk, store: None, answered: Holding::default(), refused: Vec::new() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("relay.sqlite")
    }

    /// Goes through all of it, or until something is refused.
    async fn lives(&mut self) -> Result<(), StoreError> {
        self.opens()?;
        self.registers().await?;
        for (place, operations) in LIFE.iter().enumerate() {
            self.does(operations).await?;
            if place == CHECKPOINT_AFTER {
                self.store().checkpoint().await?;
            }
        }
        self.store = None;
        Ok(())
    }

    fn opens(&mut self) -> Result<(), StoreError> {
        self.store = Some(SqliteStore::open(&self.path(), Box::new(|_| ()))?);
        Ok(())
    }

    /// The one account is there afterwards, whether it was before or not.
    async fn registers(&mut self) -> Result<(), StoreError> {
        let registered = self.store().register(ben(), Proof::Open, NOW).await?;
        assert_eq!(registered, Registration::Done { number: None, moved_from: None });
        Ok(())
    }

    /// The first refusal, if there is any.
    async fn does(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
        let oldest = self.store().page(ben().id, 0, 1, 1_000_000).await?.envelopes;
        let oldest: Vec<u64> = oldest.iter().map(|envelope| envelope.sequence).collect();
        let store = self.store();
        let asked = operations.iter().map(|operation| {
            let oldest = oldest.clone();
            async move {
                match *operation {
                    Deliver(number) => {
                        let outcome = store.deliver(Arc::new(delivery(number)), NOW, Box::new(|_| ())).await?;
                        assert_eq!(outcome, [Delivered::Stored]);
                    }
                    Acknowledge => store.acknowledge(ben().id, oldest).await?,
                    Claim(content) => drop(store.claim_slot(SLOT, vec![content], NOW).await?),
                }
                Ok::<(), StoreError>(())
            }
        });
        let outcomes = futures_util::future::join_all(asked).await;
        let mut first = Ok(());
        for (operation, outcome) in operations.iter().zip(outcomes) {
            match outcome {
                Ok(()) => self.answered.take(*operation),
                Err(error) => {
                    self.refused.push(*operation);
                    first = first.and(Err(error));
                }
            }
        }
        first
    }

    /// What was answered, and of what was refused each all or nothing.
    async fn holds_what_was_answered(&self) {
        let page = self.store().page(ben().id, 0, 64, 1_000_000).await.expect("a page");
        let mut found = Holding::default();
        for envelope in page.envelopes {
            assert_eq!(envelope.payload, payload(envelope.delivery_id[0]));
            assert!(found.mailbox.insert(envelope.delivery_id[0]), "twice in the mailbox");
        }
        if let SlotState::Taken(content) = self.store().slot(SLOT).await.expect("a slot") {
            found.slot = content.first().copied();
        }
        assert!(
            self.possible().contains(&found),
            "{found:?} instead of {:?} but for {:?}",
            self.answered,
            self.refused
        );
    }

    fn possible(&self) -> Vec<Holding> {
        let subsets = 0..1_u32 << self.refused.len();
        let holding = |subset: u32| {
            let mut holding = self.answered.clone();
            let done = self.refused.iter().enumerate().filter(|(place, _)| subset & 1 << place != 0);
            done.for_each(|(_, operation)| holding.take(*operation));
            holding
        };
        subsets.map(holding).collect()
    }

    fn store(&self) -> &SqliteStore {
        self.store.as_ref().expect("the database is open")
    }
}

impl Holding {
    fn take(&mut self, operation: Operation) {
        match operation {
            Deliver(number) => drop(self.mailbox.insert(number)),
            Acknowledge => drop(self.mailbox.pop_first()),
            // The first writer wins.
            Claim(content) => drop(self.slot.get_or_insert(content)),
        }
    }
}

fn ben() -> NewAccount {
    let id = UserId::from_random([2; 5]);
    let entry = DirectoryEntry {
        id: id.to_string(),
        identity_key: vec![2; 32],
        sealing_key: vec![2; 32],
        suites: vec![3],
        signature: vec![2; 64],
    };
    let tokens = vec![TokenHash { hash: [2; 32], expires_at: 0 }];
    NewAccount { id, former: FormerId([2; 32]), entry, session: [2; 32], tokens, key_packages: Vec::new() }
}

fn delivery(number: u8) -> NewDelivery {
    let to = Addressee { id: ben().id, former: ben().former, token: [2; 32] };
    NewDelivery {
        delivery_id: [number; 16],
        payload: payload(number).into(),
        recipients: vec![NewRecipient { to, wrapped_key: vec![0; 80], seen: [number; 16] }],
        messages_limit: 1_000,
        bytes_limit: 1_000_000,
    }
}

/// Some need pages of their own.
fn payload(number: u8) -> Vec<u8> {
    vec![number; usize::from(number % 3) * 4_000 + 10]
}
