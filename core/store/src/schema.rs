//! The schema: numbered migrations, each in a transaction of its own, and the generation counter.
//!
//! Invariants: migrations are appended, never changed once released; `user_version` says how many were applied.

use rusqlite::{Connection, TransactionBehavior};

use crate::OpenError;

const MIGRATIONS: &[&str] = &[
    "
    CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO meta (name, value) VALUES ('generation', 0);
    CREATE TABLE account (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE contact (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE conversation (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE conversation_of_two (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE group_state (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE message (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE message_place (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE early (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE job (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE seen (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE seen_by_time (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE parked (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE mls (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE conversation_of_thread (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE member (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE gathered (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE asked (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE filled_slot (key BLOB NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
",
];

/// The schema that this version writes.
pub(crate) const KNOWN_VERSION: u32 = MIGRATIONS.len() as u32;

/// How many migrations the database has seen; 0 for an empty file.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the schema up to [`KNOWN_VERSION`].
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found = version(connection)?;
    if found > KNOWN_VERSION {
        return Err(OpenError::NewerSchema { found, known: KNOWN_VERSION });
    }
    for (number, migration) in (1..=KNOWN_VERSION).zip(MIGRATIONS).skip(found as usize) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", number)?;
        tx.commit()?;
    }
    Ok(())
}

/// Counts the generation up and answers the new one.
pub(crate) fn next_generation(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "UPDATE meta SET value = value + 1 WHERE name = 'generation' RETURNING value";
    connection.query_row(sql, [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use sealpost_engine::storage::Table;

    use super::*;

    #[test]
    fn every_table_of_the_engine_is_there_and_no_other() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let mut statement = connection.prepare(sql).unwrap();
        let found: rusqlite::Result<BTreeSet<String>> = statement.query_map([], |row| row.get(0)).unwrap().collect();
        let mut wanted: BTreeSet<String> = Table::ALL.iter().map(|table| table.name().to_owned()).collect();
        wanted.insert("meta".to_owned());
        assert_eq!(found.unwrap(), wanted, "append a migration for the tables that differ");
    }
}
