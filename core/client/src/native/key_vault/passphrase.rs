//! A file in the account's folder, sealed under a passphrase: for computers without a keyring.
//!
//! Bytes of `key.sealed`: magic (16) ‖ SHA-256 of the key's name (32) ‖ salt (16) ‖ nonce, ciphertext and tag of the
//! key (12 + 32 + 16) ‖ SHA-256 of all before (32). The key is encrypted with ChaCha20-Poly1305 under Argon2id of
//! passphrase and salt; what stands before is its associated data. The sum tells damage from a wrong passphrase.
//!
//! Invariant: the file is replaced whole or not at all, so that there always is one that opens.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use sealpost_crypto::{hash::sha256, passphrase::derive, symmetric};
use zeroize::Zeroizing;

use crate::capabilities::{KeyVault, VaultError};

const FILE: &str = "key.sealed";
const MAGIC: &[u8; 16] = b"sealpost key v1\n";
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const SEALED_KEY_BYTES: usize = 12 + 32 + 16;
const FILE_BYTES: usize = MAGIC.len() + HASH_BYTES + SALT_BYTES + SEALED_KEY_BYTES + HASH_BYTES;

/// The sealed file of one account's folder, and the passphrase that was given for it.
pub struct PassphraseVault {
    folder: PathBuf,
    passphrase: Zeroizing<String>,
}

impl PassphraseVault {
    /// Touches nothing yet; the passphrase is tried at the first [`KeyVault::load`].
    pub fn new(folder: &Path, passphrase: Zeroizing<String>) -> PassphraseVault {
        PassphraseVault { folder: folder.to_owned(), passphrase }
    }

    /// Whether the folder holds a key that is sealed in this way.
    pub fn is_in(folder: &Path) -> bool {
        folder.join(FILE).exists()
    }

    /// Seals the key under another passphrase; the old one opens it no more.
    ///
    /// # Errors
    /// Those of [`KeyVault::load`] with the old passphrase; then, and where writing fails, the old one still holds.
    pub fn change_passphrase(&mut self, name: &str, passphrase: Zeroizing<String>) -> Result<(), VaultError> {
        let key = self.load(name)?;
        let changed = PassphraseVault { folder: self.folder.clone(), passphrase };
        changed.store(name, &key)?;
        *self = changed;
        Ok(())
    }

    fn seal(&self, name: &str, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; 12]);
        for random in [salt.as_mut_slice(), &mut nonce] {
            getrandom::fill(random).map_err(|error| VaultError::Unavailable(error.to_string()))?;
        }
        let mut file = [MAGIC.as_slice(), &sha256(name.as_bytes()), &salt].concat();
        let sealed = symmetric::encrypt(&derive(&self.passphrase, &salt), nonce, &file, key);
        file.extend(sealed);
        let sum = sha256(&file);
        file.extend(sum);
        Ok(file)
    }

    fn unseal(&self, name: &str, file: &[u8]) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        if file.len() != FILE_BYTES || !file.starts_with(MAGIC) {
            return Err(VaultError::Damaged);
        }
        let (file, sum) = file.split_at(FILE_BYTES - HASH_BYTES);
        if sha256(file) != *sum {
            return Err(VaultError::Damaged);
        }
        let (before, sealed) = file.split_at(FILE_BYTES - HASH_BYTES - SEALED_KEY_BYTES);
        let (named, salt) = before[MAGIC.len()..].split_at(HASH_BYTES);
        if *named != sha256(name.as_bytes()) {
            return Err(VaultError::NotFound);
        }
        let salt = salt.try_into().expect("the lengths of all parts add up to the file's");
        let key = symmetric::decrypt(&derive(&self.passphrase, salt), before, sealed).map(Zeroizing::new);
        let key = key.ok_or(VaultError::WrongPassphrase)?;
        let key: &[u8; 32] = key.as_slice().try_into().expect("the sealed part has the length of a sealed key");
        Ok(Zeroizing::new(*key))
    }
}

impl KeyVault for PassphraseVault {
    /// Makes the folder, for its owner alone, where it is missing.
    fn store(&self, name: &str, key: &[u8; 32]) -> Result<(), VaultError> {
        let file = self.seal(name, key)?;
        replace(&self.folder, &file).map_err(vault_error)
    }

    /// Takes a good part of a second, by design.
    fn load(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        self.unseal(name, &fs::read(self.folder.join(FILE)).map_err(vault_error)?)
    }

    fn remove(&self, _name: &str) -> Result<(), VaultError> {
        fs::remove_file(self.folder.join(FILE)).and_then(|()| sync(&self.folder)).map_err(vault_error)
    }
}

/// Writes beside the file, then renames: after a power failure there is the old file or the new one.
fn replace(folder: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    let unfinished = folder.join("key.sealed.unfinished");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(FILE))?;
    sync(folder)
}

fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

fn vault_error(error: io::Error) -> VaultError {
    match error.kind() {
        io::ErrorKind::NotFound => VaultError::NotFound,
        _ => VaultError::Unavailable(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const KEY: [u8; 32] = [0xA7; 32];
    const NAME: &str = "account";

    #[test]
    fn key_comes_back_with_the_passphrase_and_with_no_other() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("not there yet");
        assert!(!PassphraseVault::is_in(&folder));
        vault(&folder, "correct horse").store(NAME, &KEY).unwrap();
        assert!(PassphraseVault::is_in(&folder));
        assert_eq!(vault(&folder, "correct horse").load(NAME).as_deref(), Ok(&KEY));
        assert_eq!(vault(&folder, "battery staple").load(NAME), Err(VaultError::WrongPassphrase));
        assert_eq!(vault(&folder, "correct horse").load("another"), Err(VaultError::NotFound));
    }

    #[test]
    fn key_that_is_stored_twice_is_sealed_anew_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), "correct horse");
        vault.store(NAME, &[1; 32]).unwrap();
        let first = fs::read(folder.path().join(FILE)).unwrap();
        vault.store(NAME, &KEY).unwrap();
        let second = fs::read(folder.path().join(FILE)).unwrap();
        assert!(first[48..].iter().zip(&second[48..]).filter(|(one, other)| one == other).count() < 20);
        assert_eq!(vault.load(NAME).as_deref(), Ok(&KEY));
    }

    #[test]
    fn changed_passphrase_replaces_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut changing = vault(folder.path(), "correct horse");
        changing.store(NAME, &KEY).unwrap();
        changing.change_passphrase(NAME, "battery staple".to_owned().into()).unwrap();
        assert_eq!(changing.load(NAME).as_deref(), Ok(&KEY));
        let mut old = vault(folder.path(), "correct horse");
        assert_eq!(old.load(NAME), Err(VaultError::WrongPassphrase));
        let refused = old.change_passphrase(NAME, "third".to_owned().into());
        assert_eq!(refused, Err(VaultError::WrongPassphrase));
        assert_eq!(vault(folder.path(), "battery staple").load(NAME).as_deref(), Ok(&KEY));
    }

    #[test]
    fn altered_file_is_damage_and_no_wrong_passphrase() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), "correct horse");
        vault.store(NAME, &KEY).unwrap();
        let path = folder.path().join(FILE);
        let intact = fs::read(&path).unwrap();
        assert_eq!(intact.len(), FILE_BYTES);
        for offset in 0..FILE_BYTES {
            let mut altered = intact.clone();
            altered[offset] ^= 1;
            fs::write(&path, altered).unwrap();
            assert_eq!(vault.load(NAME), Err(VaultError::Damaged), "byte {offset}");
        }
        for length in [0, 1, FILE_BYTES - 1] {
            fs::write(&path, &intact[..length]).unwrap();
            assert_eq!(vault.load(NAME), Err(VaultError::Damaged), "{length} bytes");
        }
    }

    #[test]
    fn removed_key_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path(), "correct horse");
        assert_eq!(vault.remove(NAME), Err(VaultError::NotFound));
        vault.store(NAME, &KEY).unwrap();
        vault.remove(NAME).unwrap();
        assert_eq!(vault.load(NAME), Err(VaultError::NotFound));
    }

    #[test]
    fn file_is_for_its_owner_alone_and_holds_nothing_readable() {
        let folder = tempfile::tempdir().unwrap();
        vault(folder.path(), "correct horse").store(NAME, &KEY).unwrap();
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let bytes = fs::read(&path).unwrap();
        for secret in [&KEY[..4], b"correct horse", NAME.as_bytes()] {
            assert!(bytes.windows(secret.len()).all(|window| window != secret));
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left in the folder");
    }

    #[test]
    fn place_that_cannot_be_written_is_unavailable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, b"").unwrap();
        let outcome = vault(&file, "correct horse").store(NAME, &KEY);
        assert!(matches!(outcome, Err(VaultError::Unavailable(_))), "{outcome:?}");
    }

    fn vault(folder: &Path, passphrase: &str) -> PassphraseVault {
        PassphraseVault::new(folder, passphrase.to_owned().into())
    }
}
