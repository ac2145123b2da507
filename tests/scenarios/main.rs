//! End-to-end scenarios: real accounts on real databases, talking through the real relay over real sockets.

mod canary;
mod changed_app;
mod child;
mod person;
mod relay;
mod tap;

mod clubs;
mod everywhere;
mod failing_disk;
mod faults;
mod folder;
mod hostile;
mod killing;
mod linking;
mod privacy;
mod registration;
mod talking;
