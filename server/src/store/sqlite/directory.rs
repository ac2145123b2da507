//! Directory entries, and key packages: each one-time package is handed out once, then the last-resort one.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackageCount, KeyPackages},
    id::UserId,
    limits,
};

use super::{delivery, row_of};
use crate::store::{Addressee, Delivered, Hash, PackagesAdded, Taken};

pub fn add_key_packages(
    tx: &Connection,
    id: UserId,
    packages: &[KeyPackages],
    batch: Hash,
    replace: bool,
) -> rusqlite::Result<PackagesAdded> {
    let Some(account) = row_of(tx, id)? else { return Ok(PackagesAdded::Added) };
    let last = "SELECT last_batch FROM account WHERE account = ?1";
    if tx.query_row(last, [account], |row| row.get::<_, Vec<u8>>(0))? == batch {
        return Ok(PackagesAdded::Added);
    }
    for suite in packages {
        let standing = if replace { 0 } else { count(tx, account, suite.suite)? as usize };
        if standing + suite.one_time.len() > limits::KEY_PACKAGES {
            return Ok(PackagesAdded::TooMany);
        }
    }
    if replace {
        tx.execute("DELETE FROM key_package WHERE account = ?1", [account])?;
    }
    insert_key_packages(tx, account, packages)?;
    tx.execute("UPDATE account SET last_batch = ?2 WHERE account = ?1", params![account, batch])?;
    Ok(PackagesAdded::Added)
}

pub fn insert_key_packages(tx: &Connection, account: i64, packages: &[KeyPackages]) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare_cached("INSERT INTO key_package (account, suite, last_resort, content) VALUES (?1, ?2, ?3, ?4)")?;
    for suite in packages {
        for package in &suite.one_time {
            insert.execute(params![account, suite.suite, false, package])?;
        }
        if !suite.last_resort.is_empty() {
            let replaced = "DELETE FROM key_package WHERE account = ?1 AND suite = ?2 AND last_resort = 1";
            tx.execute(replaced, params![account, suite.suite])?;
            insert.execute(params![account, suite.suite, true, suite.last_resort])?;
        }
    }
    Ok(())
}

/// A row per suite of the account's entry, those without packages included.
pub fn key_package_counts(connection: &Connection, id: UserId) -> rusqlite::Result<Vec<KeyPackageCount>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, identity_key, sealing_key, suites, signature, account FROM account WHERE id = ?1",
    )?;
    let found: Option<(_, i64)> =
        statement.query_row([id.to_bytes()], |row| Ok((entry(row)?, row.get(5)?))).optional()?;
    let Some((entry, account)) = found else { return Ok(Vec::new()) };
    let counted = |suite: &u16| Ok(KeyPackageCount { suite: *suite, one_time: count(connection, account, *suite)? });
    entry.suites.iter().map(counted).collect()
}

pub fn take_key_package(tx: &Connection, asked: &Addressee, suites: &[u16], now: u64) -> rusqlite::Result<Taken> {
    let (mailbox, admitted) = delivery::admit_one(tx, asked, now)?;
    if admitted != Delivered::Stored {
        return Ok(Taken::Refused(admitted));
    }
    let mut statement =
        tx.prepare_cached("SELECT id, identity_key, sealing_key, suites, signature FROM account WHERE account = ?1")?;
    let entry = statement.query_row([mailbox], entry)?;
    let mut statement = tx.prepare_cached(
        "SELECT package, last_resort, content FROM key_package WHERE account = ?1 AND suite = ?2
         ORDER BY last_resort, package LIMIT 1",
    )?;
    for suite in suites {
        let found: Option<(i64, bool, Vec<u8>)> = statement
            .query_row(params![mailbox, suite], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        let Some((row, last_resort, package)) = found else { continue };
        if !last_resort {
            tx.execute("DELETE FROM key_package WHERE package = ?1", [row])?;
        }
        let left = count(tx, mailbox, *suite)?;
        return Ok(Taken::Package { entry, suite: *suite, package, last_resort, left });
    }
    Ok(Taken::Nothing)
}

/// The first five columns are those of an entry.
pub fn entry(row: &Row<'_>) -> rusqlite::Result<DirectoryEntry> {
    let suites: Vec<u8> = row.get(3)?;
    Ok(DirectoryEntry {
        id: UserId::from_random(row.get(0)?).to_string(),
        identity_key: row.get(1)?,
        sealing_key: row.get(2)?,
        suites: suites.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect(),
        signature: row.get(4)?,
    })
}

fn count(connection: &Connection, account: i64, suite: u16) -> rusqlite::Result<u32> {
    let mut statement = connection
        .prepare_cached("SELECT count(*) FROM key_package WHERE account = ?1 AND suite = ?2 AND last_resort = 0")?;
    statement.query_row(params![account, suite], |row| row.get(0))
}
