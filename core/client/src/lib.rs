//! The façade that every shell uses: an account on this device, its conversations and its connection.
//!
//! Calls return after the commit and never wait for the network, but those that take a [`Stop`]. What happens is told
//! by [`Account::next_event`], by name; shells read what it names.

mod account;
mod capabilities;
mod error;
mod event_loop;
mod events;
mod failure;
mod folded;
mod journal;
mod native;
mod stop;
#[cfg(feature = "stop-points")]
mod stop_points;
#[cfg(not(feature = "stop-points"))]
#[path = "no_stop_points.rs"]
mod stop_points;
mod types;
mod views;

pub use account::{Account, search::Search};
pub use capabilities::{KeyVault, Presence, PresenceCheck, VaultError};
pub use error::Error;
pub use native::key_vault::{PassphraseVault, SecretServiceVault};
pub use stop::Stop;
pub use types::*;
