//! Valid bytes of each kind: those of the vectors, and a few that are made here.

use data_encoding::HEXLOWER;
use sealpost_crypto::{
    directory_entry::sign_entry,
    keys::{IdentityKey, SealingKey},
    padding::pad,
    seal,
};
use sealpost_wire::{
    card::Card,
    id::{DeliveryId, DeliveryToken, UserId},
    invitation::Invitation,
    relay_address::RelayAddress,
};
use serde_json::Value;

pub fn frames() -> Vec<Vec<u8>> {
    of_vectors(include_str!("../../vectors/frames.json"), "frames")
}

pub fn parcels() -> Vec<Vec<u8>> {
    of_vectors(include_str!("../../vectors/parcels.json"), "parcels")
}

pub fn contents() -> Vec<Vec<u8>> {
    of_vectors(include_str!("../../vectors/contents.json"), "contents")
}

fn of_vectors(text: &str, list: &str) -> Vec<Vec<u8>> {
    let file: Value = serde_json::from_str(text).expect("a file of vectors");
    let cases = file[list].as_array().expect("a list");
    let bytes = |case: &Value| HEXLOWER.decode(case["bytes"].as_str().expect("digits").as_bytes()).expect("bytes");
    cases.iter().map(bytes).collect()
}

pub fn relay(pin: Option<[u8; 32]>) -> RelayAddress {
    RelayAddress::new("https://relay.example", pin).expect("an address")
}

fn all_cards() -> [Card; 2] {
    [None, Some([9; 32])].map(|pin| Card {
        relay: relay(pin),
        id: UserId::from_random([1; 5]),
        identity_key: IdentityKey::from_secret([1; 32]).public(),
        sealing_key: SealingKey::from_secret([1; 32]).public(),
        token: DeliveryToken([2; 16]),
    })
}

pub fn cards() -> Vec<Vec<u8>> {
    all_cards().map(|card| card.to_bytes()).into()
}

pub fn card_links() -> Vec<Vec<u8>> {
    all_cards().map(|card| card.to_link().into_bytes()).into()
}

pub fn invitations() -> Vec<Vec<u8>> {
    let invitation = |pin| Invitation { relay: relay(pin), code: [7; 16] };
    [None, Some([9; 32])].map(|pin| invitation(pin).to_text().into_bytes()).into()
}

pub fn addresses() -> Vec<Vec<u8>> {
    let texts = ["https://relay.example", "https://relay.example:8443/", "http://127.0.0.1:80", "https://[::1]:1"];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

pub fn names() -> Vec<Vec<u8>> {
    let base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    [b"ABCD2345".as_slice(), b"abcd-2345", base64.as_bytes(), &[1; 16]].map(<[u8]>::to_vec).into()
}

pub fn padded() -> Vec<Vec<u8>> {
    [0, 1, 255, 256, 1_000].map(|length| pad(vec![7; length])).into()
}

/// A wrapped key and its payload, for the key that the target opens with.
pub fn sealed() -> Vec<Vec<u8>> {
    let key = SealingKey::from_secret([1; 32]).public();
    parcels().iter().take(6).map(|parcel| sealed_to(key, 1, parcel)).collect()
}

/// A delivery whose ID is made of this number.
pub fn sealed_to(key: [u8; 32], number: u8, parcel: &[u8]) -> Vec<u8> {
    let sealed = seal::seal(parcel, &DeliveryId([number; 16]), &[key], [5; 32]).expect("small enough");
    [sealed.wrapped_keys.concat(), sealed.payload].concat()
}

pub fn signed() -> Vec<Vec<u8>> {
    let key = IdentityKey::from_secret([1; 32]);
    let entry = sign_entry(&key, UserId::from_random([1; 5]), [7; 32], &[3]);
    vec![[entry.identity_key, entry.signature, entry.id.into_bytes()].concat()]
}
