//! All that is held of one account, for whom it concerns: each row that leads to it, by table and column.
//!
//! Invariant: what no row leads to (commit slots, deliveries seen) can't be told either: the relay does not know whose
//! it is.

use std::{collections::BTreeMap, path::Path};

use data_encoding::BASE64;
use rusqlite::{Connection, Params, params, types::ValueRef};
use sealpost_wire::id::UserId;
use serde_json::{Map, Value};

use super::{failure, file::reader, row_of};
use crate::store::{StoreError, Traces};

/// Rows by their table; bytes are Base64.
type Tables = BTreeMap<&'static str, Vec<Map<String, Value>>>;

/// Tables whose rows name the account by its row.
const NAMED: &[(&str, &str)] = &[
    ("account", "SELECT * FROM account WHERE account = ?1"),
    ("code", "SELECT * FROM code WHERE number_token = (SELECT number_token FROM account WHERE account = ?1)"),
    ("key_package", "SELECT * FROM key_package WHERE account = ?1 ORDER BY package"),
    ("mailbox", "SELECT * FROM mailbox WHERE mailbox = ?1"),
    ("message", "SELECT * FROM message WHERE mailbox = ?1 ORDER BY sequence"),
    // In how many mailboxes it waits is about others.
    (
        "payload",
        "SELECT payload, content FROM payload WHERE payload IN (SELECT payload FROM message WHERE mailbox = ?1)",
    ),
    ("token", "SELECT * FROM token WHERE mailbox = ?1"),
];
/// Tables whose rows name an ID that was by its hash.
const FORMER: &[(&str, &str)] = &[
    ("former_id", "SELECT * FROM former_id WHERE id_hash = ?1"),
    ("former_token", "SELECT * FROM former_token WHERE id_hash = ?1"),
];

/// One snapshot, also while a relay writes; tables without such a row are left out.
pub fn extract(path: &Path, id: UserId, traces: &Traces) -> Result<Tables, StoreError> {
    let connection = reader(path)?;
    connection.execute_batch("BEGIN").map_err(failure)?;
    tables(&connection, id, traces).map_err(failure)
}

fn tables(connection: &Connection, id: UserId, traces: &Traces) -> rusqlite::Result<Tables> {
    let mut tables = Tables::new();
    if let Some(account) = row_of(connection, id)? {
        for (table, select) in NAMED {
            tables.insert(table, rows(connection, select, [account])?);
        }
    }
    for (table, select) in FORMER {
        tables.insert(table, rows(connection, select, [traces.former.0])?);
    }
    let mut blobs = Vec::new();
    for name in &traces.blobs {
        blobs.extend(rows(connection, "SELECT * FROM blob WHERE name = ?1", params![name.as_bytes()])?);
    }
    tables.insert("blob", blobs);
    tables.retain(|_, rows| !rows.is_empty());
    Ok(tables)
}

fn rows(connection: &Connection, select: &str, of: impl Params) -> rusqlite::Result<Vec<Map<String, Value>>> {
    let mut statement = connection.prepare(select)?;
    let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row| -> rusqlite::Result<Map<String, Value>> {
        let cell = |(index, name): (usize, &String)| Ok((name.clone(), value(row.get_ref(index)?)));
        columns.iter().enumerate().map(cell).collect()
    };
    statement.query_map(of, row)?.collect()
}

fn value(cell: ValueRef) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) => String::from_utf8_lossy(bytes).into(),
        ValueRef::Blob(bytes) => BASE64.encode(bytes).into(),
    }
}
