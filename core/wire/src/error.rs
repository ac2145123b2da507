//! Stable error codes of the API: what went wrong, by what the caller can do about it.

use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)+) => {
        /// A stable code; `status` is the HTTP status that carries it. Unknown codes of a newer relay read as
        /// [`ErrorCode::Unknown`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)+
            /// A code that this build does not know.
            Unknown,
        }

        impl ErrorCode {
            pub const ALL: &[ErrorCode] = &[$(ErrorCode::$name,)+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ Self::Unknown => "unknown" }
            }

            pub fn status(self) -> u16 {
                match self { $(Self::$name => $status,)+ Self::Unknown => 500 }
            }
        }

        impl From<&str> for ErrorCode {
            fn from(text: &str) -> Self {
                match text { $($text => Self::$name,)+ _ => Self::Unknown }
            }
        }
    };
}

codes! {
    /// The request could not be read: wrong shape, length or encoding.
    Malformed = "malformed", 400;
    /// A size or count is beyond the limit that `detail` names.
    TooLarge = "too_large", 413;
    /// This version of the app is too old for the relay: update.
    TooOldVersion = "too_old_version", 426;
    /// The signature of the request or entry does not verify, or the ID is unknown.
    NotAuthenticated = "not_authenticated", 401;
    /// The request's time is too far from the relay's: sign again with the offset to `time_seconds`.
    WrongClock = "wrong_clock", 425;
    /// The request was seen before.
    Replayed = "replayed", 409;
    /// The session secret is neither of the last two: this folder is a copy, or was restored.
    CopiedDevice = "copied_device", 403;
    /// The operator has suspended this account: everything is kept; ask them, or try again later.
    AccountSuspended = "account_suspended", 403;
    /// This ID is retired; no device holds it any more.
    Retired = "retired", 410;
    /// The ID is in use: draw another.
    IdTaken = "id_taken", 409;
    /// No such thing.
    NotFound = "not_found", 404;
    /// The number is not a phone number in international form.
    NumberInvalid = "number_invalid", 422;
    /// The relay sends no codes to this country.
    CountryNotAllowed = "country_not_allowed", 403;
    /// The code could not be sent: the operator's SMS service failed.
    SmsFailed = "sms_failed", 502;
    /// The relay has sent as many codes today as its operator allows.
    SmsCeiling = "sms_ceiling", 503;
    /// The code is wrong; `detail` says how many tries are left.
    CodeWrong = "code_wrong", 403;
    /// The code has expired, was used up, or was never sent: ask for another.
    CodeExpired = "code_expired", 403;
    /// The invitation is unknown, used or expired.
    InvitationInvalid = "invitation_invalid", 403;
    /// The relay does not take new accounts in this way.
    RegistrationClosed = "registration_closed", 403;
    /// The mailbox does not accept this token. Unknown, revoked and wrong are answered alike, and so is an unknown
    /// mailbox.
    TokenRefused = "token_refused", 403;
    /// The recipient's mailbox is full.
    MailboxFull = "mailbox_full", 507;
    /// The relay's disk is nearly full.
    RelayFull = "relay_full", 507;
    /// Too often: try again after `retry_after_seconds`.
    TooManyRequests = "too_many_requests", 429;
    /// The relay is stopping or overloaded: try again.
    Unavailable = "unavailable", 503;
    /// The relay failed; nothing was changed.
    Internal = "internal", 500;
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ErrorCode {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// The body of every refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ApiError {
    #[cfg_attr(feature = "schema", schema(value_type = String, example = "too_many_requests"))]
    pub code: ErrorCode,
    /// For whoever reads logs or uses `curl`; never shown to users, never holds an identifier.
    pub detail: String,
    /// Try again after this many seconds; 0 where trying again does not help.
    pub retry_after_seconds: u64,
    /// The relay's clock, Unix seconds.
    pub time_seconds: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back_as_itself() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from(code.as_str()), *code);
            assert!((400..600).contains(&code.status()));
        }
        assert_eq!(ErrorCode::from("of a newer relay"), ErrorCode::Unknown);
    }
}
