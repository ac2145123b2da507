//! Reads what devices hand to the relay, with their own keys: no generation of a ratchet may seal two messages, and
//! what was sealed for a job is repeated byte for byte as long as it opens.

use std::collections::{BTreeMap, BTreeSet};

use openmls::group::GroupId as OpenMlsGroupId;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    OpenMlsProvider,
    crypto::OpenMlsCrypto,
    storage::{CURRENT_VERSION, Entity, StorageProvider, traits},
    types::{AeadType, HashType},
};
use prost::Message;
use sealpost_crypto::{hash::sha256, seal, symmetric};
use sealpost_engine::{
    conversations,
    mls::{GroupId, MessageKind, PAST_EPOCHS, Session, head},
    outbox::{JobId, JobKind},
};
use sealpost_wire::{
    envelope::Delivery,
    id::{DeliveryId, SlotName},
};
use serde::{Deserialize, Serialize};

use crate::{broken::Held, device::Device};

#[derive(Default)]
pub struct Audit {
    /// Who sealed with what: the message's hash.
    generations: BTreeMap<Generation, [u8; 32]>,
    /// And the other way: whoever comes late gets the same bytes when their sender has let that epoch go.
    known: BTreeMap<[u8; 32], Generation>,
    /// What a job was sealed as.
    sealed: BTreeMap<(usize, JobId), Sealed>,
    /// Who has given all keys up at some time.
    started_over: BTreeSet<usize>,
    pub deliveries: BTreeMap<Vec<u8>, Sent>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Generation {
    group: GroupId,
    epoch: u64,
    leaf: u32,
    handshake: bool,
    number: u32,
}

struct Sealed {
    delivery_id: Vec<u8>,
    group: GroupId,
    epoch: u64,
}

/// What a delivery holds.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub from: usize,
    pub what: &'static str,
}

#[derive(Clone, PartialEq, Message)]
struct Parcel {
    #[prost(bytes = "vec", optional, tag = "1")]
    welcome: Option<Vec<u8>>,
    #[prost(message, optional, tag = "2")]
    message: Option<GroupMessage>,
    #[prost(bytes = "vec", optional, tag = "3")]
    commit: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "5")]
    rejoin: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct GroupMessage {
    #[prost(bytes = "vec", tag = "1")]
    message: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    message_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Message)]
struct SlotContent {
    #[prost(bytes = "vec", tag = "1")]
    commit: Vec<u8>,
}

impl Audit {
    /// A device hands over a delivery.
    pub fn delivery(&mut self, devices: &mut [Device], from: usize, job: Option<&JobId>, delivery: &Delivery) -> Held {
        if delivery.ephemeral || self.deliveries.contains_key(&delivery.delivery_id) {
            return Ok(());
        }
        let parcel = open(devices, delivery).ok_or("a delivery that none of its recipients can open")?;
        let what = match &parcel {
            Parcel { welcome: Some(_), .. } => "Welcome",
            Parcel { commit: Some(_), .. } => "commit",
            Parcel { rejoin: Some(_), .. } => "request to return",
            Parcel { message: Some(message), .. } if message.message_id.is_empty() => "note",
            _ => "message",
        };
        self.deliveries.insert(delivery.delivery_id.clone(), Sent { from, what });
        let Some(GroupMessage { message, .. }) = parcel.message else { return Ok(()) };
        let generation = self.generation(from, &mut devices[from], &message)?;
        match (job, generation) {
            (Some(job), Some(generation)) => self.repetition(&devices[from], (from, job.clone()), delivery, generation),
            _ => Ok(()),
        }
    }

    /// A device gives all its keys up: what was not delivered is sealed again with fresh ones.
    pub fn started_over(&mut self, who: usize) {
        self.sealed.retain(|(device, _), _| *device != who);
        self.started_over.insert(who);
    }

    /// What a delivery holds, in a word.
    pub fn what(&self, delivery_id: &[u8]) -> &'static str {
        self.deliveries.get(delivery_id).map_or("signal", |sent| sent.what)
    }

    /// A device claims a slot.
    pub fn claim(&mut self, who: usize, device: &mut Device, name: &SlotName, content: &[u8]) -> Held {
        let states: Vec<conversations::GroupState> = sealpost_engine::storage::all(&device.store, b"")
            .map_err(|error| format!("groups can't be read: {error}"))?;
        let pending = states.into_iter().filter_map(|state| state.pending).find(|pending| pending.name == *name);
        let pending = pending.ok_or("a claim without a pending commit")?;
        let content =
            symmetric::decrypt(&pending.key, &name.0, content).ok_or("a claim that its own key can't open")?;
        let content = SlotContent::decode(content.as_slice()).map_err(|_| "a claim without a commit")?;
        self.generation(who, device, &content.commit).map(drop)
    }

    /// Notes the generation that a message of this device was sealed with; `None` where it has given the keys up
    /// between sealing it and sending it for the first time.
    fn generation(&mut self, who: usize, device: &mut Device, message: &[u8]) -> Held<Option<Generation>> {
        let hash = sha256(message);
        let Some(generation) = self.known.get(&hash).copied().or_else(|| read(device, message)) else {
            let gave_up = self.started_over.contains(&who) || is_over(device, message);
            return if gave_up {
                Ok(None)
            } else {
                Err("a message whose sender data its own sender can't read".into())
            };
        };
        self.known.insert(hash, generation);
        if *self.generations.entry(generation).or_insert(hash) != hash {
            return Err(format!(
                "a generation was used twice: {} sealed two messages with {} of epoch {}",
                device.name, generation.number, generation.epoch
            )
            .into());
        }
        Ok(Some(generation))
    }

    /// A job's delivery is another than before only if nobody can open the one before.
    fn repetition(
        &mut self,
        device: &Device,
        job: (usize, JobId),
        delivery: &Delivery,
        generation: Generation,
    ) -> Held {
        let Generation { group, epoch, .. } = generation;
        let sealed = Sealed { delivery_id: delivery.delivery_id.clone(), group, epoch };
        let may_repeat = is_being_replaced(device, group);
        match self.sealed.insert(job, sealed) {
            Some(before)
                if before.delivery_id != delivery.delivery_id
                    && before.group == group
                    && before.epoch + PAST_EPOCHS as u64 > epoch
                    && !may_repeat =>
            {
                Err(format!("what still opens was sealed again: by {}", device.name).into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether the device has begun to make another group in this one's place: nobody may have it any more.
fn is_being_replaced(device: &Device, group: GroupId) -> bool {
    let state = conversations::group(&device.store, group).expect("groups are read");
    device.jobs().into_iter().any(|job| match job.kind {
        JobKind::FetchKeyPackage { conversation, .. } | JobKind::Welcome { conversation, .. } => {
            state.as_ref().is_some_and(|state| state.conversation == conversation)
        }
        _ => false,
    })
}

fn open(devices: &[Device], delivery: &Delivery) -> Option<Parcel> {
    let id = DeliveryId::try_from(delivery.delivery_id.as_slice()).ok()?;
    delivery.recipients.iter().find_map(|recipient| {
        let device = devices.iter().find(|device| device.id.as_str() == recipient.mailbox)?;
        let bytes = seal::open(&device.sealing_key, &id, &recipient.wrapped_key, &delivery.payload).ok()?;
        Parcel::decode(bytes.as_slice()).ok()
    })
}

// What openmls keeps of an epoch, as far as it is needed here.

#[derive(Serialize, Deserialize)]
struct Secrets {
    past_epoch_trees: Vec<PastEpoch>,
    message_secrets: EpochSecrets,
}

#[derive(Serialize, Deserialize)]
struct PastEpoch {
    message_secrets: EpochSecrets,
}

impl Entity<CURRENT_VERSION> for Secrets {}
impl traits::MessageSecrets<CURRENT_VERSION> for Secrets {}

#[derive(Serialize, Deserialize)]
struct EpochSecrets {
    sender_data_secret: SenderDataSecret,
    serialized_context: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct SenderDataSecret {
    secret: Secret,
}

#[derive(Serialize, Deserialize)]
struct Secret {
    value: Bytes,
}

#[derive(Serialize, Deserialize)]
struct Bytes {
    vec: Vec<u8>,
}

/// Which generation sealed a PrivateMessage (RFC 9420, 6.3.2), by its sender's secrets.
fn read(device: &mut Device, message: &[u8]) -> Option<Generation> {
    let head = head(message).ok()?;
    let secrets = epoch_secrets(device, head.group, head.epoch)?;
    let (hash, aead, key_bytes, sample_bytes) = match secrets.serialized_context.get(2..4)? {
        [0x00, 0x4E] => (HashType::Sha2_384, AeadType::Aes256Gcm, 32, 48),
        _ => (HashType::Sha2_256, AeadType::ChaCha20Poly1305, 32, 32),
    };
    let mut rest = message.get(4..)?;
    let group = take(&mut rest)?;
    let (epoch, kind) = (rest.get(..8)?, *rest.get(8)?);
    rest = &rest[9..];
    let _authenticated = take(&mut rest)?;
    let (sender_data, ciphertext) = (take(&mut rest)?, take(&mut rest)?);
    let sample = &ciphertext[..sample_bytes.min(ciphertext.len())];
    let crypto = RustCrypto::default();
    let secret = &secrets.sender_data_secret.secret.value.vec;
    let expand = |label: &str, bytes: usize| {
        let label = [b"MLS 1.0 ", label.as_bytes()].concat();
        let info = [&(bytes as u16).to_be_bytes(), vector(&label).as_slice(), &vector(sample)].concat();
        crypto.hkdf_expand(hash, secret, &info, bytes).ok().map(|expanded| expanded.as_slice().to_vec())
    };
    let data = [vector(group).as_slice(), epoch, &[kind]].concat();
    let opened = crypto.aead_decrypt(aead, &expand("key", key_bytes)?, sender_data, &expand("nonce", 12)?, &data);
    let opened = opened.ok()?;
    let number = |at: usize| Some(u32::from_be_bytes(opened.get(at..at + 4)?.try_into().ok()?));
    let handshake = head.kind != MessageKind::Application;
    Some(Generation { group: head.group, epoch: head.epoch, leaf: number(0)?, handshake, number: number(4)? })
}

/// Whether the device has let the message's epoch go: it was sealed for somebody whose mailbox took nothing meanwhile.
fn is_over(device: &mut Device, message: &[u8]) -> bool {
    let Ok(head) = head(message) else { return false };
    let now = secrets(device, head.group).and_then(|secrets| {
        let context = secrets.message_secrets.serialized_context;
        Some(u64::from_be_bytes(context.get(4 + vector(&head.group.0).len()..)?.first_chunk().copied()?))
    });
    now.is_some_and(|now| now > head.epoch + PAST_EPOCHS as u64)
}

/// The secrets of a group's epoch, if that is the current one or still opens.
fn epoch_secrets(device: &mut Device, group: GroupId, epoch: u64) -> Option<EpochSecrets> {
    let secrets = secrets(device, group)?;
    let context = [vector(&group.0).as_slice(), &epoch.to_be_bytes()].concat();
    let past = secrets.past_epoch_trees.into_iter().map(|past| past.message_secrets);
    past.chain([secrets.message_secrets]).find(|it| it.serialized_context.get(4..4 + context.len()) == Some(&context))
}

fn secrets(device: &mut Device, group: GroupId) -> Option<Secrets> {
    let sealing_key = device.sealing_key.public();
    let mut tx = device.store.begin();
    let session = Session::new(&mut tx, device.id, &device.identity_key, sealing_key);
    session.storage().message_secrets(&OpenMlsGroupId::from_slice(&group.0)).ok()?
}

/// The next vector with a length of variable size (RFC 9420, 2.1.2).
fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let first = *rest.first()?;
    let size = 1_usize << (first >> 6);
    let length =
        rest.get(..size)?.iter().enumerate().fold(0_usize, |length, (place, byte)| {
            length << 8 | usize::from(if place == 0 { byte & 0x3F } else { *byte })
        });
    let (vector, behind) = rest[size..].split_at_checked(length)?;
    *rest = behind;
    Some(vector)
}

fn vector(bytes: &[u8]) -> Vec<u8> {
    let length = bytes.len();
    let head = match length {
        0..64 => vec![length as u8],
        64..16_384 => (0x4000 | length as u16).to_be_bytes().to_vec(),
        _ => (0x8000_0000 | length as u32).to_be_bytes().to_vec(),
    };
    [head.as_slice(), bytes].concat()
}
