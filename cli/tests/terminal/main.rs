//! The built program `sealpost`, as people and scripts use it.

mod answers;
mod groups;
mod kills;
mod looking;
mod manual;
mod program;
mod screen;
mod scripts;
mod walk;
mod watch;
