//! A sealed delivery: one padded payload, encrypted once, and its key wrapped for each recipient by HPKE (RFC 9180).
//!
//! Nothing in it names the sender: that stands inside, and is proved there. The cipher does not commit to its key, so
//! that a sender could make one payload of two readings; both would have to be messages that he has signed.

use hpke_rs::{
    Hpke, HpkePrivateKey, HpkePublicKey, Mode,
    hpke_types::{AeadAlgorithm, KdfAlgorithm, KemAlgorithm},
};
use hpke_rs_rust_crypto::HpkeRustCrypto;
use sealpost_wire::{id::DeliveryId, limits};
use zeroize::Zeroizing;

use crate::{
    keys::SealingKey,
    padding::{pad, padded_length, unpad},
    symmetric,
};

const INFO: &[u8] = b"sealpost delivery v1";
/// The payload's key encrypts one payload only.
const PAYLOAD_NONCE: [u8; 12] = [0; 12];
const TAG_BYTES: usize = 16;
/// The encapsulated key before the wrapped one.
const ENCAPSULATION_BYTES: usize = 32;

/// A payload and, in the order of the recipients, their wrapped keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Ciphertext of a size class, and the tag (16 bytes).
    pub payload: Vec<u8>,
    /// Encapsulated key (32 bytes), encrypted payload key (32), tag (16); one for each recipient.
    pub wrapped_keys: Vec<Vec<u8>>,
}

/// Why a delivery could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The padded payload would exceed `limits::PAYLOAD_BYTES`.
    #[error("the message is too large to be delivered")]
    TooLarge,
    /// Nothing can be sealed to the public key of the recipient at this place, counted from 0.
    #[error("the sealing key of recipient {0} is not usable")]
    Recipient(usize),
    /// The wrapped key was made for another key or delivery, or was changed.
    #[error("the delivery is not sealed to this device")]
    WrappedKey,
    /// The payload was changed, or belongs to another delivery.
    #[error("the delivery is damaged")]
    Payload,
}

/// Pads and encrypts the plaintext under `payload_key` (32 random bytes for this delivery alone), and wraps that key for
/// each recipient's sealing key.
pub fn seal(
    plaintext: &[u8],
    delivery_id: &DeliveryId,
    recipients: &[[u8; 32]],
    payload_key: [u8; 32],
) -> Result<Sealed, SealError> {
    let payload_key = Zeroizing::new(payload_key);
    if padded_length(plaintext.len() + 1) + TAG_BYTES > limits::PAYLOAD_BYTES {
        return Err(SealError::TooLarge);
    }
    let padded = Zeroizing::new(pad(plaintext.to_vec()));
    let payload = symmetric::encrypt_detached(&payload_key, &PAYLOAD_NONCE, delivery_id.as_bytes(), &padded);
    let mut hpke = hpke();
    let wrap = |(index, recipient): (usize, &[u8; 32])| {
        let recipient = HpkePublicKey::from(recipient.as_slice());
        let sealed = hpke.seal(&recipient, INFO, delivery_id.as_bytes(), payload_key.as_slice(), None, None, None);
        sealed.map(|(encapsulated, key)| [encapsulated, key].concat()).map_err(|_| SealError::Recipient(index))
    };
    let wrapped_keys = recipients.iter().enumerate().map(wrap).collect::<Result<_, _>>()?;
    Ok(Sealed { payload, wrapped_keys })
}

/// Unwraps the key, decrypts the payload, and takes the padding off.
pub fn open(
    key: &SealingKey,
    delivery_id: &DeliveryId,
    wrapped_key: &[u8],
    payload: &[u8],
) -> Result<Vec<u8>, SealError> {
    let payload_key = unwrap_key(key, INFO, delivery_id.as_bytes(), wrapped_key).ok_or(SealError::WrappedKey)?;
    let payload_key = payload_key.as_slice().try_into().map_err(|_| SealError::WrappedKey)?;
    let padded = symmetric::decrypt_detached(payload_key, &PAYLOAD_NONCE, delivery_id.as_bytes(), payload);
    unpad(padded.ok_or(SealError::Payload)?).ok_or(SealError::Payload)
}

fn unwrap_key(key: &SealingKey, info: &[u8], aad: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (encapsulated, ciphertext) = wrapped.split_at_checked(ENCAPSULATION_BYTES)?;
    let secret = HpkePrivateKey::from(key.secret().as_slice());
    hpke().open(encapsulated, &secret, info, aad, ciphertext, None, None, None).ok().map(Zeroizing::new)
}

/// Base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.
fn hpke() -> Hpke<HpkeRustCrypto> {
    Hpke::new(Mode::Base, KemAlgorithm::DhKem25519, KdfAlgorithm::HkdfSha256, AeadAlgorithm::ChaCha20Poly1305)
}
