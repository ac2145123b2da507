//! `make bench`: what the core costs, in ratios to what it is built on, measured side by side in one run.

mod clock;
mod device;
mod disk;
mod pair;
mod report;
mod stock;

use std::path::PathBuf;

use clock::median;
use disk::RawDisk;
use report::{Report, time};

fn main() {
    let mut report = Report::default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    report.section("The disk of this machine");
    let mut raw = RawDisk::new(folder.path());
    let appends: Vec<_> = (0..101).map(|_| raw.append()).collect();
    report.figure("append of 16 KiB and fdatasync", time(median(appends.iter().map(|cost| cost.wall))));
    report.figure("the same, computing time", time(median(appends.iter().map(|cost| cost.cpu))));
    let memory = tempfile::tempdir_in(folder_in_memory()).expect("a temporary folder");
    pair::measure(&mut report, memory.path());
    println!("\n{} goals were missed", report.short());
}

/// Where nothing waits for a disk, if there is such a place.
fn folder_in_memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}
