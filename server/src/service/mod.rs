//! The relay's rules. Knows the store, the blobs, the SMS port and the hub; names neither the web server nor SQL.

mod account;
mod administration;
mod authentication;
mod blob;
mod delivery;
mod directory;
mod housekeeping;
mod invitation;
mod mailbox;
mod number;
mod observation;
pub mod rate;
mod refusal;
mod relay;
mod session;
mod slot;

use std::sync::{Arc, Mutex};

use sealpost_wire::{error::ErrorCode, id::UserId};
use tokio::sync::OnceCell;

use crate::{
    blob::Blobs,
    config::Config,
    faults::Faults,
    hub::Hub,
    keys::Keys,
    metrics::{Limit, Metrics},
    parts::{Clock, FreeSpace, Parts, Randomness},
    sms::Sms,
    store::{FormerId, Hash, Store},
};

pub use authentication::Signature;
pub use blob::Download;
pub use mailbox::PushWindow;
pub use observation::Health;
pub use refusal::Refusal;
pub use session::{DeviceSession, SocketProof};

use authentication::Nonces;
use rate::{AddressPrefix, Rates};

/// One relay. All methods may be called from any task.
pub struct Service {
    pub(crate) config: Config,
    pub(crate) metrics: Metrics,
    pub(crate) faults: Faults,
    pub(crate) hub: Arc<Hub>,
    store: Arc<dyn Store>,
    blobs: Blobs,
    sms: Arc<dyn Sms>,
    clock: Arc<dyn Clock>,
    randomness: Arc<dyn Randomness>,
    free_space: Arc<dyn FreeSpace>,
    keys: Keys,
    /// How often the relay was restored: nobody restores one that runs.
    incarnation: OnceCell<u64>,
    /// When claims are taken, as the store says; asked for once.
    claims_from: OnceCell<u64>,
    /// Requests signed before this may have been seen by the process before this one.
    started_at: u64,
    nonces: Mutex<Nonces>,
    anonymous: Rates<AddressPrefix>,
    signed: Rates<UserId>,
    codes: Rates<AddressPrefix>,
    _lock: Option<std::fs::File>,
}

impl Service {
    pub fn new(config: Config, parts: Parts) -> Self {
        Self {
            started_at: parts.clock.now_seconds(),
            nonces: Mutex::default(),
            incarnation: OnceCell::new(),
            claims_from: OnceCell::new(),
            anonymous: Rates::new(config.limits.anonymous_a_minute, 60),
            signed: Rates::new(config.limits.signed_a_minute, 60),
            codes: Rates::new(config.limits.codes_an_hour, 3_600),
            hub: Arc::default(),
            store: parts.store,
            blobs: parts.blobs,
            sms: parts.sms,
            clock: parts.clock,
            randomness: parts.randomness,
            free_space: parts.free_space,
            keys: parts.keys,
            metrics: parts.metrics,
            faults: parts.faults,
            config,
            _lock: parts.lock,
        }
    }

    pub fn now(&self) -> u64 {
        self.clock.now_seconds()
    }

    /// Takes one of an address prefix's anonymous requests.
    pub fn admit_anonymous(&self, address: std::net::IpAddr) -> Result<(), Refusal> {
        let taken = self.anonymous.take(AddressPrefix::of(address), self.now());
        taken.map_err(|after| self.limited(Limit::Anonymous, "requests of this address prefix", after))
    }

    /// Refuses a protocol version that is too old for this relay.
    pub fn check_version(&self, version: u32) -> Result<(), Refusal> {
        if version < self.config.oldest_version {
            return Err(Refusal::new(ErrorCode::TooOldVersion, "update the app"));
        }
        Ok(())
    }

    async fn incarnation(&self) -> Result<u64, Refusal> {
        Ok(*self.incarnation.get_or_try_init(|| self.store.incarnation()).await?)
    }

    /// Beyond a rate: counted, and refused until there is another.
    fn limited(&self, limit: Limit, what: &'static str, after_seconds: u64) -> Refusal {
        self.metrics.limited(limit);
        Refusal::retry(ErrorCode::TooManyRequests, what, after_seconds)
    }

    fn random<const N: usize>(&self) -> Result<[u8; N], Refusal> {
        let mut bytes = [0; N];
        self.randomness.fill(&mut bytes).map_err(|error| {
            tracing::error!(kind = %error.kind(), "no randomness");
            Refusal::retry(ErrorCode::Internal, "the relay has no randomness", 30)
        })?;
        Ok(bytes)
    }

    /// Refuses what would fill a nearly full disk; a disk that can't be asked counts as full.
    fn check_disk(&self, needed_bytes: u64) -> Result<(), Refusal> {
        if self.free_space.free_bytes().unwrap_or(0) < needed_bytes {
            return Err(Refusal::retry(ErrorCode::RelayFull, "the relay's disk is nearly full", 600));
        }
        Ok(())
    }

    fn former(&self, id: UserId) -> FormerId {
        FormerId(self.keys.hash.hash("former id", &[&id.to_bytes()]))
    }

    fn session_hash(&self, secret: &[u8]) -> Hash {
        self.keys.hash.hash("session secret", &[secret])
    }
}
