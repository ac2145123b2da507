//! What a relay is put together from, each part behind a port: tests bring their own.

use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use crate::{
    blob::{BlobError, Blobs},
    config::{Config, SmsBy},
    faults::Faults,
    keys::{KeyError, Keys},
    metrics::Metrics,
    sms::{ConsoleSms, FileSms, GatewayError, GatewaySms, Sms},
    store::{
        Store, StoreError,
        sqlite::{BatchObserver, SqliteStore},
    },
};

/// The database's name, in a data folder and in a backup.
pub const DATABASE: &str = "relay.sqlite";
/// A restore puts everything here before anything of it counts; where it stands, that was not the end of it.
pub const UNFINISHED_RESTORE: &str = "restoring";

/// The time, in Unix seconds.
pub trait Clock: Send + Sync + 'static {
    fn now_seconds(&self) -> u64;
}

/// Bytes that nobody can guess.
pub trait Randomness: Send + Sync + 'static {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

/// How many bytes the disk of the data folder has left.
pub trait FreeSpace: Send + Sync + 'static {
    fn free_bytes(&self) -> io::Result<u64>;
}

/// A relay's parts. `Parts::open` makes all of them from a configuration; replace what a test wants to hold.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub blobs: Blobs,
    pub sms: Arc<dyn Sms>,
    pub clock: Arc<dyn Clock>,
    pub randomness: Arc<dyn Randomness>,
    pub free_space: Arc<dyn FreeSpace>,
    pub keys: Keys,
    pub metrics: Metrics,
    /// Does nothing unless the feature `faults` is compiled in.
    pub faults: Faults,
    /// Held for as long as the relay runs: no second one serves this folder.
    pub lock: Option<fs::File>,
}

/// Why there is no relay.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    #[error("{0}: {1}")]
    Folder(PathBuf, io::Error),
    #[error("{0} is in use by another relay")]
    InUse(PathBuf),
    #[error("{0}: a restore was not finished; repeat it with --force")]
    Unfinished(PathBuf),
    #[error(transparent)]
    Keys(#[from] KeyError),
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    #[error("the blobs: {0}")]
    Blobs(#[from] BlobError),
    #[error("the SMS gateway: {0}")]
    Gateway(#[from] GatewayError),
}

impl Parts {
    /// Opens the data folder, or makes it. A damaged, newer or locked one is an error, never an empty one in its place.
    pub fn open(config: &Config) -> Result<Self, PartsError> {
        let folder = &config.data;
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| PartsError::Folder(folder.clone(), error))?;
        let lock = lock(&folder.join("lock"))?;
        let unfinished = folder.join(UNFINISHED_RESTORE);
        if unfinished.exists() {
            return Err(PartsError::Unfinished(unfinished));
        }
        Ok(Self { lock: Some(lock), ..Self::assemble(config, SqliteStore::open)? })
    }

    /// The same beside a relay that may be running: for a command that serves nobody, such as an invitation.
    pub fn open_beside(config: &Config) -> Result<Self, PartsError> {
        Self::assemble(config, SqliteStore::open_beside)
    }

    fn assemble(
        config: &Config,
        open: fn(&Path, BatchObserver) -> Result<SqliteStore, StoreError>,
    ) -> Result<Self, PartsError> {
        let folder = &config.data;
        let metrics = Metrics::new();
        let database = folder.join(DATABASE);
        let keys = Keys::open(folder, database.exists())?;
        let observed = metrics.clone();
        let store = open(&database, Box::new(move |batch| observed.committed(&batch)))?;
        let sms: Arc<dyn Sms> = match &config.sms.by {
            SmsBy::Console => Arc::new(ConsoleSms),
            SmsBy::File { path } => Arc::new(FileSms::new(path.clone())),
            SmsBy::Gateway { url, token } => Arc::new(GatewaySms::new(url, token)?),
        };
        Ok(Self {
            store: Arc::new(store),
            blobs: Blobs::open(&folder.join("blobs"))?,
            sms,
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            free_space: Arc::new(DiskSpace(folder.clone())),
            keys,
            metrics,
            faults: Default::default(),
            lock: None,
        })
    }
}

#[cfg(feature = "memory")]
impl Parts {
    /// A relay that keeps nothing outside of `store`, and whose disk is never full; keys are those of a seed.
    pub fn in_memory(store: Arc<dyn Store>, clock: Arc<dyn Clock>, randomness: Arc<dyn Randomness>, seed: u8) -> Self {
        Self {
            store,
            blobs: Blobs::in_memory(),
            sms: Arc::new(ConsoleSms),
            clock,
            randomness,
            free_space: Arc::new(Endless),
            keys: Keys::of_seed(seed),
            metrics: Metrics::new(),
            faults: Default::default(),
            lock: None,
        }
    }
}

#[cfg(feature = "memory")]
struct Endless;

#[cfg(feature = "memory")]
impl FreeSpace for Endless {
    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

/// The folder's lock, for as long as the file is kept: a relay holds it, and whoever changes the folder without one.
pub fn lock(path: &Path) -> Result<fs::File, PartsError> {
    let file = fs::File::create(path).map_err(|error| PartsError::Folder(path.to_owned(), error))?;
    file.try_lock().map_err(|error| match error {
        fs::TryLockError::WouldBlock => PartsError::InUse(path.to_owned()),
        fs::TryLockError::Error(error) => PartsError::Folder(path.to_owned(), error),
    })?;
    // What root makes here is the folder's owner's, who could not open it otherwise. Nobody else may give it away.
    if let Some(Ok(owner)) = path.parent().map(fs::metadata) {
        let _ = chown(path, Some(owner.uid()), Some(owner.gid()));
    }
    Ok(file)
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_seconds(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs()
    }
}

/// The operating system's random source.
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(io::Error::other)
    }
}

struct DiskSpace(PathBuf);

impl FreeSpace for DiskSpace {
    fn free_bytes(&self) -> io::Result<u64> {
        free_bytes(&self.0)
    }
}

/// What the disk of a path has left.
pub fn free_bytes(path: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(path)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}
