//! Somebody with an account on a device: the façade that shells use, and how tests wait for what it promises.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use sealpost_client::{
    Account, Body, CodeView, Connection, KeyVault, Message, MessageState, Presence, PresenceCheck, Stop, VaultError,
    Way,
};
use tempfile::TempDir;
use zeroize::Zeroizing;

use crate::{child::no_process_starts, relay::Relay};

/// Longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub struct Person {
    /// `None` while the device is off.
    account: Option<Account>,
    pub folder: PathBuf,
    pub vault: FileVault,
    _folder: Arc<TempDir>,
}

/// Keeps keys as files: the capability that a test can't have from a platform. A child process opens it too.
#[derive(Clone)]
pub struct FileVault(pub PathBuf);

impl KeyVault for FileVault {
    fn store(&self, name: &str, key: &[u8; 32]) -> Result<(), VaultError> {
        std::fs::create_dir_all(&self.0).expect("the vault's folder is made");
        std::fs::write(self.0.join(name), key).expect("the key is written");
        Ok(())
    }

    fn load(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let key = std::fs::read(self.0.join(name)).map_err(|_| VaultError::NotFound)?;
        Ok(Zeroizing::new(key.try_into().expect("a key has 32 bytes")))
    }

    fn remove(&self, name: &str) -> Result<(), VaultError> {
        // There is nothing to do where there is none.
        let _ = std::fs::remove_file(self.0.join(name));
        Ok(())
    }
}

impl FileVault {
    /// The key of the one account that keeps its key here.
    pub fn only_key(&self) -> [u8; 32] {
        let mut files = std::fs::read_dir(&self.0).expect("the vault's folder is read");
        let file = files.next().expect("an account has a key").expect("the vault's folder is read");
        std::fs::read(file.path()).expect("the key is read").try_into().expect("a key has 32 bytes")
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
        let (path, vault) = (folder.path().join("account"), FileVault(folder.path().join("keys")));
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

    /// Has registered by phone number and is connected.
    pub fn with_number(relay: &Relay, name: &str, number: &str) -> Self {
        let person = Self::new(name);
        person.ask_code(relay, number).expect("a code is sent");
        person.register_number(relay, number, &relay.code_for(number)).expect("the code is right");
        person.connect();
        person
    }

    pub fn ask_code(&self, relay: &Relay, number: &str) -> Result<CodeView, sealpost_client::Error> {
        self.account().request_code(&relay.url(), None, number, "en", &Stop::new())
    }

    pub fn register_number(
        &self,
        relay: &Relay,
        number: &str,
        code: &str,
    ) -> Result<sealpost_client::Profile, sealpost_client::Error> {
        self.register(relay, Way::Phone { number: number.to_owned(), code: code.to_owned() })
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

    /// The conversation with whoever gave this card, whose device may be off.
    pub fn with_card(&self, card: &str) -> String {
        let id = sealpost_wire::card::Card::from_link(card).expect("a card").id;
        self.account().conversation_with(id.as_str()).expect("a conversation with a contact").id
    }

    pub fn say(&self, other: &Person, text: &str) -> Message {
        self.account().send_text(&self.with(other), text, None).expect("the text is taken")
    }

    /// All messages of the conversation with somebody.
    pub fn messages(&self, other: &Person) -> Vec<Message> {
        let conversations = self.account().conversations().expect("conversations are read");
        match conversations.into_iter().find(|conversation| conversation.peer.as_deref() == Some(&*other.id())) {
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

    /// Whether nothing failed to open: a message key that was used twice would show here.
    pub fn opens_everything(&self, other: &Person) -> bool {
        self.messages(other).iter().all(|message| message.body != Body::Unopened)
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
        self.eventually_of(self.account(), what, |_| condition());
    }

    /// The same of another account, such as one that was opened from a copy.
    #[track_caller]
    pub fn eventually_of(&self, account: &Account, what: &str, condition: impl Fn(&Account) -> bool) {
        let start = Instant::now();
        while !condition(account) {
            assert!(start.elapsed() < PATIENCE, "waited in vain for: {what}");
            account.next_event(Duration::from_millis(50));
        }
    }

    /// Switches the device off: the process ends in order.
    pub fn turn_off(&mut self) {
        self.account = None;
    }

    /// Switches the device on and connects.
    pub fn turn_on(&mut self) {
        self.turn_on_unconnected();
        self.connect();
    }

    pub fn turn_on_unconnected(&mut self) {
        self.account = Some(self.open().expect("the account opens"));
    }

    pub fn open(&self) -> Result<Account, sealpost_client::Error> {
        let _settled = no_process_starts();
        Account::open(&self.folder, &self.vault)
    }

    /// The same vault with another folder: a copy of the device's files.
    pub fn open_copy(&self, folder: &Path) -> Result<Account, sealpost_client::Error> {
        Account::open(folder, &self.vault)
    }
}
