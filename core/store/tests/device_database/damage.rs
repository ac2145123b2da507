//! What is broken is said to be broken, each in its own way, and is never taken for an empty account.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
};

use rusqlite::Connection;
use sealpost_engine::storage::{Direction, StorageError, Table};
use sealpost_store::{OpenError, OpenMode, Store};
use tempfile::TempDir;

use crate::{KEY, account, open, put, refusal, value};

const PAGE_BYTES: u64 = 4096;

#[test]
fn wrong_key_is_told_from_damage() {
    let folder = account();
    let wrong = Store::open(folder.path(), &[7; 32], OpenMode::Existing);
    assert_eq!(wrong.err(), Some(OpenError::WrongKey));
    overwrite(&folder.path().join("account.db"), 20);
    assert!(matches!(refusal(folder.path()), OpenError::Damaged(_)));
}

#[test]
fn salt_of_the_file_that_changed_is_damage() {
    let folder = account();
    overwrite(&folder.path().join("account.db"), 3);
    assert!(matches!(refusal(folder.path()), OpenError::Damaged(_)));
}

#[test]
fn key_check_that_is_gone_or_damaged_comes_back_with_the_right_key() {
    let folder = account();
    let check = folder.path().join("key-check");
    let original = fs::read(&check).unwrap();
    overwrite(&check, 5);
    let wrong = Store::open(folder.path(), &[7; 32], OpenMode::Existing);
    assert!(matches!(wrong.err(), Some(OpenError::Damaged(_))), "a damaged check accuses nobody");
    open(folder.path());
    assert_eq!(fs::read(&check).unwrap(), original);
    fs::remove_file(&check).unwrap();
    open(folder.path());
    assert_eq!(fs::read(&check).unwrap(), original);
}

#[test]
fn damaged_page_is_an_error_and_no_absence() {
    let folder = filled_account();
    let database = folder.path().join("account.db");
    let pages = fs::metadata(&database).unwrap().len() / PAGE_BYTES;
    for page in pages / 2..pages {
        overwrite(&database, page * PAGE_BYTES + 100);
    }
    let mut store = open(folder.path());
    let scanned =
        store.reader().unwrap().snapshot(|read| read.scan(Table::Message, b"", None, Direction::Up, usize::MAX));
    assert!(matches!(scanned, Err(StorageError::Damaged(_))), "{scanned:?}");
    let written = store.transaction(|tx| {
        // Swallowing the error does not let the rest be committed.
        let _swallowed = tx.scan(Table::Message, b"", None, Direction::Up, usize::MAX);
        tx.put(Table::Contact, b"a", b"1").ok();
        Ok::<(), StorageError>(())
    });
    assert!(matches!(written, Err(StorageError::Damaged(_))), "{written:?}");
}

#[test]
fn truncated_file_is_damage_at_any_length() {
    for length in [0, 1, 1000, PAGE_BYTES, 10 * PAGE_BYTES] {
        let folder = filled_account();
        let database = OpenOptions::new().write(true).open(folder.path().join("account.db")).unwrap();
        database.set_len(length).unwrap();
        let refusal = refusal(folder.path());
        assert!(matches!(refusal, OpenError::Damaged(_)), "{length} bytes: {refusal:?}");
    }
}

#[test]
fn newer_schema_is_refused_and_left_alone() {
    let folder = account();
    raw_connection(folder.path()).pragma_update(None, "user_version", 999).unwrap();
    let database = folder.path().join("account.db");
    let before = fs::read(&database).unwrap();
    assert!(matches!(refusal(folder.path()), OpenError::NewerSchema { found: 999, known: 1.. }));
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[test]
fn database_without_a_schema_is_damage() {
    let folder = account();
    fs::remove_file(folder.path().join("account.db")).unwrap();
    raw_connection(folder.path()).execute_batch("CREATE TABLE other (a)").unwrap();
    assert!(matches!(refusal(folder.path()), OpenError::Damaged(_)));
}

#[test]
fn folder_with_its_database_gone_is_missing() {
    let folder = account();
    fs::remove_file(folder.path().join("account.db")).unwrap();
    assert_eq!(refusal(folder.path()), OpenError::Missing);
}

#[test]
fn folder_that_is_a_file_is_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(matches!(Store::open(&file, &KEY, OpenMode::Create).err(), Some(OpenError::Io(_))));
}

fn filled_account() -> TempDir {
    let folder = account();
    let mut store = open(folder.path());
    for number in 0..200_u8 {
        put(&mut store, Table::Message, &[number], &[number; 1000]).unwrap();
    }
    assert_eq!(value(&store, Table::Message, &[7]), Ok(Some(vec![7; 1000])));
    folder
}

/// Changes four bytes of a file.
fn overwrite(path: &Path, offset: u64) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut bytes = [0; 4];
    file.read_exact_at(&mut bytes, offset).unwrap();
    file.write_all_at(&bytes.map(|byte| !byte), offset).unwrap();
}

/// The database past our door, as a later version or a stranger would use it.
fn raw_connection(folder: &Path) -> Connection {
    let connection = Connection::open(folder.join("account.db")).unwrap();
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"", "5e".repeat(32))).unwrap();
    connection
}
