//! A disk that fails as it is told, under every SQLite database in a folder: it fills up, turns read-only, breaks, or
//! loses power and with it whatever was not synced. For tests only.
//!
//! It is SQLite's default file system in the process, so that what is tested opens its databases as it always does;
//! files outside of the folders that a [`Disk`] was made for are not touched. What a program does to files without
//! SQLite is not seen here.

#![deny(unsafe_code)]

mod disk;
mod image;
#[expect(unsafe_code, reason = "SQLite calls a file system through C functions and pointers")]
mod vfs;

pub use disk::{Disk, Fault};
pub use image::Remains;
