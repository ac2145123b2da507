//! The store on SQLite: one writer thread with group commit, a few readers, one file per noun for the SQL.
//!
//! Invariants: WAL with `synchronous=FULL` (202 means fsynced); foreign keys on; deleted content is overwritten.

mod account;
mod blob;
mod code;
mod delivery;
mod directory;
mod extract;
mod file;
mod mailbox;
mod reader;
mod schema;
mod slot;
mod sweep;
mod writer;

use std::{path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, ffi};
use sealpost_wire::{
    api::{
        directory::{KeyPackageCount, KeyPackages},
        mailbox::MailboxStatus,
    },
    id::{BlobId, SlotName, UserId},
};

use super::*;
use reader::Readers;
use writer::Writer;

pub use extract::extract;
pub use file::{Copied, Progress, begin_anew, copy, inspect, migrate, verify};
pub use schema::SchemaVersion;
pub use writer::{Batch, BatchObserver};

/// Pages of the log that a commit may leave before it checkpoints on its own; the timer usually comes first.
const WAL_PAGES: u32 = 10_000;
/// Pages that the writer keeps at hand: what it changes again and again, and never reads a second time.
const CACHE_KILOBYTES: u32 = 32 << 10;
/// The longest that a truncation of the log waits for readers, and a commit for it.
const TRUNCATION: Duration = Duration::from_millis(50);
/// Prepared statements that a connection keeps.
const STATEMENTS: usize = 128;

/// The relay's database: a file with its log beside it.
pub struct SqliteStore {
    // The readers go first when this is dropped, so that the writer can empty the log.
    readers: Readers,
    writer: Writer,
}

impl SqliteStore {
    /// Opens or creates the database; an older one is migrated, a newer one refused. `observe` hears of each batch.
    pub fn open(path: &Path, observe: BatchObserver) -> Result<Self, StoreError> {
        let mut connection = Connection::open(path).map_err(failure)?;
        configure_writer(&connection).map_err(failure)?;
        schema::migrate(&mut connection)?;
        let readers = Readers::open(path)?;
        Ok(Self { readers, writer: Writer::start(connection, observe)? })
    }

    /// The same beside a relay that may be running: an older database is refused, since that relay may know no more.
    pub fn open_beside(path: &Path, observe: BatchObserver) -> Result<Self, StoreError> {
        let SchemaVersion { found, known } = SchemaVersion::of(&Connection::open(path).map_err(failure)?)?;
        if (1..known).contains(&found) {
            return Err(StoreError::OlderSchema { found, known });
        }
        Self::open(path, observe)
    }
}

impl Store for SqliteStore {
    fn register(&self, new: NewAccount, proof: Proof, now: u64) -> Answer<'_, Registration> {
        self.writer.write(move |tx| account::register(tx, &new, &proof, now))
    }

    fn account(&self, id: UserId, former: FormerId) -> Answer<'_, Found> {
        self.readers.read(move |connection| account::find(connection, id, former))
    }

    fn open_session(&self, id: UserId, presented: Option<Hash>, next: Hash) -> Answer<'_, SessionOpened> {
        self.writer.write(move |tx| account::open_session(tx, id, presented.as_ref(), &next))
    }

    fn keep_session(&self, id: UserId, latest: Hash) -> Answer<'_, ()> {
        self.writer.write(move |tx| account::keep_session(tx, id, &latest))
    }

    fn link_number(&self, id: UserId, proof: NumberProof, now: u64) -> Answer<'_, NumberLinking> {
        self.writer.write(move |tx| account::link_number(tx, id, &proof, now))
    }

    fn unlink_number(&self, id: UserId) -> Answer<'_, ()> {
        self.writer.write(move |tx| account::unlink_number(tx, id))
    }

    fn keep_account(&self, id: UserId) -> Answer<'_, ()> {
        self.writer.write(move |tx| account::keep(tx, id))
    }

    fn remove_account(&self, id: UserId, former: FormerId, now: u64) -> Answer<'_, ()> {
        self.writer.write(move |tx| account::remove(tx, id, former, now))
    }

    fn suspend_account(&self, id: UserId, suspended: bool) -> Answer<'_, bool> {
        self.writer.write(move |tx| account::suspend(tx, id, suspended))
    }

    fn count_administration(&self) -> Answer<'_, ()> {
        self.writer.write(account::count_administration)
    }

    fn administrations(&self) -> Answer<'_, u64> {
        self.readers.read(|connection| connection.query_row("SELECT administered FROM relay", [], |row| row.get(0)))
    }

    fn due_retirements(&self, now: u64) -> Answer<'_, Vec<UserId>> {
        self.readers.read(move |connection| account::due_retirements(connection, now))
    }

    fn plan_code(&self, plan: CodePlan, now: u64) -> Answer<'_, CodePlanned> {
        self.writer.write(move |tx| code::plan(tx, &plan, now))
    }

    fn withdraw_code(&self, number: NumberToken, now: u64) -> Answer<'_, ()> {
        self.writer.write(move |tx| code::withdraw(tx, &number, now))
    }

    fn add_invitation(&self, code: Hash, expires_at: u64) -> Answer<'_, ()> {
        self.writer.write(move |tx| code::add_invitation(tx, &code, expires_at))
    }

    fn invitations(&self, now: u64) -> Answer<'_, u64> {
        self.readers.read(move |connection| code::invitations(connection, now))
    }

    fn remove_invitations(&self, code: Option<Hash>, now: u64) -> Answer<'_, u64> {
        self.writer.write(move |tx| code::remove_invitations(tx, code.as_ref(), now))
    }

    fn add_key_packages(
        &self,
        id: UserId,
        packages: Vec<KeyPackages>,
        batch: Hash,
        replace: bool,
    ) -> Answer<'_, PackagesAdded> {
        self.writer.write(move |tx| directory::add_key_packages(tx, id, &packages, batch, replace))
    }

    fn key_package_counts(&self, id: UserId) -> Answer<'_, Vec<KeyPackageCount>> {
        self.readers.read(move |connection| directory::key_package_counts(connection, id))
    }

    fn take_key_package(&self, asked: Addressee, suites: Vec<u16>, now: u64) -> Answer<'_, Taken> {
        self.writer.write(move |tx| directory::take_key_package(tx, &asked, &suites, now))
    }

    fn replace_tokens(&self, id: UserId, tokens: Vec<TokenHash>) -> Answer<'_, ()> {
        self.writer.write(move |tx| mailbox::replace_tokens(tx, id, &tokens))
    }

    fn deliver(&self, delivery: Arc<NewDelivery>, now: u64, filed: OnFiled) -> Answer<'_, Vec<Delivered>> {
        let told = move |(_, stored): &(Vec<Delivered>, Vec<Filed>)| filed(stored);
        let answer = self.writer.write_then(move |tx| delivery::deliver(tx, &delivery, now), told);
        Box::pin(async move { Ok(answer.await?.0) })
    }

    fn admit(&self, to: Vec<Addressee>, now: u64) -> Answer<'_, Vec<Delivered>> {
        self.readers.read(move |connection| delivery::admit(connection, &to, now))
    }

    fn page(&self, id: UserId, after: u64, messages: usize, bytes: usize) -> Answer<'_, Page> {
        self.readers.read(move |connection| mailbox::page(connection, id, after, messages, bytes))
    }

    fn acknowledge(&self, id: UserId, sequences: Vec<u64>) -> Answer<'_, ()> {
        self.writer.ride(move |tx| mailbox::acknowledge(tx, id, &sequences))
    }

    fn mailbox_status(&self, id: UserId) -> Answer<'_, MailboxStatus> {
        self.readers.read(move |connection| mailbox::status(connection, id))
    }

    fn claim_slot(&self, name: SlotName, content: Vec<u8>, now: u64) -> Answer<'_, SlotState> {
        self.writer.write(move |tx| slot::claim(tx, &name, &content, now))
    }

    fn slot(&self, name: SlotName) -> Answer<'_, SlotState> {
        self.readers.read(move |connection| slot::read(connection, &name))
    }

    fn add_blob(&self, name: BlobId, owner: Hash, expires_at: u64) -> Answer<'_, bool> {
        self.writer.write(move |tx| blob::add(tx, &name, &owner, expires_at))
    }

    fn owns_blob(&self, name: BlobId, owner: Hash) -> Answer<'_, bool> {
        self.readers.read(move |connection| blob::is_owned(connection, &name, &owner))
    }

    fn remove_blobs(&self, names: Vec<BlobId>) -> Answer<'_, ()> {
        self.writer.write(move |tx| blob::remove(tx, &names))
    }

    fn blobs_after(&self, after: Option<BlobId>) -> Answer<'_, Vec<(BlobId, Hash)>> {
        self.readers.read(move |connection| blob::after(connection, after.as_ref()))
    }

    fn expired_blobs(&self, now: u64) -> Answer<'_, Vec<BlobId>> {
        self.readers.read(move |connection| blob::expired(connection, now))
    }

    fn totals(&self) -> Answer<'_, Totals> {
        self.readers.read(mailbox::totals)
    }

    fn incarnation(&self) -> Answer<'_, u64> {
        self.readers.read(|connection| connection.query_row("SELECT incarnation FROM relay", [], |row| row.get(0)))
    }

    fn claims_from(&self, proposed: u64) -> Answer<'_, u64> {
        self.writer.write(move |tx| {
            tx.execute("UPDATE relay SET claims_from = ?1 WHERE claims_from < 0", [proposed])?;
            tx.query_row("SELECT claims_from FROM relay", [], |row| row.get(0))
        })
    }

    fn sweep(&self, sweep: Sweep, now: u64) -> Answer<'_, usize> {
        self.writer.write(move |tx| sweep::run(tx, sweep, now))
    }

    fn checkpoint(&self) -> Answer<'_, ()> {
        // Beside the writer: it must not wait for a checkpoint, and a checkpoint needs no transaction.
        self.readers.read(|connection| {
            let path = connection.path().unwrap_or_default().to_owned();
            let beside = Connection::open(path)?;
            beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            // What was deleted leaves the log too. Little is left to copy, and where that would keep the writer
            // waiting, the next time makes up for it.
            beside.busy_timeout(TRUNCATION)?;
            beside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        })
    }
}

fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.query_row("PRAGMA journal_mode=WAL", [], |_| Ok(()))?;
    connection.execute_batch("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;")?;
    // A message that was deleted is overwritten: FAST would leave it in pages that are free.
    connection.query_row("PRAGMA secure_delete=ON", [], |_| Ok(()))?;
    connection.query_row(&format!("PRAGMA wal_autocheckpoint={WAL_PAGES}"), [], |_| Ok(()))?;
    connection.execute_batch(&format!("PRAGMA cache_size=-{CACHE_KILOBYTES}"))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn configure_reader(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

/// What SQLite says, by what the caller can do. Its texts name tables and constraints, never values.
fn failure(error: rusqlite::Error) -> StoreError {
    // What connections share is a file as well, and has a code of its own where it can't grow.
    if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_SHMSIZE) {
        return StoreError::Full;
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
        _ => StoreError::Failed(error.to_string()),
    }
}

/// The account's row of an ID.
fn row_of(connection: &Connection, id: UserId) -> rusqlite::Result<Option<i64>> {
    use rusqlite::OptionalExtension;
    let mut statement = connection.prepare_cached("SELECT account FROM account WHERE id = ?1")?;
    statement.query_row([id.to_bytes()], |row| row.get(0)).optional()
}

/// `table.column` of all that is stored.
#[cfg(test)]
pub fn columns() -> std::collections::BTreeSet<String> {
    let mut connection = Connection::open_in_memory().expect("in memory");
    schema::migrate(&mut connection).expect("migrations are well-formed");
    let all = "SELECT tables.name || '.' || columns.name FROM sqlite_schema AS tables
               JOIN pragma_table_info(tables.name) AS columns
               WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(all).expect("well-formed");
    let names = statement.query_map([], |row| row.get(0)).expect("well-formed");
    names.collect::<Result<_, _>>().expect("text")
}
