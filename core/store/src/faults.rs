//! Doors for tests on a failing disk. Never in what people use.

use rusqlite::Connection;
use sealpost_engine::storage::StorageError;

use crate::{Store, error::storage_error};

impl Store {
    /// Plants a bug that such tests have to find: a commit is answered before it is on the disk.
    pub fn answers_before_it_syncs(&mut self) -> Result<(), StorageError> {
        set(&self.connection, "synchronous", "NORMAL")
    }

    /// Folds the log into the database after each commit that leaves so many pages in it: what otherwise takes a
    /// thousand of them.
    pub fn checkpoints_at(&mut self, pages: u32) -> Result<(), StorageError> {
        set(&self.connection, "wal_autocheckpoint", &pages.to_string())
    }
}

fn set(connection: &Connection, pragma: &str, value: &str) -> Result<(), StorageError> {
    connection.execute_batch(&format!("PRAGMA {pragma} = {value}")).map_err(|error| storage_error(&error))
}
