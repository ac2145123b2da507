//! A key from a passphrase, for computers without a key store.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

/// 64 MiB in KiB: a graphics card holds few of these side by side.
const MEMORY_KIB: u32 = 64 << 10;
const PASSES: u32 = 3;
const LANES: u32 = 1;

/// Argon2id (RFC 9106, version 1.3): 64 MiB, 3 passes, 1 lane, 32 bytes. The same passphrase and salt give the same
/// key. Takes a good part of a second.
pub fn derive(passphrase: &str, salt: &[u8; 16]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let parameters = Params::new(MEMORY_KIB, PASSES, LANES, Some(key.len())).expect("the parameters are in range");
    // The key follows from the last blocks: the memory is wiped like the key itself.
    let mut memory = Zeroizing::new(vec![Block::new(); parameters.block_count()]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into_with_memory(passphrase.as_bytes(), salt, key.as_mut(), memory.as_mut_slice())
        .expect("salt and output are in range, and a passphrase is far below 4 GiB");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::{array, load, text};

    #[test]
    fn a_passphrase_gives_the_key_of_the_vector() {
        let case = load("passphrase");
        assert_eq!(*derive(text(&case["passphrase"]), &array(&case["salt"])), array(&case["key"]));
    }

    #[test]
    fn another_passphrase_or_salt_gives_another_key() {
        let key = derive("a", &[1; 16]);
        assert_ne!(key, derive("b", &[1; 16]));
        assert_ne!(key, derive("a", &[2; 16]));
        assert_ne!(key, derive("", &[1; 16]));
    }
}
