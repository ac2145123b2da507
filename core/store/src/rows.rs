//! SQL over one table's rows: what readers and transactions share.

use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row, params};
use sealpost_engine::storage::{Direction, RawRow, StorageError, Table};

use crate::error::storage_error;

pub(crate) fn value(connection: &Connection, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let mut statement = prepare(connection, &format!("SELECT value FROM {} WHERE key = ?1", table.name()))?;
    statement.query_row([key], |row| row.get(0)).optional().map_err(|error| storage_error(&error))
}

pub(crate) fn put(connection: &Connection, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
    let sql = "(key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    execute(connection, &format!("INSERT INTO {} {sql}", table.name()), [key, value])
}

pub(crate) fn remove(connection: &Connection, table: Table, key: &[u8]) -> Result<(), StorageError> {
    execute(connection, &format!("DELETE FROM {} WHERE key = ?1", table.name()), [key])
}

/// The rows that start with `prefix`; see [`sealpost_engine::storage::Read::scan`].
pub(crate) fn scan(
    connection: &Connection,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    direction: Direction,
    limit: usize,
) -> Result<Vec<RawRow>, StorageError> {
    let mut first = prefix.to_vec();
    let mut end = first_behind(prefix);
    match (after, direction) {
        // The next key in the order of bytes is the same with a zero behind it.
        (Some(after), Direction::Up) => first = first.max([after, &[0]].concat()),
        (Some(after), Direction::Down) => end = Some(end.map_or(after.to_vec(), |end| end.min(after.to_vec()))),
        (None, _) => {}
    }
    let order = match direction {
        Direction::Up => "ASC",
        Direction::Down => "DESC",
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let below = if end.is_some() { "AND key < ?3" } else { "" };
    let name = table.name();
    let sql = format!("SELECT key, value FROM {name} WHERE key >= ?1 {below} ORDER BY key {order} LIMIT ?2");
    let mut statement = prepare(connection, &sql)?;
    match end {
        Some(end) => rows(&mut statement, params![first, limit, end]),
        None => rows(&mut statement, params![first, limit]),
    }
}

fn rows(statement: &mut CachedStatement<'_>, params: impl Params) -> Result<Vec<RawRow>, StorageError> {
    let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let rows = statement.query_map(params, row).and_then(Iterator::collect);
    rows.map_err(|error| storage_error(&error))
}

fn execute(connection: &Connection, sql: &str, params: impl Params) -> Result<(), StorageError> {
    prepare(connection, sql)?.execute(params).map_err(|error| storage_error(&error))?;
    Ok(())
}

fn prepare<'connection>(
    connection: &'connection Connection,
    sql: &str,
) -> Result<CachedStatement<'connection>, StorageError> {
    connection.prepare_cached(sql).map_err(|error| storage_error(&error))
}

/// The smallest key above all that start with `prefix`; `None` where there is none, as for the empty prefix.
fn first_behind(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte < u8::MAX)?;
    let mut behind = prefix[..=last].to_vec();
    behind[last] += 1;
    Some(behind)
}
