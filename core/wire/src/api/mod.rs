//! Requests and answers of the HTTP interface, one file per noun. Bytes are base64url without padding.

pub mod account;
pub mod blob;
pub mod directory;
pub mod mailbox;
pub mod relay;
pub mod slot;

/// Headers of a request that a device signs, and of every request (`VERSION`).
pub mod header {
    pub const VERSION: &str = "sealpost-version";
    pub const ID: &str = "sealpost-id";
    /// Unix seconds, decimal.
    pub const TIME: &str = "sealpost-time";
    /// 16 bytes, base64url.
    pub const NONCE: &str = "sealpost-nonce";
    /// 64 bytes, base64url.
    pub const SIGNATURE: &str = "sealpost-signature";
    /// 16 bytes, base64url: names the session for the mailbox's HTTP twins.
    pub const SESSION: &str = "sealpost-session";
}
