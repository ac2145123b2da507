//! openmls as it comes, for comparison: its own signer, its storage in memory, the group kept in memory.

use openmls::prelude::{tls_codec::DeserializeBytes, *};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;
use sealpost_engine::mls::PAST_EPOCHS;
use sealpost_wire::suite::Suite;

/// A member of a group of two.
pub struct Stock {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    group: MlsGroup,
}

/// Two members with the same settings as ours.
pub fn two(suite: Suite) -> (Stock, Stock) {
    let config = MlsGroupCreateConfig::builder()
        .ciphersuite(ciphersuite(suite))
        .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
        .max_past_epochs(PAST_EPOCHS)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(100, 1_000))
        .use_ratchet_tree_extension(true)
        .build();
    let (ada, ben) = (OpenMlsRustCrypto::default(), OpenMlsRustCrypto::default());
    let (of_ada, of_ben) = (signer(), signer());
    let mut group = MlsGroup::new(&ada, &of_ada, &config, credential(&of_ada)).expect("a group");
    let built = KeyPackage::builder().build(ciphersuite(suite), &ben, &of_ben, credential(&of_ben));
    let key_package = built.expect("a key package").key_package().clone();
    let (_, welcome, _) = group.add_members(&ada, &of_ada, &[key_package]).expect("added");
    group.merge_pending_commit(&ada).expect("merged");
    let MlsMessageBodyIn::Welcome(welcome) = read(&welcome.to_bytes().expect("bytes")).extract() else {
        panic!("an add makes a Welcome")
    };
    let joined = StagedWelcome::new_from_welcome(&ben, config.join_config(), welcome, None).expect("staged");
    let joined = joined.into_group(&ben).expect("joined");
    (Stock { provider: ada, signer: of_ada, group }, Stock { provider: ben, signer: of_ben, group: joined })
}

impl Stock {
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        let message = self.group.create_message(&self.provider, &self.signer, plaintext).expect("sealed");
        message.to_bytes().expect("bytes")
    }

    pub fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        match self.process(message) {
            ProcessedMessageContent::ApplicationMessage(message) => message.into_bytes(),
            _ => panic!("an application message was sent"),
        }
    }

    /// Commits to new keys, and gives the commit.
    pub fn renew(&mut self) -> Vec<u8> {
        let updated = self.group.self_update(&self.provider, &self.signer, LeafNodeParameters::default());
        let commit = updated.expect("a commit").into_commit().to_bytes().expect("bytes");
        self.group.merge_pending_commit(&self.provider).expect("merged");
        commit
    }

    pub fn apply(&mut self, commit: &[u8]) {
        match self.process(commit) {
            ProcessedMessageContent::StagedCommitMessage(staged) => {
                self.group.merge_staged_commit(&self.provider, *staged).expect("merged");
            }
            _ => panic!("a commit was sent"),
        }
    }

    fn process(&mut self, message: &[u8]) -> ProcessedMessageContent {
        let message = read(message).try_into_protocol_message().expect("a private message");
        self.group.process_message(&self.provider, message).expect("opens").into_content()
    }
}

fn read(message: &[u8]) -> MlsMessageIn {
    MlsMessageIn::tls_deserialize_exact_bytes(message).expect("a message")
}

fn signer() -> SignatureKeyPair {
    SignatureKeyPair::new(SignatureScheme::ED25519).expect("a key pair")
}

fn credential(signer: &SignatureKeyPair) -> CredentialWithKey {
    CredentialWithKey {
        credential: BasicCredential::new(b"somebody".to_vec()).into(),
        signature_key: signer.public().into(),
    }
}

fn ciphersuite(suite: Suite) -> Ciphersuite {
    match suite {
        Suite::Hybrid => Ciphersuite::MLS_128_MLKEM768X25519_AES256GCM_SHA384_Ed25519,
        Suite::Classical => Ciphersuite::MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519,
    }
}
