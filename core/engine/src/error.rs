//! Why a step failed. A failed step is rolled back: nothing of it remains.

use crate::{mls::MlsError, storage::StorageError};

#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Mls(#[from] MlsError),
    #[error("there is no account")]
    NoAccount,
    #[error("there is an account already")]
    AccountExists,
    #[error("the account is not registered")]
    NotRegistered,
    #[error("the account is registered already")]
    AlreadyRegistered,
    #[error("the card belongs to another relay")]
    OtherRelay,
    #[error("this is your own card")]
    OwnCard,
    #[error("the card shows another key than the one known for this ID")]
    KeyChanged,
    #[error("no such contact")]
    UnknownContact,
    #[error("no such conversation")]
    UnknownConversation,
    #[error("no such message")]
    UnknownMessage,
    #[error("only its author can do that")]
    NotYours,
    #[error("nothing can be sealed to the key on this card")]
    UnusableCard,
    #[error("the contact is blocked")]
    Blocked,
    #[error("nothing to send")]
    Empty,
    #[error("at most {limit_bytes} bytes")]
    TooLong { limit_bytes: usize },
    #[error("the conversation is not a group")]
    NotAGroup,
    #[error("not a member of the group")]
    NotAMember,
    #[error("only admins of the group can do that")]
    NotAdmin,
    #[error("a group needs an admin: make somebody else one first")]
    LastAdmin,
    #[error("at most {limit}")]
    TooMany { limit: usize },
    #[error("the relay's answer is not valid: {0}")]
    BadAnswer(&'static str),
}

impl EngineError {
    /// Whether the database failed: nothing can go on before it is opened anew.
    pub fn is_storage(&self) -> bool {
        matches!(self, EngineError::Storage(_) | EngineError::Mls(MlsError::Storage(_)))
    }
}
