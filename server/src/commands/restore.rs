//! `restore`: a backup becomes a relay's data folder, as the next incarnation.
//!
//! Invariants: all of it is staged and checked before anything of the old folder moves; the old is moved aside, never
//! deleted; until the last file is in its place no relay starts on the folder.

use std::{
    fs::{self, DirBuilder, File, Metadata},
    os::unix::fs::{DirBuilderExt, MetadataExt, chown},
    path::{Path, PathBuf},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Args;
use sealpost_server::{
    keys::{Archive, FILES, KeyError, Keys},
    parts::{DATABASE, UNFINISHED_RESTORE, free_bytes, lock},
    store::sqlite,
};

use super::{
    Failure, Place,
    backup::{
        is_partial,
        manifest::{Manifest, link_or_copy},
        sync,
    },
    figures::{ago, bytes},
    progress::Line,
};

/// Where the old folder's files go.
const ASIDE: &str = "before-restore-";

#[derive(Args)]
pub struct Restore {
    /// A folder that `backup` has written.
    folder: PathBuf,
    /// The keys, as `backup --keys` has written them; without it, those in the data folder.
    #[arg(long)]
    keys: Option<PathBuf>,
    /// Moves what is in the data folder aside.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: Place,
}

impl Restore {
    pub fn run(self) -> Result<(), Failure> {
        let data = self.place.clone().config()?.data;
        if is_partial(&self.folder) {
            return Err(format!("{} was never finished; name another backup", self.folder.display()).into());
        }
        let manifest = Manifest::read(&self.folder)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&data)?;
        let _lock = lock(&data.join("lock")).map_err(|error| format!("{error}; stop the relay first"))?;
        let standing = entries(&data)?;
        let is_in_the_way = |name: &String| self.keys.is_some() || !FILES.contains(&name.as_str());
        if let Some(name) = standing.iter().find(|name| is_in_the_way(name))
            && !self.force
        {
            let shown = data.display();
            return Err(
                format!("{shown} holds {name}; --force moves what is there aside, into {shown}/{ASIDE}…").into()
            );
        }
        let staged = data.join(UNFINISHED_RESTORE);
        let incarnation = self.stage(&data, &staged, &manifest).inspect_err(|_| {
            // Nothing has moved yet: the old folder is as good as before.
            let _ = fs::remove_dir_all(&staged);
        })?;
        let aside = move_aside(&data, &standing)?;
        move_in(&data, &staged)?;
        tell(&data, incarnation, aside.as_deref(), &manifest);
        Ok(())
    }

    /// The whole new folder, inside of the old; answers with its incarnation.
    fn stage(&self, data: &Path, staged: &Path, manifest: &Manifest) -> Result<u64, Failure> {
        if staged.exists() {
            fs::remove_dir_all(staged)?;
        }
        if free_bytes(data)? < manifest.database_bytes + manifest.blob_bytes {
            let needed = manifest.database_bytes + manifest.blob_bytes;
            return Err(format!("{} are needed in {}; make room first", bytes(needed), data.display()).into());
        }
        DirBuilder::new().mode(0o700).create(staged)?;
        self.stage_keys(data, staged, manifest)?;
        let database = staged.join(DATABASE);
        let line = Line::begin("copying and checking the database");
        fs::copy(self.folder.join(DATABASE), &database)?;
        manifest.check(&database)?;
        let version = sqlite::inspect(&database)?;
        if version.found > version.known {
            let newer = format!("the backup is of version {}; install that relay first", manifest.program);
            return Err(newer.into());
        }
        if let Some(complaint) = sqlite::verify(&database, true)?.first() {
            return Err(format!("the backup's database is damaged ({complaint}); take another backup").into());
        }
        let incarnation = sqlite::begin_anew(&database, now().as_millis() as u64)?;
        File::open(&database)?.sync_all()?;
        drop(line);
        self.stage_blobs(staged)?;
        give(staged, &fs::metadata(data)?)?;
        sync(staged)?;
        Ok(incarnation)
    }

    fn stage_keys(&self, data: &Path, staged: &Path, manifest: &Manifest) -> Result<(), Failure> {
        if let Some(file) = &self.keys {
            let text =
                fs::read_to_string(file).map_err(|error| format!("{}: {error}; check --keys", file.display()))?;
            Archive::parse(&text)?.unpack(staged)?;
        } else {
            match Archive::of(data) {
                Ok(archive) => archive.unpack(staged)?,
                Err(KeyError::Missing(_)) => {
                    return Err(
                        format!("the keys are missing; name their backup with --keys (or look in {ASIDE}…)").into()
                    );
                }
                Err(error) => return Err(error.into()),
            }
        }
        if Keys::open(staged, true)?.fingerprint() != manifest.keys_fingerprint {
            return Err("these keys belong to another relay than the backup; name the right ones with --keys".into());
        }
        Ok(())
    }

    fn stage_blobs(&self, staged: &Path) -> Result<(), Failure> {
        let (from, to) = (self.folder.join("blobs"), staged.join("blobs"));
        DirBuilder::new().mode(0o700).create(&to)?;
        let entries = fs::read_dir(from)?.collect::<Result<Vec<_>, _>>()?;
        let mut line = Line::new("copying blobs");
        for (index, entry) in (1_u64..).zip(&entries) {
            link_or_copy(&entry.path(), &to.join(entry.file_name()))?;
            line.tell(index, entries.len() as u64);
        }
        Ok(sync(&to)?)
    }
}

/// Whoever restores as root restores for the folder's owner.
fn give(staged: &Path, owner: &Metadata) -> Result<(), Failure> {
    if fs::metadata(staged)?.uid() == owner.uid() {
        return Ok(());
    }
    chown(staged, Some(owner.uid()), Some(owner.gid()))?;
    for folder in [staged.to_owned(), staged.join("blobs")] {
        for entry in fs::read_dir(folder)? {
            chown(entry?.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// What counts in a data folder: neither the lock nor what earlier restores have left.
fn entries(data: &Path) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for entry in fs::read_dir(data)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !["lock", "lost+found", UNFINISHED_RESTORE].contains(&name.as_str()) && !name.starts_with(ASIDE) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// On the same disk, and by renaming: whatever the folder is mounted from.
fn move_aside(data: &Path, names: &[String]) -> Result<Option<PathBuf>, Failure> {
    if names.is_empty() {
        return Ok(None);
    }
    let aside = data.join(format!("{ASIDE}{}", now().as_millis()));
    DirBuilder::new().mode(0o700).create(&aside)?;
    for name in names {
        fs::rename(data.join(name), aside.join(name))?;
    }
    sync(&aside)?;
    sync(data)?;
    Ok(Some(aside))
}

/// The database last: without it a folder is none, and with the staging folder beside it no relay starts.
fn move_in(data: &Path, staged: &Path) -> Result<(), Failure> {
    for name in FILES.into_iter().chain(["blobs", DATABASE]) {
        fs::rename(staged.join(name), data.join(name))?;
    }
    sync(data)?;
    fs::remove_dir(staged)?;
    Ok(sync(data)?)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn tell(data: &Path, incarnation: u64, aside: Option<&Path>, manifest: &Manifest) {
    println!("{} is restored, and is incarnation {incarnation} of the relay now", data.display());
    if let Some(aside) = aside {
        println!("what was there lies in {}; delete it when nothing of it is needed", aside.display());
    }
    println!("the backup was made {}", ago(now().as_secs().saturating_sub(manifest.made_at_seconds)));
    println!("what happens to the users' apps:");
    println!("  - they see the new incarnation when they connect, and open a session anew by themselves");
    println!("  - what they had received since the backup may come again; they know it and show it once");
    println!("  - messages that were accepted since the backup and not fetched are lost; their senders can't be told");
    println!("  - accounts that were deleted or suspended since the backup are back: do it again (`accounts`)");
    println!("  - accounts that were made since the backup are gone: their owners register again");
    println!("next: `sealpost-server check`, then start the relay, as the user whom the folder belongs to");
}
