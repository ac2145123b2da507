//! What SQLite and the file system report, in the words of the engine and of those who open an account.

use std::io;

use rusqlite::{ErrorCode, ffi};
use sealpost_engine::storage::StorageError;

/// Why an account could not be opened. What was kept in it is as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("there is no device database in this folder")]
    Missing,
    #[error("there is a device database in this folder already")]
    Exists,
    #[error("the key is not the one of this device database")]
    WrongKey,
    #[error("the device database is damaged: {0}")]
    Damaged(String),
    #[error("the device database has schema {found}, this version knows {known}")]
    NewerSchema { found: u32, known: u32 },
    #[error("another process uses this account")]
    InUse,
    #[error("the disk is full")]
    DiskFull,
    #[error("the account's folder can't be written")]
    ReadOnly,
    #[error("the account's folder can't be used: {0}")]
    Io(String),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OpenError::DiskFull,
            io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => OpenError::ReadOnly,
            _ => OpenError::Io(error.to_string()),
        }
    }
}

impl From<StorageError> for OpenError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Damaged(cause) => OpenError::Damaged(cause),
            StorageError::DiskFull => OpenError::DiskFull,
            StorageError::ReadOnly(_) => OpenError::ReadOnly,
            StorageError::Failed(cause) => OpenError::Io(cause),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => OpenError::InUse,
            _ => storage_error(&error).into(),
        }
    }
}

/// SQLite's error as the engine's.
pub(crate) fn storage_error(error: &rusqlite::Error) -> StorageError {
    let cause = error.to_string();
    match error.sqlite_error().map(|error| error.extended_code) {
        Some(ffi::SQLITE_IOERR_SHMSIZE) => return StorageError::DiskFull,
        // A disk that breaks, or a system that takes writing away under an open file.
        Some(
            ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_DELETE,
        ) => return StorageError::ReadOnly(cause),
        _ => {}
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StorageError::DiskFull,
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StorageError::ReadOnly(cause)
        }
        // SQLCipher answers with the plain SQLITE_ERROR where a page fails its authentication; our statements are
        // fixed and known to be right, so that nothing else causes it but a table that is gone.
        Some(ErrorCode::Unknown | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StorageError::Damaged(cause),
        _ => StorageError::Failed(cause),
    }
}
