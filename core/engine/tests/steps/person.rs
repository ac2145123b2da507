//! A person with a device: an engine over a store in memory, what it wants from the relay, and what it has told.

use std::collections::VecDeque;

use sealpost_crypto::keys::IdentityKey;
use sealpost_engine::{
    Engine,
    command::{Command, Effects, Input, Outgoing, Reply},
    error::EngineError,
    event::Event,
    identity::{self, Account, PreparedRegistration},
    outbox::{Job, JobKind},
    step::Random,
    storage::{Direction, Read, Table, all, memory::MemoryStore},
};
use sealpost_wire::{api::account::Registered, card::Card, error::ErrorCode, relay_address::RelayAddress};

use crate::relay::Relay;

/// What happens to one request on its way.
#[derive(Debug, Clone, Copy)]
pub enum Fate {
    /// It stays on the way until it is released.
    Hold,
    /// It does not reach the relay.
    Lost,
    /// The relay does it; the answer is lost.
    AnswerLost,
    Refused(ErrorCode),
    /// The receipt in the answer is forged.
    Forged,
    /// The relay says that it has it, and has not.
    Swallowed,
}

/// Which requests are meant, by their jobs.
type Kind = fn(&JobKind) -> bool;

pub struct Person {
    pub store: MemoryStore,
    pub engine: Engine,
    random: Seeded,
    pub online: bool,
    /// Requests that have left, in their order.
    pub outgoing: VecDeque<Outgoing>,
    pub held: Vec<Outgoing>,
    /// For the next request of such a kind.
    fates: Vec<(Kind, Fate)>,
    pub events: Vec<Event>,
    pub wake_at_ms: Option<u64>,
    /// Why steps failed, unless a test expected it.
    pub failures: Vec<EngineError>,
}

/// The same bytes for the same seed. (openmls and HPKE draw their own.)
#[derive(Debug, Clone)]
pub struct Seeded(pub u64);

impl Person {
    /// A device with an account that is ready to register.
    pub fn new(name: &str, seed: u64, now_ms: u64) -> (Self, PreparedRegistration) {
        let mut person = Self {
            store: MemoryStore::default(),
            engine: Engine::default(),
            random: Seeded(seed),
            online: false,
            outgoing: VecDeque::new(),
            held: Vec::new(),
            fates: Vec::new(),
            events: Vec::new(),
            wake_at_ms: None,
            failures: Vec::new(),
        };
        let mut tx = person.store.begin();
        identity::create(&mut tx, name, &mut person.random).expect("a new account");
        tx.commit();
        let relay = RelayAddress::new("https://relay.example", None).expect("an address");
        let prepare = Command::PrepareRegistration { relay, info: Relay::info() };
        let reply = person.step(Input::Command(Box::new(prepare)), now_ms).expect("prepared").reply;
        let Reply::Registration(prepared) = reply else { panic!("preparing answers with what to register") };
        let registered = Registered { session_secret: vec![1; 32], number_token: Vec::new() };
        person.step(Input::Command(Box::new(Command::Registered(registered))), now_ms).expect("registered");
        (person, *prepared)
    }

    /// The same device with its own store and source of randomness.
    pub fn copy(&self, seed: u64) -> Self {
        Self {
            store: self.store.clone(),
            engine: Engine::default(),
            random: Seeded(seed),
            online: false,
            outgoing: VecDeque::new(),
            held: Vec::new(),
            fates: Vec::new(),
            events: Vec::new(),
            wake_at_ms: None,
            failures: Vec::new(),
        }
    }

    /// One step, committed where it succeeds.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Result<Effects, EngineError> {
        let mut tx = self.store.begin();
        let effects = self.engine.step(input, &mut tx, now_ms, &mut self.random)?;
        tx.commit();
        Ok(effects)
    }

    /// One step whose commit fails: the device starts anew.
    pub fn step_without_commit(&mut self, input: Input, now_ms: u64) -> Effects {
        let mut tx = self.store.begin();
        let effects = self.engine.step(input, &mut tx, now_ms, &mut self.random).expect("the step itself succeeds");
        self.start_anew();
        effects
    }

    /// The process ended: what was on its way is forgotten.
    pub fn start_anew(&mut self) {
        self.engine = Engine::default();
        self.online = false;
        self.outgoing.clear();
        self.held.clear();
        self.wake_at_ms = None;
    }

    /// What happens to the next request of a job of such a kind.
    pub fn next(&mut self, kind: Kind, fate: Fate) {
        self.fates.push((kind, fate));
    }

    pub fn forget_fates(&mut self) {
        self.fates.clear();
    }

    /// What happens to this request, where it was said.
    pub fn fate(&mut self, outgoing: &Outgoing) -> Option<Fate> {
        let job = outgoing.job.as_ref()?;
        let kind = self.jobs().into_iter().find(|it| it.id == *job)?.kind;
        let place = self.fates.iter().position(|(is_it, _)| is_it(&kind))?;
        Some(self.fates.remove(place).1)
    }

    pub fn account(&self) -> Account {
        identity::account(&self.store).expect("the account is read").expect("there is an account")
    }

    pub fn card(&self) -> Card {
        self.account().card().expect("a registered account has a card")
    }

    pub fn identity_key(&self) -> IdentityKey {
        IdentityKey::from_secret(self.account().identity_secret)
    }

    pub fn jobs(&self) -> Vec<Job> {
        all(&self.store, b"").expect("jobs are read")
    }

    /// Everything that the store holds.
    pub fn rows(&self) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
        let rows = |table: &Table| {
            let rows = self.store.scan(*table, b"", None, Direction::Up, usize::MAX).expect("rows are read");
            let table = *table;
            rows.into_iter().map(move |(key, value)| (table, key, value)).collect::<Vec<_>>()
        };
        Table::ALL.iter().flat_map(rows).collect()
    }
}

impl Random for Seeded {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let word = self.next().to_le_bytes();
            chunk.copy_from_slice(&word[..chunk.len()]);
        }
    }
}

impl Seeded {
    /// SplitMix64.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}
