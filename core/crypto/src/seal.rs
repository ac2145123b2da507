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

/// Pads and encrypts the plaintext under `payload_key` (32 random bytes for this delivery alone), and wraps that key
/// for each recipient's sealing key.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, bytes, damaged, list, load};

    const ID: DeliveryId = DeliveryId([3; 16]);

    #[test]
    fn hpke_is_that_of_the_rfc() {
        let case = &load("delivery")["hpke"];
        let key = SealingKey::from_secret(array(&case["secret"]));
        let opened = unwrap_key(&key, &bytes(&case["info"]), &bytes(&case["associated_data"]), &bytes(&case["sealed"]));
        assert_eq!(*opened.unwrap(), bytes(&case["plaintext"]));
    }

    #[test]
    fn the_delivery_of_the_vectors_opens_and_is_made_again() {
        let file = load("delivery");
        let (id, plaintext) = (DeliveryId(array(&file["delivery_id"])), bytes(&file["plaintext"]));
        let mut recipients = Vec::new();
        for case in list(&file["recipients"]) {
            let key = SealingKey::from_secret(array(&case["sealing_secret"]));
            assert_eq!(key.public(), array(&case["sealing_public"]));
            recipients.push(key.public());
            let opened = open(&key, &id, &bytes(&case["wrapped_key"]), &bytes(&file["payload"]));
            assert_eq!(opened, Ok(plaintext.clone()));
        }
        let sealed = seal(&plaintext, &id, &recipients, array(&file["payload_key"])).unwrap();
        assert_eq!(sealed.payload, bytes(&file["payload"]));
    }

    #[test]
    fn each_recipient_opens_with_the_own_key_only() {
        let keys = [keyed(7), keyed(8), keyed(9)];
        let sealed = seal(b"text", &ID, &keys.each_ref().map(SealingKey::public), [4; 32]).unwrap();
        for (place, key) in keys.iter().enumerate() {
            for (other, wrapped) in sealed.wrapped_keys.iter().enumerate() {
                assert_eq!(wrapped.len(), limits::WRAPPED_KEY_BYTES);
                let expected = if place == other { Ok(b"text".to_vec()) } else { Err(SealError::WrappedKey) };
                assert_eq!(open(key, &ID, wrapped, &sealed.payload), expected);
            }
        }
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let (key, sealed) = sealed(b"text");
        for payload in damaged(&sealed.payload) {
            assert_eq!(open(&key, &ID, &sealed.wrapped_keys[0], &payload), Err(SealError::Payload));
        }
        for wrapped in damaged(&sealed.wrapped_keys[0]) {
            assert_eq!(open(&key, &ID, &wrapped, &sealed.payload), Err(SealError::WrappedKey));
        }
        for id in damaged(ID.as_bytes()).filter_map(|id| DeliveryId::try_from(id.as_slice()).ok()) {
            assert_eq!(open(&key, &id, &sealed.wrapped_keys[0], &sealed.payload), Err(SealError::WrappedKey));
        }
    }

    #[test]
    fn a_key_of_one_delivery_does_not_open_another() {
        let (key, one) = sealed(b"text");
        let other = seal(b"text", &ID, &[key.public()], [5; 32]).unwrap();
        assert_eq!(open(&key, &ID, &one.wrapped_keys[0], &other.payload), Err(SealError::Payload));
    }

    #[test]
    fn a_wrapped_key_of_another_length_is_refused() {
        let key = keyed(7);
        let (encapsulated, wrapped) =
            hpke().seal(&key.public().to_vec().into(), INFO, ID.as_bytes(), &[4; 31], None, None, None).unwrap();
        let wrapped = [encapsulated, wrapped].concat();
        assert_eq!(open(&key, &ID, &wrapped, b"payload"), Err(SealError::WrappedKey));
    }

    #[test]
    fn a_payload_without_padding_is_refused() {
        let (key, sealed) = sealed(b"text");
        let payload = symmetric::encrypt_detached(&[4; 32], &PAYLOAD_NONCE, ID.as_bytes(), b"text");
        assert_eq!(open(&key, &ID, &sealed.wrapped_keys[0], &payload), Err(SealError::Payload));
    }

    #[test]
    fn a_recipient_without_a_usable_key_is_named() {
        let refused = seal(b"text", &ID, &[keyed(7).public(), [0; 32]], [4; 32]);
        assert_eq!(refused, Err(SealError::Recipient(1)));
    }

    #[test]
    fn the_largest_payload_fits_its_limit_and_the_next_is_refused() {
        let largest = (0..=limits::PAYLOAD_BYTES)
            .rev()
            .find(|length| padded_length(length + 1) + TAG_BYTES <= limits::PAYLOAD_BYTES)
            .unwrap();
        let (key, sealed) = sealed(&vec![1; largest]);
        assert!(sealed.payload.len() <= limits::PAYLOAD_BYTES);
        assert_eq!(open(&key, &ID, &sealed.wrapped_keys[0], &sealed.payload).map(|text| text.len()), Ok(largest));
        assert_eq!(seal(&vec![1; largest + 1], &ID, &[], [4; 32]), Err(SealError::TooLarge));
    }

    #[test]
    fn texts_of_everyday_length_look_alike() {
        assert_eq!(sealed(b"yes").1.payload.len(), sealed(&[b'x'; 200]).1.payload.len());
    }

    fn keyed(byte: u8) -> SealingKey {
        SealingKey::from_secret([byte; 32])
    }

    fn sealed(plaintext: &[u8]) -> (SealingKey, Sealed) {
        let key = keyed(7);
        let sealed = seal(plaintext, &ID, &[key.public()], [4; 32]).unwrap();
        (key, sealed)
    }
}
