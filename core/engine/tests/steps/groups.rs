//! Conversations of many: made, joined, changed and left.

use sealpost_engine::{
    command::{Command, Input},
    conversations::{Standing, members},
    error::EngineError,
    fact::Happened,
    mls::Group,
    plan::Policy,
};

use crate::{
    club::over_both_suites,
    person::Fate,
    town::{ADA, BEN, CLO, DAN, DAY_MS, HOUR_MS, Town, is_claim, is_commit, is_content, is_message, is_welcome},
};

#[test]
fn everybody_reads_what_anybody_writes() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        assert_eq!(town.happened(ADA), [Happened::Created]);
        assert_eq!(town.happened(BEN), [Happened::Joined]);
        assert_eq!(town.club_name(CLO), "club");
        town.club_talks(&[ADA, BEN, CLO]);
        let suite = town.suite;
        let id = town.club_state(BEN).id;
        assert_eq!(town.with_mls(BEN, id, Group::suite), suite, "hybrid where all offer it");
    });
}

#[test]
fn what_is_written_before_the_group_is_made_leaves_when_it_is() {
    over_both_suites(|mut town| {
        town.creates_group(ADA, &[BEN, CLO]);
        town.club_says(ADA, "first");
        town.settles();
        assert_eq!(town.club_texts(BEN), ["first"]);
        assert_eq!(town.club_texts(CLO), ["first"]);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn newcomers_read_what_is_sent_after_they_came_and_the_removed_nothing_more() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.club_says(BEN, "before Dan");
        town.settles();
        let (club, dan, clo) = (town.club_id(ADA), town.id(DAN), town.id(CLO));
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![dan] });
        town.settles();
        assert_eq!(town.standing(DAN), Some(Standing::Member));
        assert!(town.club_texts(DAN).is_empty());
        assert!(town.happened(BEN).contains(&Happened::Added(dan)));
        town.club_talks(&[ADA, BEN, CLO, DAN]);
        town.command(ADA, Command::RemoveMembers { conversation: club, members: vec![clo] });
        town.settles();
        assert_eq!(town.standing(CLO), Some(Standing::Removed));
        let before = town.club_texts(CLO);
        town.club_talks(&[ADA, BEN, DAN]);
        assert_eq!(town.club_texts(CLO), before);
        assert!(town.happened(DAN).contains(&Happened::Removed(clo)));
        assert!(town.happened(CLO).contains(&Happened::Removed(clo)));
        let club = town.club_id(CLO);
        let refused =
            town.try_command(CLO, Command::SendText { conversation: club, text: "me?".into(), reply_to: None });
        assert!(matches!(refused, Err(EngineError::NotAMember)));
    });
}

#[test]
fn who_leaves_is_taken_out_by_an_admin_and_may_come_back() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (ben, club) = (town.id(BEN), town.club_id(BEN));
        town.command(BEN, Command::LeaveGroup(club));
        town.settles();
        assert_eq!(town.standing(BEN), Some(Standing::Left));
        assert!(town.happened(CLO).contains(&Happened::Left(ben)));
        assert!(!town.happened(CLO).contains(&Happened::Removed(ben)));
        town.club_talks(&[ADA, CLO]);
        assert_eq!(town.job_kinds(BEN), []);
        let club = town.club_id(ADA);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![ben] });
        town.settles();
        assert!(matches!(town.standing(BEN), Some(Standing::Invited { .. })), "whoever left is asked");
        let club = town.club_id(BEN);
        town.command(BEN, Command::AcceptInvitation(club));
        town.settles();
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn who_leaves_is_taken_out_by_a_member_who_has_blocked_them_as_well() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (ben, club) = (town.id(BEN), town.club_id(BEN));
        town.command(ADA, Command::BlockContact(ben));
        town.club_says(BEN, "dropped");
        town.command(BEN, Command::LeaveGroup(club));
        town.settles();
        assert_eq!(town.standing(BEN), Some(Standing::Left));
        assert!(town.happened(ADA).contains(&Happened::Left(ben)));
        assert_eq!(town.club_members(ADA), [ADA]);
        assert!(!town.club_texts(ADA).contains(&"dropped".to_owned()));
    });
}

#[test]
fn where_two_leave_at_once_and_nobody_who_should_act_is_left_the_others_take_them_out() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO, DAN]);
        for who in [CLO, DAN] {
            town.disconnects(who);
        }
        for who in [ADA, BEN] {
            let club = town.club_id(who);
            town.command(who, Command::LeaveGroup(club));
        }
        town.settles();
        for who in [CLO, DAN] {
            town.connects(who);
        }
        town.passes(HOUR_MS);
        for who in [CLO, DAN] {
            assert_eq!(town.club_members(who), [CLO, DAN]);
            assert_eq!(town.job_kinds(who), []);
        }
        town.club_talks(&[CLO, DAN]);
    });
}

#[test]
fn who_leaves_while_their_keys_are_renewed_is_out_although_the_admin_leaves_too() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let members = members(&town.people[ADA].store, town.club_id(ADA)).expect("members are read");
        // Whoever has the lower leaf acts as admin when Ada is gone.
        let ben_acts = members.iter().find(|it| it.id != town.id(ADA)).is_some_and(|it| it.id == town.id(BEN));
        let (stays, leaves) = if ben_acts { (BEN, CLO) } else { (CLO, BEN) };
        let group = town.club_state(leaves);
        town.keys_have_served(leaves, group);
        town.people[leaves].next(is_claim, Fate::Hold);
        town.club_says(leaves, "the last word");
        town.settle();
        town.disconnects(stays);
        for who in [leaves, ADA] {
            let club = town.club_id(who);
            town.command(who, Command::LeaveGroup(club));
        }
        town.releases(leaves);
        town.settles();
        town.connects(stays);
        town.passes(HOUR_MS);
        assert_eq!(town.club_members(stays), [stays]);
    });
}

#[test]
fn who_takes_out_the_last_admin_is_one_and_takes_in_whoever_lost_the_keys() {
    for lost in [BEN, CLO] {
        let stays = if lost == BEN { CLO } else { BEN };
        over_both_suites(|town| {
            let mut town = town.with_group(&[BEN, CLO]);
            town.disconnects(lost);
            town.command(lost, Command::StartOver { next_secret: vec![3; 32] });
            let club = town.club_id(ADA);
            town.command(ADA, Command::LeaveGroup(club));
            town.passes(HOUR_MS);
            assert!(town.happened(stays).contains(&Happened::BecameAdmin(town.id(stays))));
            town.connects(lost);
            town.passes(DAY_MS + HOUR_MS);
            town.take(lost, Input::Wake);
            town.settles();
            town.club_talks(&[BEN, CLO]);
        });
    }
}

#[test]
fn whose_word_to_leave_waits_while_the_group_moves_on_is_out_all_the_same() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, at_ben) = (town.club_id(ADA), town.club_id(BEN));
        town.people[BEN].next(is_content, Fate::Lost);
        town.command(BEN, Command::LeaveGroup(at_ben));
        town.settle();
        town.disconnects(BEN);
        for name in ["one", "two", "three", "four"] {
            town.command(ADA, Command::RenameGroup { conversation: at_ada, name: name.to_owned() });
            town.settles();
        }
        assert_eq!(town.club_members(ADA), [ADA, BEN, CLO]);
        town.connects(BEN);
        town.passes(HOUR_MS);
        assert_eq!((town.club_members(ADA), town.standing(BEN)), (vec![ADA, CLO], Some(Standing::Left)));
        town.club_talks(&[ADA, CLO]);
    });
}

#[test]
fn who_leaves_while_the_group_is_created_anew_is_out_of_the_new_one() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, at_ben) = (town.club_id(ADA), town.club_id(BEN));
        town.disconnects(BEN);
        town.command(ADA, Command::RecreateGroup { conversation: club, without: Vec::new() });
        town.settles();
        assert_eq!(town.club_members(ADA), [ADA, BEN, CLO]);
        town.command(BEN, Command::LeaveGroup(at_ben));
        town.connects(BEN);
        town.passes(HOUR_MS);
        for who in [ADA, CLO] {
            assert_eq!(town.club_members(who), [ADA, CLO]);
        }
        assert!(!town.club(BEN).is_some_and(|club| club.takes_part()));
        town.club_talks(&[ADA, CLO]);
    });
}

#[test]
fn who_joins_after_somebody_left_hears_of_it() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (club, clo) = (town.club_id(ADA), town.id(CLO));
        town.disconnects(CLO);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settles();
        for who in [ADA, BEN] {
            let club = town.club_id(who);
            town.command(who, Command::LeaveGroup(club));
        }
        town.settles();
        town.connects(CLO);
        town.passes(HOUR_MS);
        assert_eq!(town.club_members(CLO), [CLO]);
    });
}

#[test]
fn who_is_alone_in_a_group_writes_and_starts_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (club, ben, clo) = (town.club_id(ADA), town.id(BEN), town.id(CLO));
        town.command(ADA, Command::RemoveMembers { conversation: club, members: vec![ben] });
        town.settles();
        town.club_says(ADA, "to myself");
        town.settles();
        town.restarts(ADA);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settles();
        town.club_talks(&[ADA, CLO]);
    });
}

#[test]
fn where_the_last_admin_leaves_the_lowest_leaf_takes_over() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let club = town.club_id(ADA);
        town.command(ADA, Command::LeaveGroup(club));
        town.passes(HOUR_MS);
        town.club_talks(&[BEN, CLO]);
        let rename = |club| Command::RenameGroup { conversation: club, name: "without Ada".to_owned() };
        let (at_ben, at_clo) = (town.club_id(BEN), town.club_id(CLO));
        let can = [town.try_command(BEN, rename(at_ben)).is_ok(), town.try_command(CLO, rename(at_clo)).is_ok()];
        assert_eq!(can.iter().filter(|can| **can).count(), 1, "one of the two acts as admin");
        town.settles();
        assert_eq!(town.club_name(BEN), "without Ada");
        assert_eq!(town.club_name(CLO), "without Ada");
    });
}

#[test]
fn only_admins_change_a_group_unless_it_lets_its_members() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.meets(BEN, DAN);
        town.meets(DAN, BEN);
        let (club, dan, clo, ben) = (town.club_id(BEN), town.id(DAN), town.id(CLO), town.id(BEN));
        let add = || Command::AddMembers { conversation: club, members: vec![dan] };
        let rename = || Command::RenameGroup { conversation: club, name: "Ben's".to_owned() };
        let remove = || Command::RemoveMembers { conversation: club, members: vec![clo] };
        for command in [add(), rename(), remove()] {
            assert!(matches!(town.try_command(BEN, command), Err(EngineError::NotAdmin)));
        }
        let at_ada = town.club_id(ADA);
        let policy = Policy { members_add: true, members_rename: true };
        town.command(ADA, Command::SetPolicy { conversation: at_ada, policy });
        town.settles();
        assert!(town.happened(CLO).contains(&Happened::PolicyChanged));
        town.command(BEN, rename());
        town.command(BEN, add());
        assert!(matches!(town.try_command(BEN, remove()), Err(EngineError::NotAdmin)));
        town.settles();
        assert_eq!(town.club_name(DAN), "Ben's");
        town.club_talks(&[ADA, BEN, CLO, DAN]);
        town.command(ADA, Command::SetAdmin { conversation: at_ada, member: ben, admin: true });
        town.settles();
        assert!(town.happened(DAN).contains(&Happened::BecameAdmin(ben)));
        town.command(BEN, remove());
        town.settles();
        town.club_talks(&[ADA, BEN, DAN]);
    });
}

#[test]
fn the_last_admin_stays_one_and_nobody_takes_out_who_is_not_in() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN]);
        let (club, ada, dan) = (town.club_id(ADA), town.id(ADA), town.id(DAN));
        let down = Command::SetAdmin { conversation: club, member: ada, admin: false };
        assert!(matches!(town.try_command(ADA, down), Err(EngineError::LastAdmin)));
        for nobody in [ada, dan] {
            let remove = Command::RemoveMembers { conversation: club, members: vec![nobody] };
            assert!(matches!(town.try_command(ADA, remove), Err(EngineError::NotAMember)));
        }
    });
}

#[test]
fn whoever_is_added_by_a_stranger_is_asked_and_tells_nothing_before() {
    over_both_suites(|mut town| {
        // Ben has Dan's card; Dan has never heard of Ben.
        town.meets(BEN, DAN);
        town.creates_group(BEN, &[ADA, DAN]);
        town.settles();
        town.club_says(ADA, "before Dan said yes");
        town.settles();
        let ben = town.id(BEN);
        assert_eq!(town.standing(DAN), Some(Standing::Invited { by: ben }));
        assert!(town.club_texts(DAN).is_empty(), "nothing comes in");
        assert!(town.job_kinds(DAN).is_empty());
        let club = town.club_id(DAN);
        town.command(DAN, Command::AcceptInvitation(club));
        town.settles();
        assert_eq!(town.club_texts(DAN), ["before Dan said yes"], "what waited for Dan comes now");
        town.club_talks(&[ADA, BEN, DAN]);
    });
}

#[test]
fn an_invitation_that_is_turned_down_takes_its_owner_out() {
    over_both_suites(|mut town| {
        town.meets(BEN, DAN);
        town.creates_group(BEN, &[ADA, DAN]);
        town.settles();
        let club = town.club_id(DAN);
        town.command(DAN, Command::LeaveGroup(club));
        town.passes(HOUR_MS);
        assert_eq!(town.standing(DAN), Some(Standing::Left));
        town.club_talks(&[ADA, BEN]);
    });
}

#[test]
fn of_two_who_change_at_once_one_is_first_and_the_other_follows_and_tries_again() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, at_ben, ben, dan) = (town.club_id(ADA), town.club_id(BEN), town.id(BEN), town.id(DAN));
        town.command(ADA, Command::SetAdmin { conversation: at_ada, member: ben, admin: true });
        town.settles();
        town.people[ADA].next(is_claim, Fate::Hold);
        town.command(ADA, Command::AddMembers { conversation: at_ada, members: vec![dan] });
        town.settle();
        town.command(BEN, Command::RenameGroup { conversation: at_ben, name: "renamed".to_owned() });
        while town.performs(BEN) {}
        town.releases(ADA);
        town.settles();
        assert_eq!(town.club_name(DAN), "renamed");
        town.club_talks(&[ADA, BEN, CLO, DAN]);
    });
}

#[test]
fn a_claim_whose_answer_is_lost_is_repeated_and_counts_once() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, before) = (town.club_id(ADA), town.club_epoch(ADA).1);
        town.people[ADA].next(is_claim, Fate::AnswerLost);
        town.command(ADA, Command::RenameGroup { conversation: club, name: "once".to_owned() });
        town.settle();
        town.restarts(ADA);
        town.settles();
        assert_eq!(town.club_epoch(ADA).1, before + 1);
        town.club_talks(&[ADA, BEN, CLO]);
        let renamed = Happened::Renamed("once".to_owned());
        assert_eq!(town.happened(CLO).iter().filter(|it| **it == renamed).count(), 1);
    });
}

#[test]
fn a_member_who_is_away_finds_all_commits_and_messages_of_the_time() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (club, dan) = (town.club_id(ADA), town.id(DAN));
        town.disconnects(CLO);
        let mut said = Vec::new();
        for number in 0..6 {
            town.command(ADA, Command::RenameGroup { conversation: club, name: format!("name {number}") });
            town.settles();
            said.push(format!("in between {number}"));
            town.club_says(BEN, &said[number]);
            town.settles();
        }
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![dan] });
        town.settles();
        town.connects(CLO);
        town.settles();
        assert_eq!(town.club_texts(CLO), said);
        assert_eq!(town.club_unopened(CLO), 0);
        town.club_talks(&[ADA, BEN, CLO, DAN]);
    });
}

#[test]
fn commits_that_are_never_delivered_are_found_in_their_slots() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let club = town.club_id(ADA);
        for number in 0..3 {
            town.people[ADA].next(is_commit, Fate::Swallowed);
            town.command(ADA, Command::RenameGroup { conversation: club, name: format!("name {number}") });
            town.settle();
        }
        town.club_says(ADA, "three epochs on");
        town.settles();
        assert_eq!(town.club_texts(BEN), ["three epochs on"]);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_mailbox_that_is_full_gets_it_later_and_holds_up_nobody() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let clo = town.id(CLO);
        town.relay.full.insert(clo);
        let first = town.club_says(ADA, "first");
        town.club_says(ADA, "second");
        town.settles();
        assert_eq!(town.club_texts(BEN), ["first", "second"]);
        assert!(town.club_texts(CLO).is_empty());
        let message = |town: &Town| town.club_messages(ADA).into_iter().find(|it| it.id == first).expect("it is there");
        assert_eq!(message(&town).unreached, [clo]);
        town.relay.full.clear();
        town.passes(HOUR_MS);
        assert_eq!(town.club_texts(CLO), ["first", "second"]);
        assert!(message(&town).unreached.is_empty());
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_member_who_slept_through_a_removal_is_reached_by_the_token_from_before() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO, DAN]);
        town.disconnects(CLO);
        let (club, dan) = (town.club_id(ADA), town.id(DAN));
        town.command(ADA, Command::RemoveMembers { conversation: club, members: vec![dan] });
        town.settles();
        town.club_says(BEN, "Dan is out");
        town.settles();
        town.connects(CLO);
        town.settles();
        assert_eq!(town.club_texts(CLO), ["Dan is out"]);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_welcome_whose_sender_vanishes_is_handed_on_by_who_knows_the_newcomer() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.meets(BEN, DAN);
        town.meets(DAN, BEN);
        let (club, dan) = (town.club_id(ADA), town.id(DAN));
        town.people[ADA].next(is_welcome, Fate::Swallowed);
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![dan] });
        town.settles();
        assert_eq!(town.standing(DAN), None);
        town.passes(3 * HOUR_MS);
        assert_eq!(town.standing(DAN), Some(Standing::Member));
        town.club_talks(&[ADA, BEN, CLO, DAN]);
    });
}

#[test]
fn who_offers_no_key_package_is_left_out_and_the_others_are_in() {
    over_both_suites(|mut town| {
        let clo = town.id(CLO);
        town.relay.account(clo).packages.clear();
        town.creates_group(ADA, &[BEN, CLO]);
        town.settles();
        assert!(town.happened(ADA).contains(&Happened::NotAdded(clo)));
        town.club_talks(&[ADA, BEN]);
    });
}

#[test]
fn one_member_without_the_hybrid_suite_makes_the_group_a_classical_one() {
    use sealpost_crypto::directory_entry::sign_entry;
    use sealpost_wire::suite::Suite;
    let mut town = Town::new(Suite::Hybrid, 1);
    town.meets(ADA, CLO);
    town.meets(CLO, ADA);
    let (clo, key) = (town.id(CLO), town.people[CLO].identity_key());
    let account = town.relay.account(clo);
    account.packages.retain(|it| it.suite == Suite::Classical.number());
    let sealing_key = account.entry.sealing_key.as_slice().try_into().expect("32 bytes");
    account.entry = sign_entry(&key, clo, sealing_key, &[Suite::Classical.number()]);
    let mut town = town.with_group(&[BEN, CLO]);
    let id = town.club_state(ADA).id;
    assert_eq!(town.with_mls(ADA, id, Group::suite), Suite::Classical);
    town.club_talks(&[ADA, BEN, CLO]);
}

#[test]
fn a_group_anew_keeps_conversation_and_history_and_leaves_the_suspect_behind() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO, DAN]);
        town.club_says(BEN, "in the old group");
        town.settles();
        let (club, dan) = (town.club_id(ADA), town.id(DAN));
        town.people[BEN].next(is_message, Fate::Hold);
        town.club_says(BEN, "on its way");
        town.settle();
        town.command(ADA, Command::RecreateGroup { conversation: club, without: vec![dan] });
        town.settles();
        town.releases(BEN);
        town.settles();
        assert!(town.happened(BEN).contains(&Happened::CreatedAnew));
        assert_eq!(town.club_texts(CLO), ["in the old group", "on its way"]);
        town.club_talks(&[ADA, BEN, CLO]);
        assert_eq!(town.club_texts(DAN), ["in the old group", "on its way"], "sealed before Ben knew of the new one");
    });
}
