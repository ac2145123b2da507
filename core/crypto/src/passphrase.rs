//! A key from a passphrase, for computers without a key store.

use argon2::{Algorithm, Argon2, Params, Version};
use zeroize::Zeroizing;

/// 64 MiB in KiB: a graphics card holds few of these side by side.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// Argon2id (RFC 9106, version 1.3): 64 MiB, 3 passes, 1 lane, 32 bytes. The same passphrase and salt give the same key.
/// Takes a good part of a second.
pub fn derive(passphrase: &str, salt: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, Some(key.len())).expect("the parameters are in range");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut())
        .expect("salt and output are in range, and a passphrase is far below 4 GiB");
    key
}
