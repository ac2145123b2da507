//! Bugs that somebody might write one day: each is planted, and has to be found.

use std::cell::Cell;

use sealpost_engine::simulation::{self, Planted};

thread_local! {
    static CLIENTS: Cell<Option<ClientBug>> = const { Cell::new(None) };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// In the engine.
    Engine(Planted),
    /// In what a client does with the engine.
    Client(ClientBug),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientBug {
    /// Envelopes are acknowledged, then handled.
    AcknowledgeBeforeCommit,
    /// Events and requests leave before the commit.
    TellBeforeCommit,
}

pub const ALL: [Bug; 12] = [
    Bug::Client(ClientBug::AcknowledgeBeforeCommit),
    Bug::Client(ClientBug::TellBeforeCommit),
    Bug::Engine(Planted::MergeUnclaimed),
    Bug::Engine(Planted::ForgetDeliveries),
    Bug::Engine(Planted::SealAfresh),
    Bug::Engine(Planted::ForgetJobs),
    Bug::Engine(Planted::ForgetParked),
    Bug::Engine(Planted::ForgetRatchet),
    Bug::Engine(Planted::ForgetSession),
    Bug::Engine(Planted::OvertakeWelcome),
    Bug::Engine(Planted::KeepLeavers),
    Bug::Engine(Planted::ForgetBehind),
];

/// Plants a bug, or none, for this thread.
pub fn plant(bug: Option<Bug>) {
    let (engine, client) = match bug {
        None => (None, None),
        Some(Bug::Engine(bug)) => (Some(bug), None),
        Some(Bug::Client(bug)) => (None, Some(bug)),
    };
    simulation::plant(engine);
    CLIENTS.set(client);
}

/// Whether the client has this bug.
pub fn has(bug: ClientBug) -> bool {
    CLIENTS.get() == Some(bug)
}
