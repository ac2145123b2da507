//! Verbs for a hostile member: her device's own keys, stock openmls, and no rules.

use openmls::{
    group::{CommitBuilder, CommitMessageBundle, Initial, MlsGroup},
    key_packages::KeyPackage,
    prelude::OpenMlsProvider,
};
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};
use prost::Message as _;
use sealpost_crypto::{hash::sha256, keys::IdentityKey, seal, symmetric};
use sealpost_engine::mls::{Changes, Group, GroupId, PendingCommit, Session};
use sealpost_wire::{
    envelope::Envelope,
    id::{DeliveryId, SlotName},
};

use super::bent::Bent;
use super::forged::{Body, Commit, GroupMessage, SlotContent};
use crate::town::Town;

type Builder<'a> = CommitBuilder<'a, Initial, &'a mut MlsGroup>;

/// What stands in a slot now.
pub struct Written {
    pub name: SlotName,
    pub content: Vec<u8>,
}

struct AnyKey<'key>(&'key IdentityKey);

impl Town {
    /// Works with a device's MLS state; nothing of it is kept.
    pub fn in_session<T>(&mut self, who: usize, work: impl FnOnce(&mut Session<'_>) -> T) -> T {
        let (key, card) = (self.people[who].identity_key(), self.people[who].card());
        let mut tx = self.people[who].store.begin();
        work(&mut Session::new(&mut tx, card.id, &key, card.sealing_key))
    }

    /// The same with a group that the device is in.
    pub fn in_mls<T>(&mut self, who: usize, id: GroupId, work: impl FnOnce(&mut Group, &mut Session<'_>) -> T) -> T {
        self.in_session(who, |session| {
            let mut group = Group::load(session, &id).expect("the group loads").expect("the group is there");
            work(&mut group, session)
        })
    }

    /// A commit that MLS allows, whatever the policy says.
    #[track_caller]
    pub fn crafts(&mut self, who: usize, id: GroupId, changes: &Changes) -> PendingCommit {
        self.in_mls(who, id, |group, session| group.change(session, changes)).expect("MLS allows it")
    }

    /// A commit from the place of `leaf` with somebody's signature, by stock openmls.
    pub fn crafts_by_hand(
        &mut self,
        leaf: usize,
        signer: usize,
        id: GroupId,
        crypto: &Bent,
        fill: impl FnOnce(Builder<'_>) -> Builder<'_>,
    ) -> Vec<u8> {
        self.bundle_by_hand(leaf, signer, id, crypto, fill).into_commit().to_bytes().expect("bytes")
    }

    /// The Welcome of a commit that adds somebody.
    pub fn welcomes_by_hand(&mut self, who: usize, id: GroupId, crypto: &Bent, package: KeyPackage) -> Vec<u8> {
        let bundle = self.bundle_by_hand(who, who, id, crypto, |builder| builder.propose_adds([package]));
        bundle.to_welcome_msg().expect("a welcome").to_bytes().expect("bytes")
    }

    fn bundle_by_hand(
        &mut self,
        leaf: usize,
        signer: usize,
        id: GroupId,
        crypto: &Bent,
        fill: impl FnOnce(Builder<'_>) -> Builder<'_>,
    ) -> CommitMessageBundle {
        let key = self.people[signer].identity_key();
        self.in_session(leaf, |session| {
            let openmls_id = openmls::group::GroupId::from_slice(&id.0);
            let group = MlsGroup::load(session.storage(), &openmls_id).expect("loaded");
            let mut group = group.expect("the group is there");
            let builder = fill(group.commit_builder().consume_proposal_store(false).force_self_update(true));
            let builder = builder.load_psks(session.storage()).expect("loaded");
            let built = builder.build(session.rand(), crypto, &AnyKey(&key), |_| true).expect("built");
            let bundle = built.stage_commit(&*session).expect("staged");
            crypto.has_met_its_victims();
            bundle
        })
    }

    /// The keys of these members' leaves, as one of them sees them.
    pub fn leaf_keys(&mut self, who: usize, id: GroupId, of: &[usize]) -> Vec<Vec<u8>> {
        let wanted: Vec<Vec<u8>> = of.iter().map(|of| self.people[*of].identity_key().public().to_vec()).collect();
        self.in_session(who, |session| {
            let openmls_id = openmls::group::GroupId::from_slice(&id.0);
            let group = MlsGroup::load(session.storage(), &openmls_id).expect("loaded").expect("there");
            let found = group.members().filter(|member| wanted.contains(&member.signature_key));
            found.map(|member| member.encryption_key).collect()
        })
    }

    /// Claims a slot with this content, before anybody else does.
    #[track_caller]
    pub fn writes_into_slot(&mut self, who: usize, id: GroupId, attempt: u32, content: &SlotContent) -> Written {
        let context = attempt.to_be_bytes();
        let [name, key] = ["sealpost slot", "sealpost slot key"].map(|label| {
            let secret = self.in_mls(who, id, |group, session| group.export(session, label, &context, 32));
            <[u8; 32]>::try_from(secret.expect("exported").as_slice()).expect("32 bytes")
        });
        let content = symmetric::encrypt(&key, [7; 12], &name, &content.encode_to_vec());
        let name = SlotName(name);
        assert!(self.relay.slots.insert(name, Some(content.clone())).is_none(), "the slot was free");
        Written { name, content }
    }

    /// Brings what stands in the slot to these mailboxes, with the relay's receipt.
    pub fn delivers_commit(&mut self, who: usize, id: GroupId, attempt: u32, written: &Written, to: &[usize]) {
        let epoch = self.with_mls(who, id, |group| group.epoch());
        let receipt = self.relay.receipt(&written.name, &written.content);
        let (group, content) = (id.0.to_vec(), written.content.clone());
        let parcel = Body::Commit(Commit { group, epoch, attempt, content, receipt });
        to.iter().for_each(|to| self.slips(*to, parcel.clone()));
    }

    /// Claims the epoch's first slot with a commit, and delivers it.
    pub fn commits(&mut self, who: usize, id: GroupId, content: &SlotContent, to: &[usize]) {
        let written = self.writes_into_slot(who, id, 0, content);
        self.delivers_commit(who, id, 0, &written, to);
    }

    /// Seals a content as the member's own device would, and puts it into these mailboxes, perhaps under another tag.
    pub fn slips_content(&mut self, who: usize, to: &[usize], id: GroupId, content: &[u8], tag: Option<[u8; 8]>) {
        let (key, card) = (self.people[who].identity_key(), self.people[who].card());
        let mut tx = self.people[who].store.begin();
        let mut session = Session::new(&mut tx, card.id, &key, card.sealing_key);
        let mut group = Group::load(&mut session, &id).expect("the group loads").expect("the group is there");
        let epoch_tag = group.export(&session, "sealpost epoch", b"", 8).expect("exported").to_vec();
        let message = group.encrypt(&mut session, content).expect("sealed");
        session.finish().expect("written");
        tx.commit();
        // What the engine has in memory is behind now.
        if self.people[who].online {
            self.restarts(who);
        }
        let epoch_tag = tag.map_or(epoch_tag, |tag| tag.to_vec());
        let message = GroupMessage { message, message_id: Vec::new(), epoch_tag };
        to.iter().for_each(|to| self.slips(*to, Body::Message(message.clone())));
    }

    /// Puts a parcel into somebody's mailbox, in a delivery of its own.
    pub fn slips(&mut self, to: usize, body: Body) {
        let parcel = body.into_bytes();
        let (id, key) = (self.id(to), self.people[to].card().sealing_key);
        let mailbox = &mut self.relay.account(id).mailbox;
        let sequence = 1 + mailbox.len() as u64;
        let hash = sha256(&[parcel.as_slice(), &sequence.to_be_bytes()].concat());
        let delivery = DeliveryId(hash[..16].try_into().expect("16 bytes"));
        let mut sealed = seal::seal(&parcel, &delivery, &[key], hash).expect("sealed");
        mailbox.push_back(Envelope {
            sequence,
            delivery_id: delivery.0.to_vec(),
            wrapped_key: sealed.wrapped_keys.remove(0),
            payload: sealed.payload,
            ephemeral: false,
        });
    }

    /// A key package that the relay has for somebody, in this town's suite.
    pub fn package_of(&mut self, who: usize) -> Vec<u8> {
        let (id, suite) = (self.id(who), self.suite.number());
        let packages = self.relay.account(id).packages.iter_mut().find(|it| it.suite == suite);
        packages.expect("of this suite").one_time.pop().expect("there is one")
    }
}

impl Signer for AnyKey<'_> {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign_unseparated(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
