//! A short life of a database, step by step, and what must be in it after each commit.

use std::{fs, path::Path, sync::OnceLock};

use sealpost_disk::{Disk, Fault};
use sealpost_engine::storage::{
    Direction, RawRow, Read, StorageError, Table, Write,
    memory::{MemoryStore, MemoryTransaction},
};
use sealpost_store::{OpenError, OpenMode, Store};
use tempfile::TempDir;

use Step::{Close, Commit, Create, ForgetDeleted, Open};

const KEY: [u8; 32] = [0x5E; 32];
/// Pages in the log after which it is folded into the database.
const CHECKPOINT_PAGES: u32 = 8;
/// A row that fills pages of its own.
const LONG: usize = 5_000;

type Rows = Vec<(Table, RawRow)>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Create,
    Open,
    /// Numbered from 1 on; each needs those before it.
    Commit(u32),
    ForgetDeleted,
    Close,
}

/// A database that is made.
pub const MAKING: &[Step] = &[Create, Commit(1), Close];
/// A database that is used: the log grows, is folded in by a commit and wiped, and starts anew.
pub const USING: &[Step] =
    &[Open, Commit(1), Commit(2), ForgetDeleted, Commit(3), Commit(4), Commit(5), Close, Open, Commit(6), Close];

/// A script being played on a disk of its own.
pub struct Play {
    script: &'static [Step],
    folder: TempDir,
    pub disk: Disk,
    store: Option<Store>,
    next: usize,
    /// The last commit that was answered.
    pub committed: u32,
    /// Plants the bug in every database that is opened.
    pub answers_before_it_syncs: bool,
}

impl Play {
    /// The database is there, unless the script makes it.
    pub fn of(script: &'static [Step]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        if script[0] != Create {
            prepare(folder.path());
        }
        let disk = Disk::under(folder.path());
        Self { script, folder, disk, store: None, next: 0, committed: 0, answers_before_it_syncs: false }
    }

    /// Goes on until the end, or until a step is refused, and says why; what was refused is the next step.
    pub fn goes_on(&mut self) -> Result<(), OpenError> {
        while let Some(step) = self.script.get(self.next) {
            self.takes(*step)?;
            self.next += 1;
        }
        Ok(())
    }

    fn takes(&mut self, step: Step) -> Result<(), OpenError> {
        match step {
            // An attempt that was cut off may have made it.
            Create if !Store::exists(self.folder.path()) => self.opens(OpenMode::Create),
            Create | Open => self.opens(OpenMode::Existing),
            Commit(number) => {
                self.store().transaction(|tx| write(tx, number))?;
                self.committed = number;
                Ok(())
            }
            ForgetDeleted => Ok(self.store().forget_deleted()?),
            Close => {
                self.store = None;
                Ok(())
            }
        }
    }

    fn opens(&mut self, mode: OpenMode) -> Result<(), OpenError> {
        let mut store = Store::open(self.folder.path(), &KEY, mode)?;
        store.checkpoints_at(CHECKPOINT_PAGES)?;
        if self.answers_before_it_syncs {
            store.answers_before_it_syncs()?;
        }
        self.store = Some(store);
        Ok(())
    }

    fn store(&mut self) -> &mut Store {
        self.store.as_mut().expect("the script opens before it writes")
    }

    /// The process ends, in order or not. What the script did not close is open again before it goes on.
    pub fn ends(&mut self) {
        self.store = None;
    }

    /// Opens the database again and says which commit its content is that of. It stays open where the script is in the
    /// middle of using it.
    #[track_caller]
    pub fn reopens(&mut self) -> u32 {
        if !Store::exists(self.folder.path()) {
            assert_eq!(self.next, 0, "what was made stays");
            return 0;
        }
        self.opens(OpenMode::Existing).expect("the database opens");
        let found = self.content();
        let last = self.script[..self.next].iter().rfind(|step| [Create, Open, Close].contains(step));
        if last.is_none_or(|step| *step == Close) {
            self.store = None;
        }
        found
    }

    pub fn is_open(&self) -> bool {
        self.store.is_some()
    }

    /// The commit whose state is read; each leaves another one.
    #[track_caller]
    pub fn content(&mut self) -> u32 {
        let rows = self.store().reader().and_then(|mut reader| reader.snapshot(|read| all_rows(read)));
        let rows = rows.expect("the database is read");
        let found = states().iter().position(|state| *state == rows).expect("the state after a commit, whole");
        found as u32
    }

    pub fn is_committing(&self) -> bool {
        matches!(self.script.get(self.next), Some(Commit(_)))
    }

    pub fn where_it_is(&self) -> String {
        format!("{:?} of {}", self.script.get(self.next), self.script.len())
    }

    /// How many changes and syncs the whole script makes of the disk.
    pub fn operations(script: &'static [Step]) -> u64 {
        let mut play = Self::of(script);
        play.goes_on().expect("nothing fails");
        play.disk.operations()
    }

    /// Fails the script at each of its operations, on a disk of its own each time. Says how many there were.
    pub fn fails_at_each(script: &'static [Step], fault: Fault, check: impl Fn(&mut Play, Result<(), OpenError>)) {
        for operation in 0..Self::operations(script) {
            let mut play = Self::of(script);
            play.disk.fails_after(operation, fault);
            let outcome = play.goes_on();
            println!("{fault:?} at operation {operation}, {}: {outcome:?}", play.where_it_is());
            check(&mut play, outcome);
        }
    }
}

/// A closed database with a schema and nothing else, made once.
fn prepare(folder: &Path) {
    static MADE: OnceLock<TempDir> = std::sync::OnceLock::new();
    let made = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        drop(Store::open(folder.path(), &KEY, OpenMode::Create).unwrap());
        folder
    });
    for entry in fs::read_dir(made.path()).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
}

/// What a commit writes: something new, something in place of the old, and the removal of something older.
fn write(tx: &mut dyn Write, number: u32) -> Result<(), StorageError> {
    let length = if number.is_multiple_of(2) { LONG } else { 10 };
    tx.put(Table::Message, &number.to_be_bytes(), &vec![number as u8; length])?;
    tx.put(Table::Account, b"last", &number.to_be_bytes())?;
    for secret in 0..2_u8 {
        tx.put(Table::Mls, &[secret, number as u8], &[number as u8; 700])?;
        tx.remove(Table::Mls, &[secret, number as u8 - 1])?;
    }
    tx.remove(Table::Message, &(number.saturating_sub(3)).to_be_bytes())
}

/// What a model that can't fail holds after each commit.
fn states() -> &'static [Rows] {
    static STATES: OnceLock<Vec<Rows>> = OnceLock::new();
    STATES.get_or_init(|| {
        let commits = USING.iter().filter_map(|step| match step {
            Commit(number) => Some(*number),
            _ => None,
        });
        let mut model = MemoryStore::default();
        let mut states = vec![all_rows(&model).expect("the model is read")];
        for number in commits {
            let mut tx: MemoryTransaction<'_> = model.begin();
            write(&mut tx, number).expect("the model takes everything");
            tx.commit();
            states.push(all_rows(&model).expect("the model is read"));
        }
        states
    })
}

fn all_rows(read: &(impl Read + ?Sized)) -> Result<Rows, StorageError> {
    let mut rows = Vec::new();
    for table in Table::ALL {
        let found = read.scan(*table, b"", None, Direction::Up, usize::MAX)?;
        rows.extend(found.into_iter().map(|row| (*table, row)));
    }
    Ok(rows)
}
