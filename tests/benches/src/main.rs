//! `make bench`: what the core costs, in ratios to what it is built on, measured side by side in one run.

mod clock;
mod database;
mod device;
mod disk;
mod groups;
mod pair;
mod peers;
mod relay;
mod report;
mod steps;
mod stock;
mod town;

use std::path::{Path, PathBuf};

use report::Report;

/// Measures something with databases in this folder.
type Part = fn(&mut Report, &Path);

fn main() {
    let wanted = std::env::args().nth(1);
    let mut report = Report::default();
    let on_disk = tempfile::tempdir().expect("a temporary folder");
    let in_memory = tempfile::tempdir_in(folder_in_memory()).expect("a temporary folder");
    let parts: [(&str, Part, &Path); 5] = [
        ("pair", pair::measure, in_memory.path()),
        ("durable", steps::durable, on_disk.path()),
        ("catch-up", steps::catch_up, in_memory.path()),
        ("layer", groups::layer, in_memory.path()),
        ("groups", groups::engines, in_memory.path()),
    ];
    for (name, part, folder) in parts {
        if wanted.as_ref().is_none_or(|wanted| wanted == name) {
            part(&mut report, folder);
        }
    }
    // Needs the peers' programs, and the relay's beside this one: `make bench-peers`.
    if wanted.is_some_and(|wanted| wanted == "peers") {
        peers::measure(&mut report, on_disk.path(), std::env::args().nth(2).as_deref());
    }
    println!("\n{} goals were missed", report.short());
}

/// Where nothing waits for a disk, if there is such a place.
fn folder_in_memory() -> PathBuf {
    let shared = PathBuf::from("/dev/shm");
    if shared.is_dir() { shared } else { std::env::temp_dir() }
}
