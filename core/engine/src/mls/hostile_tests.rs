//! A member who speaks correct MLS and breaks our rules: with stock openmls, and our identity key.

use openmls::{
    extensions::{ExternalSender, ExternalSendersExtension},
    group::{MlsGroupCreateConfig, NewSignerBundle, PURE_PLAINTEXT_WIRE_FORMAT_POLICY},
    prelude::*,
    schedule::{ExternalPsk, PreSharedKeyId, Psk},
};
use openmls_rust_crypto::OpenMlsRustCrypto;
use sealpost_crypto::keys::IdentityKey;
use sealpost_wire::{id::UserId, suite::Suite};

use super::{Group, GroupProfile, MlsError, Session, ciphersuite, generate_key_packages, key_packages, signer};
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
        let mut session = Session::new(&mut tx, self.id, &self.key);
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

fn profile() -> GroupProfile {
    GroupProfile { purpose: 1, name: "ours".to_owned(), ..GroupProfile::default() }
}

impl Mallory {
    fn new(suite: Suite, extensions: Extensions<GroupContext>) -> Self {
        let (provider, key) = (OpenMlsRustCrypto::default(), IdentityKey::from_secret([99; 32]));
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(ciphersuite(suite))
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .use_ratchet_tree_extension(true)
            .capabilities(key_packages::capabilities())
            .with_group_context_extensions(extensions)
            .build();
        let own = credential(UserId::from_random([99; 5]).as_str().as_bytes(), &key);
        let signer = signer::IdentitySigner(&key);
        let group = MlsGroup::new_with_group_id(&provider, &signer, &config, GROUP.to_openmls(), own);
        let group = group.expect("created");
        Self { suite, provider, key, group }
    }

    /// A group as ours are, with Ada in it.
    fn with_ada(suite: Suite) -> (Self, Honest) {
        let mut mallory = Self::new(suite, profile().to_extensions().expect("extensions"));
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
        let builder = self.group.commit_builder().add_proposals(proposals).force_self_update(path);
        let builder = builder.load_psks(self.provider.storage()).expect("loaded");
        let signer = signer::IdentitySigner(&self.key);
        let built = builder.build(self.provider.rand(), self.provider.crypto(), &signer, |_| true);
        let bundle = built.expect("built").stage_commit(&self.provider).expect("staged");
        bundle.into_commit().to_bytes().expect("bytes")
    }

    fn stranger(&self, id: &[u8], lifetime: Lifetime) -> Proposal {
        let key = IdentityKey::from_secret([77; 32]);
        let built = KeyPackage::builder()
            .key_package_lifetime(lifetime)
            .leaf_node_capabilities(key_packages::capabilities())
            .build(ciphersuite(self.suite), &self.provider, &signer::IdentitySigner(&key), credential(id, &key));
        let mut adds = Vec::new();
        adds.push(built.expect("built").key_package().clone());
        Proposal::Add(Box::new(AddProposal { key_package: adds.remove(0) }))
    }
}

fn assert_refused_and_harmless(mallory: &mut Mallory, ada: &mut Honest, commit: &[u8]) {
    assert!(matches!(ada.apply(commit), Err(MlsError::Forbidden(_))), "{:?}", ada.apply(commit));
    mallory.group.clear_pending_commit(mallory.provider.storage()).expect("cleared");
    let decent = mallory.commit(Vec::new(), true);
    mallory.group.merge_pending_commit(&mallory.provider).expect("merged");
    assert_eq!(ada.apply(&decent), Ok(mallory.group.epoch().as_u64()));
}

fn refuses(make: impl Fn(&mut Mallory) -> Vec<u8>) {
    for suite in Suite::ALL {
        let (mut mallory, mut ada) = Mallory::with_ada(suite);
        let commit = make(&mut mallory);
        assert_refused_and_harmless(&mut mallory, &mut ada, &commit);
    }
}
