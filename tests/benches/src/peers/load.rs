//! The load that everybody gets, and how it is counted.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

pub const PAIRS: usize = 50;
/// Messages of one sender that are not answered yet.
pub const ON_THE_WAY: usize = 8;
pub const MESSAGE_BYTES: usize = 1024;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURED: Duration = Duration::from_secs(4);
/// The timer's own steps, and a bit.
const COARSE: Duration = Duration::from_millis(2);

/// Readers and senders at work, until their rate is known.
#[derive(Default)]
pub struct Load {
    tasks: JoinSet<()>,
    counter: Counter,
}

/// What arrived, counted by all who read.
#[derive(Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Load {
    pub fn add(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.spawn(task);
    }

    pub fn counter(&self) -> Counter {
        self.counter.clone()
    }

    /// Messages that arrive in a second, once it runs evenly; ends everybody, with their connections.
    pub async fn rate(mut self) -> f64 {
        tokio::time::sleep(WARM_UP).await;
        let (begin, before) = (Instant::now(), self.counter.arrived());
        tokio::time::sleep(MEASURED).await;
        let rate = (self.counter.arrived() - before) as f64 / begin.elapsed().as_secs_f64();
        self.tasks.shutdown().await;
        rate
    }
}

impl Counter {
    pub fn add(&self, messages: u64) {
        self.0.fetch_add(messages, Ordering::Relaxed);
    }

    pub fn arrived(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How fast something is sent, whether it is answered or not.
#[derive(Clone, Copy)]
pub struct Pace {
    pause: Duration,
    messages: usize,
}

impl Pace {
    /// So many a second, by all senders together, for as long as a rate is measured.
    pub fn a_second(messages: u32) -> Self {
        let each = messages / PAIRS as u32;
        Self { pause: Duration::from_secs(1) / each, messages: (u64::from(each) * MEASURED.as_secs()) as usize }
    }

    /// Ticks for one of the senders, who take turns within one pause.
    pub async fn ticks(self, sender: usize) -> Ticks {
        tokio::time::sleep(self.pause * sender as u32 / PAIRS as u32).await;
        Ticks { interval: tokio::time::interval(self.pause), left: self.messages }
    }
}

pub struct Ticks {
    interval: tokio::time::Interval,
    left: usize,
}

impl Ticks {
    /// Waits until the next message is due, and says from when its time counts; `None`: there are no more. Where the
    /// answer before came late, that is when it was due, so that a slow answer does not slow down the question.
    pub async fn next(&mut self) -> Option<Instant> {
        self.left = self.left.checked_sub(1)?;
        let (due, now) = (self.interval.tick().await.into_std(), Instant::now());
        Some(if now - due > COARSE { due } else { now })
    }
}

/// Middle and slowest but one of a hundred.
#[derive(Clone, Copy)]
pub struct Times {
    pub p50: Duration,
    pub p99: Duration,
    pub messages: usize,
}

impl Times {
    pub fn of(mut all: Vec<Duration>) -> Self {
        assert!(!all.is_empty(), "something was measured");
        all.sort_unstable();
        let at = |part: usize| all[(all.len() - 1) * part / 100];
        Self { p50: at(50), p99: at(99), messages: all.len() }
    }
}
