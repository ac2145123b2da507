//! Registration, sessions, the number's link, deletion.

use serde::{Deserialize, Serialize};

use super::directory::{DirectoryEntry, KeyPackages};
use super::mailbox::MailboxTokens;
use crate::base64url;

/// `POST /v1/registration/codes` (no identity): sends a six-digit code by SMS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CodeRequest {
    /// E.164. In the relay's memory only while the code is sent.
    pub number: String,
    /// The language of the SMS: `de`, `en` or `fr`.
    pub language: String,
}

/// The code is on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CodeSent {
    pub expires_in_seconds: u64,
    /// Another can be asked for after this.
    pub resend_after_seconds: u64,
}

/// `POST /v1/accounts` (signed by the new identity key): claims an ID. Repeating it with the same entry succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Registration {
    pub entry: DirectoryEntry,
    pub proof: RegistrationProof,
    pub tokens: MailboxTokens,
    pub key_packages: Vec<KeyPackages>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "way", rename_all = "snake_case")]
pub enum RegistrationProof {
    Phone {
        number: String,
        code: String,
    },
    Invitation {
        /// 16 bytes.
        #[serde(with = "base64url")]
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        code: Vec<u8>,
    },
    Open,
}

/// The account exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Registered {
    /// For the first session, 32 bytes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub session_secret: Vec<u8>,
    /// The OPRF output of the number, 64 bytes; empty without a number. The device keeps it.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub number_token: Vec<u8>,
}

/// `POST /v1/sessions` (signed): the HTTP twin of a device socket's authentication. `POST /v1/sessions/kept` with the
/// secret that it gave is the twin of `session_kept`: the one before is good for nothing from then on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SessionRequest {
    /// 32 bytes; empty with `start_over`.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub session_secret: Vec<u8>,
    /// The device was told that it is a copy, and its user wants this one to go on: no secret is asked for, and every
    /// other session ends. The device has to join all its conversations afresh.
    #[serde(default)]
    pub start_over: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Session {
    /// 16 bytes: the `sealpost-session` header of the mailbox's requests.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub session: Vec<u8>,
    /// 32 bytes: keep it durably before anything else.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub next_secret: Vec<u8>,
}

/// `PUT /v1/accounts/number` (signed): links a number to an account that has none, or another one.
/// `DELETE /v1/accounts/number` unlinks it, `POST /v1/accounts/keep` says that an ID which lost its number is in use,
/// `DELETE /v1/accounts` deletes the account; none of them has a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NumberLink {
    pub number: String,
    pub code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NumberLinked {
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub number_token: Vec<u8>,
}
