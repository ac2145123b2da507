//! The primitives that device and relay both need: keys, signatures, sealing, padding, the phone number's OPRF.
//!
//! Invariants: no socket, file, clock or randomness of its own (HPKE alone draws the system's inside, for its one-time
//! keys); no type of a cryptographic library in a signature, bytes only; whatever holds a private key wipes it on drop
//! and prints nothing of it. The byte layouts stand in `docs/PROTOCOL.md`, with vectors in `tests/vectors`.

pub mod directory_entry;
pub mod group_token;
pub mod hash;
pub mod keys;
pub mod oprf;
pub mod padding;
pub mod passphrase;
pub mod request_signature;
pub mod seal;
pub mod slot_receipt;
pub mod symmetric;
#[cfg(test)]
mod vectors;
