//! A device: one engine over a store in memory, which may be killed, or fail to write, at any write or commit.

use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_engine::{
    Engine,
    command::{Effects, Input},
    error::EngineError,
    identity::{self, Account},
    outbox::Job,
    storage::{StorageError, Table, all, memory::MemoryStore, watched::Watched},
};
use sealpost_wire::id::UserId;

use crate::{
    bugs::{self, ClientBug},
    chance::Chance,
};

pub struct Device {
    pub name: &'static str,
    pub id: UserId,
    pub identity_key: IdentityKey,
    pub sealing_key: SealingKey,
    pub store: MemoryStore,
    engine: Engine,
    random: Chance,
    /// Counts the processes: what was on its way for one before is nobody's.
    pub life: u32,
    pub runs: bool,
    /// How far its clock is ahead of the true time.
    pub skew_ms: i64,
    /// When it wants to be woken, by its own clock.
    pub wake_at_ms: Option<u64>,
    pub woken_at_ms: u64,
    /// What will happen to one of its next steps.
    pub doom: Option<Doom>,
}

/// How a step ends before its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doom {
    /// The process ends at this write, counted from now on.
    KilledAtWrite(u32),
    /// The disk is full at this write.
    FullAtWrite(u32),
    /// The process ends before the next commit, or right after it: nothing of it leaves.
    KilledBeforeCommit,
    KilledAfterCommit,
}

/// Why a step has no effects.
#[derive(Debug)]
pub enum Fall {
    Killed,
    /// The store failed: the engine is made anew.
    Store,
    /// The engine refused; the step was rolled back.
    Refused(EngineError),
    /// The store has not failed, and the engine says that it did.
    Damaged(EngineError),
    /// A write failed, and the step went on as if it had not.
    WentOn,
}

/// What became of a step: its effects, unless they are gone, and how it fell, if it did.
pub type Outcome = (Option<Effects>, Option<Fall>);

impl Device {
    pub fn new(name: &'static str, seed: u64, number: u64, now_ms: u64) -> Self {
        let mut random = Chance::new(seed, number + 1);
        let mut store = MemoryStore::default();
        let mut tx = store.begin();
        let account = identity::create(&mut tx, name, &mut random).expect("a new account");
        tx.commit();
        Self {
            name,
            id: account.id,
            identity_key: IdentityKey::from_secret(account.identity_secret),
            sealing_key: SealingKey::from_secret(account.sealing_secret),
            store,
            engine: Engine::default(),
            random,
            life: 0,
            runs: true,
            skew_ms: 0,
            wake_at_ms: None,
            woken_at_ms: now_ms,
            doom: None,
        }
    }

    /// One step, committed where it succeeds and nothing happens to it.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Outcome {
        let now_ms = now_ms.saturating_add_signed(self.skew_ms);
        let mut disk = Disk { doom: &mut self.doom, failed: false, in_mls: false };
        let mut tx = self.store.begin();
        let mut watched = Watched::new(&mut tx, |table, _, _| disk.write(table));
        let result = self.engine.step(input, &mut watched, now_ms, &mut self.random);
        let failed = disk.failed;
        let effects = match result {
            Ok(_) if failed => return (None, Some(Fall::WentOn)),
            Ok(effects) => effects,
            Err(error) if !failed && error.is_storage() => return (None, Some(Fall::Damaged(error))),
            Err(error) if !failed => return (None, Some(Fall::Refused(error))),
            Err(_) => {
                let killed = matches!(self.doom.take(), Some(Doom::KilledAtWrite(_)));
                self.engine = Engine::default();
                return (None, Some(if killed { Fall::Killed } else { Fall::Store }));
            }
        };
        match self.doom {
            Some(Doom::KilledBeforeCommit) => {
                self.doom = None;
                let told_too_early = bugs::has(ClientBug::TellBeforeCommit);
                (told_too_early.then_some(effects), Some(Fall::Killed))
            }
            Some(Doom::KilledAfterCommit) => {
                tx.commit();
                self.doom = None;
                (None, Some(Fall::Killed))
            }
            _ => {
                tx.commit();
                self.wake_at_ms = effects.wake_at_ms;
                (Some(effects), None)
            }
        }
    }

    /// The process ends. Whatever it held in memory is gone.
    pub fn ends(&mut self) {
        self.engine = Engine::default();
        self.runs = false;
        self.life += 1;
        self.wake_at_ms = None;
    }

    pub fn starts(&mut self) {
        self.runs = true;
    }

    pub fn account(&self) -> Account {
        identity::account(&self.store).expect("the account is read").expect("there is an account")
    }

    pub fn jobs(&self) -> Vec<Job> {
        all(&self.store, b"").expect("jobs are read")
    }
}

/// A disk that fails when its time has come.
struct Disk<'doom> {
    doom: &'doom mut Option<Doom>,
    failed: bool,
    in_mls: bool,
}

impl Disk<'_> {
    /// Writes of MLS state one after another count once: how many they are depends on bytes, which no seed repeats.
    fn write(&mut self, table: Table) -> Result<(), StorageError> {
        let counts = table != Table::Mls || !std::mem::replace(&mut self.in_mls, true);
        self.in_mls = table == Table::Mls;
        if let Some(Doom::KilledAtWrite(left) | Doom::FullAtWrite(left)) = self.doom.as_mut().filter(|_| counts) {
            *left = left.saturating_sub(1);
            self.failed |= *left == 0;
        }
        if self.failed { Err(StorageError::DiskFull) } else { Ok(()) }
    }
}
