//! Groups as the rest of the engine sees them, over both suites and a store in memory.

mod changes;
mod commits;
mod device;
mod joining;
mod loaded;
mod messages;
