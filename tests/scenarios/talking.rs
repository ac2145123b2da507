//! Two people talk: every kind of content, in both directions, connected or not.

use sealpost_client::{Body, Failure, MessageState, Reaction};

use crate::{person::Person, relay::Relay};

#[test]
fn two_people_meet_by_card_and_talk() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello Ben");
    ben.reads(&ada, &["hello Ben"]);
    ben.say(&ada, "hello Ada");
    ada.reads(&ben, &["hello Ben", "hello Ada"]);
    ada.sees(&ben, "hello Ben", MessageState::Delivered);
    ben.sees(&ada, "hello Ada", MessageState::Delivered);
}

#[test]
fn messages_wait_for_a_device_that_is_off() {
    let relay = Relay::start();
    let (ada, mut ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    let (ben_id, ben_card) = (ben.id(), ben.card());
    assert!(ben_card.starts_with("SEALPOST:") && ben_id.len() == 8);
    ben.say(&ada, "one");
    ada.reads(&ben, &["one"]);
    ben.outbox_is_empty();
    let conversation = ada.with(&ben);
    ben.turn_off();
    for text in ["two", "three", "four"] {
        ada.account().send_text(&conversation, text, None).expect("the text is taken");
    }
    ada.outbox_is_empty();
    ben.turn_on();
    ben.reads(&ada, &["one", "two", "three", "four"]);
}

#[test]
fn edits_deletions_reactions_and_replies_arrive() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    let first = ada.say(&ben, "frist");
    let second = ada.say(&ben, "second");
    ben.reads(&ada, &["frist", "second"]);
    ada.account().edit(&first.conversation, &first.id, "first").expect("one's own message can be edited");
    ada.account().delete(&second.conversation, &second.id).expect("one's own message can be taken back");
    ben.reads(&ada, &["first"]);
    let there = ben.with(&ada);
    let reply = ben.account().send_text(&there, "yes", Some(&first.id)).expect("a reply is taken");
    assert_eq!(reply.reply_to.as_deref(), Some(first.id.as_str()));
    ben.account().react(&there, &first.id, &ada.id(), "👍").expect("a reaction is taken");
    ada.reads(&ben, &["first", "yes"]);
    let thumbs = Reaction { author: ben.id(), emoji: "👍".into() };
    ada.eventually("the reaction", || ada.messages(&ben)[0].reactions == [thumbs.clone()]);
    let messages = ben.messages(&ada);
    assert!(messages[0].edited);
    assert_eq!(messages[1].body, Body::Deleted);
    assert_eq!(ada.messages(&ben)[2].reply_to.as_deref(), Some(first.id.as_str()));
}

#[test]
fn nobody_changes_the_messages_of_others() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    let message = ada.say(&ben, "mine");
    ben.reads(&ada, &["mine"]);
    let there = ben.with(&ada);
    assert_eq!(ben.account().edit(&there, &message.id, "yours"), Err(sealpost_client::Error::NotYours));
    assert_eq!(ben.account().delete(&there, &message.id), Err(sealpost_client::Error::NotYours));
    assert_eq!(ada.texts(&ben), ["mine"]);
}

#[test]
fn read_receipts_are_opt_in() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "silent");
    ben.reads(&ada, &["silent"]);
    let there = ben.with(&ada);
    let unread = || ben.account().conversation(&there).expect("a conversation").unread;
    assert_eq!(unread(), 1);
    ben.account().mark_read(&there, 1).expect("the conversation is marked");
    assert_eq!(unread(), 0);
    ben.account().set_read_receipts(true).expect("the choice is kept");
    ada.say(&ben, "seen");
    ben.reads(&ada, &["silent", "seen"]);
    let last = ben.messages(&ada).last().expect("a message").position;
    ben.account().mark_read(&there, last).expect("the conversation is marked");
    ada.sees(&ben, "seen", MessageState::Read);
    ada.sees(&ben, "silent", MessageState::Delivered);
}

#[test]
fn both_open_at_the_same_moment_and_end_up_with_one() {
    let relay = Relay::start();
    let (mut ada, mut ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.account().disconnect();
    ben.account().disconnect();
    ada.say(&ben, "from Ada");
    ben.say(&ada, "from Ben");
    relay.faults.pause_pushes();
    ada.connect();
    ben.connect();
    relay.faults.resume_pushes();
    for person in [&ada, &ben] {
        person.outbox_is_empty();
    }
    ada.eventually("both texts", || ada.texts(&ben).len() == 2);
    ben.eventually("both texts", || ben.texts(&ada).len() == 2);
    ada.say(&ben, "third");
    ben.eventually("the third text", || ben.texts(&ada).last().is_some_and(|text| text == "third"));
    ben.say(&ada, "fourth");
    ada.eventually("the fourth text", || ada.texts(&ben).last().is_some_and(|text| text == "fourth"));
    assert_eq!(ada.account().conversations().expect("conversations").len(), 1);
    assert_eq!(ben.account().conversations().expect("conversations").len(), 1);
    ada.turn_off();
    ben.turn_off();
}

#[test]
fn a_stranger_with_the_card_makes_a_request_and_learns_nothing_before_it_is_accepted() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.meet(&ben);
    ada.say(&ben, "do you know me?");
    ben.reads(&ada, &["do you know me?"]);
    let contact = ben.account().contact(&ada.id()).expect("the stranger is listed");
    assert!(contact.request);
    assert_eq!(contact.name, "Ada");
    assert_eq!(ada.account().contact(&ben.id()).expect("a contact").name, ben.id());
    ada.outbox_is_empty();
    ada.sees(&ben, "do you know me?", MessageState::Sent);
    ben.account().accept(&ada.id()).expect("the request is taken");
    ada.sees(&ben, "do you know me?", MessageState::Delivered);
    ada.eventually("Ben's name", || ada.account().contact(&ben.id()).expect("a contact").name == "Ben");
}

#[test]
fn who_is_blocked_is_dropped_and_the_others_go_on() {
    let relay = Relay::start();
    let (ada, ben, cora) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"), Person::at(&relay, "Cora"));
    ada.exchange_cards(&ben);
    ada.exchange_cards(&cora);
    ben.say(&ada, "before");
    cora.say(&ada, "hello");
    ada.reads(&ben, &["before"]);
    ada.reads(&cora, &["hello"]);
    ada.say(&cora, "hello Cora");
    cora.reads(&ada, &["hello", "hello Cora"]);
    let old_card = ada.card();
    ada.account().block(&ben.id()).expect("a contact can be blocked");
    assert_ne!(ada.card(), old_card, "the contacts' token is rotated");
    ada.outbox_is_empty();
    ben.say(&ada, "after");
    ben.sees(&ada, "after", MessageState::Sent);
    cora.say(&ada, "still here");
    ada.reads(&cora, &["hello", "hello Cora", "still here"]);
    assert_eq!(ada.texts(&ben), ["before"]);
    assert_eq!(ada.account().send_text(&ada.with(&ben), "no", None), Err(sealpost_client::Error::Blocked));
    // After the grace of the old token, Ben is told to ask for a new card, and Cora has learnt the new one.
    relay.pass_seconds(8 * 86_400);
    ben.say(&ada, "much later");
    ben.sees(&ada, "much later", MessageState::Failed { reason: Failure::NeedsNewCard });
    cora.say(&ada, "no trouble");
    ada.eventually("Cora's text", || ada.texts(&cora).last().is_some_and(|text| text == "no trouble"));
}

#[test]
fn a_new_card_sets_free_what_waited_for_it() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.meet(&ben);
    let stranger = Person::at(&relay, "Dora");
    ben.meet(&stranger);
    ben.account().block(&stranger.id()).expect("a contact can be blocked");
    ben.outbox_is_empty();
    relay.pass_seconds(8 * 86_400);
    ada.say(&ben, "waiting");
    ada.sees(&ben, "waiting", MessageState::Failed { reason: Failure::NeedsNewCard });
    assert!(ada.account().contact(&ben.id()).expect("a contact").needs_new_card);
    ada.meet(&ben);
    ben.reads(&ada, &["waiting"]);
}

#[test]
fn typing_is_told_and_leaves_nothing() {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ben.reads(&ada, &["hello"]);
    ben.is_online();
    let typing = sealpost_client::Event::Typing { conversation: ben.with(&ada), author: ada.id() };
    ada.account().typing(&ada.with(&ben)).expect("a signal is sent");
    let told =
        || (0..200).any(|_| ben.account().next_event(std::time::Duration::from_millis(50)) == Some(typing.clone()));
    assert!(told());
    assert_eq!(ben.messages(&ada).len(), 1);
}

#[test]
fn drafts_and_mute_are_kept() {
    let relay = Relay::start();
    let (ada, mut ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ben.meet(&ada);
    let there = ben.with(&ada);
    ben.account().set_draft(&there, "half a thou").expect("a draft is kept");
    ben.account().mute(&there, Some(u64::MAX)).expect("a conversation is muted");
    ben.turn_off();
    ben.turn_on();
    let conversation = ben.account().conversation(&there).expect("a conversation");
    assert_eq!(conversation.draft, "half a thou");
    assert_eq!(conversation.muted_until_ms, Some(u64::MAX));
}
