//! What one step does with its groups: the provider that openmls works through, over the step's transaction.

use openmls::{
    credentials::{BasicCredential, CredentialWithKey},
    extensions::Extensions,
    prelude::LeafNode,
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use sealpost_crypto::keys::IdentityKey;
use sealpost_wire::id::UserId;

use super::{MlsError, leaf, rows::Rows, signer::IdentitySigner};
use crate::storage::Write;

/// A step's work with MLS. Nothing is written before [`Session::finish`]; drop it instead after any error.
pub struct Session<'t> {
    rows: Rows<'t>,
    crypto: RustCrypto,
    id: UserId,
    key: &'t IdentityKey,
    sealing_key: [u8; 32],
}

impl<'t> Session<'t> {
    /// A session of the device that holds `id` and `key`, inside the transaction `tx`. Its leaves show `sealing_key`,
    /// the public one.
    pub fn new(tx: &'t mut dyn Write, id: UserId, key: &'t IdentityKey, sealing_key: [u8; 32]) -> Self {
        Self { rows: Rows::new(tx), crypto: RustCrypto::default(), id, key, sealing_key }
    }

    /// Hands the last value of every row to the transaction.
    pub fn finish(self) -> Result<(), MlsError> {
        Ok(self.rows.flush()?)
    }

    /// The result of a call into openmls, or the storage failure that it swallowed on the way.
    pub(super) fn outcome<T, E: Into<MlsError>>(&self, result: Result<T, E>) -> Result<T, MlsError> {
        match self.rows.failure() {
            Some(failure) => Err(failure.into()),
            None => result.map_err(Into::into),
        }
    }

    pub(super) fn rows(&self) -> &Rows<'t> {
        &self.rows
    }

    pub(super) fn id(&self) -> UserId {
        self.id
    }

    pub(super) fn signer(&self) -> IdentitySigner<'t> {
        IdentitySigner(self.key)
    }

    pub(super) fn leaf_extensions(&self) -> Result<Extensions<LeafNode>, MlsError> {
        leaf::extensions(&self.sealing_key)
    }

    pub(super) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.id.as_str().as_bytes().to_vec()).into(),
            signature_key: self.key.public().to_vec().into(),
        }
    }
}

impl<'t> OpenMlsProvider for Session<'t> {
    type CryptoProvider = RustCrypto;
    type RandProvider = RustCrypto;
    type StorageProvider = Rows<'t>;

    fn storage(&self) -> &Self::StorageProvider {
        &self.rows
    }

    fn crypto(&self) -> &Self::CryptoProvider {
        &self.crypto
    }

    fn rand(&self) -> &Self::RandProvider {
        &self.crypto
    }
}
