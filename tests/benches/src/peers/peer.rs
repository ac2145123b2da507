//! What everybody who carries messages is asked for, and the loads that are made of it, the same for all.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::load::{Load, ON_THE_WAY, PAIRS, Pace, Times};

/// Who reads one message of the fan-out.
pub const FANNED_OUT: usize = 50;
/// Messages for one who is away.
const OFFLINE: usize = 20_000;
/// Not answered yet, where one sender fills a mailbox.
const FILLING: usize = 400;
/// Until memory stands still.
const SETTLING: Duration = Duration::from_secs(2);

/// One program that carries messages.
pub trait Peer {
    type Sender: Sender;
    type Reader: Reader;

    /// A mailbox's owner, connected and ready. Comes before whoever sends to it, and may come again.
    fn reader(&self, of: Mailbox) -> impl Future<Output = Self::Reader>;

    fn sender(&self, to: Mailbox) -> impl Future<Output = Self::Sender>;

    /// A connection that could receive, of which there may be many.
    fn idle(&self, number: usize) -> impl Future<Output = impl Sized>;

    fn resident_bytes(&self) -> f64;
}

/// Whose messages they are.
#[derive(Debug, Clone, Copy)]
pub enum Mailbox {
    Own(usize),
    /// The one of so many that all read the same; senders name any.
    Shared(usize),
}

pub trait Sender: Send + 'static {
    /// Sends one message of the size that all have.
    fn send(&mut self) -> impl Future<Output = ()> + Send;

    /// Waits for an answer; says how many messages it is for.
    fn answered(&mut self) -> impl Future<Output = usize> + Send;
}

pub trait Reader: Send + 'static {
    /// Waits for messages, and acknowledges as many as it then says.
    fn arrived(&mut self) -> impl Future<Output = usize> + Send;
}

/// Messages that arrive in a second, each sender with one reader.
pub async fn pairs(peer: &impl Peer) -> f64 {
    let mut load = Load::default();
    for pair in 0..PAIRS {
        load.add(read(peer.reader(Mailbox::Own(pair)).await, load.counter()));
        load.add(keep_on(peer.sender(Mailbox::Own(pair)).await));
    }
    load.rate().await
}

/// The same for one sender whom all read.
pub async fn fan_out(peer: &impl Peer) -> f64 {
    let mut load = Load::default();
    for reader in 0..FANNED_OUT {
        load.add(read(peer.reader(Mailbox::Shared(reader)).await, load.counter()));
    }
    load.add(keep_on(peer.sender(Mailbox::Shared(0)).await));
    load.rate().await
}

/// How long an answer takes at a pace that does not wait for it.
pub async fn answers_at(peer: &impl Peer, pace: Pace) -> Times {
    let mut readers = Load::default();
    let mut senders = JoinSet::new();
    for pair in 0..PAIRS {
        readers.add(read(peer.reader(Mailbox::Own(pair)).await, readers.counter()));
        let sender = peer.sender(Mailbox::Own(pair)).await;
        senders.spawn(paced(sender, pace, pair));
    }
    Times::of(senders.join_all().await.concat())
}

/// Messages a second that are taken for somebody who is away, and then read.
pub async fn offline(peer: &impl Peer) -> (f64, f64) {
    let away = Mailbox::Own(PAIRS);
    drop(peer.reader(away).await);
    let mut sender = peer.sender(away).await;
    let begin = Instant::now();
    fill(&mut sender, OFFLINE).await;
    let accepted = OFFLINE as f64 / begin.elapsed().as_secs_f64();
    let begin = Instant::now();
    let (mut reader, mut drained) = (peer.reader(away).await, 0);
    while drained < OFFLINE {
        drained += reader.arrived().await;
    }
    (accepted, OFFLINE as f64 / begin.elapsed().as_secs_f64())
}

/// Bytes of memory that one connection costs which does nothing. The program has done nothing else before, so that
/// it has nothing to use again.
pub async fn idle_bytes(peer: &impl Peer, connections: usize) -> f64 {
    let mut held = vec![peer.idle(connections).await];
    tokio::time::sleep(SETTLING).await;
    let before = peer.resident_bytes();
    for number in 0..connections {
        held.push(peer.idle(number).await);
    }
    tokio::time::sleep(SETTLING).await;
    (peer.resident_bytes() - before) / connections as f64
}

/// Sends so many messages, as fast as they are answered.
pub async fn fill(sender: &mut impl Sender, messages: usize) {
    let (mut sent, mut answered) = (0, 0);
    while answered < messages {
        while sent < messages && sent - answered < FILLING {
            sender.send().await;
            sent += 1;
        }
        answered += sender.answered().await;
    }
}

async fn read(mut reader: impl Reader, counter: super::load::Counter) {
    loop {
        counter.add(reader.arrived().await as u64);
    }
}

async fn keep_on(mut sender: impl Sender) {
    let mut due = ON_THE_WAY;
    loop {
        for _ in 0..due {
            sender.send().await;
        }
        due = sender.answered().await;
    }
}

async fn paced(mut sender: impl Sender, pace: Pace, number: usize) -> Vec<Duration> {
    let mut ticks = pace.ticks(number).await;
    let mut times = Vec::new();
    while let Some(begin) = ticks.next().await {
        sender.send().await;
        sender.answered().await;
        times.push(begin.elapsed());
    }
    times
}
