//! Requests that leave: their order, their pauses, what blocks them and what frees them.

use sealpost_engine::{
    command::{Command, Input, Request},
    error::EngineError,
    messages::{MessageState, System},
    outbox::Blocked,
    storage::save,
};
use sealpost_wire::{error::ErrorCode, id::MessageId, suite::Suite};

use crate::{
    person::Fate,
    town::{ADA, BEN, CLO, DAY_MS, HOUR_MS, Town, is_commit, is_content, is_message, over_both_suites},
};

const MINUTE_MS: u64 = 60_000;

fn refuse_twice(town: &mut Town, code: ErrorCode) {
    town.people[ADA].next(is_message, Fate::Refused(code));
    town.people[ADA].next(is_message, Fate::Refused(code));
}

/// Ada's message waits for a new card of Ben's.
fn needs_new_card(town: Town) -> (Town, MessageId) {
    let mut town = town.talking();
    refuse_twice(&mut town, ErrorCode::TokenRefused);
    let id = town.says(ADA, BEN, "waits");
    town.settles();
    assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::NeedsNewCard));
    assert!(town.contact(ADA, BEN).token_stale);
    (town, id)
}

#[test]
fn messages_of_a_conversation_leave_one_after_another() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Lost);
        for text in ["one", "two", "three"] {
            town.says(ADA, BEN, text);
        }
        town.settle();
        assert_eq!(town.texts(BEN, ADA).len(), 2, "all wait for the first");
        town.settles();
        assert_eq!(town.texts(BEN, ADA)[2..], ["one", "two", "three"]);
        town.still_talk();
    });
}

#[test]
fn conversations_do_not_wait_for_each_other() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.meets(ADA, CLO);
        town.people[ADA].next(is_message, Fate::Hold);
        town.says(ADA, BEN, "held");
        town.settle();
        town.says(ADA, CLO, "hello Clo");
        town.settle();
        assert_eq!(town.texts(CLO, ADA), ["hello Clo"]);
        town.releases(ADA);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn pauses_grow_up_to_a_limit_and_differ() {
    let pauses = |seed| {
        let mut town = Town::new(Suite::Classical, seed).talking();
        let mut pauses = Vec::new();
        town.people[ADA].next(is_message, Fate::Lost);
        town.says(ADA, BEN, "one");
        town.settle();
        for _ in 0..12 {
            let wake = town.people[ADA].wake_at_ms.expect("tried again later");
            pauses.push(wake - town.now_ms);
            town.people[ADA].next(is_message, Fate::Lost);
            town.now_ms = wake;
            town.take(ADA, Input::Wake);
            town.settle();
        }
        town.passes(10 * MINUTE_MS);
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("one"));
        town.still_talk();
        pauses
    };
    let (first, second) = (pauses(1), pauses(2));
    for pauses in [&first, &second] {
        for (attempt, pause) in pauses.iter().enumerate() {
            let longest = (1_000 << attempt).min(5 * MINUTE_MS);
            assert!((longest / 2..=longest).contains(pause), "try {attempt}: {pause}");
        }
    }
    assert_ne!(first, second);
}

#[test]
fn what_waits_for_the_network_leaves_when_it_is_back() {
    over_both_suites(|town| {
        let mut town = town.talking();
        for _ in 0..6 {
            town.people[ADA].next(is_message, Fate::Lost);
        }
        town.says(ADA, BEN, "one");
        town.passes(30_000);
        assert_eq!(town.texts(BEN, ADA).len(), 2);
        town.people[ADA].next(is_message, Fate::Lost);
        town.disconnects(ADA);
        town.connects(ADA);
        town.settle();
        town.disconnects(ADA);
        town.connects(ADA);
        town.settle();
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("one"));
        town.settles();
        town.still_talk();
    });
}

#[test]
fn nothing_leaves_before_the_mailbox_is_drained() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.disconnects(ADA);
        town.says(ADA, BEN, "later");
        town.take(
            ADA,
            Input::SessionOpened { next_secret: vec![2; 32], incarnation: 1, relay_seconds: town.now_ms / 1000 },
        );
        town.take(ADA, Input::Wake);
        assert!(town.people[ADA].outgoing.is_empty());
        town.take(ADA, Input::Drained);
        let deliveries = town.people[ADA].outgoing.iter().filter(|it| matches!(it.request, Request::Deliver(_)));
        assert_eq!(deliveries.count(), 1);
    });
}

#[test]
fn full_mailbox_is_shown_and_tried_again_later() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ben = town.id(BEN);
        town.relay.full.insert(ben);
        let id = town.says(ADA, BEN, "waits");
        town.settle();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::MailboxFull));
        let wake = town.people[ADA].wake_at_ms.expect("tried again later");
        assert!((1..=MINUTE_MS).contains(&(wake - town.now_ms)), "it may just be being drained");
        town.passes(30 * MINUTE_MS);
        assert_eq!(town.texts(BEN, ADA).len(), 2);
        town.relay.full.clear();
        town.passes(6 * MINUTE_MS);
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn version_that_is_too_old_blocks_until_a_session_opens() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Refused(ErrorCode::TooOldVersion));
        let id = town.says(ADA, BEN, "waits");
        let behind = town.says(ADA, BEN, "waits, too");
        town.passes(HOUR_MS);
        for id in [id, behind] {
            assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::TooOldVersion));
        }
        town.take(
            ADA,
            Input::SessionOpened { next_secret: vec![2; 32], incarnation: 1, relay_seconds: town.now_ms / 1000 },
        );
        town.settles();
        for id in [id, behind] {
            assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        }
        town.still_talk();
    });
}

#[test]
fn token_that_is_refused_once_is_tried_again() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Refused(ErrorCode::TokenRefused));
        let id = town.says(ADA, BEN, "waits a moment");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        assert!(!town.contact(ADA, BEN).token_stale);
    });
}

#[test]
fn network_failures_do_not_count_as_refusals_of_the_token() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Lost);
        town.people[ADA].next(is_message, Fate::Refused(ErrorCode::TokenRefused));
        let id = town.says(ADA, BEN, "waits a moment");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
    });
}

#[test]
fn new_card_frees_what_waits_for_it() {
    over_both_suites(|town| {
        let (mut town, id) = needs_new_card(town);
        let behind = town.says(ADA, BEN, "waits, too");
        assert_eq!(town.state(ADA, BEN, behind), MessageState::Failed(Blocked::NeedsNewCard));
        town.meets(ADA, BEN);
        town.settles();
        for id in [id, behind] {
            assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        }
        assert!(!town.contact(ADA, BEN).token_stale);
        town.still_talk();
    });
}

#[test]
fn profile_with_the_new_token_frees_what_waits_for_it() {
    over_both_suites(|town| {
        let (mut town, id) = needs_new_card(town);
        town.command(BEN, Command::SetName("Ben the Second".to_owned()));
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        assert_eq!(town.contact(ADA, BEN).profile_name, "Ben the Second");
        town.still_talk();
    });
}

#[test]
fn commit_that_waits_for_a_new_card_is_freed_as_well() {
    over_both_suites(|town| {
        let mut town = town.talking();
        for _ in 0..2 {
            town.people[ADA].next(is_commit, Fate::Refused(ErrorCode::TokenRefused));
        }
        town.is_due_to_heal(ADA, BEN);
        town.says(ADA, BEN, "one");
        town.settles();
        assert!(town.contact(ADA, BEN).token_stale);
        assert_eq!(town.job_kinds(ADA).len(), 1);
        town.meets(ADA, BEN);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn repetition_shows_the_token_that_is_known_by_then() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Lost);
        let id = town.says(ADA, BEN, "waits");
        town.settle();
        let clo = town.id(CLO);
        town.meets(BEN, CLO);
        town.command(BEN, Command::BlockContact(clo));
        town.settle();
        let ben = town.id(BEN);
        town.relay.account(ben).tokens.truncate(1);
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn nothing_is_sent_to_or_shown_of_somebody_blocked() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ada = town.id(ADA);
        town.says(ADA, BEN, "a receipt is due");
        town.settle();
        assert!(!town.job_kinds(BEN).is_empty(), "the receipt waits");
        town.command(BEN, Command::BlockContact(ada));
        let id = town.says(ADA, BEN, "into the void");
        town.passes(HOUR_MS);
        assert_eq!(town.job_kinds(BEN), []);
        assert_eq!(town.state(ADA, BEN, id), MessageState::Sent);
        assert!(!town.texts(BEN, ADA).contains(&"into the void".to_owned()));
        let conversation = town.conversation(BEN, ADA).id;
        let send = Command::SendText { conversation, text: "no".to_owned(), reply_to: None };
        assert!(matches!(town.try_command(BEN, send), Err(EngineError::Blocked)));
        town.command(BEN, Command::UnblockContact(ada));
        town.settles();
        town.still_talk();
    });
}

#[test]
fn somebody_blocked_while_a_message_waits_gets_it_after_all_when_unblocked() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ben = town.id(BEN);
        town.disconnects(ADA);
        let id = town.says(ADA, BEN, "waits");
        town.command(ADA, Command::BlockContact(ben));
        town.connects(ADA);
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::Blocked));
        town.command(ADA, Command::UnblockContact(ben));
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn retired_peer_is_told_of_once() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ben = town.id(BEN);
        town.relay.account(ben).retired = true;
        let id = town.says(ADA, BEN, "too late");
        town.settles();
        let second = town.says(ADA, BEN, "later still");
        town.settles();
        for id in [id, second] {
            assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::Retired));
        }
        assert_eq!(town.notices(ADA, BEN), [System::PeerRetired]);
        assert!(town.contact(ADA, BEN).retired);
    });
}

#[test]
fn pointless_jobs_do_not_hold_up_those_behind_them() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let (ada, conversation) = (town.id(ADA), town.conversation(BEN, ADA).id);
        let message = town.messages(BEN, ADA)[1].id;
        town.disconnects(BEN);
        for text in ["one", "two", "three"] {
            town.command(BEN, Command::EditMessage { conversation, message, text: text.to_owned() });
        }
        town.command(BEN, Command::BlockContact(ada));
        town.connects(BEN);
        assert!(town.people[BEN].jobs().iter().all(|job| !is_content(&job.kind)), "all of them are gone in one step");
    });
}

#[test]
fn what_cannot_be_made_ready_to_leave_stops_nobody_else() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.meets(ADA, CLO);
        let mut ben = town.contact(ADA, BEN);
        ben.sealing_key = [0; 32];
        let mut tx = town.people[ADA].store.begin();
        save(&mut tx, &ben).expect("the row is written");
        tx.commit();
        let id = town.says(ADA, BEN, "can't be sealed");
        town.says(ADA, CLO, "hello Clo");
        town.settles();
        assert_eq!(town.state(ADA, BEN, id), MessageState::Failed(Blocked::Refused));
        assert_eq!(town.texts(CLO, ADA), ["hello Clo"]);
    });
}

#[test]
fn what_waited_until_its_keys_are_gone_is_sealed_anew() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let (id, ben) = (town.messages(ADA, BEN)[1].id, town.id(BEN));
        let conversation = town.conversation(ADA, BEN).id;
        for _ in 0..60 {
            town.people[ADA].next(is_content, Fate::Lost);
        }
        town.command(ADA, Command::React { conversation, author: ben, message: id, emoji: "🐢".to_owned() });
        let text = town.says(ADA, BEN, "behind it");
        for round in 0..4 {
            town.is_due_to_heal(BEN, ADA);
            town.says(BEN, ADA, &format!("round {round}"));
            town.settles();
        }
        town.people[ADA].forget_fates();
        town.passes(10 * MINUTE_MS);
        let reactions = town.message(BEN, ADA, BEN, id).reactions;
        assert_eq!(reactions, [(town.id(ADA), "🐢".to_owned())]);
        assert_eq!(town.state(ADA, BEN, text), MessageState::Delivered);
        assert_eq!(town.people[BEN].account().unhandled, 0);
        town.still_talk();
    });
}

#[test]
fn what_a_clock_far_ahead_has_put_off_leaves_when_the_clock_is_right() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.now_ms += 35 * DAY_MS;
        let id = town.says(BEN, ADA, "read by a clock far ahead");
        town.settle();
        town.now_ms -= 35 * DAY_MS;
        town.settles();
        town.says(ADA, BEN, "so that something happens");
        town.settles();
        assert_eq!(town.state(BEN, ADA, id), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn times_are_the_relays_and_wakings_the_devices() {
    over_both_suites(|mut town| {
        let (now_ms, ahead_ms) = (town.now_ms, 200 * DAY_MS);
        let opened = |relay_ms: u64| Input::SessionOpened {
            next_secret: vec![2; 32],
            incarnation: 1,
            relay_seconds: relay_ms / 1000,
        };
        town.take(ADA, opened(now_ms + ahead_ms));
        town.people[ADA].next(is_message, Fate::Lost);
        let message = town.says(ADA, BEN, "by the relay's clock");
        assert!(town.message(ADA, BEN, ADA, message).sent_at_ms.abs_diff(now_ms + ahead_ms) < HOUR_MS);
        town.settle();
        let wake = town.people[ADA].wake_at_ms.expect("what was lost is tried again");
        assert!(wake.abs_diff(now_ms) < HOUR_MS, "soon, by the device's own clock");
        town.take(ADA, opened(now_ms));
        let message = town.says(ADA, BEN, "by both");
        assert!(town.message(ADA, BEN, ADA, message).sent_at_ms.abs_diff(now_ms) < HOUR_MS);
        // A relay that says nonsense moves nothing out of range.
        for relay_seconds in [0, u64::MAX] {
            town.take(ADA, Input::SessionOpened { next_secret: vec![2; 32], incarnation: 1, relay_seconds });
            town.take(ADA, opened(now_ms));
        }
        town.settles();
        town.still_talk();
    });
}
