//! The data inventory: every item that the relay stores or logs, why, on which legal ground, who can read it, how long.
//!
//! Invariant: a column of the schema that is not listed fails the tests; what is listed with a rule of deletion is
//! deleted by it. Legal grounds are articles of the GDPR.

use serde::Serialize;
use utoipa::ToSchema;

use crate::store::Sweep;

/// One item.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Item {
    /// `table.column`, `file:name` or `log:field`.
    pub place: &'static str,
    pub what: &'static str,
    pub why: &'static str,
    pub legal_basis: &'static str,
    pub readable_by: &'static str,
    pub kept: &'static str,
    #[serde(skip)]
    pub deleted_by: Deletion,
}

/// What ends an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The operation that made it superfluous: acknowledgement, use, replacement, deletion of the account.
    Operation,
    /// A rule of the deletion jobs.
    Job(Sweep),
    /// The retirement job, and the one for blobs, which deletes files too.
    OwnJob,
    /// Nothing: it says nothing of a person, or must stay.
    Never,
}

/// The rules of the deletion jobs that some item names.
pub fn sweeps() -> impl Iterator<Item = Sweep> {
    let rules = INVENTORY.iter().filter_map(|item| match item.deleted_by {
        Deletion::Job(sweep) => Some(sweep),
        Deletion::Operation | Deletion::OwnJob | Deletion::Never => None,
    });
    let mut seen = Vec::new();
    rules.filter(move |sweep| {
        !seen.contains(sweep) && {
            seen.push(*sweep);
            true
        }
    })
}

const CONTRACT: &str = "Art. 6(1)(b): performance of the contract";
const SECURITY: &str = "Art. 6(1)(f): security of the service";
const RELAY: &str = "the relay";
const EVERYBODY: &str = "whoever asks for the ID";
const RECIPIENT: &str = "the recipient's device; the relay can't";
const ACCOUNT: &str = "until the account is deleted or retired";
const WAITING: &str = "until acknowledged, 30 days at most";
const FORMER: &str = "400 days after the ID's end";

macro_rules! inventory {
    ($($place:literal: $what:literal, $why:literal, $basis:expr, $by:expr, $kept:expr, $deleted:expr;)+) => {
        /// All of it.
        pub const INVENTORY: &[Item] = &[$(Item {
            place: $place,
            what: $what,
            why: $why,
            legal_basis: $basis,
            readable_by: $by,
            kept: $kept,
            deleted_by: $deleted,
        },)+];
    };
}

use Deletion::{Job, Never, Operation, OwnJob};

inventory! {
    "relay.incarnation": "when the relay was last restored", "devices bring back what a backup lost",
        CONTRACT, "everybody", "for good", Never;
    "relay.claims_from": "when commit slots are given out again after a restore", "no group parts over a lost slot",
        CONTRACT, RELAY, "for good", Never;
    "account.account": "a row number", "joins tables",
        CONTRACT, RELAY, ACCOUNT, OwnJob;
    "account.id": "the user ID", "names the mailbox",
        CONTRACT, EVERYBODY, ACCOUNT, OwnJob;
    "account.identity_key": "a public key", "checks the device's signatures",
        CONTRACT, EVERYBODY, ACCOUNT, OwnJob;
    "account.sealing_key": "a public key", "others seal messages to it",
        CONTRACT, EVERYBODY, ACCOUNT, OwnJob;
    "account.suites": "the ciphersuites of the device", "no silent downgrade",
        CONTRACT, EVERYBODY, ACCOUNT, OwnJob;
    "account.signature": "the device's signature over its entry", "others check the entry",
        CONTRACT, EVERYBODY, ACCOUNT, OwnJob;
    "account.session_latest": "keyed hash of the next session's secret", "refuses copied devices",
        SECURITY, RELAY, ACCOUNT, Operation;
    "account.session_before": "keyed hash of this session's secret", "survives a lost answer",
        SECURITY, RELAY, ACCOUNT, Operation;
    "account.number_token": "OPRF token of the phone number, not the number", "one account per number",
        CONTRACT, "the relay, with the OPRF key by trying numbers", "until unlinked, moved or deleted", Operation;
    "account.last_batch": "SHA-256 of the key packages that were added last", "a repeated request adds none twice",
        CONTRACT, RELAY, ACCOUNT, OwnJob;
    "account.retire_at": "when an ID that lost its number ends", "a swapped SIM silences nobody",
        CONTRACT, RELAY, "7 days, or until the device answers", OwnJob;
    "account.suspended": "whether the operator suspended the account", "stops abuse",
        SECURITY, RELAY, ACCOUNT, Operation;
    "relay.administered": "how often the operator changed accounts", "a running relay notices",
        SECURITY, RELAY, "for good", Never;
    "former_id.id_hash": "keyed hash of an ID that was", "an ID is never given out twice",
        SECURITY, RELAY, "for good", Never;
    "former_id.identity_key": "the public key of an ID that was", "tells its device that it is retired",
        CONTRACT, RELAY, FORMER, Job(Sweep::FormerTokens);
    "former_id.details_until": "when key and tokens of an ID that was are deleted, to the hour", "deletes them",
        CONTRACT, RELAY, "for good", Never;
    "former_token.id_hash": "keyed hash of an ID that was", "tells contacts that it is retired",
        CONTRACT, RELAY, FORMER, Job(Sweep::FormerTokens);
    "former_token.hash": "SHA-256 of a random token", "tells contacts, and nobody else",
        CONTRACT, RELAY, FORMER, Job(Sweep::FormerTokens);
    "code.number_token": "OPRF token of a phone number", "finds the pending code",
        CONTRACT, "the relay, with the OPRF key by trying numbers", "until the end of the day", Job(Sweep::CodeCounts);
    "code.code_hash": "keyed hash of the one-time code", "checks the code",
        CONTRACT, RELAY, "10 minutes", Job(Sweep::Codes);
    "code.tries_left": "tries for the code", "stops guessing",
        SECURITY, RELAY, "10 minutes", Job(Sweep::Codes);
    "code.expires_at": "the end of the code", "ends it",
        SECURITY, RELAY, "10 minutes", Job(Sweep::Codes);
    "code.day": "the day of the count", "limits codes per day",
        SECURITY, RELAY, "until the end of the day", Job(Sweep::CodeCounts);
    "code.sent": "codes sent to the number on that day", "limits codes per day",
        SECURITY, RELAY, "until the end of the day", Job(Sweep::CodeCounts);
    "codes_a_day.day": "a day", "the operator's ceiling",
        SECURITY, RELAY, "until the end of the day", Job(Sweep::CodeCounts);
    "codes_a_day.sent": "codes sent on it", "the operator's ceiling",
        SECURITY, RELAY, "until the end of the day", Job(Sweep::CodeCounts);
    "invitation.code_hash": "keyed hash of an invitation", "checks the invitation",
        CONTRACT, RELAY, "until used, 14 days at most", Job(Sweep::Invitations);
    "invitation.expires_at": "its end, to the hour", "ends it",
        CONTRACT, RELAY, "until used, 14 days at most", Job(Sweep::Invitations);
    "key_package.package": "a row number", "order",
        CONTRACT, RELAY, "until handed out", Operation;
    "key_package.account": "whose it is", "finds it",
        CONTRACT, RELAY, "until handed out", Operation;
    "key_package.suite": "its ciphersuite", "finds it",
        CONTRACT, "contacts", "until handed out", Operation;
    "key_package.last_resort": "whether it is the last resort", "hands it out last",
        CONTRACT, "contacts", "until replaced", Operation;
    "key_package.content": "a public MLS key package", "starts conversations while the device is offline",
        CONTRACT, "contacts", "until handed out", Operation;
    "token.mailbox": "a row number", "whose token it is",
        CONTRACT, RELAY, ACCOUNT, Operation;
    "token.hash": "SHA-256 of a random delivery token", "accepts only contacts' deliveries",
        SECURITY, RELAY, "until replaced or over", Job(Sweep::Tokens);
    "token.expires_at": "its end, to the hour", "ends it",
        SECURITY, RELAY, "until replaced or over", Job(Sweep::Tokens);
    "mailbox.mailbox": "a row number", "finds the load",
        CONTRACT, RELAY, ACCOUNT, Operation;
    "mailbox.messages": "how many messages wait", "quota",
        SECURITY, "the relay and the device", ACCOUNT, Operation;
    "mailbox.bytes": "how many bytes wait", "quota",
        SECURITY, "the relay and the device", ACCOUNT, Operation;
    "payload.payload": "a row number", "joins tables",
        CONTRACT, RELAY, WAITING, Job(Sweep::Messages);
    "payload.mailboxes": "in how many mailboxes it waits", "deletes it with the last",
        CONTRACT, RELAY, WAITING, Job(Sweep::Messages);
    "payload.content": "a sealed, padded message", "delivers it",
        CONTRACT, RECIPIENT, WAITING, Job(Sweep::Messages);
    "message.sequence": "the place in the mailbox", "order",
        CONTRACT, "the relay and the device", WAITING, Job(Sweep::Messages);
    "message.mailbox": "whose mailbox", "delivers it",
        CONTRACT, RELAY, WAITING, Job(Sweep::Messages);
    "message.payload": "which payload", "delivers it",
        CONTRACT, RELAY, WAITING, Job(Sweep::Messages);
    "message.delivery_id": "a random name of the delivery", "the device knows it again",
        CONTRACT, "the relay and the device", WAITING, Job(Sweep::Messages);
    "message.wrapped_key": "the payload's key, sealed", "opens the payload",
        CONTRACT, RECIPIENT, WAITING, Job(Sweep::Messages);
    "message.bytes": "its weight", "quota",
        SECURITY, RELAY, WAITING, Job(Sweep::Messages);
    "message.stored_hour": "the hour of its arrival", "ends it after 30 days",
        CONTRACT, RELAY, WAITING, Job(Sweep::Messages);
    "delivered.seen": "keyed hash of mailbox and delivery", "a repeated delivery is stored once",
        CONTRACT, RELAY, "48 hours", Job(Sweep::Deduplication);
    "delivered.stored_hour": "the hour of the delivery", "ends it",
        CONTRACT, RELAY, "48 hours", Job(Sweep::Deduplication);
    "slot.slot": "a row number", "order",
        CONTRACT, RELAY, "400 days", Job(Sweep::SlotNames);
    "slot.name": "a random name that only members know", "one commit per epoch",
        CONTRACT, "members of a conversation", "400 days", Job(Sweep::SlotNames);
    "slot.content": "a sealed commit", "members who were absent read it",
        CONTRACT, "members of a conversation", "30 days", Job(Sweep::SlotContents);
    "slot.claimed_hour": "the hour of the claim", "ends it",
        CONTRACT, RELAY, "400 days", Job(Sweep::SlotNames);
    "blob.name": "a random name", "finds the file",
        CONTRACT, "whoever was told", "30 days, or until deleted", OwnJob;
    "blob.owner_hash": "keyed hash of owner and name", "only the owner deletes it",
        CONTRACT, RELAY, "30 days, or until deleted", OwnJob;
    "blob.expires_at": "its end, to the hour", "ends it",
        CONTRACT, RELAY, "30 days, or until deleted", OwnJob;
    "file:blobs": "encrypted files", "members fetch them",
        CONTRACT, "whoever has the key", "30 days, or until deleted", OwnJob;
    "file:receipt.key": "the relay's signing key", "signs slot receipts",
        SECURITY, RELAY, "for good", Never;
    "file:oprf.key": "the relay's key for phone numbers", "makes number tokens",
        SECURITY, RELAY, "for good", Never;
    "file:hash.key": "the relay's key for hashes", "makes keyed hashes",
        SECURITY, RELAY, "for good", Never;
    "log:method": "GET, POST, …", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:route": "the route's template, without names", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:status": "the answer's status", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:millis": "how long the answer took", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:code": "an error code", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:error": "what the database said, without values", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:kind": "the kind of a failure", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:reason": "why the SMS service or a certificate failed, without number and text", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
    "log:rows": "how many rows were deleted", "operation",
        SECURITY, "the operator", "as the operator keeps logs", Never;
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    #[test]
    fn every_column_of_the_schema_is_listed_and_nothing_else_is() {
        let listed: Vec<&str> = INVENTORY.iter().map(|item| item.place).filter(|place| !place.contains(':')).collect();
        let set: BTreeSet<String> = listed.iter().map(|place| (*place).to_owned()).collect();
        assert_eq!(set.len(), listed.len(), "something is listed twice");
        assert_eq!(set, crate::store::sqlite::columns());
    }

    #[test]
    fn every_rule_of_deletion_runs() {
        let all = [
            Sweep::Messages,
            Sweep::Deduplication,
            Sweep::Tokens,
            Sweep::FormerTokens,
            Sweep::Codes,
            Sweep::CodeCounts,
            Sweep::Invitations,
            Sweep::SlotContents,
            Sweep::SlotNames,
        ];
        let named: Vec<Sweep> = sweeps().collect();
        assert_eq!(named.len(), all.len());
        assert!(all.iter().all(|sweep| named.contains(sweep)));
    }

    #[test]
    fn every_field_that_a_log_line_names_is_listed() {
        let mut text = String::new();
        read_sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut text);
        let arguments = ["tracing::info!(", "tracing::warn!(", "tracing::error!("].into_iter().flat_map(|call| {
            text.split(call).skip(1).map(|rest| rest.split('"').next().unwrap_or_default()).collect::<Vec<_>>()
        });
        let fields: BTreeSet<&str> = arguments
            .flat_map(|arguments| arguments.split(','))
            .filter_map(|field| field.split('=').next().map(str::trim))
            .filter(|field| !field.is_empty() && *field != "]")
            .collect();
        assert!(fields.len() > 5, "the search finds log lines");
        for field in fields {
            assert!(INVENTORY.iter().any(|item| item.place == format!("log:{field}")), "log field {field}");
        }
    }

    fn read_sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("readable") {
            let path = entry.expect("readable").path();
            if path.is_dir() {
                read_sources(&path, text);
            } else if path.file_name().is_some_and(|name| name != "inventory.rs") {
                text.push_str(&std::fs::read_to_string(&path).expect("text"));
            }
        }
    }
}
