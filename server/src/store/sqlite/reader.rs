//! Connections that only read, a few of them, on threads that may block.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use crate::store::{Answer, StoreError};

/// Connections that read side by side.
const READERS: usize = 4;

/// A small pool; every reader sees the last commit at its start.
#[derive(Clone)]
pub struct Readers(Arc<Pool>);

struct Pool {
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
}

impl Readers {
    pub fn open(path: &std::path::Path) -> Result<Self, StoreError> {
        let open = |_| {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags).map_err(super::failure)?;
            super::configure_reader(&connection).map_err(super::failure)?;
            Ok(connection)
        };
        let idle = (0..READERS).map(open).collect::<Result<_, StoreError>>()?;
        Ok(Self(Arc::new(Pool { idle: Mutex::new(idle), free: Arc::new(Semaphore::new(READERS)) })))
    }

    pub fn read<T, F>(&self, operation: F) -> Answer<'static, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let pool = Arc::clone(&self.0);
        Box::pin(async move {
            let free = Arc::clone(&pool.free);
            let permit = free.acquire_owned().await.map_err(|_| StoreError::Closed)?;
            let blocking = tokio::task::spawn_blocking(move || {
                let _permit = permit;
                let connection = pool.take()?;
                let result = catch_unwind(AssertUnwindSafe(|| operation(&connection)));
                pool.give_back(connection);
                let panicked = |_| Err(StoreError::Failed("a reader panicked".to_owned()));
                result.map_or_else(panicked, |result| result.map_err(super::failure))
            });
            blocking.await.unwrap_or(Err(StoreError::Closed))
        })
    }
}

impl Pool {
    fn take(&self) -> Result<Connection, StoreError> {
        let mut idle = self.idle.lock().map_err(|_| StoreError::Closed)?;
        idle.pop().ok_or_else(|| StoreError::Failed("a reader was lost".to_owned()))
    }

    fn give_back(&self, connection: Connection) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(connection);
        }
    }
}
