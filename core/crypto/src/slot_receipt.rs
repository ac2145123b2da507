//! A relay's signed word that a commit slot holds a content. A commit is merged only with it, so that a relay which
//! tells two members different winners leaves the proof with them.

use sealpost_wire::id::SlotName;

use crate::{
    hash::sha256,
    keys::{Domain, IdentityKey, verify},
};

/// Signs with the relay's receipt key that the slot holds this content.
pub fn sign_receipt(relay_key: &IdentityKey, slot: &SlotName, content: &[u8]) -> [u8; 64] {
    relay_key.sign(Domain::SlotReceipt, &message(slot, content))
}

/// Whether the relay with this receipt key signed that the slot holds this content.
pub fn verify_receipt(relay_public: &[u8; 32], slot: &SlotName, content: &[u8], receipt: &[u8]) -> bool {
    verify(relay_public, Domain::SlotReceipt, &message(slot, content), receipt)
}

/// The slot's name (32 bytes), SHA-256 of the content (32).
fn message(slot: &SlotName, content: &[u8]) -> Vec<u8> {
    [slot.as_bytes(), &sha256(content)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, bytes, damaged, list, load};

    #[test]
    fn receipts_are_signed_as_the_vectors_say() {
        let file = load("signatures");
        let key = IdentityKey::from_secret(array(&file["identity_secret"]));
        for case in list(&file["slot_receipts"]) {
            let (slot, content) = (SlotName(array(&case["slot"])), bytes(&case["content"]));
            assert_eq!(sign_receipt(&key, &slot, &content), array(&case["signature"]));
            assert_eq!(key.sign_unseparated(&bytes(&case["signed_bytes"])), array(&case["signature"]));
        }
    }

    #[test]
    fn a_receipt_is_good_for_its_slot_content_and_relay_only() {
        let (key, other) = (IdentityKey::from_secret([1; 32]), IdentityKey::from_secret([2; 32]));
        let (slot, content) = (SlotName([9; 32]), b"a sealed commit");
        let receipt = sign_receipt(&key, &slot, content);
        assert!(verify_receipt(&key.public(), &slot, content, &receipt));
        assert!(!verify_receipt(&other.public(), &slot, content, &receipt));
        assert!(!verify_receipt(&key.public(), &SlotName([8; 32]), content, &receipt));
        assert!(damaged(content).all(|content| !verify_receipt(&key.public(), &slot, &content, &receipt)));
        assert!(damaged(&receipt).all(|receipt| !verify_receipt(&key.public(), &slot, content, &receipt)));
    }
}
