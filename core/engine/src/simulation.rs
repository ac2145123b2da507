//! Doors for simulations: bugs that are planted to show that they are found, and fewer key packages, so that a run
//! begins soon. Both hold for one thread, until it says otherwise. Without the feature `simulation` there is no door.

#[cfg(feature = "simulation")]
use std::cell::Cell;

use sealpost_wire::limits;

/// One-time key packages that a device makes at a time, for each suite.
const KEY_PACKAGES: usize = limits::KEY_PACKAGES_LOW + 5;

#[cfg(feature = "simulation")]
thread_local! {
    static PLANTED: Cell<Option<Planted>> = const { Cell::new(None) };
    static PACKAGES: Cell<usize> = const { Cell::new(KEY_PACKAGES) };
}

/// A bug that somebody might write one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// A commit is merged though another's stands in its slot.
    MergeUnclaimed,
    /// Deliveries are not known again.
    ForgetDeliveries,
    /// What was sealed is sealed again for each try.
    SealAfresh,
    /// A job is gone when it is handed over, not when it is answered.
    ForgetJobs,
    /// What comes from a future epoch is not kept.
    ForgetParked,
    /// The ratchet's step is not written with the message.
    ForgetRatchet,
    /// The secret of the next session is not written.
    ForgetSession,
    /// Messages leave before their Welcome was accepted.
    OvertakeWelcome,
    /// Nobody takes out who leaves.
    KeepLeavers,
    /// Whoever did not take a delivery to many is not tried again alone.
    ForgetBehind,
}

/// Plants a bug, or none.
#[cfg(feature = "simulation")]
pub fn plant(bug: Option<Planted>) {
    PLANTED.set(bug);
}

/// How many one-time key packages a device makes from now on.
#[cfg(feature = "simulation")]
pub fn make_key_packages(count: usize) {
    PACKAGES.set(count);
}

#[cfg(feature = "simulation")]
pub(crate) fn planted(bug: Planted) -> bool {
    PLANTED.get() == Some(bug)
}

#[cfg(not(feature = "simulation"))]
pub(crate) const fn planted(_: Planted) -> bool {
    false
}

#[cfg(feature = "simulation")]
pub(crate) fn key_packages() -> usize {
    PACKAGES.get()
}

#[cfg(not(feature = "simulation"))]
pub(crate) const fn key_packages() -> usize {
    KEY_PACKAGES
}
