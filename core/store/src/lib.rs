//! The device database: the engine's storage traits on SQLCipher, one encrypted file in the account's folder.
//!
//! Invariants: one process and one writer per folder, for as long as a [`Store`] or a [`Reader`] of it lives; what
//! cannot be opened is an error that says why, never an empty account; nothing readable reaches the disk, temporary
//! files included; a migration that was released is never changed.

mod error;
#[cfg(feature = "faults")]
mod faults;
mod folder;
mod open;
mod reader;
mod rows;
mod schema;
mod transaction;

pub use error::OpenError;
pub use open::{OpenMode, Store, Taken};
pub use reader::Reader;
