//! The product as a state machine: commands and what the relay says go in, events and requests come out.
//!
//! Invariants: no socket, file, thread, clock or `async` (`now` and the random source are arguments); one transaction
//! per step; `mls` is the only place that names openmls.

pub mod mls;
pub mod storage;
