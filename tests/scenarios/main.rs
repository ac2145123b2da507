//! End-to-end scenarios: real accounts on real databases, talking through the real relay over real sockets.

mod person;
mod relay;

mod faults;
mod registration;
mod talking;
