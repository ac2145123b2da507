//! The account's folder: names and permissions of its files, the process lock, and the check of the key.
//!
//! The key check tells a wrong key from a damaged database, which SQLCipher can't: it is a hash of the random 32-byte
//! key, of which nobody can search the values.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

use crate::OpenError;

const KEY_CHECK_LABEL: &[u8] = b"sealpost device database key check v1\0";
const HASH_BYTES: usize = 32;

/// What the key check says of a key.
pub(crate) enum KeyVerdict {
    Right,
    Wrong,
    /// The check is missing or damaged itself.
    Unknown,
}

#[derive(Debug, Clone)]
pub(crate) struct AccountFolder {
    path: PathBuf,
}

impl AccountFolder {
    /// Makes the folder where it is missing, for its owner alone.
    pub(crate) fn create(path: &Path) -> Result<AccountFolder, OpenError> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let folder = AccountFolder { path: path.to_owned() };
        folder.refuse_existing()?;
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
        Ok(folder)
    }

    /// The folder of an account that was made before.
    pub(crate) fn existing(path: &Path) -> Result<AccountFolder, OpenError> {
        let folder = AccountFolder { path: path.to_owned() };
        if folder.database().try_exists()? { Ok(folder) } else { Err(OpenError::Missing) }
    }

    /// An error where a database is there already.
    pub(crate) fn refuse_existing(&self) -> Result<(), OpenError> {
        if self.database().try_exists()? { Err(OpenError::Exists) } else { Ok(()) }
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("account.db")
    }

    /// Takes the folder for this process, until the file is closed.
    pub(crate) fn lock(&self) -> Result<File, OpenError> {
        let file = private_file(&self.path.join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }

    /// An empty file in which the database is made. Leftovers of an attempt that was cut off are gone.
    pub(crate) fn unfinished_database(&self) -> Result<PathBuf, OpenError> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            match fs::remove_file(self.path.join(format!("account.db.unfinished{suffix}"))) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        let path = self.path.join("account.db.unfinished");
        private_file(&path)?;
        Ok(path)
    }

    /// Puts the finished database in its place, for good also after a power failure.
    pub(crate) fn finish_database(&self, unfinished: &Path) -> Result<(), OpenError> {
        File::open(unfinished)?.sync_all()?;
        fs::rename(unfinished, self.database())?;
        self.sync()
    }

    pub(crate) fn write_key_check(&self, key: &[u8; 32]) -> Result<(), OpenError> {
        let unfinished = self.path.join("key-check.unfinished");
        let mut file = private_file(&unfinished)?;
        file.set_len(0)?;
        file.write_all(&key_check(key))?;
        file.sync_all()?;
        fs::rename(&unfinished, self.path.join("key-check"))?;
        self.sync()
    }

    pub(crate) fn key_verdict(&self, key: &[u8; 32]) -> Result<KeyVerdict, OpenError> {
        let found = match fs::read(self.path.join("key-check")) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(KeyVerdict::Unknown),
            found => found?,
        };
        let intact = found.split_at_checked(HASH_BYTES).is_some_and(|(hash, sum)| Sha256::digest(hash)[..] == *sum);
        Ok(match (intact, found == key_check(key)) {
            (_, true) => KeyVerdict::Right,
            (true, false) => KeyVerdict::Wrong,
            (false, false) => KeyVerdict::Unknown,
        })
    }

    fn sync(&self) -> Result<(), OpenError> {
        #[cfg(unix)]
        File::open(&self.path)?.sync_all()?;
        Ok(())
    }
}

/// The hash of the key, and the hash of that, by which damage to the check itself is seen.
fn key_check(key: &[u8; 32]) -> Vec<u8> {
    let hash = Sha256::new().chain_update(KEY_CHECK_LABEL).chain_update(key).finalize();
    [hash, Sha256::digest(hash)].concat()
}

/// Opens or makes a file that its owner alone may read. SQLite gives the files beside the database the same mode.
fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
