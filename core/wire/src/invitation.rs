//! An invitation to a relay: a code that allows one registration, the relay's address, and its private authority's pin.

use data_encoding::BASE32_NOPAD;

use crate::{
    card::{InvalidCard, take},
    relay_address::RelayAddress,
};

const VERSION: u8 = 1;
const SCHEME: &str = "SEALPOST-INVITE:";
const HAS_PIN: u8 = 1;

/// What an administrator hands to somebody who may register; the relay stores the code's SHA-256 only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    pub relay: RelayAddress,
    pub code: [u8; 16],
}

impl Invitation {
    /// `SEALPOST-INVITE:` and, in base 32: version, flags, code, pin where flagged, address, CRC-32 of all before it.
    pub fn to_text(&self) -> String {
        let mut bytes = vec![VERSION, u8::from(self.relay.pin().is_some()) * HAS_PIN];
        bytes.extend(self.code);
        bytes.extend(self.relay.pin().into_iter().flatten());
        bytes.extend(self.relay.url().as_bytes());
        bytes.extend(crc32fast::hash(&bytes).to_be_bytes());
        format!("{SCHEME}{}", BASE32_NOPAD.encode(&bytes))
    }

    /// Reads the text in either case, with white space anywhere. The errors are those of a card.
    pub fn from_text(text: &str) -> Result<Self, InvalidCard> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_uppercase();
        let body = compact.strip_prefix(SCHEME).ok_or(InvalidCard::NotACard)?;
        let bytes = BASE32_NOPAD.decode(body.as_bytes()).map_err(|_| InvalidCard::NotACard)?;
        let (mut rest, sum) = bytes.split_last_chunk::<4>().ok_or(InvalidCard::Damaged)?;
        if crc32fast::hash(rest).to_be_bytes() != *sum {
            return Err(InvalidCard::Damaged);
        }
        let [version, flags] = take(&mut rest)?;
        if version != VERSION {
            return Err(InvalidCard::NewerVersion);
        }
        let code = take(&mut rest)?;
        let pin = if flags & HAS_PIN == 0 { None } else { Some(take(&mut rest)?) };
        let url = std::str::from_utf8(rest).map_err(|_| InvalidCard::Damaged)?;
        let relay = RelayAddress::new(url, pin).map_err(InvalidCard::Address)?;
        Ok(Self { relay, code })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_carries_code_address_and_pin() {
        for pin in [None, Some([7; 32])] {
            let relay = RelayAddress::new("https://relay.example", pin).expect("well-formed");
            let invitation = Invitation { relay, code: [5; 16] };
            assert_eq!(Invitation::from_text(&invitation.to_text().to_lowercase()), Ok(invitation));
        }
    }

    #[test]
    fn a_truncated_text_is_damaged() {
        let relay = RelayAddress::new("https://relay.example", None).expect("well-formed");
        let text = Invitation { relay, code: [5; 16] }.to_text();
        assert!(Invitation::from_text(&text[..text.len() - 8]).is_err());
    }
}
