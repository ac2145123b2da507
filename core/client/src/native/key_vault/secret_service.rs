//! The desktop's keyring, over the Secret Service protocol of freedesktop.org (GNOME Keyring, KWallet, KeePassXC).
//!
//! Invariant: never the `keyring` crate's stand-in, which forgets everything with the process and with it the account.

use std::thread;

use data_encoding::HEXLOWER;
use keyring::{Entry, Error, credential::CredentialPersistence};
use zeroize::Zeroizing;

use crate::capabilities::{KeyVault, VaultError};

const SERVICE: &str = "sealpost";

/// The keyring of the person who is logged in.
#[derive(Debug, Clone, Copy, Default)]
pub struct SecretServiceVault;

impl SecretServiceVault {
    pub fn new() -> SecretServiceVault {
        SecretServiceVault
    }

    /// Whether there is a keyring to talk to. It may still be locked, and ask for its passphrase at the first use.
    pub fn answers() -> bool {
        let found = SecretServiceVault.load("a name that no account has");
        !matches!(found, Err(VaultError::Unavailable(_)))
    }
}

impl KeyVault for SecretServiceVault {
    fn store(&self, name: &str, key: &[u8; 32]) -> Result<(), VaultError> {
        // As text, because the desktop's tools show it and some keyrings keep nothing else.
        let text = Zeroizing::new(HEXLOWER.encode(key));
        with_entry(name, |entry| entry.set_password(&text))
    }

    fn load(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        let text = Zeroizing::new(with_entry(name, Entry::get_password)?);
        let mut key = Zeroizing::new([0; 32]);
        let decodable = HEXLOWER.decode_len(text.len()).is_ok_and(|length| length == key.len());
        if !decodable || HEXLOWER.decode_mut(text.as_bytes(), key.as_mut()).is_err() {
            return Err(VaultError::Damaged);
        }
        Ok(key)
    }

    fn remove(&self, name: &str) -> Result<(), VaultError> {
        with_entry(name, Entry::delete_credential)
    }
}

/// Runs `work` on a thread of its own: the crate blocks on a runtime inside, which panics on a thread that has one.
fn with_entry<T: Send>(name: &str, work: impl FnOnce(&Entry) -> Result<T, Error> + Send) -> Result<T, VaultError> {
    let outcome = thread::scope(|scope| scope.spawn(|| work(&entry(name)?).map_err(vault_error)).join());
    outcome.unwrap_or_else(|_| Err(VaultError::Unavailable("the keyring's client failed".into())))
}

fn entry(name: &str) -> Result<Entry, VaultError> {
    let builder = keyring::default::default_credential_builder();
    if !matches!(builder.persistence(), CredentialPersistence::UntilDelete) {
        return Err(VaultError::Unavailable("this build knows no lasting keyring of this system".into()));
    }
    let credential = builder.build(None, SERVICE, name).map_err(vault_error)?;
    Ok(Entry::new_with_credential(credential))
}

fn vault_error(error: Error) -> VaultError {
    match error {
        Error::NoEntry => VaultError::NotFound,
        Error::BadEncoding(_) => VaultError::Damaged,
        Error::Ambiguous(_) => VaultError::Unavailable("several keys have this name".into()),
        other => VaultError::Unavailable(other.to_string()),
    }
}
