//! How a command ends: the exit codes that scripts rely on, and the error that every command returns.

use std::process::ExitCode;

use fluent_bundle::FluentValue;
use sealpost_client::{Error, Failure};

use crate::{clean, words::Words};

/// The documented exit codes (see the README).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failure = 1,
    Usage = 2,
    /// Kept in the outbox; nothing is lost.
    Waiting = 3,
    /// Only the user can go on: a new card, an alarm, an update.
    NeedsUser = 4,
    /// The account's folder can't be used.
    Folder = 5,
    /// The relay can't be reached.
    Unreachable = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Why a command did not do what it was asked for: a stable code for scripts, and the text for people under
/// `error-CODE` with its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandError {
    pub code: &'static str,
    pub exit: Exit,
    variables: Vec<(&'static str, Variable)>,
}

/// A variable of an error's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    Text(String),
    Number(u64),
}

impl CommandError {
    pub fn new(code: &'static str, exit: Exit) -> Self {
        Self { code, exit, variables: Vec::new() }
    }

    /// Adds a variable, cleaned for the terminal.
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, Variable::Text(clean::line(value))));
        self
    }

    pub fn with_number(mut self, name: &'static str, value: u64) -> Self {
        self.variables.push((name, Variable::Number(value)));
        self
    }

    /// What happened, what was kept, what to do next.
    pub fn text(&self, words: &Words) -> String {
        let value = |variable: &Variable| match variable {
            Variable::Text(text) => FluentValue::from(text.clone()),
            Variable::Number(number) => FluentValue::from(*number),
        };
        let variables: Vec<_> = self.variables.iter().map(|(name, variable)| (*name, value(variable))).collect();
        words.with(&format!("error-{}", self.code.replace('_', "-")), &variables)
    }
}

impl From<Error> for CommandError {
    fn from(error: Error) -> Self {
        let told = Self::new(error.code(), exit_for(&error));
        match &error {
            Error::VaultUnavailable { detail }
            | Error::Damaged { detail }
            | Error::ReadOnly { detail }
            | Error::Unreachable { detail }
            | Error::CertificateRefused { detail }
            | Error::Internal { detail } => told.with("detail", detail),
            Error::InvalidCard { reason } | Error::InvalidInvitation { reason } | Error::InvalidRelay { reason } => {
                told.with("reason", reason)
            }
            Error::TooLong { limit_bytes } => told.with_number("limit", *limit_bytes),
            Error::TooMany { limit } => told.with_number("limit", *limit),
            Error::CodeWrong { tries_left } => told.with_number("tries", u64::from(*tries_left)),
            Error::TooManyRequests { retry_after_seconds } => told.with_number("seconds", *retry_after_seconds),
            Error::Refused { code, detail } => told.with("code", code).with("detail", detail),
            _ => told,
        }
    }
}

fn exit_for(error: &Error) -> Exit {
    match error {
        Error::NoAccount
        | Error::AccountExists
        | Error::InUse
        | Error::WrongKey
        | Error::WrongPassphrase
        | Error::VaultUnavailable { .. }
        | Error::Damaged { .. }
        | Error::NewerVersion
        | Error::DiskFull
        | Error::ReadOnly { .. } => Exit::Folder,
        Error::CopiedDevice
        | Error::Retired
        | Error::KeyChanged
        | Error::TooOldVersion
        | Error::AccountSuspended
        | Error::Blocked => Exit::NeedsUser,
        Error::Unreachable { .. } | Error::CertificateRefused { .. } => Exit::Unreachable,
        _ => Exit::Failure,
    }
}

/// Why a message stopped, as an error of the command that sent it. The message stays in the conversation.
impl From<Failure> for CommandError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NeedsNewCard => Self::new("needs_new_card", Exit::NeedsUser),
            Failure::KeyAlarm => Self::new("key_alarm", Exit::NeedsUser),
            Failure::TooOldVersion => Self::new("too_old_version", Exit::NeedsUser),
            Failure::MailboxFull => Self::new("mailbox_full", Exit::Waiting),
            Failure::Retired => Self::new("contact_retired", Exit::NeedsUser),
            Failure::Blocked => Self::new("blocked", Exit::NeedsUser),
            Failure::NoDowngrade => Self::new("no_downgrade", Exit::NeedsUser),
            Failure::Refused => Self::new("message_refused", Exit::Failure),
            Failure::NotAMember => Self::new("not_a_member", Exit::Failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn a_folder_problem_and_a_dead_relay_have_their_own_exit_codes() {
        assert_eq!(CommandError::from(Error::WrongPassphrase).exit as u8, 5);
        assert_eq!(CommandError::from(Error::Unreachable { detail: String::new() }).exit as u8, 6);
        assert_eq!(CommandError::from(Error::TooOldVersion).exit as u8, 4);
    }

    #[test]
    fn every_facade_error_has_a_text_in_every_language() {
        for language in [Language::English, Language::German, Language::French] {
            let words = Words::new(language);
            for error in crate::words::tests::every_facade_error() {
                let told = CommandError::from(error);
                let text = told.text(&words);
                assert!(!text.starts_with("error-"), "{language:?} has no text for {}", told.code);
                assert!(!text.contains('{'), "{language:?} misses a variable of {}: {text}", told.code);
            }
        }
    }

    #[test]
    fn hostile_details_are_cleaned() {
        let told = CommandError::from(Error::Unreachable { detail: "\u{1b}[2J".into() });
        assert!(!told.text(&Words::new(Language::English)).contains('\u{1b}'));
    }
}
