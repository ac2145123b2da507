//! How conversations begin: by one, by both at once, with a key package that is gone, by a stranger.

use sealpost_engine::{
    command::{Command, Input, Request},
    messages::MessageState,
    outbox::JobKind,
};
use sealpost_wire::{frame::NoticeKind, suite::Suite};

use crate::{
    person::Fate,
    town::{ADA, BEN, CLO, DAY_MS, Town, is_content, is_fetch, is_message, is_welcome, over_both_suites},
};

/// Ada and Ben have both written before either has heard of the other, and both Welcomes are with the relay.
fn both_open(town: &mut Town, fate: Option<Fate>) {
    for who in [ADA, BEN] {
        town.disconnects(who);
        town.says(who, ADA + BEN - who, &format!("first of {who}"));
        town.says(who, ADA + BEN - who, &format!("second of {who}"));
        if let Some(fate) = fate {
            town.people[who].next(is_message, fate);
        }
    }
    for who in [ADA, BEN] {
        town.connects(who);
    }
    while town.performs(ADA) || town.performs(BEN) {}
}

#[track_caller]
fn have_one_group_and_all_four_texts(town: &mut Town) {
    for who in [ADA, BEN] {
        let with = ADA + BEN - who;
        let mut texts = town.texts(who, with);
        texts.sort();
        assert_eq!(texts, ["first of 0", "first of 1", "second of 0", "second of 1"]);
        assert_eq!(town.unopened(who, with), 0);
        assert_eq!(town.people[who].account().unhandled, 0);
    }
    town.still_talk();
}

#[test]
fn conversation_opens_with_its_first_message() {
    over_both_suites(|mut town| {
        assert!(town.relay.accounts.values().all(|account| account.mailbox.is_empty()));
        let id = town.says(ADA, BEN, "hello Ben");
        town.settles();
        assert_eq!(town.texts(BEN, ADA), ["hello Ben"]);
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        assert_eq!(town.contact(BEN, ADA).profile_name, "Ada");
        assert_eq!(town.contact(ADA, BEN).profile_name, "Ben");
        town.still_talk();
    });
}

#[test]
fn both_open_at_once_and_fold_into_one() {
    over_both_suites(|mut town| {
        both_open(&mut town, None);
        town.settles();
        have_one_group_and_all_four_texts(&mut town);
    });
}

#[test]
fn both_open_at_once_and_their_messages_come_later() {
    over_both_suites(|mut town| {
        both_open(&mut town, Some(Fate::Lost));
        town.settles();
        have_one_group_and_all_four_texts(&mut town);
    });
}

#[test]
fn an_opening_is_given_up_where_the_peers_group_comes_first() {
    over_both_suites(|mut town| {
        town.people[ADA].next(is_fetch, Fate::Hold);
        town.says(ADA, BEN, "from Ada");
        while town.performs(ADA) {}
        town.says(BEN, ADA, "from Ben");
        town.settle();
        let group = town.group(ADA, BEN).id;
        town.releases(ADA);
        town.settles();
        assert_eq!(town.conversation(ADA, BEN).groups, [group], "no other was made");
        assert_eq!(town.texts(BEN, ADA).len(), 2);
        town.still_talk();
    });
}

#[test]
fn message_in_the_group_that_folds_is_not_overtaken_by_one_in_the_group_that_stays() {
    over_both_suites(|mut town| {
        both_open(&mut town, Some(Fate::Hold));
        town.settle();
        let stays = town.group(ADA, BEN).id;
        assert_eq!(town.group(BEN, ADA).id, stays);
        let made_it = |town: &mut Town, who| town.with_mls(who, stays, |group| group.own_index() == 0);
        let (winner, loser) = if made_it(&mut town, ADA) { (ADA, BEN) } else { (BEN, ADA) };
        town.releases(winner);
        town.settles();
        town.releases(loser);
        town.settles();
        have_one_group_and_all_four_texts(&mut town);
    });
}

#[test]
fn welcome_comes_before_anything_that_is_sealed_in_its_group() {
    over_both_suites(|mut town| {
        town.people[ADA].next(is_welcome, Fate::Lost);
        town.says(ADA, BEN, "one");
        town.settle();
        assert!(town.group(ADA, BEN).awaits_welcome);
        assert!(town.people[ADA].jobs().iter().filter(|job| is_content(&job.kind)).all(|job| job.sealed.is_none()));
        town.settles();
        assert_eq!(town.texts(BEN, ADA), ["one"]);
        town.still_talk();
    });
}

#[test]
fn welcome_that_is_delivered_twice_is_joined_once() {
    over_both_suites(|mut town| {
        town.says(ADA, BEN, "one");
        while town.performs(ADA) {}
        let ben = town.id(BEN);
        let envelopes = town.relay.account(ben).mailbox.clone();
        town.relay.account(ben).mailbox.extend(envelopes);
        town.settles();
        assert_eq!(town.texts(BEN, ADA), ["one"]);
        town.still_talk();
    });
}

#[test]
fn crash_between_key_package_and_welcome_makes_the_group_once() {
    over_both_suites(|mut town| {
        town.people[ADA].next(is_fetch, Fate::Hold);
        town.says(ADA, BEN, "one");
        town.settle();
        let outgoing = town.people[ADA].held.pop().expect("the key package is asked for");
        let answer = town.perform(ADA, outgoing.request);
        let (job, now_ms) = (outgoing.job.expect("a job"), town.now_ms);
        town.people[ADA].step_without_commit(Input::Answer { job, answer }, now_ms);
        town.connects(ADA);
        town.settles();
        assert_eq!(town.texts(BEN, ADA), ["one"]);
        assert_eq!(town.conversation(ADA, BEN).groups.len(), 1);
        town.still_talk();
    });
}

#[test]
fn welcome_for_a_key_package_that_is_gone_is_answered_with_an_own_group() {
    over_both_suites(|mut town| {
        // Ben's device has published key packages, and lost their secrets with the transaction that made them.
        let notice = Input::Notice { kind: NoticeKind::KeyPackagesLow, deadline_seconds: 0 };
        let (ben, now_ms) = (town.id(BEN), town.now_ms);
        let effects = town.people[BEN].step_without_commit(notice, now_ms);
        let published = effects.requests.into_iter().find_map(|outgoing| match outgoing.request {
            Request::PublishKeyPackages { packages, .. } => Some(packages),
            _ => None,
        });
        let good = town.relay.account(ben).packages.clone();
        town.relay.account(ben).packages = published.expect("key packages are published");
        let suite = town.suite.number();
        town.relay.account(ben).packages.retain(|packages| packages.suite == suite);
        town.connects(BEN);
        let id = town.says(ADA, BEN, "into a group that Ben can't join");
        while town.performs(ADA) {}
        town.relay.account(ben).packages = good;
        town.settles();
        assert_eq!(town.group(ADA, BEN).counter, 1);
        assert_eq!(town.group(BEN, ADA).counter, 1);
        assert_eq!(town.group(ADA, BEN).id, town.group(BEN, ADA).id);
        assert_eq!(town.texts(BEN, ADA), ["into a group that Ben can't join"]);
        assert_eq!(town.state(ADA, BEN, id), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn stranger_learns_nothing_before_the_request_is_accepted() {
    over_both_suites(|mut town| {
        town.command(ADA, Command::SetReadReceipts(true));
        town.meets(CLO, ADA);
        let first = town.says(CLO, ADA, "do you know me?");
        let second = town.says(CLO, ADA, "hello?");
        town.settles();
        assert_eq!(town.texts(ADA, CLO), ["do you know me?", "hello?"]);
        assert!(town.contact(ADA, CLO).request);
        let conversation = town.conversation(ADA, CLO).id;
        town.command(ADA, Command::MarkRead { conversation, position: u64::MAX });
        town.command(ADA, Command::SetName("Ada Lovelace".to_owned()));
        town.settles();
        assert_eq!(town.job_kinds(ADA), []);
        for id in [first, second] {
            assert_eq!(town.state(CLO, ADA, id), MessageState::Sent);
        }
        assert_eq!(town.contact(CLO, ADA).profile_name, "");
        let clo = town.id(CLO);
        town.command(ADA, Command::AcceptContact(clo));
        town.settles();
        for id in [first, second] {
            assert_eq!(town.state(CLO, ADA, id), MessageState::Delivered);
        }
        assert_eq!(town.contact(CLO, ADA).profile_name, "Ada Lovelace");
    });
}

#[test]
fn answering_accepts_a_request() {
    over_both_suites(|mut town| {
        town.meets(CLO, ADA);
        let id = town.says(CLO, ADA, "do you know me?");
        town.settles();
        town.says(ADA, CLO, "now I do");
        town.settles();
        assert!(!town.contact(ADA, CLO).request);
        assert_eq!(town.state(CLO, ADA, id), MessageState::Delivered);
        assert_eq!(town.texts(CLO, ADA), ["do you know me?", "now I do"]);
    });
}

#[test]
fn stranger_who_is_blocked_is_not_heard_again() {
    over_both_suites(|mut town| {
        town.meets(CLO, ADA);
        town.says(CLO, ADA, "one");
        town.settles();
        let clo = town.id(CLO);
        town.command(ADA, Command::BlockContact(clo));
        town.says(CLO, ADA, "two");
        town.settles();
        assert_eq!(town.texts(ADA, CLO), ["one"]);
        assert!(town.job_kinds(ADA).iter().all(|kind| !matches!(kind, JobKind::Content { .. })));
    });
}

#[test]
fn what_was_sent_to_a_device_that_starts_over_is_sent_again() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.disconnects(BEN);
        let lost = town.says(ADA, BEN, "to keys that are gone");
        town.settle();
        assert_eq!(town.state(ADA, BEN, lost), MessageState::Sent);
        town.command(BEN, Command::StartOver { next_secret: vec![3; 32] });
        town.connects(BEN);
        town.settles();
        assert_eq!(town.texts(BEN, ADA), ["hello Ben", "hello Ada", "to keys that are gone"]);
        assert_eq!(town.state(ADA, BEN, lost), MessageState::Delivered);
        town.still_talk();
    });
}

#[test]
fn a_welcome_that_nobody_fetched_in_a_month_makes_no_conversation_deaf() {
    for seed in 1..=6 {
        let mut town = Town::new(Suite::Classical, seed);
        town.disconnects(ADA);
        town.says(BEN, ADA, "never fetched");
        town.settle();
        town.passes(40 * DAY_MS);
        let ada = town.id(ADA);
        town.relay.account(ada).mailbox.clear();
        town.connects(ADA);
        town.says(ADA, BEN, "anybody there?");
        town.settles();
        town.says(BEN, ADA, "yes");
        town.settles();
        assert_eq!(town.texts(ADA, BEN).last(), Some(&"yes".to_owned()), "seed {seed}");
    }
}

#[test]
fn a_welcome_that_waited_for_months_is_made_anew_and_its_message_arrives() {
    over_both_suites(|mut town| {
        town.people[BEN].next(is_welcome, Fate::Lost);
        town.says(BEN, ADA, "composed long ago");
        town.performs(BEN);
        town.performs(BEN);
        town.disconnects(BEN);
        town.disconnects(ADA);
        town.passes(140 * DAY_MS);
        town.connects(ADA);
        town.settles();
        town.connects(BEN);
        town.settles();
        assert_eq!(town.texts(ADA, BEN), ["composed long ago"]);
        town.still_talk();
    });
}

#[test]
fn a_second_group_whose_welcome_was_taken_without_an_answer_gives_way_to_a_third() {
    over_both_suites(|mut town| {
        town.disconnects(BEN);
        town.says(ADA, BEN, "in the first");
        town.settles();
        town.disconnects(ADA);
        town.passes(31 * DAY_MS);
        town.people[ADA].next(is_welcome, Fate::AnswerLost);
        town.connects(ADA);
        town.settle();
        town.disconnects(ADA);
        town.connects(BEN);
        town.settles();
        town.says(BEN, ADA, "in the second");
        town.settles();
        town.passes(31 * DAY_MS);
        town.connects(ADA);
        town.settles();
        assert_eq!(town.texts(ADA, BEN), ["in the first", "in the second"]);
        town.still_talk();
    });
}

#[test]
fn who_started_over_while_somebody_was_blocked_hears_them_once_they_are_not() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ada = town.id(ADA);
        town.command(BEN, Command::BlockContact(ada));
        town.command(BEN, Command::StartOver { next_secret: vec![7; 32] });
        town.settles();
        town.command(BEN, Command::UnblockContact(ada));
        town.settles();
        town.says(ADA, BEN, "heard again");
        town.settles();
        assert_eq!(town.texts(BEN, ADA).last(), Some(&"heard again".to_owned()));
        town.still_talk();
    });
}

#[test]
fn what_was_on_its_way_when_the_peer_started_over_is_sent_again() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.disconnects(BEN);
        town.command(BEN, Command::StartOver { next_secret: vec![7; 32] });
        town.people[ADA].next(is_message, Fate::Hold);
        town.says(ADA, BEN, "in flight, in the old group");
        town.settle();
        town.connects(BEN);
        town.settle();
        town.releases(ADA);
        town.settles();
        assert!(town.texts(BEN, ADA).contains(&"in flight, in the old group".to_owned()));
        town.still_talk();
    });
}

#[test]
fn a_group_whose_welcome_expired_after_starting_over_is_made_anew() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let ada = town.id(ADA);
        town.disconnects(ADA);
        town.command(BEN, Command::StartOver { next_secret: vec![7; 32] });
        town.settles();
        town.passes(40 * DAY_MS);
        town.relay.account(ada).mailbox.clear();
        for who in [ADA, BEN] {
            town.disconnects(who);
            town.connects(who);
        }
        town.settles();
        town.still_talk();
    });
}

#[test]
fn where_a_welcome_was_missed_while_its_sender_was_blocked_both_hear_each_other_again() {
    for seed in 1..=6 {
        let mut town = Town::new(Suite::Classical, seed);
        let ada = town.id(ADA);
        town.command(BEN, Command::BlockContact(ada));
        town.says(ADA, BEN, "not heard");
        town.settles();
        town.command(BEN, Command::UnblockContact(ada));
        town.settles();
        town.says(BEN, ADA, "from Ben");
        town.says(ADA, BEN, "from Ada");
        town.settles();
        assert!(town.texts(BEN, ADA).contains(&"from Ada".to_owned()), "seed {seed}");
        assert!(town.texts(ADA, BEN).contains(&"from Ben".to_owned()), "seed {seed}");
    }
}

#[test]
fn a_welcome_for_a_key_package_that_was_handed_out_twice_is_answered_with_an_own_group() {
    over_both_suites(|mut town| {
        town.meets(BEN, CLO);
        town.meets(CLO, BEN);
        let ben = town.id(BEN);
        let before = town.relay.account(ben).packages.clone();
        town.says(ADA, BEN, "from Ada");
        town.settles();
        town.relay.account(ben).packages = before;
        town.says(CLO, BEN, "from Clo");
        town.settles();
        assert_eq!(town.texts(BEN, CLO), ["from Clo"]);
    });
}

#[test]
fn an_opening_that_waits_gives_way_to_one_that_replaces_a_missed_welcome() {
    over_both_suites(|mut town| {
        let ada = town.id(ADA);
        town.says(ADA, BEN, "not heard");
        town.people[BEN].next(is_fetch, Fate::Hold);
        town.says(BEN, ADA, "waits");
        town.command(BEN, Command::BlockContact(ada));
        town.settles();
        town.command(BEN, Command::UnblockContact(ada));
        town.settles();
        town.releases(BEN);
        town.settles();
        town.says(ADA, BEN, "from Ada");
        town.settles();
        assert!(town.texts(BEN, ADA).contains(&"from Ada".to_owned()));
        assert!(town.texts(ADA, BEN).contains(&"waits".to_owned()));
    });
}
