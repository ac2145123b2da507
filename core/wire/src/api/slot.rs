//! Commit slots: the first writer wins, for good. Both requests carry no identity.

use serde::{Deserialize, Serialize};

use crate::base64url;

/// `PUT /v1/slots/{name}`: claims the slot. The same content again succeeds; another gets the winner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct SlotClaim {
    /// A sealed commit and its sealed Welcomes.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub content: Vec<u8>,
    /// The slot was filled with this before, and the relay may have lost it with a restore: taken at once, while other
    /// claims wait.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub brought: bool,
}

/// What stands in the slot; answer to `PUT` and `GET` (which answers `not_found` for a slot that is free).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Slot {
    /// The content that was asked to be written is the one that stands there.
    pub claimed: bool,
    /// The winner's content; empty where `claimed`, or where it is gone (30 days) and only the name stays taken.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub content: Vec<u8>,
    /// The relay's signature over the slot's name and its content's hash; empty where the content is gone.
    #[serde(with = "base64url")]
    #[cfg_attr(feature = "schema", schema(value_type = String))]
    pub receipt: Vec<u8>,
}
