//! The relay's tables: numbered migrations, append-only, each in one transaction.
//!
//! Invariants: STRICT, NOT NULL (but where absence is a value), and every column stands in the data inventory.
//! `message.payload` and `delivered.mailbox` are no foreign keys on purpose: the writer keeps both itself, and a key
//! would cost an index on the busiest table.

use rusqlite::{Connection, TransactionBehavior};

use crate::store::StoreError;

/// In order; the version of a database is the number of those that it has seen.
const MIGRATIONS: &[(&str, &str)] =
    &[("first", FIRST), ("key package batches", BATCHES), ("administration", ADMINISTRATION), ("restored", RESTORED)];

const FIRST: &str = "
CREATE TABLE relay (incarnation INTEGER NOT NULL) STRICT;
INSERT INTO relay (incarnation) VALUES (1);

CREATE TABLE account (
    account INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    identity_key BLOB NOT NULL,
    sealing_key BLOB NOT NULL,
    suites BLOB NOT NULL,
    signature BLOB NOT NULL,
    session_latest BLOB NOT NULL,
    session_before BLOB NOT NULL,
    number_token BLOB UNIQUE,
    retire_at INTEGER NOT NULL
) STRICT;
CREATE INDEX account_by_retirement ON account (retire_at) WHERE retire_at > 0;

CREATE TABLE former_id (id_hash BLOB PRIMARY KEY, identity_key BLOB NOT NULL, details_until INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE TABLE former_token (id_hash BLOB NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (id_hash, hash))
    STRICT, WITHOUT ROWID;

CREATE TABLE code (
    number_token BLOB PRIMARY KEY,
    code_hash BLOB NOT NULL,
    tries_left INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    day INTEGER NOT NULL,
    sent INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE codes_a_day (day INTEGER PRIMARY KEY, sent INTEGER NOT NULL) STRICT;
CREATE TABLE invitation (code_hash BLOB PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE key_package (
    package INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (account) ON DELETE CASCADE,
    suite INTEGER NOT NULL,
    last_resort INTEGER NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX key_package_by_suite ON key_package (account, suite, last_resort);

CREATE TABLE token (
    mailbox INTEGER NOT NULL REFERENCES account (account) ON DELETE CASCADE,
    hash BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (mailbox, hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE mailbox (
    mailbox INTEGER PRIMARY KEY REFERENCES account (account) ON DELETE CASCADE,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE payload (payload INTEGER PRIMARY KEY, mailboxes INTEGER NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TABLE message (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox INTEGER NOT NULL REFERENCES account (account),
    payload INTEGER NOT NULL,
    delivery_id BLOB NOT NULL,
    wrapped_key BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    stored_hour INTEGER NOT NULL
) STRICT;
CREATE INDEX message_by_mailbox ON message (mailbox, sequence);
CREATE TABLE delivered (seen BLOB PRIMARY KEY, stored_hour INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX delivered_by_hour ON delivered (stored_hour);

CREATE TABLE slot (
    slot INTEGER PRIMARY KEY,
    name BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL,
    claimed_hour INTEGER NOT NULL
) STRICT;
CREATE INDEX slot_by_hour ON slot (claimed_hour);
CREATE INDEX slot_with_content ON slot (claimed_hour) WHERE content <> x'';

CREATE TABLE blob (name BLOB PRIMARY KEY, owner_hash BLOB NOT NULL, expires_at INTEGER NOT NULL)
    STRICT, WITHOUT ROWID;
CREATE INDEX blob_by_expiry ON blob (expires_at);
";

/// The SHA-256 of the key packages that were added last.
const BATCHES: &str = "ALTER TABLE account ADD COLUMN last_batch BLOB NOT NULL DEFAULT x'';";

/// Accounts that the operator suspended; and how often the operator changed accounts, so that a running relay notices.
const ADMINISTRATION: &str = "
ALTER TABLE account ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;
ALTER TABLE relay ADD COLUMN administered INTEGER NOT NULL DEFAULT 0;
";

/// When claims are taken again after a restore: 0 where there was none, -1 where nobody has claimed since.
const RESTORED: &str = "ALTER TABLE relay ADD COLUMN claims_from INTEGER NOT NULL DEFAULT 0;";

/// The version that a database has, and the one that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchemaVersion {
    /// 0: it is new.
    pub found: u32,
    pub known: u32,
}

impl SchemaVersion {
    pub fn of(connection: &Connection) -> Result<Self, StoreError> {
        let found = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(super::failure)?;
        Ok(Self { found, known: MIGRATIONS.len() as u32 })
    }
}

/// Brings a database to this program's version. A newer one is refused, not touched. Answers with the
/// version before.
pub fn migrate(connection: &mut Connection) -> Result<SchemaVersion, StoreError> {
    let version = SchemaVersion::of(connection)?;
    let SchemaVersion { found, known } = version;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    for (number, (_, statements)) in (1..).zip(MIGRATIONS).skip(found as usize) {
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(super::failure)?;
        tx.execute_batch(statements).map_err(super::failure)?;
        tx.pragma_update(None, "user_version", number).map_err(super::failure)?;
        tx.commit().map_err(super::failure)?;
    }
    Ok(version)
}
