//! What the platform alone has: a safe place for the key of the device database, and a way to ask who holds the device.
//!
//! Invariant: never called while a lock is held; each call may take as long as a person needs to answer a prompt.

use zeroize::Zeroizing;

/// Why a key vault did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    #[error("the vault holds no key of this name")]
    NotFound,
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It can't be reached, is locked, or can't be written; the text says which.
    #[error("the vault can't be used: {0}")]
    Unavailable(String),
    /// What it holds is not a key that was put there.
    #[error("the vault's content is damaged")]
    Damaged,
}

/// Keeps the 32-byte key of a device database, bound to this device.
pub trait KeyVault: Send + Sync {
    /// Keeps the key under a name that is the account's own, in place of what was there.
    fn store(&self, name: &str, key: &[u8; 32]) -> Result<(), VaultError>;

    fn load(&self, name: &str) -> Result<Zeroizing<[u8; 32]>, VaultError>;

    /// Forgets the key, and with it whatever is encrypted under it.
    fn remove(&self, name: &str) -> Result<(), VaultError>;
}

/// What came of asking for the person who owns the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Confirmed,
    /// The platform knows no finger, face or passphrase to ask for.
    NothingEnrolled,
    Denied,
}

/// Asks whoever holds the device to prove that it is theirs.
pub trait PresenceCheck {
    /// `reason` is shown to the person, in their language.
    fn confirm(&self, reason: &str) -> Presence;
}
