//! The one write door: a transaction that is committed whole or not at all.
//!
//! Invariant: a transaction in which anything failed is never committed, even where its user swallowed the error,
//! because SQLite may have rolled it back already and would commit what follows row by row.

use std::cell::RefCell;

use rusqlite::TransactionBehavior;
use sealpost_engine::storage::{Direction, RawRow, Read, StorageError, Table, Write};

use crate::{Store, error::storage_error, rows};

struct Transaction<'store> {
    tx: rusqlite::Transaction<'store>,
    failure: RefCell<Option<StorageError>>,
}

impl Store {
    /// Runs `work` in one transaction, on disk when this returns. Where it fails or panics, nothing of it is left.
    pub fn transaction<T, E: From<StorageError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Write) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let tx = begun.map_err(|error| storage_error(&error))?;
        let mut tx = Transaction { tx, failure: RefCell::new(None) };
        let outcome = work(&mut tx)?;
        tx.commit()?;
        Ok(outcome)
    }
}

impl Transaction<'_> {
    fn commit(self) -> Result<(), StorageError> {
        match self.failure.into_inner() {
            Some(failure) => Err(failure),
            None => self.tx.commit().map_err(|error| storage_error(&error)),
        }
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
        self.statement(|connection| rows::value(connection, table, key))
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        self.statement(|connection| rows::scan(connection, table, prefix, after, direction, limit))
    }
}

impl Write for Transaction<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.statement(|connection| rows::put(connection, table, key, value))
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        self.statement(|connection| rows::remove(connection, table, key))
    }
}
