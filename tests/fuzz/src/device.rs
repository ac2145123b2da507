//! A device to whose mailbox anybody with its card delivers anything, and whose peers and relay say what they like.
//! Whatever comes, the step succeeds, and the next good message is read all the same.

use std::cell::RefCell;

use prost::Message;
use sealpost_crypto::{keys::IdentityKey, slot_receipt::sign_receipt, symmetric};
use sealpost_engine::{
    command::{Answer, Input, Request},
    identity,
    mls::{self, Group, Session},
};
use sealpost_wire::{
    api::{directory::KeyPackageAnswer, slot::Slot},
    envelope::DeliveryAnswer,
    error::ApiError,
    suite::Suite,
};
use serde::de::DeserializeOwned;

use crate::{
    seeds::{self, sealed_to},
    town::receipt_key,
    world::{Device, Parcel, SlotContent, World, in_group, slot},
};

/// More fits into no envelope.
const LARGEST: usize = 60_000;

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

fn with_world<T>(work: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with(|world| work(&mut world.borrow_mut()))
}

/// An envelope as it comes out of the mailbox.
pub fn envelope(data: &[u8]) {
    with_world(|world| world.attack(data));
}

/// Wrapped keys and payloads that the device opens.
pub fn envelopes() -> Vec<Vec<u8>> {
    with_world(|world| world.parcels.iter().map(|parcel| sealed_to(world.sealing_public, 1, parcel)).collect())
}

/// What an envelope holds.
pub fn parcel(data: &[u8]) {
    if data.len() <= LARGEST {
        with_world(|world| {
            let sealed = sealed_to(world.sealing_public, 1, data);
            world.approach(&sealed);
            world.attack(&sealed);
        });
    }
}

pub fn parcels() -> Vec<Vec<u8>> {
    with_world(|world| [world.parcels.clone(), seeds::parcels()].concat())
}

/// What a peer's message says, in the conversation of two (0 before it) or in the group (1).
pub fn content(data: &[u8]) {
    let Some((place, content)) = data.split_first().filter(|_| data.len() <= LARGEST) else { return };
    with_world(|world| {
        let parcel = world.message_with(usize::from(place & 1), content);
        world.attack(&sealed_to(world.sealing_public, 1, &parcel));
    });
}

pub fn contents() -> Vec<Vec<u8>> {
    let at = |place: u8| seeds::contents().into_iter().map(move |content| [vec![place], content].concat());
    at(0).chain(at(1)).collect()
}

/// What a member writes into the slot of the next commit, in the conversation of two or in the group.
pub fn slot_content(data: &[u8]) {
    let Some((place, content)) = data.split_first().filter(|_| data.len() <= LARGEST) else { return };
    with_world(|world| {
        let parcel = world.commit_with(usize::from(place & 1), content);
        world.attack(&sealed_to(world.sealing_public, 1, &parcel));
    });
}

/// The commit that followed, with and without a Welcome and a proof.
pub fn slot_contents() -> Vec<Vec<u8>> {
    with_world(|world| {
        let (name, key, _) = world.in_bens_group(1, slot);
        let commits = world.parcels.iter().filter_map(|parcel| Parcel::decode(parcel.as_slice()).ok()?.commit);
        let opened = commits.filter_map(|commit| symmetric::decrypt(&key, &name, &commit.content));
        let plain: Vec<Vec<u8>> = opened.map(|content| [vec![1], content].concat()).collect();
        // Fields 2 and 3 of PROTOCOL.md, 10.5: a delivery ID, a payload and a recipient; a member and an epoch.
        let welcome = [b"\x12\x20\x0a\x10".as_slice(), &[1; 16], b"\x12\x01\x01\x1a\x09\x0a\x08ABCD2345"].concat();
        let proof = b"\x1a\x0c\x0a\x08ABCD2345\x10\x01".as_slice();
        let with = |more: &[u8]| plain.iter().map(|content| [content, more].concat()).collect();
        let (welcomed, proven): (Vec<_>, Vec<_>) = (with(&welcome), with(proof));
        assert!(!plain.is_empty(), "the group was renamed");
        [plain, welcomed, proven].concat()
    })
}

/// What MLS reads, before anything is opened: messages and commits in the group.
pub fn mls_message(data: &[u8]) {
    let _ = mls::head(data);
    with_world(|world| {
        let group = world.groups[1];
        in_group(&mut world.talking, group, |group, session| {
            let _ = group.decrypt(session, data);
            let _ = group.apply_commit(session, data, &|_| Ok(()));
        });
    });
}

pub fn mls_messages() -> Vec<Vec<u8>> {
    with_world(|world| {
        let parcels = world.parcels.iter().filter_map(|parcel| Parcel::decode(parcel.as_slice()).ok());
        let mut messages: Vec<Vec<u8>> = parcels.filter_map(|parcel| Some(parcel.message?.message)).collect();
        let (name, key, _) = world.in_bens_group(1, slot);
        let slots = world.parcels.iter().filter_map(|parcel| Parcel::decode(parcel.as_slice()).ok()?.commit);
        let opened = slots.filter_map(|commit| symmetric::decrypt(&key, &name, &commit.content));
        messages.extend(opened.filter_map(|content| Some(SlotContent::decode(content.as_slice()).ok()?.commit)));
        messages
    })
}

/// Welcomes and key packages.
pub fn mls_joining(data: &[u8]) {
    with_world(|world| {
        for suite in Suite::ALL {
            let _ = mls::check_key_package(data, suite, world.now_ms / 1000);
        }
        let account = identity::account(&world.fresh).expect("readable").expect("an account");
        let (key, card) = (IdentityKey::from_secret(account.identity_secret), account.card().expect("registered"));
        let mut tx = world.fresh.begin();
        let _ = Group::join(&mut Session::new(&mut tx, card.id, &key, card.sealing_key), data);
    });
}

pub fn mls_joinings() -> Vec<Vec<u8>> {
    with_world(|world| {
        let parcels = world.parcels.iter().filter_map(|parcel| Parcel::decode(parcel.as_slice()).ok());
        parcels.filter_map(|parcel| Some(parcel.welcome?.welcome)).chain(world.key_packages.clone()).collect()
    })
}

/// What the relay answers, to whatever it was asked. A slot's answer without a receipt gets a good one.
pub fn answer(data: &[u8]) {
    with_world(|world| {
        let mut device = Device::of(&mut world.asking, world.now_ms);
        let requests = device.takes(Input::Drained).expect("drained").requests;
        for outgoing in requests {
            let (Some(job), Some(answer)) = (outgoing.job, answer_to(&outgoing.request, data)) else { continue };
            match device.takes(Input::Answer { job, answer }) {
                Ok(_) => {}
                // Rolled back, and tried again later: nothing of the step may stay.
                Err(error) => return assert!(!error.is_storage(), "the store does not fail: {error}"),
            }
        }
    });
}

pub fn answers() -> Vec<Vec<u8>> {
    with_world(|world| world.answers.clone())
}

fn answer_to(request: &Request, data: &[u8]) -> Option<Answer> {
    fn read<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
        serde_json::from_slice(data).ok()
    }
    let answer = match request {
        Request::Deliver(_) => read::<DeliveryAnswer>(data).map(Answer::Delivered),
        Request::FetchKeyPackage { .. } => read::<KeyPackageAnswer>(data).map(|it| Answer::KeyPackage(Box::new(it))),
        Request::ClaimSlot { name, .. } | Request::ReadSlot { name } => read::<Slot>(data).map(|mut slot| {
            if slot.receipt.is_empty() {
                slot.receipt = sign_receipt(&receipt_key(), name, &slot.content).to_vec();
            }
            Answer::Slot(slot)
        }),
        _ => None,
    };
    answer.or_else(|| read::<ApiError>(data).map(Answer::Refused))
}
