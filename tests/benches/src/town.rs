//! People with whole engines, a relay that only carries, and a clock that stands still unless somebody waits.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
};

use sealpost_crypto::{
    directory_entry::sign_entry,
    keys::{IdentityKey, SealingKey},
};
use sealpost_engine::{
    Engine,
    command::{Command, Effects, Input, Outgoing, Reply},
    conversations::{self, ConversationId, GroupState},
    error::EngineError,
    identity,
    mls::{Session, generate_key_packages},
    step::Random,
    storage::{memory::MemoryStore, save},
};
use sealpost_wire::{
    api::account::Registered,
    card::Card,
    envelope::Envelope,
    id::{DeliveryToken, UserId},
    limits,
    suite::Suite,
};

use crate::{
    clock::{Cost, timed},
    database::{Database, Written},
    relay::Relay,
};

const START_MS: u64 = 1_900_000_000_000;
/// Whoever wants to be woken later than this waits in vain.
const PATIENCE_MS: u64 = 60_000;

pub struct Town {
    pub relay: Relay,
    pub people: Vec<Person>,
    now_ms: u64,
}

pub struct Person {
    pub card: Card,
    pub database: Database,
    engine: Engine,
    outgoing: VecDeque<Outgoing>,
    wake_at_ms: Option<u64>,
}

/// What one step took and wrote.
pub struct Step {
    pub cost: Cost,
    pub written: Written,
}

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

impl Town {
    pub fn new() -> Self {
        Self { relay: Relay::new(), people: Vec::new(), now_ms: START_MS }
    }

    /// Somebody with a device, registered and connected; the others take up to these suites.
    pub fn settler(&mut self, folder: &Path, suites: &[Suite]) -> usize {
        let who = self.people.len();
        let database = Database::sealed(&folder.join(format!("person-{who}")));
        let (person, key, mut packages) = Person::new(database, self.now_ms);
        let numbers: Vec<u16> = suites.iter().map(|suite| suite.number()).collect();
        packages.retain(|suite, _| numbers.contains(suite));
        let entry = sign_entry(&key, person.card.id, person.card.sealing_key, &numbers);
        self.relay.register(person.card.id, entry, packages);
        self.relay.listen(person.card.id);
        self.people.push(person);
        self.take(who, Input::SessionSecret);
        self.take(
            who,
            Input::SessionOpened { next_secret: vec![2; 32], incarnation: 1, relay_seconds: self.now_ms / 1000 },
        );
        self.take(who, Input::Drained);
        self.settle();
        who
    }

    /// Somebody whose device is off for as long as the bench runs.
    pub fn absent(&mut self, number: u16, suites: &[Suite]) -> Card {
        let [high, low] = number.to_be_bytes();
        let mut secret = [0xAB; 32];
        secret[..2].copy_from_slice(&[high, low]);
        let (key, sealing_key) = (IdentityKey::from_secret(secret), SealingKey::from_secret(secret).public());
        let id = UserId::from_random([1, 0, 0, high, low]);
        let token = DeliveryToken([high, low, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
        let packages = suites.iter().map(|suite| {
            let mut store = MemoryStore::default();
            let mut tx = store.begin();
            let mut session = Session::new(&mut tx, id, &key, sealing_key);
            let expires = self.now_ms / 1000 + limits::KEY_PACKAGE_SECONDS;
            let made = generate_key_packages(&mut session, *suite, 1, true, expires).expect("made").remove(0);
            (suite.number(), made)
        });
        let packages: BTreeMap<u16, Vec<u8>> = packages.collect();
        let numbers: Vec<u16> = packages.keys().copied().collect();
        self.relay.register(id, sign_entry(&key, id, sealing_key, &numbers), packages);
        Card { relay: Relay::address(), id, identity_key: key.public(), sealing_key, token }
    }

    pub fn meets(&mut self, who: usize, card: &Card) {
        self.command(who, Command::AddContact { card: card.clone(), name: String::new() });
    }

    /// Two who have talked.
    pub fn two(folder: &Path, suites: &[Suite]) -> (Self, ConversationId) {
        let mut town = Self::new();
        let (ada, ben) = (town.settler(folder, suites), town.settler(folder, suites));
        let (of_ada, of_ben) = (town.people[ada].card.clone(), town.people[ben].card.clone());
        town.meets(ada, &of_ben);
        town.meets(ben, &of_ada);
        let Reply::Conversation(id) = town.command(ada, Command::OpenConversation(of_ben.id)) else {
            panic!("opening answers with the conversation")
        };
        town.says(ada, id);
        town.settle();
        (town, id)
    }

    /// A step that sends a text of 200 letters; nothing of it is carried yet.
    pub fn says(&mut self, who: usize, conversation: ConversationId) -> Step {
        let send = Command::SendText { conversation, text: "a".repeat(200), reply_to: None };
        self.take(who, Input::Command(Box::new(send))).1
    }

    pub fn command(&mut self, who: usize, command: Command) -> Reply {
        self.take(who, Input::Command(Box::new(command))).0
    }

    /// One step, what it took, and what it leaves to be carried.
    pub fn take(&mut self, who: usize, input: Input) -> (Reply, Step) {
        let (now_ms, person) = (self.now_ms, &mut self.people[who]);
        let ((effects, written), cost) = timed(|| person.step(input, now_ms));
        person.wake_at_ms = effects.wake_at_ms;
        person.outgoing.extend(effects.requests);
        (effects.reply, Step { cost, written })
    }

    /// What waits for somebody at the relay.
    pub fn mailbox(&mut self, who: usize) -> Vec<Envelope> {
        self.relay.mailbox(self.people[who].card.id)
    }

    /// Carries what somebody wants to be carried, and the answers back.
    pub fn carry(&mut self, who: usize) -> bool {
        self.carry_step(who).is_some()
    }

    /// The same, and the step that took the answer; `None` if there was nothing to carry.
    pub fn carry_step(&mut self, who: usize) -> Option<Step> {
        let Outgoing { job, request } = self.people[who].outgoing.pop_front()?;
        let answer = self.relay.perform(request);
        let nothing = Step { cost: Cost::default(), written: Written::default() };
        Some(job.map_or(nothing, |job| self.take(who, Input::Answer { job, answer }).1))
    }

    /// Goes on until nothing happens any more.
    pub fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for who in 0..self.people.len() {
                while self.carry(who) {
                    quiet = false;
                }
                let envelopes = self.mailbox(who);
                for batch in envelopes.chunks(limits::PUSH_WINDOW_MESSAGES) {
                    self.take(who, Input::Envelopes(batch.to_vec()));
                    quiet = false;
                }
            }
            let everybody = self.people.iter().enumerate();
            let next = everybody.filter_map(|(who, person)| Some((person.wake_at_ms?, who))).min();
            match next.filter(|(at, _)| quiet && *at <= self.now_ms + PATIENCE_MS) {
                Some((at, who)) => {
                    self.now_ms = self.now_ms.max(at);
                    self.take(who, Input::Wake);
                }
                None if quiet => return,
                None => {}
            }
        }
    }

    /// As if the epoch were new: no commit comes in between.
    pub fn is_not_due_to_heal(&mut self, who: usize, conversation: ConversationId) {
        let done = self.people[who].database.transaction(|tx| {
            let id = conversations::known(tx, conversation)?.group.expect("there is a group");
            let group = conversations::group(tx, id)?.expect("the group has a row");
            Ok::<_, EngineError>(save(tx, &GroupState { own_messages: 0, ..group })?)
        });
        done.expect("the row is written");
    }
}

impl Person {
    fn new(mut database: Database, now_ms: u64) -> (Self, IdentityKey, BTreeMap<u16, Vec<u8>>) {
        let created = database.transaction(|tx| identity::create(tx, "somebody", &mut SystemRandom));
        let (account, _) = created.expect("a new account");
        let key = IdentityKey::from_secret(account.identity_secret);
        let card = Card {
            relay: Relay::address(),
            id: account.id,
            identity_key: key.public(),
            sealing_key: SealingKey::from_secret(account.sealing_secret).public(),
            token: account.contacts_token,
        };
        let (engine, outgoing) = (Engine::default(), VecDeque::new());
        let mut person = Self { card, database, engine, outgoing, wake_at_ms: None };
        let prepare = Command::PrepareRegistration { relay: Relay::address(), info: Relay::info() };
        let (effects, _) = person.step(Input::Command(Box::new(prepare)), now_ms);
        let Reply::Registration(prepared) = effects.reply else { panic!("preparing answers with what to register") };
        let registered = Registered { session_secret: vec![1; 32], number_token: Vec::new() };
        person.step(Input::Command(Box::new(Command::Registered(registered))), now_ms);
        (person, key, prepared.key_packages.into_iter().map(|of| (of.suite, of.last_resort)).collect())
    }

    fn step(&mut self, input: Input, now_ms: u64) -> (Effects, Written) {
        let engine = &mut self.engine;
        let done: Result<_, EngineError> =
            self.database.transaction(|tx| engine.step(input, tx, now_ms, &mut SystemRandom));
        done.expect("the step succeeds")
    }
}
