//! Members who lost their group, and their way back.

use sealpost_engine::{conversations::Standing, fact::Happened};
use sealpost_wire::limits;

use sealpost_engine::command::{Command, Input};

use crate::{
    club::over_both_suites,
    person::Fate,
    town::{ADA, BEN, CLO, DAY_MS, HOUR_MS, Town, is_commit, is_message, is_welcome},
};

#[test]
fn who_was_away_for_longer_than_slots_are_kept_is_added_afresh() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        town.command(ADA, Command::RenameGroup { conversation: club, name: "while Clo was away".to_owned() });
        town.settles();
        town.club_says(BEN, "a month ago");
        town.settles();
        // The relay has let all of it go.
        town.relay.slots.values_mut().for_each(|content| *content = None);
        town.relay.account(clo).mailbox.clear();
        town.passes(31 * DAY_MS);
        town.connects(CLO);
        town.settles();
        assert!(town.happened(CLO).contains(&Happened::Torn));
        assert!(town.happened(CLO).contains(&Happened::BackAgain), "{:?}", town.happened(CLO));
        assert!(town.happened(BEN).contains(&Happened::CameBack(clo)));
        assert_eq!(town.standing(CLO), Some(Standing::Member));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn who_did_not_fetch_the_welcome_in_a_month_is_added_afresh() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settles();
        town.relay.account(clo).mailbox.clear();
        town.passes(31 * DAY_MS);
        town.connects(CLO);
        town.settles();
        assert_eq!(town.standing(CLO), None);
        town.disconnects(ADA);
        town.connects(ADA);
        town.settles();
        assert_eq!(town.standing(CLO), Some(Standing::Member));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_welcome_back_into_a_group_that_was_created_anew_meanwhile_changes_nothing() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let club = town.club_id(ADA);
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        while town.performs(CLO) {}
        town.people[ADA].next(is_welcome, Fate::Hold);
        while town.receives(ADA) || town.performs(ADA) {}
        town.command(ADA, Command::RecreateGroup { conversation: club, without: Vec::new() });
        town.settle();
        town.releases(ADA);
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn where_the_slot_was_freed_too_early_parked_messages_tell_and_the_member_comes_back() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let club = town.club_id(ADA);
        town.disconnects(CLO);
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.command(ADA, Command::RenameGroup { conversation: club, name: "unseen".to_owned() });
        town.settles();
        town.club_says(ADA, "from the next epoch");
        town.settles();
        assert_eq!(town.club_texts(BEN), ["from the next epoch"], "Ben has looked");
        town.relay.slots.clear();
        town.connects(CLO);
        town.settles();
        assert!(town.club_texts(CLO).is_empty());
        town.disconnects(CLO);
        town.passes(DAY_MS + HOUR_MS);
        town.connects(CLO);
        town.settles();
        assert_eq!(town.club_texts(CLO), ["from the next epoch"], "asked for, and sealed anew");
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_relay_that_shows_two_contents_for_one_slot_parts_the_group_for_a_day_at_most() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, at_clo, clo) = (town.club_id(ADA), town.club_id(CLO), town.id(CLO));
        town.command(ADA, Command::SetAdmin { conversation: at_ada, member: clo, admin: true });
        town.settles();
        // Ada wins the slot; the relay forgets it and lets Clo win it, too. Neither commit is delivered.
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.people[CLO].next(is_commit, Fate::Swallowed);
        town.command(ADA, Command::RenameGroup { conversation: at_ada, name: "Ada's".to_owned() });
        while town.performs(ADA) {}
        town.relay.slots.clear();
        town.command(CLO, Command::RenameGroup { conversation: at_clo, name: "Clo's".to_owned() });
        while town.performs(CLO) {}
        town.club_says(ADA, "from Ada");
        town.settles();
        town.club_says(CLO, "from Clo");
        town.settles();
        town.passes(2 * DAY_MS);
        for who in [ADA, BEN, CLO] {
            town.disconnects(who);
            town.connects(who);
        }
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
        for who in [ADA, BEN, CLO] {
            let texts = town.club_texts(who);
            assert!(
                texts.contains(&"from Ada".to_owned()) && texts.contains(&"from Clo".to_owned()),
                "{who}: {texts:?}"
            );
        }
    });
}

#[test]
fn too_much_garbage_lets_the_admin_create_the_group_anew() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let club = town.club_id(ADA);
        town.relay.spoils_slots = true;
        town.command(ADA, Command::RenameGroup { conversation: club, name: "never".to_owned() });
        town.settles();
        town.relay.spoils_slots = false;
        assert_eq!(town.relay.slots.len(), limits::SLOT_ATTEMPTS as usize);
        assert!(town.happened(BEN).contains(&Happened::CreatedAnew));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn who_was_taken_out_and_lost_the_keys_before_asks_for_a_week_and_gives_up() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        town.command(ADA, Command::RemoveMembers { conversation: club, members: vec![clo] });
        town.settles();
        town.relay.slots.values_mut().for_each(|content| *content = None);
        town.relay.account(clo).mailbox.clear();
        town.passes(31 * DAY_MS);
        let day = |town: &mut Town| {
            town.passes(DAY_MS + HOUR_MS);
            town.disconnects(CLO);
            town.connects(CLO);
            town.settles();
        };
        (0..6).for_each(|_| day(&mut town));
        assert_eq!(town.standing(CLO), Some(Standing::Member), "it still asks");
        (0..3).for_each(|_| day(&mut town));
        assert_eq!(town.standing(CLO), Some(Standing::Removed));
        assert!(town.happened(CLO).contains(&Happened::GaveUp));
        assert_eq!(town.job_kinds(CLO), []);
        assert_eq!(town.club_members(ADA), [ADA, BEN]);
    });
}

#[test]
fn whom_a_group_created_anew_had_to_leave_out_is_added_when_a_key_package_is_there() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        let packages = std::mem::take(&mut town.relay.account(clo).packages);
        town.command(ADA, Command::RecreateGroup { conversation: club, without: Vec::new() });
        town.settles();
        assert_eq!(town.club_members(ADA), [ADA, BEN]);
        town.relay.account(clo).packages = packages;
        town.passes(2 * DAY_MS);
        for who in [CLO, ADA] {
            town.disconnects(who);
            town.connects(who);
        }
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn what_was_sealed_before_somebody_lost_the_keys_is_sealed_again_although_it_still_waits() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.disconnects(CLO);
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        let club = town.club_id(ADA);
        town.command(ADA, Command::RenameGroup { conversation: club, name: "next epoch".to_owned() });
        town.settles();
        town.people[ADA].next(is_message, Fate::AnswerLost);
        town.club_says(ADA, "while Clo had no keys");
        while town.performs(ADA) {}
        town.connects(CLO);
        town.settle();
        town.passes(HOUR_MS);
        assert!(town.club_texts(CLO).contains(&"while Clo had no keys".to_owned()));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_welcome_goes_by_the_newer_card_once_that_is_known() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (club, ben, clo) = (town.club_id(ADA), town.id(BEN), town.id(CLO));
        town.meets(CLO, BEN);
        town.people[ADA].next(is_welcome, Fate::Hold);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settle();
        // Clo's token is another one now, and nobody has told Ada.
        town.command(CLO, Command::BlockContact(ben));
        town.settle();
        town.relay.account(clo).tokens.truncate(1);
        town.releases(ADA);
        town.settles();
        assert_eq!(town.standing(CLO), None);
        town.meets(ADA, CLO);
        town.passes(HOUR_MS);
        assert_eq!(town.standing(CLO), Some(Standing::Member));
        town.command(CLO, Command::UnblockContact(ben));
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_member_who_is_blocked_may_create_the_group_anew() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, ada) = (town.club_id(ADA), town.id(ADA));
        town.command(BEN, Command::BlockContact(ada));
        town.settles();
        town.command(ADA, Command::RecreateGroup { conversation: club, without: Vec::new() });
        town.settles();
        assert!(town.happened(BEN).contains(&Happened::CreatedAnew));
        town.command(BEN, Command::UnblockContact(ada));
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_group_that_a_new_admin_creates_anew_waits_for_the_commit_that_makes_them_one() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, at_ben, ben) = (town.club_id(ADA), town.club_id(BEN), town.id(BEN));
        town.disconnects(CLO);
        town.command(ADA, Command::SetAdmin { conversation: at_ada, member: ben, admin: true });
        town.settles();
        town.command(BEN, Command::RecreateGroup { conversation: at_ben, without: Vec::new() });
        town.settles();
        // The Welcome comes first, and all that Clo knows is that Ben is a member.
        let clo = town.id(CLO);
        let mailbox = &mut town.relay.account(clo).mailbox;
        mailbox.make_contiguous().reverse();
        town.connects(CLO);
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn who_lost_the_keys_before_somebody_else_acted_as_admin_is_taken_in_again_by_them() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, at_ben) = (town.club_id(ADA), town.club_id(BEN));
        town.disconnects(CLO);
        for (member, admin) in [(BEN, true), (ADA, false)] {
            let member = town.id(member);
            town.command(ADA, Command::SetAdmin { conversation: at_ada, member, admin });
            town.settles();
        }
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        town.command(BEN, Command::RecreateGroup { conversation: at_ben, without: Vec::new() });
        town.settles();
        town.connects(CLO);
        town.settles();
        assert_ne!(town.club_state(CLO).id, town.club_state(BEN).id, "Ben is no admin that Clo knows");
        town.passes(DAY_MS + HOUR_MS);
        town.take(CLO, Input::Wake);
        town.settles();
        assert_eq!(town.club_state(CLO).id, town.club_state(BEN).id);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn of_two_admins_who_are_asked_one_takes_the_member_in_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, member) = (town.club_id(ADA), town.id(BEN));
        town.command(ADA, Command::SetAdmin { conversation: club, member, admin: true });
        town.settles();
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        town.passes(HOUR_MS);
        let back = town.happened(BEN).into_iter().filter(|it| *it == Happened::CameBack(town.id(CLO))).count();
        assert_eq!(back, 1);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn whose_welcome_back_was_lost_is_taken_in_again_when_they_ask_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.people[ADA].next(is_welcome, Fate::Swallowed);
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        town.settles();
        assert!(town.club_state(CLO).torn);
        town.passes(DAY_MS + HOUR_MS);
        town.take(CLO, Input::Wake);
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn what_was_said_in_a_new_group_reaches_whoever_could_not_join_it_at_first() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        // Clo gives up the key package by which Ada's new group would have her.
        town.disconnects(CLO);
        town.command(ADA, Command::RecreateGroup { conversation: club, without: Vec::new() });
        town.settles();
        town.command(CLO, Command::StartOver { next_secret: vec![3; 32] });
        town.relay.account(clo).mailbox.clear();
        town.connects(CLO);
        town.settles();
        town.club_says(ADA, "to all");
        town.club_says(BEN, "to all, too");
        town.settles();
        assert!(town.club_texts(CLO).is_empty());
        town.club_says(CLO, "from where nobody is");
        town.settles();
        town.passes(DAY_MS + HOUR_MS);
        town.take(CLO, Input::Wake);
        town.settles();
        for who in [ADA, BEN, CLO] {
            let mut texts = town.club_texts(who);
            texts.sort();
            assert_eq!(texts, ["from where nobody is", "to all", "to all, too"], "{who}");
        }
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_restored_relay_gets_its_slots_and_fresh_key_packages_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        let backup = town.relay.backup();
        town.command(ADA, Command::RenameGroup { conversation: club, name: "renamed".to_owned() });
        town.settles();
        let lost = town.relay.slots.clone();
        let used = town.relay.account(clo).packages.clone();
        town.relay.restore(&backup);
        town.relay.incarnation += 1;
        assert_ne!(town.relay.slots, lost);
        for who in [ADA, BEN] {
            town.disconnects(who);
            town.connects(who);
        }
        town.passes(HOUR_MS);
        assert_eq!(town.relay.slots, lost, "what the backup had lost stands there again");
        // Nobody has delivered the commit to Clo, who finds it in its slot.
        town.relay.account(clo).mailbox.clear();
        town.connects(CLO);
        town.settles();
        assert_eq!(town.club_name(CLO), "renamed");
        assert!(!town.happened(CLO).contains(&Happened::BackAgain));
        let fresh = |old: &Vec<u8>| town.relay.accounts[&clo].packages.iter().all(|it| !it.one_time.contains(old));
        assert!(used.iter().flat_map(|it| &it.one_time).all(fresh), "none that may have been handed out");
        town.club_talks(&[ADA, BEN, CLO]);
    });
}
