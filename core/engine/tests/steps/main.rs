//! The engine as a pure state machine: whole conversations step by step, over a model of the relay, both suites, a
//! clock and a source of randomness of its own. No socket, no thread, no waiting.

mod person;
mod relay;
mod town;

mod contents;
mod healing;
mod opening;
mod outbox;
mod overtaking;
mod slots;
mod transactions;
mod trust;
mod unopened;
mod walk;
