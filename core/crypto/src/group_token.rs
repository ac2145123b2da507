//! What a member's mailbox accepts from the other members of a group: derived from a secret that all of them hold, so
//! that no token has to travel.

use hkdf::Hkdf;
use sealpost_wire::id::{DeliveryToken, UserId};
use sha2::Sha256;

const LABEL: &[u8] = b"sealpost group token v1";

/// The token of `member`'s mailbox: HKDF-SHA256 (RFC 5869) without salt, info = label || ID (8 characters), 16 bytes.
pub fn group_token(secret: &[u8; 32], member: UserId) -> DeliveryToken {
    let mut token = [0; 16];
    let info = [LABEL, member.as_str().as_bytes()];
    Hkdf::<Sha256>::new(None, secret).expand_multi_info(&info, &mut token).expect("16 bytes are less than 255 hashes");
    DeliveryToken(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, list, load, text};

    #[test]
    fn tokens_are_those_of_the_vectors() {
        for case in list(&load("group_tokens")["tokens"]) {
            let member = text(&case["member"]).parse().unwrap();
            assert_eq!(group_token(&array(&case["secret"]), member), DeliveryToken(array(&case["token"])));
        }
    }

    #[test]
    fn every_member_and_every_secret_has_a_token_of_its_own() {
        let (ada, ben) = (UserId::from_random([1; 5]), UserId::from_random([2; 5]));
        assert_ne!(group_token(&[1; 32], ada), group_token(&[1; 32], ben));
        assert_ne!(group_token(&[1; 32], ada), group_token(&[2; 32], ada));
    }
}
