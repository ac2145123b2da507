//! The relay as its clients meet it: over real HTTP and sockets, on real files, with the tests' own clock and SMS.

#[path = "relay/harness.rs"]
mod harness;

#[path = "relay/accounts.rs"]
mod accounts;
#[path = "relay/authentication.rs"]
mod authentication;
#[path = "relay/blobs.rs"]
mod blobs;
#[path = "relay/canaries.rs"]
mod canaries;
#[path = "relay/crashes.rs"]
mod crashes;
#[path = "relay/deliveries.rs"]
mod deliveries;
#[path = "relay/directory.rs"]
mod directory;
#[path = "relay/failing_disk.rs"]
mod failing_disk;
#[path = "relay/faults.rs"]
mod faults;
#[path = "relay/gateway.rs"]
mod gateway;
#[path = "relay/hostile.rs"]
mod hostile;
#[path = "relay/operation.rs"]
mod operation;
#[path = "relay/secure.rs"]
mod secure;
#[path = "relay/slots.rs"]
mod slots;
#[path = "relay/store.rs"]
mod store;
