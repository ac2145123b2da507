//! The relay's own keys, each in a file of its own beside the database, with a backup of its own.
//!
//! Invariants: a key file is complete or absent, and readable by the relay alone; a key that is missing beside an
//! existing database is an error, never a new key (it would turn every number, receipt and hash into another).

mod archive;

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use sealpost_crypto::{hash::sha256, keys::IdentityKey, oprf::NumberKey};

use crate::keyed_hash::HashKey;

pub use archive::{Archive, ArchiveError};

/// Their files.
pub const FILES: [&str; 3] = ["receipt.key", "oprf.key", "hash.key"];

/// A relay's three keys.
pub struct Keys {
    /// Signs slot receipts.
    pub receipt: IdentityKey,
    /// Turns phone numbers into tokens.
    pub number: NumberKey,
    /// Hashes what must be known again, but not read.
    pub hash: HashKey,
}

/// Why the keys can't be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0} is missing beside an existing database: restore it from its backup")]
    Missing(PathBuf),
    #[error("{0} is damaged: restore it from its backup")]
    Damaged(PathBuf),
    #[error("{0} can be read by others: chmod 600")]
    Readable(PathBuf),
    #[error("{0}: {1}")]
    File(PathBuf, io::Error),
}

impl Keys {
    /// Reads the key files of a data folder, or makes them where there is no database yet.
    pub fn open(folder: &Path, database_exists: bool) -> Result<Self, KeyError> {
        let receipt = secret(&folder.join("receipt.key"), database_exists, |seed| seed)?;
        let number_file = folder.join("oprf.key");
        let number = secret(&number_file, database_exists, |seed| NumberKey::generate(seed).to_bytes())?;
        let hash = secret(&folder.join("hash.key"), database_exists, |seed| seed)?;
        Ok(Self {
            receipt: IdentityKey::from_secret(receipt),
            number: NumberKey::from_bytes(&number).ok_or(KeyError::Damaged(number_file))?,
            hash: HashKey::new(hash),
        })
    }

    /// Tells these keys from others, and says nothing about them: a backup carries it.
    pub fn fingerprint(&self) -> String {
        let hash = self.hash.hash("fingerprint", &[]);
        let parts = [&self.receipt.public()[..], &self.number.token("fingerprint"), &hash].concat();
        data_encoding::HEXLOWER.encode(&sha256(&parts))
    }
}

#[cfg(feature = "memory")]
impl Keys {
    /// Keys that are kept nowhere: the same for the same seed.
    pub fn of_seed(seed: u8) -> Self {
        Self {
            receipt: IdentityKey::from_secret([seed; 32]),
            number: NumberKey::generate([seed; 32]),
            hash: HashKey::new([seed; 32]),
        }
    }
}

fn secret(path: &Path, database_exists: bool, make: fn([u8; 32]) -> [u8; 32]) -> Result<[u8; 32], KeyError> {
    match fs::read(path) {
        Ok(bytes) => {
            let mode = fs::metadata(path).map_err(|error| KeyError::File(path.to_owned(), error))?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(KeyError::Readable(path.to_owned()));
            }
            bytes.try_into().map_err(|_| KeyError::Damaged(path.to_owned()))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound && !database_exists => {
            let mut seed = [0; 32];
            getrandom::fill(&mut seed).map_err(|error| KeyError::File(path.to_owned(), io::Error::other(error)))?;
            let secret = make(seed);
            write(path, &secret).map_err(|error| KeyError::File(path.to_owned(), error))?;
            Ok(secret)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyError::Missing(path.to_owned())),
        Err(error) => Err(KeyError::File(path.to_owned(), error)),
    }
}

/// Under another name first: a crash leaves no half a key.
fn write(path: &Path, secret: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(secret)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_read_again() {
        let folder = tempfile::tempdir().expect("temporary");
        let made = Keys::open(folder.path(), false).expect("made");
        let read = Keys::open(folder.path(), true).expect("read");
        assert_eq!(made.receipt.public(), read.receipt.public());
        assert_eq!(made.number.token("+4917604069028"), read.number.token("+4917604069028"));
        let mode = fs::metadata(folder.path().join("oprf.key")).expect("there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_missing_damaged_or_readable_key_is_an_error_and_no_new_key() {
        let folder = tempfile::tempdir().expect("temporary");
        Keys::open(folder.path(), false).expect("made");
        let hash = folder.path().join("hash.key");
        fs::set_permissions(&hash, fs::Permissions::from_mode(0o644)).expect("allowed");
        assert!(matches!(Keys::open(folder.path(), true), Err(KeyError::Readable(_))));
        fs::set_permissions(&hash, fs::Permissions::from_mode(0o600)).expect("allowed");
        fs::write(&hash, [1; 31]).expect("written");
        assert!(matches!(Keys::open(folder.path(), true), Err(KeyError::Damaged(_))));
        fs::remove_file(&hash).expect("removed");
        assert!(matches!(Keys::open(folder.path(), true), Err(KeyError::Missing(_))));
        assert!(!hash.exists());
    }
}
