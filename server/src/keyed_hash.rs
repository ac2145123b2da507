//! HMAC-SHA256 (RFC 2104) under the relay's own key: values that must be known again and can't be searched without it.

use sealpost_crypto::hash::sha256;

const BLOCK: usize = 64;

/// The key of `hash.key`.
pub struct HashKey([u8; 32]);

impl HashKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The hash of parts under a label; their lengths are hashed too, so that parts can't trade bytes.
    pub fn hash(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut message = Vec::from(label.as_bytes());
        message.push(0);
        for part in parts {
            message.extend((part.len() as u64).to_be_bytes());
            message.extend(*part);
        }
        hmac(&self.0, &message)
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    let mut padded = [0; BLOCK];
    padded[..32].copy_from_slice(key);
    let inner: Vec<u8> = padded.iter().map(|byte| byte ^ 0x36).chain(message.iter().copied()).collect();
    let outer: Vec<u8> = padded.iter().map(|byte| byte ^ 0x5c).chain(sha256(&inner)).collect();
    sha256(&outer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_4231_test_case_1_comes_out() {
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let expected = "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7";
        assert_eq!(data_encoding::HEXLOWER.encode(&hmac(&key, b"Hi There")), expected);
    }

    #[test]
    fn parts_do_not_trade_bytes() {
        let key = HashKey::new([1; 32]);
        assert_ne!(key.hash("label", &[b"ab", b"c"]), key.hash("label", &[b"a", b"bc"]));
        assert_ne!(key.hash("label", &[b"ab"]), key.hash("other", &[b"ab"]));
    }
}
