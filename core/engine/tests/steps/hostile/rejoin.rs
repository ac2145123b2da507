//! Requests to be added afresh: forged, old, of strangers, and too many of them.

use sealpost_crypto::{
    hash::sha256,
    keys::{Domain, IdentityKey},
};
use sealpost_engine::{
    command::Command,
    mls::{GroupId, generate_key_packages},
};

use super::{
    forged::{Body, Rejoin},
    policy::package_under_another_key,
};
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, DAN, DAY_MS, Town},
};

/// The request as Clo's device would make it.
fn genuine(town: &mut Town, of: usize, id: GroupId) -> Rejoin {
    let (epoch, key) = (town.with_mls(of, id, |group| group.epoch()), town.people[of].identity_key());
    let tag = town.in_mls(of, id, |group, session| group.export(session, "sealpost epoch", b"", 8));
    let request = Rejoin {
        group: id.0.to_vec(),
        epoch,
        epoch_tag: tag.expect("exported").to_vec(),
        torn: true,
        key_package: own_package(town, of),
        member: town.id(of).to_string(),
        signature: Vec::new(),
    };
    signed(request, id, &key)
}

/// A fresh key package, whose secrets the device keeps.
fn own_package(town: &mut Town, of: usize) -> Vec<u8> {
    let (suite, key, card) = (town.suite, town.people[of].identity_key(), town.people[of].card());
    let mut tx = town.people[of].store.begin();
    let mut session = sealpost_engine::mls::Session::new(&mut tx, card.id, &key, card.sealing_key);
    let package = generate_key_packages(&mut session, suite, 1, false, u64::MAX).expect("made").remove(0);
    session.finish().expect("written");
    tx.commit();
    package
}

fn signed(mut request: Rejoin, id: GroupId, key: &IdentityKey) -> Rejoin {
    let hash = sha256(&[request.epoch_tag.as_slice(), &[u8::from(request.torn)], &request.key_package].concat());
    let epoch = request.epoch.to_be_bytes();
    let bytes = [id.as_bytes(), request.member.as_bytes(), &epoch, &hash].concat();
    request.signature = key.sign(Domain::Rejoin, &bytes).to_vec();
    request
}

/// These requests reach all members: nobody is taken out, and no slot is claimed.
fn change_nothing(forge: impl Fn(&mut Town, GroupId) -> Vec<Rejoin>) {
    const ALL: [usize; 3] = [ADA, BEN, CLO];
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        town.ada_renames("two epochs on");
        let id = town.club_state(ADA).id;
        let (before, slots) = (town.sights(&ALL), town.relay.slots.len());
        for request in forge(&mut town, id) {
            ALL.iter().for_each(|to| town.slips(*to, Body::Rejoin(request.clone())));
        }
        town.passes(DAY_MS);
        assert_eq!(town.sights(&ALL), before);
        assert_eq!(town.relay.slots.len(), slots);
        town.club_talks(&ALL);
    });
}

#[test]
fn a_return_that_somebody_else_signed_takes_nobody_out() {
    change_nothing(|town, id| {
        let (request, ben) = (genuine(town, CLO, id), town.people[BEN].identity_key());
        let unsigned = Rejoin { signature: vec![0; 64], ..request.clone() };
        let package = package_under_another_key(town, town.id(CLO));
        let own = signed(Rejoin { key_package: package.clone(), ..request.clone() }, id, &ben);
        let replaced = Rejoin { key_package: package, ..request.clone() };
        vec![signed(request, id, &ben), unsigned, own, replaced]
    });
}

#[test]
fn a_return_under_another_key_is_not_made_even_where_its_owner_asks() {
    change_nothing(|town, id| {
        let (request, clo) = (genuine(town, CLO, id), town.people[CLO].identity_key());
        let package = package_under_another_key(town, town.id(CLO));
        let somebodys = town.package_of(DAN);
        let packages = [package, somebodys, vec![0; 40], Vec::new()];
        packages.map(|key_package| signed(Rejoin { key_package, ..request.clone() }, id, &clo)).to_vec()
    });
}

#[test]
fn a_return_to_another_group_or_of_a_stranger_is_dropped() {
    change_nothing(|town, id| {
        let (request, dan) = (genuine(town, CLO, id), town.people[DAN].identity_key());
        let elsewhere = signed(request.clone(), GroupId([9; 16]), &town.people[CLO].identity_key());
        let (member, key_package) = (town.id(DAN).to_string(), own_package(town, DAN));
        let stranger = signed(Rejoin { member, key_package, ..request.clone() }, id, &dan);
        let nobody = Rejoin { member: "no ID at all".to_owned(), ..request };
        vec![elsewhere, stranger, nobody]
    });
}

#[test]
fn who_is_not_torn_and_sees_the_same_epoch_needs_no_return() {
    change_nothing(|town, id| {
        let (request, clo) = (genuine(town, CLO, id), town.people[CLO].identity_key());
        vec![signed(Rejoin { torn: false, ..request }, id, &clo)]
    });
}

#[test]
fn a_return_from_before_somebody_came_is_over() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo, club) = (town.club_state(ADA).id, town.id(CLO), town.club_id(ADA));
        let old = genuine(&mut town, CLO, id);
        town.command(ADA, Command::RemoveMembers { conversation: club, members: vec![clo] });
        town.settles();
        town.command(ADA, Command::AddMembers { conversation: club, members: vec![clo] });
        town.settles();
        let (before, slots) = (town.sights(&[ADA, BEN, CLO]), town.relay.slots.len());
        [ADA, BEN].iter().for_each(|to| town.slips(*to, Body::Rejoin(old.clone())));
        town.passes(DAY_MS);
        assert_eq!(town.sights(&[ADA, BEN, CLO]), before);
        assert_eq!(town.relay.slots.len(), slots);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}

#[test]
fn a_flood_of_returns_makes_one_commit_and_the_forged_ones_none() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let id = town.club_state(ADA).id;
        let (request, ben) = (genuine(&mut town, CLO, id), town.people[BEN].identity_key());
        let slots = town.relay.slots.len();
        for _ in 0..200 {
            let forged = signed(request.clone(), id, &ben);
            [ADA, BEN].iter().for_each(|to| town.slips(*to, Body::Rejoin(forged.clone())));
        }
        town.settles();
        assert_eq!(town.relay.slots.len(), slots);
        for _ in 0..200 {
            [ADA, BEN].iter().for_each(|to| town.slips(*to, Body::Rejoin(request.clone())));
        }
        town.passes(DAY_MS);
        assert_eq!(town.relay.slots.len(), slots + 1, "one commit for all of them");
        town.club_talks(&[ADA, BEN, CLO]);
    });
}
