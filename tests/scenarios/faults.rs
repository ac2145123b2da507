//! What goes wrong between device and relay: messages in both directions arrive exactly once, in order, and say so.

use std::time::Duration;

use sealpost_client::{Connection, Failure, MessageState};
use sealpost_wire::PROTOCOL_VERSION;

use crate::{person::Person, relay::Relay};

const DAY: u64 = 86_400;

#[test]
fn an_answer_that_is_lost_loses_and_doubles_nothing() {
    survives(|relay| relay.faults.drop_next_response());
}

#[test]
fn a_relay_that_refuses_for_a_while_is_asked_again() {
    survives(|relay| relay.faults.refuse_next(2));
}

#[test]
fn an_answer_that_is_late_is_waited_for() {
    survives(|relay| relay.faults.delay_next(Duration::from_millis(700)));
}

#[test]
fn a_connection_that_is_cut_in_the_middle_of_a_frame_is_opened_anew() {
    survives(|relay| relay.faults.cut_socket_mid_frame());
}

#[test]
fn all_faults_together_lose_and_double_nothing() {
    survives(|relay| {
        relay.faults.cut_socket_mid_frame();
        relay.faults.delay_next(Duration::from_millis(100));
        relay.faults.refuse_next(1);
        relay.faults.drop_response(2);
    });
}

#[test]
fn a_relay_that_is_restarted_between_accept_and_push_pushes_afterwards() {
    let mut relay = Relay::start();
    let (ada, ben) = acquainted(&relay);
    relay.faults.pause_pushes();
    ada.say(&ben, "a0");
    ben.say(&ada, "b0");
    ada.sees(&ben, "a0", MessageState::Sent);
    ben.sees(&ada, "b0", MessageState::Sent);
    assert_eq!((texts_from(&ben, &ada, 'a').len(), texts_from(&ada, &ben, 'b').len()), (0, 0));
    relay.stop();
    relay.faults.resume_pushes();
    relay.resume();
    everything_arrived(&ada, &ben, 1);
}

#[test]
fn twenty_messages_survive_a_relay_that_stops_among_them() {
    let mut relay = Relay::start();
    let (ada, ben) = acquainted(&relay);
    for number in 0..20 {
        match number {
            7 => relay.stop(),
            14 => relay.resume(),
            _ => {}
        }
        ada.say(&ben, &format!("a{number}"));
        ben.say(&ada, &format!("b{number}"));
    }
    everything_arrived(&ada, &ben, 20);
}

#[test]
fn a_first_contact_survives_every_answer_that_is_lost() {
    let relay = Relay::start();
    for nth in 1..=4 {
        let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
        ada.exchange_cards(&ben);
        ada.is_online();
        ben.is_online();
        relay.faults.drop_response(nth);
        ada.say(&ben, "a0");
        ben.reads(&ada, &["a0"]);
        ben.say(&ada, "b0");
        everything_arrived(&ada, &ben, 1);
    }
}

#[test]
fn a_version_that_is_too_old_says_so_and_sends_once_it_is_taken_again() {
    let mut relay = Relay::start();
    let (ada, ben) = acquainted(&relay);
    relay.stop();
    relay.config.oldest_version = PROTOCOL_VERSION + 1;
    ada.say(&ben, "a0");
    ada.say(&ben, "a1");
    relay.resume();
    let too_old = MessageState::Failed { reason: Failure::TooOldVersion };
    for person in [&ada, &ben] {
        person.eventually("a refusal", || person.account().connection() == Connection::TooOldVersion);
    }
    ada.sees(&ben, "a0", too_old);
    ada.sees(&ben, "a1", too_old);
    ada.say(&ben, "a2");
    ada.sees(&ben, "a2", too_old);
    relay.stop();
    relay.config.oldest_version = PROTOCOL_VERSION;
    relay.resume();
    for person in [&ada, &ben] {
        person.account().disconnect();
        person.connect();
    }
    ben.say(&ada, "b0");
    ben.say(&ada, "b1");
    ben.say(&ada, "b2");
    everything_arrived(&ada, &ben, 3);
}

#[test]
fn a_full_mailbox_says_so_and_takes_the_rest_once_it_is_drained() {
    let relay = Relay::start_with(|config| config.limits.mailbox_messages = 3);
    let (ada, mut ben) = acquainted(&relay);
    let card = ben.card();
    ben.turn_off();
    let conversation = ada.with_card(&card);
    for number in 0..5 {
        ada.account().send_text(&conversation, &format!("a{number}"), None).expect("the text is taken");
    }
    let state = |number: usize| {
        let messages = ada.account().messages(&conversation, None, 500).expect("messages are read");
        let mut own = messages.into_iter().filter(|message| message.mine).skip(1);
        own.nth(number).expect("a message").state
    };
    let full = MessageState::Failed { reason: Failure::MailboxFull };
    ada.eventually("a full mailbox", || state(4) == full);
    // An unacknowledged receipt may take one of the three places.
    let sent = (0..5).filter(|number| state(*number) == MessageState::Sent).count();
    assert!((2..=3).contains(&sent));
    assert!((sent..5).all(|number| state(number) == full));
    let stranger = Person::at(&relay, "Cora");
    stranger.account().add_contact(&card, "").expect("the card is good");
    let to_ben = stranger.with_card(&card);
    stranger.account().send_text(&to_ben, "c0", None).expect("the text is taken");
    stranger.eventually("a full mailbox", || {
        let last = stranger.account().conversation(&to_ben).expect("a conversation").last;
        last.is_some_and(|message| message.state == full)
    });
    ben.turn_on();
    ben.is_online();
    ben.eventually("what was stored", || texts_from(&ben, &ada, 'a').len() == sent);
    // Who comes back tries at once; who stays waits ten minutes.
    for person in [&ada, &stranger] {
        person.account().disconnect();
        person.connect();
    }
    ben.reads(&stranger, &["c0"]);
    for number in 0..5 {
        ben.say(&ada, &format!("b{number}"));
    }
    everything_arrived(&ada, &ben, 5);
}

#[test]
fn what_nobody_fetched_for_thirty_days_is_gone_and_the_conversation_goes_on() {
    let relay = Relay::start();
    let (ada, mut ben) = acquainted(&relay);
    let card = ben.card();
    ben.turn_off();
    let conversation = ada.with_card(&card);
    ada.account().send_text(&conversation, "lost", None).expect("the text is taken");
    ada.outbox_is_empty();
    relay.pass_seconds(30 * DAY + 3_600);
    relay.run_jobs();
    ada.account().send_text(&conversation, "kept", None).expect("the text is taken");
    ben.turn_on();
    ben.eventually("the later one", || ben.texts(&ada).last().is_some_and(|text| text == "kept"));
    assert_eq!(ben.texts(&ada), ["hello Ben", "hello Ada", "kept"]);
    ada.sees(&ben, "kept", MessageState::Delivered);
    ada.sees(&ben, "lost", MessageState::Sent);
}

/// Three messages in each direction, the fault before each of them.
fn survives(fault: impl Fn(&Relay)) {
    let relay = Relay::start();
    let (ada, ben) = acquainted(&relay);
    for number in 0..3 {
        fault(&relay);
        ada.say(&ben, &format!("a{number}"));
        ben.eventually("the text", || texts_from(&ben, &ada, 'a').len() == number + 1);
        fault(&relay);
        ben.say(&ada, &format!("b{number}"));
        ada.eventually("the text", || texts_from(&ada, &ben, 'b').len() == number + 1);
    }
    everything_arrived(&ada, &ben, 3);
}

/// Two who have written to each other, and are connected.
fn acquainted(relay: &Relay) -> (Person, Person) {
    let (ada, ben) = (Person::at(relay, "Ada"), Person::at(relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello Ben");
    ben.reads(&ada, &["hello Ben"]);
    ben.say(&ada, "hello Ada");
    ada.sees(&ben, "hello Ben", MessageState::Delivered);
    ben.sees(&ada, "hello Ada", MessageState::Delivered);
    ada.outbox_is_empty();
    ben.outbox_is_empty();
    (ada, ben)
}

/// Waits until both know that all of theirs were delivered; each stands on the other's screen once, in order.
fn everything_arrived(ada: &Person, ben: &Person, count: usize) {
    for (author, reader, letter) in [(ada, ben, 'a'), (ben, ada, 'b')] {
        author.eventually("all delivered", || {
            let messages = author.messages(reader);
            messages.iter().filter(|message| message.mine).all(|message| message.state == MessageState::Delivered)
        });
        author.outbox_is_empty();
        let expected: Vec<String> = (0..count).map(|number| format!("{letter}{number}")).collect();
        assert_eq!(texts_from(reader, author, letter), expected);
        assert_eq!(texts_from(author, reader, letter), expected);
    }
}

/// The texts that begin with a letter, in the order of the screen.
fn texts_from(reader: &Person, author: &Person, letter: char) -> Vec<String> {
    reader.texts(author).into_iter().filter(|text| text.starts_with(letter)).collect()
}
