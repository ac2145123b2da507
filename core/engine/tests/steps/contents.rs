//! Edits, deletions, reactions, receipts, unread counts, drafts, muting, and an order that stays.

use sealpost_engine::{
    command::Command,
    error::EngineError,
    event::Event,
    messages::{Body, Message, MessageState},
    outbox::JobKind,
};
use sealpost_wire::{
    id::{MessageId, UserId},
    limits,
};

use crate::{
    person::Fate,
    town::{ADA, BEN, HOUR_MS, Town, is_content, is_message, over_both_suites},
};

/// What Ada does while Ben is away reaches him in reverse.
fn in_reverse(town: &mut Town, does: impl FnOnce(&mut Town)) {
    town.disconnects(BEN);
    does(town);
    town.settle();
    let ben = town.id(BEN);
    town.relay.account(ben).mailbox.make_contiguous().reverse();
    town.connects(BEN);
    town.settle();
}

fn edit(town: &mut Town, message: MessageId, text: &str) {
    let conversation = town.conversation(ADA, BEN).id;
    town.command(ADA, Command::EditMessage { conversation, message, text: text.to_owned() });
}

fn react(town: &mut Town, who: usize, author: UserId, message: MessageId, emoji: &str) {
    let conversation = town.conversation(who, ADA + BEN - who).id;
    town.command(who, Command::React { conversation, author, message, emoji: emoji.to_owned() });
}

fn marks_read(town: &mut Town, who: usize, position: u64) {
    let conversation = town.conversation(who, ADA + BEN - who).id;
    town.command(who, Command::MarkRead { conversation, position });
}

/// Content jobs that wait for no message of their own.
fn is_receipt(kind: &JobKind) -> bool {
    is_content(kind) && !is_message(kind)
}

#[test]
fn an_edit_and_reactions_that_come_before_their_message_are_applied_to_it() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ada = town.id(ADA);
        let mut id = None;
        in_reverse(&mut town, |town| {
            let message = town.says(ADA, BEN, "frist");
            edit(town, message, "first");
            react(town, ADA, ada, message, "👍");
            id = Some(message);
        });
        let message = town.message(BEN, ADA, ADA, id.expect("sent"));
        assert_eq!(message.body, Body::Text("first".to_owned()));
        assert!(message.edited);
        assert_eq!(message.reactions, [(ada, "👍".to_owned())]);
        assert_eq!(town.texts(BEN, ADA).len(), 3);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn a_deletion_that_comes_before_its_message_takes_it_back() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let mut id = None;
        in_reverse(&mut town, |town| {
            let (message, conversation) = (town.says(ADA, BEN, "oops"), town.conversation(ADA, BEN).id);
            town.command(ADA, Command::DeleteMessage { conversation, message });
            id = Some(message);
        });
        assert_eq!(town.message(BEN, ADA, ADA, id.expect("sent")).body, Body::Deleted);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn nothing_that_comes_early_is_applied_twice_or_to_another_message() {
    over_both_suites(|town| {
        let mut town = town.talking();
        in_reverse(&mut town, |town| {
            let first = town.says(ADA, BEN, "first");
            edit(town, first, "first, edited");
            town.says(ADA, BEN, "second");
        });
        assert_eq!(town.texts(BEN, ADA)[2..], ["second", "first, edited"]);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn everybody_changes_their_own_messages_only() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let id = town.messages(ADA, BEN)[0].id;
        let conversation = town.conversation(BEN, ADA).id;
        let edit = Command::EditMessage { conversation, message: id, text: "mine now".to_owned() };
        assert!(matches!(town.try_command(BEN, edit), Err(EngineError::NotYours)));
        let delete = Command::DeleteMessage { conversation, message: id };
        assert!(matches!(town.try_command(BEN, delete), Err(EngineError::NotYours)));
        let unknown = Command::DeleteMessage { conversation, message: MessageId([9; 16]) };
        assert!(matches!(town.try_command(BEN, unknown), Err(EngineError::UnknownMessage)));
        assert_eq!(town.texts(ADA, BEN), ["hello Ben", "hello Ada"]);
    });
}

#[test]
fn a_reaction_replaces_the_one_before_and_can_be_taken_back() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let (id, ada, ben) = (town.messages(ADA, BEN)[0].id, town.id(ADA), town.id(BEN));
        react(&mut town, BEN, ada, id, "👍");
        react(&mut town, BEN, ada, id, "👎");
        react(&mut town, ADA, ada, id, "🎉");
        town.settle();
        for who in [ADA, BEN] {
            let mut reactions = town.message(who, ADA + BEN - who, ADA, id).reactions;
            reactions.sort();
            let mut expected = [(ben, "👎".to_owned()), (ada, "🎉".to_owned())];
            expected.sort();
            assert_eq!(reactions, expected);
        }
        react(&mut town, BEN, ada, id, "");
        town.settle();
        assert_eq!(town.message(ADA, BEN, ADA, id).reactions, [(ada, "🎉".to_owned())]);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn states_never_go_backwards() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::AnswerLost);
        town.people[BEN].next(is_receipt, Fate::AnswerLost);
        let id = town.says(ADA, BEN, "one");
        town.settle();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Sending);
        let mut seen = Vec::new();
        for _ in 0..120 {
            town.passes(100);
            seen.push(town.state(ADA, BEN, id));
        }
        seen.dedup();
        assert!(
            [&[MessageState::Delivered][..], &[MessageState::Sending, MessageState::Delivered]].contains(&&seen[..])
                || seen == [MessageState::Sending, MessageState::Sent, MessageState::Delivered],
            "{seen:?}"
        );
    });
}

#[test]
fn a_receipt_of_delivery_after_one_of_reading_changes_nothing() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.command(BEN, Command::SetReadReceipts(true));
        let id = town.says(ADA, BEN, "one");
        while town.performs(ADA) {}
        town.disconnects(ADA);
        town.settles();
        let position = town.message(BEN, ADA, ADA, id).position;
        marks_read(&mut town, BEN, position);
        town.settles();
        let ada = town.id(ADA);
        let mailbox = &mut town.relay.account(ada).mailbox;
        assert_eq!(mailbox.len(), 2);
        mailbox.make_contiguous().reverse();
        town.connects(ADA);
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Read);
    });
}

#[test]
fn unread_messages_are_counted() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let unread = |town: &Town| town.conversation(BEN, ADA).unread;
        marks_read(&mut town, BEN, u64::MAX);
        assert_eq!(unread(&town), 0);
        let ids = ["one", "two", "three"].map(|text| town.says(ADA, BEN, text));
        town.settles();
        assert_eq!(unread(&town), 3);
        let place = town.message(BEN, ADA, ADA, ids[0]).position;
        marks_read(&mut town, BEN, place);
        assert_eq!(unread(&town), 2);
        marks_read(&mut town, BEN, 1);
        assert_eq!(unread(&town), 2, "what was read stays read");
        town.says(BEN, ADA, "mine is not unread");
        assert_eq!(unread(&town), 2);
        let conversation = town.conversation(ADA, BEN).id;
        town.command(ADA, Command::DeleteMessage { conversation, message: ids[1] });
        town.settle();
        assert_eq!(unread(&town), 1, "what was taken back can't be read");
        town.command(ADA, Command::DeleteMessage { conversation, message: ids[0] });
        town.settle();
        assert_eq!(unread(&town), 1, "that one had been read");
        marks_read(&mut town, BEN, u64::MAX);
        assert_eq!(unread(&town), 0);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn receipts_are_joined() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ids: Vec<MessageId> = (0..5).map(|number| town.says(ADA, BEN, &format!("{number}"))).collect();
        while town.performs(ADA) {}
        town.disconnects(ADA);
        town.settles();
        let ada = town.id(ADA);
        assert_eq!(town.relay.account(ada).mailbox.len(), 1);
        town.connects(ADA);
        town.settles();
        assert!(ids.iter().all(|id| town.state(ADA, BEN, *id) == MessageState::Delivered));
    });
}

#[test]
fn receipts_of_reading_are_sent_by_choice_only() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let first = town.says(ADA, BEN, "silent");
        town.settles();
        marks_read(&mut town, BEN, u64::MAX);
        town.settles();
        assert_eq!(town.state(ADA, BEN, first), MessageState::Delivered);
        town.command(BEN, Command::SetReadReceipts(true));
        let second = town.says(ADA, BEN, "seen");
        town.settles();
        marks_read(&mut town, BEN, u64::MAX);
        town.settles();
        assert_eq!(town.state(ADA, BEN, first), MessageState::Delivered);
        assert_eq!(town.state(ADA, BEN, second), MessageState::Read);
    });
}

#[test]
fn receipts_wait_a_while() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let id = town.says(ADA, BEN, "one");
        town.settle();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Sent);
        let wake = town.people[BEN].wake_at_ms.expect("the receipt waits");
        assert!(wake > town.now_ms && wake <= town.now_ms + 2_000);
        town.passes(2_000);
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
    });
}

#[test]
fn a_draft_is_kept_until_something_is_sent() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let conversation = town.conversation(ADA, BEN).id;
        town.command(ADA, Command::SetDraft { conversation, draft: "half a".to_owned() });
        town.restarts(ADA);
        assert_eq!(town.conversation(ADA, BEN).draft, "half a");
        let draft = "x".repeat(limits::TEXT_BYTES + 1);
        let long = town.try_command(ADA, Command::SetDraft { conversation, draft });
        assert!(matches!(long, Err(EngineError::TooLong { .. })));
        town.says(BEN, ADA, "are you writing?");
        town.settle();
        assert_eq!(town.conversation(ADA, BEN).draft, "half a");
        town.says(ADA, BEN, "half a sentence");
        assert_eq!(town.conversation(ADA, BEN).draft, "");
    });
}

#[test]
fn a_muted_conversation_announces_nothing_until_its_time_is_over() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let conversation = town.conversation(BEN, ADA).id;
        let until_ms = Some(town.now_ms + HOUR_MS);
        town.command(BEN, Command::Mute { conversation, until_ms });
        let announced = |town: &mut Town| {
            let events = std::mem::take(&mut town.people[BEN].events);
            let arrived = events.iter().filter(|event| matches!(event, Event::Arrived(..))).count();
            let changed = events.iter().filter(|event| matches!(event, Event::Message(..))).count();
            (arrived, changed)
        };
        announced(&mut town);
        town.says(ADA, BEN, "shh");
        town.settle();
        assert_eq!(announced(&mut town), (0, 1));
        assert_eq!(town.conversation(BEN, ADA).unread, 2);
        town.passes(HOUR_MS);
        town.says(ADA, BEN, "good morning");
        town.settle();
        assert_eq!(announced(&mut town), (1, 1));
    });
}

#[test]
fn duplicates_change_neither_order_nor_anything_else() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.says(ADA, BEN, "one");
        let second = town.says(ADA, BEN, "two");
        edit(&mut town, second, "two, edited");
        while town.performs(ADA) {}
        let ben = town.id(BEN);
        let envelopes: Vec<_> = town.relay.account(ben).mailbox.iter().cloned().collect();
        town.settles();
        let before: Vec<Message> = town.messages(BEN, ADA);
        let rows = town.people[BEN].rows();
        for envelope in envelopes.iter().chain(envelopes.iter().rev()) {
            town.take_envelopes(BEN, vec![envelope.clone()]);
        }
        town.take_envelopes(BEN, envelopes.clone());
        assert_eq!(town.messages(BEN, ADA), before);
        assert!(town.people[BEN].rows() == rows, "not a row differs");
        town.still_talk();
    });
}

#[test]
fn a_request_for_a_message_that_was_taken_back_is_not_answered_with_it() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Hold);
        let id = town.says(ADA, BEN, "oops");
        let conversation = town.conversation(ADA, BEN).id;
        town.settle();
        for _ in 0..3 {
            town.is_due_to_heal(BEN, ADA);
            town.says(BEN, ADA, "again");
            town.settle();
        }
        town.command(ADA, Command::DeleteMessage { conversation, message: id });
        town.releases(ADA);
        town.settles();
        assert!(!town.texts(BEN, ADA).contains(&"oops".to_owned()));
        assert_eq!(town.unopened(BEN, ADA), 0);
        town.still_talk();
    });
}
