//! The relay is restored from yesterday's backup.

use sealpost_engine::{command::Command, conversations::Standing};

use crate::{
    club::over_both_suites,
    person::Fate,
    relay::Backup,
    town::{ADA, BEN, CLO, DAN, DAY_MS, Town, is_commit},
};

pub fn is_restored(town: &mut Town, backup: &Backup) {
    (0..town.people.len()).for_each(|who| town.disconnects(who));
    town.relay.restore(backup);
    (0..town.people.len()).for_each(|who| town.connects(who));
    town.settles();
}

#[test]
fn mailboxes_of_yesterday_show_nothing_twice() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.disconnects(BEN);
        town.club_says(ADA, "yesterday");
        town.settles();
        let backup = town.relay.backup();
        town.connects(BEN);
        town.passes(DAY_MS);
        town.club_says(CLO, "today");
        town.settles();
        is_restored(&mut town, &backup);
        for who in [ADA, BEN, CLO] {
            assert_eq!(town.club_texts(who), ["yesterday", "today"]);
            assert_eq!(town.club_unopened(who), 0);
        }
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn slots_and_key_packages_of_yesterday_let_nobody_in_or_out() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.passes(DAY_MS);
        let mut backup = town.relay.backup();
        let (conversation, clo, dan) = (town.club_id(ADA), town.id(CLO), town.id(DAN));
        town.command(ADA, Command::AddMembers { conversation, members: vec![dan] });
        town.settles();
        town.command(ADA, Command::RemoveMembers { conversation, members: vec![clo] });
        town.settles();
        town.club_says(BEN, "today");
        town.settles();
        backup.keep_tokens_of(&town.relay);
        is_restored(&mut town, &backup);
        assert_eq!(town.standing(CLO), Some(Standing::Removed));
        assert_eq!(town.club_texts(DAN), ["today"]);
        town.passes(DAY_MS);
        town.club_talks(&[ADA, BEN, DAN]);
        town.command(ADA, Command::AddMembers { conversation, members: vec![clo] });
        town.settles();
        town.club_talks(&[ADA, BEN, CLO, DAN]);
    });
}

#[test]
fn whoever_was_away_when_the_slot_was_lost_comes_back() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let backup = town.relay.backup();
        town.disconnects(CLO);
        town.ada_renames("today");
        town.club_says(BEN, "today");
        town.settles();
        is_restored(&mut town, &backup);
        town.club_says(ADA, "after it");
        town.settles();
        for _ in 0..2 {
            town.passes(DAY_MS);
            town.disconnects(CLO);
            town.connects(CLO);
            town.settles();
        }
        assert_eq!(town.club_name(CLO), "today");
        assert!(town.club_texts(CLO).contains(&"after it".to_owned()));
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_slot_that_is_claimed_again_after_the_backup_parts_the_group_for_a_while_only() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (at_ada, clo) = (town.club_id(ADA), town.id(CLO));
        town.command(ADA, Command::SetAdmin { conversation: at_ada, member: clo, admin: true });
        town.settles();
        let backup = town.relay.backup();
        town.disconnects(CLO);
        town.people[ADA].next(is_commit, Fate::Swallowed);
        town.ada_renames("Ada's");
        is_restored(&mut town, &backup);
        let at_clo = town.club_id(CLO);
        town.command(CLO, Command::RenameGroup { conversation: at_clo, name: "Clo's".to_owned() });
        town.settles();
        for who in [ADA, CLO] {
            town.club_says(who, &format!("from {who}"));
            town.settles();
        }
        for _ in 0..3 {
            town.passes(DAY_MS);
            for who in [ADA, BEN, CLO] {
                town.disconnects(who);
                town.connects(who);
            }
            town.settles();
        }
        town.ada_renames("one name again");
        town.club_talks(&[ADA, BEN, CLO]);
        for who in [ADA, BEN, CLO] {
            for text in ["from 0", "from 2"] {
                assert_eq!(town.club_texts(who).iter().filter(|it| *it == text).count(), 1, "{who}: {text}");
            }
        }
    });
}
