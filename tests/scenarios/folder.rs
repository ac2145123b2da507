//! The account's folder: copied, in use, under another key, damaged, newer, gone. Each has its own error, and none of
//! them ends in an empty account.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealpost_client::{Account, AccountState, Body, Connection, Error, KeyVault, MessageState, Stop};
use tempfile::TempDir;

use crate::{
    person::{FileVault, Person},
    relay::Relay,
};

#[test]
fn a_copied_folder_is_refused_and_nothing_is_sent_with_it() {
    let relay = Relay::start();
    let (mut ada, ben) = acquainted(&relay);
    let (copy, card) = (copy_while_off(&mut ada), ben.card());
    // One session later the copy's secret is good for nothing.
    ada.turn_on();
    ada.is_online();
    ada.turn_off();
    let copied = ada.open_copy(copy.path()).expect("the copy opens");
    copied.connect().expect("a registered account connects");
    ada.eventually_of(&copied, "a refusal", |copied| copied.connection() == Connection::Refused);
    assert_eq!(copied.profile().expect("a profile").state, AccountState::Copied);
    let conversation = copied.conversation_with(&ben.id()).expect("a conversation").id;
    // Whether it takes the text or not, it does not leave.
    let _ = copied.send_text(&conversation, "from the copy", None);
    assert_eq!(ben.card(), card);
    ada.turn_on();
    ada.say(&ben, "from the original");
    ben.reads(&ada, &["hello", "from the original"]);
    ada.sees(&ben, "from the original", MessageState::Delivered);
    assert_eq!(ada.account().profile().expect("a profile").state, AccountState::Active);
    assert!(copied.outbox().is_ok());
    assert_eq!(ben.texts(&ada), ["hello", "from the original"]);
}

#[test]
fn of_two_copies_only_the_one_that_connects_first_goes_on() {
    let relay = Relay::start();
    let (mut ada, _ben) = acquainted(&relay);
    let copy = copy_while_off(&mut ada);
    let copied = ada.open_copy(copy.path()).expect("the copy opens");
    copied.connect().expect("a registered account connects");
    ada.eventually_of(&copied, "online", |copied| copied.connection() == Connection::Online);
    ada.turn_on();
    ada.eventually("a refusal", || ada.account().connection() == Connection::Refused);
    assert_eq!(ada.account().profile().expect("a profile").state, AccountState::Copied);
    assert_eq!(copied.profile().expect("a profile").state, AccountState::Active);
    assert_eq!(copied.connection(), Connection::Online, "it was not even disturbed");
    // It stays so at every further start.
    ada.turn_off();
    ada.turn_on();
    ada.eventually("a refusal", || ada.account().connection() == Connection::Refused);
}

#[test]
fn a_copy_may_start_over_and_then_the_original_is_refused() {
    let relay = Relay::start();
    let (mut ada, ben) = acquainted(&relay);
    let with_ada = ben.with(&ada);
    let copy = copy_while_off(&mut ada);
    ada.turn_on();
    ada.is_online();
    ada.turn_off();
    let restored = ada.open_copy(copy.path()).expect("the copy opens");
    restored.connect().expect("a registered account connects");
    ada.eventually_of(&restored, "a refusal", |restored| restored.connection() == Connection::Refused);
    restored.start_over(&Stop::new()).expect("the device's signature is enough");
    restored.connect().expect("a registered account connects");
    ada.eventually_of(&restored, "online", |restored| restored.connection() == Connection::Online);
    let conversation = restored.conversation_with(&ben.id()).expect("a conversation").id;
    restored.send_text(&conversation, "from the restored one", None).expect("the text is taken");
    let has = |account: &Account, conversation: &str, text: &str| {
        let messages = account.messages(conversation, None, 500).expect("messages are read");
        messages.iter().any(|message| message.body == Body::Text { text: text.to_owned() })
    };
    ben.eventually("a text", || has(ben.account(), &with_ada, "from the restored one"));
    ben.account().send_text(&with_ada, "good to hear", None).expect("the text is taken");
    ada.eventually_of(&restored, "an answer", |restored| has(restored, &conversation, "good to hear"));
    ada.turn_on();
    ada.eventually("a refusal", || ada.account().connection() == Connection::Refused);
}

#[test]
fn a_folder_in_use_is_not_opened_a_second_time() {
    let mut ada = Person::new("Ada");
    assert_eq!(refusal(ada.open()), Error::InUse);
    let empty = tempfile::tempdir().expect("a temporary folder");
    let asked_first = refusal(Account::open(&ada.folder, &FileVault(empty.path().to_owned())));
    assert_eq!(asked_first, Error::InUse, "the vault, which may ask for a finger or take a second, is not asked");
    ada.turn_off();
    ada.open().expect("the folder is free");
}

#[test]
fn another_key_a_missing_key_and_a_missing_name_are_told_apart() {
    let mut ada = Person::new("Ada");
    ada.turn_off();
    let name = fs::read_to_string(ada.folder.join("key-name")).expect("the name of the key");
    let elsewhere = tempfile::tempdir().expect("a temporary folder");
    let vault = FileVault(elsewhere.path().to_owned());
    let missing = refusal(Account::open(&ada.folder, &vault));
    assert!(matches!(missing, Error::VaultUnavailable { .. }), "{missing:?}");
    vault.store(&name, &[7; 32]).expect("a vault in memory");
    assert_eq!(refusal(Account::open(&ada.folder, &vault)), Error::WrongKey);
    fs::remove_file(ada.folder.join("key-name")).expect("removed");
    assert!(matches!(refusal(ada.open()), Error::Damaged { .. }));
    fs::write(ada.folder.join("key-name"), name).expect("written");
    assert_eq!(ada.open().expect("the account opens").profile().expect("a profile").name, "Ada");
}

#[test]
fn a_damaged_database_is_said_to_be_damaged_wherever_the_damage_is() {
    let mut ada = Person::new("Ada");
    ada.turn_off();
    let database = ada.folder.join("account.db");
    let whole = fs::read(&database).expect("the database");
    let spoilt = |from: usize, to: usize| {
        let mut bytes = whole.clone();
        bytes[from..to].iter_mut().for_each(|byte| *byte ^= 0x55);
        bytes
    };
    let damages = [spoilt(0, 4096), spoilt(4096, whole.len()), whole[..whole.len() / 2].to_vec(), Vec::new()];
    for damage in damages {
        fs::write(&database, damage).expect("written");
        for _ in 0..2 {
            let found = refusal(ada.open());
            assert!(matches!(found, Error::Damaged { .. }), "{found:?}");
            // Nothing is put in its place.
            assert_eq!(refusal(Account::create(&ada.folder, &ada.vault, "Eve")), Error::AccountExists);
        }
    }
    fs::write(&database, whole).expect("written");
    assert_eq!(ada.open().expect("the account opens").profile().expect("a profile").name, "Ada");
}

#[test]
fn an_account_of_a_newer_version_is_left_alone() {
    let mut ada = Person::new("Ada");
    ada.turn_off();
    let database = rusqlite::Connection::open(ada.folder.join("account.db")).expect("a database");
    let key: String = ada.vault.only_key().iter().map(|byte| format!("{byte:02x}")).collect();
    database.execute_batch(&format!("PRAGMA key = \"x'{key}'\"; PRAGMA user_version = 99")).expect("the key is right");
    database.close().expect("closed");
    assert_eq!(refusal(ada.open()), Error::NewerVersion);
    assert_eq!(refusal(ada.open()), Error::NewerVersion);
}

#[test]
fn where_no_database_is_there_is_no_account_and_none_is_made() {
    let nowhere = tempfile::tempdir().expect("a temporary folder");
    let absent = nowhere.path().join("absent");
    assert_eq!(refusal(Account::open(&absent, &FileVault(nowhere.path().to_owned()))), Error::NoAccount);
    assert!(!absent.exists());
    let mut ada = Person::new("Ada");
    ada.turn_off();
    fs::remove_file(ada.folder.join("account.db")).expect("removed");
    let before = files(&ada.folder);
    assert_eq!(refusal(ada.open()), Error::NoAccount);
    assert_eq!(files(&ada.folder), before);
}

/// Two of whom one has written to the other.
fn acquainted(relay: &Relay) -> (Person, Person) {
    let (ada, ben) = (Person::at(relay, "Ada"), Person::at(relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ada.sees(&ben, "hello", MessageState::Delivered);
    (ada, ben)
}

/// A copy of somebody's folder; their device is off afterwards.
fn copy_while_off(person: &mut Person) -> TempDir {
    person.outbox_is_empty();
    person.turn_off();
    let copy = tempfile::tempdir().expect("a temporary folder");
    for path in files(&person.folder) {
        fs::copy(&path, copy.path().join(path.file_name().expect("a file's name"))).expect("copied");
    }
    copy
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
}

fn refusal(outcome: Result<Account, Error>) -> Error {
    outcome.err().expect("the folder is refused")
}
