//! Opening the database of an account: folder, lock, key, schema.
//!
//! Invariant: a database is made under another name and renamed when it is complete, so that what has the database's
//! name always was a whole account.

use std::{
    fmt::Write as _,
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use sealpost_engine::storage::StorageError;
use zeroize::Zeroizing;

use crate::{
    OpenError,
    error::storage_error,
    folder::{AccountFolder, KeyVerdict},
    schema,
};

/// Two reading and two writing statements, and four scans, for each table.
const CACHED_STATEMENTS: usize = 128;
/// Pages that are at hand need not be read, decrypted and checked again: those of some thousand messages.
const WRITER_CACHE_KIB: u32 = 16 << 10;
/// Of the writer, only a checkpoint ever meets another connection of this process, and can be left to the next one.
const WRITER_WAITS: Duration = Duration::from_millis(200);
/// A reader has nothing else to do, and what it can't read somebody misses.
const READER_WAITS: Duration = Duration::from_secs(10);

/// Whether an account is begun or gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Makes the folder and the database; an error where there is a database already.
    Create,
    /// An error where there is no database.
    Existing,
}

/// The open device database: the only writer.
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) database: PathBuf,
    pub(crate) key: Zeroizing<[u8; 32]>,
    pub(crate) lock: Arc<File>,
    generation: u64,
}

impl Store {
    /// Whether there is a device database in this folder, readable or not.
    pub fn exists(folder: &Path) -> bool {
        !matches!(AccountFolder::existing(folder), Err(OpenError::Missing))
    }

    /// Takes the folder of a device database for this process, before the key costs anything.
    ///
    /// # Errors
    /// `Missing`, `InUse`.
    pub fn take(folder: &Path) -> Result<Taken, OpenError> {
        let folder = AccountFolder::existing(folder)?;
        let lock = Arc::new(folder.lock()?);
        Ok(Taken { folder, lock })
    }

    /// Opens the device database in `folder` under its random key and takes the folder for this process.
    ///
    /// # Errors
    /// One for each reason that a person can do something different about: see [`OpenError`].
    pub fn open(folder: &Path, key: &[u8; 32], mode: OpenMode) -> Result<Store, OpenError> {
        let taken = match mode {
            OpenMode::Existing => Self::take(folder)?,
            OpenMode::Create => {
                let folder = AccountFolder::create(folder)?;
                let lock = Arc::new(folder.lock()?);
                create(&folder, key)?;
                Taken { folder, lock }
            }
        };
        taken.open(key)
    }

    /// Wipes what was deleted from the write-ahead log too; the database itself holds none of it since the commit.
    /// Does nothing while a reader is still on an older state: the next call, or the next opening, makes up for it.
    pub fn forget_deleted(&mut self) -> Result<(), StorageError> {
        match self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            outcome => outcome.map_err(|error| storage_error(&error)),
        }
    }

    /// Counts the openings of this database: another process that remembers it sees that somebody wrote meanwhile.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

/// A device database's folder, which no other process opens while this is kept.
pub struct Taken {
    folder: AccountFolder,
    lock: Arc<File>,
}

impl Taken {
    /// # Errors
    /// As [`Store::open`].
    pub fn open(self, key: &[u8; 32]) -> Result<Store, OpenError> {
        let Self { folder, lock } = self;
        let key = Zeroizing::new(*key);
        let mut connection =
            connect(&folder.database(), &key, Access::Write).map_err(|error| explain(&error, &folder, &key))?;
        if schema::version(&connection)? == 0 {
            return Err(OpenError::Damaged("the database has no schema".into()));
        }
        schema::migrate(&mut connection)?;
        let generation = schema::next_generation(&connection)?;
        if !matches!(folder.key_verdict(&key)?, KeyVerdict::Right) {
            folder.write_key_check(&key)?;
        }
        let mut store = Store { connection, database: folder.database(), key, lock, generation };
        match store.forget_deleted() {
            // Reading goes on, and the first write says so.
            Ok(()) | Err(StorageError::DiskFull) => Ok(store),
            Err(error) => Err(error.into()),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

/// A connection that has proved its key by reading the schema.
pub(crate) fn connect(database: &Path, key: &[u8; 32], access: Access) -> rusqlite::Result<Connection> {
    let (flags, waits) = match access {
        Access::Read => (OpenFlags::SQLITE_OPEN_READ_ONLY, READER_WAITS),
        Access::Write => (OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER_WAITS),
    };
    let connection = Connection::open_with_flags(database, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.execute_batch(&key_statement(key))?;
    // Else SQLCipher writes to the standard error stream of whoever uses it.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    connection.busy_timeout(waits)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    if access == Access::Write {
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON")?;
        connection.execute_batch(&format!("PRAGMA cache_size = -{WRITER_CACHE_KIB}"))?;
    }
    Ok(connection)
}

fn create(folder: &AccountFolder, key: &[u8; 32]) -> Result<(), OpenError> {
    // Somebody may have made it before this process had the lock.
    folder.refuse_existing()?;
    let unfinished = folder.unfinished_database()?;
    let mut connection = connect(&unfinished, key, Access::Write)?;
    schema::migrate(&mut connection)?;
    // Closing would fold the write-ahead log into the file as well, but not say where it could not.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)?;
    folder.write_key_check(key)?;
    folder.finish_database(&unfinished)
}

/// SQLCipher can't tell a wrong key from a damaged beginning of the file; the key check can.
fn explain(error: &rusqlite::Error, folder: &AccountFolder, key: &[u8; 32]) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => match folder.key_verdict(key) {
            Ok(KeyVerdict::Wrong) => OpenError::WrongKey,
            Ok(KeyVerdict::Right) => OpenError::Damaged("the beginning of the file can't be read".into()),
            Ok(KeyVerdict::Unknown) => OpenError::Damaged("the file and the check of its key can't be read".into()),
            Err(error) => error,
        },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse,
        _ => storage_error(error).into(),
    }
}

/// The raw key: no passphrase derivation, which costs 0.16 s an opening and adds nothing to 32 random bytes.
fn key_statement(key: &[u8; 32]) -> Zeroizing<String> {
    let mut statement = Zeroizing::new(String::with_capacity(96));
    statement.push_str("PRAGMA key = \"x'");
    for byte in key {
        write!(statement, "{byte:02x}").expect("a string takes whatever is written to it");
    }
    statement.push_str("'\"");
    statement
}
