//! Commits and messages do not arrive in the order in which they were made.

use sealpost_engine::command::Input;

use crate::{
    person::Fate,
    town::{ADA, BEN, DAY_MS, HOUR_MS, Town, is_commit, is_look, over_both_suites},
};

/// Ada has committed, and the commit is on its way or lost.
fn ada_commits(town: Town, fate: Fate) -> Town {
    let mut town = town.talking();
    town.is_due_to_heal(ADA, BEN);
    town.people[ADA].next(is_commit, fate);
    town.says(ADA, BEN, "before");
    town.settle();
    assert_eq!(town.epoch(ADA, BEN).1, town.epoch(BEN, ADA).1 + 1);
    town
}

fn last(town: &Town, count: usize) -> Vec<String> {
    let texts = town.texts(BEN, ADA);
    texts[texts.len() - count..].to_vec()
}

#[test]
fn messages_of_a_future_epoch_wait_and_are_shown_in_order() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Hold);
        town.people[BEN].next(is_look, Fate::Hold);
        for text in ["one", "two", "three"] {
            town.says(ADA, BEN, text);
        }
        town.settle();
        assert_eq!(last(&town, 1), ["before"], "the others wait");
        assert_eq!(town.unopened(BEN, ADA), 0);
        town.releases(BEN);
        town.settle();
        assert_eq!(last(&town, 4), ["before", "one", "two", "three"]);
        town.releases(ADA);
        town.settles();
        assert_eq!(town.people[BEN].account().unhandled, 0);
        town.still_talk();
    });
}

#[test]
fn a_commit_that_comes_late_releases_what_waits_for_it() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Hold);
        town.people[BEN].next(is_look, Fate::Lost);
        town.says(ADA, BEN, "after");
        town.settle();
        assert_eq!(last(&town, 1), ["before"]);
        town.releases(ADA);
        town.settle();
        assert_eq!(last(&town, 2), ["before", "after"]);
        town.settles();
        assert!(town.people[BEN].failures.is_empty(), "the look comes too late, and finds the next slot free");
        town.still_talk();
    });
}

#[test]
fn parked_messages_outlast_a_restart() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Swallowed);
        town.people[BEN].next(is_look, Fate::Hold);
        town.says(ADA, BEN, "after");
        town.settle();
        town.restarts(BEN);
        town.settles();
        assert_eq!(last(&town, 2), ["before", "after"]);
        town.still_talk();
    });
}

#[test]
fn a_commit_that_is_never_delivered_is_found_on_connecting() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Swallowed);
        town.passes(HOUR_MS);
        assert_ne!(town.epoch(ADA, BEN), town.epoch(BEN, ADA));
        town.disconnects(BEN);
        town.connects(BEN);
        town.settle();
        assert_eq!(town.epoch(ADA, BEN), town.epoch(BEN, ADA));
        town.still_talk();
    });
}

#[test]
fn a_commit_that_is_never_delivered_is_found_within_a_day() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Swallowed);
        town.passes(DAY_MS);
        town.take(BEN, Input::Wake);
        town.settle();
        assert_eq!(town.epoch(ADA, BEN), town.epoch(BEN, ADA));
        town.still_talk();
    });
}

#[test]
fn several_epochs_are_caught_up_with_one_by_one() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Swallowed);
        town.disconnects(BEN);
        for text in ["one", "two", "three", "four"] {
            town.is_due_to_heal(ADA, BEN);
            town.people[ADA].next(is_commit, Fate::Swallowed);
            town.says(ADA, BEN, text);
            town.settle();
        }
        town.says(ADA, BEN, "five");
        town.settle();
        assert_eq!(town.epoch(ADA, BEN).1, town.epoch(BEN, ADA).1 + 5);
        town.passes(HOUR_MS);
        town.connects(BEN);
        town.settles();
        assert_eq!(last(&town, 6), ["before", "one", "two", "three", "four", "five"]);
        assert_eq!(town.unopened(BEN, ADA), 0);
        town.still_talk();
    });
}

#[test]
fn an_answer_to_a_look_that_comes_after_the_commit_changes_nothing() {
    over_both_suites(|town| {
        let mut town = ada_commits(town, Fate::Hold);
        town.says(ADA, BEN, "after");
        while town.performs(ADA) {}
        town.receives(BEN);
        let place = town.people[BEN].outgoing.len() - 1;
        let look = town.people[BEN].outgoing.remove(place).expect("Ben looks at the slot");
        let answer = town.perform(BEN, look.request);
        town.releases(ADA);
        while town.performs(ADA) {}
        town.receives(BEN);
        assert_eq!(town.epoch(ADA, BEN), town.epoch(BEN, ADA), "the commit came by mailbox");
        town.answers(BEN, look.job.expect("a look is a job"), answer);
        town.settles();
        assert!(town.people[BEN].failures.is_empty());
        town.still_talk();
    });
}
