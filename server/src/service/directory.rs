//! Public keys by ID, and key packages for those who hold a token.

use sealpost_crypto::hash::sha256;
use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageCount, KeyPackageRequest, KeyPackages},
    error::ErrorCode,
    frame::NoticeKind,
    id::{DeliveryToken, UserId},
    limits,
};

use super::{Refusal, Service, delivery::refused_code};
use crate::{
    hub::Signal,
    store::{Found, PackagesAdded, Taken},
};

/// Suites that one entry or request names.
const SUITES: usize = 16;

impl Service {
    pub async fn entry(&self, id: UserId) -> Result<DirectoryEntry, Refusal> {
        match self.store.account(id, self.former(id)).await? {
            Found::Account(account) => Ok(account.entry),
            Found::Former { .. } | Found::Nobody => Err(Refusal::new(ErrorCode::NotFound, "no such ID")),
        }
    }

    pub async fn add_key_packages(
        &self,
        id: UserId,
        packages: Vec<KeyPackages>,
        suites: &[u16],
        replace: bool,
    ) -> Result<Vec<KeyPackageCount>, Refusal> {
        self.check_disk(self.config.disk.uploads_bytes)?;
        check_key_packages(&packages, suites)?;
        let batch = sha256(&serde_json::to_vec(&(&packages, replace)).map_err(|_| Refusal::malformed("key packages"))?);
        match self.store.add_key_packages(id, packages, batch, replace).await? {
            PackagesAdded::Added => self.key_package_counts(id).await,
            PackagesAdded::TooMany => Err(Refusal::new(ErrorCode::TooLarge, "one_time: 50 per suite in all")),
        }
    }

    pub async fn key_package_counts(&self, id: UserId) -> Result<Vec<KeyPackageCount>, Refusal> {
        Ok(self.store.key_package_counts(id).await?)
    }

    /// Takes a key package; the asker stays unknown, the token speaks for it.
    pub async fn take_key_package(&self, id: UserId, request: KeyPackageRequest) -> Result<KeyPackageAnswer, Refusal> {
        let token: DeliveryToken =
            request.token.as_slice().try_into().map_err(|_| Refusal::malformed("token: 16 bytes"))?;
        if request.suites.len() > SUITES {
            return Err(Refusal::new(ErrorCode::TooLarge, "suites: at most 16"));
        }
        let asked = self.addressee(id, &token);
        match self.store.take_key_package(asked, request.suites, self.now()).await? {
            Taken::Package { entry, suite, package, last_resort, left } => {
                if (left as usize) < limits::KEY_PACKAGES_LOW {
                    self.hub.signal(id, Signal::Notice { kind: NoticeKind::KeyPackagesLow, deadline_seconds: 0 });
                }
                Ok(KeyPackageAnswer { entry, suite, key_package: package, last_resort })
            }
            Taken::Nothing => Err(Refusal::new(ErrorCode::NotFound, "no key package of these suites")),
            Taken::Refused(refused) => {
                Err(Refusal::new(refused_code(refused).unwrap_or(ErrorCode::TokenRefused), "not with this token"))
            }
        }
    }
}

/// Sizes and counts; each suite once, and only those of the entry.
pub fn check_key_packages(packages: &[KeyPackages], suites: &[u16]) -> Result<(), Refusal> {
    for (index, suite) in packages.iter().enumerate() {
        let twice = packages[..index].iter().any(|before| before.suite == suite.suite);
        if twice || !suites.contains(&suite.suite) {
            return Err(Refusal::malformed("suite: each of the entry's once"));
        }
        if suite.one_time.len() > limits::KEY_PACKAGES {
            return Err(Refusal::new(ErrorCode::TooLarge, "one_time: at most 50"));
        }
        let fits = |package: &Vec<u8>| (1..=limits::KEY_PACKAGE_BYTES).contains(&package.len());
        if !suite.one_time.iter().all(fits) || suite.last_resort.len() > limits::KEY_PACKAGE_BYTES {
            return Err(Refusal::new(ErrorCode::TooLarge, "key package: 1 byte to 16 KiB"));
        }
    }
    Ok(())
}
