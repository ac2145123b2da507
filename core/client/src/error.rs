//! The one public error: flat, by what the caller can do, with a stable code.

/// Everything that a call of the façade can answer instead of success. Nothing was changed unless the text says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    // The account folder.
    #[error("there is no account here")]
    NoAccount,
    #[error("there is an account here already")]
    AccountExists,
    #[error("another process uses this account")]
    InUse,
    #[error("the key does not open this account")]
    WrongKey,
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    #[error("the key vault can't be used: {detail}")]
    VaultUnavailable { detail: String },
    #[error("the account's files are damaged: {detail}")]
    Damaged { detail: String },
    #[error("the account was written by a newer version")]
    NewerVersion,
    #[error("the disk is full")]
    DiskFull,
    #[error("the account's files can't be written: {detail}")]
    ReadOnly { detail: String },

    // The account.
    #[error("not registered yet")]
    NotRegistered,
    #[error("registered already")]
    AlreadyRegistered,
    #[error("this folder is a copy, or was restored: the relay has seen a newer session")]
    CopiedDevice,
    #[error("this ID is retired")]
    Retired,
    #[error("not confirmed")]
    PresenceDenied,

    // What the caller handed in.
    #[error("not a phone number in international form")]
    InvalidNumber,
    #[error("not an ID")]
    InvalidId,
    #[error("not a usable card: {reason}")]
    InvalidCard { reason: String },
    #[error("not a usable invitation: {reason}")]
    InvalidInvitation { reason: String },
    #[error("not a usable relay address: {reason}")]
    InvalidRelay { reason: String },
    #[error("the card belongs to another relay")]
    OtherRelay,
    #[error("this is your own card")]
    OwnCard,
    #[error("the card shows another key than the one known for this ID")]
    KeyChanged,
    #[error("nothing to send")]
    Empty,
    #[error("too long: at most {limit_bytes} bytes")]
    TooLong { limit_bytes: u64 },
    #[error("no such contact")]
    UnknownContact,
    #[error("no such conversation")]
    UnknownConversation,
    #[error("no such message")]
    UnknownMessage,
    #[error("only its author can do that")]
    NotYours,
    #[error("the contact is blocked")]
    Blocked,
    #[error("the conversation is not a group")]
    NotAGroup,
    #[error("not a member of the group")]
    NotAMember,
    #[error("only admins of the group can do that")]
    NotAdmin,
    #[error("a group needs an admin: make somebody else one first")]
    LastAdmin,
    #[error("too many: at most {limit}")]
    TooMany { limit: u64 },

    // The relay.
    #[error("the relay can't be reached: {detail}")]
    Unreachable { detail: String },
    #[error("the relay's certificate is not trusted: {detail}")]
    CertificateRefused { detail: String },
    #[error("stopped")]
    Stopped,
    #[error("the code is wrong, {tries_left} tries left")]
    CodeWrong { tries_left: u32 },
    #[error("the code has expired or was used up")]
    CodeExpired,
    #[error("the relay sends no codes to this country")]
    CountryNotAllowed,
    #[error("the relay could not send the code")]
    SmsFailed,
    #[error("the invitation is unknown, used or expired")]
    InvitationRefused,
    #[error("the relay does not take new accounts in this way")]
    RegistrationClosed,
    #[error("too often: try again in {retry_after_seconds} seconds")]
    TooManyRequests { retry_after_seconds: u64 },
    #[error("the relay does not take this version any more")]
    TooOldVersion,
    #[error("the relay's operator has suspended this account")]
    AccountSuspended,
    #[error("the relay refused: {code} {detail}")]
    Refused { code: String, detail: String },

    #[error("internal error: {detail}")]
    Internal { detail: String },
}

impl Error {
    /// Stable, for `--json`, scripts and translations.
    pub fn code(&self) -> &'static str {
        match self {
            Error::NoAccount => "no_account",
            Error::AccountExists => "account_exists",
            Error::InUse => "in_use",
            Error::WrongKey => "wrong_key",
            Error::WrongPassphrase => "wrong_passphrase",
            Error::VaultUnavailable { .. } => "vault_unavailable",
            Error::Damaged { .. } => "damaged",
            Error::NewerVersion => "newer_version",
            Error::DiskFull => "disk_full",
            Error::ReadOnly { .. } => "read_only",
            Error::NotRegistered => "not_registered",
            Error::AlreadyRegistered => "already_registered",
            Error::CopiedDevice => "copied_device",
            Error::Retired => "retired",
            Error::PresenceDenied => "presence_denied",
            Error::InvalidNumber => "invalid_number",
            Error::InvalidId => "invalid_id",
            Error::InvalidCard { .. } => "invalid_card",
            Error::InvalidInvitation { .. } => "invalid_invitation",
            Error::InvalidRelay { .. } => "invalid_relay",
            Error::OtherRelay => "other_relay",
            Error::OwnCard => "own_card",
            Error::KeyChanged => "key_changed",
            Error::Empty => "empty",
            Error::TooLong { .. } => "too_long",
            Error::UnknownContact => "unknown_contact",
            Error::UnknownConversation => "unknown_conversation",
            Error::UnknownMessage => "unknown_message",
            Error::NotYours => "not_yours",
            Error::Blocked => "blocked",
            Error::NotAGroup => "not_a_group",
            Error::NotAMember => "not_a_member",
            Error::NotAdmin => "not_admin",
            Error::LastAdmin => "last_admin",
            Error::TooMany { .. } => "too_many",
            _ => self.relay_code(),
        }
    }

    fn relay_code(&self) -> &'static str {
        match self {
            Error::Unreachable { .. } => "unreachable",
            Error::CertificateRefused { .. } => "certificate_refused",
            Error::Stopped => "stopped",
            Error::CodeWrong { .. } => "code_wrong",
            Error::CodeExpired => "code_expired",
            Error::CountryNotAllowed => "country_not_allowed",
            Error::SmsFailed => "sms_failed",
            Error::InvitationRefused => "invitation_refused",
            Error::RegistrationClosed => "registration_closed",
            Error::TooManyRequests { .. } => "too_many_requests",
            Error::TooOldVersion => "too_old_version",
            Error::AccountSuspended => "account_suspended",
            Error::Refused { .. } => "refused",
            _ => "internal",
        }
    }

    /// Whether the same call may succeed later without anything else done.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Error::InUse
                | Error::DiskFull
                | Error::Unreachable { .. }
                | Error::SmsFailed
                | Error::TooManyRequests { .. }
        )
    }
}
