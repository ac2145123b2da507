//! Groups that stay in memory between steps.

use sealpost_engine::mls::{Group, GroupId, Loaded, MlsError, Session};
use sealpost_wire::suite::Suite;

use crate::device::{Device, GROUP, group_of, profile};

/// A step with a group that is kept, as the engine does it.
fn kept<T>(
    device: &mut Device,
    loaded: &mut Loaded,
    work: impl FnOnce(&mut Group, &mut Session<'_>) -> Result<T, MlsError>,
) -> Result<T, MlsError> {
    let done = device.step(|session| {
        let mut group = loaded.take(session, &GROUP)?.expect("the device has the group");
        Ok((work(&mut group, session)?, group))
    });
    match done {
        Ok((result, group)) => {
            loaded.keep(group);
            Ok(result)
        }
        Err(error) => {
            *loaded = Loaded::default();
            Err(error)
        }
    }
}

#[test]
fn kept_group_goes_on_as_one_that_is_loaded_anew() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let (mut of_ada, mut of_ben) = (Loaded::default(), Loaded::default());
        for round in 0..6_u8 {
            let message = kept(&mut ada, &mut of_ada, |group, session| group.encrypt(session, &[round]));
            let message = message.expect("sealed");
            let opened = kept(&mut ben, &mut of_ben, |group, session| group.decrypt(session, &message));
            assert_eq!(opened.expect("opens").plaintext, [round]);
            let pending = kept(&mut ben, &mut of_ben, |group, session| group.change(session, &Default::default()));
            let commit = pending.expect("a commit").commit;
            for (device, loaded) in [(&mut ada, &mut of_ada), (&mut ben, &mut of_ben)] {
                kept(device, loaded, |group, session| group.apply_commit(session, &commit, &|_| Ok(())))
                    .expect("applied");
            }
            // The store holds the same.
            assert_eq!((ada.epoch(), ada.slot()), (u64::from(round) + 2, ben.slot()));
        }
    }
}

#[test]
fn group_of_a_failed_step_is_read_from_the_store_again() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let mut loaded = Loaded::default();
    let message = ada.send(b"once more");
    let failed = kept(&mut ben, &mut loaded, |group, session| {
        group.decrypt(session, &message)?;
        Err::<(), _>(MlsError::Internal("something else in this step".to_owned()))
    });
    assert!(failed.is_err());
    let opened = kept(&mut ben, &mut loaded, |group, session| group.decrypt(session, &message));
    assert_eq!(opened.expect("opens").plaintext, b"once more");
}

#[test]
fn kept_group_that_saw_bad_messages_loses_no_keys_of_their_senders() {
    for suite in Suite::ALL {
        let mut everybody: [Device; 5] = group_of(suite);
        let messages: Vec<Vec<u8>> = everybody[1..].iter_mut().map(|device| device.send(b"good")).collect();
        let [ben, cleo, dora, emil] = messages.as_slice() else { panic!("four have written") };
        let mut loaded = Loaded::default();
        // Some do not open, and the group goes on in the same step.
        let opened = kept(&mut everybody[0], &mut loaded, |group, session| {
            for bad in [ben, dora] {
                let mut garbled = bad.clone();
                *garbled.last_mut().expect("not empty") ^= 1;
                assert!(matches!(group.decrypt(session, &garbled), Err(MlsError::Undecryptable(_))));
            }
            group.decrypt(session, cleo)
        });
        assert_eq!(opened.expect("opens").plaintext, b"good");
        // Another start of the device knows only what was stored.
        for message in [dora, ben, emil] {
            assert_eq!(everybody[0].opened(message), b"good");
        }
    }
}

#[test]
fn eight_groups_are_kept_and_the_oldest_goes() {
    let mut ada = Device::new(1);
    let mut loaded = Loaded::default();
    let admin = ada.id;
    for number in 0..9 {
        let id = GroupId([number; 16]);
        let group = ada.step(|session| Group::create(session, Suite::Classical, id, &profile(admin)));
        loaded.keep(group.expect("created"));
    }
    assert_eq!(format!("{loaded:?}"), "Loaded(8)");
    // Deleted behind its back: what is in memory shows that it was kept.
    let mut take = |number| {
        ada.step(|session| {
            Group::delete(session, &GroupId([number; 16]))?;
            loaded.take(session, &GroupId([number; 16]))
        })
    };
    assert!(take(0).expect("read").is_none());
    assert_eq!(take(1).expect("read").map(|group| group.id()), Some(GroupId([1; 16])));
    assert!(take(1).expect("read").is_none());
    loaded.forget(&GroupId([2; 16]));
    assert_eq!(format!("{loaded:?}"), "Loaded(6)");
}

#[test]
fn group_is_kept_once() {
    let mut ada = Device::new(1);
    let mut loaded = Loaded::default();
    let admin = ada.id;
    ada.step(|session| Group::create(session, Suite::Classical, GROUP, &profile(admin)).map(|_| ())).expect("created");
    for _ in 0..2 {
        let group = ada.step(|session| Group::load(session, &GROUP)).expect("read").expect("there");
        loaded.keep(group);
    }
    assert_eq!(format!("{loaded:?}"), "Loaded(1)");
}
