//! No silent downgrade, and no other key for a known ID.

use sealpost_crypto::{directory_entry::sign_entry, keys::SealingKey};
use sealpost_engine::{
    command::{Command, Reply, Request},
    error::EngineError,
    messages::{MessageState, System},
    outbox::Blocked,
    storage::save,
};
use sealpost_wire::suite::Suite;

use crate::{
    person::Fate,
    town::{ADA, BEN, CLO, HOUR_MS, Town, is_fetch, over_both_suites},
};

/// Clo's device claims to be Ben's: his ID, her keys.
fn clo_poses_as_ben(town: &mut Town) {
    let ben = town.id(BEN);
    let mut account = town.people[CLO].account();
    account.id = ben;
    let mut tx = town.people[CLO].store.begin();
    save(&mut tx, &account).expect("the row is written");
    tx.commit();
}

#[track_caller]
fn sending_has_stopped(town: &mut Town) {
    assert!(town.contact(ADA, BEN).alarm);
    let conversation = town.conversation(ADA, BEN).id;
    let send = Command::SendText { conversation, text: "more".to_owned(), reply_to: None };
    assert!(matches!(town.try_command(ADA, send), Err(EngineError::KeyChanged)));
}

#[test]
fn classical_key_package_of_a_hybrid_device_is_refused() {
    let mut town = Town::new(Suite::Hybrid, 1);
    town.relay.serves_only = Some(Suite::Classical);
    let id = town.says(ADA, BEN, "nothing of this leaves");
    town.settles();
    assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::NoDowngrade));
    assert_eq!(town.conversation(ADA, BEN).group, None);
    assert!(town.messages(BEN, ADA).is_empty());
    assert_eq!(town.people[BEN].account().unhandled, 0, "nothing was delivered");
    town.relay.serves_only = None;
    town.passes(HOUR_MS);
    assert_eq!(town.texts(BEN, ADA), ["nothing of this leaves"]);
    town.still_talk();
}

#[test]
fn suite_is_the_strongest_that_both_list() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let (id, suite) = (town.group(BEN, ADA).id, town.suite);
        assert_eq!(town.with_mls(BEN, id, |group| group.suite()), suite);
    });
}

#[test]
fn directory_with_another_key_raises_the_alarm() {
    over_both_suites(|mut town| {
        let (clo, ben) = (town.people[CLO].identity_key(), town.id(BEN));
        let suites = town.relay.account(ben).entry.suites.clone();
        let sealing_key = SealingKey::from_secret([9; 32]).public();
        town.relay.account(ben).entry = sign_entry(&clo, ben, sealing_key, &suites);
        let id = town.says(ADA, BEN, "nothing of this leaves");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::KeyAlarm));
        assert_eq!(town.notices(ADA, BEN), [System::KeyAlarm]);
        assert!(town.messages(BEN, ADA).is_empty());
        sending_has_stopped(&mut town);
    });
}

#[test]
fn key_package_of_somebody_else_raises_the_alarm() {
    over_both_suites(|mut town| {
        let (ben, clo) = (town.id(BEN), town.id(CLO));
        town.relay.account(ben).packages = town.relay.account(clo).packages.clone();
        let id = town.says(ADA, BEN, "nothing of this leaves");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::KeyAlarm));
        sending_has_stopped(&mut town);
    });
}

#[test]
fn entry_whose_signature_is_wrong_is_refused() {
    over_both_suites(|mut town| {
        let ben = town.id(BEN);
        let suites = town.relay.account(ben).entry.suites.clone();
        town.relay.account(ben).entry.suites = vec![Suite::Classical.number(), 7];
        let id = town.says(ADA, BEN, "later");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::Refused));
        town.relay.account(ben).entry.suites = suites;
        town.passes(HOUR_MS);
        assert_eq!(town.texts(BEN, ADA), ["later"]);
        town.still_talk();
    });
}

#[test]
fn welcome_with_another_key_for_a_contact_is_dropped() {
    over_both_suites(|town| {
        let mut town = town.talking();
        clo_poses_as_ben(&mut town);
        town.meets(CLO, ADA);
        let ada = town.id(ADA);
        let Reply::Conversation(conversation) = town.command(CLO, Command::OpenConversation(ada)) else {
            panic!("opening answers with the conversation")
        };
        let send = Command::SendText { conversation, text: "it is me, Ben".to_owned(), reply_to: None };
        town.command(CLO, send);
        while town.performs(CLO) {}
        town.receives(ADA);
        assert_eq!(town.notices(ADA, BEN), [], "whoever may write can make such a Welcome: it proves nothing");
        assert_eq!(town.texts(ADA, BEN), ["hello Ben", "hello Ada"]);
        assert!(!town.contact(ADA, BEN).alarm);
        town.still_talk();
    });
}

#[test]
fn card_to_which_nothing_can_be_sealed_is_refused_and_stops_nobody() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let mut card = town.people[CLO].card();
        card.sealing_key = [0; 32];
        let add = Command::AddContact { card, name: String::new() };
        assert!(town.try_command(ADA, add).is_err());
        town.still_talk();
    });
}

#[test]
fn a_key_package_is_asked_for_again_where_there_was_none() {
    over_both_suites(|mut town| {
        let code = sealpost_wire::error::ErrorCode::NotFound;
        town.people[ADA].next(is_fetch, Fate::Refused(code));
        town.says(ADA, BEN, "later");
        town.settle();
        assert!(town.people[ADA].outgoing.iter().all(|it| !matches!(it.request, Request::FetchKeyPackage { .. })));
        town.passes(HOUR_MS);
        assert_eq!(town.texts(BEN, ADA), ["later"]);
    });
}

#[test]
fn a_welcome_that_came_while_its_sender_was_blocked_makes_nobody_deaf_after_unblocking() {
    for seed in 1..=6 {
        let mut town = Town::new(Suite::Classical, seed);
        let ben = town.id(BEN);
        for who in [ADA, BEN] {
            town.disconnects(who);
        }
        town.says(BEN, ADA, "first of Ben");
        town.says(ADA, BEN, "first of Ada");
        town.connects(BEN);
        town.settle();
        town.command(ADA, Command::BlockContact(ben));
        town.connects(ADA);
        town.settles();
        town.command(ADA, Command::UnblockContact(ben));
        town.settles();
        town.says(BEN, ADA, "is anybody there?");
        town.settles();
        assert_eq!(town.texts(ADA, BEN).last(), Some(&"is anybody there?".to_owned()), "seed {seed}");
    }
}
