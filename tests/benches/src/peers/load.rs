//! The load that everybody gets, and how it is counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

pub const PAIRS: usize = 50;
/// Messages of one sender that are not answered yet.
pub const ON_THE_WAY: usize = 8;
pub const MESSAGE_BYTES: usize = 1024;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(5);

/// What arrived, counted by all who read; and the word to stop.
#[derive(Clone, Default)]
pub struct Counter {
    arrived: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Counter {
    pub fn add(&self, messages: u64) {
        self.arrived.fetch_add(messages, Ordering::Relaxed);
    }

    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// Messages that arrive in a second, once it runs evenly.
    pub async fn rate(&self) -> f64 {
        tokio::time::sleep(WARM_UP).await;
        let (begin, before) = (Instant::now(), self.arrived.load(Ordering::Relaxed));
        tokio::time::sleep(MEASURED).await;
        let arrived = self.arrived.load(Ordering::Relaxed) - before;
        let rate = arrived as f64 / begin.elapsed().as_secs_f64();
        self.over.store(true, Ordering::Relaxed);
        rate
    }
}

/// How fast something is sent, whether it is answered or not.
#[derive(Clone, Copy)]
pub struct Pace {
    pub pause: Duration,
    pub messages: usize,
}

impl Pace {
    /// So many a second, by all senders together, for as long as a rate is measured.
    pub fn a_second(messages: u32) -> Self {
        let each = messages / PAIRS as u32;
        Self { pause: Duration::from_secs(1) / each, messages: (each as u64 * MEASURED.as_secs()) as usize }
    }
}

/// Middle and slowest but one of a hundred.
pub struct Times {
    pub p50: Duration,
    pub p99: Duration,
}

impl Times {
    pub fn of(mut all: Vec<Duration>) -> Self {
        assert!(!all.is_empty(), "something was measured");
        all.sort_unstable();
        let at = |part: usize| all[(all.len() - 1) * part / 100];
        Self { p50: at(50), p99: at(99) }
    }
}
