//! What changed, kept in order for readers that come back.

use super::Account;
use crate::{
    error::Error,
    journal::{self, Order},
    types::Changes,
};

/// The longest page of changes.
const PAGE: usize = 500;

impl Account {
    /// Begins to keep what changes, for readers that come back, and answers where to read on: at the bookmark of this
    /// name (set to the newest change where there is none), or else at the newest change.
    ///
    /// # Errors
    /// `Empty` and `TooLong` for the name; `TooMany` names.
    pub fn follow(&self, name: Option<&str>) -> Result<u64, Error> {
        if let Some(name) = name {
            self.read(|read| Ok(journal::check_name(read, name)?))??;
        }
        self.journal(Order::Follow(name.map(str::to_owned)))
    }

    /// Keeps how far the reader of this name has come.
    pub fn set_bookmark(&self, name: &str, position: u64) -> Result<(), Error> {
        self.journal(Order::Bookmark(name.to_owned(), position)).map(|_| ())
    }

    /// A page of at most 500 changes behind a position, oldest first.
    pub fn changes(&self, after: u64, limit: u32) -> Result<Changes, Error> {
        let limit = usize::try_from(limit).map_or(PAGE, |limit| limit.min(PAGE));
        self.read(|read| Ok(journal::changes(read, after, limit)?))
    }
}
