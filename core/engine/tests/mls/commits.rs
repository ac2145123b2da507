//! Commits: made, raced, crashed, read back, judged; who leaves and who comes.

use sealpost_engine::mls::{Changes, Group, GroupProfile, MlsError};
use sealpost_engine::storage::{Direction, Read, Table, Write};
use sealpost_wire::suite::Suite;

use crate::device::{Device, GROUP, adds, group_of, profile, removes, sets, with_group};

#[test]
fn commit_survives_a_crash_between_making_and_merging() {
    for suite in Suite::ALL {
        let [mut ada] = group_of(suite);
        let mut ben = Device::new(1);
        let key_package = ben.key_package(suite);
        let pending = ada.group(|group, session| group.change(session, &adds([key_package]))).expect("added");
        // The device starts again: only the store is left, and the job holds the commit's bytes.
        assert_eq!(ada.group(|group, _| Ok((group.has_pending_commit(), group.epoch()))), Ok((true, 0)));
        let again = ada.group(|group, session| group.change(session, &Changes::default()).map(|_| ()));
        assert_eq!(again, Err(MlsError::CommitPending));
        let applied = ada.apply(&pending.commit).expect("merged");
        assert_eq!((applied.committer.id, applied.epoch, applied.evicted), (ada.id, 1, false));
        assert_eq!(applied.added.iter().map(|member| member.id).collect::<Vec<_>>(), [ben.id]);
        ben.join(&pending.welcome.expect("a welcome")).expect("joined");
        let message = ada.send(b"welcome");
        assert_eq!(ben.opened(&message), b"welcome");
    }
}

#[test]
fn crash_while_merging_leaves_the_commit_pending() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let pending = ada.update();
    ada.crash(|session| with_group(session, |group, session| group.merge_pending(session))).expect("merged");
    assert_eq!(ada.group(|group, _| Ok((group.has_pending_commit(), group.epoch()))), Ok((true, 1)));
    ada.merge();
    ben.apply(&pending.commit).expect("applied");
    assert_eq!(ada.slot(), ben.slot());
}

#[test]
fn loser_of_a_race_applies_the_winners_commit_and_drops_its_own() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let winner = ada.update();
        let loser = ben.update();
        for device in [&mut ada, &mut ben, &mut cleo] {
            let applied = device.apply(&winner.commit).expect("applied");
            assert_eq!(applied.epoch, 2);
        }
        assert_eq!(ben.group(|group, _| Ok(group.has_pending_commit())), Ok(false));
        assert_eq!(cleo.apply(&loser.commit), Err(MlsError::OldEpoch));
        let message = ben.send(b"no hard feelings");
        assert_eq!(ada.opened(&message), b"no hard feelings");
        assert_eq!(cleo.opened(&message), b"no hard feelings");
        // It tries again in the new epoch.
        let retry = ben.update();
        for device in [&mut ada, &mut ben, &mut cleo] {
            device.apply(&retry.commit).expect("applied");
        }
        assert_eq!(ada.slot(), cleo.slot());
    }
}

#[test]
fn exported_secret_is_the_same_for_all_also_with_a_commit_pending() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let slot = ada.slot();
        let pending = ada.update();
        assert_eq!(ada.slot(), slot);
        assert_eq!((ben.slot(), cleo.slot()), (slot.clone(), slot.clone()));
        for device in [&mut ada, &mut ben, &mut cleo] {
            device.apply(&pending.commit).expect("applied");
            assert_ne!(device.slot(), slot);
        }
        assert_eq!((ada.slot(), ben.slot()), (cleo.slot(), cleo.slot()));
    }
}

#[test]
fn own_commit_that_was_dropped_is_not_merged() {
    let [mut ada, _ben] = group_of(Suite::Classical);
    let pending = ada.update();
    ada.group(|group, session| group.clear_pending(session)).expect("cleared");
    assert_eq!(ada.group(|group, _| Ok(group.has_pending_commit())), Ok(false));
    assert_eq!(ada.apply(&pending.commit), Err(MlsError::OwnMessage));
    let other = ada.update();
    assert_eq!(ada.apply(&pending.commit), Err(MlsError::OwnMessage));
    assert!(ada.apply(&other.commit).is_ok());
}

#[test]
fn commits_of_other_epochs_and_groups_are_refused() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let first = ada.update();
    ada.merge();
    let second = ada.update();
    assert_eq!(ben.apply(&second.commit), Err(MlsError::FutureEpoch));
    ben.apply(&first.commit).expect("applied");
    assert_eq!(ben.apply(&first.commit), Err(MlsError::OldEpoch));
    ben.apply(&second.commit).expect("applied");
    let mut foreign = ben.update().commit;
    let place = foreign.windows(16).position(|window| window == GROUP.as_bytes()).expect("the group's ID");
    foreign[place] ^= 1;
    assert_eq!(ada.apply(&foreign), Err(MlsError::WrongGroup));
}

#[test]
fn judge_sees_the_commit_and_his_no_changes_nothing() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, cleo] = group_of(suite);
        let renamed = GroupProfile { name: "Labor".to_owned(), ..profile(ada.id) };
        let pending = ada.group(|group, session| group.change(session, &sets(&renamed))).expect("a commit");
        let (admin, everybody) = (ada.id, [ada.id, ben.id, cleo.id]);
        let refused = ben.group(|group, session| {
            group.apply_commit(session, &pending.commit, &|view| {
                assert_eq!(view.committer.id, admin);
                assert_eq!(view.members.iter().map(|member| member.id).collect::<Vec<_>>(), everybody);
                assert_eq!((view.profile.name.as_str(), view.new_profile), ("Werkstatt", Some(&renamed)));
                assert!(view.added.is_empty() && view.removed.is_empty());
                Err("not today")
            })
        });
        assert_eq!(refused, Err(MlsError::Forbidden("not today")));
        assert_eq!(ben.epoch(), 1);
        ben.apply(&pending.commit).expect("applied");
        assert_eq!(ben.group(|group, _| Ok(group.profile().clone())), Ok(renamed));
    }
}

#[test]
fn removed_member_sees_it_and_hears_nothing_more() {
    for suite in Suite::ALL {
        let [mut ada, mut ben, mut cleo] = group_of(suite);
        let last_words = ben.send(b"a last word");
        let pending = ada.group(|group, session| group.change(session, &removes(ben.id))).expect("a commit");
        ada.merge();
        let applied = cleo.apply(&pending.commit).expect("applied");
        assert_eq!(applied.removed.iter().map(|member| member.id).collect::<Vec<_>>(), [ben.id]);
        assert!(!applied.evicted);
        let evicted = ben.apply(&pending.commit).expect("applied");
        assert!(evicted.evicted);
        assert_eq!(ben.group(|group, _| Ok(group.is_active())), Ok(false));
        let message = ada.send(b"without ben");
        assert_eq!(ben.open(&message), Err(MlsError::Evicted));
        assert_eq!(ben.group(|group, session| group.export(session, "l", b"", 32)), Err(MlsError::Evicted));
        assert_eq!(ben.group(|group, session| group.encrypt(session, b"x")), Err(MlsError::Evicted));
        assert_eq!(cleo.opened(&message), b"without ben");
        // What he wrote before stays his, also when somebody else has taken over his leaf.
        let mut dora = Device::new(4);
        let key_package = dora.key_package(suite);
        let pending = ada.group(|group, session| group.change(session, &adds([key_package]))).expect("a commit");
        ada.merge();
        cleo.apply(&pending.commit).expect("applied");
        let opened = cleo.open(&last_words).expect("opens");
        assert_eq!(opened.sender, ben.member());
        dora.join(&pending.welcome.expect("a welcome")).expect("joined");
        let hello = dora.send(b"hello");
        assert_eq!(cleo.open(&hello).expect("opens").sender.id, dora.id);
    }
}

#[test]
fn removed_member_comes_back_after_deleting_the_group() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let removal = ada.group(|group, session| group.change(session, &removes(ben.id))).expect("a commit");
        ada.merge();
        ben.apply(&removal.commit).expect("applied");
        ben.step(|session| Group::delete(session, &GROUP)).expect("deleted");
        let key_package = ben.key_package(suite);
        let pending = ada.group(|group, session| group.change(session, &adds([key_package]))).expect("a commit");
        ada.merge();
        ben.join(&pending.welcome.expect("a welcome")).expect("joined");
        let message = ben.send(b"again");
        assert_eq!(ada.opened(&message), b"again");
    }
}

#[test]
fn nobody_is_added_twice_or_removed_unless_there() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let key_package = ben.key_package(Suite::Classical);
    let twice = ada.group(|group, session| group.change(session, &adds([key_package])).map(|_| ()));
    assert!(matches!(twice, Err(MlsError::KeyPackageRefused(_))));
    for id in [ada.id, Device::new(7).id] {
        let removed = ada.group(|group, session| group.change(session, &removes(id)).map(|_| ()));
        assert!(matches!(removed, Err(MlsError::Forbidden(_))));
    }
    assert_eq!(ada.group(|group, _| Ok(group.has_pending_commit())), Ok(false));
}

#[test]
fn garbled_commit_is_skipped_and_never_tears() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let pending = ada.update();
        let length = pending.commit.len();
        for place in (0..120).chain((120..length).step_by(97)).chain([length - 1]) {
            let mut garbled = pending.commit.clone();
            garbled[place] ^= 1;
            let refused = ben.apply(&garbled).expect_err("a garbled commit");
            let torn = matches!(refused, MlsError::PathBroken(_) | MlsError::Internal(_) | MlsError::Storage(_));
            assert!(!torn, "byte {place}: {refused}");
        }
        ben.apply(&pending.commit).expect("applied");
    }
}

#[test]
fn device_that_lost_its_path_keys_is_torn() {
    /// The number of their row.
    const KEY_PAIRS: u8 = 11;
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let pending = ada.update();
        // Ben's keys of this epoch are those of another device.
        let [_, mut other] = group_of(suite);
        let key_pairs = |device: &mut Device| {
            let rows = device.store.scan(Table::Mls, b"g", None, Direction::Up, usize::MAX).expect("rows");
            let first = rows[0].0.clone();
            let group = (0..first.len()).take_while(|place| rows.iter().all(|(key, _)| key[*place] == first[*place]));
            let row = group.count();
            rows.into_iter().find(|(key, _)| key[row] == KEY_PAIRS).expect("the key pairs have a row")
        };
        let ((key, _), (_, foreign)) = (key_pairs(&mut ben), key_pairs(&mut other));
        let mut tx = ben.store.begin();
        tx.put(Table::Mls, &key, &foreign).expect("replaced");
        tx.commit();
        assert!(matches!(ben.apply(&pending.commit), Err(MlsError::PathBroken(_))));
        assert_eq!(ben.epoch(), 1);
    }
}

#[test]
fn group_of_a_hundred_works_and_writes_little() {
    for suite in Suite::ALL {
        let mut devices: Vec<Device> = (0..100).map(Device::new).collect();
        let key_packages: Vec<Vec<u8>> = devices[1..].iter_mut().map(|other| other.key_package(suite)).collect();
        let admin = devices[0].id;
        let pending = devices[0].step(|session| {
            let mut group = Group::create(session, suite, GROUP, &profile(admin))?;
            let pending = group.change(session, &adds(key_packages))?;
            group.merge_pending(session)?;
            Ok(pending)
        });
        let welcome = pending.expect("a hundred").welcome.expect("a welcome");
        println!("{suite:?}: a welcome for a hundred has {} bytes", welcome.len());
        // The others have yet to look into their mailboxes.
        let [first, middle, last] = [1, 50, 99];
        for place in [first, middle, last] {
            devices[place].join(&welcome).expect("joined");
        }
        for _ in 0..3 {
            let commit = devices[middle].update().commit;
            println!("{suite:?}: a commit for a hundred has {} bytes", commit.len());
            for place in [0, first, middle, last] {
                devices[place].apply(&commit).expect("applied");
            }
        }
        for _ in 0..3 {
            let (message, sent) = devices[last]
                .counted(|session| with_group(session, |group, session| group.encrypt(session, &[0; 100])));
            let (opened, received) =
                devices[0].counted(|session| with_group(session, |group, session| group.decrypt(session, &message)));
            assert_eq!(opened.plaintext, [0; 100]);
            println!("{suite:?}: {sent} bytes of state for a message sent, {received} for one received");
            assert!(sent.max(received) <= 5_000);
        }
        assert_eq!(devices[first].group(|group, _| Ok(group.members().len())), Ok(100));
    }
}
