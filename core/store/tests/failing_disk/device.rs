//! A device: an engine over a real database on a disk that may lose its power, and what has left it.

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::Path,
    sync::OnceLock,
};

use sealpost_crypto::{keys::SealingKey, seal::open};
use sealpost_disk::Disk;
use sealpost_engine::{
    Engine,
    command::{Command, Input, Outgoing, Reply, Request},
    error::EngineError,
    identity::{self, Account, PreparedRegistration},
    step::Random,
    storage::Read,
};
use sealpost_store::{OpenMode, Store};
use sealpost_wire::{api::account::Registered, envelope::Delivery, id::DeliveryId, relay_address::RelayAddress};
use tempfile::TempDir;

use crate::relay::{FIRST_SECRET, Relay};

const KEY: [u8; 32] = [0x5E; 32];
pub const START_MS: u64 = 1_900_000_000_000;

pub struct Device {
    folder: TempDir,
    pub disk: Disk,
    /// None while there is no power.
    store: Option<Store>,
    engine: Engine,
    random: Counting,
    pub account: Account,
    /// Requests that have left the engine, in their order.
    pub outgoing: VecDeque<Outgoing>,
    /// By delivery ID, what was sealed in all that ever left: MLS messages.
    delivered: BTreeMap<Vec<u8>, Vec<u8>>,
    answers_before_it_syncs: bool,
}

/// The power went during a step.
#[derive(Debug)]
pub struct PowerCut;

/// Different bytes each time; nothing here depends on which. (openmls and HPKE draw their own.)
struct Counting(u64);

impl Random for Counting {
    fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes.chunks_mut(8) {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            byte.copy_from_slice(&self.0.wrapping_mul(0xBF58_476D_1CE4_E5B9).to_be_bytes()[..byte.len()]);
        }
    }
}

/// Two devices that have registered; the same two each time, from copies of their files.
pub fn two_registered(answers_before_it_syncs: bool) -> ([Device; 2], Relay) {
    let mut relay = Relay::new();
    registered().iter().for_each(|(_, _, prepared)| relay.registers(prepared));
    let devices = [0, 1].map(|place| {
        let (made, account, _) = &registered()[place];
        let folder = tempfile::tempdir().expect("a temporary folder");
        copy(made.path(), folder.path());
        let disk = Disk::under(folder.path());
        let mut device = Device {
            folder,
            disk,
            store: None,
            engine: Engine::default(),
            random: Counting(place as u64 + 1),
            account: account.clone(),
            outgoing: VecDeque::new(),
            delivered: BTreeMap::new(),
            answers_before_it_syncs,
        };
        device.opens().expect("the database opens");
        device
    });
    (devices, relay)
}

impl Device {
    fn opens(&mut self) -> Result<(), PowerCut> {
        let opened = Store::open(self.folder.path(), &KEY, OpenMode::Existing);
        let mut store = opened.map_err(|error| if self.disk.has_failed() { PowerCut } else { panic!("{error}") })?;
        if self.answers_before_it_syncs {
            store.answers_before_it_syncs().expect("the bug is planted");
        }
        self.store = Some(store);
        Ok(())
    }

    /// One step. What leaves the engine after the commit is kept in `outgoing`.
    pub fn step(&mut self, input: Input, now_ms: u64) -> Result<Reply, PowerCut> {
        let (engine, random) = (&mut self.engine, &mut self.random);
        let store = self.store.as_mut().expect("the device is on");
        match store.transaction(|tx| engine.step(input, tx, now_ms, random)) {
            Ok(effects) => {
                effects.requests.iter().for_each(|outgoing| self.is_sealed_once(&outgoing.request));
                self.outgoing.extend(effects.requests);
                Ok(effects.reply)
            }
            Err(_) if self.disk.has_failed() => Err(PowerCut),
            Err(error) => panic!("a step failed: {error}"),
        }
    }

    /// What leaves again under the same name holds the same MLS message: no key was used for another one.
    fn is_sealed_once(&mut self, request: &Request) {
        let Request::Deliver(delivery) = request else { return };
        let parcel = opened(delivery);
        let first = self.delivered.entry(delivery.delivery_id.clone()).or_insert_with(|| parcel.clone());
        assert!(*first == parcel, "a delivery was sealed twice");
    }

    pub fn forgets_deleted(&mut self) -> Result<(), PowerCut> {
        let outcome = self.store.as_mut().expect("the device is on").forget_deleted();
        outcome.map_err(|error| if self.disk.has_failed() { PowerCut } else { panic!("{error}") })
    }

    /// The process ends in order and starts anew.
    pub fn restarts(&mut self) -> Result<(), PowerCut> {
        self.ends();
        self.opens()
    }

    /// The power is back, and what it left is opened.
    pub fn comes_back(&mut self) {
        self.ends();
        self.disk.works_again();
        self.opens().expect("the power stays");
    }

    fn ends(&mut self) {
        self.store = None;
        self.engine = Engine::default();
        self.outgoing.clear();
    }

    pub fn reads<T>(&self, work: impl FnOnce(&dyn Read) -> Result<T, EngineError>) -> T {
        let mut reader = self.store.as_ref().expect("the device is on").reader().expect("a reader");
        reader.snapshot(work).expect("the database is read")
    }
}

/// What either of the two finds in a delivery.
fn opened(delivery: &Delivery) -> Vec<u8> {
    let id = DeliveryId::try_from(delivery.delivery_id.as_slice()).expect("16 bytes");
    let keys: Vec<SealingKey> =
        registered().iter().map(|(_, account, _)| SealingKey::from_secret(account.sealing_secret)).collect();
    let wrapped = delivery.recipients.iter().map(|recipient| &recipient.wrapped_key);
    let mut tries = wrapped.flat_map(|wrapped| keys.iter().map(move |key| (wrapped, key)));
    let opened = tries.find_map(|(wrapped, key)| open(key, &id, wrapped, &delivery.payload).ok());
    opened.expect("one of the two opens it")
}

/// Ada's and Ben's folders, closed, with their accounts and what they registered with; made once.
fn registered() -> &'static [(TempDir, Account, PreparedRegistration)] {
    static REGISTERED: OnceLock<Vec<(TempDir, Account, PreparedRegistration)>> = OnceLock::new();
    REGISTERED.get_or_init(|| ["Ada", "Ben"].into_iter().zip(1..).map(|(name, seed)| register(name, seed)).collect())
}

fn register(name: &str, seed: u64) -> (TempDir, Account, PreparedRegistration) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut store = Store::open(folder.path(), &KEY, OpenMode::Create).expect("a database");
    let mut random = Counting(seed << 32);
    let created = store.transaction(|tx| identity::create(tx, name, &mut random));
    created.expect("a new account");
    let mut step = |command| {
        let input = Input::Command(Box::new(command));
        let effects = store.transaction(|tx| Engine::default().step(input, tx, START_MS, &mut random));
        effects.expect("the step succeeds").reply
    };
    let relay = RelayAddress::new("https://relay.example", None).expect("an address");
    let Reply::Registration(prepared) = step(Command::PrepareRegistration { relay, info: Relay::info() }) else {
        panic!("preparing answers with what to register")
    };
    let registered = Registered { session_secret: FIRST_SECRET.to_vec(), number_token: Vec::new() };
    step(Command::Registered(registered));
    let account = store.transaction(|tx| identity::account(tx)).expect("the account is read");
    (folder, account.expect("there is an account"), *prepared)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, to.join(path.file_name().expect("a file's name"))).expect("copied");
    }
}
