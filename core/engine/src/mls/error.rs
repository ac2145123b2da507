//! What can go wrong with a group, told apart by what has to follow.
//!
//! For a commit read from a slot: everything but [`MlsError::Storage`], [`MlsError::Internal`] and
//! [`MlsError::PathBroken`] is seen alike by all members, so that all skip the same commits.

use openmls::{
    framing::errors::{MessageDecryptionError, SecretTreeError},
    group::{MergeCommitError, ProcessMessageError, StageCommitError, ValidationError, WelcomeError},
    prelude::{ApplyUpdatePathError, MlsGroupStateError},
};

use crate::storage::StorageError;

/// Why a group, a message or a key package was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MlsError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error("the key package is refused: {0}")]
    KeyPackageRefused(&'static str),
    /// The Welcome names no key package of this device, or one that was used up in another step.
    #[error("the welcome is for no key package of this device")]
    NoKeyPackage,
    /// This Welcome, or another one into the same group, was used already.
    #[error("the group was joined already")]
    AlreadyJoined,
    #[error("the welcome is refused: {0}")]
    WelcomeRefused(String),
    #[error("the message is of another group")]
    WrongGroup,
    /// The message is of an epoch whose secrets are gone.
    #[error("the message is of an epoch that is gone")]
    OldEpoch,
    /// The message is of an epoch that this device has yet to reach.
    #[error("the message is of an epoch to come")]
    FutureEpoch,
    /// In the name of this device's own leaf, and not its pending commit. (Own messages can't be opened.)
    #[error("the message is in this device's own name")]
    OwnMessage,
    /// Opened before, too far out of order, or garbled.
    #[error("the message can't be opened: {0}")]
    Undecryptable(String),
    #[error("forbidden: {0}")]
    Forbidden(&'static str),
    /// A commit that its signer made so that this device can't follow: the device is torn.
    #[error("the commit's path can't be followed: {0}")]
    PathBroken(String),
    /// Another commit of this device waits to be merged or cleared.
    #[error("a commit is pending")]
    CommitPending,
    #[error("this device was removed from the group")]
    Evicted,
    #[error("MLS failed: {0}")]
    Internal(String),
}

impl MlsError {
    pub(super) fn internal(error: impl std::fmt::Display) -> Self {
        MlsError::Internal(error.to_string())
    }
}

impl From<ProcessMessageError<StorageError>> for MlsError {
    fn from(error: ProcessMessageError<StorageError>) -> Self {
        match error {
            ProcessMessageError::StorageError(error) => MlsError::Storage(error),
            ProcessMessageError::GroupStateError(MlsGroupStateError::UseAfterEviction) => MlsError::Evicted,
            ProcessMessageError::ValidationError(error) => error.into(),
            ProcessMessageError::InvalidCommit(error) => error.into(),
            ProcessMessageError::LibraryError(error) => MlsError::internal(error),
            ProcessMessageError::IncompatibleWireFormat => MlsError::Forbidden("a handshake message in the clear"),
            _ => MlsError::Forbidden("a message that members don't send"),
        }
    }
}

impl From<ValidationError> for MlsError {
    fn from(error: ValidationError) -> Self {
        match error {
            ValidationError::WrongGroupId => MlsError::WrongGroup,
            ValidationError::WrongEpoch => MlsError::FutureEpoch,
            ValidationError::NoPastEpochData => MlsError::OldEpoch,
            ValidationError::UnableToDecrypt(MessageDecryptionError::LibraryError(error)) => MlsError::internal(error),
            ValidationError::UnableToDecrypt(MessageDecryptionError::SecretTreeError(
                error @ (SecretTreeError::LibraryError | SecretTreeError::CryptoError(_)),
            )) => MlsError::internal(error),
            ValidationError::LibraryError(error) => MlsError::internal(error),
            error => MlsError::Undecryptable(error.to_string()),
        }
    }
}

impl From<StageCommitError> for MlsError {
    fn from(error: StageCommitError) -> Self {
        use ApplyUpdatePathError as Path;
        match error {
            StageCommitError::LibraryError(error) => MlsError::internal(error),
            StageCommitError::ConfirmationTagMismatch
            | StageCommitError::OwnKeyNotFound
            | StageCommitError::MissingDecryptionKey => MlsError::PathBroken(error.to_string()),
            StageCommitError::UpdatePathError(
                error @ (Path::UnableToDecrypt
                | Path::PathMismatch
                | Path::MissingCiphertext
                | Path::MissingOwnLeaf
                | Path::MissingSender),
            ) => MlsError::PathBroken(error.to_string()),
            StageCommitError::UpdatePathError(Path::LibraryError(error)) => MlsError::internal(error),
            StageCommitError::OwnCommitMismatch => MlsError::OwnMessage,
            StageCommitError::MissingProposal => MlsError::Forbidden("a proposal by reference"),
            StageCommitError::PskError(_) | StageCommitError::DuplicatePskId(_) => {
                MlsError::Forbidden("a pre-shared key")
            }
            _ => MlsError::Forbidden("a commit that RFC 9420 rules out"),
        }
    }
}

impl From<WelcomeError<StorageError>> for MlsError {
    fn from(error: WelcomeError<StorageError>) -> Self {
        match error {
            WelcomeError::StorageError(error) => MlsError::Storage(error),
            WelcomeError::NoMatchingKeyPackage | WelcomeError::JoinerSecretNotFound => MlsError::NoKeyPackage,
            WelcomeError::GroupAlreadyExists => MlsError::AlreadyJoined,
            error => MlsError::WelcomeRefused(error.to_string()),
        }
    }
}

impl From<MergeCommitError<StorageError>> for MlsError {
    fn from(error: MergeCommitError<StorageError>) -> Self {
        match error {
            MergeCommitError::StorageError(error) => MlsError::Storage(error),
            error => MlsError::internal(error),
        }
    }
}
