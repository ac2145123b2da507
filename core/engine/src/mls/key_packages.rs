//! Key packages: made by the device for the relay to hand out, checked by whoever adds the device to a group.
//!
//! openmls would compare an MLS lifetime with the system's clock, in which members differ, and a commit that some
//! accept and some refuse is a fork. So the lifetime is unlimited, and our own expiry is an extension that only the
//! adder looks at, with the relay's time.

use openmls::{
    ciphersuite::hash_ref::KeyPackageRef,
    extensions::{Extension, ExtensionType, Extensions, UnknownExtension},
    framing::{MlsMessageBodyIn, MlsMessageIn, MlsMessageOut},
    key_packages::KeyPackage,
    messages::Welcome,
    prelude::tls_codec::DeserializeBytes,
    versions::ProtocolVersion,
};
use openmls_rust_crypto::RustCrypto;
use openmls_traits::OpenMlsProvider;
use sealpost_wire::{
    limits::{DAY_SECONDS, MAILBOX_SECONDS},
    suite::Suite,
};

use super::{
    Member, MlsError, Session, ciphersuite,
    leaf::{self, EXPIRY_EXTENSION},
    profile::PROFILE_EXTENSION,
    rows::{Row, other_key, other_key_of, other_prefix},
};

/// A Welcome may wait in the mailbox for its whole life, and clocks differ.
const KEEP_AFTER_EXPIRY_SECONDS: u64 = MAILBOX_SECONDS + DAY_SECONDS;

/// Makes `count` key packages and keeps their secrets. `expires_at_seconds` counts from 1970 in the relay's time.
pub fn generate_key_packages(
    session: &mut Session<'_>,
    suite: Suite,
    count: usize,
    last_resort: bool,
    expires_at_seconds: u64,
) -> Result<Vec<Vec<u8>>, MlsError> {
    let expiry = UnknownExtension(expires_at_seconds.to_be_bytes().to_vec());
    let extensions = Extensions::single(Extension::Unknown(EXPIRY_EXTENSION, expiry)).map_err(MlsError::internal)?;
    let mut builder = KeyPackage::builder()
        .key_package_lifetime(leaf::unlimited())
        .key_package_extensions(extensions)
        .leaf_node_capabilities(leaf::capabilities())
        .leaf_node_extensions(session.leaf_extensions()?);
    if last_resort {
        builder = builder.mark_as_last_resort();
    }
    let generate = |_| {
        let built = builder.clone().build(ciphersuite(suite), session, &session.signer(), session.credential());
        let key_package = session.outcome(built.map_err(MlsError::internal))?.key_package().clone();
        let reference = key_package.hash_ref(session.crypto()).map_err(MlsError::internal)?;
        session.rows().put(expiry_key(expires_at_seconds, &reference)?, Vec::new());
        MlsMessageOut::from(key_package).to_bytes().map_err(MlsError::internal)
    };
    (0..count).map(generate).collect()
}

/// Checks a key package that somebody else made: signatures, suite, our expiry against `now_seconds`, capabilities,
/// lifetime. Gives whom it adds; that this is the ID and key that was meant, the caller checks.
pub fn check_key_package(bytes: &[u8], suite: Suite, now_seconds: u64) -> Result<Member, MlsError> {
    let crypto = RustCrypto::default();
    let key_package = read(bytes, suite, &crypto)?;
    let expiry = key_package.extensions().unknown(EXPIRY_EXTENSION);
    let expiry = expiry.and_then(|UnknownExtension(bytes)| Some(u64::from_be_bytes(bytes.as_slice().try_into().ok()?)));
    match expiry {
        None => Err(MlsError::KeyPackageRefused("it names no expiry")),
        Some(expiry) if expiry <= now_seconds => Err(MlsError::KeyPackageRefused("it has expired")),
        Some(_) => check_added(&key_package, &crypto).map_err(MlsError::KeyPackageRefused),
    }
}

/// Removes the secrets of key packages so long expired that no Welcome for them can still come. Gives their number.
pub fn forget_expired_key_packages(session: &mut Session<'_>, now_seconds: u64) -> Result<usize, MlsError> {
    let rows = session.rows();
    let prefix = other_prefix(Row::KeyPackageExpiry);
    let mut forgotten = 0;
    for key in rows.keys(&prefix)? {
        let Some((expiry, reference)) = key[prefix.len()..].split_first_chunk() else {
            return Err(MlsError::internal("a key package's expiry row has no time"));
        };
        if u64::from_be_bytes(*expiry).saturating_add(KEEP_AFTER_EXPIRY_SECONDS) > now_seconds {
            break;
        }
        rows.remove(other_key_of(Row::KeyPackage, reference));
        rows.remove(other_key_of(Row::UsedKeyPackage, reference));
        rows.remove(key.clone());
        forgotten += 1;
    }
    Ok(forgotten)
}

/// Reads a key package whose signatures hold and that fits the suite.
pub(super) fn read(bytes: &[u8], suite: Suite, crypto: &RustCrypto) -> Result<KeyPackage, MlsError> {
    let message = MlsMessageIn::tls_deserialize_exact_bytes(bytes);
    let Ok(MlsMessageBodyIn::KeyPackage(key_package)) = message.map(MlsMessageIn::extract) else {
        return Err(MlsError::KeyPackageRefused("it is not a key package"));
    };
    let valid = key_package.validate(crypto, ProtocolVersion::Mls10);
    let key_package = valid.map_err(|_| MlsError::KeyPackageRefused("it is not valid"))?;
    if key_package.ciphersuite() != ciphersuite(suite) {
        return Err(MlsError::KeyPackageRefused("it is for another suite"));
    }
    Ok(key_package)
}

/// What every leaf that is added has to fulfil, by rules that all members see alike.
pub(super) fn check_added(key_package: &KeyPackage, crypto: &RustCrypto) -> Result<Member, &'static str> {
    if *key_package.life_time() != leaf::unlimited() {
        return Err("a leaf's lifetime is limited");
    }
    let added = key_package.leaf_node();
    if !added.capabilities().extensions().contains(&ExtensionType::Unknown(PROFILE_EXTENSION)) {
        return Err("a leaf does not support the group profile");
    }
    leaf::check(added, key_package.ciphersuite(), crypto)
}

/// Notes which Welcome (by its hash) has used this key package of the device.
pub(super) fn note_used(session: &Session<'_>, reference: &KeyPackageRef, hash: [u8; 32]) -> Result<(), MlsError> {
    session.rows().put(other_key(Row::UsedKeyPackage, reference)?, hash.to_vec());
    Ok(())
}

/// The reference in the Welcome whose key package's secrets this device holds. Another Welcome than the one that has
/// used them up is for a key package that was handed out twice.
pub(super) fn addressed(session: &Session<'_>, welcome: &Welcome, hash: [u8; 32]) -> Result<KeyPackageRef, MlsError> {
    let mut used = false;
    for secrets in welcome.secrets() {
        let reference = secrets.new_member();
        if session.rows().value(&other_key(Row::KeyPackage, &reference)?)?.is_some() {
            return Ok(reference);
        }
        used |= session.rows().value(&other_key(Row::UsedKeyPackage, &reference)?)?.is_some_and(|by| by == hash);
    }
    Err(if used { MlsError::AlreadyJoined } else { MlsError::NoKeyPackage })
}

fn expiry_key(expires_at_seconds: u64, reference: &KeyPackageRef) -> Result<Vec<u8>, MlsError> {
    let key_package = other_key(Row::KeyPackage, reference)?;
    let reference = &key_package[other_prefix(Row::KeyPackage).len()..];
    Ok([&other_prefix(Row::KeyPackageExpiry), expires_at_seconds.to_be_bytes().as_slice(), reference].concat())
}
