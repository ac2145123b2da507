//! A database in memory: for simulations, tests and the browser. Transactions work on a copy that replaces the
//! original at commit, so a dropped one leaves nothing behind.

use std::collections::BTreeMap;

use super::{Direction, RawRow, Read, StorageError, Table, Write};

type Rows = BTreeMap<(Table, Vec<u8>), Vec<u8>>;

/// The committed rows.
#[derive(Debug, Default, Clone)]
pub struct MemoryStore {
    rows: Rows,
}

/// Changes that are not yet committed, over the committed rows.
pub struct MemoryTransaction<'store> {
    store: &'store mut MemoryStore,
    changes: BTreeMap<(Table, Vec<u8>), Option<Vec<u8>>>,
}

impl MemoryStore {
    pub fn begin(&mut self) -> MemoryTransaction<'_> {
        MemoryTransaction { store: self, changes: BTreeMap::new() }
    }
}

impl MemoryTransaction<'_> {
    pub fn commit(self) {
        for (key, change) in self.changes {
            match change {
                Some(value) => self.store.rows.insert(key, value),
                None => self.store.rows.remove(&key),
            };
        }
    }
}

impl Read for MemoryStore {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.rows.get(&(table, key.to_vec())).cloned())
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        let rows = self.rows.range((table, prefix.to_vec())..);
        let rows = rows.take_while(|((at, key), _)| *at == table && key.starts_with(prefix));
        Ok(page(rows.map(|((_, key), value)| (key.clone(), value.clone())), after, direction, limit))
    }
}

impl Read for MemoryTransaction<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.changes.get(&(table, key.to_vec())) {
            Some(change) => Ok(change.clone()),
            None => self.store.value(table, key),
        }
    }

    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError> {
        let committed = self.store.scan(table, prefix, None, Direction::Up, usize::MAX)?;
        let mut merged: BTreeMap<Vec<u8>, Vec<u8>> = committed.into_iter().collect();
        for ((at, key), change) in self.changes.range((table, prefix.to_vec())..) {
            if *at != table || !key.starts_with(prefix) {
                break;
            }
            match change {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        Ok(page(merged.into_iter(), after, direction, limit))
    }
}

impl Write for MemoryTransaction<'_> {
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.changes.insert((table, key.to_vec()), Some(value.to_vec()));
        Ok(())
    }

    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError> {
        self.changes.insert((table, key.to_vec()), None);
        Ok(())
    }
}

fn page(rows: impl Iterator<Item = RawRow>, after: Option<&[u8]>, direction: Direction, limit: usize) -> Vec<RawRow> {
    match direction {
        Direction::Up => rows.filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after)).take(limit).collect(),
        Direction::Down => {
            let below = rows.filter(|(key, _)| after.is_none_or(|after| key.as_slice() < after));
            let mut below: Vec<RawRow> = below.collect();
            below.reverse();
            below.truncate(limit);
            below
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::conformance::{self, Backend};

    impl Backend for MemoryStore {
        fn transact(
            &mut self,
            work: &mut dyn FnMut(&mut dyn Write) -> Result<(), StorageError>,
        ) -> Result<(), StorageError> {
            let mut tx = self.begin();
            work(&mut tx)?;
            tx.commit();
            Ok(())
        }

        fn read(&mut self, work: &mut dyn FnMut(&dyn Read)) {
            work(self);
        }
    }

    #[test]
    fn memory_store_conforms() {
        conformance::run(&mut MemoryStore::default());
    }
}
