//! Messages: in order and out of it, from epochs past and to come, opened once.

use sealpost_engine::{
    mls::{self, Changes, MessageKind, MlsError},
    storage::{Direction, Read, Table, Write},
};
use sealpost_wire::suite::Suite;

use crate::device::{Device, GROUP, group_of, with_group};

fn renew(committer: &mut Device, other: &mut Device) {
    let pending = committer.update();
    committer.merge();
    other.apply(&pending.commit).expect("applied");
}

#[test]
fn two_members_talk() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        for round in 0..3_u8 {
            let message = ada.send(&[round; 40]);
            let head = mls::head(&message).expect("a private message");
            assert_eq!((head.group, head.epoch, head.kind), (GROUP, 1, MessageKind::Application));
            let opened = ben.open(&message).expect("opens");
            assert_eq!((opened.plaintext, opened.epoch), (vec![round; 40], 1));
            assert_eq!(opened.sender, ada.member());
            let answer = ben.send(b"and back");
            assert_eq!(ada.opened(&answer), b"and back");
        }
    }
}

#[test]
fn message_opens_once() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let message = ada.send(b"once");
        assert_eq!(ben.opened(&message), b"once");
        assert!(matches!(ben.open(&message), Err(MlsError::Undecryptable(_))));
    }
}

#[test]
fn step_that_crashes_after_opening_leaves_the_message_unopened() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let message = ada.send(b"still there");
        let crashed = ben.crash(|session| with_group(session, |group, session| group.decrypt(session, &message)));
        assert_eq!(crashed.expect("opened in the crashed step").plaintext, b"still there");
        assert_eq!(ben.opened(&message), b"still there");
    }
}

#[test]
fn session_without_finish_writes_nothing() {
    let [mut ada, _ben] = group_of(Suite::Classical);
    let before = all_rows(&ada);
    let mut tx = ada.store.begin();
    let mut session = mls::Session::new(&mut tx, ada.id, &ada.key, ada.sealing_key);
    with_group(&mut session, |group, session| group.encrypt(session, b"lost")).expect("sealed");
    drop(session);
    tx.commit();
    assert_eq!(all_rows(&ada), before);
}

#[test]
fn hundred_messages_out_of_order_open() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let messages: Vec<Vec<u8>> = (0..100_u8).map(|number| ada.send(&[number])).collect();
        for (number, message) in messages.iter().enumerate().rev() {
            assert_eq!(ben.opened(message), [number as u8], "message {number}");
        }
    }
}

#[test]
fn message_too_far_behind_is_undecryptable() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let messages: Vec<Vec<u8>> = (0..103_u8).map(|number| ada.send(&[number])).collect();
    ben.opened(&messages[102]);
    assert!(matches!(ben.open(&messages[0]), Err(MlsError::Undecryptable(_))));
    assert_eq!(ben.opened(&messages[10]), [10]);
}

#[test]
fn thousand_missing_messages_are_no_obstacle_and_more_are() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let last = ada.step(|session| {
        with_group(session, |group, session| {
            (0..1_000).try_for_each(|_| group.encrypt(session, b"lost").map(|_| ()))?;
            group.encrypt(session, b"arrived")
        })
    });
    assert_eq!(ben.opened(&last.expect("sealed")), b"arrived");
    let beyond = ada.step(|session| {
        with_group(session, |group, session| {
            (0..1_001).try_for_each(|_| group.encrypt(session, b"lost").map(|_| ()))?;
            group.encrypt(session, b"too far")
        })
    });
    assert!(matches!(ben.open(&beyond.expect("sealed")), Err(MlsError::Undecryptable(_))));
}

#[test]
fn messages_of_two_past_epochs_open_and_older_ones_do_not() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let mut messages = Vec::new();
        for number in 0..4_u8 {
            messages.push((ada.send(&[number]), ben.send(&[number])));
            renew(&mut ada, &mut ben);
        }
        // The creator and the joiner have the same reach.
        assert_eq!(ben.open(&messages[1].0), Err(MlsError::OldEpoch));
        assert_eq!(ada.open(&messages[1].1), Err(MlsError::OldEpoch));
        for number in [2, 3_u8] {
            let (from_ada, from_ben) = &messages[usize::from(number)];
            assert_eq!(ben.opened(from_ada), [number]);
            assert_eq!(ada.opened(from_ben), [number]);
        }
    }
}

#[test]
fn message_of_a_future_epoch_waits_for_its_commit() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        let pending = ada.update();
        ada.merge();
        let message = ada.send(b"ahead");
        assert_eq!(ben.open(&message), Err(MlsError::FutureEpoch));
        ben.apply(&pending.commit).expect("applied");
        assert_eq!(ben.opened(&message), b"ahead");
    }
}

#[test]
fn message_can_be_sent_while_a_commit_is_pending() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        ada.update();
        let message = ada.send(b"meanwhile");
        assert_eq!(ben.opened(&message), b"meanwhile");
    }
}

#[test]
fn own_message_is_known_as_such() {
    let [mut ada, _ben] = group_of(Suite::Classical);
    let message = ada.send(b"mine");
    assert_eq!(ada.open(&message), Err(MlsError::OwnMessage));
}

#[test]
fn garbled_and_foreign_messages_are_refused_and_spoil_nothing() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let message = ada.send(b"intact");
    let mut garbled = message.clone();
    *garbled.last_mut().expect("not empty") ^= 1;
    assert!(matches!(ben.open(&garbled), Err(MlsError::Undecryptable(_))));
    for length in 0..message.len() {
        assert!(ben.open(&message[..length]).is_err());
    }
    assert!(ben.open(&[message.as_slice(), b"x"].concat()).is_err());
    let mut foreign = message.clone();
    let place = foreign.windows(16).position(|window| window == GROUP.as_bytes()).expect("the group's ID");
    foreign[place] ^= 1;
    assert_eq!(ben.open(&foreign), Err(MlsError::WrongGroup));
    assert_eq!(ben.opened(&message), b"intact");
}

#[test]
fn message_in_the_clear_is_forbidden_before_it_is_read() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let mut message = ada.send(b"sealed");
    message[3] = 1;
    assert!(matches!(mls::head(&message), Err(MlsError::Forbidden(_))));
    assert!(matches!(ben.open(&message), Err(MlsError::Forbidden(_))));
    let key_package = ada.key_package(Suite::Classical);
    assert!(matches!(mls::head(&key_package), Err(MlsError::Forbidden(_))));
}

#[test]
fn commit_is_no_message_and_message_no_commit() {
    let [mut ada, mut ben] = group_of(Suite::Classical);
    let message = ada.send(b"a message");
    assert!(matches!(ben.apply(&message), Err(MlsError::Forbidden(_))));
    let pending = ada.update();
    assert!(matches!(ben.open(&pending.commit), Err(MlsError::Forbidden(_))));
}

#[test]
fn one_message_writes_little_state() {
    for suite in Suite::ALL {
        let [mut ada, mut ben] = group_of(suite);
        for _ in 0..3 {
            renew(&mut ada, &mut ben);
        }
        for _ in 0..3 {
            let (message, sent) =
                ada.counted(|session| with_group(session, |group, session| group.encrypt(session, &[0; 100])));
            let (_, received) =
                ben.counted(|session| with_group(session, |group, session| group.decrypt(session, &message)));
            println!("{suite:?}: {sent} bytes of state for a message sent, {received} for one received");
            assert!(sent.max(received) * 100 < 28_800 * 65);
        }
    }
}

#[test]
fn unreadable_group_is_damage_and_not_absence() {
    let [mut ada, _ben] = group_of(Suite::Classical);
    for (key, value) in all_rows(&ada) {
        let mut tx = ada.store.begin();
        tx.remove(Table::Mls, &key).expect("removed");
        tx.commit();
        let missing = ada.step(|session| Ok(mls::Group::load(session, &GROUP)?.is_some()));
        assert_ne!(missing, Ok(false), "without {key:?}");
        let mut tx = ada.store.begin();
        tx.put(Table::Mls, &key, &value[..value.len() / 2]).expect("cut");
        tx.commit();
        let cut = ada.step(|session| {
            with_group(session, |group, session| group.encrypt(session, b"x"))?;
            with_group(session, |group, session| group.change(session, &Changes::default()))?;
            with_group(session, |group, session| group.merge_pending(session))
        });
        assert!(matches!(cut, Err(MlsError::Storage(_))), "with half of {key:?}");
        let mut tx = ada.store.begin();
        tx.put(Table::Mls, &key, &value).expect("restored");
        tx.commit();
    }
    ada.send(b"as before");
}

fn all_rows(device: &Device) -> Vec<(Vec<u8>, Vec<u8>)> {
    device.store.scan(Table::Mls, b"", None, Direction::Up, usize::MAX).expect("rows")
}
