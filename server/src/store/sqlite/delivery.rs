//! Deliveries: who accepts them, and one payload row for all that do.
//!
//! Invariant: whatever is refused for its token has cost the same statements, whether the mailbox is unknown, the token
//! revoked or wrong.

use rusqlite::{Connection, OptionalExtension, params};

use crate::store::{Addressee, Delivered, Filed, NewDelivery, NewRecipient, hour_before};

/// No account has this row.
const NOBODY: i64 = 0;

pub fn deliver(tx: &Connection, delivery: &NewDelivery, now: u64) -> rusqlite::Result<(Vec<Delivered>, Vec<Filed>)> {
    let mut payload = None;
    let (mut outcomes, mut filed) = (Vec::with_capacity(delivery.recipients.len()), Vec::new());
    for (index, recipient) in delivery.recipients.iter().enumerate() {
        let (mailbox, admitted) = admit_one(tx, &recipient.to, now)?;
        let stored = match admitted {
            Delivered::Stored => store(tx, mailbox, delivery, recipient, &mut payload, now)?,
            refused => Err(refused),
        };
        filed.extend(stored.ok().map(|sequence| Filed { recipient: index, sequence }));
        outcomes.push(stored.err().unwrap_or(Delivered::Stored));
    }
    if let Some(payload) = payload.filter(|_| filed.len() > 1) {
        let count = "UPDATE payload SET mailboxes = ?2 WHERE payload = ?1";
        tx.prepare_cached(count)?.execute(params![payload, filed.len()])?;
    }
    Ok((outcomes, filed))
}

pub fn admit(connection: &Connection, to: &[Addressee], now: u64) -> rusqlite::Result<Vec<Delivered>> {
    to.iter().map(|addressee| Ok(admit_one(connection, addressee, now)?.1)).collect()
}

/// The mailbox's row, and `Stored` if it accepts the token.
pub fn admit_one(connection: &Connection, to: &Addressee, now: u64) -> rusqlite::Result<(i64, Delivered)> {
    let mut mailbox = connection.prepare_cached("SELECT account, suspended FROM account WHERE id = ?1")?;
    let found = mailbox.query_row([to.id.to_bytes()], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let (mailbox, suspended) = found.unwrap_or((NOBODY, false));
    let mut token = connection.prepare_cached(
        "SELECT 1 FROM token WHERE mailbox = ?1 AND hash = ?2 AND (expires_at = 0 OR expires_at > ?3)",
    )?;
    if token.exists(params![mailbox, to.token, now])? {
        // Senders try a full mailbox again: once the operator lets it go on, it takes what waited at them.
        return Ok((mailbox, if suspended { Delivered::MailboxFull } else { Delivered::Stored }));
    }
    let mut former = connection.prepare_cached("SELECT 1 FROM former_token WHERE id_hash = ?1 AND hash = ?2")?;
    let retired = former.exists(params![to.former.0, to.token])?;
    Ok((mailbox, if retired { Delivered::Retired } else { Delivered::TokenRefused }))
}

/// The message's sequence, or why there is none.
fn store(
    tx: &Connection,
    mailbox: i64,
    delivery: &NewDelivery,
    recipient: &NewRecipient,
    payload: &mut Option<i64>,
    now: u64,
) -> rusqlite::Result<Result<u64, Delivered>> {
    if tx.prepare_cached("SELECT 1 FROM delivered WHERE seen = ?1")?.exists([recipient.seen])? {
        return Ok(Err(Delivered::Again));
    }
    let bytes = (delivery.payload.len() + recipient.wrapped_key.len()) as u64;
    let room = "UPDATE mailbox SET messages = messages + 1, bytes = bytes + ?2
                WHERE mailbox = ?1 AND messages < ?3 AND bytes + ?2 <= ?4";
    let counted = params![mailbox, bytes, delivery.messages_limit, delivery.bytes_limit];
    if tx.prepare_cached(room)?.execute(counted)? == 0 {
        return Ok(Err(Delivered::MailboxFull));
    }
    let hour = hour_before(now);
    let seen = "INSERT INTO delivered (seen, stored_hour) VALUES (?1, ?2)";
    tx.prepare_cached(seen)?.execute(params![recipient.seen, hour])?;
    let payload = match payload {
        Some(payload) => *payload,
        None => {
            let insert = "INSERT INTO payload (mailboxes, content) VALUES (1, ?1)";
            *payload.insert(tx.prepare_cached(insert)?.insert([&*delivery.payload])?)
        }
    };
    let message = "INSERT INTO message (mailbox, payload, delivery_id, wrapped_key, bytes, stored_hour)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let values = params![mailbox, payload, delivery.delivery_id, recipient.wrapped_key, bytes, hour];
    let sequence = tx.prepare_cached(message)?.insert(values)?;
    Ok(Ok(sequence.unsigned_abs()))
}
