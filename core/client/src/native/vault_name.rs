//! Under which name a key vault keeps an account's key: random, so that two accounts never share one, and written into
//! the account's folder, so that the folder may be moved.

use std::{fs, io, path::Path};

use data_encoding::HEXLOWER;

use super::system;

const FILE: &str = "key-name";

/// The name of this folder's key, drawn the first time.
pub fn create(folder: &Path) -> io::Result<String> {
    fs::create_dir_all(folder)?;
    match read(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        known => return known,
    }
    let name = format!("sealpost-{}", HEXLOWER.encode(&system::random::<8>()));
    fs::write(folder.join(FILE), &name)?;
    Ok(name)
}

pub fn read(folder: &Path) -> io::Result<String> {
    Ok(fs::read_to_string(folder.join(FILE))?.trim().to_owned())
}
