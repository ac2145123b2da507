//! A transaction whose writes are seen, and may be refused, before they are made: for whoever counts them, or lets a
//! disk fail at one of them.

use super::{Direction, RawRow, Read, StorageError, Table, Write};

/// `before` gets the table, the key and the value (`None`: the row is removed) of each write; its error stands for the
/// write's.
pub struct Watched<'t, F> {
    tx: &'t mut dyn Write,
    before: F,
}

impl<'t, F: FnMut(Table, &[u8], Option<&[u8]>) -> Result<(), StorageError>> Watched<'t, F> {
    pub fn new(tx: &'t mut dyn Write, before: F) -> Self {
        Self { tx, before }
    }
}

impl<F> Read for Watched<'_, F> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.tx.value(table, key)
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        self.tx.scan(table, prefix, after, direction, limit)
    }
}

impl<F: FnMut(Table, &[u8], Option<&[u8]>) -> Result<(), StorageError>> Write for Watched<'_, F> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        (self.before)(table, key, Some(value))?;
        self.tx.put(table, key, value)
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        (self.before)(table, key, None)?;
        self.tx.remove(table, key)
    }
}
