//! An account on this device: opening and closing it, its profile and its connection. Its other verbs stand beside, by
//! noun.

mod changes;
mod groups;
mod messages;
mod people;
mod registration;
pub(crate) mod search;

use std::{
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
    time::Duration,
};

use sealpost_engine::{
    command::{Command, Input, Reply},
    error::EngineError,
    identity, outbox,
    storage::Read,
};
use sealpost_store::{OpenMode, Reader, Store};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

use crate::{
    capabilities::{KeyVault, Presence, PresenceCheck},
    error::Error,
    event_loop::{EventLoop, Work},
    events::Events,
    failure,
    journal::Order,
    native::{
        http::DeviceIdentity,
        network::{ConnectionState, NativeNetwork},
        system, vault_name,
    },
    types::{Connection, Event, OutboxState, Profile},
    views,
};

/// The façade. Shared between threads by reference; dropping it ends the connection and closes the database.
pub struct Account {
    work: Sender<Work>,
    events: Arc<Events>,
    reader: Mutex<Reader>,
    connection: ConnectionState,
    network: Mutex<Option<Arc<NativeNetwork>>>,
    runtime: Option<Runtime>,
    event_loop: Option<JoinHandle<()>>,
}

impl Account {
    /// Draws keys and ID on the device and keeps them under a new key of the vault. No network.
    ///
    /// # Errors
    /// `AccountExists`; those of the vault and of the folder.
    pub fn create(folder: &Path, vault: &dyn KeyVault, name: &str) -> Result<Self, Error> {
        let mut store = if Store::exists(folder) {
            // Goes on with one whose making was interrupted before it had keys; there was nothing to lose.
            Self::open_store(folder, vault).map_err(|_| Error::AccountExists)?
        } else {
            let vault_name = vault_name::create(folder).map_err(of_folder)?;
            let key = Zeroizing::new(system::random());
            vault.store(&vault_name, &key).map_err(failure::of_vault)?;
            Store::open(folder, &key, OpenMode::Create).map_err(failure::of_open)?
        };
        let created = store.transaction(|tx| identity::create(tx, name, &mut system::SystemRandom));
        created.map_err(failure::of_engine)?;
        Self::start(store)
    }

    /// Opens the account in a folder.
    ///
    /// # Errors
    /// `NoAccount` where there is none: never an empty account in place of a damaged one. Those of the vault and of
    /// the folder.
    pub fn open(folder: &Path, vault: &dyn KeyVault) -> Result<Self, Error> {
        let mut store = Self::open_store(folder, vault)?;
        match store.transaction(|tx| identity::account(tx)).map_err(failure::of_engine)? {
            Some(_) => Self::start(store),
            None => Err(Error::NoAccount),
        }
    }

    fn open_store(folder: &Path, vault: &dyn KeyVault) -> Result<Store, Error> {
        // Nobody is asked for a finger, and no passphrase is made a key, for nothing.
        let taken = Store::take(folder).map_err(failure::of_open)?;
        let vault_name = vault_name::read(folder).map_err(of_folder)?;
        let key = vault.load(&vault_name).map_err(failure::of_vault)?;
        taken.open(&key).map_err(failure::of_open)
    }

    fn start(store: Store) -> Result<Self, Error> {
        let reader = store.reader().map_err(failure::of_storage)?;
        let events = Arc::new(Events::default());
        let (work, queue) = mpsc::channel();
        let event_loop = EventLoop::new(store, events.clone());
        let internal = |error: std::io::Error| Error::Internal { detail: error.to_string() };
        let thread = std::thread::Builder::new().name("sealpost-engine".into());
        let event_loop = thread.spawn(move || event_loop.run(&queue)).map_err(internal)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        Ok(Self {
            work,
            events: events.clone(),
            reader: Mutex::new(reader),
            connection: ConnectionState::new(events),
            network: Mutex::new(None),
            runtime: Some(runtime.map_err(internal)?),
            event_loop: Some(event_loop),
        })
    }

    pub fn profile(&self) -> Result<Profile, Error> {
        Ok(views::profile(&self.row()?))
    }

    /// Changes the display name; contacts learn it.
    pub fn set_name(&self, name: &str) -> Result<(), Error> {
        self.done(Command::SetName(name.to_owned()))
    }

    /// Whether others learn that their messages were read. Delivery receipts are the rule.
    pub fn set_read_receipts(&self, wanted: bool) -> Result<(), Error> {
        self.done(Command::SetReadReceipts(wanted))
    }

    /// Says that this ID is in use although its number was registered anew elsewhere.
    pub fn keep_id(&self) -> Result<(), Error> {
        self.done(Command::KeepId)
    }

    /// One's own card as a `SEALPOST:` link, once whoever holds the device is confirmed.
    ///
    /// # Errors
    /// `PresenceDenied`; `NotRegistered`.
    pub fn card(&self, presence: &dyn PresenceCheck) -> Result<String, Error> {
        if presence.confirm("card") == Presence::Denied {
            return Err(Error::PresenceDenied);
        }
        let account = self.row()?;
        if account.state == identity::AccountState::New {
            return Err(Error::NotRegistered);
        }
        Ok(account.card().ok_or(Error::NotRegistered)?.to_link())
    }

    /// Connects in the background and stays connected; see [`Account::connection`]. A connection that ended for good
    /// (displaced, refused) is begun anew.
    ///
    /// # Errors
    /// `NotRegistered`.
    pub fn connect(&self) -> Result<(), Error> {
        let over = [Connection::Displaced, Connection::Refused, Connection::TooOldVersion];
        if over.contains(&self.connection()) {
            self.disconnect();
        }
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if network.is_some() {
            return Ok(());
        }
        let account = self.row()?;
        let relay = account.relay.as_ref().filter(|_| account.state != identity::AccountState::New);
        let relay = relay.ok_or(Error::NotRegistered)?;
        let identity = DeviceIdentity::of(&account);
        let started =
            NativeNetwork::start(self.runtime()?.handle(), relay, identity, self.work.clone(), self.connection.clone());
        *network = Some(started.map_err(failure::of_http)?);
        Ok(())
    }

    /// Ends the connection; what waits stays in the outbox.
    pub fn disconnect(&self) {
        let mut network = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connected) = network.take() {
            connected.stop();
            // A loop that has ended has no connection either.
            let _ = self.post(Work::Network(None));
            let _ = self.step(Input::Offline);
            self.connection.set(Connection::Disconnected);
        }
    }

    pub fn connection(&self) -> Connection {
        self.connection.read()
    }

    /// What waits to leave.
    pub fn outbox(&self) -> Result<OutboxState, Error> {
        let (waiting, blocked) = self.read(|read| Ok(outbox::counts(read)?))?;
        Ok(OutboxState { waiting, blocked })
    }

    /// The next event, waited for up to `timeout`.
    pub fn next_event(&self, timeout: Duration) -> Option<Event> {
        self.events.next(timeout)
    }

    /// Ends the connection and closes the database, and returns when both is done.
    pub fn close(self) {}

    fn row(&self) -> Result<identity::Account, Error> {
        self.read(|read| identity::account(read)?.ok_or(EngineError::NoAccount))
    }

    fn read<T>(&self, work: impl FnOnce(&dyn Read) -> Result<T, EngineError>) -> Result<T, Error> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        reader.snapshot(work).map_err(failure::of_engine)
    }

    fn done(&self, command: Command) -> Result<(), Error> {
        self.command(command).map(|_| ())
    }

    fn command(&self, command: Command) -> Result<Reply, Error> {
        self.step(Input::Command(Box::new(command)))
    }

    fn step(&self, input: Input) -> Result<Reply, Error> {
        let (answer, committed) = mpsc::channel();
        self.post(Work::Step { input, done: Box::new(move |result| drop(answer.send(result))) })?;
        committed.recv().map_err(|_| closed())?
    }

    fn journal(&self, order: Order) -> Result<u64, Error> {
        let (answer, committed) = mpsc::channel();
        self.post(Work::Journal { order, done: Box::new(move |result| drop(answer.send(result))) })?;
        committed.recv().map_err(|_| closed())?
    }

    fn post(&self, work: Work) -> Result<(), Error> {
        self.work.send(work).map_err(|_| closed())
    }

    fn runtime(&self) -> Result<&Runtime, Error> {
        self.runtime.as_ref().ok_or_else(closed)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        self.disconnect();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
        let _ = self.post(Work::Stop);
        if let Some(event_loop) = self.event_loop.take() {
            // A loop that panicked has nothing left to close.
            let _ = event_loop.join();
        }
    }
}

fn closed() -> Error {
    Error::Internal { detail: "the account is closed".into() }
}

fn of_folder(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Error::DiskFull,
        std::io::ErrorKind::NotFound => Error::Damaged { detail: "the name of the key is missing".into() },
        _ => Error::ReadOnly { detail: error.to_string() },
    }
}
