//! Commits that are signed as they should be, and whose path opens for some only.

use openmls_traits::{crypto::OpenMlsCrypto, types::CryptoError};
use sealpost_engine::{command::Command, conversations::Standing, fact::Happened, messages::System, mls::GroupId};
use sealpost_wire::suite::Suite;

use super::{
    bent::{Bend, Bent},
    forged::SlotContent,
};
use crate::{
    club,
    town::{ADA, BEN, CLO, DAN, DAY_MS, Town},
};

/// The ways in which a path secret can be spoilt for its reader.
fn harms() -> [(&'static str, Bend); 5] {
    [
        (
            "sealed to another key",
            Box::new(|crypto, it| {
                let other = crypto.derive_hpke_keypair(it.suite.hpke_config(), &[5; 64])?;
                it.seal_to(crypto, &other.public, it.secret)
            }),
        ),
        (
            "another secret",
            Box::new(|crypto, it| {
                let other: Vec<u8> = it.secret.iter().map(|byte| byte ^ 1).collect();
                it.seal_to(crypto, it.key, &other)
            }),
        ),
        ("no secret", Box::new(|crypto, it| it.seal_to(crypto, it.key, b""))),
        (
            "a ciphertext of another shape",
            Box::new(|crypto, it| {
                let mut sealed = it.seal(crypto)?;
                sealed.kem_output = vec![0; 3].into();
                Ok(sealed)
            }),
        ),
        (
            "no ciphertext",
            Box::new(|crypto, it| {
                let mut sealed = it.seal(crypto)?;
                sealed.ciphertext = Vec::new().into();
                Ok::<_, CryptoError>(sealed)
            }),
        ),
    ]
}

/// The hostile member's commit, whose path is spoilt for these.
fn spoilt(town: &mut Town, by: usize, id: GroupId, victims: &[usize], bend: Bend) -> SlotContent {
    let victims = town.leaf_keys(by, id, victims);
    let bent = Bent::new(town.suite, victims, bend);
    let commit = town.crafts_by_hand(by, by, id, &bent, |builder| builder);
    SlotContent { commit, proofs: Vec::new() }
}

/// Whose commit it is, and the two on the other side of the tree.
struct Places {
    mallory: usize,
    far: [usize; 2],
}

/// Ada made the group, so that hers is the first leaf, and her path's nodes stand above the second. Whoever sits there
/// seals to the leaves of all others.
fn places(town: &mut Town, id: GroupId) -> Places {
    let leaves = town.with_mls(ADA, id, |group| group.members());
    let places = leaves.iter().map(|member| [ADA, BEN, CLO, DAN].into_iter().find(|who| town.id(*who) == member.id));
    match places.map(|place| place.expect("somebody of the town")).collect::<Vec<_>>()[..] {
        [ADA, mallory, one, other] => Places { mallory, far: [one, other] },
        ref others => panic!("Ada comes first of four: {others:?}"),
    }
}

/// In a group of four, somebody's commit is spoilt for these, and they are gone after it.
fn in_a_club(victims: impl Fn(&Places) -> Vec<usize>, afterwards: impl Fn(&mut Town, &Places)) {
    for suite in Suite::ALL {
        for (harm, bend) in harms() {
            println!("over {suite:?}, {harm}");
            let mut town = club::town(suite).with_group(&[BEN, CLO, DAN]);
            let id = town.club_state(ADA).id;
            let places = places(&mut town, id);
            let content = spoilt(&mut town, places.mallory, id, &victims(&places), bend);
            let honest = [ADA, places.far[0], places.far[1]];
            town.disconnects(places.mallory);
            town.club_says(ADA, "before");
            town.settle();
            town.commits(places.mallory, id, &content, &honest);
            town.settles();
            for who in honest {
                assert!(town.people[who].failures.is_empty(), "{who}: {:?}", town.people[who].failures);
            }
            afterwards(&mut town, &places);
            for who in honest {
                assert_eq!(town.club_texts(who)[0], "before");
                assert_eq!(town.standing(who), Some(Standing::Member));
            }
        }
    }
}

#[track_caller]
fn the_others_talk(town: &mut Town, places: &Places) {
    let honest = [ADA, places.far[0], places.far[1]];
    town.passes(2 * DAY_MS);
    for who in honest {
        town.disconnects(who);
        town.connects(who);
    }
    town.settles();
    if town.club_members(ADA).contains(&places.mallory) {
        let (conversation, mallory) = (town.club_id(ADA), town.id(places.mallory));
        town.command(ADA, Command::RemoveMembers { conversation, members: vec![mallory] });
        town.settles();
    }
    town.club_talks(&honest);
}

#[test]
fn whom_a_commit_tears_off_comes_back_and_its_signer_is_named() {
    in_a_club(
        |places| places.far.to_vec(),
        |town, places| {
            for torn in places.far {
                assert!(town.happened(torn).contains(&Happened::Torn));
                assert!(town.happened(torn).contains(&Happened::BackAgain));
                let id = town.id(torn);
                assert!(town.happened(ADA).contains(&Happened::CameBack(id)));
            }
            let mallory = town.id(places.mallory);
            assert!(town.happened(ADA).contains(&Happened::CouldNotFollow(mallory)), "{:?}", town.happened(ADA));
            the_others_talk(town, places);
        },
    );
}

#[test]
fn an_admin_whom_a_commit_tears_off_makes_the_group_anew() {
    in_a_club(
        |_| vec![ADA],
        |town, places| {
            assert!(town.happened(ADA).contains(&Happened::Torn));
            the_others_talk(town, places);
            assert!(town.happened(places.far[0]).contains(&Happened::CreatedAnew));
        },
    );
}

#[test]
fn a_commit_that_nobody_can_follow_costs_a_new_group() {
    in_a_club(
        |places| vec![ADA, places.far[0], places.far[1]],
        |town, places| {
            the_others_talk(town, places);
            assert!(town.happened(places.far[0]).contains(&Happened::CreatedAnew));
        },
    );
}

#[test]
fn between_two_a_commit_that_the_other_cannot_follow_secures_the_conversation_anew() {
    for suite in Suite::ALL {
        for (harm, bend) in harms() {
            println!("over {suite:?}, {harm}");
            let mut town = Town::new(suite, 1).talking();
            let id = town.group(BEN, ADA).id;
            let content = spoilt(&mut town, BEN, id, &[ADA], bend);
            town.commits(BEN, id, &content, &[ADA]);
            town.settles();
            assert!(town.people[ADA].failures.is_empty(), "{:?}", town.people[ADA].failures);
            assert_eq!(town.notices(ADA, BEN), [System::SecuredAnew]);
            town.still_talk();
            assert_eq!(town.texts(ADA, BEN)[..2], ["hello Ben", "hello Ada"]);
        }
    }
}

#[test]
fn a_decent_commit_of_the_same_making_is_followed() {
    club::over_both_suites(|town| {
        let mut town = town.with_group(&[BEN, CLO]);
        let (id, before) = town.club_epoch(BEN);
        let straight = Bent::straight(town.suite);
        let commit = town.crafts_by_hand(BEN, BEN, id, &straight, |builder| builder);
        town.commits(BEN, id, &SlotContent { commit, proofs: Vec::new() }, &[ADA, CLO]);
        town.settles();
        assert_eq!(town.club_epoch(ADA), (id, before + 1));
        assert_eq!(town.club_epoch(CLO), (id, before + 1));
    });
}
