//! Nothing readable on the disk, nothing for others than the owner, and nothing left of what was deleted.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use sealpost_engine::storage::{StorageError, Table};
use sealpost_store::{OpenMode, Store};

use crate::{KEY, account, files, open, put};

const CANARY: &[u8] = b"Canary-Zwiebelkuchen-4711";
const PAGE_BYTES: usize = 4096;

#[test]
fn nothing_of_any_table_is_readable_in_any_file() {
    let folder = account();
    let mut store = open(folder.path());
    let outcome =
        store.transaction(|tx| Table::ALL.iter().try_for_each(|table| tx.put(*table, CANARY, &CANARY.repeat(1000))));
    assert_eq!(outcome, Ok::<(), StorageError>(()));
    let control = folder.path().join("control");
    fs::write(&control, CANARY).unwrap();
    assert_eq!(files_with_canary(folder.path()), std::slice::from_ref(&control), "the search finds what it looks for");
    fs::remove_file(&control).unwrap();

    let log = folder.path().join("account.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0, "the log is searched too");
    assert_eq!(files_with_canary(folder.path()), Vec::<PathBuf>::new());
    drop(store);
    assert_eq!(files_with_canary(folder.path()), Vec::<PathBuf>::new());
    for name in fs::read(folder.path().join("account.db")).unwrap().windows(15) {
        assert_ne!(name, b"SQLite format 3", "the file does not even say what it is");
    }
}

#[test]
fn deleted_rows_leave_nothing_behind() {
    let folder = account();
    let mut store = open(folder.path());
    store.forget_deleted().unwrap();
    let before = pages(folder.path());
    put(&mut store, Table::Mls, b"secret", &CANARY.repeat(2000)).unwrap();
    let in_the_log = fs::read(folder.path().join("account.db-wal")).unwrap();
    assert!(in_the_log.len() > CANARY.len() * 2000);
    store.forget_deleted().unwrap();
    let held: HashSet<Vec<u8>> = pages(folder.path()).difference(&before).cloned().collect();
    assert!(held.len() > CANARY.len() * 2000 / PAGE_BYTES, "the pages that hold the secret are known");

    store.transaction(|tx| tx.remove(Table::Mls, b"secret")).unwrap_or_else(|error: StorageError| panic!("{error}"));
    store.forget_deleted().unwrap();
    assert_eq!(fs::metadata(folder.path().join("account.db-wal")).unwrap().len(), 0, "the log is empty");
    assert_eq!(pages(folder.path()).intersection(&held).count(), 0, "each page was written over");
}

#[test]
fn folder_and_files_are_for_the_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("accounts").join("first");
    let mut store = Store::open(&folder, &KEY, OpenMode::Create).unwrap();
    put(&mut store, Table::Contact, b"a", b"1").unwrap();
    assert_eq!(mode(&folder), 0o700);
    let found = files(&folder);
    let names: HashSet<&str> = found.iter().filter_map(|path| path.file_name()?.to_str()).collect();
    assert_eq!(names, HashSet::from(["account.db", "account.db-wal", "account.db-shm", "key-check", "lock"]));
    for path in found {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

fn files_with_canary(folder: &Path) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| fs::read(path).unwrap().windows(CANARY.len()).any(|window| window == CANARY);
    files(folder).into_iter().filter(holds).collect()
}

fn pages(folder: &Path) -> HashSet<Vec<u8>> {
    fs::read(folder.join("account.db")).unwrap().chunks(PAGE_BYTES).map(<[u8]>::to_vec).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
