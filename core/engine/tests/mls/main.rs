//! Groups as the rest of the engine sees them, over both suites and a store in memory.

mod commits;
mod device;
mod joining;
mod messages;
