//! Where a device keeps its rows: the sealed database, in some folder, or this process's memory. One
//! transaction a step.

use std::{
    fs,
    path::{Path, PathBuf},
};

use sealpost_engine::storage::{StorageError, Write, memory::MemoryStore, watched::Watched};
use sealpost_store::{OpenMode, Store};

pub enum Database {
    Sealed { store: Box<Store>, log: PathBuf },
    Memory(MemoryStore),
}

/// What a transaction handed to the store.
#[derive(Debug, Clone, Copy, Default)]
pub struct Written {
    pub rows: usize,
    /// Keys and values.
    pub bytes: usize,
}

impl Database {
    pub fn sealed(folder: &Path) -> Self {
        let store = Store::open(folder, &[0x5E; 32], OpenMode::Create).expect("a database");
        Self::Sealed { store: Box::new(store), log: folder.join("account.db-wal") }
    }

    pub fn memory() -> Self {
        Self::Memory(MemoryStore::default())
    }

    pub fn transaction<T, E: From<StorageError>>(
        &mut self,
        work: impl FnOnce(&mut dyn Write) -> Result<T, E>,
    ) -> Result<(T, Written), E> {
        let counted = |tx: &mut dyn Write| {
            let mut written = Written::default();
            let mut tx = Watched::new(tx, |_, key, value| {
                written.rows += 1;
                written.bytes += key.len() + value.map_or(0, <[u8]>::len);
                Ok(())
            });
            let result = work(&mut tx)?;
            Ok((result, written))
        };
        match self {
            Self::Sealed { store, .. } => store.transaction(counted),
            Self::Memory(store) => {
                let mut tx = store.begin();
                let result = counted(&mut tx)?;
                tx.commit();
                Ok(result)
            }
        }
    }

    /// Bytes of the write-ahead log, which starts anew when it has been folded into the database.
    pub fn log_bytes(&self) -> u64 {
        match self {
            Self::Sealed { log, .. } => fs::metadata(log).map_or(0, |log| log.len()),
            Self::Memory(_) => 0,
        }
    }

    /// Folds the log into the database, as a device does when it is quiet.
    pub fn fold_log(&mut self) {
        if let Self::Sealed { store, .. } = self {
            store.forget_deleted().expect("nobody reads meanwhile");
        }
    }
}
