//! One-time codes and invitations: planned within the limits, redeemed once.

use rusqlite::{Connection, OptionalExtension, params};
use sealpost_wire::limits::{CODE_RESEND_SECONDS, CODE_SECONDS, CODE_TRIES, CODES_PER_NUMBER_A_DAY, DAY_SECONDS};

use crate::store::{CodePlan, CodePlanned, Hash, NumberProof, NumberToken, hour_after};

pub enum Redeemed {
    Yes,
    Wrong { tries_left: u32 },
    Expired,
}

pub fn plan(tx: &Connection, plan: &CodePlan, now: u64) -> rusqlite::Result<CodePlanned> {
    let today = now / DAY_SECONDS;
    let tomorrow = (today + 1) * DAY_SECONDS - now;
    let before: Option<(u64, u64, u32)> = tx
        .query_row("SELECT expires_at, day, sent FROM code WHERE number_token = ?1", [plan.number], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let (expires_at, day, sent) = before.unwrap_or((0, today, 0));
    let sent = if day == today { sent } else { 0 };
    let resend_at = expires_at.saturating_sub(CODE_SECONDS) + CODE_RESEND_SECONDS;
    if expires_at > 0 && resend_at > now {
        return Ok(CodePlanned::TooMany { retry_after_seconds: resend_at - now });
    }
    if sent >= CODES_PER_NUMBER_A_DAY {
        return Ok(CodePlanned::TooMany { retry_after_seconds: tomorrow });
    }
    let all = "INSERT INTO codes_a_day (day, sent) VALUES (?1, 1)
               ON CONFLICT (day) DO UPDATE SET sent = sent + 1 WHERE sent < ?2";
    if plan.ceiling == 0 || tx.execute(all, params![today, plan.ceiling])? == 0 {
        return Ok(CodePlanned::Ceiling { retry_after_seconds: tomorrow });
    }
    tx.execute(
        "INSERT OR REPLACE INTO code (number_token, code_hash, tries_left, expires_at, day, sent)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![plan.number, plan.code, CODE_TRIES, now + CODE_SECONDS, today, sent + 1],
    )?;
    Ok(CodePlanned::Planned)
}

pub fn withdraw(tx: &Connection, number: &NumberToken, now: u64) -> rusqlite::Result<()> {
    let forget = "UPDATE code SET code_hash = x'', tries_left = 0, expires_at = 0, sent = sent - 1
                  WHERE number_token = ?1 AND sent > 0";
    tx.execute(forget, [number])?;
    let all = "UPDATE codes_a_day SET sent = sent - 1 WHERE day = ?1 AND sent > 0";
    tx.execute(all, [now / DAY_SECONDS]).map(drop)
}

/// Uses a code up if it is right; a wrong one costs a try.
pub fn redeem(tx: &Connection, proof: &NumberProof, now: u64) -> rusqlite::Result<Redeemed> {
    let pending: Option<(Vec<u8>, u32)> = tx
        .query_row(
            "SELECT code_hash, tries_left FROM code WHERE number_token = ?1 AND expires_at > ?2 AND tries_left > 0",
            params![proof.number, now],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    let Some((code, tries)) = pending else { return Ok(Redeemed::Expired) };
    let right = proof.code == code[..];
    let tries_left = if right { 0 } else { tries - 1 };
    tx.execute("UPDATE code SET tries_left = ?2 WHERE number_token = ?1", params![proof.number, tries_left])?;
    Ok(if right { Redeemed::Yes } else { Redeemed::Wrong { tries_left } })
}

pub fn add_invitation(tx: &Connection, code: &Hash, expires_at: u64) -> rusqlite::Result<()> {
    let insert = "INSERT INTO invitation (code_hash, expires_at) VALUES (?1, ?2)";
    tx.execute(insert, params![code, hour_after(expires_at)]).map(drop)
}

pub fn invitations(connection: &Connection, now: u64) -> rusqlite::Result<u64> {
    connection.query_row("SELECT count(*) FROM invitation WHERE expires_at > ?1", [now], |row| row.get(0))
}

pub fn remove_invitations(tx: &Connection, code: Option<&Hash>, now: u64) -> rusqlite::Result<u64> {
    let rows = match code {
        Some(code) => tx.execute("DELETE FROM invitation WHERE code_hash = ?1 AND expires_at > ?2", params![code, now]),
        None => tx.execute("DELETE FROM invitation WHERE expires_at > ?1", [now]),
    };
    rows.map(|rows| rows as u64)
}
