//! Names of things as newtypes: whoever holds one holds a well-formed one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Crockford's base 32: no I, L, O and U, so that an ID read aloud or typed from paper stays the same.
pub const ID_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Something that was to be a name and is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    #[error("an ID has 8 characters")]
    Length,
    #[error("an ID has only the digits and the letters except I, L, O and U")]
    Character,
    #[error("expected {expected} bytes")]
    Bytes { expected: usize },
}

/// A person's public name: 8 characters (40 bits), drawn at random on the device. Names the mailbox as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserId([u8; 8]);

impl UserId {
    /// From 5 random bytes, 5 bits a character: every ID is equally likely.
    pub fn from_random(bytes: [u8; 5]) -> Self {
        let bits = bytes.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
        let mut characters = [0; 8];
        for (place, character) in characters.iter_mut().enumerate() {
            let index = (bits >> (35 - 5 * place)) & 31;
            *character = ID_ALPHABET[index as usize];
        }
        Self(characters)
    }

    /// The 5 bytes that [`UserId::from_random`] turns into this ID.
    pub fn to_bytes(self) -> [u8; 5] {
        let digit = |character: &u8| ID_ALPHABET.iter().position(|known| known == character).unwrap_or(0) as u64;
        let bits = self.0.iter().fold(0_u64, |bits, character| bits << 5 | digit(character));
        let mut bytes = [0; 5];
        bytes.copy_from_slice(&bits.to_be_bytes()[3..]);
        bytes
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an ID is made of ASCII characters only")
    }
}

impl FromStr for UserId {
    type Err = InvalidId;

    /// Accepts lower case, and reads I and L as 1, O as 0; spaces and dashes between the characters are passed over.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let mut characters = [0; 8];
        let mut length = 0;
        for character in text.chars().filter(|character| !matches!(character, ' ' | '-')) {
            let upper = match character.to_ascii_uppercase() {
                'I' | 'L' => '1',
                'O' => '0',
                other => other,
            };
            let byte = u8::try_from(upper).map_err(|_| InvalidId::Character)?;
            if !ID_ALPHABET.contains(&byte) {
                return Err(InvalidId::Character);
            }
            *characters.get_mut(length).ok_or(InvalidId::Length)? = byte;
            length += 1;
        }
        if length == 8 { Ok(Self(characters)) } else { Err(InvalidId::Length) }
    }
}

impl TryFrom<String> for UserId {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<UserId> for String {
    fn from(id: UserId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// IDs stay out of logs: the debug form says only that there is one.
impl fmt::Debug for UserId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("UserId(…)")
    }
}

macro_rules! byte_name {
    ($(#[$doc:meta])* $name:ident, $length:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; $length]);

        impl $name {
            pub const LENGTH: usize = $length;

            pub fn as_bytes(&self) -> &[u8] {
                &self.0
            }
        }

        impl TryFrom<&[u8]> for $name {
            type Error = InvalidId;

            fn try_from(bytes: &[u8]) -> Result<Self, InvalidId> {
                bytes.try_into().map(Self).map_err(|_| InvalidId::Bytes { expected: $length })
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Reads base64url without padding.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let bytes = data_encoding::BASE64URL_NOPAD.decode(text.as_bytes());
                bytes.map_err(|_| InvalidId::Character)?.as_slice().try_into()
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;

            fn try_from(text: String) -> Result<Self, InvalidId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                data_encoding::BASE64URL_NOPAD.encode(&name.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&data_encoding::BASE64URL_NOPAD.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

byte_name!(
    /// Names a message from its composing to the last receipt; 16 random bytes drawn by its sender.
    MessageId, 16
);
byte_name!(
    /// Names a delivery for deduplication at the relay and on the device; 16 random bytes. A message that is sealed
    /// anew travels in a new delivery and keeps its [`MessageId`].
    DeliveryId, 16
);
byte_name!(
    /// Shown with a delivery, so that a mailbox accepts it; 16 random bytes. The relay stores its SHA-256 only.
    DeliveryToken, 16
);
byte_name!(
    /// Names a commit slot; exported from the epoch's secrets, so that successive names are unlinkable.
    SlotName, 32
);
byte_name!(
    /// Names a stored blob; 32 random bytes, and whoever knows them may fetch it.
    BlobId, 32
);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, HashSet};

    #[test]
    fn lower_case_and_lookalikes_are_read() {
        let id: UserId = "oil0-ab cd".parse().expect("well-formed");
        assert_eq!(id.as_str(), "0110ABCD");
    }

    #[test]
    fn malformed_ids_are_refused() {
        assert_eq!("ABCDEFG".parse::<UserId>(), Err(InvalidId::Length));
        assert_eq!("ABCDEFGH0".parse::<UserId>(), Err(InvalidId::Length));
        assert_eq!("ABCDEFGU".parse::<UserId>(), Err(InvalidId::Character));
        assert_eq!("ÀBCDEFGH".parse::<UserId>(), Err(InvalidId::Character));
    }

    proptest::proptest! {
        #[test]
        fn bytes_and_text_carry_the_same_id(bytes: [u8; 5]) {
            let id = UserId::from_random(bytes);
            assert_eq!(id.to_bytes(), bytes);
            assert_eq!(id.as_str().parse(), Ok(id));
        }
    }

    #[test]
    fn every_character_is_equally_likely() {
        let mut counts = HashMap::new();
        let mut seen = HashSet::new();
        for number in 0..32_u64.pow(3) {
            // An odd multiplier permutes the 40-bit numbers: distinct inputs, spread over the whole space.
            let bits = number.wrapping_mul(0x9E_3779_B97F) & 0xFF_FFFF_FFFF;
            let id = UserId::from_random(bits.to_be_bytes()[3..].try_into().expect("5 bytes"));
            assert!(seen.insert(id));
            *counts.entry(id.as_str().as_bytes()[0]).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 32);
        assert!(counts.values().all(|count| (900..1150).contains(count)), "{counts:?}");
    }
}
