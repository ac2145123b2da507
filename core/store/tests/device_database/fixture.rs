//! A database as the first version left it, which every later version must open.

use std::{fs, path::PathBuf};

use sealpost_engine::storage::{Direction, StorageError, Table};
use sealpost_store::{OpenMode, Store};

use crate::{KEY, open, put};

/// The tables of schema 1.
const TABLES: [Table; 13] = [
    Table::Account,
    Table::Contact,
    Table::Conversation,
    Table::ConversationOfTwo,
    Table::Group,
    Table::Message,
    Table::MessagePlace,
    Table::Early,
    Table::Job,
    Table::Seen,
    Table::SeenByTime,
    Table::Parked,
    Table::Mls,
];

#[test]
fn database_of_the_first_version_opens_with_all_its_rows() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["account.db", "key-check"] {
        fs::copy(device_v1().join(name), folder.path().join(name)).unwrap();
    }
    let mut store = open(folder.path());
    assert_eq!(store.generation(), 2);
    for table in TABLES {
        let rows = store.reader().unwrap().snapshot(|read| read.scan(table, b"", None, Direction::Up, usize::MAX));
        assert_eq!(rows, Ok(rows_of(table)), "{}", table.name());
    }
    put(&mut store, Table::Contact, b"new", b"row").unwrap();
}

#[test]
#[ignore = "makes the fixture, once and for all: remove the folder first"]
fn make_the_fixture() {
    let folder = device_v1();
    let mut store = Store::open(&folder, &KEY, OpenMode::Create).unwrap();
    let outcome = store.transaction(|tx| {
        let rows = TABLES.iter().flat_map(|table| rows_of(*table).into_iter().map(|row| (*table, row)));
        rows.into_iter().try_for_each(|(table, (key, value))| tx.put(table, &key, &value))
    });
    assert_eq!(outcome, Ok::<(), StorageError>(()));
    drop(store);
    fs::remove_file(folder.join("lock")).unwrap();
}

fn device_v1() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/device_v1")
}

/// An empty row, a short one, and one that needs pages of its own.
fn rows_of(table: Table) -> Vec<(Vec<u8>, Vec<u8>)> {
    let long = format!("a long row of {} ", table.name()).repeat(400);
    let rows = [("", ""), ("long", long.as_str()), ("short", table.name())];
    rows.map(|(key, value)| (key.into(), value.into())).to_vec()
}
