//! Faults as verbs, for end-to-end tests; compiled with the feature `faults` only.
//!
//! Invariant: a fault that nobody ordered does not happen.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::watch;

/// Orders faults for one relay; clones order for the same.
#[derive(Clone, Default)]
pub struct Faults(Arc<Orders>);

struct Orders {
    /// Counts down to the response that is dropped; 0: none is.
    drop_response: AtomicU32,
    refusals: AtomicU32,
    delay: Mutex<Option<Duration>>,
    cut_socket: AtomicBool,
    pushes: watch::Sender<bool>,
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            drop_response: AtomicU32::new(0),
            refusals: AtomicU32::new(0),
            delay: Mutex::new(None),
            cut_socket: AtomicBool::new(false),
            pushes: watch::Sender::new(true),
        }
    }
}

impl Faults {
    /// The next request, or delivery on a socket, is done, and its connection cut instead of answered.
    pub fn drop_next_response(&self) {
        self.drop_response(1);
    }

    /// The same to the `nth` from now on, the next being the first.
    pub fn drop_response(&self, nth: u32) {
        self.0.drop_response.store(nth, Ordering::SeqCst);
    }

    /// The next `count` requests and deliveries are refused with `unavailable` and nothing is done.
    pub fn refuse_next(&self, count: u32) {
        self.0.refusals.store(count, Ordering::SeqCst);
    }

    /// The next request or delivery waits this long before it is looked at.
    pub fn delay_next(&self, delay: Duration) {
        *self.0.delay.lock().unwrap_or_else(PoisonError::into_inner) = Some(delay);
    }

    /// The next envelope pushed on any device socket is cut in its middle, and the connection with it.
    pub fn cut_socket_mid_frame(&self) {
        self.0.cut_socket.store(true, Ordering::SeqCst);
    }

    /// Deliveries are accepted, nothing is pushed: the relay stands between accept and push.
    pub fn pause_pushes(&self) {
        self.0.pushes.send_replace(false);
    }

    pub fn resume_pushes(&self) {
        self.0.pushes.send_replace(true);
    }

    pub(crate) fn takes_response(&self) -> bool {
        let less = |count: u32| count.checked_sub(1);
        self.0.drop_response.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less) == Ok(1)
    }

    pub(crate) fn refuses(&self) -> bool {
        let less = |count: u32| count.checked_sub(1);
        self.0.refusals.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
    }

    pub(crate) async fn delay(&self) {
        let delay = self.0.delay.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(delay) = delay {
            tokio::time::sleep(delay).await;
        }
    }

    pub(crate) fn cuts_socket(&self) -> bool {
        self.0.cut_socket.swap(false, Ordering::SeqCst)
    }

    pub(crate) async fn push_allowed(&self) {
        // The sender lives as long as `self`: waiting can't fail.
        let _ = self.0.pushes.subscribe().wait_for(|open| *open).await;
    }
}

/// One connection's knife; clones cut the same.
#[derive(Clone)]
pub struct Cut(Arc<AtomicUsize>);

impl Default for Cut {
    fn default() -> Self {
        Self(Arc::new(AtomicUsize::new(usize::MAX)))
    }
}

impl Cut {
    /// Lets this many further bytes through.
    pub(crate) fn after(&self, bytes: usize) {
        self.0.store(bytes, Ordering::SeqCst);
    }

    /// How many of `bytes` may be written.
    pub(crate) fn allowed(&self, bytes: usize) -> io::Result<usize> {
        match self.0.load(Ordering::SeqCst) {
            usize::MAX => Ok(bytes),
            0 => Err(io::ErrorKind::ConnectionAborted.into()),
            left => Ok(left.min(bytes)),
        }
    }

    pub(crate) fn written(&self, bytes: usize) {
        let less = |left: usize| if left == usize::MAX { None } else { Some(left.saturating_sub(bytes)) };
        // An error means that there is no cut.
        let _ = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }
}

/// Aborts the process at its n-th visit if the environment says so: `SEALPOST_STOP_AT=name` or `name:n`.
pub(crate) fn stop_point(name: &'static str) {
    static ORDER: LazyLock<Option<(String, u32)>> = LazyLock::new(|| {
        let order = std::env::var("SEALPOST_STOP_AT").ok()?;
        let (name, visit) = order.split_once(':').unwrap_or((&order, "1"));
        Some((name.to_owned(), visit.parse().ok()?))
    });
    static VISITS: LazyLock<Mutex<HashMap<&'static str, u32>>> = LazyLock::new(Mutex::default);
    let Some((at, visit)) = ORDER.as_ref().filter(|(at, _)| at == name) else { return };
    let mut visits = VISITS.lock().unwrap_or_else(PoisonError::into_inner);
    let count = visits.entry(name).or_default();
    *count += 1;
    if *count == *visit {
        eprintln!("stopping at {at}");
        std::process::abort();
    }
}
