//! Somebody with an account on a device: the façade that shells use, and how tests wait for what it promises.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use sealpost_client::{
    Account, Body, Connection, KeyVault, Message, MessageState, Presence, PresenceCheck, Stop, VaultError, Way,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::relay::Relay;

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Person {
    /// `None` while the device is off.
    account: Option<Account>,
    pub folder: PathBuf,
    vault: MapVault,
    _folder: Arc<TempDir>,
}

/// Keeps keys in memory: the capability that a test can't have from a platform.
#[derive(Clone, Default)]
pub struct MapVault(Arc<Mutex<HashMap<String, [u8; 32]>>>);

impl KeyVault for MapVault {
    fn store(&self, name: &str, key: &[u8; 32]) -> Result<(), VaultError> {
        self.0.lock().expect("no test panics inside").insert(name.to_owned(), *key);
        Ok(())
    }

    fn load(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let keys = self.0.lock().expect("no test panics inside");
        keys.get(name).copied().map(Zeroizing::new).ok_or(VaultError::NotFound)
    }

    fn remove(&self, name: &str) -> Result<(), VaultError> {
        self.0.lock().expect("no test panics inside").remove(name);
        Ok(())
    }
}

/// Somebody who is always there.
pub struct Here;

impl PresenceCheck for Here {
    fn confirm(&self, _: &str) -> Presence {
        Presence::Confirmed
    }
}

impl Person {
    /// Has a device with an account that is not registered.
    pub fn new(name: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a temporary folder"));
        let (path, vault) = (folder.path().join("account"), MapVault::default());
        let account = Account::create(&path, &vault, name).expect("an account is created");
        Self { account: Some(account), folder: path, vault, _folder: folder }
    }

    /// Has registered without a number and is connected.
    pub fn at(relay: &Relay, name: &str) -> Self {
        let person = Self::new(name);
        person.register(relay, Way::Open).expect("registration without a number is open");
        person.connect();
        person
    }

    pub fn register(&self, relay: &Relay, way: Way) -> Result<sealpost_client::Profile, sealpost_client::Error> {
        self.account().register(&relay.url(), None, way, &Stop::new())
    }

    pub fn connect(&self) {
        self.account().connect().expect("a registered account connects");
    }

    pub fn account(&self) -> &Account {
        self.account.as_ref().expect("the device is on")
    }

    pub fn id(&self) -> String {
        self.account().profile().expect("a profile").id
    }

    pub fn card(&self) -> String {
        self.account().card(&Here).expect("a registered account has a card")
    }

    /// Takes somebody's card.
    pub fn meet(&self, other: &Person) {
        self.account().add_contact(&other.card(), "").expect("the card is good");
    }

    /// Both take each other's card.
    pub fn exchange_cards(&self, other: &Person) {
        self.meet(other);
        other.meet(self);
    }

    /// The conversation with somebody.
    pub fn with(&self, other: &Person) -> String {
        self.account().conversation_with(&other.id()).expect("a conversation with a contact").id
    }

    pub fn say(&self, other: &Person, text: &str) -> Message {
        self.account().send_text(&self.with(other), text, None).expect("the text is taken")
    }

    /// All messages of the conversation with somebody.
    pub fn messages(&self, other: &Person) -> Vec<Message> {
        let conversations = self.account().conversations().expect("conversations are read");
        match conversations.into_iter().find(|conversation| conversation.peer == other.id()) {
            Some(conversation) => self.account().messages(&conversation.id, None, 500).expect("messages are read"),
            None => Vec::new(),
        }
    }

    /// The texts of the conversation in the order of the screen; each exactly as often as it stands there.
    pub fn texts(&self, other: &Person) -> Vec<String> {
        let text = |message: Message| match message.body {
            Body::Text { text } => Some(text),
            _ => None,
        };
        self.messages(other).into_iter().filter_map(text).collect()
    }

    /// Waits until the conversation has exactly these texts.
    pub fn reads(&self, other: &Person, expected: &[&str]) {
        self.eventually(&format!("reads {expected:?}"), || self.texts(other) == expected);
    }

    /// Waits until the own message with this text is in this state.
    pub fn sees(&self, other: &Person, text: &str, state: MessageState) {
        self.eventually(&format!("sees {text:?} {state:?}"), || {
            let is_it = |message: &Message| message.body == Body::Text { text: text.to_owned() };
            self.messages(other).iter().any(|message| is_it(message) && message.state == state)
        });
    }

    pub fn is_online(&self) {
        self.eventually("online", || self.account().connection() == Connection::Online);
    }

    pub fn outbox_is_empty(&self) {
        self.eventually("an empty outbox", || {
            let outbox = self.account().outbox().expect("the outbox is read");
            outbox.waiting == 0 && outbox.blocked == 0
        });
    }

    /// Waits for something that events announce.
    #[track_caller]
    pub fn eventually(&self, what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < PATIENCE, "waited in vain for: {what}");
            self.account().next_event(Duration::from_millis(50));
        }
    }

    /// Switches the device off: the process ends in order.
    pub fn turn_off(&mut self) {
        self.account = None;
    }

    /// Switches the device on and connects.
    pub fn turn_on(&mut self) {
        self.account = Some(self.open().expect("the account opens"));
        self.connect();
    }

    pub fn open(&self) -> Result<Account, sealpost_client::Error> {
        Account::open(&self.folder, &self.vault)
    }

    /// The same vault with another folder: a copy of the device's files.
    pub fn open_copy(&self, folder: &Path) -> Result<Account, sealpost_client::Error> {
        Account::open(folder, &self.vault)
    }
}
