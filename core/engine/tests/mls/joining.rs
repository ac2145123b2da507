//! Key packages and Welcomes: what is refused, and what happens twice.

use sealpost_engine::{
    mls::{self, Group, GroupId, MlsError},
    storage::{Direction, Read, Table},
};
use sealpost_wire::suite::Suite;

use crate::device::{Device, EXPIRY_SECONDS, GROUP, NOW_SECONDS, adds, group_of, profile};

const DAY_SECONDS: u64 = 86_400;

fn welcome_to(creator: &mut Device, group: GroupId, suite: Suite, key_package: Vec<u8>) -> Vec<u8> {
    let admin = creator.id;
    let added = creator.step(|session| {
        let mut group = Group::create(session, suite, group, &profile(admin))?;
        let pending = group.change(session, &adds([key_package]))?;
        group.merge_pending(session)?;
        Ok(pending.welcome)
    });
    added.expect("added").expect("a welcome")
}

fn refused(result: Result<mls::Member, MlsError>) -> bool {
    matches!(result, Err(MlsError::KeyPackageRefused(_)))
}

#[test]
fn key_package_names_its_owner() {
    for suite in Suite::ALL {
        let mut ada = Device::new(1);
        let key_package = ada.key_package(suite);
        println!("{suite:?}: a key package of {} bytes", key_package.len());
        let owner = mls::check_key_package(&key_package, suite, NOW_SECONDS).expect("valid");
        assert_eq!(owner, ada.member());
        assert!(key_package.len() <= sealpost_wire::limits::KEY_PACKAGE_BYTES);
    }
}

#[test]
fn expired_garbled_or_other_suites_key_package_is_refused() {
    for suite in Suite::ALL {
        let mut ada = Device::new(1);
        let key_package = ada.key_package(suite);
        assert!(mls::check_key_package(&key_package, suite, EXPIRY_SECONDS - 1).is_ok());
        assert!(refused(mls::check_key_package(&key_package, suite, EXPIRY_SECONDS)));
        for other in Suite::ALL.into_iter().filter(|other| *other != suite) {
            assert!(refused(mls::check_key_package(&key_package, other, NOW_SECONDS)));
        }
        for place in (0..key_package.len()).step_by(7).chain([key_package.len() - 1]) {
            let mut garbled = key_package.clone();
            garbled[place] ^= 1;
            assert!(refused(mls::check_key_package(&garbled, suite, NOW_SECONDS)), "byte {place}");
        }
        assert!(refused(mls::check_key_package(&key_package[..100], suite, NOW_SECONDS)));
        assert!(refused(mls::check_key_package(b"", suite, NOW_SECONDS)));
    }
}

#[test]
fn joiner_sees_the_group_as_its_creator_does() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let seen = |device: &mut Device| {
            device.group(|group, _| {
                assert!(group.is_active() && !group.has_pending_commit());
                Ok((group.id(), group.suite(), group.epoch(), group.members(), group.profile().clone()))
            })
        };
        let (of_ada, of_ben) = (seen(&mut ada).expect("a group"), seen(&mut ben).expect("a group"));
        assert_eq!(of_ada, of_ben);
        assert_eq!((of_ada.0, of_ada.1, of_ada.2), (GROUP, suite, 1));
        assert_eq!(of_ada.3, [ada.member(), ben.member()]);
        assert_eq!(of_ada.4, profile(ada.id));
        assert_eq!(ada.group(|group, _| Ok(group.own_index())), Ok(0));
        assert_eq!(ben.group(|group, _| Ok(group.own_index())), Ok(1));
    }
}

#[test]
fn welcome_is_used_once() {
    for suite in Suite::ALL {
        let (mut ada, mut ben) = (Device::new(1), Device::new(2));
        let key_package = ben.key_package(suite);
        let welcome = welcome_to(&mut ada, GROUP, suite, key_package);
        assert_eq!(ben.join(&welcome), Ok(ada.id));
        let message = ada.send(b"before the second welcome");
        assert_eq!(ben.join(&welcome), Err(MlsError::AlreadyJoined));
        assert_eq!(ben.opened(&message), b"before the second welcome");
    }
}

#[test]
fn last_resort_key_package_joins_many_groups_but_none_twice() {
    for suite in Suite::ALL {
        let (mut ada, mut ben) = (Device::new(1), Device::new(2));
        let made = ben.step(|session| mls::generate_key_packages(session, suite, 1, true, EXPIRY_SECONDS));
        let key_package = made.expect("made").remove(0);
        let first = welcome_to(&mut ada, GROUP, suite, key_package.clone());
        let second = welcome_to(&mut ada, GroupId([8; 16]), suite, key_package);
        assert_eq!(ben.join(&first), Ok(ada.id));
        assert_eq!(ben.join(&second), Ok(ada.id));
        assert_eq!(ben.join(&first), Err(MlsError::AlreadyJoined));
        let message = ada.send(b"hello");
        assert_eq!(ben.opened(&message), b"hello");
    }
}

#[test]
fn another_group_of_the_same_id_is_refused() {
    let [_ada, mut ben] = group_of(Suite::Classical);
    let mut eve = Device::new(9);
    let key_package = ben.key_package(Suite::Classical);
    let welcome = welcome_to(&mut eve, GROUP, Suite::Classical, key_package);
    assert_eq!(ben.join(&welcome), Err(MlsError::AlreadyJoined));
    assert_eq!(ben.group(|group, _| Ok(group.members().len())), Ok(2));
    let admin = ben.id;
    let created = ben.step(|session| Group::create(session, Suite::Classical, GROUP, &profile(admin)).map(|_| ()));
    assert_eq!(created, Err(MlsError::AlreadyJoined));
}

#[test]
fn welcome_for_somebody_else_or_garbled_is_refused_and_uses_nothing_up() {
    for suite in Suite::ALL {
        let (mut ada, mut ben, mut cleo) = (Device::new(1), Device::new(2), Device::new(3));
        let key_package = ben.key_package(suite);
        let welcome = welcome_to(&mut ada, GROUP, suite, key_package);
        cleo.key_package(suite);
        assert_eq!(cleo.join(&welcome), Err(MlsError::NoKeyPackage));
        for place in (0..80).chain((80..welcome.len()).step_by(53)).chain([welcome.len() - 1]) {
            let mut garbled = welcome.clone();
            garbled[place] ^= 1;
            let refused = ben.join(&garbled);
            let expected = matches!(refused, Err(MlsError::WelcomeRefused(_) | MlsError::NoKeyPackage));
            assert!(expected, "byte {place}: {refused:?}");
        }
        assert!(matches!(ben.join(b"not a welcome"), Err(MlsError::WelcomeRefused(_))));
        assert_eq!(ben.join(&welcome), Ok(ada.id));
    }
}

#[test]
fn crash_while_joining_leaves_the_key_package_usable() {
    let (mut ada, mut ben) = (Device::new(1), Device::new(2));
    let key_package = ben.key_package(Suite::Classical);
    let welcome = welcome_to(&mut ada, GROUP, Suite::Classical, key_package);
    ben.crash(|session| Group::join(session, &welcome).map(|_| ())).expect("joined in the crashed step");
    assert_eq!(ben.join(&welcome), Ok(ada.id));
}

#[test]
fn key_package_of_another_suite_is_not_added() {
    let [mut ada] = group_of(Suite::Hybrid);
    let key_package = Device::new(2).key_package(Suite::Classical);
    let added = ada.group(|group, session| group.change(session, &adds([key_package])).map(|_| ()));
    assert!(matches!(added, Err(MlsError::KeyPackageRefused(_))));
}

#[test]
fn expired_secrets_are_forgotten_when_no_welcome_can_come_any_more() {
    let mut ada = Device::new(1);
    ada.key_package(Suite::Classical);
    let mut forget = |now_seconds| ada.step(|session| mls::forget_expired_key_packages(session, now_seconds));
    assert_eq!(forget(EXPIRY_SECONDS + 30 * DAY_SECONDS), Ok(0));
    assert_eq!(forget(EXPIRY_SECONDS + 31 * DAY_SECONDS), Ok(1));
    assert_eq!(forget(EXPIRY_SECONDS + 31 * DAY_SECONDS), Ok(0));
    let left = ada.store.scan(Table::Mls, b"", None, Direction::Up, usize::MAX).expect("rows");
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn deleted_group_leaves_no_row() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let pending = ada.update();
        ben.apply(&pending.commit).expect("applied");
        ada.step(|session| Group::delete(session, &GROUP)).expect("deleted");
        assert_eq!(ada.step(|session| Ok(Group::load(session, &GROUP)?.is_none())), Ok(true));
        let left = ada.store.scan(Table::Mls, b"", None, Direction::Up, usize::MAX).expect("rows");
        assert!(left.is_empty(), "{left:?}");
    }
}
