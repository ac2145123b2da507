//! Why something was not done: a stable code for the caller, a word for whoever debugs, never an identifier.

use std::borrow::Cow;

use sealpost_wire::error::{ApiError, ErrorCode};

use crate::{blob::BlobError, store::StoreError};

/// A refusal on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub code: ErrorCode,
    pub detail: Cow<'static, str>,
    /// 0 where trying again does not help.
    pub retry_after_seconds: u64,
}

impl Refusal {
    pub fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds: 0 }
    }

    pub fn retry(code: ErrorCode, detail: &'static str, retry_after_seconds: u64) -> Self {
        Self { code, detail: detail.into(), retry_after_seconds }
    }

    pub fn malformed(detail: &'static str) -> Self {
        Self::new(ErrorCode::Malformed, detail)
    }

    /// With the relay's time, as it leaves.
    pub fn at(self, time_seconds: u64) -> ApiError {
        ApiError {
            code: self.code,
            detail: self.detail.into_owned(),
            retry_after_seconds: self.retry_after_seconds,
            time_seconds,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Full => Self::retry(ErrorCode::RelayFull, "the relay's disk is full", 600),
            StoreError::Busy => Self::retry(ErrorCode::Unavailable, "the relay is overloaded", 1),
            StoreError::Closed => Self::retry(ErrorCode::Unavailable, "the relay is stopping", 5),
            StoreError::NewerSchema { .. } | StoreError::OlderSchema { .. } | StoreError::Failed(_) => {
                tracing::error!(error = %error, "the store failed");
                Self::retry(ErrorCode::Internal, "the relay's store failed", 30)
            }
        }
    }
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        // The error's text names a path, and the path a blob.
        let kind = match error {
            BlobError::Folder(error) => error.kind().to_string(),
            BlobError::Store(_) => "object store".to_owned(),
        };
        tracing::error!(kind, "a blob could not be read or written");
        Self::retry(ErrorCode::Internal, "the relay's blobs failed", 30)
    }
}
