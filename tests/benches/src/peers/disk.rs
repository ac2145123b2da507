//! The disk alone: what no relay on it can beat.

use std::{
    fs::File,
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

use super::load::{MESSAGE_BYTES, ON_THE_WAY, PAIRS};

const TIMES: usize = 501;
const MEASURED: Duration = Duration::from_secs(2);

/// The middle time of an append of one message and its fdatasync.
pub fn sync_of_one(folder: &Path) -> Duration {
    let mut file = File::create(folder.join("one")).expect("the folder can be written");
    let mut times: Vec<Duration> = (0..TIMES).map(|_| append(&mut file, 1)).collect();
    times.sort_unstable();
    times[TIMES / 2]
}

/// Messages a second where all that may be on their way share one fdatasync.
pub fn group_commit(folder: &Path) -> f64 {
    let mut file = File::create(folder.join("many")).expect("the folder can be written");
    let (begin, mut written) = (Instant::now(), 0);
    while begin.elapsed() < MEASURED {
        append(&mut file, PAIRS * ON_THE_WAY);
        written += PAIRS * ON_THE_WAY;
    }
    written as f64 / begin.elapsed().as_secs_f64()
}

fn append(file: &mut File, messages: usize) -> Duration {
    let begin = Instant::now();
    file.write_all(&vec![0x5A; messages * MESSAGE_BYTES]).expect("the file can be written");
    file.sync_data().expect("the file can be synced");
    begin.elapsed()
}
