//! The relay as its clients meet it: over real HTTP and sockets, on real files, with the tests' own clock and SMS.

#[path = "relay/harness.rs"]
mod harness;
#[path = "relay/program.rs"]
mod program;

#[path = "relay/accounts.rs"]
mod accounts;
#[path = "relay/administration.rs"]
mod administration;
#[path = "relay/alike.rs"]
mod alike;
#[path = "relay/authentication.rs"]
mod authentication;
#[path = "relay/backups.rs"]
mod backups;
#[path = "relay/blobs.rs"]
mod blobs;
#[path = "relay/canaries.rs"]
mod canaries;
#[path = "relay/certificates.rs"]
mod certificates;
#[path = "relay/commands.rs"]
mod commands;
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
#[path = "relay/flood.rs"]
mod flood;
#[path = "relay/gateway.rs"]
mod gateway;
#[path = "relay/hostile.rs"]
mod hostile;
#[path = "relay/model.rs"]
mod model;
#[path = "relay/observing.rs"]
mod observing;
#[path = "relay/openapi.rs"]
mod openapi;
#[path = "relay/operation.rs"]
mod operation;
#[path = "relay/packaging.rs"]
mod packaging;
#[path = "relay/proxies.rs"]
mod proxies;
#[path = "relay/secure.rs"]
mod secure;
#[path = "relay/slots.rs"]
mod slots;
#[path = "relay/slow.rs"]
mod slow;
#[path = "relay/store.rs"]
mod store;
