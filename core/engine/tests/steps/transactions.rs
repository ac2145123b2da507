//! A step leaves all of its work or none: dropped transactions, failed writes, failed commits.

use crate::{
    person::{Fate, Person, Seeded},
    town::{ADA, BEN, Town, is_claim, is_message, over_both_suites},
};
use sealpost_engine::{
    Engine,
    command::{Answer, Command, Input, Outgoing, Request},
    error::EngineError,
    storage::{StorageError, memory::MemoryStore, watched::Watched},
};

/// Fails the step at every write that it makes, each time on a copy; gives how many there are.
fn fails_at_every_write(person: &Person, now_ms: u64, input: impl Fn() -> Input) -> usize {
    let failed = |room: usize| {
        let mut store: MemoryStore = person.store.clone();
        let (mut tx, mut left) = (store.begin(), room);
        let mut full = Watched::new(&mut tx, |_, _, _| {
            left = left.checked_sub(1).ok_or(StorageError::DiskFull)?;
            Ok(())
        });
        let step = Engine::default().step(input(), &mut full, now_ms, &mut Seeded(3));
        match step {
            Ok(_) => false,
            Err(error) => {
                assert!(error.is_storage(), "the cause is told as it is: {error}");
                true
            }
        }
    };
    (0..).find(|room| !failed(*room)).expect("with enough room the step succeeds")
}

/// What is on its way: each delivery's ID, and the sealed message that its job holds. The HPKE around it may differ.
fn deliveries(person: &Person) -> Vec<(Vec<u8>, Vec<u8>)> {
    let jobs = person.jobs();
    let delivery = |outgoing: &Outgoing| match &outgoing.request {
        Request::Deliver(delivery) => {
            let job = jobs.iter().find(|job| Some(&job.id) == outgoing.job.as_ref()).expect("a delivery is a job");
            let sealed = job.sealed.as_ref().expect("what was handed over stays with its job");
            Some((delivery.delivery_id.clone(), sealed.parcel.clone()))
        }
        _ => None,
    };
    person.outgoing.iter().chain(&person.held).filter_map(delivery).collect()
}

#[test]
fn a_step_that_fails_leaves_nothing() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.is_due_to_heal(ADA, BEN);
        town.people[ADA].next(is_claim, Fate::Hold);
        town.says(ADA, BEN, "one");
        town.settle();
        let claim = town.people[ADA].held.pop().expect("the claim is on its way");
        let Answer::Slot(mut slot) = town.perform(ADA, claim.request) else { panic!("a slot answers") };
        slot.receipt[0] ^= 1;
        let before = town.people[ADA].rows();
        let input = Input::Answer { job: claim.job.expect("a claim is a job"), answer: Answer::Slot(slot) };
        let now_ms = town.now_ms;
        assert!(matches!(town.people[ADA].step(input, now_ms), Err(EngineError::BadAnswer(_))));
        assert!(town.people[ADA].rows() == before);
        town.restarts(ADA);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn a_full_disk_is_told_as_such_at_every_write() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let conversation = town.conversation(ADA, BEN).id;
        let send = || Command::SendText { conversation, text: "one".to_owned(), reply_to: None };
        let now_ms = town.now_ms;
        assert!(fails_at_every_write(&town.people[ADA], now_ms, || Input::Command(Box::new(send()))) > 2);
        town.disconnects(BEN);
        town.is_due_to_heal(ADA, BEN);
        town.command(ADA, send());
        town.settle();
        let ben = town.id(BEN);
        let envelopes: Vec<_> = town.relay.account(ben).mailbox.iter().cloned().collect();
        assert!(envelopes.len() >= 2, "the message, and the commit behind it");
        assert!(fails_at_every_write(&town.people[BEN], now_ms, || Input::Envelopes(envelopes.clone())) > 5);
        town.connects(BEN);
        town.settles();
        town.still_talk();
    });
}

#[test]
fn what_was_never_committed_never_happened() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let conversation = town.conversation(ADA, BEN).id;
        let before = town.people[ADA].rows();
        let now_ms = town.now_ms;
        let send = Command::SendText { conversation, text: "gone".to_owned(), reply_to: None };
        let effects = town.people[ADA].step_without_commit(Input::Command(Box::new(send)), now_ms);
        assert_eq!(effects.requests.len(), 1, "it would have left");
        assert!(town.people[ADA].rows() == before);
        town.connects(ADA);
        town.settles();
        town.still_talk();
        assert!(!town.texts(BEN, ADA).contains(&"gone".to_owned()));
    });
}

#[test]
fn jobs_are_handed_over_again_with_the_same_bytes() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.says(ADA, BEN, "once");
        let first = deliveries(&town.people[ADA]);
        assert_eq!(first.len(), 1);
        town.restarts(ADA);
        assert_eq!(deliveries(&town.people[ADA]), first);
        town.disconnects(ADA);
        town.connects(ADA);
        assert_eq!(deliveries(&town.people[ADA]), first);
        town.settles();
        town.still_talk();
        assert_eq!(town.texts(BEN, ADA).iter().filter(|text| *text == "once").count(), 1);
    });
}

#[test]
fn answer_whose_commit_fails_repeats_the_delivery_and_shows_it_once() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.people[ADA].next(is_message, Fate::Hold);
        town.says(ADA, BEN, "once");
        town.settle();
        let first = deliveries(&town.people[ADA]);
        let outgoing = town.people[ADA].held.pop().expect("the message is on its way");
        let answer = town.perform(ADA, outgoing.request);
        let input = Input::Answer { job: outgoing.job.expect("a message is a job"), answer };
        let now_ms = town.now_ms;
        town.people[ADA].step_without_commit(input, now_ms);
        town.connects(ADA);
        assert_eq!(deliveries(&town.people[ADA]), first);
        town.settles();
        assert_eq!(town.texts(BEN, ADA).iter().filter(|text| *text == "once").count(), 1);
        town.still_talk();
    });
}

#[test]
fn envelopes_whose_commit_fails_are_handled_when_they_come_again() {
    over_both_suites(|town| {
        let mut town = town.talking();
        town.says(ADA, BEN, "one");
        town.says(ADA, BEN, "two");
        while town.performs(ADA) {}
        let (ben, now_ms) = (town.id(BEN), town.now_ms);
        let envelopes: Vec<_> = town.relay.account(ben).mailbox.iter().cloned().collect();
        town.people[BEN].step_without_commit(Input::Envelopes(envelopes), now_ms);
        assert_eq!(town.texts(BEN, ADA).len(), 2);
        town.connects(BEN);
        town.settles();
        assert_eq!(town.texts(BEN, ADA).len(), 4);
        assert_eq!(town.unopened(BEN, ADA), 0);
        town.still_talk();
    });
}

#[test]
fn answer_to_a_job_that_is_not_on_its_way_is_ignored() {
    over_both_suites(|town| {
        let mut town: Town = town.talking();
        town.people[ADA].next(is_message, Fate::Hold);
        town.says(ADA, BEN, "one");
        town.settle();
        let outgoing = town.people[ADA].held.pop().expect("the message is on its way");
        let (job, answer) = (outgoing.job.expect("a message is a job"), town.perform(ADA, outgoing.request));
        town.disconnects(ADA);
        let before = town.people[ADA].rows();
        town.answers(ADA, job.clone(), answer);
        assert!(town.people[ADA].rows() == before);
        town.connects(ADA);
        town.settle();
        town.people[ADA].next(is_message, Fate::Lost);
        town.says(ADA, BEN, "two");
        town.answers(ADA, job, Answer::Delivered(Default::default()));
        town.settles();
        assert_eq!(town.texts(BEN, ADA).last().map(String::as_str), Some("two"));
        town.still_talk();
    });
}
