//! Ada's device at three moments, and what somebody needs who wants to harm it: made once per thread.

use prost::Message;
use sealpost_crypto::{keys::IdentityKey, slot_receipt::sign_receipt, symmetric};
use sealpost_engine::{
    Engine,
    command::{Command, Effects, Input, Reply, Request},
    conversations::{self, Conversation, ConversationId},
    error::EngineError,
    identity,
    messages::{self, Body},
    mls::{Group, GroupId, Session},
    storage::memory::{MemoryStore, MemoryTransaction},
};
use sealpost_wire::{
    api::{
        directory::{KeyPackageAnswer, KeyPackages},
        slot::Slot,
    },
    envelope::Envelope,
    id::SlotName,
    limits::WRAPPED_KEY_BYTES,
};
use serde::Serialize;

use crate::{
    mutation::Chance,
    seeds::sealed_to,
    town::{ADA, BEN, Person, Town, receipt_key},
};

/// What is said after each attack.
const STILL: &str = "still there?";
/// Ada's device at three moments, and what is needed to write to it.
pub struct World {
    /// She knows nobody yet.
    pub fresh: MemoryStore,
    /// She and Ben have a conversation of two and a group.
    pub talking: MemoryStore,
    /// A key package and a slot are asked for.
    pub asking: MemoryStore,
    /// Ben, while she is `talking`.
    pub ben: MemoryStore,
    pub now_ms: u64,
    pub sealing_public: [u8; 32],
    /// Of the two, and of the group.
    pub groups: [GroupId; 2],
    pub two: ConversationId,
    /// Sealed to her; says [`STILL`].
    pub still: Vec<u8>,
    /// What came before and after she was `talking`.
    pub parcels: Vec<Vec<u8>>,
    pub key_packages: Vec<Vec<u8>>,
    pub answers: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Parcel {
    #[prost(message, optional, tag = "1")]
    pub welcome: Option<Welcome>,
    #[prost(message, optional, tag = "2")]
    pub message: Option<GroupMessage>,
    #[prost(message, optional, tag = "3")]
    pub commit: Option<Commit>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Welcome {
    #[prost(bytes = "vec", tag = "1")]
    pub welcome: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GroupMessage {
    #[prost(bytes = "vec", tag = "1")]
    pub message: Vec<u8>,
    #[prost(bytes = "vec", tag = "3")]
    pub epoch_tag: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Commit {
    #[prost(bytes = "vec", tag = "1")]
    pub group: Vec<u8>,
    #[prost(uint64, tag = "2")]
    pub epoch: u64,
    #[prost(uint32, tag = "3")]
    pub attempt: u32,
    #[prost(bytes = "vec", tag = "4")]
    pub content: Vec<u8>,
    #[prost(bytes = "vec", tag = "5")]
    pub receipt: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub struct SlotContent {
    #[prost(bytes = "vec", tag = "1")]
    pub commit: Vec<u8>,
}

impl World {
    pub fn new() -> Self {
        let mut town = Town::new();
        let fresh = town.people[ADA].store.clone();
        let [ada, ben] = [ADA, BEN].map(|who| town.people[who].card());
        town.command(BEN, Command::AddContact { card: ada.clone(), name: String::new() });
        town.says(BEN, "hello Ada");
        town.command(ADA, Command::AcceptContact(ben.id));
        town.says(ADA, "hello Ben");
        town.command(BEN, Command::CreateGroup { name: "club".to_owned(), members: vec![ada.id] });
        town.settle();
        let [_, club] = both(&town.people[BEN].store);
        town.command(BEN, Command::SetAdmin { conversation: club.id, member: ada.id, admin: true });
        town.settle();
        let [talking, ben_talking] = [ADA, BEN].map(|who| town.people[who].store.clone());
        let now_ms = town.now_ms;
        let ([two, club], [_, bens_club]) = (both(&talking), both(&ben_talking));
        let groups = [&two, &club].map(|conversation| conversation.group.expect("with a group"));
        town.says(BEN, "skipped");
        let before = town.parcels.len();
        town.says(BEN, STILL);
        let still = sealed_to(ada.sealing_key, 2, &town.parcels[before]);
        town.command(BEN, Command::RenameGroup { conversation: bens_club.id, name: "the club".to_owned() });
        town.command(BEN, Command::SetName("Benjamin".to_owned()));
        town.settle();
        let (asking, answers) = asking(&talking, club.id, now_ms);
        let key_packages = town.people[ADA].prepared.key_packages.iter().map(|it| it.one_time[0].clone()).collect();
        let (parcels, ben, sealing_public) = (town.parcels, ben_talking, ada.sealing_key);
        Self {
            fresh,
            talking,
            asking,
            ben,
            now_ms,
            sealing_public,
            groups,
            two: two.id,
            still,
            parcels,
            key_packages,
            answers,
        }
    }

    /// What Ben's device would seal in one of the two groups, or say of it.
    pub fn in_bens_group<T>(&mut self, place: usize, work: impl FnOnce(&mut Group, &mut Session<'_>) -> T) -> T {
        in_group(&mut self.ben, self.groups[place], work)
    }

    /// A parcel with a message in which the content is what it is.
    pub fn message_with(&mut self, place: usize, content: &[u8]) -> Vec<u8> {
        let message = self.in_bens_group(place, |group, session| {
            let epoch_tag = group.export(session, "sealpost epoch", b"", 8).expect("exported").to_vec();
            GroupMessage { message: group.encrypt(session, content).expect("sealed"), epoch_tag }
        });
        Parcel { message: Some(message), ..Parcel::default() }.encode_to_vec()
    }

    /// A parcel with a commit, where the slot's content is what it is.
    pub fn commit_with(&mut self, place: usize, content: &[u8]) -> Vec<u8> {
        let (name, key, epoch) = self.in_bens_group(place, slot);
        let content = symmetric::encrypt(&key, [7; 12], &name, content);
        let receipt = sign_receipt(&receipt_key(), &SlotName(name), &content).to_vec();
        let group = self.groups[place].0.to_vec();
        let commit = Commit { group, epoch, attempt: 0, content, receipt };
        Parcel { commit: Some(commit), ..Parcel::default() }.encode_to_vec()
    }

    /// What comes out of the mailbox of somebody who talks to Ben, and still reads what he says next.
    pub fn attack(&mut self, sealed: &[u8]) {
        let mut device = Device::of(&mut self.talking, self.now_ms);
        device.receives(1, sealed);
        device.takes(Input::Drained).expect("drained");
        device.receives(2, &self.still);
        let page = messages::messages(&device.tx, self.two, None, 20).expect("readable");
        let reads = page.iter().any(|message| message.body == Body::Text(STILL.to_owned()));
        assert!(reads, "the next message of somebody else is read");
    }

    /// The same where nobody is known.
    pub fn approach(&mut self, sealed: &[u8]) {
        let mut device = Device::of(&mut self.fresh, self.now_ms);
        device.receives(1, sealed);
        device.takes(Input::Drained).expect("drained");
    }
}

/// A device for one attack: nothing of it is committed.
pub struct Device<'store> {
    pub engine: Engine,
    pub tx: MemoryTransaction<'store>,
    pub random: Chance,
    pub now_ms: u64,
}

impl<'store> Device<'store> {
    pub fn of(store: &'store mut MemoryStore, now_ms: u64) -> Self {
        Self { engine: Engine::default(), tx: store.begin(), random: Chance::of(9), now_ms }
    }

    /// 80 bytes of a wrapped key, the rest the payload.
    pub fn receives(&mut self, number: u8, sealed: &[u8]) {
        let (wrapped, payload) = sealed.split_at(sealed.len().min(WRAPPED_KEY_BYTES));
        let (wrapped_key, payload, delivery_id) = (wrapped.to_vec(), payload.to_vec(), vec![number; 16]);
        let envelope = Envelope { sequence: 1, delivery_id, wrapped_key, payload, ephemeral: false };
        self.takes(Input::Envelopes(vec![envelope])).expect("what anybody can send fails no step");
    }

    pub fn takes(&mut self, input: Input) -> Result<Effects, EngineError> {
        self.engine.step(input, &mut self.tx, self.now_ms, &mut self.random)
    }
}

/// The conversation of two, and that of the group.
fn both(store: &MemoryStore) -> [Conversation; 2] {
    let all = conversations::conversations(store).expect("readable");
    [false, true].map(|many| all.iter().find(|it| it.many.is_some() == many).expect("there is one").clone())
}

/// A device's MLS state; nothing of it is kept.
pub fn in_group<T>(store: &mut MemoryStore, id: GroupId, work: impl FnOnce(&mut Group, &mut Session<'_>) -> T) -> T {
    let account = identity::account(store).expect("readable").expect("an account");
    let (key, card) = (IdentityKey::from_secret(account.identity_secret), account.card().expect("registered"));
    let mut tx = store.begin();
    let mut session = Session::new(&mut tx, card.id, &key, card.sealing_key);
    let mut group = Group::load(&mut session, &id).expect("readable").expect("the group is there");
    work(&mut group, &mut session)
}

/// Name and key of the epoch's first slot, and the epoch.
pub fn slot(group: &mut Group, session: &mut Session<'_>) -> ([u8; 32], [u8; 32], u64) {
    let secret = |label| group.export(session, label, &[0; 4], 32).expect("exported");
    let [name, key] = ["sealpost slot", "sealpost slot key"].map(|label| secret(label).as_slice().try_into());
    (name.expect("32 bytes"), key.expect("32 bytes"), group.epoch())
}

/// With a key package asked for, and a slot; and what the relay answers who does as it is asked.
fn asking(talking: &MemoryStore, club: ConversationId, now_ms: u64) -> (MemoryStore, Vec<Vec<u8>>) {
    let (mut store, clo) = (talking.clone(), Person::new("Clo", 3));
    let mut device = Device::of(&mut store, now_ms);
    let mut command = |command| device.takes(Input::Command(Box::new(command))).expect("taken").reply;
    command(Command::AddContact { card: clo.card(), name: String::new() });
    command(Command::RenameGroup { conversation: club, name: "another".to_owned() });
    let opened = command(Command::OpenConversation(clo.card().id));
    let Reply::Conversation(conversation) = opened else { panic!("opening answers with the conversation") };
    command(Command::SendText { conversation, text: "hello Clo".to_owned(), reply_to: None });
    let requests = device.takes(Input::Drained).expect("drained").requests;
    device.tx.commit();
    let entry = clo.prepared.entry;
    let package = |packages: &KeyPackages| KeyPackageAnswer {
        entry: entry.clone(),
        suite: packages.suite,
        key_package: packages.last_resort.clone(),
        last_resort: true,
    };
    let mut answers: Vec<Vec<u8>> = clo.prepared.key_packages.iter().map(package).map(|it| json(&it)).collect();
    for outgoing in requests {
        let Request::ClaimSlot { name, claim } = outgoing.request else { continue };
        let receipt = sign_receipt(&receipt_key(), &name, &claim.content).to_vec();
        answers.push(json(&Slot { claimed: true, content: Vec::new(), receipt: receipt.clone() }));
        answers.push(json(&Slot { claimed: false, content: claim.content, receipt }));
        answers.push(json(&Slot { claimed: false, content: b"another's".to_vec(), receipt: Vec::new() }));
    }
    assert_eq!(answers.len(), 5, "both are asked for");
    (store, answers)
}

fn json(answer: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(answer).expect("answers can be written")
}
