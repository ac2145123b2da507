//! What a device and a relay agree on: identifiers, requests and answers, frames, limits, error codes.
//!
//! Invariants: no socket, file, clock or randomness; every value that comes from outside is checked when it becomes
//! a newtype. The byte layout is written down in `docs/PROTOCOL.md`.

pub mod api;
mod base64url;
pub mod card;
pub mod envelope;
pub mod error;
pub mod frame;
pub mod id;
pub mod invitation;
pub mod limits;
pub mod relay_address;
pub mod suite;

/// The protocol version that this build speaks; sent with every request and in the first frame of a socket.
pub const PROTOCOL_VERSION: u32 = 1;
