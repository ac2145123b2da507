//! What needs an operating system: the network by reqwest and WebSockets, the key vaults, clock and randomness. It
//! moves bytes and decides nothing.

pub(crate) mod http;
pub mod key_vault;
pub(crate) mod network;
pub(crate) mod receiver;
pub(crate) mod sender;
pub(crate) mod socket;
pub(crate) mod system;
pub(crate) mod tls;
pub(crate) mod vault_name;
