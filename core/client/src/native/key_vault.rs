//! Where a computer keeps the key of the device database: the desktop's keyring, or a file under a passphrase.

mod passphrase;
mod secret_service;

pub use passphrase::PassphraseVault;
pub use secret_service::SecretServiceVault;
