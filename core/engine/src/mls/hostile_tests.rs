//! A member who speaks correct MLS and breaks our rules: with stock openmls, and our identity key.

use openmls::{
    group::{MlsGroupCreateConfig, MlsGroupJoinConfig},
    prelude::{tls_codec::Serialize as _, *},
    schedule::PreSharedKeyId,
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_wire::{id::UserId, suite::Suite};

use super::{Group, GroupProfile, MlsError, Session, ciphersuite, generate_key_packages, key_packages, leaf, signer};
use crate::storage::memory::MemoryStore;

const GROUP: super::GroupId = super::GroupId([3; 16]);

struct Honest {
    id: UserId,
    key: IdentityKey,
    store: MemoryStore,
}

impl Honest {
    fn new(number: u8) -> Self {
        let id = UserId::from_random([number; 5]);
        Self { id, key: IdentityKey::from_secret([number; 32]), store: MemoryStore::default() }
    }

    fn step<T>(&mut self, work: impl FnOnce(&mut Session<'_>) -> Result<T, MlsError>) -> Result<T, MlsError> {
        let mut tx = self.store.begin();
        let mut session = Session::new(&mut tx, self.id, &self.key, SealingKey::from_secret([1; 32]).public());
        let result = work(&mut session)?;
        session.finish()?;
        tx.commit();
        Ok(result)
    }

    fn key_package(&mut self, suite: Suite) -> KeyPackage {
        let made = self.step(|session| generate_key_packages(session, suite, 1, false, u64::MAX));
        key_packages::read(&made.expect("made")[0], suite, OpenMlsRustCrypto::default().crypto()).expect("valid")
    }

    fn apply(&mut self, commit: &[u8]) -> Result<u64, MlsError> {
        self.step(|session| {
            let mut group = Group::load(session, &GROUP)?.expect("joined");
            Ok(group.apply_commit(session, commit, &|_| Ok(()))?.epoch)
        })
    }
}

type Builder<'a> = CommitBuilder<'a, Initial>;

struct Mallory {
    suite: Suite,
    provider: OpenMlsRustCrypto,
    key: IdentityKey,
    group: MlsGroup,
}

fn credential(id: &[u8], key: &IdentityKey) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(id.to_vec()).into(),
        signature_key: key.public().to_vec().into(),
    }
}

/// What a decent leaf shows.
fn shown() -> Extensions<LeafNode> {
    leaf::extensions(&SealingKey::from_secret([99; 32]).public()).expect("extensions")
}

/// What leaves show that nobody can seal to.
fn unsealable() -> [(Extensions<LeafNode>, &'static str); 4] {
    let other = |key: Vec<u8>| Extension::Unknown(0xF5EC, UnknownExtension(key));
    let single = |key| Extensions::single(other(key)).expect("extensions");
    [
        (Extensions::empty(), "a leaf without a sealing key"),
        (single(vec![9; 31]), "a leaf without a sealing key"),
        (single(vec![9; 33]), "a leaf without a sealing key"),
        (single(vec![0; 32]), "a leaf's sealing key is not one"),
    ]
}

fn profile() -> GroupProfile {
    GroupProfile { purpose: 1, name: "ours".to_owned(), ..GroupProfile::default() }
}

impl Mallory {
    fn new(suite: Suite, context: Extensions<GroupContext>) -> Self {
        Self::showing(suite, context, shown())
    }

    fn showing(suite: Suite, context: Extensions<GroupContext>, shown: Extensions<LeafNode>) -> Self {
        let (provider, key) = (OpenMlsRustCrypto::default(), IdentityKey::from_secret([99; 32]));
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(ciphersuite(suite))
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .capabilities(leaf::capabilities())
            .with_group_context_extensions(context)
            .with_leaf_node_extensions(shown)
            .expect("supported")
            .build();
        let own = credential(UserId::from_random([99; 5]).as_str().as_bytes(), &key);
        let signer = signer::IdentitySigner(&key);
        let group = MlsGroup::new_with_group_id(&provider, &signer, &config, GROUP.to_openmls(), own);
        let group = group.expect("created");
        Self { suite, provider, key, group }
    }

    /// A group as ours are, with Ada in it.
    fn with_ada(suite: Suite) -> (Self, Honest) {
        let mut mallory = Self::new(suite, profile().to_extensions(None).expect("extensions"));
        let mut ada = Honest::new(1);
        let welcome = mallory.welcome(&mut ada);
        ada.step(|session| Group::join(session, &welcome).map(|_| ())).expect("joined");
        (mallory, ada)
    }

    fn welcome(&mut self, honest: &mut Honest) -> Vec<u8> {
        let key_package = honest.key_package(self.suite);
        let signer = signer::IdentitySigner(&self.key);
        let added = self.group.add_members(&self.provider, &signer, &[key_package]);
        let (_, welcome, _) = added.expect("added");
        self.group.merge_pending_commit(&self.provider).expect("merged");
        welcome.to_bytes().expect("bytes")
    }

    fn commit(&mut self, proposals: Vec<Proposal>, path: bool) -> Vec<u8> {
        self.commit_of(|builder| builder.add_proposals(proposals).force_self_update(path))
    }

    fn commit_of(&mut self, fill: impl FnOnce(Builder<'_>) -> Builder<'_>) -> Vec<u8> {
        let builder = fill(self.group.commit_builder()).load_psks(self.provider.storage()).expect("loaded");
        let signer = signer::IdentitySigner(&self.key);
        let built = builder.build(self.provider.rand(), self.provider.crypto(), &signer, |_| true);
        let bundle = built.expect("built").stage_commit(&self.provider).expect("staged");
        bundle.into_commit().to_bytes().expect("bytes")
    }

    /// Adds somebody with a key of her own, under an ID that may be somebody else's.
    fn stranger(&self, id: &[u8], lifetime: Lifetime) -> Proposal {
        self.stranger_showing(id, lifetime, shown())
    }

    fn stranger_showing(&self, id: &[u8], lifetime: Lifetime, shown: Extensions<LeafNode>) -> Proposal {
        let key = IdentityKey::from_secret([77; 32]);
        let built = KeyPackage::builder()
            .key_package_lifetime(lifetime)
            .leaf_node_capabilities(leaf::capabilities())
            .leaf_node_extensions(shown)
            .build(ciphersuite(self.suite), &self.provider, &signer::IdentitySigner(&key), credential(id, &key));
        let key_package = built.expect("built").key_package().clone();
        Proposal::Add(Box::new(AddProposal::from(key_package)))
    }
}

fn assert_refused_and_harmless(mallory: &mut Mallory, ada: &mut Honest, commit: &[u8], reason: &'static str) {
    assert_eq!(ada.apply(commit), Err(MlsError::Forbidden(reason)));
    mallory.group.clear_pending_commit(mallory.provider.storage()).expect("cleared");
    let decent = mallory.commit(Vec::new(), true);
    mallory.group.merge_pending_commit(&mallory.provider).expect("merged");
    assert_eq!(ada.apply(&decent), Ok(mallory.group.epoch().as_u64()));
}

fn refuses(reason: &'static str, make: impl Fn(&mut Mallory) -> Vec<u8>) {
    for suite in Suite::ALL {
        let (mut mallory, mut ada) = Mallory::with_ada(suite);
        let commit = make(&mut mallory);
        assert_refused_and_harmless(&mut mallory, &mut ada, &commit, reason);
    }
}

#[test]
fn decent_commit_of_the_same_making_is_applied() {
    for suite in Suite::ALL {
        let (mut mallory, mut ada) = Mallory::with_ada(suite);
        let proposal = mallory.stranger(b"D0RAD0RA", leaf::unlimited());
        let commit = mallory.commit(vec![proposal], true);
        assert_eq!(ada.apply(&commit), Ok(2));
    }
}

#[test]
fn leaf_with_a_limited_lifetime_is_refused() {
    refuses("a leaf's lifetime is limited", |mallory| {
        let proposal = mallory.stranger(b"D0RAD0RA", Lifetime::default());
        mallory.commit(vec![proposal], true)
    });
}

#[test]
fn expired_leaf_is_refused_for_the_same_reason_whatever_the_clock_says() {
    for suite in Suite::ALL {
        let (mallory, _) = Mallory::with_ada(suite);
        let Proposal::Add(add) = mallory.stranger(b"D0RAD0RA", Lifetime::init(0, 5)) else { panic!("an add") };
        let checked = key_packages::check_added(add.key_package(), mallory.provider.crypto());
        assert_eq!(checked, Err("a leaf's lifetime is limited"));
    }
}

#[test]
fn leaf_of_no_id_is_refused() {
    for name in [b"".as_slice(), b"Dora", b"d0rad0ra", b"DORADORA", b"D0RA-D0RA", &[0xff; 8]] {
        refuses("a leaf's credential is not an ID", |mallory| {
            let proposal = mallory.stranger(name, leaf::unlimited());
            mallory.commit(vec![proposal], true)
        });
    }
}

#[test]
fn second_leaf_of_a_member_is_refused() {
    refuses("somebody added twice", |mallory| {
        let ada = UserId::from_random([1; 5]);
        let proposal = mallory.stranger(ada.as_str().as_bytes(), leaf::unlimited());
        mallory.commit(vec![proposal], true)
    });
}

#[test]
fn member_added_again_under_another_key_is_refused() {
    refuses("somebody added again with another key", |mallory| {
        let ada = UserId::from_random([1; 5]);
        let add = mallory.stranger(ada.as_str().as_bytes(), leaf::unlimited());
        mallory.commit_of(|builder| builder.propose_removals([LeafNodeIndex::new(1)]).add_proposals([add]))
    });
}

#[test]
fn leaf_without_a_sealing_key_is_refused() {
    for (shown, reason) in unsealable() {
        refuses(reason, |mallory| {
            let add = mallory.stranger_showing(b"D0RAD0RA", leaf::unlimited(), shown.clone());
            mallory.commit(vec![add], true)
        });
        // The first leaf comes by no commit: whoever joins looks at it.
        for suite in Suite::ALL {
            let context = profile().to_extensions(None).expect("extensions");
            let (mut mallory, mut ben) = (Mallory::showing(suite, context, shown.clone()), Honest::new(2));
            let welcome = mallory.welcome(&mut ben);
            let joined = ben.step(|session| Group::join(session, &welcome).map(|_| ()));
            assert_eq!(joined, Err(MlsError::Forbidden(reason)));
        }
    }
}

#[test]
fn new_sealing_key_on_the_committers_leaf_is_refused() {
    let other = leaf::extensions(&SealingKey::from_secret([98; 32]).public()).expect("extensions");
    let refused = unsealable().into_iter().chain([(other, "another identity on the committer's leaf")]);
    for (shown, reason) in refused {
        refuses(reason, |mallory| {
            let parameters = LeafNodeParameters::builder().with_extensions(shown.clone()).build();
            mallory.commit_of(|builder| builder.leaf_node_parameters(parameters).force_self_update(true))
        });
    }
}

#[test]
fn commit_without_a_path_is_refused() {
    refuses("a commit without a path", |mallory| {
        let proposal = mallory.stranger(b"D0RAD0RA", leaf::unlimited());
        mallory.commit(vec![proposal], false)
    });
}

#[test]
fn other_group_context_than_ours_is_refused() {
    let senders = || {
        let key = IdentityKey::from_secret([66; 32]);
        let CredentialWithKey { credential, signature_key } = credential(b"outside", &key);
        Extension::ExternalSenders(vec![ExternalSender::new(signature_key, credential)])
    };
    let contexts = [Extensions::empty(), Extensions::single(senders()).expect("valid"), {
        let mut ours = profile().to_extensions(None).expect("valid");
        ours.add(senders()).expect("valid");
        ours
    }];
    for context in contexts {
        refuses("other group context extensions than ours", |mallory| {
            mallory.commit_of(|builder| builder.propose_group_context_extensions(context.clone()).expect("proposed"))
        });
        for suite in Suite::ALL {
            let (mut mallory, mut ben) = (Mallory::new(suite, context.clone()), Honest::new(2));
            let welcome = mallory.welcome(&mut ben);
            let joined = ben.step(|session| Group::join(session, &welcome).map(|_| ()));
            assert!(matches!(joined, Err(MlsError::Forbidden(_))), "{joined:?}");
        }
    }
}

#[test]
fn new_identity_on_the_committers_leaf_is_refused() {
    refuses("another identity on the committer's leaf", |mallory| {
        let new = IdentityKey::from_secret([98; 32]);
        let bundle = NewSignerBundle {
            signer: &signer::IdentitySigner(&new),
            credential_with_key: credential(UserId::from_random([99; 5]).as_str().as_bytes(), &new),
        };
        let builder = mallory.group.commit_builder().load_psks(mallory.provider.storage()).expect("loaded");
        let (rand, crypto) = (mallory.provider.rand(), mallory.provider.crypto());
        let old = signer::IdentitySigner(&mallory.key);
        let built = builder.build_with_new_signer(rand, crypto, &old, bundle, |_| true).expect("built");
        let bundle = built.stage_commit(&mallory.provider).expect("staged");
        bundle.into_commit().to_bytes().expect("bytes")
    });
}

#[test]
fn pre_shared_key_is_refused() {
    refuses("a pre-shared key", |mallory| {
        let suite = ciphersuite(mallory.suite);
        let id = PreSharedKeyId::new(
            suite,
            mallory.provider.rand(),
            openmls::schedule::Psk::External(openmls::schedule::ExternalPsk::new(b"known to all".to_vec())),
        );
        let id = id.expect("an id");
        id.store(&mallory.provider, &[5; 32]).expect("stored");
        mallory.commit(vec![Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(id)))], true)
    });
}

#[test]
fn proposal_is_refused_and_so_is_a_commit_that_names_one() {
    for suite in Suite::ALL {
        let (mut mallory, mut ada) = Mallory::with_ada(suite);
        let signer = signer::IdentitySigner(&mallory.key);
        let ada_leaf = LeafNodeIndex::new(1);
        let proposed = mallory.group.propose_remove_member(&mallory.provider, &signer, ada_leaf);
        let proposal = proposed.expect("proposed").0.to_bytes().expect("bytes");
        assert!(matches!(ada.apply(&proposal), Err(MlsError::Forbidden(_))));
        let opened = ada.step(|session| {
            let mut group = Group::load(session, &GROUP)?.expect("joined");
            group.decrypt(session, &proposal).map(|_| ())
        });
        assert!(matches!(opened, Err(MlsError::Forbidden(_))), "{opened:?}");
        let commit = mallory.commit(Vec::new(), true);
        mallory.group.clear_pending_proposals(mallory.provider.storage()).expect("cleared");
        assert_refused_and_harmless(&mut mallory, &mut ada, &commit, "a proposal by reference");
    }
}

#[test]
fn handshake_in_the_clear_is_refused() {
    for suite in Suite::ALL {
        let (mut mallory, mut ada) = Mallory::with_ada(suite);
        let set = |mallory: &mut Mallory, policy| {
            let config = MlsGroupJoinConfig::builder().wire_format_policy(policy).build();
            mallory.group.set_configuration(mallory.provider.storage(), &config).expect("set");
        };
        set(&mut mallory, PURE_PLAINTEXT_WIRE_FORMAT_POLICY);
        let commit = mallory.commit(Vec::new(), true);
        set(&mut mallory, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY);
        assert!(matches!(super::head(&commit), Err(MlsError::Forbidden("a message in the clear"))));
        assert_refused_and_harmless(&mut mallory, &mut ada, &commit, "a message in the clear");
    }
}

#[test]
fn leaf_that_nothing_can_be_sealed_to_is_refused() {
    refuses("a leaf's key is not one", |mallory| {
        let key = IdentityKey::from_secret([77; 32]);
        let Proposal::Add(decent) = mallory.stranger(b"D0RAD0RA", leaf::unlimited()) else { panic!("an add") };
        let decent = MlsMessageOut::from(decent.key_package().clone()).to_bytes().expect("bytes");
        let unusable = if mallory.suite == Suite::Classical { 0 } else { 0xff };
        let forged = with_leaf_key_of(decent, unusable, &key);
        assert!(matches!(super::check_key_package(&forged, mallory.suite, 0), Err(MlsError::KeyPackageRefused(_))));
        let key_package = key_packages::read(&forged, mallory.suite, mallory.provider.crypto()).expect("signed");
        mallory.commit(vec![Proposal::Add(Box::new(AddProposal::from(key_package)))], true)
    });
}

/// The key package with every byte of its leaf's encryption key replaced, and signed again.
fn with_leaf_key_of(mut bytes: Vec<u8>, byte: u8, key: &IdentityKey) -> Vec<u8> {
    const SIGNATURE_BYTES: usize = 2 + 64;
    let sign = |label: &str, content: &[u8]| {
        let content = SignContent::new(label, content.to_vec().into()).tls_serialize_detached();
        key.sign_unseparated(&content.expect("serializes"))
    };
    let vector_length = |bytes: &[u8]| match bytes[0] >> 6 {
        0 => (1, usize::from(bytes[0])),
        _ => (2, usize::from(u16::from_be_bytes([bytes[0] & 0x3f, bytes[1]]))),
    };
    // MLSMessage: version, wire format; KeyPackage: version, suite, init key, leaf node (RFC 9420, 10).
    let (head, init_key) = vector_length(&bytes[8..]);
    let leaf = 8 + head + init_key;
    let signed = |end: &usize| bytes[end + 2..].starts_with(&sign("LeafNodeTBS", &bytes[leaf..*end]));
    let leaf_end = (leaf..bytes.len() - SIGNATURE_BYTES).find(signed).expect("a signed leaf");
    let (head, leaf_key) = vector_length(&bytes[leaf..]);
    bytes[leaf + head..][..leaf_key].fill(byte);
    let signature = sign("LeafNodeTBS", &bytes[leaf..leaf_end]);
    bytes[leaf_end + 2..][..64].copy_from_slice(&signature);
    let end = bytes.len() - SIGNATURE_BYTES;
    let signature = sign("KeyPackageTBS", &bytes[4..end]);
    bytes[end + 2..].copy_from_slice(&signature);
    bytes
}
