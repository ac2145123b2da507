//! Reading beside the writer: a connection of its own, each time on the state of one moment.

use std::{fs::File, sync::Arc};

use rusqlite::Connection;
use sealpost_engine::storage::{Direction, RawRow, Read, StorageError, Table};

use crate::{Store, error::storage_error, open, rows};

/// Reads on any one thread while the [`Store`] writes on another; neither waits for the other.
pub struct Reader {
    connection: Connection,
    /// Keeps other processes out for as long as this reader lives.
    _lock: Arc<File>,
}

struct Snapshot<'reader> {
    tx: rusqlite::Transaction<'reader>,
}

impl Store {
    /// Another reader of the same database.
    pub fn reader(&self) -> Result<Reader, StorageError> {
        let connection = open::connect(&self.database, &self.key, open::Access::Read);
        let connection = connection.map_err(|error| storage_error(&error))?;
        Ok(Reader { connection, _lock: Arc::clone(&self.lock) })
    }
}

impl Reader {
    /// Runs `work` on the state of one moment, that of its first read: later commits are not seen in it.
    pub fn snapshot<T, E: From<StorageError>>(&mut self, work: impl FnOnce(&dyn Read) -> Result<T, E>) -> Result<T, E> {
        let tx = self.connection.transaction().map_err(|error| storage_error(&error))?;
        work(&Snapshot { tx })
    }
}

impl Read for Snapshot<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        rows::value(&self.tx, table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        rows::scan(&self.tx, table, prefix, after, direction, limit)
    }
}
