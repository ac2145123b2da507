//! Deletions by the rules of the data inventory, a bounded number of rows at a time.

use rusqlite::{Connection, params};
use sealpost_wire::limits::{
    DAY_SECONDS, DEDUPLICATION_SECONDS, MAILBOX_SECONDS, SLOT_CONTENT_SECONDS, SLOT_NAME_SECONDS,
};

use super::mailbox;
use crate::store::{HOUR_SECONDS, Sweep};

/// Rows that one sweep touches; it is called again until nothing is left.
const ROWS: u32 = 500;

pub fn run(tx: &Connection, sweep: Sweep, now: u64) -> rusqlite::Result<usize> {
    match sweep {
        Sweep::Messages => messages(tx, now),
        Sweep::Deduplication => tx.execute(
            "DELETE FROM delivered WHERE seen IN (SELECT seen FROM delivered WHERE stored_hour < ?1 LIMIT ?2)",
            params![before(now, DEDUPLICATION_SECONDS), ROWS],
        ),
        Sweep::Tokens => tx.execute("DELETE FROM token WHERE expires_at > 0 AND expires_at <= ?1", [now]),
        Sweep::FormerTokens => former(tx, now),
        Sweep::Codes => tx.execute(
            "UPDATE code SET code_hash = x'', tries_left = 0, expires_at = 0 WHERE expires_at > 0 AND expires_at <= ?1",
            [now],
        ),
        Sweep::CodeCounts => {
            let today = now / DAY_SECONDS;
            let numbers = tx.execute("DELETE FROM code WHERE day < ?1 AND expires_at <= ?2", [today, now])?;
            Ok(numbers + tx.execute("DELETE FROM codes_a_day WHERE day < ?1", [today])?)
        }
        Sweep::Invitations => tx.execute("DELETE FROM invitation WHERE expires_at <= ?1", [now]),
        Sweep::SlotContents => tx.execute(
            "UPDATE slot SET content = x'' WHERE slot IN
             (SELECT slot FROM slot WHERE claimed_hour < ?1 AND content <> x'' LIMIT ?2)",
            params![before(now, SLOT_CONTENT_SECONDS), ROWS],
        ),
        Sweep::SlotNames => tx.execute(
            "DELETE FROM slot WHERE slot IN (SELECT slot FROM slot WHERE claimed_hour < ?1 LIMIT ?2)",
            params![before(now, SLOT_NAME_SECONDS), ROWS],
        ),
    }
}

/// Hours below this began, and ended, more than `seconds` ago.
fn before(now: u64, seconds: u64) -> u64 {
    now.saturating_sub(seconds + HOUR_SECONDS - 1)
}

/// Sequences grow with time: the oldest stand first.
fn messages(tx: &Connection, now: u64) -> rusqlite::Result<usize> {
    let mut statement =
        tx.prepare_cached("SELECT sequence, mailbox, stored_hour FROM message ORDER BY sequence LIMIT ?1")?;
    let rows: Vec<(u64, i64, u64)> =
        statement.query_map([ROWS], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect::<Result<_, _>>()?;
    let over = before(now, MAILBOX_SECONDS);
    let expired: Vec<_> = rows.into_iter().take_while(|(_, _, hour)| *hour < over).collect();
    expired.iter().try_for_each(|(sequence, mailbox, _)| mailbox::remove_messages(tx, *mailbox, &[*sequence]))?;
    Ok(expired.len())
}

/// The hash of the ID itself stays for good.
fn former(tx: &Connection, now: u64) -> rusqlite::Result<usize> {
    tx.execute(
        "DELETE FROM former_token WHERE id_hash IN (SELECT id_hash FROM former_id WHERE details_until <= ?1)",
        [now],
    )?;
    let key = "UPDATE former_id SET identity_key = x'' WHERE details_until <= ?1 AND identity_key <> x''";
    tx.execute(key, [now])
}
