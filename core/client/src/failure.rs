//! The one place where inner errors become the public one.

use sealpost_engine::{error::EngineError, mls::MlsError, storage::StorageError};
use sealpost_store::OpenError;
use sealpost_wire::{
    card::InvalidCard,
    error::{ApiError, ErrorCode},
};

use crate::{capabilities::VaultError, error::Error, native::http::HttpError};

pub(crate) fn of_engine(error: EngineError) -> Error {
    match error {
        EngineError::Storage(error) | EngineError::Mls(MlsError::Storage(error)) => of_storage(error),
        EngineError::NoAccount => Error::NoAccount,
        EngineError::AccountExists => Error::AccountExists,
        EngineError::NotRegistered => Error::NotRegistered,
        EngineError::AlreadyRegistered => Error::AlreadyRegistered,
        EngineError::OtherRelay => Error::OtherRelay,
        EngineError::OwnCard => Error::OwnCard,
        EngineError::UnusableCard => Error::InvalidCard { reason: error.to_string() },
        EngineError::KeyChanged => Error::KeyChanged,
        EngineError::UnknownContact => Error::UnknownContact,
        EngineError::UnknownConversation => Error::UnknownConversation,
        EngineError::UnknownMessage => Error::UnknownMessage,
        EngineError::NotYours => Error::NotYours,
        EngineError::Blocked => Error::Blocked,
        EngineError::Empty => Error::Empty,
        EngineError::TooLong { limit_bytes } => Error::TooLong { limit_bytes: limit_bytes as u64 },
        EngineError::NotAGroup => Error::NotAGroup,
        EngineError::NotAMember => Error::NotAMember,
        EngineError::NotAdmin => Error::NotAdmin,
        EngineError::LastAdmin => Error::LastAdmin,
        EngineError::TooMany { limit } => Error::TooMany { limit: limit as u64 },
        EngineError::Mls(_) | EngineError::BadAnswer(_) => Error::Internal { detail: error.to_string() },
    }
}

pub(crate) fn of_storage(error: StorageError) -> Error {
    match error {
        StorageError::Damaged(detail) => Error::Damaged { detail },
        StorageError::DiskFull => Error::DiskFull,
        StorageError::ReadOnly(detail) => Error::ReadOnly { detail },
        StorageError::Failed(detail) => Error::Internal { detail },
    }
}

pub(crate) fn of_open(error: OpenError) -> Error {
    match error {
        OpenError::Missing => Error::NoAccount,
        OpenError::Exists => Error::AccountExists,
        OpenError::WrongKey => Error::WrongKey,
        OpenError::Damaged(detail) => Error::Damaged { detail },
        OpenError::NewerSchema { .. } => Error::NewerVersion,
        OpenError::InUse => Error::InUse,
        OpenError::DiskFull => Error::DiskFull,
        OpenError::ReadOnly => Error::ReadOnly { detail: error.to_string() },
        OpenError::Io(detail) => Error::Internal { detail },
    }
}

pub(crate) fn of_vault(error: VaultError) -> Error {
    match error {
        VaultError::NotFound => Error::VaultUnavailable { detail: "it holds no key for this account".into() },
        VaultError::WrongPassphrase => Error::WrongPassphrase,
        VaultError::Unavailable(detail) => Error::VaultUnavailable { detail },
        VaultError::Damaged => Error::Damaged { detail: "the sealed key".into() },
    }
}

pub(crate) fn of_http(error: HttpError) -> Error {
    match error {
        HttpError::Refused(error) => of_api(error),
        HttpError::Unreachable(detail) => Error::Unreachable { detail },
        HttpError::Certificate(detail) => Error::CertificateRefused { detail },
    }
}

pub(crate) fn of_api(error: ApiError) -> Error {
    match error.code {
        ErrorCode::NumberInvalid => Error::InvalidNumber,
        ErrorCode::CountryNotAllowed => Error::CountryNotAllowed,
        ErrorCode::SmsFailed => Error::SmsFailed,
        ErrorCode::CodeWrong => Error::CodeWrong { tries_left: first_number(&error.detail) },
        ErrorCode::CodeExpired => Error::CodeExpired,
        ErrorCode::InvitationInvalid => Error::InvitationRefused,
        ErrorCode::RegistrationClosed => Error::RegistrationClosed,
        ErrorCode::TooManyRequests | ErrorCode::SmsCeiling => {
            Error::TooManyRequests { retry_after_seconds: error.retry_after_seconds }
        }
        ErrorCode::TooOldVersion => Error::TooOldVersion,
        ErrorCode::AccountSuspended => Error::AccountSuspended,
        ErrorCode::CopiedDevice => Error::CopiedDevice,
        ErrorCode::Retired => Error::Retired,
        code => Error::Refused { code: code.as_str().to_owned(), detail: error.detail },
    }
}

pub(crate) fn of_card(error: InvalidCard) -> Error {
    Error::InvalidCard { reason: error.to_string() }
}

fn first_number(text: &str) -> u32 {
    let digits = text.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit);
    digits.collect::<String>().parse().unwrap_or(0)
}
