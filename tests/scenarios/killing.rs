//! Processes that end at the worst moment, as by a power cut: devices and relays are killed, started again, and have
//! lost nothing that was promised.

use std::collections::BTreeSet;

use sealpost_client::{Body, Error, Stop, Way};
use sealpost_wire::limits::HEALING_MESSAGES;

use crate::{
    child::{device, start_relay},
    person::Person,
    relay::Relay,
};

#[test]
fn a_sending_device_killed_at_any_point_loses_and_repeats_nothing() {
    let (_relay, ada, mut ben) = acquainted();
    for stop in [
        "before_commit:1",
        "before_commit:3",
        "before_commit:6",
        "before_commit:9",
        "after_commit_before_requests:2",
        "after_commit_before_requests:4",
        "after_commit_before_requests:7",
        "after_commit_before_requests:10",
        "after_request_answer_before_step:1",
        "after_request_answer_before_step:3",
        "after_session_secret_received:1",
    ] {
        let taken = sends_until(&mut ben, &ada, stop, 6);
        holds(&ada, &ben, &taken, stop);
    }
    outboxes_are_empty(&ada, &ben);
}

#[test]
fn a_device_killed_while_it_opens_a_conversation_loses_and_repeats_nothing() {
    let relay = Relay::start();
    let ada = Person::at(&relay, "Ada");
    for stop in [
        "before_commit:5",
        "before_commit:7",
        "after_commit_before_requests:6",
        "after_commit_before_requests:8",
        "after_request_answer_before_step:1",
        "after_request_answer_before_step:2",
        "after_request_answer_before_step:3",
    ] {
        let mut ben = Person::at(&relay, "Ben");
        ben.exchange_cards(&ada);
        let taken = sends_until(&mut ben, &ada, stop, 3);
        holds(&ada, &ben, &taken, stop);
    }
}

#[test]
fn a_receiving_device_killed_at_any_point_loses_and_repeats_nothing() {
    let (_relay, ada, mut ben) = acquainted();
    for stop in [
        "before_commit:1",
        "before_commit:3",
        "before_commit:4",
        "after_commit_before_requests:2",
        "after_commit_before_requests:3",
        "after_commit_before_requests:4",
        "after_request_answer_before_step:1",
        "after_session_secret_received:1",
        "after_envelopes_committed_before_acknowledge:1",
    ] {
        receives_until(&mut ben, &ada, stop);
        holds(&ada, &ben, &[], stop);
    }
    outboxes_are_empty(&ada, &ben);
}

#[test]
fn a_device_killed_while_it_joins_a_conversation_loses_and_repeats_nothing() {
    let relay = Relay::start();
    let ada = Person::at(&relay, "Ada");
    for stop in [
        "before_commit:3",
        "before_commit:4",
        "after_commit_before_requests:3",
        "after_commit_before_requests:4",
        "after_envelopes_committed_before_acknowledge:1",
        "after_request_answer_before_step:1",
    ] {
        let mut ben = Person::at(&relay, "Ben");
        ben.exchange_cards(&ada);
        receives_until(&mut ben, &ada, stop);
        holds(&ada, &ben, &[], stop);
    }
}

#[test]
fn a_device_killed_while_it_renews_keys_loses_and_repeats_nothing() {
    let (_relay, ada, mut ben) = acquainted();
    for stop in [
        "before_commit:3",
        "before_commit:5",
        "before_commit:7",
        "after_commit_before_requests:4",
        "after_commit_before_requests:6",
        "after_request_answer_before_step:1",
        "after_request_answer_before_step:2",
    ] {
        ben.sealed_in_epoch(&ada, Some(HEALING_MESSAGES));
        let taken = sends_until(&mut ben, &ada, stop, 3);
        holds(&ada, &ben, &taken, stop);
        ben.outbox_is_empty();
        assert!(ben.sealed_in_epoch(&ada, None) < HEALING_MESSAGES, "{stop}: the keys are not renewed");
    }
}

#[test]
fn a_device_killed_between_any_two_messages_loses_and_repeats_nothing() {
    let (_relay, ada, mut ben) = acquainted();
    for after in [1, 2, 3, 5, 8, 13] {
        ben.turn_off();
        let mut child = device("sends", &ben, &[("PEER", &ada.id()), ("COUNT", &100)], "");
        let taken: Vec<String> = (0..after).map_while(|_| child.says()).collect();
        child.end();
        ben.turn_on();
        holds(&ada, &ben, &taken, &format!("after {after} texts"));
    }
    outboxes_are_empty(&ada, &ben);
}

#[test]
fn a_device_killed_again_and_again_while_it_opens_its_session_is_not_taken_for_a_copy() {
    let (_relay, ada, mut ben) = acquainted();
    ben.turn_off();
    for _ in 0..4 {
        let stop = "after_session_secret_received";
        device("receives", &ben, &[], stop).ends_at(stop);
    }
    ben.turn_on();
    holds(&ada, &ben, &[], "four interrupted sessions");
    outboxes_are_empty(&ada, &ben);
}

#[test]
fn a_registration_killed_at_any_point_can_be_repeated() {
    let relay = Relay::start();
    let ada = Person::at(&relay, "Ada");
    for (index, stop) in [
        "before_commit:1",
        "after_commit_before_requests:1",
        "after_account_claimed:1",
        "before_commit:2",
        "after_commit_before_requests:2",
    ]
    .into_iter()
    .enumerate()
    {
        let mut ben = Person::new("Ben");
        let number = format!("+491760406904{index}");
        ben.ask_code(&relay, &number).expect("a code is sent");
        let code = relay.code_for(&number);
        let id = ben.id();
        ben.turn_off();
        device("registers", &ben, &[("RELAY", &relay.url()), ("NUMBER", &number), ("CODE", &code)], stop).ends_at(stop);
        ben.turn_on_unconnected();
        if !ben.account().profile().expect("a profile").registered {
            ben.register_number(&relay, &number, &code).expect("the repetition succeeds");
        }
        let profile = ben.account().profile().expect("a profile");
        assert_eq!((profile.id, profile.number_linked), (id, true), "{stop}");
        ben.connect();
        ben.exchange_cards(&ada);
        holds(&ada, &ben, &[], stop);
    }
}

#[test]
fn a_relay_killed_at_any_point_loses_and_repeats_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut relay, address) = start_relay(folder.path(), None, "");
    let url = format!("http://{address}");
    let [ada, ben] = ["Ada", "Ben"].map(|name| {
        let person = Person::new(name);
        person.account().register(&url, None, Way::Open, &Stop::new()).expect("registration is open");
        person.connect();
        person
    });
    ada.exchange_cards(&ben);
    holds(&ada, &ben, &[], "the beginning");
    for stop in [
        "before_commit:1",
        "before_commit:3",
        "before_commit:5",
        "after_commit_before_answer:1",
        "after_commit_before_answer:3",
        "after_commit_before_answer:4",
        "after_answer_before_push:1",
        "after_answer_before_push:2",
        "after_ack_before_commit:1",
        "after_ack_before_commit:2",
    ] {
        relay.end();
        let (stopping, _) = start_relay(folder.path(), Some(address), stop);
        for number in 0..4 {
            ada.say(&ben, &format!("{stop} {number} from Ada"));
            ben.say(&ada, &format!("{stop} {number} from Ben"));
        }
        stopping.ends_at(stop);
        (relay, _) = start_relay(folder.path(), Some(address), "");
        holds(&ada, &ben, &[], stop);
    }
    outboxes_are_empty(&ada, &ben);
}

#[test]
fn a_registration_at_a_relay_that_is_killed_can_be_repeated() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut relay, address) = start_relay(folder.path(), None, "");
    let url = format!("http://{address}");
    for stop in ["before_commit:1", "after_commit_before_answer:1"] {
        relay.end();
        let (stopping, _) = start_relay(folder.path(), Some(address), stop);
        let ada = Person::new("Ada");
        let cut = ada.account().register(&url, None, Way::Open, &Stop::new());
        assert!(matches!(cut, Err(Error::Unreachable { .. })), "{stop}: {cut:?}");
        stopping.ends_at(stop);
        (relay, _) = start_relay(folder.path(), Some(address), "");
        ada.account().register(&url, None, Way::Open, &Stop::new()).expect("the repetition succeeds");
        ada.connect();
        ada.is_online();
    }
    relay.end();
}

/// Two people with a conversation.
fn acquainted() -> (Relay, Person, Person) {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    holds(&ada, &ben, &[], "the beginning");
    (relay, ada, ben)
}

/// The device sends texts as a process of its own that ends at a stop point. Returns the texts that were taken.
fn sends_until(person: &mut Person, peer: &Person, stop: &str, count: u32) -> Vec<String> {
    person.turn_off();
    let mut child = device("sends", person, &[("PEER", &peer.id()), ("COUNT", &count)], stop);
    let taken = std::iter::from_fn(|| child.says()).collect();
    child.ends_at(stop);
    person.turn_on();
    taken
}

/// The device receives texts as a process of its own that ends at a stop point.
fn receives_until(person: &mut Person, from: &Person, stop: &str) {
    let conversation = from.with(person);
    let before = from.messages(person).len();
    person.turn_off();
    for number in 0..4 {
        let text = format!("{stop} {number}, after {before}");
        from.account().send_text(&conversation, &text, None).expect("the text is taken");
    }
    device("receives", person, &[], stop).ends_at(stop);
    person.turn_on();
}

/// Everything that was taken is there on both sides, once and in the order of its author; both go on talking.
fn holds(ada: &Person, ben: &Person, taken: &[String], stop: &str) {
    for (author, reader) in [(ada, ben), (ben, ada)] {
        author.say(reader, &format!("after {stop}, from {}", author.id()));
        let sent = by(author, author, reader);
        reader.eventually(&format!("everything after {stop}"), || by(reader, author, author) == sent);
    }
    let sent = by(ben, ben, ada);
    let mut there = sent.iter();
    assert!(taken.iter().all(|text| there.any(|sent| sent == text)), "{stop}: {taken:?} of {sent:?}");
    for (one, other) in [(ada, ben), (ben, ada)] {
        let texts = one.texts(other);
        let once: BTreeSet<&String> = texts.iter().collect();
        assert_eq!(once.len(), texts.len(), "{stop}: {texts:?}");
        assert!(one.opens_everything(other), "{stop}: a message did not open");
    }
}

fn outboxes_are_empty(ada: &Person, ben: &Person) {
    ada.outbox_is_empty();
    ben.outbox_is_empty();
}

/// What `author` wrote, as it stands on `reader`'s screen.
fn by(reader: &Person, author: &Person, other: &Person) -> Vec<String> {
    let id = author.id();
    let written = reader.messages(other).into_iter().filter(|message| message.author == id);
    written
        .filter_map(|message| match message.body {
            Body::Text { text } => Some(text),
            _ => None,
        })
        .collect()
}
