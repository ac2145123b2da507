//! The device database as its users meet it: each test has an account's folder of its own.

mod conformance;
mod damage;
mod fixture;
mod process;
mod secrecy;
mod space;

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use sealpost_engine::storage::{StorageError, Table};
use sealpost_store::{OpenError, OpenMode, Store};
use tempfile::TempDir;

const KEY: [u8; 32] = [0x5E; 32];
/// Tells a child process, which is this test binary again, where its account is.
const CHILD_FOLDER: &str = "SEALPOST_TEST_ACCOUNT_FOLDER";

/// A folder with a new account, closed.
fn account() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path(), &KEY, OpenMode::Create).unwrap();
    folder
}

fn open(folder: &Path) -> Store {
    Store::open(folder, &KEY, OpenMode::Existing).unwrap()
}

fn refusal(folder: &Path) -> OpenError {
    Store::open(folder, &KEY, OpenMode::Existing).err().expect("this account can't be opened")
}

fn put(store: &mut Store, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
    store.transaction(|tx| tx.put(table, key, value))
}

fn value(store: &Store, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    store.reader()?.snapshot(|read| read.value(table, key))
}

/// This test binary again, running one of its ignored tests on `folder`.
fn child(test: &str, folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"]).env(CHILD_FOLDER, folder);
    command
}

/// Where the parent put the account; nothing where somebody runs the ignored tests by hand.
fn child_folder() -> Option<PathBuf> {
    env::var_os(CHILD_FOLDER).map(PathBuf::from)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}
