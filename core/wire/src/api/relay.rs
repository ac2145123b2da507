//! What a relay says of itself to anybody: `GET /v1/relay`.

use serde::{Deserialize, Serialize};

use crate::base64url;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RelayInfo {
    /// Who runs it, in words for users.
    pub operator: String,
    /// Where its data lies, in words for users.
    pub region: String,
    pub oldest_version: u32,
    pub newest_version: u32,
    pub registration: RegistrationWays,
    /// Ed25519; signs slot receipts.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub receipt_key: Vec<u8>,
    /// When the relay was last restored from a backup, in milliseconds; 1 if never.
    pub incarnation: u64,
    pub time_seconds: u64,
}

/// How one may register here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RegistrationWays {
    pub phone: bool,
    pub invitation: bool,
    /// With nothing at all.
    pub open: bool,
}
