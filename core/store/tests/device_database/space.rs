//! A full and a read-only disk, real ones: small file systems in memory, mounted in a namespace of their own.

use std::{
    fs::{self, File},
    io::Write as _,
    path::Path,
    process::Command,
};

use sealpost_engine::storage::{StorageError, Table};
use sealpost_store::{OpenError, OpenMode, Store};

use crate::{CHILD_FOLDER, KEY, child_folder, open, put, refusal, value};

#[test]
fn full_disk_is_said_and_loses_nothing() {
    on_small_disk("mount -t tmpfs -o size=1m none $DISK && $TEST space::child_fills_the_disk");
}

#[test]
fn opening_on_a_full_disk_is_refused() {
    on_small_disk("mount -t tmpfs -o size=1m none $DISK && $TEST space::child_opens_on_a_full_disk");
}

#[test]
fn read_only_disk_is_said() {
    on_small_disk(
        "mount -t tmpfs -o size=1m none $DISK && $TEST space::child_makes_an_account \
         && mount -o remount,ro none $DISK && $TEST space::child_meets_a_read_only_disk",
    );
}

#[test]
fn read_only_database_file_is_said() {
    on_small_disk(
        "$TEST space::child_makes_an_account && mount --bind $DISK/account/account.db $DISK/account/account.db \
         && mount -o remount,bind,ro $DISK/account/account.db && $TEST space::child_meets_a_read_only_file",
    );
}

#[test]
#[ignore = "the child of full_disk_is_said_and_loses_nothing"]
fn child_fills_the_disk() {
    let Some(folder) = child_folder() else { return };
    let mut store = Store::open(&folder, &KEY, OpenMode::Create).unwrap();
    fs::write(folder.join("ballast"), [0; 256 << 10]).unwrap();
    put(&mut store, Table::Message, b"kept", b"from before").unwrap();
    let swallowed = store.transaction(|tx| {
        for number in 0..1000_u32 {
            tx.put(Table::Message, &number.to_be_bytes(), &[1; 16 << 10]).ok();
        }
        Ok::<(), StorageError>(())
    });
    assert_eq!(swallowed, Err(StorageError::DiskFull));
    let written = (0..1000_u32)
        .map(|number| (number, put(&mut store, Table::Message, &number.to_be_bytes(), &[1; 16 << 10])))
        .find(|(_, outcome)| outcome.is_err());
    let Some((full_at, Err(StorageError::DiskFull))) = written else { panic!("the disk is not full: {written:?}") };
    assert_eq!(value(&store, Table::Message, b"kept"), Ok(Some(b"from before".to_vec())));
    drop(store);
    fs::remove_file(folder.join("ballast")).unwrap();
    let store = open(&folder);
    assert_eq!(value(&store, Table::Message, b"kept"), Ok(Some(b"from before".to_vec())));
    for number in 0..full_at {
        assert_eq!(value(&store, Table::Message, &number.to_be_bytes()), Ok(Some(vec![1; 16 << 10])));
    }
    assert_eq!(value(&store, Table::Message, &full_at.to_be_bytes()), Ok(None));
}

#[test]
#[ignore = "the child of opening_on_a_full_disk_is_refused"]
fn child_opens_on_a_full_disk() {
    let Some(folder) = child_folder() else { return };
    Store::open(&folder, &KEY, OpenMode::Create).unwrap();
    fill(&folder);
    assert_eq!(refusal(&folder), OpenError::DiskFull);
    let another = Store::open(&folder.join("another"), &KEY, OpenMode::Create);
    assert_eq!(another.err(), Some(OpenError::DiskFull));
    fs::remove_file(folder.join("filler")).unwrap();
    open(&folder);
}

#[test]
#[ignore = "the first child of the tests that meet something read-only"]
fn child_makes_an_account() {
    let Some(folder) = child_folder() else { return };
    Store::open(&folder, &KEY, OpenMode::Create).unwrap();
}

#[test]
#[ignore = "the second child of read_only_disk_is_said"]
fn child_meets_a_read_only_disk() {
    let Some(folder) = child_folder() else { return };
    assert_eq!(refusal(&folder), OpenError::ReadOnly);
    let inside = Store::open(&folder.join("another"), &KEY, OpenMode::Create);
    assert_eq!(inside.err(), Some(OpenError::ReadOnly));
}

#[test]
#[ignore = "the second child of read_only_database_file_is_said"]
fn child_meets_a_read_only_file() {
    let Some(folder) = child_folder() else { return };
    assert_eq!(refusal(&folder), OpenError::ReadOnly);
}

/// Takes what is left of the disk.
fn fill(folder: &Path) {
    let mut filler = File::create(folder.join("filler")).unwrap();
    for size in [4096, 64, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

/// Runs a shell line as root of a user namespace, where anybody may mount.
fn on_small_disk(line: &str) {
    let folder = tempfile::tempdir().unwrap();
    let test = format!("{} --exact --ignored --nocapture", std::env::current_exe().unwrap().display());
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-ec", &line.replace("$TEST", &test)]);
    command.env("DISK", folder.path()).env(CHILD_FOLDER, folder.path().join("account"));
    let output = command.output().expect("unshare of util-linux is needed");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{line}: {}\n{}\n{}", output.status, said[0], said[1]);
}
