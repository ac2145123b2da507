//! The product as a state machine: commands and what the relay says go in, events and requests come out.
//!
//! Invariants: no socket, file, thread, clock or `async` (`now` and the random source are arguments); one transaction
//! per step; `mls` is the only place that names openmls.

mod account;
pub mod command;
pub mod contacts;
mod content;
pub mod conversations;
mod engine;
pub mod error;
pub mod event;
pub mod fact;
mod handover;
pub mod identity;
pub mod messages;
pub mod mls;
mod names;
pub mod outbox;
mod parcel;
pub mod plan;
mod seen;
#[cfg(feature = "simulation")]
pub mod simulation;
#[cfg(not(feature = "simulation"))]
mod simulation;
pub mod step;
pub mod storage;
mod sync;
pub mod trust;

pub use engine::Engine;
