//! The device's two key pairs, and signatures that cannot be taken for one another.
//!
//! What is signed starts with its domain, so that a signature made for one purpose proves nothing for another.

use std::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use x25519_dalek::{PublicKey, StaticSecret};

/// What a signature is for. The signed bytes are `"sealpost "`, the label, a zero byte, the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// An HTTP request of a device.
    Request,
    /// A device socket's authentication.
    Socket,
    /// An ID's entry in the directory.
    DirectoryEntry,
    /// A relay's word that a slot holds a content.
    SlotReceipt,
    /// A member's word that they leave a group.
    Leave,
    /// A member's word that they lost a group's keys and want to be added afresh.
    Rejoin,
}

impl Domain {
    /// The label of this domain in what is signed.
    pub fn label(self) -> &'static str {
        match self {
            Domain::Request => "request",
            Domain::Socket => "socket",
            Domain::DirectoryEntry => "directory entry",
            Domain::SlotReceipt => "slot receipt",
            Domain::Leave => "leave",
            Domain::Rejoin => "rejoin",
        }
    }

    fn separate(self, message: &[u8]) -> Vec<u8> {
        [b"sealpost ", self.label().as_bytes(), b"\0", message].concat()
    }
}

/// An Ed25519 key pair (RFC 8032). Wiped on drop; the public half is kept beside the secret, so that signing does not
/// derive it anew.
pub struct IdentityKey(SigningKey);

impl IdentityKey {
    /// From 32 bytes of the system's randomness, or those that [`IdentityKey::secret`] gave.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&zeroize::Zeroizing::new(secret)))
    }

    /// The secret, for the sealed database only.
    pub fn secret(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs the message for one purpose.
    pub fn sign(&self, domain: Domain, message: &[u8]) -> [u8; 64] {
        self.sign_unseparated(&domain.separate(message))
    }

    /// Signs the bytes as they are: for MLS alone, which puts labels of its own before them (RFC 9420, 5.1.2).
    pub fn sign_unseparated(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for IdentityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityKey(…)")
    }
}

/// Whether `signature` was made by the holder of `public` over this message, for this purpose. Strict: keys of small
/// order and signatures that have a second form are refused, so that all verifiers agree.
pub fn verify(public: &[u8; 32], domain: Domain, message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (VerifyingKey::from_bytes(public), Signature::from_slice(signature)) else {
        return false;
    };
    key.verify_strict(&domain.separate(message), &signature).is_ok()
}

/// An X25519 key pair (RFC 7748), to which deliveries are sealed. Wiped on drop.
pub struct SealingKey(StaticSecret);

impl SealingKey {
    /// From 32 bytes of the system's randomness, or those that [`SealingKey::secret`] gave.
    pub fn from_secret(secret: [u8; 32]) -> Self {
        Self(StaticSecret::from(*zeroize::Zeroizing::new(secret)))
    }

    /// The secret, for the sealed database only.
    pub fn secret(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        PublicKey::from(&self.0).to_bytes()
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SealingKey(…)")
    }
}

/// Whether anything can be sealed to this public key: for a point of small order every shared secret is zero.
pub fn is_sealing_key(public: &[u8; 32]) -> bool {
    let any_secret = StaticSecret::from([1; 32]);
    any_secret.diffie_hellman(&PublicKey::from(*public)).was_contributory()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, bytes, damaged, list, load};

    const DOMAINS: [Domain; 4] = [Domain::Request, Domain::Socket, Domain::DirectoryEntry, Domain::SlotReceipt];

    #[test]
    fn identity_keys_sign_as_the_rfc_says() {
        for case in list(&load("keys")["ed25519"]) {
            let key = IdentityKey::from_secret(array(&case["secret"]));
            assert_eq!(key.secret(), &array(&case["secret"]));
            assert_eq!(key.public(), array(&case["public"]));
            assert_eq!(key.sign_unseparated(&bytes(&case["message"])), array(&case["signature"]));
        }
    }

    #[test]
    fn sealing_keys_are_those_of_the_rfc() {
        for case in list(&load("keys")["x25519"]) {
            let key = SealingKey::from_secret(array(&case["secret"]));
            assert_eq!(key.secret(), &array(&case["secret"]));
            assert_eq!(key.public(), array(&case["public"]));
        }
    }

    #[test]
    fn a_signature_is_good_for_its_domain_message_and_key_only() {
        let (key, other) = (IdentityKey::from_secret([1; 32]), IdentityKey::from_secret([2; 32]));
        for domain in DOMAINS {
            let signature = key.sign(domain, b"message");
            assert!(verify(&key.public(), domain, b"message", &signature));
            assert!(!verify(&key.public(), domain, b"massage", &signature));
            assert!(!verify(&other.public(), domain, b"message", &signature));
            for another in DOMAINS.into_iter().filter(|another| *another != domain) {
                assert!(!verify(&key.public(), another, b"message", &signature));
            }
        }
    }

    #[test]
    fn every_changed_or_missing_byte_of_a_signature_is_refused() {
        let key = IdentityKey::from_secret([1; 32]);
        for signature in damaged(&key.sign(Domain::Socket, b"message")) {
            assert!(!verify(&key.public(), Domain::Socket, b"message", &signature));
        }
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!verify(&neutral, Domain::Socket, b"message", &signature));
        assert!(!verify(&[0; 32], Domain::Socket, b"message", &signature));
    }

    #[test]
    fn nothing_can_be_sealed_to_points_of_small_order() {
        assert!(!is_sealing_key(&[0; 32]));
        assert!(!is_sealing_key(&std::array::from_fn(|index| u8::from(index == 0))));
        assert!(is_sealing_key(&SealingKey::from_secret([7; 32]).public()));
    }

    #[test]
    fn debug_forms_hold_no_key() {
        assert_eq!(format!("{:?}", IdentityKey::from_secret([1; 32])), "IdentityKey(…)");
        assert_eq!(format!("{:?}", SealingKey::from_secret([1; 32])), "SealingKey(…)");
    }

    #[test]
    fn keys_are_wiped_on_drop() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped(&IdentityKey::from_secret([1; 32]).0);
        wiped(&SealingKey::from_secret([1; 32]).0);
    }
}
