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
