//! The keys' own backup: one text file, kept apart from the database's.
//!
//! Invariant: what is damaged, or of another format, is never unpacked.

use std::{fs, io, path::Path};

use data_encoding::HEXLOWER;
use sealpost_crypto::hash::sha256;
use serde::{Deserialize, Serialize};

use super::{FILES, KeyError, Keys, secret, write};

const HEAD: &str = "\
# The keys of a Sealpost relay. Keep them apart from the backups of its database: whoever holds both can search the
# phone numbers. Without them a restored database is of no use.
";
const FORMAT: u32 = 1;

/// The three keys, packed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    format: u32,
    receipt: String,
    oprf: String,
    hash: String,
    /// SHA-256 of the keys in this order.
    checksum: String,
}

/// A text that is no archive of keys.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("this is no backup of a relay's keys: name the file that `backup --keys` wrote")]
    Format,
    #[error("this backup of the keys is damaged: take another copy of it")]
    Damaged,
    #[error("this backup of the keys was written by a newer relay: install that one first")]
    Newer,
}

impl Archive {
    /// Packs a data folder's keys; they must be complete.
    pub fn of(folder: &Path) -> Result<Self, KeyError> {
        Keys::open(folder, true)?;
        let [receipt, oprf, hash] = FILES.map(|name| secret(&folder.join(name), true, |seed| seed));
        Ok(Self::pack([receipt?, oprf?, hash?]))
    }

    pub fn parse(text: &str) -> Result<Self, ArchiveError> {
        let archive: Self = toml::from_str(text).map_err(|_| ArchiveError::Format)?;
        if archive.format > FORMAT {
            return Err(ArchiveError::Newer);
        }
        let keys = archive.keys().ok_or(ArchiveError::Damaged)?;
        if Self::pack(keys).checksum != archive.checksum {
            return Err(ArchiveError::Damaged);
        }
        Ok(archive)
    }

    pub fn to_text(&self) -> String {
        // Four short texts and a number can always be written.
        let body = toml::to_string(self).unwrap_or_default();
        format!("{HEAD}{body}")
    }

    /// Writes the key files into a folder that has none.
    pub fn unpack(&self, folder: &Path) -> io::Result<()> {
        let keys = self.keys().ok_or_else(|| io::Error::other(ArchiveError::Damaged))?;
        FILES.iter().zip(keys).try_for_each(|(name, key)| match fs::exists(folder.join(name))? {
            true => Err(io::ErrorKind::AlreadyExists.into()),
            false => write(&folder.join(name), &key),
        })
    }

    fn pack(keys: [[u8; 32]; 3]) -> Self {
        let [receipt, oprf, hash] = keys.map(|key| HEXLOWER.encode(&key));
        Self { format: FORMAT, receipt, oprf, hash, checksum: HEXLOWER.encode(&sha256(&keys.concat())) }
    }

    fn keys(&self) -> Option<[[u8; 32]; 3]> {
        let key = |text: &str| HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok();
        Some([key(&self.receipt)?, key(&self.oprf)?, key(&self.hash)?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_same_after_their_own_backup() {
        let (one, other) = (tempfile::tempdir().expect("temporary"), tempfile::tempdir().expect("temporary"));
        let made = Keys::open(one.path(), false).expect("made");
        let text = Archive::of(one.path()).expect("packed").to_text();
        Archive::parse(&text).expect("whole").unpack(other.path()).expect("unpacked");
        let read = Keys::open(other.path(), true).expect("read");
        assert_eq!(made.fingerprint(), read.fingerprint());
        let others = Keys::open(tempfile::tempdir().expect("temporary").path(), false).expect("made");
        assert_ne!(made.fingerprint(), others.fingerprint());
    }

    #[test]
    fn a_damaged_or_foreign_backup_of_keys_is_refused() {
        let folder = tempfile::tempdir().expect("temporary");
        Keys::open(folder.path(), false).expect("made");
        let archive = Archive::of(folder.path()).expect("packed");
        let text = archive.to_text();
        let flipped = if archive.oprf.starts_with('0') { "1" } else { "0" };
        let damaged = text.replace(&archive.oprf, &format!("{flipped}{}", &archive.oprf[1..]));
        assert!(matches!(Archive::parse(&damaged), Err(ArchiveError::Damaged)));
        assert!(matches!(Archive::parse("operator = \"Example\""), Err(ArchiveError::Format)));
        assert!(matches!(Archive::parse(&text.replace("format = 1", "format = 2")), Err(ArchiveError::Newer)));
        assert!(archive.unpack(folder.path()).is_err(), "keys that stand are never overwritten");
    }
}
