//! Other processes: one that is killed in the middle, and one that uses the account already.

use std::{
    io::{BufRead, BufReader, Write as _},
    process::Stdio,
};

use sealpost_engine::storage::{Direction, StorageError, Table};
use sealpost_store::{OpenError, OpenMode, Store};

use crate::{KEY, account, child, child_folder, open, put, refusal, value};

/// More than the page cache holds, so that some of it is in the write-ahead log before the commit.
const MANY_ROWS: u32 = 8000;

#[test]
fn kill_inside_a_transaction_leaves_what_was_committed_and_no_more() {
    let folder = account();
    let mut child = child("process::child_dies_inside_a_transaction", folder.path());
    let outcome = child.output().unwrap();
    assert!(!outcome.status.success(), "the child was to die");
    let log = std::fs::metadata(folder.path().join("account.db-wal")).expect("a log is left behind");
    assert!(log.len() > 1 << 20, "part of the transaction reached the disk");
    let mut store = open(folder.path());
    assert_eq!(value(&store, Table::Message, b"committed"), Ok(Some(b"before the kill".to_vec())));
    for number in 0..MANY_ROWS {
        assert_eq!(value_in_transaction(&mut store, &number.to_be_bytes()), Ok(None));
    }
}

#[test]
#[ignore = "dies: the child of kill_inside_a_transaction_leaves_what_was_committed_and_no_more"]
fn child_dies_inside_a_transaction() {
    let Some(folder) = child_folder() else { return };
    let mut store = open(&folder);
    put(&mut store, Table::Message, b"committed", b"before the kill").unwrap();
    let outcome: Result<(), StorageError> = store.transaction(|tx| {
        tx.put(Table::Message, b"committed", b"half written")?;
        for number in 0..MANY_ROWS {
            tx.put(Table::Message, &number.to_be_bytes(), &[1; 4000])?;
        }
        // A scan writes what was at hand only.
        tx.scan(Table::Message, b"committed", None, Direction::Up, 1)?;
        std::process::abort()
    });
    outcome.unwrap();
}

#[test]
fn second_process_is_refused_until_the_first_has_gone() {
    let folder = account();
    let mut first = child("process::child_holds_the_account", folder.path());
    let mut first = first.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().ends_with("holds the account")));
    assert_eq!(refusal(folder.path()), OpenError::InUse);
    assert_eq!(Store::open(folder.path(), &[7; 32], OpenMode::Existing).err(), Some(OpenError::InUse));
    first.stdin.take().unwrap().write_all(b"go\n").unwrap();
    assert!(first.wait().unwrap().success());
    assert_eq!(open(folder.path()).generation(), 3);
}

#[test]
#[ignore = "waits: the child of second_process_is_refused_until_the_first_has_gone"]
fn child_holds_the_account() {
    let Some(folder) = child_folder() else { return };
    let _store = Store::open(&folder, &KEY, OpenMode::Existing).unwrap();
    println!("holds the account");
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn reader_keeps_the_account_taken_when_the_store_is_gone() {
    let folder = account();
    let reader = open(folder.path()).reader().unwrap();
    assert_eq!(refusal(folder.path()), OpenError::InUse);
    drop(reader);
    open(folder.path());
}

fn value_in_transaction(store: &mut Store, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    store.transaction(|tx| tx.value(Table::Message, key))
}
