//! The moment of a kill: drawn from a seed, and looked at before the process is gone.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    process::{Child, Command},
    thread,
    time::{Duration, Instant},
};

/// A signal to stop arrives sooner than this, even while a disk is slow.
const STOPPING: Duration = Duration::from_secs(20);
/// The byte of SQLite's shared memory that the one who writes holds, from `BEGIN IMMEDIATE` to the end of `COMMIT`
/// (`WAL_WRITE_LOCK` in the description of the WAL-mode file format).
const WRITE_LOCK: &str = "120";

/// Draws moments and deeds; the same ones for the same seed.
pub struct Dice(u64);

impl Dice {
    pub fn drawn() -> Self {
        let seed = number("SEALPOST_SEED", 1);
        println!("SEALPOST_SEED={seed}");
        Self(seed)
    }

    /// A number from zero to below `sides` (SplitMix64; nobody guards anything with it).
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() % sides as u64) as usize
    }

    /// Lets a time pass that is not longer than this: the moment is what is tested.
    pub fn pause_ms(&mut self, longest: u64) {
        thread::sleep(Duration::from_millis(self.next() % (longest + 1)));
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// What a variable of the environment says, or this.
pub fn number(variable: &str, otherwise: u64) -> u64 {
    let said = std::env::var(variable).ok();
    said.map_or(otherwise, |said| said.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// `kill -9`, now. Answers whether the process was inside of a transaction on a database of this folder.
pub fn kill(process: &mut Child, folder: &Path) -> bool {
    let ended = process.try_wait().expect("it is a child");
    assert!(ended.is_none(), "it ended by itself: {ended:?}");
    stop(process.id());
    let inside = writes_in(process.id(), folder);
    process.kill().expect("it runs");
    process.wait().expect("it has ended");
    inside
}

/// Returns when none of its threads runs any more. Nothing of the process notices: a kill comes as suddenly.
fn stop(process: u32) {
    let signalled = Command::new("sh").args(["-c", "kill -STOP \"$0\"", &process.to_string()]).status();
    assert!(signalled.expect("a shell").success(), "it runs");
    let begin = Instant::now();
    while !is_stopped(process) {
        assert!(begin.elapsed() < STOPPING, "it does not stop");
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_stopped(process: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{process}/task")).expect("it is there");
    threads.flatten().all(|thread| {
        // A thread that has ended meanwhile has no state.
        let state = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        state.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('T'))
    })
}

/// Whether it holds the lock of the one who writes: a transaction is open, or its commit is on the way to the disk.
fn writes_in(process: u32, folder: &Path) -> bool {
    let files = fs::read_dir(folder).expect("the folder of a process").flatten();
    let shared = files.filter(|file| file.file_name().to_string_lossy().ends_with("-shm"));
    let nodes: Vec<_> = shared.filter_map(|file| Some(file.metadata().ok()?.ino().to_string())).collect();
    let (process, locks) = (process.to_string(), fs::read_to_string("/proc/locks").expect("Linux lists its locks"));
    locks.lines().any(|lock| match lock.split_whitespace().collect::<Vec<_>>()[..] {
        [_, "POSIX", _, "WRITE", holder, file, first, last] => {
            let node = file.rsplit(':').next().unwrap_or_default();
            let covers = first <= WRITE_LOCK && last >= WRITE_LOCK && first.len() == 3 && last.len() == 3;
            holder == process && covers && nodes.iter().any(|known| known == node)
        }
        _ => false,
    })
}
