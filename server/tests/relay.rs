//! The relay as its clients meet it: over real HTTP and sockets, on real files, with the tests' own clock and SMS.

#[path = "relay/harness.rs"]
mod harness;

#[path = "relay/accounts.rs"]
mod accounts;
#[path = "relay/deliveries.rs"]
mod deliveries;
