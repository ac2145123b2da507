//! The mailbox over HTTP: tokens and state, and the twins of the device socket's frames.

use serde::{Deserialize, Serialize};

use crate::{base64url, envelope::Envelope};

/// `PUT /v1/mailbox/tokens` (signed): the whole set of tokens that the mailbox accepts; replaces the one before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MailboxTokens {
    pub tokens: Vec<MailboxToken>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MailboxToken {
    /// SHA-256 of the delivery token, 32 bytes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub hash: Vec<u8>,
    /// Unix seconds; 0: until it is replaced.
    pub expires_at_seconds: u64,
}

/// `GET /v1/mailbox` (signed, with a session): the first envelopes, a push window's worth. What was acknowledged is
/// gone, what was not comes again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MailboxPage {
    pub envelopes: Vec<Envelope>,
    /// Nothing more is waiting.
    pub empty: bool,
}

/// `POST /v1/mailbox/acknowledgements` (signed, with a session): these sequences are committed on the device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Acknowledgements {
    pub sequences: Vec<u64>,
}

/// `GET /v1/mailbox/status` (signed): what waits, and how much may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct MailboxStatus {
    pub messages: u64,
    pub bytes: u64,
    pub messages_limit: u64,
    pub bytes_limit: u64,
}
