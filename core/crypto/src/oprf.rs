//! The keyed hash under which a relay knows a phone number: the OPRF of RFC 9497 (ristretto255-SHA512, mode OPRF).
//! Here it is evaluated in the clear, at registration; a device that searches for others will blind its numbers and
//! end up with the same values.

use std::fmt;

use voprf::{OprfServer, Ristretto255};

/// Separates keys for numbers from any other key of the same seed.
const KEY_INFO: &[u8] = b"sealpost number key v1";
/// The longest input of the OPRF.
const INPUT_BYTES: usize = u16::MAX as usize;

/// The relay's secret for phone numbers. Whoever has it and the database can try all numbers, so that the two are kept
/// and backed up apart. Wiped on drop.
pub struct NumberKey(OprfServer<Ristretto255>);

impl NumberKey {
    /// A new key from 32 bytes of the system's randomness (RFC 9497, DeriveKeyPair).
    pub fn generate(seed: [u8; 32]) -> Self {
        Self::derive(&seed, KEY_INFO)
    }

    /// Reads what [`NumberKey::to_bytes`] gave; `None` for zero and for bytes that are no canonical scalar.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        OprfServer::new_with_key(bytes).ok().map(Self)
    }

    /// The secret scalar, little-endian, for the key's own file.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.serialize().into()
    }

    /// The token of a number in E.164 form. (Input beyond 65,535 bytes is no number; it is cut, so that the function
    /// has an answer to everything.)
    pub fn token(&self, number: &str) -> [u8; 64] {
        let input = &number.as_bytes()[..number.len().min(INPUT_BYTES)];
        self.0.evaluate(input).expect("nobody finds an input that hashes to the group's identity").into()
    }

    fn derive(seed: &[u8], info: &[u8]) -> Self {
        Self(OprfServer::new_from_seed(seed, info).expect("one of 256 hashes is a key other than zero"))
    }
}

impl fmt::Debug for NumberKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NumberKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use voprf::{BlindedElement, OprfClient};

    use super::*;
    use crate::vectors::{array, bytes, list, load};

    #[test]
    fn keys_and_tokens_are_those_of_the_rfc() {
        let file = load("oprf");
        let key = NumberKey::derive(&bytes(&file["seed"]), &bytes(&file["key_info"]));
        assert_eq!(key.to_bytes(), array(&file["key"]));
        for case in list(&file["cases"]) {
            let input = String::from_utf8(bytes(&case["input"])).unwrap();
            assert_eq!(key.token(&input), array(&case["output"]));
        }
    }

    #[test]
    fn a_key_reads_back_as_itself() {
        let key = NumberKey::generate([5; 32]);
        let again = NumberKey::from_bytes(&key.to_bytes()).unwrap();
        assert_eq!(again.token("+41791234567"), key.token("+41791234567"));
        assert_ne!(NumberKey::generate([6; 32]).token("+41791234567"), key.token("+41791234567"));
        assert_ne!(key.token("+41791234568"), key.token("+41791234567"));
    }

    #[test]
    fn zero_and_other_scalars_that_are_none_are_refused() {
        assert!(NumberKey::from_bytes(&[0; 32]).is_none());
        assert!(NumberKey::from_bytes(&[0xFF; 32]).is_none());
    }

    #[test]
    fn a_blinded_evaluation_ends_in_the_same_token() {
        let file = load("oprf");
        let key = NumberKey::from_bytes(&array(&file["key"])).unwrap();
        for case in list(&file["cases"]) {
            let blinded = BlindedElement::deserialize(&bytes(&case["blinded_element"])).unwrap();
            let evaluated = key.0.blind_evaluate(&blinded);
            assert_eq!(evaluated.serialize().to_vec(), bytes(&case["evaluation_element"]));
            let client = OprfClient::<Ristretto255>::deserialize(&bytes(&case["blind"])).unwrap();
            let output = client.finalize(&bytes(&case["input"]), &evaluated).unwrap();
            assert_eq!(output.to_vec(), bytes(&case["output"]));
        }
    }

    #[test]
    fn input_of_any_length_has_an_answer() {
        let key = NumberKey::generate([5; 32]);
        assert_ne!(key.token(""), key.token(&"4".repeat(70_000)));
        assert_ne!(key.token(&"ä".repeat(40_000)), key.token(""));
    }

    #[test]
    fn the_key_is_wiped_on_drop() {
        fn wiped<T: zeroize::ZeroizeOnDrop>(_: &T) {}
        wiped(&NumberKey::generate([5; 32]).0);
    }

    #[test]
    fn the_debug_form_holds_no_key() {
        assert_eq!(format!("{:?}", NumberKey::generate([5; 32])), "NumberKey(…)");
    }
}
