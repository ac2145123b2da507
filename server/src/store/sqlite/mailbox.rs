//! Mailboxes: tokens, pages in order, acknowledgement.
//!
//! Invariant: a payload goes with the last message that refers to it, and the mailbox's load is what its messages
//! weigh.

use rusqlite::{Connection, OptionalExtension, params};
use sealpost_wire::{api::mailbox::MailboxStatus, envelope::Envelope, id::UserId};

use super::row_of;
use crate::store::{Page, TokenHash, Totals, hour_after};

/// Rows that one page reads at most.
const PAGE: usize = 128;

pub fn replace_tokens(tx: &Connection, id: UserId, tokens: &[TokenHash]) -> rusqlite::Result<()> {
    let Some(mailbox) = row_of(tx, id)? else { return Ok(()) };
    tx.execute("DELETE FROM token WHERE mailbox = ?1", [mailbox])?;
    insert_tokens(tx, mailbox, tokens)
}

pub fn insert_tokens(tx: &Connection, mailbox: i64, tokens: &[TokenHash]) -> rusqlite::Result<()> {
    let mut insert =
        tx.prepare_cached("INSERT OR REPLACE INTO token (mailbox, hash, expires_at) VALUES (?1, ?2, ?3)")?;
    for token in tokens {
        insert.execute(params![mailbox, token.hash, hour_after(token.expires_at)])?;
    }
    Ok(())
}

pub fn page(connection: &Connection, id: UserId, after: u64, messages: usize, bytes: usize) -> rusqlite::Result<Page> {
    let messages = messages.clamp(1, PAGE);
    let mut statement = connection.prepare_cached(
        "SELECT message.sequence, message.delivery_id, message.wrapped_key, payload.content
         FROM message JOIN payload ON payload.payload = message.payload
         WHERE message.mailbox = (SELECT account FROM account WHERE id = ?1) AND message.sequence > ?2
         ORDER BY message.sequence",
    )?;
    let mut rows = statement.query(params![id.to_bytes(), after])?;
    let mut page = Page { envelopes: Vec::new(), more: false };
    let mut room = bytes;
    while let Some(row) = rows.next()? {
        let weight = row.get_ref(3)?.as_blob().map_or(0, <[u8]>::len);
        if page.envelopes.len() == messages || (weight > room && !page.envelopes.is_empty()) {
            page.more = true;
            break;
        }
        room = room.saturating_sub(weight);
        page.envelopes.push(Envelope {
            sequence: row.get(0)?,
            delivery_id: row.get(1)?,
            wrapped_key: row.get(2)?,
            payload: row.get(3)?,
            ephemeral: false,
        });
    }
    Ok(page)
}

pub fn acknowledge(tx: &Connection, id: UserId, sequences: &[u64]) -> rusqlite::Result<()> {
    let Some(mailbox) = row_of(tx, id)? else { return Ok(()) };
    remove_messages(tx, mailbox, sequences)
}

/// Those of the mailbox that are still there.
pub fn remove_messages(tx: &Connection, mailbox: i64, sequences: &[u64]) -> rusqlite::Result<()> {
    let (mut messages, mut bytes) = (0_u64, 0_u64);
    let mut delete =
        tx.prepare_cached("DELETE FROM message WHERE sequence = ?1 AND mailbox = ?2 RETURNING payload, bytes")?;
    for sequence in sequences {
        let removed: Option<(i64, u64)> =
            delete.query_row(params![sequence, mailbox], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let Some((payload, weight)) = removed else { continue };
        (messages, bytes) = (messages + 1, bytes + weight);
        let last = "DELETE FROM payload WHERE payload = ?1 AND mailboxes <= 1";
        if tx.prepare_cached(last)?.execute([payload])? == 0 {
            tx.prepare_cached("UPDATE payload SET mailboxes = mailboxes - 1 WHERE payload = ?1")?.execute([payload])?;
        }
    }
    if messages == 0 {
        return Ok(());
    }
    let load = "UPDATE mailbox SET messages = messages - ?2, bytes = bytes - ?3 WHERE mailbox = ?1";
    tx.prepare_cached(load)?.execute(params![mailbox, messages, bytes]).map(drop)
}

/// Removes all that waits.
pub fn clear(tx: &Connection, mailbox: i64) -> rusqlite::Result<()> {
    let mut statement = tx.prepare_cached("SELECT sequence FROM message WHERE mailbox = ?1")?;
    let sequences: Vec<u64> = statement.query_map([mailbox], |row| row.get(0))?.collect::<Result<_, _>>()?;
    remove_messages(tx, mailbox, &sequences)
}

/// The limits are the caller's to fill in.
pub fn status(connection: &Connection, id: UserId) -> rusqlite::Result<MailboxStatus> {
    let mut statement = connection.prepare_cached(
        "SELECT messages, bytes FROM mailbox WHERE mailbox = (SELECT account FROM account WHERE id = ?1)",
    )?;
    let load = statement.query_row([id.to_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (messages, bytes) = load.unwrap_or((0, 0));
    Ok(MailboxStatus { messages, bytes, messages_limit: 0, bytes_limit: 0 })
}

pub fn totals(connection: &Connection) -> rusqlite::Result<Totals> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM account WHERE suspended <> 0),
             coalesce(sum(messages), 0), coalesce(sum(bytes), 0) FROM mailbox",
    )?;
    statement.query_row([], |row| {
        Ok(Totals {
            accounts: row.get(0)?,
            suspended_accounts: row.get(1)?,
            waiting_messages: row.get(2)?,
            waiting_bytes: row.get(3)?,
        })
    })
}
