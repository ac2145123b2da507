//! Blobs' names, owners (as keyed hashes) and ends; their bytes lie in the object store.

use rusqlite::{Connection, OptionalExtension, params};
use sealpost_wire::id::BlobId;

use crate::store::{Hash, hour_after};

/// Blobs listed at a time.
const LISTED: u32 = 128;

pub fn add(tx: &Connection, name: &BlobId, owner: &Hash, expires_at: u64) -> rusqlite::Result<bool> {
    if is_owned(tx, name, owner)? {
        let renewed = "UPDATE blob SET expires_at = ?2 WHERE name = ?1";
        return tx.execute(renewed, params![name.as_bytes(), hour_after(expires_at)]).map(|rows| rows == 1);
    }
    let insert = "INSERT OR IGNORE INTO blob (name, owner_hash, expires_at) VALUES (?1, ?2, ?3)";
    tx.execute(insert, params![name.as_bytes(), owner, hour_after(expires_at)]).map(|rows| rows == 1)
}

pub fn is_owned(connection: &Connection, name: &BlobId, owner: &Hash) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached("SELECT owner_hash FROM blob WHERE name = ?1")?;
    let standing: Option<Hash> = statement.query_row([name.as_bytes()], |row| row.get(0)).optional()?;
    Ok(standing.as_ref() == Some(owner))
}

pub fn remove(tx: &Connection, names: &[BlobId]) -> rusqlite::Result<()> {
    let mut delete = tx.prepare_cached("DELETE FROM blob WHERE name = ?1")?;
    names.iter().try_for_each(|name| delete.execute([name.as_bytes()]).map(drop))
}

pub fn after(connection: &Connection, name: Option<&BlobId>) -> rusqlite::Result<Vec<(BlobId, Hash)>> {
    let mut statement =
        connection.prepare_cached("SELECT name, owner_hash FROM blob WHERE name > ?1 ORDER BY name LIMIT ?2")?;
    let after = name.map_or(&[][..], |name| name.as_bytes());
    let blobs = statement.query_map(params![after, LISTED], |row| Ok((BlobId(row.get(0)?), row.get(1)?)))?;
    blobs.collect()
}

pub fn expired(connection: &Connection, now: u64) -> rusqlite::Result<Vec<BlobId>> {
    let mut statement = connection.prepare_cached("SELECT name FROM blob WHERE expires_at <= ?1 LIMIT ?2")?;
    let names = statement.query_map([now, u64::from(LISTED)], |row| Ok(BlobId(row.get(0)?)))?;
    names.collect()
}
