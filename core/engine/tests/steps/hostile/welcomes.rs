//! Welcomes into a thread that is known already.

use sealpost_engine::{
    fact::Happened,
    mls::{Changes, Group, GroupId, GroupProfile},
};

use super::forged::{Body, TokenSecret, Welcome};
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, DAN, DAY_MS, Town},
};

/// A group of the maker's own under the thread of the known one, with its invited; the card is that of `poses_as`.
fn own_group(town: &mut Town, maker: usize, invited: usize, poses_as: usize, counter_ahead: u32) -> Welcome {
    let many = town.club(invited).expect("there is a group").many.expect("of many");
    let counter = town.club_state(invited).counter + counter_ahead;
    let admins = vec![town.id(maker)];
    let profile = GroupProfile {
        purpose: 1,
        name: "lured".to_owned(),
        admins,
        counter,
        thread: many.thread,
        ..Default::default()
    };
    let (suite, add) = (town.suite, vec![town.package_of(invited)]);
    let welcome = town.in_session(maker, |session| {
        let mut group = Group::create(session, suite, GroupId([0x66; 16]), &profile).expect("created");
        let pending = group.change(session, &Changes { add, ..Changes::default() }).expect("added");
        pending.welcome.expect("a welcome")
    });
    let secrets = vec![TokenSecret { generation: 7, secret: vec![9; 32] }];
    let (card, thread) = (town.people[poses_as].card().to_bytes(), many.thread.to_vec());
    Welcome { welcome, card, name: "anybody".to_owned(), counter, thread, secrets }
}

/// The Welcome changes nothing for Clo, and the group talks.
fn is_ignored(lure: impl Fn(&mut Town) -> Welcome) {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let before = town.sights(&[ADA, BEN, CLO]);
        let welcome = lure(&mut town);
        town.slips(CLO, Body::Welcome(welcome));
        town.passes(DAY_MS);
        assert_eq!(town.sights(&[ADA, BEN, CLO]), before);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_member_who_is_no_admin_cannot_put_another_group_in_place_of_the_known_one() {
    is_ignored(|town| own_group(town, BEN, CLO, BEN, 1));
}

#[test]
fn whoever_is_not_in_the_group_cannot_either() {
    is_ignored(|town| {
        town.meets(DAN, CLO);
        town.meets(CLO, DAN);
        own_group(town, DAN, CLO, DAN, 1)
    });
}

#[test]
fn nobody_invites_in_the_admins_name() {
    is_ignored(|town| own_group(town, BEN, CLO, ADA, 1));
}

#[test]
fn a_counter_that_leaps_is_refused() {
    is_ignored(|town| own_group(town, ADA, CLO, ADA, 5_000));
    is_ignored(|town| own_group(town, ADA, CLO, ADA, u32::MAX));
}

#[test]
fn a_welcome_without_sound_secrets_is_refused() {
    is_ignored(|town| Welcome { secrets: Vec::new(), ..own_group(town, ADA, CLO, ADA, 1) });
    is_ignored(|town| {
        let short = TokenSecret { generation: 1, secret: vec![9; 31] };
        Welcome { secrets: vec![short], ..own_group(town, ADA, CLO, ADA, 1) }
    });
    is_ignored(|town| Welcome { thread: vec![1; 15], ..own_group(town, ADA, CLO, ADA, 1) });
}

#[test]
fn by_the_admin_the_same_welcome_is_taken() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let welcome = own_group(&mut town, ADA, CLO, ADA, 1);
        town.slips(CLO, Body::Welcome(welcome));
        town.settles();
        assert!(town.happened(CLO).contains(&Happened::CreatedAnew));
        assert_eq!(town.club_name(CLO), "lured");
    });
}
