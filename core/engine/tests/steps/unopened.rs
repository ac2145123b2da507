//! A message that can't be opened stands in its place, is asked for again, and fills it.

use sealpost_engine::{command::Command, messages::Body};
use sealpost_wire::id::MessageId;

use crate::{
    person::Fate,
    town::{ADA, BEN, CLO, DAY_MS, Town, is_content, is_message, over_both_suites},
};

/// Ada's message comes when its epoch is gone at Ben's.
fn comes_too_late(town: Town, pause_ms: u64) -> (Town, MessageId) {
    let mut town = town.talking();
    town.people[ADA].next(is_message, Fate::Hold);
    let id = town.says(ADA, BEN, "late");
    town.settle();
    for round in 0..3 {
        town.is_due_to_heal(BEN, ADA);
        town.says(BEN, ADA, &format!("round {round}"));
        town.settle();
    }
    town.passes(pause_ms);
    (town, id)
}

/// As before, and it stands in its place.
fn stands_unopened(town: Town) -> (Town, MessageId) {
    let (mut town, id) = comes_too_late(town, 60_000);
    town.releases(ADA);
    while town.performs(ADA) {}
    town.receives(BEN);
    assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Unopened);
    (town, id)
}

#[test]
fn message_that_cannot_be_opened_is_sealed_anew_and_fills_its_place() {
    over_both_suites(|town| {
        let (mut town, id) = stands_unopened(town);
        let place = town.message(BEN, ADA, ADA, id).position;
        town.says(BEN, ADA, "behind it");
        town.settles();
        let message = town.message(BEN, ADA, ADA, id);
        assert_eq!((message.body, message.position), (Body::Text("late".to_owned()), place));
        assert_eq!(town.unopened(BEN, ADA), 0);
        assert_eq!(town.texts(BEN, ADA).iter().filter(|text| *text == "late").count(), 1);
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("behind it"));
        town.still_talk();
    });
}

#[test]
fn message_is_not_sealed_anew_after_a_week() {
    over_both_suites(|town| {
        let (mut town, id) = comes_too_late(town, 60_000);
        town.people[BEN].next(is_content, Fate::Hold);
        town.releases(ADA);
        town.settle();
        town.passes(8 * DAY_MS);
        town.releases(BEN);
        town.settles();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Unopened, "the relay took it a week ago");
        town.still_talk();
    });
}

#[test]
fn message_that_was_sealed_anew_is_not_shown_twice() {
    over_both_suites(|town| {
        let (mut town, id) = comes_too_late(town, 60_000);
        town.releases(ADA);
        while town.performs(ADA) {}
        let ben = town.id(BEN);
        let late = town.relay.account(ben).mailbox.clone();
        town.settles();
        let before = town.messages(BEN, ADA);
        for mut envelope in late {
            // Known by its delivery, and, where that was forgotten, by its message.
            town.relay.account(ben).mailbox.push_back(envelope.clone());
            envelope.sequence += 1_000;
            town.relay.account(ben).mailbox.push_back(envelope);
        }
        let conversation = town.conversation(ADA, BEN).id;
        town.command(ADA, Command::EditMessage { conversation, message: id, text: "late, edited".to_owned() });
        town.settles();
        let after = town.messages(BEN, ADA);
        assert_eq!(after.len(), before.len());
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Text("late, edited".to_owned()));
        town.still_talk();
    });
}

#[test]
fn edits_and_reactions_wait_for_a_message_that_was_not_opened() {
    over_both_suites(|town| {
        let (mut town, id) = stands_unopened(town);
        let (conversation, ada) = (town.conversation(ADA, BEN).id, town.id(ADA));
        let ask_stays = |kind: &sealpost_engine::outbox::JobKind| !is_message(kind);
        town.people[BEN].next(ask_stays, Fate::Hold);
        town.command(ADA, Command::EditMessage { conversation, message: id, text: "late, edited".to_owned() });
        let react = Command::React { conversation, author: ada, message: id, emoji: "⏰".to_owned() };
        town.command(ADA, react);
        town.settle();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Unopened);
        town.releases(BEN);
        town.settles();
        let message = town.message(BEN, ADA, ADA, id);
        assert_eq!(message.body, Body::Text("late, edited".to_owned()));
        assert_eq!(message.reactions, [(ada, "⏰".to_owned())]);
        town.still_talk();
    });
}

#[test]
fn message_that_was_deleted_before_it_was_opened_is_deleted() {
    over_both_suites(|town| {
        let (mut town, id) = stands_unopened(town);
        let conversation = town.conversation(ADA, BEN).id;
        town.command(ADA, Command::DeleteMessage { conversation, message: id });
        town.settles();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Deleted);
        town.still_talk();
    });
}

#[test]
fn stranger_is_not_asked_to_seal_anew_before_the_request_is_accepted() {
    over_both_suites(|mut town| {
        town.meets(CLO, ADA);
        town.says(CLO, ADA, "hello");
        town.settles();
        // Ada's keys for the next message are gone before it comes.
        let clo = town.id(CLO);
        let before = town.people[ADA].store.clone();
        let id = town.says(CLO, ADA, "second");
        while town.performs(CLO) {}
        let ada = town.id(ADA);
        let envelope = town.relay.account(ada).mailbox.front().cloned().expect("it has come");
        town.receives(ADA);
        assert_eq!(town.message(ADA, CLO, CLO, id).body, Body::Text("second".to_owned()));
        let rows = |person: &crate::person::Person| {
            person.rows().into_iter().filter(|(table, ..)| *table == sealpost_engine::storage::Table::Mls).collect()
        };
        let used: Vec<_> = rows(&town.people[ADA]);
        town.people[ADA].store = before;
        let mut tx = town.people[ADA].store.begin();
        for (table, key, value) in used {
            sealpost_engine::storage::Write::put(&mut tx, table, &key, &value).expect("the row is written");
        }
        tx.commit();
        town.relay.account(ada).mailbox.push_back(envelope);
        town.settles();
        assert_eq!(town.message(ADA, CLO, CLO, id).body, Body::Unopened);
        assert_eq!(town.job_kinds(ADA), [], "Clo learns nothing");
        assert!(town.relay.account(clo).mailbox.is_empty());
        town.command(ADA, Command::AcceptContact(clo));
        town.settles();
        assert_eq!(town.message(ADA, CLO, CLO, id).body, Body::Text("second".to_owned()));
    });
}

/// Three epochs pass while somebody's next request is held.
fn epochs_pass(town: &mut Town) {
    for round in 0..3 {
        town.is_due_to_heal(BEN, ADA);
        town.says(BEN, ADA, &format!("later round {round}"));
        town.settle();
    }
    town.passes(60_000);
}

#[test]
fn question_that_comes_too_late_to_open_is_asked_again() {
    over_both_suites(|town| {
        let (mut town, id) = comes_too_late(town, 60_000);
        town.people[BEN].next(is_content, Fate::Hold);
        town.releases(ADA);
        town.settle();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Unopened);
        epochs_pass(&mut town);
        town.releases(BEN);
        town.settles();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Text("late".to_owned()));
        town.still_talk();
    });
}

#[test]
fn message_that_comes_too_late_again_is_asked_for_again() {
    over_both_suites(|town| {
        let (mut town, id) = stands_unopened(town);
        town.people[ADA].next(is_message, Fate::Hold);
        town.settle();
        epochs_pass(&mut town);
        town.releases(ADA);
        town.settles();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Text("late".to_owned()));
        town.still_talk();
    });
}

#[test]
fn what_was_sent_in_the_old_group_arrives_where_both_start_over() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.disconnects(BEN);
        town.command(BEN, Command::StartOver { next_secret: vec![3; 32] });
        let id = town.says(ADA, BEN, "in the old group");
        town.settle();
        for secret in [4, 5] {
            town.command(ADA, Command::StartOver { next_secret: vec![secret; 32] });
            town.settle();
        }
        town.connects(BEN);
        town.settles();
        assert_eq!(town.message(BEN, ADA, ADA, id).body, Body::Text("in the old group".to_owned()));
        town.still_talk();
    });
}
