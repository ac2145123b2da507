//! Encrypted blobs by random name: `PUT /v1/blobs/{id}` (signed; the body is the blob), `GET /v1/blobs/{id}` (no
//! identity: whoever knows the name may fetch it), `DELETE /v1/blobs/{id}` (signed by who stored it).

use serde::{Deserialize, Serialize};

/// The blob is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct BlobStored {
    pub expires_at_seconds: u64,
}
