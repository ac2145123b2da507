//! The relay answers as it likes.

use sealpost_crypto::directory_entry::sign_entry;
use sealpost_engine::{
    command::{Answer, Command, Input, Outgoing, Request},
    conversations::Standing,
    fact::Happened,
    messages::MessageState,
};
use sealpost_wire::{
    api::{directory::KeyPackageAnswer, slot::Slot},
    envelope::{DeliveryAnswer, Envelope, RefusedRecipient},
    limits,
    suite::Suite,
};

use crate::{
    club::{self, over_both_suites},
    person::{Fate, Seeded},
    town::{ADA, BEN, CLO, DAN, DAY_MS, HOUR_MS, Town, is_claim, is_commit, is_look},
};

/// A relay that takes part in nothing and says yes to everything, with these bytes wherever there is room for some.
fn says_yes(town: &mut Town, request: &Request, bytes: &[u8]) -> Answer {
    let bytes = bytes.to_vec();
    let slot = |claimed| Answer::Slot(Slot { claimed, content: bytes.clone(), receipt: bytes.clone() });
    match request {
        Request::Deliver(_) if bytes.is_empty() => Answer::Delivered(DeliveryAnswer::default()),
        Request::Deliver(_) => {
            let refused = |index| RefusedRecipient { index, code: "no_such_code".to_owned() };
            Answer::Delivered(DeliveryAnswer { refused: vec![refused(99), refused(u32::MAX)] })
        }
        Request::FetchKeyPackage { id, .. } => {
            let (entry, suite) = (town.relay.account(*id).entry.clone(), town.suite.number());
            Answer::KeyPackage(Box::new(KeyPackageAnswer { entry, suite, key_package: bytes, last_resort: false }))
        }
        Request::ClaimSlot { .. } => slot(true),
        Request::ReadSlot { .. } => slot(false),
        Request::PublishKeyPackages { .. } | Request::PublishTokens(_) | Request::KeepId => Answer::Done,
    }
}

fn is_gone() -> Answer {
    Answer::Slot(Slot { claimed: false, content: Vec::new(), receipt: Vec::new() })
}

/// All that is asked for a while is answered like this.
fn is_answered(town: &mut Town, answer: impl Fn(&mut Town, usize, Request) -> Answer) {
    for _ in 0..20 {
        for who in 0..town.people.len() {
            town.receives(who);
            for Outgoing { job, request } in std::mem::take(&mut town.people[who].outgoing) {
                let answer = answer(town, who, request);
                if let Some(job) = job {
                    town.answers(who, job, answer);
                }
            }
        }
        town.now_ms += 1_000;
        (0..town.people.len()).for_each(|who| town.take(who, Input::Wake));
    }
}

#[test]
fn success_with_nothing_or_garbage_in_it_merges_and_tells_nothing() {
    for bytes in [b"".as_slice(), &[0xAB; 64], &[0; 4_000]] {
        over_both_suites(|town| {
            let mut town = town.with_group(&[BEN, CLO]);
            let before = town.sights(&[ADA, BEN, CLO]);
            let (conversation, dan) = (town.club_id(ADA), town.id(DAN));
            let lost = town.club_says(BEN, "into nothing");
            town.command(ADA, Command::AddMembers { conversation, members: vec![dan] });
            if !bytes.is_empty() {
                // An empty content would say that the slot is taken and gone: the next test's.
                town.command(ADA, Command::RenameGroup { conversation, name: "agreed with nobody".to_owned() });
            }
            is_answered(&mut town, |town, _, request| says_yes(town, &request, bytes));
            for (who, before) in [ADA, BEN, CLO].into_iter().zip(&before) {
                assert_eq!(town.club_epoch(who), before.epoch, "nothing is merged");
                assert_eq!(town.club_members(who), [ADA, BEN, CLO]);
                assert_eq!(town.club_name(who), "club");
            }
            let message = town.club_messages(BEN).into_iter().find(|it| it.id == lost).expect("Ben wrote it");
            assert_ne!(message.state, MessageState::Delivered);
            assert!(town.happened(ADA).contains(&Happened::NotAdded(dan)));
            assert_eq!(town.standing(DAN), None);
            town.passes(2 * HOUR_MS);
            assert_eq!(town.club_name(CLO), if bytes.is_empty() { "club" } else { "agreed with nobody" });
            town.club_talks(&[ADA, BEN, CLO]);
        });
    }
}

#[test]
fn a_relay_that_says_that_every_slot_is_gone_costs_a_new_group() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.club_says(BEN, "before");
        town.settles();
        let conversation = town.club_id(ADA);
        town.command(ADA, Command::RenameGroup { conversation, name: "lost".to_owned() });
        is_answered(&mut town, |town, who, request| match request {
            Request::ClaimSlot { .. } | Request::ReadSlot { .. } => is_gone(),
            other => town.perform(who, other),
        });
        town.passes(DAY_MS);
        assert!(town.happened(ADA).contains(&Happened::Torn));
        town.club_talks(&[ADA, BEN, CLO]);
        assert!([ADA, BEN, CLO].iter().all(|who| town.club_texts(*who)[0] == "before"));
    });
}

#[test]
fn whom_the_relay_keeps_out_of_the_new_group_too_is_named_and_can_be_added_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (conversation, members) = (town.club_id(ADA), vec![town.id(BEN), town.id(CLO)]);
        town.command(ADA, Command::RenameGroup { conversation, name: "lost".to_owned() });
        is_answered(&mut town, |town, who, request| match request {
            Request::ClaimSlot { .. } | Request::ReadSlot { .. } => is_gone(),
            Request::FetchKeyPackage { .. } => says_yes(town, &request, b""),
            other => town.perform(who, other),
        });
        assert!(members.iter().all(|member| town.happened(ADA).contains(&Happened::NotAdded(*member))));
        town.passes(HOUR_MS);
        town.command(ADA, Command::AddMembers { conversation, members });
        town.passes(DAY_MS);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn another_key_in_the_directory_keeps_its_owner_out_and_raises_the_alarm() {
    over_both_suites(|mut town| {
        let (ben, clo) = (town.id(BEN), town.people[CLO].identity_key());
        let good = town.relay.account(ben).entry.clone();
        let sealing_key = good.sealing_key.as_slice().try_into().expect("32 bytes");
        town.relay.account(ben).entry = sign_entry(&clo, ben, sealing_key, &good.suites);
        town.creates_group(ADA, &[BEN, CLO, DAN]);
        town.settles();
        assert!(town.happened(ADA).contains(&Happened::NotAdded(ben)));
        assert!(town.contact(ADA, BEN).alarm);
        assert_eq!(town.standing(BEN), None);
        town.club_talks(&[ADA, CLO, DAN]);
    });
}

#[test]
fn another_key_in_the_directory_does_not_touch_who_is_in_already() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (ben, clo) = (town.id(BEN), town.people[CLO].identity_key());
        let good = town.relay.account(ben).entry.clone();
        let sealing_key = good.sealing_key.as_slice().try_into().expect("32 bytes");
        town.relay.account(ben).entry = sign_entry(&clo, ben, sealing_key, &good.suites);
        town.ada_renames("as before");
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn somebody_elses_key_package_is_not_taken() {
    over_both_suites(|mut town| {
        let (ben, dan) = (town.id(BEN), town.id(DAN));
        town.relay.account(ben).packages = town.relay.account(dan).packages.clone();
        town.creates_group(ADA, &[BEN, CLO]);
        town.settles();
        assert!(town.happened(ADA).contains(&Happened::NotAdded(ben)));
        assert_eq!((town.standing(BEN), town.standing(DAN)), (None, None));
        town.club_talks(&[ADA, CLO]);
    });
}

#[test]
fn a_key_package_past_its_time_is_not_taken() {
    over_both_suites(|mut town| {
        let ben = town.id(BEN);
        let old = town.relay.account(ben).packages.clone();
        town.passes((limits::KEY_PACKAGE_SECONDS + limits::DAY_SECONDS) * 1000);
        [ADA, BEN, CLO].into_iter().for_each(|who| {
            town.disconnects(who);
            town.connects(who);
        });
        town.settles();
        let fresh = std::mem::replace(&mut town.relay.account(ben).packages, old);
        town.creates_group(ADA, &[BEN, CLO]);
        town.settles();
        assert!(town.happened(ADA).contains(&Happened::NotAdded(ben)));
        town.relay.account(ben).packages = fresh;
        let conversation = town.club_id(ADA);
        town.command(ADA, Command::AddMembers { conversation, members: vec![ben] });
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_key_package_that_is_served_twice_leaves_its_owner_out_until_they_are_added_again() {
    over_both_suites(|mut town| {
        let ben = town.id(BEN);
        let served = town.relay.account(ben).packages.clone();
        town.says(ADA, BEN, "takes the first one");
        town.settles();
        town.relay.account(ben).packages = served;
        town.creates_group(ADA, &[BEN, CLO]);
        town.settles();
        assert_eq!(town.standing(BEN), None, "its secret is gone");
        town.club_says(CLO, "is Ben there?");
        town.settles();
        let conversation = town.club_id(ADA);
        town.command(ADA, Command::RemoveMembers { conversation, members: vec![ben] });
        town.settles();
        town.command(ADA, Command::AddMembers { conversation, members: vec![ben] });
        town.settles();
        assert_eq!(town.standing(BEN), Some(Standing::Member));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn where_the_hybrid_package_is_withheld_nobody_is_added_by_the_classical_one() {
    let mut town = club::town(Suite::Hybrid).with_group(&[BEN]);
    let (conversation, clo) = (town.club_id(ADA), town.id(CLO));
    town.relay.serves_only = Some(Suite::Classical);
    town.command(ADA, Command::AddMembers { conversation, members: vec![clo] });
    town.settles();
    assert!(town.happened(ADA).contains(&Happened::NotAdded(clo)));
    town.club_talks(&[ADA, BEN]);
    town.relay.serves_only = None;
    town.command(ADA, Command::AddMembers { conversation, members: vec![clo] });
    town.settles();
    let id = town.club_state(CLO).id;
    assert_eq!(town.with_mls(CLO, id, |group| group.suite()), Suite::Hybrid);
    town.club_talks(&[ADA, BEN, CLO]);
}

#[test]
fn where_the_hybrid_packages_are_withheld_no_classical_group_is_made() {
    let mut town = club::town(Suite::Hybrid);
    town.relay.serves_only = Some(Suite::Classical);
    town.creates_group(ADA, &[BEN, CLO]);
    town.settles();
    assert_eq!((town.standing(BEN), town.standing(CLO)), (None, None));
    let id = town.club_state(ADA).id;
    assert_eq!(town.with_mls(ADA, id, |group| group.members().len()), 1);
    town.relay.serves_only = None;
    let (conversation, members) = (town.club_id(ADA), vec![town.id(BEN), town.id(CLO)]);
    town.command(ADA, Command::AddMembers { conversation, members });
    town.settles();
    let id = town.club_state(CLO).id;
    assert_eq!(town.with_mls(CLO, id, |group| group.suite()), Suite::Hybrid);
    town.club_talks(&[ADA, BEN, CLO]);
}

#[test]
fn envelopes_out_of_order_and_doubled_are_shown_once() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (ben, clo) = (town.id(BEN), town.id(CLO));
        [BEN, CLO].into_iter().for_each(|who| town.disconnects(who));
        let mut said = Vec::new();
        for number in 0..8 {
            said.push(format!("said {number}"));
            town.club_says(ADA, &said[number]);
            town.settles();
            if number % 3 == 2 {
                town.ada_renames(&format!("name {number}"));
            }
        }
        let mut seeded = Seeded(7);
        let mixed = |seeded: &mut Seeded, own: Vec<Envelope>| {
            let mut all: Vec<Envelope> = own.iter().chain(&own).cloned().collect();
            for place in (1..all.len()).rev() {
                all.swap(place, seeded.below(place as u64 + 1) as usize);
            }
            all
        };
        let at_ben: Vec<Envelope> = town.relay.account(ben).mailbox.drain(..).collect();
        let at_clo: Vec<Envelope> = town.relay.account(clo).mailbox.drain(..).collect();
        let (to_ben, to_clo) = (mixed(&mut seeded, at_ben), mixed(&mut seeded, at_clo));
        town.relay.account(ben).mailbox.extend(to_ben.clone());
        town.relay.account(clo).mailbox.extend(to_clo);
        [BEN, CLO].into_iter().for_each(|who| town.connects(who));
        town.settles();
        // Long after the deliveries were forgotten, all of it once more.
        town.passes(40 * DAY_MS);
        town.relay.account(ben).mailbox.extend(to_ben);
        town.settles();
        for who in [BEN, CLO] {
            let mut texts = town.club_texts(who);
            texts.sort();
            assert_eq!(texts, said, "{who}");
            assert_eq!(town.club_unopened(who), 0, "{who}");
        }
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn what_is_withheld_and_comes_later_is_shown_then_and_holds_up_nobody() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let clo = town.id(CLO);
        town.disconnects(CLO);
        town.club_says(ADA, "withheld");
        town.settles();
        town.ada_renames("withheld, too");
        let withheld = std::mem::take(&mut town.relay.account(clo).mailbox);
        town.connects(CLO);
        town.settles();
        assert!(town.club_texts(CLO).is_empty());
        town.club_talks(&[ADA, BEN, CLO]);
        town.relay.account(clo).mailbox.extend(withheld);
        town.settles();
        assert_eq!(town.club_texts(CLO).iter().filter(|text| *text == "withheld").count(), 1);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn forged_receipts_merge_nothing_in_a_group() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (conversation, before) = (town.club_id(ADA), town.club_epoch(ADA));
        town.people[ADA].next(is_claim, Fate::Forged);
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.command(ADA, Command::RenameGroup { conversation, name: "once".to_owned() });
        town.settle();
        assert_eq!(town.club_epoch(ADA), before);
        town.settles();
        assert_eq!(town.club_epoch(ADA).1, before.1 + 1);
        town.people[CLO].next(is_look, Fate::Forged);
        town.club_says(ADA, "lets them look");
        town.settle();
        assert_eq!(town.club_epoch(CLO), before);
        town.settles();
        assert_eq!(town.club_name(CLO), "once");
        town.club_talks(&[ADA, BEN, CLO]);
    });
}
