//! The parts of the live chat: what an entered line means and orders, and what stands on the screen.

pub mod entry;
pub mod orders;
pub mod screen;
