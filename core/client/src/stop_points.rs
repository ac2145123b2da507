//! Named points at which the process ends at once, as by a power cut; compiled with the feature `stop-points` only.
//!
//! Invariant: a stop that nobody ordered does not happen.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex, PoisonError},
};

/// Aborts the process at its n-th visit if the environment says so: `SEALPOST_STOP_AT=name` or `name:n`.
pub(crate) fn stop_point(name: &'static str) {
    static ORDER: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let order = std::env::var("SEALPOST_STOP_AT").ok()?;
        let (name, visit) = order.split_once(':').unwrap_or((&order, "1"));
        Some((name.to_owned(), visit.parse().ok()?))
    });
    static VISITS: LazyLock<Mutex<HashMap<&'static str, u32>>> = LazyLock::new(Mutex::default);
    let Some((_, visit)) = ORDER.as_ref().filter(|(at, _)| at == name) else { return };
    let mut visits = VISITS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = visits.entry(name).or_default();
    *count += 1;
    if count == visit {
        std::process::abort();
    }
}
