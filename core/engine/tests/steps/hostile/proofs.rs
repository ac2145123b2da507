//! Words of leave and of return that their owner did not give for this.

use prost::Message as _;
use sealpost_crypto::{
    hash::sha256,
    keys::{Domain, IdentityKey},
};
use sealpost_engine::mls::{Changes, GroupId, GroupProfile};

use super::{
    forged::{Content, Leave, Proof, SlotContent},
    policy::commit_is_skipped,
};
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, Town},
};

const OTHER_GROUP: GroupId = GroupId([0x77; 16]);

/// A word that `about` leaves, or comes back, signed by this key.
pub fn proof(town: &Town, about: usize, key: &IdentityKey, domain: Domain, group: GroupId, hash: Vec<u8>) -> Proof {
    let member = town.id(about).to_string();
    let signed = [group.as_bytes(), member.as_bytes(), &0_u64.to_be_bytes(), &hash].concat();
    Proof { member, epoch: 0, hash, signature: key.sign(domain, &signed).to_vec() }
}

/// Ben takes Clo out, by these proofs: it does not work.
fn removes_nobody(proofs: impl Fn(&mut Town, GroupId) -> Vec<Proof>) {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo) = (town.club_state(BEN).id, town.id(CLO));
        let proofs = proofs(&mut town, id);
        let commit = town.crafts(BEN, id, &Changes { remove: vec![clo], ..Changes::default() }).commit;
        commit_is_skipped(&mut town, BEN, id, &SlotContent { commit, proofs });
    });
}

#[test]
fn a_leave_that_somebody_else_signed_removes_nobody() {
    removes_nobody(|town, id| {
        let ben = town.people[BEN].identity_key();
        let unsigned = Proof { signature: vec![0; 64], ..proof(town, CLO, &ben, Domain::Leave, id, Vec::new()) };
        let short = Proof { signature: vec![1; 3], ..unsigned.clone() };
        vec![proof(town, CLO, &ben, Domain::Leave, id, Vec::new()), unsigned, short]
    });
}

/// Ben takes somebody out by their own word, and makes somebody an admin by the way: it does not work.
fn makes_no_admin(leaves: usize, new_admin: usize) {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, leaver, new_admin) = (town.club_state(BEN).id, town.id(leaves), town.id(new_admin));
        let (profile, leaf) = town.with_mls(BEN, id, |group| (group.profile().clone(), group.leaf_hash(leaver)));
        let key = town.people[leaves].identity_key();
        let word = proof(&town, leaves, &key, Domain::Leave, id, leaf.expect("they have a leaf").to_vec());
        let profile = Some(GroupProfile { admins: vec![new_admin], ..profile });
        let changes = Changes { remove: vec![leaver], profile, ..Changes::default() };
        let commit = town.crafts(BEN, id, &changes).commit;
        commit_is_skipped(&mut town, BEN, id, &SlotContent { commit, proofs: vec![word] });
    });
}

#[test]
fn who_takes_out_somebody_who_leaves_makes_no_admin_of_themselves_while_there_is_one() {
    makes_no_admin(CLO, BEN);
}

#[test]
fn who_takes_out_the_last_admin_makes_nobody_else_an_admin() {
    makes_no_admin(ADA, CLO);
}

#[test]
fn a_leave_of_another_group_removes_nobody() {
    removes_nobody(|town, _| {
        let clo = town.people[CLO].identity_key();
        vec![proof(town, CLO, &clo, Domain::Leave, OTHER_GROUP, Vec::new())]
    });
}

#[test]
fn a_leave_of_another_member_removes_nobody() {
    removes_nobody(|town, id| {
        let (ada, ben) = (town.people[ADA].identity_key(), town.people[BEN].identity_key());
        let own = proof(town, BEN, &ben, Domain::Leave, id, Vec::new());
        let renamed =
            Proof { member: town.id(CLO).to_string(), ..proof(town, ADA, &ada, Domain::Leave, id, Vec::new()) };
        vec![own, renamed]
    });
}

#[test]
fn a_word_of_return_removes_nobody_for_good() {
    removes_nobody(|town, id| {
        let clo = town.people[CLO].identity_key();
        vec![proof(town, CLO, &clo, Domain::Rejoin, id, sha256(b"anything").to_vec())]
    });
}

#[test]
fn a_leave_does_not_pass_for_a_return() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo, key) = (town.club_state(BEN).id, town.id(CLO), town.people[CLO].identity_key());
        let changes = Changes { remove: vec![clo], add: vec![town.package_of(CLO)], ..Changes::default() };
        let commit = town.crafts(BEN, id, &changes).commit;
        let proofs = vec![proof(&town, CLO, &key, Domain::Leave, id, Vec::new())];
        commit_is_skipped(&mut town, BEN, id, &SlotContent { commit, proofs });
    });
}

#[test]
fn a_leave_in_a_message_counts_for_its_author_only() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, clo) = (town.club_state(BEN).id, town.people[CLO].identity_key());
        let before = town.sights(&[ADA, CLO]);
        for (number, proof) in (1..).zip([
            proof(&town, CLO, &clo, Domain::Leave, id, Vec::new()),
            proof(&town, BEN, &clo, Domain::Leave, id, Vec::new()),
            proof(&town, BEN, &town.people[BEN].identity_key(), Domain::Leave, OTHER_GROUP, Vec::new()),
        ]) {
            let leave = Content::of_kind(9, number, &Leave { proof: proof.encode_to_vec() });
            town.slips_content(BEN, &[ADA, CLO], id, &leave, None);
        }
        town.settles();
        assert_eq!(town.sights(&[ADA, CLO]), before);
        town.club_talks(&[ADA, BEN, CLO]);
    });
}
