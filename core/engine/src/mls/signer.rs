//! The identity key as openmls' signer. The stock one derives the public key anew on each signature; ours keeps it.

use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};
use sealpost_crypto::keys::IdentityKey;

pub(super) struct IdentitySigner<'key>(pub(super) &'key IdentityKey);

impl Signer for IdentitySigner<'_> {
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.0.sign_unseparated(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
