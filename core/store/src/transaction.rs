//! The one write door: a transaction that is committed whole or not at all.
//!
//! What is read or written by its key stays at hand until the end, and is written once: a step that takes in many
//! messages changes the same few rows with each of them. A scan writes what its table waits for first.
//!
//! Invariant: a transaction in which anything failed is never committed, even where its user swallowed the error,
//! because SQLite may have rolled it back already and would commit what follows row by row.

use std::{cell::RefCell, collections::BTreeMap};

use rusqlite::TransactionBehavior;
use sealpost_engine::storage::{Direction, RawRow, Read, StorageError, Table, Write};

use crate::{Store, error::storage_error, rows};

struct Transaction<'store> {
    tx: rusqlite::Transaction<'store>,
    failure: RefCell<Option<StorageError>>,
    at_hand: RefCell<BTreeMap<Table, Rows>>,
}

/// Rows of a table by their keys.
type Rows = BTreeMap<Vec<u8>, AtHand>;

struct AtHand {
    /// `None`: there is no such row.
    value: Option<Vec<u8>>,
    /// The database has it as well.
    written: bool,
}

impl Store {
    /// Runs `work` in one transaction, on disk when this returns. Where it fails or panics, nothing of it is left.
    pub fn transaction<T, E: From<StorageError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Write) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let tx = begun.map_err(|error| storage_error(&error))?;
        let mut tx = Transaction { tx, failure: RefCell::default(), at_hand: RefCell::default() };
        let outcome = work(&mut tx)?;
        tx.commit()?;
        Ok(outcome)
    }
}

impl Transaction<'_> {
    fn commit(self) -> Result<(), StorageError> {
        for (table, rows) in &mut *self.at_hand.borrow_mut() {
            // What failed is kept, and asked for below.
            let _ = self.write_out(*table, rows);
        }
        match self.failure.into_inner() {
            Some(failure) => Err(failure),
            None => self.tx.commit().map_err(|error| storage_error(&error)),
        }
    }

    /// Writes the rows of a table that the database does not have yet.
    fn write_out(&self, table: Table, rows: &mut Rows) -> Result<(), StorageError> {
        for (key, row) in rows.iter_mut().filter(|(_, row)| !row.written) {
            self.statement(|connection| match &row.value {
                Some(value) => rows::put(connection, table, key, value),
                None => rows::remove(connection, table, key),
            })?;
            row.written = true;
        }
        Ok(())
    }

    fn keep(&self, table: Table, key: &[u8], row: AtHand) {
        self.at_hand.borrow_mut().entry(table).or_default().insert(key.to_vec(), row);
    }

    /// Runs one statement, unless one failed before.
    fn statement<T>(
        &self,
        work: impl FnOnce(&rusqlite::Connection) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        if let Some(failure) = &*self.failure.borrow() {
            return Err(failure.clone());
        }
        let outcome = work(&self.tx);
        *self.failure.borrow_mut() = outcome.as_ref().err().cloned();
        outcome
    }
}

impl Read for Transaction<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        if let Some(row) = self.at_hand.borrow().get(&table).and_then(|rows| rows.get(key)) {
            return Ok(row.value.clone());
        }
        let value = self.statement(|connection| rows::value(connection, table, key))?;
        self.keep(table, key, AtHand { value: value.clone(), written: true });
        Ok(value)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        if let Some(rows) = self.at_hand.borrow_mut().get_mut(&table) {
            self.write_out(table, rows)?;
        }
        self.statement(|connection| rows::scan(connection, table, prefix, after, direction, limit))
    }
}

impl Write for Transaction<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.keep(table, key, AtHand { value: Some(value.to_vec()), written: false });
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        self.keep(table, key, AtHand { value: None, written: false });
        Ok(())
    }
}
