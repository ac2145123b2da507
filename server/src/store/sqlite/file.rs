//! The database as a file, for the operator: looked at, brought up, copied while a relay writes, taken from a backup.
//!
//! Invariant: a copy is one snapshot, made by a reader: the writer never waits for it, only the log grows meanwhile.

use std::{path::Path, thread, time::Duration};

use rusqlite::{
    Connection, OpenFlags, TransactionBehavior,
    backup::{self, StepResult},
};
use sealpost_wire::id::BlobId;

use super::{SchemaVersion, configure_reader, configure_writer, failure, schema};
use crate::{faults, store::StoreError};

/// Pages of one step: 4 MiB, a moment's work.
const STEP_PAGES: i32 = 1_024;
/// Before a step that found the file busy is tried again.
const PAUSE: Duration = Duration::from_millis(20);
/// Sequences of a millisecond: after a restore they go on from the clock, so that those given out since the backup, by
/// whichever relay was made of it, are never used twice.
const SEQUENCES: i64 = 1 << 10;
/// By how much they jump where the clock is wrong and stands before them.
const JUMP: i64 = 1 << 32;

/// How far a copy is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    pub pages: u64,
    pub of: u64,
}

/// What a copy is a copy of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    pub schema: u32,
    pub incarnation: u64,
    /// Those whose files belong to the copy.
    pub blobs: Vec<BlobId>,
}

/// Its version and this program's. Nothing is changed.
pub fn inspect(path: &Path) -> Result<SchemaVersion, StoreError> {
    SchemaVersion::of(&reader(path)?)
}

/// Brings a database up that nobody has open; answers with the version before.
pub fn migrate(path: &Path) -> Result<SchemaVersion, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failure)?;
    configure_writer(&connection).map_err(failure)?;
    schema::migrate(&mut connection)
}

/// What SQLite finds wrong with the file; `whole` reads the indices too, and takes longer.
pub fn verify(path: &Path, whole: bool) -> Result<Vec<String>, StoreError> {
    let connection = reader(path)?;
    let check = if whole { "PRAGMA integrity_check(10)" } else { "PRAGMA quick_check(10)" };
    let mut statement = connection.prepare(check).map_err(failure)?;
    let lines = statement.query_map([], |row| row.get(0)).and_then(Iterator::collect::<Result<Vec<String>, _>>);
    Ok(lines.map_err(failure)?.into_iter().filter(|line| line != "ok").collect())
}

/// Copies a database that may be written meanwhile into a new file, and tells how far it is.
pub fn copy(from: &Path, to: &Path, tell: &mut dyn FnMut(Progress)) -> Result<Copied, StoreError> {
    let source = reader(from)?;
    // The snapshot: without it, each commit of the relay would start the copy anew.
    source.execute_batch("BEGIN").map_err(failure)?;
    let incarnation = "SELECT incarnation FROM relay";
    let incarnation = source.query_row(incarnation, [], |row| row.get(0)).map_err(failure)?;
    let schema = SchemaVersion::of(&source)?.found;
    let blobs = blobs(&source).map_err(failure)?;
    let mut target = Connection::open(to).map_err(failure)?;
    steps(&source, &mut target, tell).map_err(failure)?;
    // One file, without a log beside it.
    target.query_row("PRAGMA journal_mode=DELETE", [], |_| Ok(())).map_err(failure)?;
    Ok(Copied { schema, incarnation, blobs })
}

/// Makes a copy the beginning of another incarnation, in this version; answers with its number: the time, so that two
/// relays made of the same copy are never taken for one.
pub fn begin_anew(path: &Path, now_ms: u64) -> Result<u64, StoreError> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(failure)?;
    connection.execute_batch("PRAGMA synchronous=FULL").map_err(failure)?;
    schema::migrate(&mut connection)?;
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failure)?;
    let now = i64::try_from(now_ms).unwrap_or(i64::MAX / SEQUENCES).min(i64::MAX / SEQUENCES);
    let counted = "UPDATE relay SET incarnation = max(incarnation + 1, ?1), claims_from = -1 RETURNING incarnation";
    let incarnation = tx.query_row(counted, [now], |row| row.get(0)).map_err(failure)?;
    // Sessions have gone on since the backup, and nobody can know how far.
    tx.execute("UPDATE account SET session_latest = x'', session_before = x''", []).map_err(failure)?;
    let reached = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'message'";
    let reached: i64 = tx.query_row(reached, [], |row| row.get(0)).map_err(failure)?;
    let from = if now * SEQUENCES > reached { now * SEQUENCES } else { reached + JUMP };
    tx.execute("DELETE FROM sqlite_sequence WHERE name = 'message'", []).map_err(failure)?;
    tx.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', ?1)", [from]).map_err(failure)?;
    tx.commit().map_err(failure)?;
    Ok(incarnation)
}

fn steps(source: &Connection, target: &mut Connection, tell: &mut dyn FnMut(Progress)) -> rusqlite::Result<()> {
    let backup = backup::Backup::new(source, target)?;
    loop {
        match backup.step(STEP_PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {
                let backup::Progress { remaining, pagecount } = backup.progress();
                let (left, of) = (remaining.max(0) as u64, pagecount.max(0) as u64);
                tell(Progress { pages: of.saturating_sub(left), of });
                faults::stop_point("backup_copies");
            }
            _ => thread::sleep(PAUSE),
        }
    }
}

fn blobs(connection: &Connection) -> rusqlite::Result<Vec<BlobId>> {
    let mut statement = connection.prepare("SELECT name FROM blob ORDER BY name")?;
    let names = statement.query_map([], |row| Ok(BlobId(row.get(0)?)))?;
    names.collect()
}

/// A connection that reads, and makes no file where there is none.
pub(super) fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
    configure_reader(&connection).map_err(failure)?;
    Ok(connection)
}
