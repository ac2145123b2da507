//! What somebody with a changed app can do: work on the own database as the engine does, and send what it never would.
//!
//! The bytes of contents and parcels are written by hand here, by their field numbers in PROTOCOL.md.

use std::time::{SystemTime, UNIX_EPOCH};

use sealpost_crypto::seal;
use sealpost_engine::{
    conversations::{self, ConversationId},
    error::EngineError,
    identity,
    mls::{Group, Loaded, Session},
    step::{Random, Step},
    storage,
};
use sealpost_store::{OpenMode, Store};
use sealpost_wire::{
    api::directory::{KeyPackageAnswer, KeyPackageRequest},
    card::Card,
    envelope::{Delivery, DeliveryAnswer, Recipient},
    id::DeliveryId,
    suite::Suite,
};

use crate::{child::no_process_starts, person::Person, relay::Relay};

struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&mut self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system has randomness");
    }
}

impl Person {
    /// Works on the database while the device is off.
    pub fn tampers<T>(&mut self, work: impl FnOnce(&mut Step<'_>) -> Result<T, EngineError>) -> T {
        self.turn_off();
        let settled = no_process_starts();
        let mut store = Store::open(&self.folder, &self.vault.only_key(), OpenMode::Existing).expect("the store opens");
        drop(settled);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970");
        let done = store.transaction(|tx| {
            let account = identity::account(tx)?.expect("there is an account");
            let groups = &mut Loaded::default();
            work(&mut Step::new(tx, now.as_millis() as u64, &mut SystemRandom, account, groups))
        });
        drop(store);
        self.turn_on();
        done.expect("the engine can do it")
    }

    /// Seals contents for somebody with whom there is a conversation, as deliveries in their order.
    pub fn seals(&mut self, to: &Person, contents: &[Vec<u8>]) -> Vec<Delivery> {
        let peer = to.card_bytes().id;
        self.tampers(|step| {
            let id = conversations::of_two(step.tx, peer)?.expect("there is a conversation");
            contents.iter().map(|content| seal_content(step, id, content)).collect()
        })
    }

    /// The counter of re-creations of the conversation with somebody.
    pub fn counter(&mut self, peer: &Person) -> Option<u32> {
        let peer = peer.card_bytes().id;
        self.tampers(|step| {
            let id = conversations::of_two(step.tx, peer)?.expect("there is a conversation");
            Ok(conversations::known(step.tx, id)?.counter)
        })
    }

    /// Messages that were sealed in the epoch of the conversation with somebody; set to `count` where that is given.
    pub fn sealed_in_epoch(&mut self, peer: &Person, count: Option<u64>) -> u64 {
        let peer = peer.card_bytes().id;
        self.tampers(|step| {
            let id = conversations::of_two(step.tx, peer)?.expect("there is a conversation");
            let group = conversations::known(step.tx, id)?.group.expect("the conversation has a group");
            let mut state = conversations::group(step.tx, group)?.expect("the group has a state");
            state.own_messages = count.unwrap_or(state.own_messages);
            storage::save(step.tx, &state)?;
            Ok(state.own_messages)
        })
    }

    /// How many envelopes could not be handled so far.
    pub fn unhandled(&mut self) -> u64 {
        self.tampers(|step| Ok(step.account.unhandled))
    }

    pub fn card_bytes(&self) -> Card {
        Card::from_link(&self.card()).expect("one's own card is good")
    }
}

impl Relay {
    /// Hands a delivery to the relay, as anybody can who has a token.
    pub fn takes(&self, delivery: &Delivery) -> DeliveryAnswer {
        let answer = self.with_service(async |service| service.deliver(delivery.clone()).await.ok());
        answer.expect("the relay takes the delivery")
    }

    /// One of somebody's key packages, as anybody gets it who has a token.
    pub fn key_package(&self, card: &Card) -> KeyPackageAnswer {
        let request = KeyPackageRequest { token: card.token.0.to_vec(), suites: vec![Suite::Classical.number()] };
        let answer = self.with_service(async |service| service.take_key_package(card.id, request).await.ok());
        answer.expect("there are key packages")
    }
}

fn seal_content(step: &mut Step<'_>, id: ConversationId, content: &[u8]) -> Result<Delivery, EngineError> {
    let conversation = conversations::known(step.tx, id)?;
    let group = conversation.group.expect("the conversation has a group");
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let mut mls = Group::load(&mut session, &group)?.expect("the group has its keys");
    let message = mls.encrypt(&mut session, content)?;
    session.finish()?;
    // Behind one byte each for the tag and the number of the kind, and for the tag and the length of the ID.
    let id = content.get(4..20).unwrap_or_default();
    let peer = conversation.peer.expect("a conversation of two");
    let routes = conversations::routes(step, &conversation, &[peer])?;
    conversations::seal_delivery(step, &message_parcel(&message, id), DeliveryId(random()), &routes, 0)
}

/// Seals any bytes to somebody's device.
pub fn sealed_to(card: &Card, parcel: &[u8]) -> Delivery {
    let id = DeliveryId(random());
    let sealed = seal::seal(parcel, &id, &[card.sealing_key], random()).expect("the card's key can be sealed to");
    delivery(card, id, sealed.wrapped_keys[0].clone(), sealed.payload)
}

/// A delivery with anything in it.
pub fn delivery(card: &Card, id: DeliveryId, wrapped_key: Vec<u8>, payload: Vec<u8>) -> Delivery {
    let recipient = Recipient { mailbox: card.id.to_string(), token: card.token.0.to_vec(), wrapped_key };
    Delivery { delivery_id: id.0.to_vec(), payload, recipients: vec![recipient], ephemeral: false }
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom.fill(&mut bytes);
    bytes
}

/// A content: kind, message ID, time, body.
pub fn content(kind: u64, id: &[u8], body: &[u8]) -> Vec<u8> {
    [number(1, kind), bytes(2, id), number(3, 1), bytes(4, body)].concat()
}

/// A parcel with a Welcome.
pub fn welcome_parcel(welcome: &[u8], card: &[u8], counter: u64) -> Vec<u8> {
    bytes(1, &[bytes(1, welcome), bytes(2, card), bytes(3, b"Mallory"), number(4, counter)].concat())
}

/// A parcel with an MLS message.
pub fn message_parcel(message: &[u8], id: &[u8]) -> Vec<u8> {
    bytes(2, &[bytes(1, message), bytes(2, id)].concat())
}

/// A parcel with an ephemeral signal.
pub fn ephemeral_parcel(group: &[u8], sealed: &[u8]) -> Vec<u8> {
    bytes(4, &[bytes(1, group), bytes(2, sealed)].concat())
}

/// A protobuf field of bytes, text or another message.
pub fn bytes(tag: u64, value: &[u8]) -> Vec<u8> {
    [varint(tag << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A protobuf field with a number.
pub fn number(tag: u64, value: u64) -> Vec<u8> {
    [varint(tag << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    while value >= 0x80 {
        encoded.push(value as u8 | 0x80);
        value >>= 7;
    }
    encoded.push(value as u8);
    encoded
}
