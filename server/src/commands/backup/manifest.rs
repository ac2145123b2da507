//! What a backup says of itself, so that nothing else is restored: its last file to be written.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use data_encoding::HEXLOWER;
use sealpost_crypto::hash::sha256;
use serde::{Deserialize, Serialize};

use crate::commands::Failure;

pub const FORMAT: u32 = 1;
const MANIFEST: &str = "backup.json";
/// Of a file that is read for its checksum.
const CHUNK: usize = 1 << 20;

/// A whole backup.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    pub made_at_seconds: u64,
    /// The version of the database.
    pub schema: u32,
    pub incarnation: u64,
    pub database_bytes: u64,
    pub database_checksum: String,
    pub blobs: u64,
    pub blob_bytes: u64,
    /// Which keys belong to it.
    pub keys_fingerprint: String,
}

impl Manifest {
    pub fn write(&self, folder: &Path) -> Result<(), Failure> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(MANIFEST))?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        Ok(file.sync_all()?)
    }

    /// Reads a backup's; nothing of the database is looked at yet.
    pub fn read(folder: &Path) -> Result<Self, Failure> {
        let shown = folder.display();
        let bytes = fs::read(folder.join(MANIFEST)).map_err(|error| match error.kind() {
            ErrorKind::NotFound => format!("{shown} is no finished backup; name a folder that `backup` has written"),
            _ => format!("{shown} can't be read ({error}); run this as its user or as root"),
        })?;
        let damaged = |_| format!("{shown}/{MANIFEST} is damaged; take another backup");
        let manifest: Self = serde_json::from_slice(&bytes).map_err(damaged)?;
        if manifest.format > FORMAT {
            return Err(format!("{shown} was made by version {}; install that first", manifest.program).into());
        }
        Ok(manifest)
    }

    /// Refuses a copy of the database that is not byte for byte the one that was backed up.
    pub fn check(&self, database: &Path) -> Result<(), Failure> {
        let is_same =
            fs::metadata(database)?.len() == self.database_bytes && checksum(database)? == self.database_checksum;
        if is_same { Ok(()) } else { Err("the backup's database is damaged; take another backup".into()) }
    }
}

/// SHA-256 over the hashes of the file's megabytes: a file of any size needs little memory.
pub fn checksum(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    let mut hashes = Vec::new();
    loop {
        let mut chunk = Vec::with_capacity(CHUNK);
        if (&file).take(CHUNK as u64).read_to_end(&mut chunk)? == 0 {
            return Ok(HEXLOWER.encode(&sha256(&hashes)));
        }
        hashes.extend(sha256(&chunk));
    }
}

/// A blob never changes once it is there: a second name for it suffices, where the disk is the same.
pub fn link_or_copy(from: &Path, to: &Path) -> io::Result<u64> {
    match fs::hard_link(from, to) {
        Ok(()) => Ok(fs::metadata(to)?.len()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(error),
        Err(_) => {
            let bytes = fs::copy(from, to)?;
            File::open(to)?.sync_all()?;
            Ok(bytes)
        }
    }
}
