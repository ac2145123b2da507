//! End-to-end scenarios: real accounts on real databases, talking through the real relay over real sockets.

mod changed_app;
mod child;
mod person;
mod relay;

mod faults;
mod folder;
mod hostile;
mod killing;
mod registration;
mod talking;
