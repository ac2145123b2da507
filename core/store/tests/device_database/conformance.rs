//! The engine's suite, opening the database anew between write and read, and what only this backend has.

use std::{panic::AssertUnwindSafe, thread};

use sealpost_engine::storage::{
    Read, StorageError, Table, Write,
    conformance::{self, Backend},
};
use sealpost_store::{OpenError, OpenMode, Store};
use tempfile::TempDir;

use crate::{KEY, account, open, put, value};

struct ColdStore {
    folder: TempDir,
}

impl Backend for ColdStore {
    fn transact(
        &mut self,
        work: &mut dyn FnMut(&mut dyn Write) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        open(self.folder.path()).transaction(work)
    }

    fn read(&mut self, work: &mut dyn FnMut(&dyn Read)) {
        let outcome = open(self.folder.path()).reader().unwrap().snapshot(|read| {
            work(read);
            Ok::<(), StorageError>(())
        });
        assert_eq!(outcome, Ok(()));
    }
}

#[test]
fn store_that_is_opened_anew_each_time_conforms() {
    conformance::run(&mut ColdStore { folder: account() });
}

#[test]
fn panic_inside_a_transaction_leaves_nothing() {
    let folder = account();
    let mut store = open(folder.path());
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|tx| -> Result<(), StorageError> {
            tx.put(Table::Job, b"half", b"written")?;
            panic!("on purpose")
        })
    }));
    assert!(outcome.is_err());
    assert_eq!(value(&store, Table::Job, b"half"), Ok(None));
    put(&mut store, Table::Job, b"next", b"works").unwrap();
    assert_eq!(value(&store, Table::Job, b"next"), Ok(Some(b"works".to_vec())));
}

#[test]
fn reading_on_another_thread_does_not_wait_for_the_writer() {
    let folder = account();
    let mut store = open(folder.path());
    put(&mut store, Table::Contact, b"a", b"committed").unwrap();
    let mut reader = store.reader().unwrap();
    let outcome = store.transaction(|tx| {
        tx.put(Table::Contact, b"a", b"not yet")?;
        let read = || reader.snapshot(|read| read.value(Table::Contact, b"a"));
        let found = thread::scope(|scope| scope.spawn(read).join().unwrap());
        assert_eq!(found, Ok(Some(b"committed".to_vec())));
        Ok::<(), StorageError>(())
    });
    assert_eq!(outcome, Ok(()));
    let found = reader.snapshot(|read| read.value(Table::Contact, b"a"));
    assert_eq!(found, Ok(Some(b"not yet".to_vec())));
}

#[test]
fn snapshot_stays_on_the_state_of_its_first_read() {
    let folder = account();
    let mut store = open(folder.path());
    let mut reader = store.reader().unwrap();
    let outcome = reader.snapshot(|read| {
        assert_eq!(read.value(Table::Contact, b"late")?, None);
        put(&mut store, Table::Contact, b"late", b"comer")?;
        // A checkpoint can't take the state away from under the reader.
        store.forget_deleted()?;
        read.value(Table::Contact, b"late")
    });
    assert_eq!(outcome, Ok(None));
    assert_eq!(value(&store, Table::Contact, b"late"), Ok(Some(b"comer".to_vec())));
}

#[test]
fn each_opening_counts_the_generation_up() {
    let folder = tempfile::tempdir().unwrap();
    let first = Store::open(folder.path(), &KEY, OpenMode::Create).unwrap().generation();
    assert_eq!(open(folder.path()).generation(), first + 1);
    assert_eq!(open(folder.path()).generation(), first + 2);
}

#[test]
fn account_is_neither_made_twice_nor_made_by_opening() {
    let folder = account();
    let again = Store::open(folder.path(), &KEY, OpenMode::Create);
    assert_eq!(again.err(), Some(OpenError::Exists));
    let nothing = folder.path().join("nothing");
    assert_eq!(Store::open(&nothing, &KEY, OpenMode::Existing).err(), Some(OpenError::Missing));
    assert!(!nothing.exists(), "a refusal makes no folder");
}

#[test]
fn creation_that_was_cut_off_can_be_repeated() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["account.db.unfinished", "account.db.unfinished-wal", "key-check.unfinished"] {
        std::fs::write(folder.path().join(name), b"half of it").unwrap();
    }
    assert_eq!(Store::open(folder.path(), &KEY, OpenMode::Existing).err(), Some(OpenError::Missing));
    Store::open(folder.path(), &KEY, OpenMode::Create).unwrap();
    open(folder.path());
}
