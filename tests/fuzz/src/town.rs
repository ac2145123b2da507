//! Ada and Ben, who write to each other through a relay that does what it is asked: a conversation of two and a group.

use std::collections::VecDeque;

use sealpost_crypto::{
    keys::{IdentityKey, SealingKey},
    seal,
    slot_receipt::sign_receipt,
};
use sealpost_engine::{
    Engine,
    command::{Answer, Command, Input, Outgoing, Reply, Request},
    identity::{self, Account, PreparedRegistration},
    step::Random,
    storage::memory::MemoryStore,
};
use sealpost_wire::{
    api::{
        account::Registered,
        directory::KeyPackageAnswer,
        relay::{RegistrationWays, RelayInfo},
        slot::Slot,
    },
    card::Card,
    envelope::{Delivery, DeliveryAnswer, Envelope},
    error::{ApiError, ErrorCode},
    id::{DeliveryId, UserId},
};

use crate::{mutation::Chance, seeds::relay};

pub const ADA: usize = 0;
pub const BEN: usize = 1;
const START_MS: u64 = 1_900_000_000_000;
/// Receipts wait for each other for two seconds.
const PAUSE_MS: u64 = 5_000;

pub struct Town {
    pub people: [Person; 2],
    pub now_ms: u64,
    /// What has come to Ada, unsealed.
    pub parcels: Vec<Vec<u8>>,
}

pub struct Person {
    pub store: MemoryStore,
    pub prepared: PreparedRegistration,
    engine: Engine,
    random: Chance,
    mailbox: Vec<Envelope>,
    outgoing: VecDeque<Outgoing>,
}

/// Nothing here has to be secret.
impl Random for Chance {
    fn fill(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte = self.below(256) as u8);
    }
}

impl Town {
    /// Both are registered and connected, and know nobody.
    pub fn new() -> Self {
        let people = [("Ada", 1), ("Ben", 2)].map(|(name, seed)| Person::new(name, seed));
        let mut town = Self { people, now_ms: START_MS, parcels: Vec::new() };
        for who in [ADA, BEN] {
            let next_secret = vec![2; 32];
            let relay_seconds = town.now_ms / 1000;
            town.step(who, Input::SessionOpened { next_secret, incarnation: 1, relay_seconds });
            town.step(who, Input::Drained);
        }
        town.settle();
        town
    }

    pub fn command(&mut self, who: usize, command: Command) -> Reply {
        self.step(who, Input::Command(Box::new(command)))
    }

    /// Says something in the conversation of two.
    pub fn says(&mut self, who: usize, text: &str) {
        let peer = self.people[1 - who].account().id;
        let reply = self.command(who, Command::OpenConversation(peer));
        let Reply::Conversation(conversation) = reply else { panic!("opening answers with the conversation") };
        self.command(who, Command::SendText { conversation, text: text.to_owned(), reply_to: None });
        self.settle();
    }

    /// Everything is delivered, and what waits a little, too.
    pub fn settle(&mut self) {
        for _ in 0..3 {
            while [ADA, BEN].into_iter().any(|who| self.receives(who) || self.performs(who)) {}
            self.now_ms += PAUSE_MS;
            [ADA, BEN].into_iter().for_each(|who| drop(self.step(who, Input::Wake)));
        }
    }

    fn step(&mut self, who: usize, input: Input) -> Reply {
        let (now_ms, person) = (self.now_ms, &mut self.people[who]);
        let mut tx = person.store.begin();
        let effects = person.engine.step(input, &mut tx, now_ms, &mut person.random).expect("the step succeeds");
        tx.commit();
        person.outgoing.extend(effects.requests);
        effects.reply
    }

    fn receives(&mut self, who: usize) -> bool {
        let envelopes = std::mem::take(&mut self.people[who].mailbox);
        if who == ADA {
            let ada = self.people[ADA].account();
            self.parcels.extend(envelopes.iter().map(|envelope| unsealed(&ada, envelope)));
        }
        let some = !envelopes.is_empty();
        if some {
            self.step(who, Input::Envelopes(envelopes));
        }
        some
    }

    fn performs(&mut self, who: usize) -> bool {
        let Some(Outgoing { job, request }) = self.people[who].outgoing.pop_front() else { return false };
        let answer = self.answer(request);
        if let Some(job) = job {
            self.step(who, Input::Answer { job, answer });
        }
        true
    }

    fn answer(&mut self, request: Request) -> Answer {
        match request {
            Request::Deliver(delivery) => self.deliver(delivery),
            Request::FetchKeyPackage { id, .. } => {
                let person = self.people.iter_mut().find(|person| person.account().id == id).expect("of the town");
                let packages = &mut person.prepared.key_packages[0];
                let (suite, key_package) = (packages.suite, packages.one_time.pop().expect("there are enough"));
                let entry = person.prepared.entry.clone();
                Answer::KeyPackage(Box::new(KeyPackageAnswer { entry, suite, key_package, last_resort: false }))
            }
            Request::ClaimSlot { name, claim } => {
                let receipt = sign_receipt(&receipt_key(), &name, &claim.content).to_vec();
                Answer::Slot(Slot { claimed: true, content: Vec::new(), receipt })
            }
            Request::ReadSlot { .. } => Answer::Refused(ApiError {
                code: ErrorCode::NotFound,
                detail: String::new(),
                retry_after_seconds: 0,
                time_seconds: 0,
            }),
            Request::PublishKeyPackages { .. } | Request::PublishTokens(_) | Request::KeepId => Answer::Done,
        }
    }

    fn deliver(&mut self, delivery: Delivery) -> Answer {
        for recipient in delivery.recipients {
            let id: UserId = recipient.mailbox.parse().expect("an ID");
            let person = self.people.iter_mut().find(|person| person.account().id == id).expect("of the town");
            person.mailbox.push(Envelope {
                sequence: 1,
                delivery_id: delivery.delivery_id.clone(),
                wrapped_key: recipient.wrapped_key,
                payload: delivery.payload.clone(),
                ephemeral: delivery.ephemeral,
            });
        }
        Answer::Delivered(DeliveryAnswer::default())
    }
}

impl Person {
    pub fn new(name: &str, seed: u64) -> Self {
        let (mut store, mut random, mut engine) = (MemoryStore::default(), Chance::of(seed), Engine::default());
        let mut tx = store.begin();
        identity::create(&mut tx, name, &mut random).expect("a new account");
        let info = RelayInfo {
            operator: "a test".to_owned(),
            region: "memory".to_owned(),
            oldest_version: 1,
            newest_version: 1,
            registration: RegistrationWays { phone: false, invitation: false, open: true },
            receipt_key: receipt_key().public().to_vec(),
            incarnation: 1,
            time_seconds: 0,
        };
        let mut command = |command| {
            let input = Input::Command(Box::new(command));
            engine.step(input, &mut tx, START_MS, &mut random).expect("registered").reply
        };
        let reply = command(Command::PrepareRegistration { relay: relay(None), info });
        let Reply::Registration(prepared) = reply else { panic!("preparing answers with what to register") };
        command(Command::Registered(Registered { session_secret: vec![1; 32], number_token: Vec::new() }));
        tx.commit();
        Self { store, prepared: *prepared, engine, random, mailbox: Vec::new(), outgoing: VecDeque::new() }
    }

    pub fn account(&self) -> Account {
        identity::account(&self.store).expect("readable").expect("an account")
    }

    pub fn card(&self) -> Card {
        self.account().card().expect("registered")
    }
}

fn unsealed(account: &Account, envelope: &Envelope) -> Vec<u8> {
    let (key, id) = (SealingKey::from_secret(account.sealing_secret), envelope.delivery_id.as_slice());
    let id = DeliveryId::try_from(id).expect("16 bytes");
    seal::open(&key, &id, &envelope.wrapped_key, &envelope.payload).expect("sealed to this account")
}

/// What the relay signs slots with.
pub fn receipt_key() -> IdentityKey {
    IdentityKey::from_secret([3; 32])
}
