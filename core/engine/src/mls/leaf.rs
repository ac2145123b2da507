//! What every leaf shows of its owner, and what each new one has to fulfil.
//!
//! A leaf has an extension of ours: the key that its owner's deliveries are sealed to. So members can write to each
//! other who are no contacts, and nobody asks the relay for a key (it would learn who is in a group).

use openmls::{
    credentials::CredentialType,
    extensions::{Extension, ExtensionType, Extensions, UnknownExtension},
    key_packages::Lifetime,
    prelude::{
        Capabilities, Ciphersuite, LeafNode,
        tls_codec::{DeserializeBytes, Serialize, VLBytes},
    },
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::crypto::OpenMlsCrypto;
use sealpost_crypto::keys::is_sealing_key;
use sealpost_wire::{id::UserId, suite::Suite};

use super::{MlsError, ciphersuite, profile::PROFILE_EXTENSION};

/// The type of our key package extension, from the range for private use: expiry in seconds, 8 bytes, big endian.
pub(super) const EXPIRY_EXTENSION: u16 = 0xF5EB;
/// The type of our leaf extension, from the range for private use (RFC 9420, 17.3): an X25519 key, 32 bytes.
const SEALING_EXTENSION: u16 = 0xF5EC;

/// Who a leaf belongs to: the ID in its basic credential, and the keys that are its owner's for life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub id: UserId,
    /// Ed25519, 32 bytes: what the owner signs with.
    pub identity_key: [u8; 32],
    /// X25519, 32 bytes: what is sealed to the owner's mailbox.
    pub sealing_key: [u8; 32],
}

impl Member {
    pub(super) fn of(leaf: &LeafNode) -> Result<Self, &'static str> {
        const NO_ID: &str = "a leaf's credential is not an ID";
        const NO_SEALING_KEY: &str = "a leaf without a sealing key";
        let credential = leaf.credential();
        if credential.credential_type() != CredentialType::Basic {
            return Err("a leaf's credential is not a basic one");
        }
        let text = str::from_utf8(credential.serialized_content()).map_err(|_| NO_ID)?;
        let id: UserId = text.parse().map_err(|_| NO_ID)?;
        if id.as_str() != text {
            return Err(NO_ID);
        }
        let identity_key = leaf.signature_key().as_slice();
        let identity_key = identity_key.try_into().map_err(|_| "a leaf's signature key has not 32 bytes")?;
        let UnknownExtension(sealing_key) = leaf.extensions().unknown(SEALING_EXTENSION).ok_or(NO_SEALING_KEY)?;
        let sealing_key = sealing_key.as_slice().try_into().map_err(|_| NO_SEALING_KEY)?;
        Ok(Self { id, identity_key, sealing_key })
    }

    /// Whether something can be sealed to the member. A key of small order would show it to everybody.
    pub(super) fn check_sealing_key(&self) -> Result<(), &'static str> {
        if is_sealing_key(&self.sealing_key) { Ok(()) } else { Err("a leaf's sealing key is not one") }
    }
}

/// What every new leaf has to fulfil: it names its owner, and one can seal to it. To an encryption key of the wrong
/// shape nobody could, and no member's commit would succeed any more, because a commit's path is sealed to all others.
pub(super) fn check(leaf: &LeafNode, suite: Ciphersuite, crypto: &RustCrypto) -> Result<Member, &'static str> {
    const NO_KEY: &str = "a leaf's key is not one";
    let key = leaf.encryption_key().tls_serialize_detached().map_err(|_| NO_KEY)?;
    let key = VLBytes::tls_deserialize_exact_bytes(&key).map_err(|_| NO_KEY)?;
    crypto.hpke_seal(suite.hpke_config(), key.as_slice(), b"", b"", b"").map_err(|_| NO_KEY)?;
    let member = Member::of(leaf)?;
    member.check_sealing_key()?;
    Ok(member)
}

/// The extensions of a leaf whose owner's deliveries are sealed to this key.
pub(super) fn extensions(sealing_key: &[u8; 32]) -> Result<Extensions<LeafNode>, MlsError> {
    let ours = Extension::Unknown(SEALING_EXTENSION, UnknownExtension(sealing_key.to_vec()));
    Extensions::single(ours).map_err(MlsError::internal)
}

pub(super) fn unlimited() -> Lifetime {
    Lifetime::init(0, u64::MAX)
}

pub(super) fn capabilities() -> Capabilities {
    let suites = Suite::ALL.map(ciphersuite);
    let extensions = [
        ExtensionType::LastResort,
        ExtensionType::Unknown(PROFILE_EXTENSION),
        ExtensionType::Unknown(EXPIRY_EXTENSION),
        ExtensionType::Unknown(SEALING_EXTENSION),
    ];
    let credentials = [CredentialType::Basic];
    Capabilities::new(None, Some(&suites), Some(&extensions), None, Some(&credentials))
}
