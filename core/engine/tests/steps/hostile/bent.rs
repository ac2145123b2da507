//! openmls' crypto, bent where it seals to certain keys: what a member signs who wants others to choke on it.

use std::sync::atomic::{AtomicUsize, Ordering};

use openmls::prelude::tls_codec::SecretVLBytes;
use openmls_rust_crypto::RustCrypto;
use openmls_traits::{
    crypto::OpenMlsCrypto,
    types::{
        AeadType, Ciphersuite, CryptoError, ExporterSecret, HashType, HpkeCiphertext, HpkeConfig, HpkeKeyPair,
        KemOutput, SignatureScheme,
    },
};
use sealpost_wire::suite::Suite;

pub struct Bent {
    inner: RustCrypto,
    suite: Ciphersuite,
    /// Public keys.
    victims: Vec<Vec<u8>>,
    bend: Bend,
    bent: AtomicUsize,
}

/// What is to be sealed, and to whom.
pub struct Sealing<'a> {
    pub suite: Ciphersuite,
    pub key: &'a [u8],
    pub info: &'a [u8],
    pub aad: &'a [u8],
    pub secret: &'a [u8],
}

type Sealed = Result<HpkeCiphertext, CryptoError>;
pub type Bend = Box<dyn Fn(&RustCrypto, &Sealing<'_>) -> Sealed + Send + Sync>;

impl Sealing<'_> {
    pub fn seal(&self, crypto: &RustCrypto) -> Sealed {
        self.seal_to(crypto, self.key, self.secret)
    }

    /// Seals another secret, or to another key.
    pub fn seal_to(&self, crypto: &RustCrypto, key: &[u8], secret: &[u8]) -> Sealed {
        crypto.hpke_seal(self.suite.hpke_config(), key, self.info, self.aad, secret)
    }
}

impl Bent {
    pub fn new(suite: Suite, victims: Vec<Vec<u8>>, bend: Bend) -> Self {
        Self { inner: RustCrypto::default(), suite: ciphersuite(suite), victims, bend, bent: AtomicUsize::new(0) }
    }

    pub fn straight(suite: Suite) -> Self {
        Self::new(suite, Vec::new(), Box::new(|crypto, sealing| sealing.seal(crypto)))
    }

    /// Something was bent, where there is somebody to bend it for.
    #[track_caller]
    pub fn has_met_its_victims(&self) {
        assert_eq!(self.bent.load(Ordering::Relaxed) > 0, !self.victims.is_empty());
    }
}

pub fn ciphersuite(suite: Suite) -> Ciphersuite {
    Ciphersuite::try_from(suite.number()).expect("both are known")
}

impl OpenMlsCrypto for Bent {
    fn hpke_seal(&self, config: HpkeConfig, key: &[u8], info: &[u8], aad: &[u8], secret: &[u8]) -> Sealed {
        if !self.victims.iter().any(|victim| victim == key) {
            return self.inner.hpke_seal(config, key, info, aad, secret);
        }
        let sealing = Sealing { suite: self.suite, key, info, aad, secret };
        self.bent.fetch_add(1, Ordering::Relaxed);
        (self.bend)(&self.inner, &sealing)
    }

    // All the rest is as it was.

    fn supports(&self, suite: Ciphersuite) -> Result<(), CryptoError> {
        self.inner.supports(suite)
    }

    fn supported_ciphersuites(&self) -> Vec<Ciphersuite> {
        self.inner.supported_ciphersuites()
    }

    fn hkdf_extract(&self, hash: HashType, salt: &[u8], ikm: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.inner.hkdf_extract(hash, salt, ikm)
    }

    fn hmac(&self, hash: HashType, key: &[u8], message: &[u8]) -> Result<SecretVLBytes, CryptoError> {
        self.inner.hmac(hash, key, message)
    }

    fn hkdf_expand(&self, hash: HashType, prk: &[u8], info: &[u8], n: usize) -> Result<SecretVLBytes, CryptoError> {
        self.inner.hkdf_expand(hash, prk, info, n)
    }

    fn hash(&self, hash: HashType, data: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.inner.hash(hash, data)
    }

    fn aead_encrypt(&self, alg: AeadType, k: &[u8], data: &[u8], n: &[u8], a: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.inner.aead_encrypt(alg, k, data, n, a)
    }

    fn aead_decrypt(&self, alg: AeadType, k: &[u8], data: &[u8], n: &[u8], a: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.inner.aead_decrypt(alg, k, data, n, a)
    }

    fn signature_key_gen(&self, scheme: SignatureScheme) -> Result<(Vec<u8>, Vec<u8>), CryptoError> {
        self.inner.signature_key_gen(scheme)
    }

    fn verify_signature(&self, scheme: SignatureScheme, data: &[u8], key: &[u8], by: &[u8]) -> Result<(), CryptoError> {
        self.inner.verify_signature(scheme, data, key, by)
    }

    fn sign(&self, scheme: SignatureScheme, data: &[u8], key: &[u8]) -> Result<Vec<u8>, CryptoError> {
        self.inner.sign(scheme, data, key)
    }

    fn hpke_open(
        &self,
        config: HpkeConfig,
        input: &HpkeCiphertext,
        key: &[u8],
        info: &[u8],
        aad: &[u8],
    ) -> Result<Vec<u8>, CryptoError> {
        self.inner.hpke_open(config, input, key, info, aad)
    }

    fn hpke_setup_sender_and_export(
        &self,
        config: HpkeConfig,
        key: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<(KemOutput, ExporterSecret), CryptoError> {
        self.inner.hpke_setup_sender_and_export(config, key, info, context, length)
    }

    fn hpke_setup_receiver_and_export(
        &self,
        config: HpkeConfig,
        output: &[u8],
        key: &[u8],
        info: &[u8],
        context: &[u8],
        length: usize,
    ) -> Result<ExporterSecret, CryptoError> {
        self.inner.hpke_setup_receiver_and_export(config, output, key, info, context, length)
    }

    fn derive_hpke_keypair(&self, config: HpkeConfig, ikm: &[u8]) -> Result<HpkeKeyPair, CryptoError> {
        self.inner.derive_hpke_keypair(config, ikm)
    }
}
