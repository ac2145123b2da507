//! `migrate`: an older database becomes one of this version.

use sealpost_server::{
    parts::{DATABASE, lock},
    store::sqlite,
};

use super::{Failure, Place};

pub fn run(place: Place) -> Result<(), Failure> {
    let config = place.config()?;
    let database = config.data.join(DATABASE);
    if !database.exists() {
        return Err(format!("{} is not there; check --data, or make a relay with `init`", database.display()).into());
    }
    let _lock = lock(&config.data.join("lock")).map_err(|error| format!("{error}; stop the relay first"))?;
    let version = sqlite::migrate(&database)?;
    if version.found == version.known {
        println!("the database is version {} already; nothing was changed", version.known);
    } else {
        println!("the database was version {}, and is version {} now", version.found, version.known);
    }
    Ok(())
}
