//! The parts of the live chat: what an entered line means, and what stands on the screen.

pub mod entry;
pub mod screen;
