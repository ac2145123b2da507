//! The contact card: what two people show each other so that they can talk, as bytes, as text for a QR code and as a
//! `sealpost:` link.

use data_encoding::BASE32_NOPAD;

use crate::{
    id::{DeliveryToken, UserId},
    relay_address::{InvalidAddress, RelayAddress},
};

const VERSION: u8 = 1;
const SCHEME: &str = "sealpost:";
/// Version, flags, ID, two keys, token; before the optional pin and the address.
const FIXED_BYTES: usize = 1 + 1 + 5 + 32 + 32 + 16;
const HAS_PIN: u8 = 1;

/// A card that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCard {
    #[error("not a contact card")]
    NotACard,
    #[error("the card is damaged or incomplete: copy it again")]
    Damaged,
    #[error("the card comes from a newer version: update the app")]
    NewerVersion,
    #[error("the card's relay address is not usable: {0}")]
    Address(InvalidAddress),
}

/// Public keys and the token that lets its holder write to the mailbox. Whoever has a card can write, so it goes to
/// those who may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    pub relay: RelayAddress,
    pub id: UserId,
    /// Ed25519.
    pub identity_key: [u8; 32],
    /// X25519.
    pub sealing_key: [u8; 32],
    pub token: DeliveryToken,
}

impl Card {
    /// Version, flags, ID, keys, token, pin where flagged, address, CRC-32 (big-endian) of all before it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION, u8::from(self.relay.pin().is_some()) * HAS_PIN];
        bytes.extend(self.id.to_bytes());
        bytes.extend(self.identity_key);
        bytes.extend(self.sealing_key);
        bytes.extend(self.token.0);
        bytes.extend(self.relay.pin().into_iter().flatten());
        bytes.extend(self.relay.url().as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidCard> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(version) if *version > VERSION => return Err(InvalidCard::NewerVersion),
            _ => return Err(InvalidCard::NotACard),
        }
        let (body, sum) = bytes.split_last_chunk::<4>().ok_or(InvalidCard::Damaged)?;
        if crc32fast::hash(body).to_be_bytes() != *sum || body.len() < FIXED_BYTES {
            return Err(InvalidCard::Damaged);
        }
        let (fixed, mut address) = body.split_at(FIXED_BYTES);
        let mut rest = &fixed[2..];
        let id = UserId::from_random(take(&mut rest)?);
        let identity_key = take(&mut rest)?;
        let sealing_key = take(&mut rest)?;
        let token = DeliveryToken(take(&mut rest)?);
        let pin = if fixed[1] & HAS_PIN == 0 { None } else { Some(take(&mut address)?) };
        let url = std::str::from_utf8(address).map_err(|_| InvalidCard::Damaged)?;
        let relay = RelayAddress::new(url, pin).map_err(InvalidCard::Address)?;
        Ok(Self { relay, id, identity_key, sealing_key, token })
    }

    /// The link, in capitals: a QR code holds it in its alphanumeric mode.
    pub fn to_link(&self) -> String {
        format!("{}{}", SCHEME.to_ascii_uppercase(), BASE32_NOPAD.encode(&self.to_bytes()))
    }

    /// Reads a link or the bare text, in either case, with white space anywhere (a mail program may have wrapped it).
    pub fn from_link(text: &str) -> Result<Self, InvalidCard> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let scheme = SCHEME.to_ascii_uppercase();
        let body = compact.strip_prefix(&scheme).unwrap_or(&compact).trim_start_matches('/');
        let bytes = BASE32_NOPAD.decode(body.as_bytes()).map_err(|_| InvalidCard::NotACard)?;
        Self::from_bytes(&bytes)
    }
}

/// Takes the first `N` bytes off a slice.
pub(crate) fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], InvalidCard> {
    let (first, rest) = bytes.split_first_chunk::<N>().ok_or(InvalidCard::Damaged)?;
    *bytes = rest;
    Ok(*first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_carries_the_whole_card() {
        for pin in [None, Some([9; 32])] {
            let card = card(pin);
            assert_eq!(Card::from_link(&card.to_link()), Ok(card.clone()));
            assert_eq!(Card::from_link(&card.to_link().to_ascii_lowercase()), Ok(card));
        }
    }

    #[test]
    fn a_wrapped_link_is_read() {
        let link = card(None).to_link();
        let (head, tail) = link.split_at(60);
        assert_eq!(Card::from_link(&format!("  {head}\r\n {tail}\n")), Ok(card(None)));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let bytes = card(Some([9; 32])).to_bytes();
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 4;
            assert!(Card::from_bytes(&changed).is_err(), "byte {index}");
            assert!(Card::from_bytes(&bytes[..index]).is_err(), "length {index}");
        }
    }

    #[test]
    fn other_texts_are_not_cards() {
        assert_eq!(Card::from_link("https://example.org"), Err(InvalidCard::NotACard));
        assert_eq!(Card::from_link(""), Err(InvalidCard::NotACard));
    }

    #[test]
    fn a_newer_version_says_so() {
        assert_eq!(Card::from_bytes(&[2, 0, 0]), Err(InvalidCard::NewerVersion));
    }

    fn card(pin: Option<[u8; 32]>) -> Card {
        Card {
            relay: RelayAddress::new("https://relay.example:8443", pin).expect("well-formed"),
            id: "ABCD2345".parse().expect("well-formed"),
            identity_key: [1; 32],
            sealing_key: [2; 32],
            token: DeliveryToken([3; 16]),
        }
    }
}
