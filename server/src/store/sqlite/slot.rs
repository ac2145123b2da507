//! Commit slots: the first claim wins; content goes before the name does.

use rusqlite::{Connection, OptionalExtension, params};
use sealpost_wire::id::SlotName;

use crate::store::{SlotState, hour_before};

pub fn claim(tx: &Connection, name: &SlotName, content: &[u8], now: u64) -> rusqlite::Result<SlotState> {
    Ok(match read(tx, name)? {
        SlotState::Free => {
            let insert = "INSERT INTO slot (name, content, claimed_hour) VALUES (?1, ?2, ?3)";
            tx.prepare_cached(insert)?.execute(params![name.as_bytes(), content, hour_before(now)])?;
            SlotState::Claimed
        }
        SlotState::Taken(standing) if standing == content => SlotState::Claimed,
        taken => taken,
    })
}

pub fn read(connection: &Connection, name: &SlotName) -> rusqlite::Result<SlotState> {
    let mut statement = connection.prepare_cached("SELECT content FROM slot WHERE name = ?1")?;
    let content: Option<Vec<u8>> = statement.query_row([name.as_bytes()], |row| row.get(0)).optional()?;
    Ok(match content {
        None => SlotState::Free,
        Some(content) if content.is_empty() => SlotState::Gone,
        Some(content) => SlotState::Taken(content),
    })
}
