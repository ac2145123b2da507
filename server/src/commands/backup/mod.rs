//! `backup`: the database and its blobs as a folder, while the relay runs; the keys as a file of their own.
//!
//! Invariants: a backup appears under its name when it is whole, checked and synced, never before; nothing that stands
//! is overwritten; the keys are never in the folder.

pub mod manifest;

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io::{self, ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Args;
use sealpost_server::{
    Config,
    keys::{Archive, Keys},
    parts::{DATABASE, free_bytes},
    store::sqlite,
};
use sealpost_wire::id::BlobId;

use super::{Failure, Place, figures::bytes, progress::Line};
use manifest::Manifest;

/// What an unfinished one is called.
const PARTIAL: &str = "partial";

#[derive(Args)]
pub struct Backup {
    /// The folder to be: it must not be there yet.
    #[arg(required_unless_present = "keys")]
    folder: Option<PathBuf>,
    /// Writes the relay's keys to this file. Keep it apart from the folder.
    #[arg(long)]
    keys: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Backup {
    pub fn run(self) -> Result<(), Failure> {
        let config = self.place.config()?;
        if !config.data.join(DATABASE).exists() && self.folder.is_some() {
            return Err(format!("{} holds no relay; check --data and --config", config.data.display()).into());
        }
        if let Some(file) = &self.keys {
            write_keys(&config.data, file)?;
            println!("wrote the relay's keys to {}", file.display());
            println!("keep them apart from its backups: whoever holds both can search phone numbers");
        }
        if let Some(folder) = self.folder {
            let manifest = write_folder(&config, &std::path::absolute(folder)?)?;
            println!("wrote {} and {} blobs, checked", bytes(manifest.database_bytes), manifest.blobs);
            if self.keys.is_none() {
                println!("the keys are not in it: back them up once with `backup --keys FILE`, and keep them apart");
            }
        }
        Ok(())
    }
}

fn write_keys(data: &Path, file: &Path) -> Result<(), Failure> {
    let text = Archive::of(data)?.to_text();
    let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    let mut opened = opened.map_err(|error| unwritable(file, &error))?;
    opened.write_all(text.as_bytes())?;
    Ok(opened.sync_all()?)
}

fn write_folder(config: &Config, folder: &Path) -> Result<Manifest, Failure> {
    if fs::exists(folder)? {
        return Err(unwritable(folder, &ErrorKind::AlreadyExists.into()));
    }
    let fingerprint = Keys::open(&config.data, true)?.fingerprint();
    let partial = partial(folder)?;
    let _lock = begin(&partial)?;
    let needed = fs::metadata(config.data.join(DATABASE))?.len();
    if free_bytes(&partial)? < needed {
        fs::remove_dir_all(&partial)?;
        return Err(format!(
            "{} are needed beside {}; make room, or name another disk",
            bytes(needed),
            folder.display()
        )
        .into());
    }
    let database = partial.join(DATABASE);
    // Made beforehand, so that it is for this user alone from its first byte on.
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database)?;
    let mut line = Line::new("copying");
    let copied = sqlite::copy(&config.data.join(DATABASE), &database, &mut |progress| {
        line.tell(progress.pages, progress.of);
    })?;
    drop(line);
    let line = Line::begin("checking the copy");
    if let Some(complaint) = sqlite::verify(&database, false)?.first() {
        return Err(
            format!("the copy is damaged ({complaint}); `sealpost-server check --full` looks at the relay").into()
        );
    }
    File::open(&database)?.sync_all()?;
    drop(line);
    let (blobs, blob_bytes) = copy_blobs(&config.data.join("blobs"), &partial.join("blobs"), &copied.blobs)?;
    let manifest = Manifest {
        format: manifest::FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at_seconds: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
        schema: copied.schema,
        incarnation: copied.incarnation,
        database_bytes: fs::metadata(&database)?.len(),
        database_checksum: manifest::checksum(&database)?,
        blobs,
        blob_bytes,
        keys_fingerprint: fingerprint,
    };
    manifest.write(&partial)?;
    fs::remove_file(partial.join("lock"))?;
    sync(&partial)?;
    fs::rename(&partial, folder)?;
    sync(parent(folder))?;
    Ok(manifest)
}

/// The unfinished folder, with a lock in it. What a backup that was cut off has left is removed.
fn begin(partial: &Path) -> Result<File, Failure> {
    let lock = partial.join("lock");
    if let Ok(other) = File::open(&lock)
        && matches!(other.try_lock(), Err(TryLockError::WouldBlock))
    {
        return Err(format!("another backup is writing {}; wait for its end", partial.display()).into());
    }
    if fs::exists(partial)? {
        fs::remove_dir_all(partial)?;
    }
    DirBuilder::new().mode(0o700).create(partial).map_err(|error| unwritable(partial, &error))?;
    let file = File::create(&lock)?;
    file.try_lock().map_err(|_| format!("another backup is writing {}; wait for its end", partial.display()))?;
    Ok(file)
}

/// Those that stand in the copied database; one that was deleted meanwhile is left out.
fn copy_blobs(from: &Path, to: &Path, names: &[BlobId]) -> Result<(u64, u64), Failure> {
    DirBuilder::new().mode(0o700).create(to)?;
    let mut line = Line::new("copying blobs");
    let (mut count, mut bytes) = (0, 0);
    for (index, name) in (1_u64..).zip(names) {
        let name = data_encoding::HEXLOWER.encode(&name.0);
        match manifest::link_or_copy(&from.join(&name), &to.join(&name)) {
            Ok(length) => (count, bytes) = (count + 1, bytes + length),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
        line.tell(index, names.len() as u64);
    }
    sync(to)?;
    Ok((count, bytes))
}

fn partial(folder: &Path) -> Result<PathBuf, Failure> {
    let mut name = folder.file_name().ok_or("the backup's folder needs a name")?.to_owned();
    name.push(".");
    name.push(PARTIAL);
    Ok(folder.with_file_name(name))
}

/// Whether a folder was never finished.
pub fn is_partial(folder: &Path) -> bool {
    folder.extension().is_some_and(|end| end == PARTIAL)
}

pub fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn parent(folder: &Path) -> &Path {
    folder.parent().unwrap_or(Path::new("/"))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    let shown = path.display();
    match error.kind() {
        ErrorKind::AlreadyExists => format!("{shown} stands already, and is never overwritten; name another").into(),
        ErrorKind::NotFound => format!("{shown}: its folder is not there; make that first").into(),
        _ => format!("{shown} can't be written ({error}); name another place, or run this as its user").into(),
    }
}
