//! Which account a command means, and how its key is unlocked: by the desktop's keyring or by a passphrase.

use std::path::{Path, PathBuf};

use sealpost_client::{Account, KeyVault, PassphraseVault, Presence, PresenceCheck, SecretServiceVault};

use crate::{
    exit::{CommandError, Exit},
    terminal::Terminal,
};

/// For scripts: the passphrase that is otherwise asked for.
pub const PASSPHRASE_VARIABLE: &str = "SEALPOST_PASSPHRASE";
const HOME_VARIABLE: &str = "SEALPOST_HOME";
const DEFAULT_ACCOUNT: &str = "default";
/// Shorter ones are guessed too soon, even behind Argon2id.
const PASSPHRASE_CHARACTERS: usize = 8;

/// Where the key of the account's database is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VaultKind {
    Keyring,
    Passphrase,
}

impl VaultKind {
    pub fn code(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::Passphrase => "passphrase",
        }
    }
}

/// One account's folder.
#[derive(Debug, Clone)]
pub struct AccountFolder {
    path: PathBuf,
}

impl AccountFolder {
    /// `choice` is a name under the data folder, or a path (it has a `/`); none is the account `default`.
    ///
    /// # Errors
    /// There is no home folder to put the account into, or the name is not usable.
    pub fn find(choice: Option<&str>) -> Result<Self, CommandError> {
        let name = choice.unwrap_or(DEFAULT_ACCOUNT);
        if name.contains('/') {
            return Ok(Self { path: PathBuf::from(name) });
        }
        if name.is_empty() || name.starts_with('.') {
            return Err(CommandError::new("account_name", Exit::Usage));
        }
        Ok(Self { path: data_folder()?.join(name) })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the account that is there.
    ///
    /// # Errors
    /// Those of the façade; and a passphrase that nobody is there to give.
    pub fn open(&self, terminal: &Terminal) -> Result<Account, CommandError> {
        let vault: Box<dyn KeyVault> = match self.vault_kind() {
            VaultKind::Keyring => Box::new(SecretServiceVault::new()),
            VaultKind::Passphrase => Box::new(PassphraseVault::new(&self.path, passphrase(terminal)?.into())),
        };
        Ok(Account::open(&self.path, vault.as_ref())?)
    }

    /// Creates an account, with the vault that was chosen, or else the keyring where one answers.
    ///
    /// # Errors
    /// Those of the façade; and a passphrase that is too short or not repeated alike.
    pub fn create(
        &self,
        terminal: &Terminal,
        kind: Option<VaultKind>,
        name: &str,
    ) -> Result<(Account, VaultKind), CommandError> {
        let passphrase_wished = std::env::var_os(PASSPHRASE_VARIABLE).is_some();
        let kind = kind.unwrap_or_else(|| match !passphrase_wished && SecretServiceVault::answers() {
            true => VaultKind::Keyring,
            false => VaultKind::Passphrase,
        });
        let vault: Box<dyn KeyVault> = match kind {
            VaultKind::Keyring => Box::new(SecretServiceVault::new()),
            VaultKind::Passphrase => Box::new(PassphraseVault::new(&self.path, new_passphrase(terminal)?.into())),
        };
        Ok((Account::create(&self.path, vault.as_ref(), name)?, kind))
    }

    /// How this account's key is kept.
    pub fn vault_kind(&self) -> VaultKind {
        if PassphraseVault::is_in(&self.path) { VaultKind::Passphrase } else { VaultKind::Keyring }
    }
}

/// Where a relay started here keeps its data if nothing else is said. No account can have this name.
///
/// # Errors
/// There is no home folder.
pub fn relay_folder() -> Result<PathBuf, CommandError> {
    Ok(data_folder()?.join(".relay"))
}

fn data_folder() -> Result<PathBuf, CommandError> {
    let folder = |variable: &str| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    folder(HOME_VARIABLE)
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("sealpost")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/share/sealpost")))
        .ok_or_else(|| CommandError::new("no_home", Exit::Folder))
}

/// Whoever just gave the passphrase is present; a keyring that was open already proves nothing.
impl PresenceCheck for AccountFolder {
    fn confirm(&self, _reason: &str) -> Presence {
        match self.vault_kind() {
            VaultKind::Passphrase => Presence::Confirmed,
            VaultKind::Keyring => Presence::NothingEnrolled,
        }
    }
}

fn passphrase(terminal: &Terminal) -> Result<String, CommandError> {
    std::env::var(PASSPHRASE_VARIABLE)
        .ok()
        .or_else(|| terminal.ask_secret(&terminal.words.say("ask-passphrase")))
        .ok_or_else(|| CommandError::new("passphrase_missing", Exit::Folder))
}

fn new_passphrase(terminal: &Terminal) -> Result<String, CommandError> {
    let given = std::env::var(PASSPHRASE_VARIABLE).ok();
    let chosen = match &given {
        Some(passphrase) => passphrase.clone(),
        None => terminal
            .ask_secret(&terminal.words.say("ask-new-passphrase"))
            .ok_or_else(|| CommandError::new("passphrase_missing", Exit::Folder))?,
    };
    if chosen.chars().count() < PASSPHRASE_CHARACTERS {
        return Err(CommandError::new("passphrase_short", Exit::Usage));
    }
    if given.is_none() && terminal.ask_secret(&terminal.words.say("ask-passphrase-again")).as_ref() != Some(&chosen) {
        return Err(CommandError::new("passphrase_differs", Exit::Usage));
    }
    Ok(chosen)
}
