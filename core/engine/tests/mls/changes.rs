//! Changes: several at once, members who come back with a new device's state, and what is not allowed.

use sealpost_crypto::keys::IdentityKey;
use sealpost_engine::mls::{Changes, CommitApplied, Group, GroupProfile, Member, MlsError};
use sealpost_engine::storage::{Direction, Read, Table};
use sealpost_wire::suite::Suite;

use crate::device::{Device, GROUP, adds, group_of, profile, with_group};

#[test]
fn one_commit_adds_removes_and_sets_a_profile() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let mut dora = Device::new(4);
        let renamed = GroupProfile { name: "Labor".to_owned(), thread: [8; 16], ..profile(ada.id) };
        let changes =
            Changes { add: vec![dora.key_package(suite)], remove: vec![cleo.id], profile: Some(renamed.clone()) };
        let pending = ada.group(|group, session| group.change(session, &changes)).expect("a commit");
        let expected = CommitApplied {
            committer: ada.member(),
            added: vec![dora.member()],
            removed: vec![cleo.member()],
            new_profile: Some(renamed.clone()),
            evicted: false,
            epoch: 2,
        };
        let seen = ben.group(|group, session| {
            group.apply_commit(session, &pending.commit, &|view| {
                assert_eq!((view.added, view.removed), (&[dora.member()][..], &[cleo.member()][..]));
                assert_eq!(view.new_profile, Some(&renamed));
                Ok(())
            })
        });
        assert_eq!(seen, Ok(expected.clone()));
        assert_eq!(ada.apply(&pending.commit), Ok(expected.clone()));
        assert_eq!(cleo.apply(&pending.commit), Ok(CommitApplied { evicted: true, ..expected }));
        dora.join(&pending.welcome.expect("a welcome")).expect("joined");
        for device in [&mut ada, &mut ben, &mut dora] {
            let (members, seen) =
                device.group(|group, _| Ok((group.members(), group.profile().clone()))).expect("read");
            assert_eq!((members.len(), &seen), (3, &renamed));
        }
        let message = dora.send(b"hello");
        assert_eq!(ben.opened(&message), b"hello");
    }
}

#[test]
fn sealing_keys_stay_on_the_leaves_through_every_kind_of_commit() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let everybody: Vec<Member> = vec![ada.member(), ben.member(), cleo.member()];
        let renamed = GroupProfile { name: "Labor".to_owned(), ..profile(ada.id) };
        for changes in [Changes::default(), Changes { profile: Some(renamed), ..Changes::default() }] {
            let pending = ben.group(|group, session| group.change(session, &changes)).expect("a commit");
            for device in [&mut ada, &mut ben, &mut cleo] {
                device.apply(&pending.commit).expect("applied");
                assert_eq!(device.group(|group, _| Ok(group.members())), Ok(everybody.clone()));
            }
        }
    }
}

#[test]
fn device_that_lost_its_state_is_added_again_in_one_commit() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let last_words = ben.send(b"before");
        let changes = Changes { add: vec![ben.key_package(suite)], remove: vec![ben.id], profile: None };
        let pending = ada.group(|group, session| group.change(session, &changes)).expect("a commit");
        let again = vec![ben.member()];
        for device in [&mut ada, &mut cleo] {
            let applied = device.apply(&pending.commit).expect("applied");
            assert_eq!((&applied.added, &applied.removed), (&again, &again));
            assert!(!applied.evicted);
            assert_eq!(device.group(|group, _| Ok(group.members().len())), Ok(3));
        }
        let evicted = ben.apply(&pending.commit).expect("applied");
        assert!(evicted.evicted);
        assert_eq!((&evicted.added, &evicted.removed), (&again, &again));
        assert_eq!(ben.group(|group, _| Ok(group.is_active())), Ok(false));
        let welcome = pending.welcome.expect("a welcome");
        // What is left of the old state goes in the step that joins.
        ben.step(|session| {
            Group::delete(session, &GROUP)?;
            let mut group = Group::join(session, &welcome)?.group;
            group.export(session, "sealpost slot", b"", 32)?;
            group.encrypt(session, b"lost").map(|_| ())
        })
        .expect("joined");
        assert_eq!((ada.slot(), ben.slot()), (cleo.slot(), cleo.slot()));
        assert_eq!(cleo.open(&last_words).expect("opens").sender, ben.member());
        let (from_ada, from_ben) = (ada.send(b"welcome back"), ben.send(b"back"));
        assert_eq!(ben.opened(&from_ada), b"welcome back");
        assert_eq!(ada.opened(&from_ben), b"back");
        let update = ben.update();
        for device in [&mut ada, &mut ben, &mut cleo] {
            device.apply(&update.commit).expect("applied");
        }
        ben.step(|session| Group::delete(session, &GROUP)).expect("deleted");
        let left = ben.store.scan(Table::Mls, b"g", None, Direction::Up, usize::MAX).expect("rows");
        assert!(left.is_empty(), "{left:?}");
    }
}

#[test]
fn group_is_deleted_and_joined_again_without_a_step_between() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let changes = Changes { add: vec![ben.key_package(suite)], remove: vec![ben.id], profile: None };
        let pending = ada.group(|group, session| group.change(session, &changes)).expect("a commit");
        ada.merge();
        let welcome = pending.welcome.expect("a welcome");
        assert_eq!(ben.join(&welcome), Err(MlsError::AlreadyJoined));
        // Its state was lost, and it reads neither the commit nor anything else of the old group.
        ben.step(|session| {
            Group::delete(session, &GROUP)?;
            assert!(Group::load(session, &GROUP)?.is_none());
            Group::join(session, &welcome).map(|_| ())
        })
        .expect("joined");
        let message = ada.send(b"again");
        assert_eq!(ben.opened(&message), b"again");
        assert_eq!(ada.slot(), ben.slot());
    }
}

#[test]
fn nobody_comes_back_under_another_key() {
    let [mut ada, ben] = group_of(Suite::Classical);
    let mut impostor = Device { key: IdentityKey::from_secret([66; 32]), ..Device::new(1) };
    assert_eq!(impostor.id, ben.id);
    let changes =
        Changes { add: vec![impostor.key_package(Suite::Classical)], remove: vec![ben.id], ..Changes::default() };
    let refused = ada.group(|group, session| group.change(session, &changes).map(|_| ()));
    assert_eq!(refused, Err(MlsError::KeyPackageRefused("somebody added again with another key")));
    assert_eq!(ada.group(|group, _| Ok(group.has_pending_commit())), Ok(false));
}

#[test]
fn nobody_is_named_twice() {
    let [mut ada, ben] = group_of(Suite::Classical);
    let mut dora = Device::new(4);
    let twice = adds([dora.key_package(Suite::Classical), dora.key_package(Suite::Classical)]);
    let refused = ada.group(|group, session| group.change(session, &twice).map(|_| ()));
    assert_eq!(refused, Err(MlsError::KeyPackageRefused("somebody added twice")));
    let twice = Changes { remove: vec![ben.id, ben.id], ..Changes::default() };
    let refused = ada.group(|group, session| group.change(session, &twice).map(|_| ()));
    assert_eq!(refused, Err(MlsError::Forbidden("somebody removed twice")));
}

#[test]
fn profile_with_everything_set_reads_as_it_was_written() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let full = GroupProfile {
            purpose: 1,
            two: false,
            name: "Werkstatt".to_owned(),
            admins: vec![ada.id, ben.id],
            counter: u32::MAX,
            thread: [0xAB; 16],
            members_add: true,
            members_rename: true,
        };
        for profile in [full, GroupProfile::default()] {
            let changes = Changes { profile: Some(profile.clone()), ..Changes::default() };
            let pending = ada.group(|group, session| group.change(session, &changes)).expect("a commit");
            for device in [&mut ada, &mut ben] {
                let applied = device.apply(&pending.commit).expect("applied");
                assert_eq!(applied.new_profile.as_ref(), Some(&profile));
                assert_eq!(
                    device.step(|session| with_group(session, |group, _| Ok(group.profile().clone()))),
                    Ok(profile.clone())
                );
            }
        }
    }
}
