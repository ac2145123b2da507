//! Public keys by ID: `GET /v1/directory/{id}`, and key packages for those who hold a delivery token.

use serde::{Deserialize, Serialize};

use crate::base64url;

/// All that the directory says of an ID: its public keys and the owner's signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DirectoryEntry {
    pub id: String,
    /// Ed25519, 32 bytes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub identity_key: Vec<u8>,
    /// X25519, 32 bytes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub sealing_key: Vec<u8>,
    /// MLS ciphersuites that the device speaks, the preferred first.
    pub suites: Vec<u16>,
    /// By the identity key over all of the above.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub signature: Vec<u8>,
}

/// Key packages of one suite. `PUT /v1/directory/key-packages` (signed; body: a list of these) adds the one-time
/// packages and replaces the last-resort one; `POST …/key-packages/replace` drops the old ones first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyPackages {
    pub suite: u16,
    /// Serialised MLS key packages; each is handed out once.
    #[serde(with = "base64url::list")]
    #[cfg_attr(feature = "schema", schema(value_type = Vec<String>))]
    pub one_time: Vec<Vec<u8>>,
    /// Handed out when no other is left; empty: leave the one there is.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub last_resort: Vec<u8>,
}

/// How many one-time packages are left; answer to `GET` and `PUT /v1/directory/key-packages` (signed).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyPackageCount {
    pub suite: u16,
    pub one_time: u32,
}

/// `POST /v1/directory/{id}/key-package` (no identity): takes one key package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyPackageRequest {
    /// A delivery token of that mailbox, 16 bytes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub token: Vec<u8>,
    /// The suites that the asker speaks, the preferred first; the relay serves the first that it has.
    pub suites: Vec<u16>,
}

/// A key package and the entry that it must agree with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct KeyPackageAnswer {
    pub entry: DirectoryEntry,
    pub suite: u16,
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub key_package: Vec<u8>,
    pub last_resort: bool,
}
