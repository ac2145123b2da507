//! Which account a command means, and how its key is unlocked: by the desktop's keyring or by a passphrase, which a
//! file, a variable, a credential of systemd or a person gives.

use std::{
    fs,
    io::Read as _,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use sealpost_client::{Account, Error, KeyVault, PassphraseVault, Presence, PresenceCheck, SecretServiceVault};

use crate::{
    clean,
    exit::{CommandError, Exit},
    session::Deadline,
    terminal::Terminal,
};

/// For scripts: the passphrase that is otherwise asked for.
pub const PASSPHRASE_VARIABLE: &str = "SEALPOST_PASSPHRASE";
/// Where systemd puts a service's credentials (`LoadCredential=`), and the name of ours.
const CREDENTIALS_VARIABLE: &str = "CREDENTIALS_DIRECTORY";
const CREDENTIAL: &str = "sealpost-passphrase";
/// The longest file with a passphrase.
const PASSPHRASE_BYTES: u64 = 4_096;
/// How often an account that another program uses is tried again.
const IN_USE_PAUSE: Duration = Duration::from_millis(500);
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
    passphrase_file: Option<PathBuf>,
}

impl AccountFolder {
    /// `choice` is a name under the data folder, or a path (it has a `/`); none is the account `default`.
    ///
    /// # Errors
    /// There is no home folder to put the account into, or the name is not usable.
    pub fn find(choice: Option<&str>) -> Result<Self, CommandError> {
        let name = choice.unwrap_or(DEFAULT_ACCOUNT);
        if name.contains('/') {
            return Ok(Self { path: PathBuf::from(name), passphrase_file: None });
        }
        if name.is_empty() || name.starts_with('.') {
            return Err(CommandError::new("account_name", Exit::Usage));
        }
        Ok(Self { path: data_folder()?.join(name), passphrase_file: None })
    }

    /// The passphrase is the first line of this file.
    pub fn with_passphrase_file(self, file: Option<&str>) -> Self {
        Self { passphrase_file: file.map(PathBuf::from), ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the account that is there.
    ///
    /// # Errors
    /// Those of the façade; and a passphrase that nobody is there to give.
    pub fn open(&self, terminal: &Terminal) -> Result<Account, CommandError> {
        Ok(Account::open(&self.path, self.vault(terminal)?.as_ref())?)
    }

    /// As [`AccountFolder::open`]; an account that another program uses is waited for.
    ///
    /// # Errors
    /// As there; `in_use` where the other program goes on for longer.
    pub fn open_until(&self, terminal: &Terminal, deadline: Deadline) -> Result<Account, CommandError> {
        let vault = self.vault(terminal)?;
        let mut is_told = false;
        loop {
            match Account::open(&self.path, vault.as_ref()) {
                Err(Error::InUse) if !deadline.is_over() => {
                    if !std::mem::replace(&mut is_told, true) {
                        terminal.remark(&terminal.words.say("account-in-use"));
                    }
                    std::thread::sleep(IN_USE_PAUSE);
                }
                opened => return Ok(opened?),
            }
        }
    }

    fn vault(&self, terminal: &Terminal) -> Result<Box<dyn KeyVault>, CommandError> {
        Ok(match self.vault_kind() {
            VaultKind::Keyring => Box::new(SecretServiceVault::new()),
            VaultKind::Passphrase => Box::new(PassphraseVault::new(&self.path, self.passphrase(terminal)?.into())),
        })
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
        let given = self.given_passphrase(terminal)?;
        let passphrase_wished = given.is_some();
        let kind = kind.unwrap_or_else(|| match !passphrase_wished && SecretServiceVault::answers() {
            true => VaultKind::Keyring,
            false => VaultKind::Passphrase,
        });
        let vault: Box<dyn KeyVault> = match kind {
            VaultKind::Keyring => Box::new(SecretServiceVault::new()),
            VaultKind::Passphrase => {
                Box::new(PassphraseVault::new(&self.path, new_passphrase(terminal, given)?.into()))
            }
        };
        Ok((Account::create(&self.path, vault.as_ref(), name)?, kind))
    }

    /// How this account's key is kept.
    pub fn vault_kind(&self) -> VaultKind {
        if PassphraseVault::is_in(&self.path) { VaultKind::Passphrase } else { VaultKind::Keyring }
    }

    fn passphrase(&self, terminal: &Terminal) -> Result<String, CommandError> {
        self.given_passphrase(terminal)?
            .or_else(|| terminal.ask_secret(&terminal.words.say("ask-passphrase")))
            .ok_or_else(|| CommandError::new("passphrase_missing", Exit::Folder))
    }

    /// The passphrase where nobody has to be asked: what is nearest to the command comes first.
    fn given_passphrase(&self, terminal: &Terminal) -> Result<Option<String>, CommandError> {
        if let Some(file) = &self.passphrase_file {
            return read_passphrase(file, terminal).map(Some);
        }
        if let Ok(passphrase) = std::env::var(PASSPHRASE_VARIABLE) {
            return Ok(Some(passphrase));
        }
        let credential = std::env::var_os(CREDENTIALS_VARIABLE).map(|folder| Path::new(&folder).join(CREDENTIAL));
        match credential.filter(|credential| credential.exists()) {
            Some(credential) => read_passphrase(&credential, terminal).map(Some),
            None => Ok(None),
        }
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

/// The first line of a file. One that others can read is used, but not without a word.
fn read_passphrase(path: &Path, terminal: &Terminal) -> Result<String, CommandError> {
    let shown = path.display().to_string();
    let unreadable =
        |detail: &str| CommandError::new("passphrase_file", Exit::Folder).with("file", &shown).with("detail", detail);
    let mut file = fs::File::open(path).map_err(|error| unreadable(&error.to_string()))?;
    let mode = file.metadata().map_err(|error| unreadable(&error.to_string()))?.permissions().mode();
    if mode & 0o077 != 0 {
        terminal.remark(&terminal.words.with("passphrase-file-open", &[("file", clean::line(&shown).into())]));
    }
    let mut text = String::new();
    let read = file.by_ref().take(PASSPHRASE_BYTES).read_to_string(&mut text);
    read.map_err(|error| unreadable(&error.to_string()))?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(passphrase) => Ok(passphrase.to_owned()),
        None => Err(unreadable(&terminal.words.say("passphrase-file-empty"))),
    }
}

fn new_passphrase(terminal: &Terminal, given: Option<String>) -> Result<String, CommandError> {
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
