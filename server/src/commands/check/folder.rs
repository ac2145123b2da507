//! The data folder: whose it is, its keys, its database, its disk.

use std::{
    fs::{self, File, TryLockError},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::Path,
};

use sealpost_server::{
    config::{Config, Disk},
    keys::{FILES, KeyError, Keys},
    parts::{DATABASE, UNFINISHED_RESTORE, free_bytes},
    store::{StoreError, sqlite},
};

use super::Finding;
use crate::commands::figures::bytes;

/// All of it; whether a relay runs on it.
pub fn check(config: &Config, full: bool, findings: &mut Vec<Finding>) -> bool {
    let (folder, database) = (&config.data, config.data.join(DATABASE));
    let shown = folder.display().to_string();
    let Ok(metadata) = fs::metadata(folder) else {
        findings.push(Finding::error("data", format!("{shown} can't be looked into"), "make it with `init`, as root"));
        return false;
    };
    findings.push(match metadata.permissions().mode() & 0o077 {
        0 => Finding::ok("data", shown),
        _ => Finding::warn(
            "data",
            format!("{shown} can be entered by others"),
            format!("chmod 700 {}", folder.display()),
        ),
    });
    if folder.join(UNFINISHED_RESTORE).exists() {
        findings.push(Finding::error("data", "a restore was not finished", "repeat it with --force"));
    }
    findings.push(keys(folder, database.exists()));
    findings.extend(owners(folder, metadata.uid()));
    if database.exists() {
        findings.push(schema(&database));
        findings.push(contents(&database, full));
    } else {
        findings.push(Finding::warn("database", "there is none yet", "`serve` makes it"));
    }
    findings.push(disk(folder, config.disk));
    is_running(folder)
}

fn keys(folder: &Path, database_exists: bool) -> Finding {
    match Keys::open(folder, true) {
        Ok(_) => Finding::ok("keys", "complete, and for the relay alone"),
        Err(KeyError::Missing(_)) if !database_exists => {
            Finding::warn("keys", "there are none yet", "`serve` makes them, and so does `init`")
        }
        Err(error @ KeyError::Readable(_)) => {
            Finding::error("keys", error.to_string(), "and think of who could have read it")
        }
        Err(KeyError::File(path, error)) => {
            Finding::error("keys", format!("{}: {error}", path.display()), "run this as the relay's user or as root")
        }
        Err(error) => {
            Finding::error("keys", error.to_string(), "it is in what `backup --keys` wrote; `restore` puts it back")
        }
    }
}

/// What the relay's user can't open though root can.
fn owners(folder: &Path, owner: u32) -> Option<Finding> {
    let files = FILES.into_iter().chain([DATABASE, "relay.sqlite-wal", "relay.sqlite-shm", "blobs"]);
    let foreign =
        files.into_iter().find(|name| fs::metadata(folder.join(name)).is_ok_and(|metadata| metadata.uid() != owner))?;
    let remedy = format!("chown -R --reference={0} {0}", folder.display());
    Some(Finding::error("data", format!("{foreign} belongs to another user than its folder"), remedy))
}

fn schema(database: &Path) -> Finding {
    match sqlite::inspect(database) {
        Ok(version) if version.found > version.known => {
            let what = format!("version {}, this program knows {}", version.found, version.known);
            Finding::error("schema", what, "install the newer program; this one changes nothing")
        }
        Ok(version) if version.found < version.known => {
            let what = format!("version {}, this program's is {}", version.found, version.known);
            Finding::warn("schema", what, "make a backup; then `serve` brings it up, or `migrate`")
        }
        Ok(version) => Finding::ok("schema", format!("version {}", version.found)),
        Err(error) => unreadable("schema", &error),
    }
}

fn contents(database: &Path, full: bool) -> Finding {
    match sqlite::verify(database, full) {
        Ok(complaints) => match complaints.first() {
            None => Finding::ok("database", "sound"),
            Some(first) => Finding::error("database", format!("damaged: {first}"), "restore a backup"),
        },
        Err(error) => unreadable("database", &error),
    }
}

fn unreadable(about: &str, error: &StoreError) -> Finding {
    Finding::error(about, error.to_string(), "run this as the relay's user; if it is damaged, restore a backup")
}

fn disk(folder: &Path, limits: Disk) -> Finding {
    match free_bytes(folder) {
        Err(error) => Finding::error("disk", format!("it does not say what is free ({error})"), "look at the disk"),
        Ok(free) if free < limits.deliveries_bytes => Finding::error(
            "disk",
            format!("{} free: deliveries are refused", bytes(free)),
            "make room, or lower disk.deliveries_bytes",
        ),
        Ok(free) if free < limits.uploads_bytes => {
            let what = format!("{} free: uploads and new accounts are refused", bytes(free));
            Finding::warn("disk", what, "make room, or lower disk.uploads_bytes")
        }
        Ok(free) => Finding::ok("disk", format!("{} free", bytes(free))),
    }
}

/// Whoever runs holds the lock.
fn is_running(folder: &Path) -> bool {
    let file = File::open(folder.join("lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
