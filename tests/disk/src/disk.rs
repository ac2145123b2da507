//! What the disk answers to each operation, and what it remembers of each file.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use rusqlite::ffi;

use crate::{
    image::{Change, Image, Remains, torn_length},
    vfs,
};

/// How the disk fails from some operation on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No file can grow; of the write that would not fit, the beginning is there.
    Full,
    /// Nothing can be changed, as where the system has taken writing away.
    ReadOnly,
    /// Every change fails, syncs included; of the first write that fails, the beginning is there.
    Broken,
    /// The power goes: nothing is done any more. What remains is seen when it is back.
    PowerCut(Remains),
}

/// The disk under a folder, for as long as this lives. Other folders have disks of their own.
pub struct Disk {
    shared: Arc<Shared>,
}

/// One file on a disk, as the file system sees it.
#[derive(Clone)]
pub(crate) struct DiskFile {
    disk: Arc<Shared>,
    path: PathBuf,
    /// Its next sync is one of the folder as well, and with it of what was deleted there.
    syncs_folder: Arc<AtomicBool>,
}

/// What becomes of a write: how many of its bytes arrive, and SQLite's code for it.
pub(crate) struct Written {
    pub arrives: usize,
    pub code: i32,
}

struct Shared {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    files: BTreeMap<PathBuf, File>,
    /// Changes and syncs so far.
    operations: u64,
    syncs: Vec<u64>,
    /// From which operation on the disk fails, and how.
    plan: Option<(u64, Fault)>,
    struck: Option<Fault>,
}

struct File {
    image: Image,
    length: usize,
    /// How many connections have it open.
    open: usize,
}

static DISKS: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());

impl Disk {
    /// Puts a disk under the databases below `folder` that are opened from now on. It works until it is told to fail.
    ///
    /// # Panics
    /// Where there is no such folder.
    pub fn under(folder: &Path) -> Self {
        vfs::install();
        let folder = folder.canonicalize().expect("the disk's folder is there");
        let shared = Arc::new(Shared { folder, state: Mutex::default() });
        locked(&DISKS).push(Arc::clone(&shared));
        Self { shared }
    }

    /// After `operations` more changes and syncs, from the next one on, the disk fails.
    pub fn fails_after(&self, operations: u64, fault: Fault) {
        let mut state = self.shared.state();
        state.plan = Some((state.operations + operations, fault));
    }

    /// How many changes and syncs there have been.
    pub fn operations(&self) -> u64 {
        self.shared.state().operations
    }

    /// Which of the operations were syncs; the first has the number 0.
    pub fn syncs(&self) -> Vec<u64> {
        self.shared.state().syncs.clone()
    }

    /// Whether something failed.
    pub fn has_failed(&self) -> bool {
        self.shared.state().struck.is_some()
    }

    /// There is room, it can be written, or the power is back; then each file is what the cut has left of it.
    ///
    /// # Panics
    /// After a power cut, where somebody still has a file open: with the power, every process ended.
    pub fn works_again(&self) {
        let mut state = self.shared.state();
        state.plan = None;
        if let Some(Fault::PowerCut(remains)) = state.struck.take() {
            for (path, file) in std::mem::take(&mut state.files) {
                assert_eq!(file.open, 0, "{} outlives the power", path.display());
                file.lose_power(&path, remains);
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        locked(&DISKS).retain(|disk| !Arc::ptr_eq(disk, &self.shared));
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl State {
    /// Counts an operation and says whether the disk fails, and whether it begins to with this one.
    fn next_operation(&mut self) -> Option<(Fault, bool)> {
        self.operations += 1;
        if let Some(fault) = self.struck {
            return Some((fault, false));
        }
        let (at, fault) = self.plan?;
        if self.operations <= at {
            return None;
        }
        Some((fault, true))
    }

    fn file(&mut self, path: &Path) -> &mut File {
        self.files.get_mut(path).expect("a file is opened before it is used")
    }
}

impl File {
    fn lose_power(&self, path: &Path, remains: Remains) {
        // What connections share in memory is a file as well, and as lost as they are.
        remove(&beside(path, "-shm"));
        if self.image.is_synced() {
            return;
        }
        match self.image.after_power_cut(remains) {
            Some(content) => write(path, &content),
            None => remove(path),
        }
    }
}

/// The file at this path, where a disk is under it.
pub(crate) fn file(path: &Path) -> Option<DiskFile> {
    let disks = locked(&DISKS);
    let disk = disks.iter().find(|disk| path.starts_with(&disk.folder))?;
    Some(DiskFile { disk: Arc::clone(disk), path: path.to_owned(), syncs_folder: Arc::default() })
}

impl DiskFile {
    /// With which flags it can be opened.
    pub fn opens(&self, flags: i32) -> Result<i32, i32> {
        let mut state = self.disk.state();
        match state.struck {
            Some(Fault::PowerCut(_)) => return Err(ffi::SQLITE_CANTOPEN),
            Some(Fault::ReadOnly) if !self.path.exists() => return Err(ffi::SQLITE_CANTOPEN),
            _ => {}
        }
        // What was closed and synced may have been changed by others than SQLite.
        if state.files.get(&self.path).is_none_or(|file| file.open == 0 && file.image.is_synced()) {
            let found = read(&self.path);
            let length = found.as_ref().map_or(0, Vec::len);
            state.files.insert(self.path.clone(), File { image: Image::found(found), length, open: 0 });
        }
        // As SQLite does on Unix: the first sync of a journal or log that may be new makes its name durable.
        let journals = ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL;
        let may_be_new = flags & ffi::SQLITE_OPEN_CREATE != 0 && flags & journals != 0;
        self.syncs_folder.store(may_be_new, Ordering::Relaxed);
        let changing = ffi::SQLITE_OPEN_READWRITE | ffi::SQLITE_OPEN_CREATE;
        match state.struck {
            Some(Fault::ReadOnly) if flags & changing != 0 => Ok(flags & !changing | ffi::SQLITE_OPEN_READONLY),
            _ => Ok(flags),
        }
    }

    pub fn is_open(&self) {
        self.disk.state().file(&self.path).open += 1;
    }

    pub fn is_closed(&self) {
        self.disk.state().file(&self.path).open -= 1;
    }

    pub fn write(&self, at: usize, bytes: &[u8]) -> Written {
        let mut state = self.disk.state();
        let failing = state.next_operation();
        let file = state.file(&self.path);
        let end = at + bytes.len();
        let (arrives, code) = match failing {
            None => (bytes.len(), ffi::SQLITE_OK),
            Some((Fault::Full, _)) if end <= file.length => (bytes.len(), ffi::SQLITE_OK),
            Some((Fault::Full, true)) => (torn_length(bytes.len()), ffi::SQLITE_FULL),
            Some((Fault::Full, false)) => (0, ffi::SQLITE_FULL),
            Some((Fault::ReadOnly, _)) => (0, ffi::SQLITE_READONLY),
            Some((Fault::Broken, true)) => (torn_length(bytes.len()), ffi::SQLITE_IOERR_WRITE),
            // The write that was on its way when the power went; how much of it arrived is drawn with the rest.
            Some((Fault::PowerCut(_), true)) => {
                file.image.change(Change::Write { at, bytes: bytes.to_vec() });
                (0, ffi::SQLITE_IOERR_WRITE)
            }
            Some((Fault::Broken | Fault::PowerCut(_), _)) => (0, ffi::SQLITE_IOERR_WRITE),
        };
        if arrives > 0 {
            file.image.change(Change::Write { at, bytes: bytes[..arrives].to_vec() });
            file.length = file.length.max(at + arrives);
        }
        state.note(failing, code);
        Written { arrives, code }
    }

    /// SQLite's code; the file is truncated where it is `SQLITE_OK`.
    pub fn truncate(&self, length: usize) -> i32 {
        let mut state = self.disk.state();
        let failing = state.next_operation();
        let file = state.file(&self.path);
        let code = match failing {
            None => ffi::SQLITE_OK,
            Some((Fault::Full, _)) if length <= file.length => ffi::SQLITE_OK,
            Some((Fault::Full, _)) => ffi::SQLITE_FULL,
            Some((Fault::PowerCut(_), true)) => {
                file.image.change(Change::Truncate(length));
                ffi::SQLITE_IOERR_TRUNCATE
            }
            Some(_) => ffi::SQLITE_IOERR_TRUNCATE,
        };
        if code == ffi::SQLITE_OK {
            file.image.change(Change::Truncate(length));
            file.length = length;
        }
        state.note(failing, code);
        code
    }

    /// SQLite's code. (The real disk is not waited for: there is no power to lose.)
    pub fn sync(&self) -> i32 {
        let mut state = self.disk.state();
        let number = state.operations;
        state.syncs.push(number);
        let failing = state.next_operation();
        let code = match failing {
            None | Some((Fault::Full | Fault::ReadOnly, _)) => ffi::SQLITE_OK,
            Some((Fault::Broken | Fault::PowerCut(_), _)) => ffi::SQLITE_IOERR_FSYNC,
        };
        if code == ffi::SQLITE_OK {
            state.file(&self.path).image.sync();
            if self.syncs_folder.swap(false, Ordering::Relaxed) {
                let folder = self.path.parent();
                let beside = state.files.iter_mut().filter(|(path, _)| path.parent() == folder);
                beside.for_each(|(_, file)| file.image.sync_name());
            }
        }
        state.note(failing, code);
        code
    }

    /// SQLite's code; the file is deleted where it is `SQLITE_OK`.
    pub fn delete(&self, for_good: bool) -> i32 {
        let mut state = self.disk.state();
        let failing = state.next_operation();
        let code = match failing {
            None | Some((Fault::Full, _)) => ffi::SQLITE_OK,
            Some(_) => ffi::SQLITE_IOERR_DELETE,
        };
        if let Some(file) = state.files.get_mut(&self.path)
            && (code == ffi::SQLITE_OK || matches!(failing, Some((Fault::PowerCut(_), true))))
        {
            file.image.change(Change::Delete);
            file.length = 0;
            if for_good && code == ffi::SQLITE_OK {
                file.image.sync();
            }
        }
        state.note(failing, code);
        code
    }

    /// Whether what connections share can grow.
    pub fn shares_more(&self) -> i32 {
        let mut state = self.disk.state();
        match state.next_operation() {
            failing @ Some((Fault::Full, _)) => {
                state.note(failing, ffi::SQLITE_IOERR_SHMSIZE);
                ffi::SQLITE_IOERR_SHMSIZE
            }
            failing @ Some((Fault::PowerCut(_), _)) => {
                state.note(failing, ffi::SQLITE_IOERR_SHMMAP);
                ffi::SQLITE_IOERR_SHMMAP
            }
            _ => ffi::SQLITE_OK,
        }
    }
}

impl State {
    /// The disk has begun to fail, where this operation did.
    fn note(&mut self, failing: Option<(Fault, bool)>, code: i32) {
        if code != ffi::SQLITE_OK {
            self.struck = failing.map(|(fault, _)| fault);
        }
    }
}

fn read(path: &Path) -> Option<Vec<u8>> {
    match fs::read(path) {
        Ok(content) => Some(content),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// Over what is there: a file system may wait for the disk where a file is emptied first.
fn write(path: &Path, content: &[u8]) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(path);
    let written = file.and_then(|mut file| file.write_all(content).and_then(|()| file.set_len(content.len() as u64)));
    written.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => panic!("{}: {error}", path.display()),
        _ => {}
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
