//! The built program `sealpost`, as people and scripts use it.

mod answers;
mod groups;
mod kills;
mod program;
mod walk;
