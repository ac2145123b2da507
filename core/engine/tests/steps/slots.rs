//! Slots and receipts that are not what they should be.

use sealpost_crypto::seal;
use sealpost_engine::{messages::System, outbox::JobKind};
use sealpost_wire::{
    envelope::Envelope,
    id::{DeliveryId, SlotName},
    limits,
};

use crate::{
    person::Fate,
    town::{ADA, BEN, CLO, HOUR_MS, Town, is_claim, is_commit, is_look, over_both_suites},
};

/// Ada is about to claim a slot: its name.
fn ada_claims(town: Town) -> (Town, SlotName) {
    let mut town = town.talking();
    town.is_due_to_heal(ADA, BEN);
    town.people[ADA].next(is_claim, Fate::Hold);
    town.says(ADA, BEN, "before");
    town.settle();
    let name = town.group(ADA, BEN).pending.expect("a commit is pending").name;
    (town, name)
}

/// Puts an envelope into Ben's mailbox whose parcel is this.
fn deliver_to_ben(town: &mut Town, parcel: &[u8]) {
    let (id, key) = (DeliveryId([0xAB; 16]), town.people[BEN].card().sealing_key);
    let mut sealed = seal::seal(parcel, &id, &[key], [7; 32]).expect("sealed");
    let envelope = Envelope {
        sequence: 1,
        delivery_id: id.0.to_vec(),
        wrapped_key: sealed.wrapped_keys.remove(0),
        payload: sealed.payload,
        ephemeral: false,
    };
    let ben = town.id(BEN);
    town.relay.account(ben).mailbox.push_back(envelope);
}

#[test]
fn a_claim_with_a_forged_receipt_is_not_merged_but_repeated() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN).1;
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::Forged);
        town.says(ADA, BEN, "before");
        town.settle();
        assert_eq!(town.people[ADA].failures.len(), 1);
        assert_eq!(town.epoch(ADA, BEN).1, before);
        town.settles();
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn a_lost_claim_with_a_forged_receipt_does_not_follow_the_winner() {
    over_both_suites(|town| {
        let (mut town, _) = ada_claims(town);
        let before = town.epoch(ADA, BEN).1;
        town.is_due_to_heal(BEN, ADA);
        town.people[BEN].next(is_commit, Fate::Swallowed);
        town.says(BEN, ADA, "from Ben");
        town.settle();
        assert_eq!(town.epoch(BEN, ADA).1, before + 1);
        town.people[ADA].next(is_claim, Fate::Forged);
        town.releases(ADA);
        town.settle();
        assert_eq!(town.epoch(ADA, BEN).1, before);
        town.settles();
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn a_look_with_a_forged_receipt_is_repeated() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.people[BEN].next(is_look, Fate::Forged);
        town.says(ADA, BEN, "before");
        town.settle();
        town.says(ADA, BEN, "after");
        town.settle();
        assert_eq!(town.people[BEN].failures.len(), 1);
        assert_ne!(town.epoch(ADA, BEN), town.epoch(BEN, ADA));
        town.settles();
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("after"));
        town.still_talk();
    });
}

#[test]
fn a_delivered_commit_with_a_forged_receipt_is_looked_up_in_its_slot() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_commit, Fate::Hold);
        town.people[BEN].next(is_look, Fate::Hold);
        town.says(ADA, BEN, "before");
        town.settle();
        let parcel = town.job_kinds(ADA).into_iter().find_map(|kind| match kind {
            JobKind::Commit { parcel, .. } => Some(parcel),
            _ => None,
        });
        let mut forged = parcel.expect("the commit is on its way");
        *forged.last_mut().expect("the receipt stands last") ^= 1;
        deliver_to_ben(&mut town, &forged);
        town.settle();
        assert_ne!(town.epoch(ADA, BEN), town.epoch(BEN, ADA), "not merged");
        town.releases(BEN);
        town.settle();
        assert_eq!(town.epoch(ADA, BEN), town.epoch(BEN, ADA));
        town.releases(ADA);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn garbage_in_a_slot_is_skipped_by_both() {
    over_both_suites(|town| {
        let (mut town, name) = ada_claims(town);
        let before = town.epoch(ADA, BEN).1;
        town.relay.slots.insert(name, Some(b"garbage".to_vec()));
        town.releases(ADA);
        town.settles();
        assert_eq!(town.relay.slots.len(), 2);
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        assert_eq!(town.epoch(BEN, ADA).1, before + 1);
        assert_eq!(town.notices(ADA, BEN), []);
        town.still_talk();
    });
}

#[test]
fn too_much_garbage_secures_the_conversation_anew() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.group(ADA, BEN);
        town.relay.spoils_slots = true;
        town.is_due_to_heal(ADA, BEN);
        town.says(ADA, BEN, "before");
        town.settles();
        town.relay.spoils_slots = false;
        assert_eq!(town.relay.slots.len(), limits::SLOT_ATTEMPTS as usize);
        assert_eq!(town.notices(ADA, BEN), [System::SecuredAnew]);
        assert_eq!(town.group(ADA, BEN).counter, before.counter + 1);
        town.still_talk();
        assert_eq!(town.texts(ADA, BEN), town.texts(BEN, ADA));
    });
}

#[test]
fn a_slot_that_is_taken_and_gone_secures_the_conversation_anew() {
    over_both_suites(|town| {
        let (mut town, name) = ada_claims(town);
        let before = town.group(ADA, BEN);
        town.relay.slots.insert(name, None);
        town.says(BEN, ADA, "in the old group");
        while town.performs(BEN) {}
        town.releases(ADA);
        town.says(ADA, BEN, "in between");
        town.settles();
        assert_eq!(town.notices(ADA, BEN), [System::SecuredAnew]);
        for (who, with) in [(ADA, BEN), (BEN, ADA)] {
            assert_eq!(town.group(who, with).counter, before.counter + 1);
            assert_ne!(town.group(who, with).id, before.id);
            assert_eq!(town.unopened(who, with), 0);
        }
        town.still_talk();
        assert!(town.texts(ADA, BEN).contains(&"in the old group".to_owned()));
        assert!(town.texts(BEN, ADA).contains(&"in between".to_owned()));
    });
}

#[test]
fn both_torn_at_once_end_up_in_one_group() {
    over_both_suites(|town| {
        let (mut town, name) = ada_claims(town);
        town.relay.slots.insert(name, None);
        town.is_due_to_heal(BEN, ADA);
        town.people[BEN].next(is_claim, Fate::Hold);
        town.says(BEN, ADA, "from Ben");
        town.settle();
        town.releases(ADA);
        town.releases(BEN);
        town.says(ADA, BEN, "more from Ada");
        town.says(BEN, ADA, "more from Ben");
        town.settles();
        for who in [ADA, BEN] {
            assert_eq!(town.notices(who, ADA + BEN - who), [System::SecuredAnew]);
            assert_eq!(town.unopened(who, ADA + BEN - who), 0);
            assert_eq!(town.texts(who, ADA + BEN - who).len(), 6);
        }
        town.still_talk();
    });
}

#[test]
fn a_look_that_finds_the_content_gone_secures_the_conversation_anew() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.says(ADA, BEN, "before");
        town.settle();
        town.relay.slots.values_mut().for_each(|content| *content = None);
        town.disconnects(BEN);
        town.says(ADA, BEN, "in an epoch that Ben never reaches");
        town.passes(HOUR_MS);
        town.connects(BEN);
        town.settles();
        assert_eq!(town.notices(BEN, ADA), [System::SecuredAnew]);
        town.still_talk();
        let lost = "in an epoch that Ben never reaches".to_owned();
        assert!(town.texts(BEN, ADA).contains(&lost), "what was parked is asked for again");
    });
}

#[test]
fn nobody_else_is_disturbed() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.meets(CLO, ADA);
        town.says(CLO, ADA, "hello from Clo");
        town.settles();
        town.is_due_to_heal(ADA, BEN);
        town.relay.spoils_slots = true;
        town.says(ADA, BEN, "before");
        town.settles();
        assert_eq!(town.notices(ADA, CLO), []);
        assert_eq!(town.epoch(CLO, ADA), town.epoch(ADA, CLO));
    });
}
