//! Accounts: claimed once, moved off their number, retired, deleted; their IDs stay taken.

use rusqlite::{Connection, OptionalExtension, params};
use sealpost_wire::id::UserId;

use super::{code, directory, mailbox, row_of};
use crate::store::{
    Account, FormerId, Found, Hash, NewAccount, NumberLinking, NumberProof, NumberToken, Proof, Registration,
    SessionOpened, hour_after,
};

/// How long a retired or deleted ID's tokens and key are kept, so that whoever writes to it, and its own device, is
/// told.
const FORMER_SECONDS: u64 = 400 * sealpost_wire::limits::DAY_SECONDS;
/// Retirements at a time.
const RETIREMENTS: u32 = 128;

pub fn register(tx: &Connection, new: &NewAccount, proof: &Proof, now: u64) -> rusqlite::Result<Registration> {
    if let Some(repeated) = repeat(tx, new)? {
        return Ok(repeated);
    }
    if is_former(tx, new.former)? {
        return Ok(Registration::Taken);
    }
    let number = match proof {
        Proof::Open => None,
        Proof::Invitation(code) => {
            if tx.execute("DELETE FROM invitation WHERE code_hash = ?1 AND expires_at > ?2", params![code, now])? == 0 {
                return Ok(Registration::InvitationInvalid);
            }
            None
        }
        Proof::Number(proof) => match code::redeem(tx, proof, now)? {
            code::Redeemed::Yes => Some(proof),
            code::Redeemed::Wrong { tries_left } => return Ok(Registration::CodeWrong { tries_left }),
            code::Redeemed::Expired => return Ok(Registration::CodeExpired),
        },
    };
    let moved_from = number.map(|proof| free_number(tx, proof, None)).transpose()?.flatten();
    insert(tx, new, number.map(|proof| &proof.number))?;
    Ok(Registration::Done { number: number.map(|proof| proof.number), moved_from })
}

/// The answer to a registration whose ID stands already: the same entry again, or somebody else's ID.
fn repeat(tx: &Connection, new: &NewAccount) -> rusqlite::Result<Option<Registration>> {
    let mut statement = tx.prepare_cached(
        "SELECT id, identity_key, sealing_key, suites, signature, retire_at, session_before, number_token
         FROM account WHERE id = ?1",
    )?;
    let standing = statement
        .query_row([new.id.to_bytes()], |row| Ok((directory::entry(row)?, row.get::<_, Vec<u8>>(6)?, row.get(7)?)))
        .optional()?;
    Ok(match standing {
        None => None,
        Some((entry, _, _)) if entry != new.entry => Some(Registration::Taken),
        Some((_, before, number)) if before.is_empty() => {
            let fresh = "UPDATE account SET session_latest = ?2 WHERE id = ?1";
            tx.execute(fresh, params![new.id.to_bytes(), new.session])?;
            Some(Registration::Done { number, moved_from: None })
        }
        Some(_) => Some(Registration::InUse),
    })
}

fn insert(tx: &Connection, new: &NewAccount, number: Option<&NumberToken>) -> rusqlite::Result<()> {
    let suites: Vec<u8> = new.entry.suites.iter().flat_map(|suite| suite.to_be_bytes()).collect();
    tx.execute(
        "INSERT INTO account (id, identity_key, sealing_key, suites, signature, session_latest, session_before,
             number_token, retire_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, x'', ?7, 0)",
        params![
            new.id.to_bytes(),
            new.entry.identity_key,
            new.entry.sealing_key,
            suites,
            new.entry.signature,
            new.session,
            number,
        ],
    )?;
    let account = tx.last_insert_rowid();
    tx.execute("INSERT INTO mailbox (mailbox, messages, bytes) VALUES (?1, 0, 0)", [account])?;
    mailbox::insert_tokens(tx, account, &new.tokens)?;
    directory::insert_key_packages(tx, account, &new.key_packages)
}

pub fn find(connection: &Connection, id: UserId, former: FormerId) -> rusqlite::Result<Found> {
    let mut statement = connection.prepare_cached(
        "SELECT id, identity_key, sealing_key, suites, signature, retire_at, suspended FROM account WHERE id = ?1",
    )?;
    let account = statement
        .query_row([id.to_bytes()], |row| {
            Ok(Account { entry: directory::entry(row)?, retire_at: row.get(5)?, suspended: row.get(6)? })
        })
        .optional()?;
    let mut statement = connection.prepare_cached("SELECT identity_key FROM former_id WHERE id_hash = ?1")?;
    let left: Option<Vec<u8>> = statement.query_row([former.0], |row| row.get(0)).optional()?;
    Ok(match (account, left) {
        (Some(account), _) => Found::Account(account),
        (None, Some(key)) => Found::Former { identity_key: key.try_into().ok() },
        (None, None) => Found::Nobody,
    })
}

pub fn open_session(
    tx: &Connection,
    id: UserId,
    presented: Option<&Hash>,
    next: &Hash,
) -> rusqlite::Result<SessionOpened> {
    let mut statement =
        tx.prepare_cached("SELECT session_latest, session_before, retire_at FROM account WHERE id = ?1")?;
    let secrets: Option<(Vec<u8>, Vec<u8>, u64)> =
        statement.query_row([id.to_bytes()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
    let Some((latest, before, retire_at)) = secrets else { return Ok(SessionOpened::Unknown) };
    // Without secrets the relay was restored from a backup: it can't know which session was the last, and believes
    // whoever holds the key and comes first.
    let restored = latest.is_empty() && before.is_empty();
    if !restored && presented.is_some_and(|presented| *presented != latest[..] && *presented != before[..]) {
        return Ok(SessionOpened::Copied);
    }
    // The one presented stays valid until its successor is: the answer that carries that may be lost.
    let before = presented.unwrap_or(next);
    let exchange = "UPDATE account SET session_before = ?2, session_latest = ?3 WHERE id = ?1";
    tx.execute(exchange, params![id.to_bytes(), before, next])?;
    Ok(SessionOpened::Opened { retire_at })
}

pub fn keep_session(tx: &Connection, id: UserId, latest: &Hash) -> rusqlite::Result<()> {
    let keep = "UPDATE account SET session_before = session_latest WHERE id = ?1 AND session_latest = ?2";
    tx.execute(keep, params![id.to_bytes(), latest])?;
    Ok(())
}

pub fn link_number(tx: &Connection, id: UserId, proof: &NumberProof, now: u64) -> rusqlite::Result<NumberLinking> {
    match code::redeem(tx, proof, now)? {
        code::Redeemed::Wrong { tries_left } => return Ok(NumberLinking::CodeWrong { tries_left }),
        code::Redeemed::Expired => return Ok(NumberLinking::CodeExpired),
        code::Redeemed::Yes => {}
    }
    let moved_from = free_number(tx, proof, Some(id))?;
    let link = "UPDATE account SET number_token = ?2, retire_at = 0 WHERE id = ?1";
    tx.execute(link, params![id.to_bytes(), proof.number])?;
    Ok(NumberLinking::Done { moved_from })
}

/// Takes a number from whoever holds it, but `keeper`, and sets that account's retirement.
fn free_number(tx: &Connection, proof: &NumberProof, keeper: Option<UserId>) -> rusqlite::Result<Option<UserId>> {
    let holder: Option<[u8; 5]> =
        tx.query_row("SELECT id FROM account WHERE number_token = ?1", [proof.number], |row| row.get(0)).optional()?;
    let Some(holder) = holder.map(UserId::from_random).filter(|holder| Some(*holder) != keeper) else {
        return Ok(None);
    };
    let free = "UPDATE account SET number_token = NULL, retire_at = ?2 WHERE id = ?1";
    tx.execute(free, params![holder.to_bytes(), hour_after(proof.retire_at)])?;
    Ok(Some(holder))
}

pub fn unlink_number(tx: &Connection, id: UserId) -> rusqlite::Result<()> {
    tx.execute("UPDATE account SET number_token = NULL WHERE id = ?1", [id.to_bytes()]).map(drop)
}

pub fn keep(tx: &Connection, id: UserId) -> rusqlite::Result<()> {
    tx.execute("UPDATE account SET retire_at = 0 WHERE id = ?1", [id.to_bytes()]).map(drop)
}

pub fn remove(tx: &Connection, id: UserId, former: FormerId, now: u64) -> rusqlite::Result<()> {
    let Some(account) = row_of(tx, id)? else { return Ok(()) };
    tx.execute(
        "INSERT INTO former_id (id_hash, identity_key, details_until)
         SELECT ?2, identity_key, ?3 FROM account WHERE account = ?1",
        params![account, former.0, hour_after(now + FORMER_SECONDS)],
    )?;
    let tokens = "INSERT INTO former_token (id_hash, hash) SELECT ?2, hash FROM token WHERE mailbox = ?1";
    tx.execute(tokens, params![account, former.0])?;
    mailbox::clear(tx, account)?;
    tx.execute("DELETE FROM account WHERE account = ?1", [account]).map(drop)
}

pub fn suspend(tx: &Connection, id: UserId, suspended: bool) -> rusqlite::Result<bool> {
    let rows = tx.execute("UPDATE account SET suspended = ?2 WHERE id = ?1", params![id.to_bytes(), suspended])?;
    count_administration(tx)?;
    Ok(rows == 1)
}

pub fn count_administration(tx: &Connection) -> rusqlite::Result<()> {
    tx.execute("UPDATE relay SET administered = administered + 1", []).map(drop)
}

pub fn due_retirements(connection: &Connection, now: u64) -> rusqlite::Result<Vec<UserId>> {
    let mut statement =
        connection.prepare_cached("SELECT id FROM account WHERE retire_at > 0 AND retire_at <= ?1 LIMIT ?2")?;
    let due = statement.query_map([now, u64::from(RETIREMENTS)], |row| Ok(UserId::from_random(row.get(0)?)))?;
    due.collect()
}

fn is_former(tx: &Connection, former: FormerId) -> rusqlite::Result<bool> {
    tx.prepare_cached("SELECT 1 FROM former_id WHERE id_hash = ?1")?.exists([former.0])
}
