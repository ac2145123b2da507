//! Keys are renewed by a commit that first claims its slot: by count, by time, at the same moment, across crashes.

use sealpost_engine::{
    command::{Answer, Command, Input, Request},
    event::Event,
};
use sealpost_wire::{api::slot::SlotClaim, limits};

use crate::{
    person::Fate,
    town::{ADA, BEN, DAY_MS, Town, is_claim, is_content, over_both_suites},
};

#[test]
fn keys_are_renewed_after_enough_messages() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN);
        for number in 0..limits::HEALING_MESSAGES + 5 {
            town.says(ADA, BEN, &format!("{number}"));
            town.settle();
        }
        town.settles();
        assert_eq!(town.epoch(ADA, BEN), (before.0, before.1 + 1));
        assert_eq!(town.epoch(BEN, ADA), (before.0, before.1 + 1));
        assert_eq!(town.relay.slots.len(), 1);
        assert_eq!(town.texts(ADA, BEN), town.texts(BEN, ADA));
        town.still_talk();
    });
}

#[test]
fn keys_are_renewed_after_enough_time_with_the_next_message() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN).1;
        town.passes(8 * DAY_MS);
        assert_eq!(town.epoch(ADA, BEN).1, before, "nobody wrote");
        town.says(BEN, ADA, "a week later");
        town.settles();
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        assert_eq!(town.epoch(BEN, ADA).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn a_message_does_not_wait_for_the_commit_that_it_brings_about() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::Hold);
        town.says(ADA, BEN, "now");
        town.settle();
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("now"));
        assert!(town.group(ADA, BEN).pending.is_some());
        town.releases(ADA);
        town.settles();
        assert!(town.group(ADA, BEN).pending.is_none());
        town.still_talk();
    });
}

#[test]
fn claim_leaves_in_the_step_that_stages_the_commit() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.says(ADA, BEN, "now");
        let claims = town.people[ADA].outgoing.iter().filter(|it| matches!(it.request, Request::ClaimSlot { .. }));
        assert_eq!(claims.count(), 1);
    });
}

#[test]
fn of_two_claims_at_the_same_moment_one_wins_and_both_follow_it() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN).1;
        for who in [ADA, BEN] {
            town.is_due_to_heal(who, ADA + BEN - who);
            town.people[who].next(is_claim, Fate::Hold);
        }
        town.says(ADA, BEN, "from Ada");
        town.says(BEN, ADA, "from Ben");
        town.settle();
        let pending = |town: &Town, who| town.group(who, ADA + BEN - who).pending.expect("both claim");
        assert_eq!(pending(&town, ADA).name, pending(&town, BEN).name);
        assert_ne!(pending(&town, ADA).content, pending(&town, BEN).content);
        let winner = pending(&town, BEN).content;
        town.releases(BEN);
        while town.performs(BEN) {}
        town.releases(ADA);
        town.settles();
        assert_eq!(town.relay.slots.values().collect::<Vec<_>>(), [&Some(winner)]);
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn the_loser_follows_the_winner_whose_commit_comes_before_the_answer() {
    over_both_suites(|town| {
        let mut town = town.talking();
        for who in [ADA, BEN] {
            town.is_due_to_heal(who, ADA + BEN - who);
            town.people[who].next(is_claim, Fate::Hold);
        }
        town.says(ADA, BEN, "from Ada");
        town.says(BEN, ADA, "from Ben");
        town.settle();
        town.releases(BEN);
        town.settle();
        assert!(town.group(ADA, BEN).pending.is_none(), "the winner's commit came by mailbox");
        town.releases(ADA);
        town.settles();
        assert!(town.people[ADA].failures.is_empty());
        town.still_talk();
    });
}

#[test]
fn a_claim_whose_answer_is_lost_is_repeated_with_the_same_bytes() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN).1;
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::AnswerLost);
        town.says(ADA, BEN, "now");
        town.settle();
        assert_eq!(town.relay.slots.len(), 1);
        assert_eq!(town.epoch(ADA, BEN).1, before, "not merged without the receipt");
        town.settles();
        assert_eq!(town.relay.slots.len(), 1);
        assert_eq!(town.epoch(ADA, BEN).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn a_crash_between_claim_and_merge_heals() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let before = town.epoch(ADA, BEN).1;
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::Hold);
        town.says(ADA, BEN, "now");
        town.settle();
        let Some(outgoing) = town.people[ADA].held.pop() else { panic!("the claim is on its way") };
        let Answer::Slot(slot) = town.perform(ADA, outgoing.request) else { panic!("a claim is answered by the slot") };
        let answer = Input::Answer { job: outgoing.job.expect("a claim is a job"), answer: Answer::Slot(slot) };
        let now_ms = town.now_ms;
        let merged = town.people[ADA].step_without_commit(answer, now_ms);
        assert_eq!(town.epoch(ADA, BEN).1, before);
        town.connects(ADA);
        town.settles();
        assert!(!merged.requests.is_empty(), "the step that was lost would have delivered the commit");
        assert_eq!(town.relay.slots.len(), 1);
        assert_eq!(town.epoch(BEN, ADA).1, before + 1);
        town.still_talk();
    });
}

#[test]
fn a_crash_after_the_claim_left_repeats_it_with_the_same_bytes() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::Hold);
        town.people[ADA].next(is_content, Fate::Hold);
        town.says(ADA, BEN, "now");
        town.settle();
        let claims = |town: &Town| -> Vec<SlotClaim> {
            let on_the_way = town.people[ADA].held.iter().chain(&town.people[ADA].outgoing);
            let claim = |request: &Request| match request {
                Request::ClaimSlot { claim, .. } => Some(claim.clone()),
                _ => None,
            };
            on_the_way.filter_map(|outgoing| claim(&outgoing.request)).collect()
        };
        let before = claims(&town);
        assert_eq!(before.len(), 1);
        town.restarts(ADA);
        assert_eq!(claims(&town), before);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn epochs_follow_each_other_while_both_talk() {
    over_both_suites(|town| {
        let mut town = town.talking();
        for round in 0..12 {
            let (who, to) = if round % 3 == 0 { (BEN, ADA) } else { (ADA, BEN) };
            town.is_due_to_heal(who, to);
            town.says(who, to, &format!("round {round}"));
            town.says(to, who, &format!("answer {round}"));
            town.settle();
        }
        town.settles();
        assert_eq!(town.texts(ADA, BEN).len(), 26);
        assert!(town.epoch(ADA, BEN).1 >= 12);
        town.still_talk();
    });
}

#[test]
fn typing_is_shown_and_writes_nothing() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let (before, there) = (town.people[ADA].rows(), town.conversation(ADA, BEN).id);
        town.command(ADA, Command::Typing(there));
        assert!(town.people[ADA].rows() == before, "a signal leaves nothing behind");
        town.settle();
        let (shown, who) = (town.conversation(BEN, ADA).id, town.id(ADA));
        assert!(town.told(BEN, &Event::Typing(shown, who)));
    });
}
