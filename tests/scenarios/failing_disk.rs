//! A disk that fills up, or can't be written any more, under a person's account: it is said, nothing is lost, and
//! everything goes on once the disk works again.

use std::time::{Duration, Instant};

use sealpost_client::{Account, Connection, Error, MessageState};
use sealpost_disk::{Disk, Fault};

use crate::{
    person::{FileVault, Person},
    relay::Relay,
};

#[test]
fn a_full_disk_is_said_and_everything_goes_on_when_there_is_room() {
    goes_on_after(Fault::Full, |error| *error == Error::DiskFull);
}

#[test]
fn a_disk_that_can_not_be_written_is_said_and_everything_goes_on_when_it_can() {
    for fault in [Fault::ReadOnly, Fault::Broken] {
        goes_on_after(fault, |error| matches!(error, Error::ReadOnly { .. }));
    }
}

#[test]
fn an_account_is_made_or_can_be_made_later_wherever_the_disk_fills_up() {
    for operation in 0.. {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (path, vault) = (folder.path().join("account"), FileVault(folder.path().join("keys")));
        let disk = Disk::under(folder.path());
        disk.fails_after(operation, Fault::Full);
        let made = Account::create(&path, &vault, "Ada").map(drop);
        let has_failed = disk.has_failed();
        disk.works_again();
        match made {
            Ok(()) => {}
            Err(error) => {
                assert_eq!(error, Error::DiskFull);
                Account::create(&path, &vault, "Ada").map(drop).expect("there is room");
            }
        }
        let account = Account::open(&path, &vault).expect("the account opens");
        assert_eq!(account.profile().expect("a profile").name, "Ada");
        if !has_failed {
            assert!(operation > 50, "a database is made in more writes than {operation}");
            return;
        }
    }
}

fn goes_on_after(fault: Fault, is_clear: fn(&Error) -> bool) {
    let relay = Relay::start();
    let (mut ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ada.sees(&ben, "hello", MessageState::Delivered);
    ada.turn_off();
    let disk = Disk::under(&ada.folder);
    ada.turn_on();
    ada.is_online();

    disk.fails_after(0, fault);
    for _ in 0..2 {
        let refused = ada.account().send_text(&ada.with(&ben), "lost", None).expect_err("nothing can be written");
        assert!(is_clear(&refused), "{refused:?}");
    }
    let refused = ada.account().set_name("Bea").expect_err("nothing can be written");
    assert!(is_clear(&refused), "{refused:?}");
    assert_eq!(ada.account().profile().expect("reading goes on").name, "Ada");
    ben.say(&ada, "meanwhile");
    ben.sees(&ada, "meanwhile", MessageState::Sent);
    ada.eventually("offline", || ada.account().connection() == Connection::Connecting);
    assert_eq!(ada.texts(&ben), ["hello"]);
    pauses_between_attempts(&ada, &disk);

    disk.works_again();
    ada.is_online();
    ada.reads(&ben, &["hello", "meanwhile"]);
    ben.sees(&ada, "meanwhile", MessageState::Delivered);
    ada.say(&ben, "there is room");
    ada.sees(&ben, "there is room", MessageState::Delivered);
    ben.reads(&ada, &["hello", "meanwhile", "there is room"]);
    ada.turn_off();
    ada.turn_on();
    ada.reads(&ben, &["hello", "meanwhile", "there is room"]);
    assert!(ada.opens_everything(&ben) && ben.opens_everything(&ada));
}

/// Whoever can't keep anything does not ask the relay all the time: the second and third pause are a second and a half.
fn pauses_between_attempts(person: &Person, disk: &Disk) {
    let attempts = |number: u64| {
        let before = disk.operations();
        person.eventually("another attempt", || disk.operations() >= before + number);
    };
    attempts(1);
    let start = Instant::now();
    attempts(2);
    assert!(start.elapsed() > Duration::from_secs(1), "{:?} for two attempts", start.elapsed());
}
