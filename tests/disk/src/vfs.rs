//! The file system that SQLite sees: the one of the platform, but for what may fail.
//!
//! Nothing is wrapped: the platform's file object is given out as it is, with a table of methods in which those that
//! change or sync a file are ours. They ask the disk first.
//!
//! Invariant: an address in `FILES` is that of an open file; SQLite uses each on one thread at a time, and closes it
//! once.

use std::{
    collections::BTreeMap,
    ffi::{CStr, OsStr, c_char, c_int, c_void},
    os::unix::ffi::OsStrExt as _,
    path::Path,
    ptr, slice,
    sync::{
        Mutex, MutexGuard, Once, PoisonError,
        atomic::{AtomicPtr, Ordering},
    },
};

use rusqlite::ffi::{
    self, sqlite3_file, sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

use crate::disk::{self, DiskFile};

static PLATFORM: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());
/// By the address of SQLite's file object.
static FILES: Mutex<BTreeMap<usize, OpenFile>> = Mutex::new(BTreeMap::new());

struct OpenFile {
    file: DiskFile,
    platform: &'static sqlite3_io_methods,
    /// What SQLite calls; it has the address.
    methods: Box<sqlite3_io_methods>,
}

/// Makes this the default file system of the process, once.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // SAFETY: a registered file system is never freed: the platform's by SQLite, and ours is leaked.
        let code = unsafe {
            assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK);
            let platform = sqlite3_vfs_find(ptr::null());
            PLATFORM.store(platform, Ordering::Release);
            let (name, next) = (c"failing-disk".as_ptr(), ptr::null_mut());
            let ours = sqlite3_vfs { zName: name, pNext: next, xOpen: Some(open), xDelete: Some(delete), ..*platform };
            sqlite3_vfs_register(Box::leak(Box::new(ours)), 1)
        };
        assert_eq!(code, ffi::SQLITE_OK, "SQLite takes the file system");
    });
}

/// # Safety
/// As SQLite calls it: `name` is null or a string of C, `file` has the room that the platform asks for.
unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    // SAFETY: what SQLite hands in goes on to the platform, and is what it expects; where it has opened the file, it
    // has set the table of methods, which is a constant of the platform's.
    unsafe {
        let platform = PLATFORM.load(Ordering::Acquire);
        let open = (*platform).xOpen.expect("a file system opens files");
        let Some(on_disk) = on_disk(name) else { return open(platform, name, file, flags, flags_out) };
        (*file).pMethods = ptr::null();
        let flags = match on_disk.opens(flags) {
            Ok(flags) => flags,
            Err(code) => return code,
        };
        let code = open(platform, name, file, flags, flags_out);
        if code == ffi::SQLITE_OK {
            on_disk.is_open();
            let platform: &'static sqlite3_io_methods = &*(*file).pMethods;
            let methods = Box::new(failing(platform));
            (*file).pMethods = &raw const *methods;
            files().insert(file.addr(), OpenFile { file: on_disk, platform, methods });
        }
        code
    }
}

/// The platform's methods but for those that can fail. Version 2 is the one without memory-mapped reading and writing.
fn failing(platform: &sqlite3_io_methods) -> sqlite3_io_methods {
    sqlite3_io_methods {
        iVersion: platform.iVersion.min(2),
        xClose: Some(close),
        xWrite: Some(write),
        xTruncate: Some(truncate),
        xSync: Some(sync),
        xShmMap: Some(share),
        ..*platform
    }
}

/// # Safety
/// As SQLite calls it: `name` is a string of C.
unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, for_good: c_int) -> c_int {
    // SAFETY: what SQLite hands in goes on to the platform.
    unsafe {
        let platform = PLATFORM.load(Ordering::Acquire);
        let delete = (*platform).xDelete.expect("a file system deletes files");
        match on_disk(name).map(|file| file.delete(for_good != 0)) {
            None | Some(ffi::SQLITE_OK) => delete(platform, name, 0),
            Some(code) => code,
        }
    }
}

/// # Safety
/// As SQLite calls it: `file` is open and not used again.
unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let open = files().remove(&file.addr()).expect("the file is open");
    // SAFETY: the methods are the platform's own for this file. Ours, which go now, are not asked for any more.
    let code = unsafe { open.platform.xClose.expect("a file is closed")(file) };
    open.file.is_closed();
    drop(open.methods);
    code
}

/// # Safety
/// As SQLite calls it: `file` is open, there are `amount` bytes.
unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, amount: c_int, at: sqlite3_int64) -> c_int {
    let (on_disk, platform) = known(file);
    let (length, offset) = (size(amount.into()), size(at));
    // SAFETY: SQLite vouches for that many bytes.
    let written = on_disk.write(offset, unsafe { slice::from_raw_parts(bytes.cast(), length) });
    if written.arrives > 0 {
        let arrives = c_int::try_from(written.arrives).expect("no more than was handed in");
        // SAFETY: the platform's own method for this file, with no more bytes than there are.
        let code = unsafe { platform.xWrite.expect("a file is written")(file, bytes, arrives, at) };
        assert_eq!(code, ffi::SQLITE_OK, "the disk of this machine works");
    }
    written.code
}

/// # Safety
/// As SQLite calls it: `file` is open.
unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    let (on_disk, platform) = known(file);
    match on_disk.truncate(size(length)) {
        // SAFETY: the platform's own method for this file.
        ffi::SQLITE_OK => unsafe { platform.xTruncate.expect("a file is truncated")(file, length) },
        code => code,
    }
}

/// # Safety
/// As SQLite calls it: `file` is open.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    known(file).0.sync()
}

/// # Safety
/// As SQLite calls it: `file` is open, `region` is where it wants the address.
unsafe extern "C" fn share(
    file: *mut sqlite3_file,
    page: c_int,
    page_size: c_int,
    extend: c_int,
    region: *mut *mut c_void,
) -> c_int {
    let (on_disk, platform) = known(file);
    match if extend == 0 { ffi::SQLITE_OK } else { on_disk.shares_more() } {
        // SAFETY: the platform's own method for this file.
        ffi::SQLITE_OK => unsafe { platform.xShmMap.expect("a file is shared")(file, page, page_size, extend, region) },
        code => code,
    }
}

/// # Safety
/// `name` is null or a string of C.
unsafe fn on_disk(name: *const c_char) -> Option<DiskFile> {
    if name.is_null() {
        return None;
    }
    // SAFETY: it is a string of C.
    let name = unsafe { CStr::from_ptr(name) };
    disk::file(Path::new(OsStr::from_bytes(name.to_bytes())))
}

fn known(file: *mut sqlite3_file) -> (DiskFile, &'static sqlite3_io_methods) {
    let files = files();
    let open = files.get(&file.addr()).expect("the file is open");
    (open.file.clone(), open.platform)
}

fn files() -> MutexGuard<'static, BTreeMap<usize, OpenFile>> {
    FILES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn size(number: sqlite3_int64) -> usize {
    usize::try_from(number).expect("SQLite's sizes and offsets are not negative")
}
