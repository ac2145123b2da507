//! The decoders of `wire` and `crypto`. Whatever is read is written and read again as the same.

use sealpost_crypto::{
    directory_entry::verify_entry,
    keys::SealingKey,
    oprf::NumberKey,
    padding::{pad, unpad},
    seal,
    slot_receipt::verify_receipt,
};
use sealpost_wire::{
    api::directory::DirectoryEntry,
    card::Card,
    frame::Body,
    id::{BlobId, DeliveryId, DeliveryToken, SlotName, UserId},
    invitation::Invitation,
    limits,
    relay_address::RelayAddress,
};

pub fn frame(data: &[u8]) {
    let Ok(body) = Body::from_bytes(data) else { return };
    let again = Body::from_bytes(&body.clone().to_bytes());
    assert!(again.is_ok_and(|again| again == body), "a frame that was read is written as it was");
    match body {
        Body::Deliver(deliver) => {
            let Some(Ok(checked)) = deliver.delivery.as_ref().map(|delivery| delivery.check()) else { return };
            assert!((1..=limits::RECIPIENTS).contains(&checked.recipients.len()));
        }
        Body::Failure(failure) => drop(failure.into_error()),
        _ => {}
    }
}

pub fn card(data: &[u8]) {
    let Ok(card) = Card::from_bytes(data) else { return };
    assert_eq!(Card::from_bytes(&card.to_bytes()).as_ref(), Ok(&card));
    assert_eq!(Card::from_link(&card.to_link()).as_ref(), Ok(&card));
}

pub fn card_link(data: &[u8]) {
    let Ok(card) = Card::from_link(&String::from_utf8_lossy(data)) else { return };
    assert_eq!(Card::from_link(&card.to_link()).as_ref(), Ok(&card));
}

pub fn invitation(data: &[u8]) {
    let Ok(invitation) = Invitation::from_text(&String::from_utf8_lossy(data)) else { return };
    assert_eq!(Invitation::from_text(&invitation.to_text()).as_ref(), Ok(&invitation));
}

pub fn address(data: &[u8]) {
    let Ok(address) = RelayAddress::new(&String::from_utf8_lossy(data), None) else { return };
    assert_eq!(RelayAddress::new(address.url(), None).as_ref(), Ok(&address));
    assert!(address.socket_url().starts_with("ws"));
}

/// IDs, names and tokens in their texts and bytes.
pub fn names(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(id) = text.parse::<UserId>() {
        assert_eq!(id.as_str().parse(), Ok(id));
        assert_eq!(UserId::from_random(id.to_bytes()), id);
    }
    if let Ok(name) = text.parse::<SlotName>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    if let Ok(name) = text.parse::<BlobId>() {
        assert_eq!(name.to_string().parse(), Ok(name));
    }
    assert_eq!(DeliveryToken::try_from(data).is_ok(), data.len() == 16);
    assert_eq!(DeliveryId::try_from(data).is_ok(), data.len() == 16);
}

pub fn padding(data: &[u8]) {
    let Some(content) = unpad(data.to_vec()) else { return };
    assert_eq!(unpad(pad(content.clone())), Some(content));
}

/// 80 bytes of a wrapped key, the rest a payload.
pub fn sealed(data: &[u8]) {
    let (wrapped, payload) = data.split_at(data.len().min(limits::WRAPPED_KEY_BYTES));
    if let Ok(opened) = seal::open(&SealingKey::from_secret([1; 32]), &DeliveryId([1; 16]), wrapped, payload) {
        assert!(opened.len() <= payload.len());
    }
}

/// A key, a signature, and what is signed: none of it is to be believed, and none breaks the check.
pub fn signed(data: &[u8]) {
    let (key, rest) = data.split_at(data.len().min(32));
    let (signature, content) = rest.split_at(rest.len().min(64));
    if let Ok(key) = <&[u8; 32]>::try_from(key) {
        verify_receipt(key, &SlotName(*key), content, signature);
        let _ = NumberKey::from_bytes(key);
    }
    let entry = DirectoryEntry {
        id: String::from_utf8_lossy(content).into_owned(),
        identity_key: key.to_vec(),
        sealing_key: content.iter().take(32).copied().collect(),
        suites: content.iter().map(|byte| u16::from(*byte)).collect(),
        signature: signature.to_vec(),
    };
    if let Some(verified) = verify_entry(&entry) {
        assert_eq!(verified.id.to_string(), entry.id);
    }
}

/// What was planted: behind four right bytes it believes a length.
pub fn planted(data: &[u8]) {
    if let [b's', b'e', b'a', b'l', length, rest @ ..] = data {
        assert!(rest.get(..usize::from(*length)).is_some(), "planted: a length beyond the end");
    }
}
