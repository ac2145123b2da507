//! The disk under a plain SQLite database: what it takes away is gone, and what it must leave is there.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};
use sealpost_disk::{Disk, Fault, Remains};

#[test]
fn what_was_synced_outlives_a_power_cut_and_what_was_not_is_lost() {
    assert_eq!(rows_after_power_cut("FULL"), 3);
    assert_eq!(rows_after_power_cut("NORMAL"), 0, "the log was never synced");
}

#[test]
fn a_full_disk_says_so_until_there_is_room() {
    let (folder, database) = database("FULL");
    let disk = Disk::under(folder.path());
    let database = reopened(database, folder.path());
    assert_eq!(rows(&database), 0);
    disk.fails_after(0, Fault::Full);
    let refused = insert(&database).unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::DiskFull));
    assert_eq!(rows(&database), 0);
    disk.works_again();
    insert(&database).unwrap();
    assert_eq!(rows(&database), 1);
}

#[test]
fn a_disk_that_can_not_be_written_is_still_read() {
    let (folder, database) = database("FULL");
    insert(&database).unwrap();
    let disk = Disk::under(folder.path());
    let database = reopened(database, folder.path());
    disk.fails_after(0, Fault::ReadOnly);
    assert_eq!(insert(&database).unwrap_err().sqlite_error_code(), Some(ErrorCode::ReadOnly));
    let database = reopened(database, folder.path());
    assert_eq!(insert(&database).unwrap_err().sqlite_error_code(), Some(ErrorCode::ReadOnly));
    assert_eq!(rows(&database), 1);
}

#[test]
fn a_broken_disk_fails_every_write_and_sync() {
    let (folder, database) = database("FULL");
    let disk = Disk::under(folder.path());
    let database = reopened(database, folder.path());
    insert(&database).unwrap();
    for operation in 0.. {
        disk.fails_after(operation, Fault::Broken);
        let outcome = insert(&database);
        let failed = disk.has_failed();
        disk.works_again();
        assert_eq!(outcome.is_err(), failed);
        if !failed {
            assert!(operation > 2, "at least a header, a page and a sync");
            return;
        }
        assert_eq!(outcome.unwrap_err().sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
        assert_eq!(rows(&database), 1);
    }
}

#[test]
fn other_folders_are_left_alone() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), database("FULL"));
    let disk = Disk::under(folder.path());
    disk.fails_after(0, Fault::Broken);
    let database = reopened(elsewhere.1, elsewhere.0.path());
    insert(&database).unwrap();
    assert_eq!(disk.operations(), 0);
}

/// How many of three rows, each in a transaction of its own, are there after the power went.
fn rows_after_power_cut(synchronous: &str) -> u64 {
    let (folder, database) = database(synchronous);
    let disk = Disk::under(folder.path());
    let database = reopened(database, folder.path());
    database.pragma_update(None, "synchronous", synchronous).unwrap();
    for _ in 0..3 {
        insert(&database).unwrap();
    }
    disk.fails_after(0, Fault::PowerCut(Remains::Nothing));
    insert(&database).unwrap_err();
    drop(database);
    disk.works_again();
    rows(&Connection::open(folder.path().join("database")).unwrap())
}

fn database(synchronous: &str) -> (tempfile::TempDir, Connection) {
    let folder = tempfile::tempdir().unwrap();
    let database = Connection::open(folder.path().join("database")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", synchronous).unwrap();
    database.execute_batch("CREATE TABLE t (n INTEGER NOT NULL) STRICT").unwrap();
    (folder, database)
}

/// A disk is under what is opened after it was made.
fn reopened(database: Connection, folder: &Path) -> Connection {
    drop(database);
    Connection::open(folder.join("database")).unwrap()
}

fn insert(database: &Connection) -> rusqlite::Result<usize> {
    database.execute("INSERT INTO t (n) VALUES (1)", [])
}

fn rows(database: &Connection) -> u64 {
    database.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap()
}
