//! How far somebody is trusted. A level never rises by itself; the alarm stands beside it, on the contact.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Trust {
    /// Typed, pasted, or unknown until they wrote.
    Unverified,
    /// Found in the address book, or vouched for by the organisation's broker.
    Known,
    /// Scanned in person.
    Scanned,
}
