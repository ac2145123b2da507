//! What the disk itself takes for one durable write, in the same folder and the same run.

use std::{fs::File, io::Write, path::Path};

use crate::clock::{Cost, timed};

/// About what one step leaves in the write-ahead log.
const APPENDED_BYTES: usize = 16 * 1024;

/// A file that is appended to.
pub struct RawDisk(File);

impl RawDisk {
    pub fn new(folder: &Path) -> Self {
        Self(File::create(folder.join("raw")).expect("the folder can be written"))
    }

    /// Appends and waits until it is on disk.
    pub fn append(&mut self) -> Cost {
        let append = || {
            self.0.write_all(&[0x5A; APPENDED_BYTES]).expect("the file can be written");
            self.0.sync_data().expect("the file can be synced");
        };
        timed(append).1
    }
}
