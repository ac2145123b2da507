//! A directory entry: an ID's public keys and suites under its owner's signature, so that a relay cannot change them.

use sealpost_wire::{api::directory::DirectoryEntry, id::UserId};

use crate::keys::{Domain, IdentityKey, is_sealing_key, verify};

/// Suites of one entry; a device speaks two today.
const SUITES: usize = 16;

/// An entry whose signature and shape are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    pub id: UserId,
    /// Ed25519.
    pub identity_key: [u8; 32],
    /// X25519; never a point to which nothing can be sealed.
    pub sealing_key: [u8; 32],
    /// MLS ciphersuites, the preferred first, 16 at most; those of newer versions may be among them.
    pub suites: Vec<u16>,
}

impl VerifiedEntry {
    /// ID (8 characters), identity key (32 bytes), sealing key (32), each suite (2, big-endian).
    fn message(&self) -> Vec<u8> {
        let mut message = self.id.as_str().as_bytes().to_vec();
        message.extend(self.identity_key);
        message.extend(self.sealing_key);
        message.extend(self.suites.iter().flat_map(|suite| suite.to_be_bytes()));
        message
    }
}

/// Makes the entry of the key's holder. More than 16 suites make an entry that nobody accepts.
pub fn sign_entry(key: &IdentityKey, id: UserId, sealing_key: [u8; 32], suites: &[u16]) -> DirectoryEntry {
    let entry = VerifiedEntry { id, identity_key: key.public(), sealing_key, suites: suites.to_vec() };
    DirectoryEntry {
        id: id.as_str().to_owned(),
        identity_key: entry.identity_key.to_vec(),
        sealing_key: entry.sealing_key.to_vec(),
        signature: key.sign(Domain::DirectoryEntry, &entry.message()).to_vec(),
        suites: entry.suites,
    }
}

/// Checks shape and signature. `None` also for an ID that is not in its one written form, and for a sealing key of
/// small order. That the identity key is the one that is known for the ID remains the caller's to check.
pub fn verify_entry(entry: &DirectoryEntry) -> Option<VerifiedEntry> {
    let id: UserId = entry.id.parse().ok()?;
    let verified = VerifiedEntry {
        id,
        identity_key: entry.identity_key.as_slice().try_into().ok()?,
        sealing_key: entry.sealing_key.as_slice().try_into().ok()?,
        suites: entry.suites.clone(),
    };
    let well_formed = entry.id == id.as_str() && entry.suites.len() <= SUITES && is_sealing_key(&verified.sealing_key);
    let signed = || verify(&verified.identity_key, Domain::DirectoryEntry, &verified.message(), &entry.signature);
    (well_formed && signed()).then_some(verified)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keys::SealingKey,
        vectors::{array, bytes, damaged, list, load, text},
    };

    #[test]
    fn entries_are_signed_as_the_vectors_say() {
        let file = load("signatures");
        let key = IdentityKey::from_secret(array(&file["identity_secret"]));
        for case in list(&file["directory_entries"]) {
            let suites: Vec<u16> = serde_json::from_value(case["suites"].clone()).unwrap();
            let id = text(&case["id"]).parse().unwrap();
            let entry = sign_entry(&key, id, array(&case["sealing_key"]), &suites);
            assert_eq!(entry.signature, bytes(&case["signature"]));
            assert_eq!(key.sign_unseparated(&bytes(&case["signed_bytes"])), array(&case["signature"]));
            let verified =
                VerifiedEntry { id, identity_key: key.public(), sealing_key: array(&case["sealing_key"]), suites };
            assert_eq!(verify_entry(&entry), Some(verified));
        }
    }

    #[test]
    fn an_entry_changed_in_any_byte_is_refused() {
        let entry = entry();
        let other = |change: &dyn Fn(&mut DirectoryEntry)| {
            let mut changed = entry.clone();
            change(&mut changed);
            verify_entry(&changed)
        };
        for key in damaged(&entry.identity_key) {
            assert_eq!(other(&|entry| entry.identity_key = key.clone()), None);
        }
        for key in damaged(&entry.sealing_key) {
            assert_eq!(other(&|entry| entry.sealing_key = key.clone()), None);
        }
        for signature in damaged(&entry.signature) {
            assert_eq!(other(&|entry| entry.signature = signature.clone()), None);
        }
        assert_eq!(other(&|entry| entry.id = "ABCD2346".to_owned()), None);
        assert_eq!(other(&|entry| entry.suites.reverse()), None);
        assert_eq!(other(&|entry| entry.suites.truncate(1)), None);
    }

    #[test]
    fn an_id_in_another_spelling_is_refused() {
        for spelling in ["abcd2345", "ABCD-2345", "ABCD2345 "] {
            assert_eq!(verify_entry(&DirectoryEntry { id: spelling.to_owned(), ..entry() }), None);
        }
    }

    #[test]
    fn a_sealing_key_of_small_order_and_too_many_suites_are_refused() {
        let (key, id) = (IdentityKey::from_secret([1; 32]), "ABCD2345".parse().unwrap());
        let good = SealingKey::from_secret([7; 32]).public();
        assert_eq!(verify_entry(&sign_entry(&key, id, [0; 32], &[3])), None);
        assert_eq!(verify_entry(&sign_entry(&key, id, good, &[3; SUITES + 1])), None);
        assert!(verify_entry(&sign_entry(&key, id, good, &[3; SUITES])).is_some());
    }

    fn entry() -> DirectoryEntry {
        let sealing_key = SealingKey::from_secret([7; 32]).public();
        sign_entry(&IdentityKey::from_secret([1; 32]), "ABCD2345".parse().unwrap(), sealing_key, &[0x4E, 3])
    }
}
