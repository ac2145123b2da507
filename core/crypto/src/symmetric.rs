//! ChaCha20-Poly1305 (RFC 8439) under a key that both sides hold: what goes into a commit slot, for instance.

use chacha20poly1305::{
    ChaCha20Poly1305, KeyInit,
    aead::{Aead, Payload},
};

const NONCE_BYTES: usize = 12;

/// Nonce (12 bytes), ciphertext, tag (16). A nonce is used once per key, at random for some million messages at most.
pub fn encrypt(key: &[u8; 32], nonce: [u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let mut sealed = nonce.to_vec();
    sealed.extend(encrypt_detached(key, &nonce, aad, plaintext));
    sealed
}

/// Opens what [`encrypt`] made; `None` where key, associated data or a single bit differ.
pub fn decrypt(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    decrypt_detached(key, nonce, aad, ciphertext)
}

/// Ciphertext and tag, without the nonce.
pub(crate) fn encrypt_detached(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    ChaCha20Poly1305::new(key.into())
        .encrypt(nonce.into(), Payload { msg: plaintext, aad })
        .expect("no plaintext reaches the cipher's limit of 256 GiB")
}

pub(crate) fn decrypt_detached(key: &[u8; 32], nonce: &[u8; 12], aad: &[u8], ciphertext: &[u8]) -> Option<Vec<u8>> {
    ChaCha20Poly1305::new(key.into()).decrypt(nonce.into(), Payload { msg: ciphertext, aad }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, bytes, damaged, load};

    #[test]
    fn it_encrypts_as_the_rfc_says() {
        let case = load("symmetric");
        let (key, aad) = (array(&case["key"]), bytes(&case["associated_data"]));
        let sealed = encrypt(&key, array(&case["nonce"]), &aad, &bytes(&case["plaintext"]));
        assert_eq!(sealed, bytes(&case["sealed"]));
        assert_eq!(decrypt(&key, &aad, &sealed), Some(bytes(&case["plaintext"])));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let sealed = encrypt(&[1; 32], [2; 12], b"about", b"content");
        assert!(damaged(&sealed).all(|sealed| decrypt(&[1; 32], b"about", &sealed).is_none()));
        assert!(damaged(b"about").all(|aad| decrypt(&[1; 32], &aad, &sealed).is_none()));
        assert!(
            damaged(&[1; 32])
                .filter_map(|key| key.try_into().ok())
                .all(|key| decrypt(&key, b"about", &sealed).is_none())
        );
    }
}
