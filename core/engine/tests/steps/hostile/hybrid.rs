//! Both halves of the hybrid are needed: a secret that is sealed to a key of which somebody holds one half only,
//! ML-KEM or X25519, does not open for them. (X-Wing, draft-connolly-cfrg-xwing-kem-06: the public key is the one of
//! ML-KEM-768 and behind it the one of X25519.)

use openmls::prelude::{OpenMlsProvider, tls_codec::Serialize as _};
use openmls_rust_crypto::{OpenMlsRustCrypto, RustCrypto};
use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{CryptoError, HpkeCiphertext, HpkeKeyPair},
};
use sealpost_engine::mls::{Group, GroupId};
use sealpost_wire::suite::Suite;

use super::{
    bent::{Bend, Bent, ciphersuite},
    forged::SlotContent,
};
use crate::{
    club,
    town::{ADA, BEN, CLO, DAN, Town},
};

const ML_KEM_BYTES: usize = 1_184;
const X25519_BYTES: usize = 32;
/// ML-KEM's ciphertext stands before the other's key share.
const ML_KEM_CIPHERTEXT_BYTES: usize = 1_088;

/// The one half of this key, and the other half of that one.
fn mixed(ml_kem: &[u8], x25519: &[u8]) -> Vec<u8> {
    assert_eq!((ml_kem.len(), x25519.len()), (ML_KEM_BYTES + X25519_BYTES, ML_KEM_BYTES + X25519_BYTES));
    [&ml_kem[..ML_KEM_BYTES], &x25519[ML_KEM_BYTES..]].concat()
}

fn key_pair(crypto: &RustCrypto, seed: u8) -> HpkeKeyPair {
    let config = ciphersuite(Suite::Hybrid).hpke_config();
    crypto.derive_hpke_keypair(config, &[seed; 64]).expect("derived")
}

#[test]
fn whoever_holds_one_half_of_the_key_opens_nothing() {
    let crypto = OpenMlsRustCrypto::default();
    let crypto = crypto.crypto();
    let (own, other) = (key_pair(crypto, 1), key_pair(crypto, 2));
    let config = || ciphersuite(Suite::Hybrid).hpke_config();
    let sealed = |key: &[u8]| crypto.hpke_seal(config(), key, b"info", b"aad", b"secret").expect("sealed");
    let open = |sealed: &HpkeCiphertext, pair: &HpkeKeyPair| {
        crypto.hpke_open(config(), sealed, &pair.private, b"info", b"aad")
    };
    assert_eq!(open(&sealed(&own.public), &own).as_deref(), Ok(b"secret".as_slice()), "both halves open it");
    for key in [mixed(&own.public, &other.public), mixed(&other.public, &own.public)] {
        let sealed = sealed(&key);
        assert_eq!(open(&sealed, &own), Err(CryptoError::HpkeDecryptionError));
        assert_eq!(open(&sealed, &other), Err(CryptoError::HpkeDecryptionError));
    }
}

#[test]
fn a_ciphertext_with_one_half_of_another_opens_nothing() {
    let crypto = RustCrypto::default();
    let own = key_pair(&crypto, 1);
    let config = || ciphersuite(Suite::Hybrid).hpke_config();
    let seal = || crypto.hpke_seal(config(), &own.public, b"info", b"aad", b"secret").expect("sealed");
    let (one, another) = (seal(), seal());
    for (first, second) in [(&one, &another), (&another, &one)] {
        let (first, second) = (first.kem_output.as_slice(), second.kem_output.as_slice());
        let halves = [&first[..ML_KEM_CIPHERTEXT_BYTES], &second[ML_KEM_CIPHERTEXT_BYTES..]].concat();
        let mut sealed = seal();
        sealed.ciphertext = one.ciphertext.clone();
        sealed.kem_output = halves.into();
        let opened = crypto.hpke_open(config(), &sealed, &own.private, b"info", b"aad");
        assert_eq!(opened, Err(CryptoError::HpkeDecryptionError));
    }
    let opened = crypto.hpke_open(config(), &one, &own.private, b"info", b"aad");
    assert_eq!(opened.as_deref(), Ok(b"secret".as_slice()), "as it was, it opens");
}

/// What is sealed to a victim goes to a key of which they hold one half.
fn halves() -> [(&'static str, Bend); 2] {
    let other = |crypto: &RustCrypto| key_pair(crypto, 3).public;
    [
        ("ML-KEM alone", Box::new(move |crypto, it| it.seal_to(crypto, &mixed(it.key, &other(crypto)), it.secret))),
        ("X25519 alone", Box::new(move |crypto, it| it.seal_to(crypto, &mixed(&other(crypto), it.key), it.secret))),
    ]
}

/// A hybrid group of Ada's, and who has the second and the third leaf of it. The second seals to the third's own key.
fn hybrid_club() -> (Town, GroupId, [usize; 2]) {
    let mut town = club::town(Suite::Hybrid).with_group(&[BEN, CLO]);
    let id = town.club_state(BEN).id;
    let second = town.with_mls(ADA, id, |group| group.members()[1].id);
    let places = if second == town.id(BEN) { [BEN, CLO] } else { [CLO, BEN] };
    (town, id, places)
}

#[test]
fn a_commits_path_opens_with_neither_half_alone() {
    for (half, bend) in halves() {
        println!("{half}");
        let (mut town, id, [by, victim]) = hybrid_club();
        let before = town.club_epoch(victim);
        let keys = town.leaf_keys(by, id, &[victim]);
        let commit = town.crafts_by_hand(by, by, id, &Bent::new(Suite::Hybrid, keys, bend), |builder| builder);
        town.commits(by, id, &SlotContent { commit, proofs: Vec::new() }, &[ADA, victim]);
        town.receives(victim);
        assert_eq!(town.club_epoch(victim), before, "one half does not open it");
        town.receives(ADA);
        assert_eq!(town.club_epoch(ADA).1, before.1 + 1, "who holds both follows");
    }
}

#[test]
fn a_welcome_opens_with_neither_half_alone() {
    for (half, bend) in halves() {
        println!("{half}");
        let (mut town, id, _) = hybrid_club();
        let package = super::policy::read_package(&town.package_of(DAN));
        let key = package.hpke_init_key().tls_serialize_detached().expect("bytes");
        let victims = vec![key[key.len() - ML_KEM_BYTES - X25519_BYTES..].to_vec()];
        for (bent, opens) in [(Bent::new(Suite::Hybrid, victims, bend), false), (Bent::straight(Suite::Hybrid), true)] {
            let welcome = town.welcomes_by_hand(BEN, id, &bent, package.clone());
            let joined = town.in_session(DAN, |session| Group::join(session, &welcome).map(|_| ()));
            assert_eq!(joined.is_ok(), opens, "{joined:?}");
        }
    }
}
