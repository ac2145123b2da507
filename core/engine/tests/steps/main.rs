//! The engine as a pure state machine: whole conversations step by step, over a model of the relay, both suites, a
//! clock and a source of randomness of its own. No socket, no thread, no waiting.

mod club;
mod person;
mod relay;
mod town;

mod contents;
mod groups;
mod healing;
mod hostile;
mod opening;
mod outbox;
mod overtaking;
mod returning;
mod slots;
mod transactions;
mod trust;
mod unopened;
mod walk;
