//! Commits that MLS allows and the group does not: all skip them alike.

use openmls::{
    framing::{MlsMessageBodyIn, MlsMessageIn},
    key_packages::KeyPackage,
    prelude::{LeafNodeIndex, ProtocolVersion, tls_codec::DeserializeBytes},
};
use openmls_rust_crypto::RustCrypto;
use sealpost_crypto::keys::IdentityKey;
use sealpost_engine::{
    command::Command,
    conversations::Standing,
    mls::{Changes, GroupId, GroupProfile, Session, generate_key_packages},
    storage::memory::MemoryStore,
};
use sealpost_wire::{id::UserId, limits};

use super::{bent::Bent, forged::SlotContent};
use crate::{
    club::over_both_suites,
    town::{ADA, BEN, CLO, DAN, Town},
};

/// In a group of Ada, who is its admin, Ben and Clo, somebody commits what they must not: nothing happens, all talk.
fn is_skipped(by: usize, prepare: impl Fn(&mut Town), attack: impl Fn(&mut Town, GroupId) -> Vec<u8>) {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        prepare(&mut town);
        let id = town.club_state(by).id;
        let commit = attack(&mut town, id);
        commit_is_skipped(&mut town, by, id, &SlotContent { commit, proofs: Vec::new() });
    });
}

/// The slot holds this, and it was delivered to all: nobody moves, and the group goes on behind it.
#[track_caller]
pub fn commit_is_skipped(town: &mut Town, by: usize, id: GroupId, content: &SlotContent) {
    const ALL: [usize; 3] = [ADA, BEN, CLO];
    let before = town.sights(&ALL);
    town.commits(by, id, content, &ALL);
    town.settles();
    assert_eq!(town.sights(&ALL), before);
    // Whoever was not reached finds it in the slot.
    town.disconnects(CLO);
    town.passes(limits::DAY_SECONDS * 1000);
    town.connects(CLO);
    town.settles();
    assert_eq!(town.sights(&ALL), before);
    town.ada_renames("it goes on");
    town.club_talks(&ALL);
    assert_eq!(town.standing(DAN), None);
    assert!(ALL.iter().all(|who| town.people[*who].failures.is_empty()));
}

/// A commit of the group's own profile, changed.
fn with_profile(town: &mut Town, by: usize, id: GroupId, change: impl Fn(&mut GroupProfile)) -> Vec<u8> {
    let mut profile = town.with_mls(by, id, |group| group.profile().clone());
    change(&mut profile);
    town.crafts(by, id, &Changes { profile: Some(profile), ..Changes::default() }).commit
}

fn nothing(_: &mut Town) {}

fn ben_is_an_admin(town: &mut Town) {
    let (conversation, member) = (town.club_id(ADA), town.id(BEN));
    town.command(ADA, Command::SetAdmin { conversation, member, admin: true });
    town.settles();
}

#[test]
fn who_may_not_add_adds_nobody() {
    is_skipped(BEN, nothing, |town, id| {
        let add = vec![town.package_of(DAN)];
        town.crafts(BEN, id, &Changes { add, ..Changes::default() }).commit
    });
}

#[test]
fn who_may_not_remove_removes_nobody() {
    for victim in [ADA, CLO] {
        is_skipped(BEN, nothing, |town, id| {
            let remove = vec![town.id(victim)];
            town.crafts(BEN, id, &Changes { remove, ..Changes::default() }).commit
        });
    }
}

#[test]
fn who_may_not_rename_renames_nothing() {
    is_skipped(BEN, nothing, |town, id| with_profile(town, BEN, id, |profile| profile.name = "Ben's".to_owned()));
}

#[test]
fn nobody_makes_themselves_an_admin_or_opens_the_group() {
    is_skipped(BEN, nothing, |town, id| {
        let ben = town.id(BEN);
        with_profile(town, BEN, id, |profile| profile.admins.push(ben))
    });
    is_skipped(BEN, nothing, |town, id| with_profile(town, BEN, id, |profile| profile.members_add = true));
}

#[test]
fn who_may_rename_does_no_more_beside_it() {
    let lets_rename = |town: &mut Town| {
        let policy = sealpost_engine::plan::Policy { members_add: false, members_rename: true };
        let conversation = town.club_id(ADA);
        town.command(ADA, Command::SetPolicy { conversation, policy });
        town.settles();
    };
    is_skipped(BEN, lets_rename, |town, id| {
        let ben = town.id(BEN);
        with_profile(town, BEN, id, |profile| {
            profile.name = "Ben's".to_owned();
            profile.admins = vec![ben];
        })
    });
}

#[test]
fn what_a_group_is_stays_and_newcomers_are_no_admins_whoever_says_so() {
    let changes: [fn(&mut GroupProfile); 5] = [
        |profile| profile.counter = u32::MAX,
        |profile| profile.thread = [9; 16],
        |profile| profile.purpose = 7,
        |profile| profile.two = true,
        |profile| profile.admins.clear(),
    ];
    for change in changes {
        is_skipped(BEN, ben_is_an_admin, |town, id| with_profile(town, BEN, id, change));
    }
    is_skipped(BEN, ben_is_an_admin, |town, id| {
        let (add, dan) = (vec![town.package_of(DAN)], town.id(DAN));
        let mut profile = town.with_mls(BEN, id, |group| group.profile().clone());
        profile.admins.push(dan);
        town.crafts(BEN, id, &Changes { add, profile: Some(profile), ..Changes::default() }).commit
    });
}

#[test]
fn a_commit_in_anothers_name_is_nobodys() {
    for victim in [ADA, CLO] {
        is_skipped(BEN, nothing, |town, id| {
            let straight = Bent::straight(town.suite);
            town.crafts_by_hand(victim, BEN, id, &straight, |builder| builder)
        });
    }
}

/// A key package that says it is somebody's, under another key.
pub fn package_under_another_key(town: &Town, id: UserId) -> Vec<u8> {
    let (mut store, key) = (MemoryStore::default(), IdentityKey::from_secret([66; 32]));
    let mut tx = store.begin();
    let mut session = Session::new(&mut tx, id, &key, town.people[BEN].card().sealing_key);
    generate_key_packages(&mut session, town.suite, 1, false, u64::MAX).expect("made").remove(0)
}

pub fn read_package(bytes: &[u8]) -> KeyPackage {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes).expect("a message");
    let MlsMessageBodyIn::KeyPackage(package) = message.extract() else { panic!("a key package") };
    package.validate(&RustCrypto::default(), ProtocolVersion::Mls10).expect("valid")
}

#[test]
fn nobody_comes_back_under_another_key_not_even_by_an_admin() {
    is_skipped(ADA, nothing, |town, id| {
        let package = read_package(&package_under_another_key(town, town.id(CLO)));
        let clo = town.with_mls(ADA, id, |group| {
            let clo = group.leaves().into_iter().find(|(_, member)| member.id == group.members()[2].id);
            clo.expect("a leaf").0
        });
        let straight = Bent::straight(town.suite);
        town.crafts_by_hand(ADA, ADA, id, &straight, |builder| {
            builder.propose_removals([LeafNodeIndex::new(clo)]).propose_adds([package])
        })
    });
}

#[test]
fn a_slot_full_of_sealed_nonsense_is_passed_over() {
    over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let id = town.club_state(BEN).id;
        for (attempt, commit) in [b"".to_vec(), vec![0; 4_000], town.package_of(DAN)].into_iter().enumerate() {
            let content = SlotContent { commit, proofs: Vec::new() };
            let written = town.writes_into_slot(BEN, id, attempt as u32, &content);
            town.delivers_commit(BEN, id, attempt as u32, &written, &[ADA, CLO]);
        }
        town.settles();
        town.ada_renames("behind the nonsense");
        assert_eq!(town.relay.slots.len(), 4);
        town.club_talks(&[ADA, BEN, CLO]);
        assert_eq!(town.standing(ADA), Some(Standing::Member));
    });
}

#[test]
fn between_two_nobody_comes_goes_or_is_renamed() {
    over_both_suites(|town| {
        let mut town = town.talking();
        let id = town.group(BEN, ADA).id;
        let (ada, before) = (town.id(ADA), town.epoch(ADA, BEN));
        let add = vec![town.package_of(DAN)];
        let mut profile = town.with_mls(BEN, id, |group| group.profile().clone());
        profile.name = "Ben's".to_owned();
        let attacks = [
            Changes { add, ..Changes::default() },
            Changes { remove: vec![ada], ..Changes::default() },
            Changes { profile: Some(profile), ..Changes::default() },
        ];
        for (attempt, changes) in (0..).zip(attacks) {
            let commit = town.crafts(BEN, id, &changes).commit;
            let written = town.writes_into_slot(BEN, id, attempt, &SlotContent { commit, proofs: Vec::new() });
            town.delivers_commit(BEN, id, attempt, &written, &[ADA]);
            town.settles();
            assert_eq!(town.epoch(ADA, BEN), before);
        }
        town.is_due_to_heal(ADA, BEN);
        town.says(ADA, BEN, "new keys behind all that");
        town.settles();
        assert_eq!(town.epoch(ADA, BEN).1, before.1 + 1);
        assert_eq!(town.notices(ADA, BEN), []);
        town.still_talk();
    });
}
