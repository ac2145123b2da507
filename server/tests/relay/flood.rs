//! Many connections at a time: each costs a bounded amount of memory, and whoever holds many leaves room for others.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, stream};
use sealpost_wire::frame::{Body, Deliver};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};

use crate::{
    harness::{Device, Socket, TestRelay},
    program::Program,
};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
/// An idle socket, in the relay's memory; three times of what was measured.
const IDLE_BYTES: u64 = 32 * KIB;
/// A socket with eight deliveries of 1 KiB at work.
const BUSY_BYTES: u64 = 256 * KIB;
/// What the relay needs besides: the queue of the writer, pages of the database.
const BESIDE: u64 = 64 * MIB;
/// Deliveries that a busy socket has under way, and rounds of them.
const UNDER_WAY: u32 = 8;
const ROUNDS: u32 = 4;
/// Connections that are opened at the same time.
const AT_ONCE: usize = 64;
const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_and_busy_connections_cost_a_bounded_memory_each() {
    Flood { idle: 500, busy: 80 }.run().await;
}

/// `make flood`; needs `ulimit -n 16384` or more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "ten thousand connections: make flood"]
async fn ten_thousand_idle_and_two_thousand_busy_connections_cost_a_bounded_memory_each() {
    Flood { idle: 10_000, busy: 2_000 }.run().await;
}

struct Flood {
    idle: usize,
    busy: usize,
}

impl Flood {
    async fn run(&self) {
        let limits = std::fs::read_to_string("/proc/self/limits").expect("this process' limits");
        let files = limits.lines().find(|line| line.starts_with("Max open files")).expect("a limit");
        let files: usize = files.split_whitespace().nth(3).and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
        let needed = self.idle + self.busy + 300;
        assert!(files >= needed, "raise the limit first: ulimit -n {needed}");

        let folder = tempfile::tempdir().expect("temporary");
        let limits = "[limits]\nanonymous_a_minute = 10000000\nconnections = 20000\n";
        let relay = Program::start(folder.path(), limits);
        let devices = mailboxes(&relay, 20).await;
        let one = connect(&relay.address, 0).await;
        let before = relay.resident_bytes();
        let start = Instant::now();
        let idle: Vec<Socket> = many(&relay, self.idle).await;
        let (opened, with_idle) = (start.elapsed(), relay.resident_bytes());
        let busy: Vec<Socket> = many(&relay, self.busy).await;
        let start = Instant::now();
        let mut peak = relay.resident_bytes();
        let working = futures_util::future::join_all(
            busy.into_iter().enumerate().map(|(number, socket)| work(socket, number, &devices)),
        );
        tokio::pin!(working);
        loop {
            tokio::select! {
                _ = &mut working => break,
                () = tokio::time::sleep(Duration::from_millis(100)) => peak = peak.max(relay.resident_bytes()),
            }
        }
        let deliveries = self.busy as u64 * u64::from(UNDER_WAY * ROUNDS);
        let (each_idle, for_busy) =
            (with_idle.saturating_sub(before) / self.idle as u64, peak.saturating_sub(with_idle));
        println!(
            "{} idle: {each_idle} bytes each (opened in {opened:?}); {} busy: {} bytes each at the peak, {deliveries} \
             deliveries in {:?}; resident {} MiB, {} MiB, {} MiB",
            self.idle,
            self.busy,
            for_busy / self.busy as u64,
            start.elapsed(),
            before / MIB,
            with_idle / MIB,
            peak / MIB
        );
        assert!(each_idle < IDLE_BYTES, "{each_idle} bytes for an idle connection");
        assert!(for_busy < self.busy as u64 * BUSY_BYTES + BESIDE, "{for_busy} bytes for {} busy ones", self.busy);
        answers(&relay.address).await;
        drop((idle, one));
    }
}

/// A frame that is announced and does not come takes no memory.
#[tokio::test]
async fn frames_that_are_announced_and_do_not_come_take_no_memory() {
    const COUNT: usize = 200;
    let folder = tempfile::tempdir().expect("temporary");
    let relay = Program::start(folder.path(), "");
    let mut sockets = many(&relay, COUNT).await;
    let before = relay.resident_bytes();
    for socket in &mut sockets {
        let head = [&[0x82, 0xff][..], &(2 * MIB).to_be_bytes(), &[1, 2, 3, 4], b"the first bytes"].concat();
        let tokio_tungstenite::MaybeTlsStream::Plain(stream) = socket.0.get_mut() else { panic!("plain") };
        stream.write_all(&head).await.expect("sent");
    }
    answers(&relay.address).await;
    let grown = relay.resident_bytes().saturating_sub(before);
    assert!(grown < COUNT as u64 * 64 * KIB, "{grown} bytes for {COUNT} frames that did not come");
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_and_are_served_when_others_end() {
    let relay = TestRelay::start_with(|config| config.limits.connections = 8).await;
    let address = relay.url.strip_prefix("http://").expect("http").to_owned();
    let mut held = Vec::new();
    for number in 0..8 {
        held.push(connect(&address, number * 100).await);
    }
    let mut waiting = TcpStream::connect(&address).await.expect("the system accepts it");
    waiting.write_all(b"GET /v1/relay HTTP/1.1\r\nhost: r\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = Vec::new();
    let unanswered = tokio::time::timeout(Duration::from_millis(300), waiting.read_buf(&mut answer)).await;
    assert!(unanswered.is_err(), "nobody serves it yet");
    drop(held.pop());
    let read = tokio::time::timeout(PATIENCE, waiting.read_to_end(&mut answer)).await;
    read.expect("served").expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn one_address_prefix_takes_half_of_the_connections_at_most() {
    let relay = TestRelay::start_with(|config| config.limits.connections = 8).await;
    let address = relay.url.strip_prefix("http://").expect("http").to_owned();
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(connect(&address, 0).await);
    }
    for _ in 0..20 {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind(from(0)).expect("an address");
        let mut refused = socket.connect(address.parse().expect("an address")).await.expect("the system accepts it");
        let read = tokio::time::timeout(PATIENCE, refused.read(&mut [0])).await.expect("closed at once");
        assert_eq!(read.unwrap_or(0), 0);
    }
    answers(&address).await;
    let _other = connect(&address, 100).await;
    drop(held.pop());
    let again = async {
        // Until the relay has seen that the other one ended.
        loop {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(from(0)).expect("an address");
            let mut socket = socket.connect(address.parse().expect("an address")).await.expect("accepted");
            let asked = socket.write_all(b"GET /v1/relay HTTP/1.1\r\nhost: r\r\nconnection: close\r\n\r\n").await;
            if asked.is_ok() && socket.read(&mut [0; 16]).await.unwrap_or(0) > 0 {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("what was let go is free");
}

async fn many(relay: &Program, count: usize) -> Vec<Socket> {
    stream::iter(0..count).map(|number| connect(&relay.address, number)).buffer_unordered(AT_ONCE).collect().await
}

/// A sender's socket, from one of many addresses of loopback.
async fn connect(address: &str, number: usize) -> Socket {
    let stream = TcpSocket::new_v4().expect("a socket");
    stream.bind(from(number)).expect("an address");
    let stream = stream.connect(address.parse().expect("an address")).await.expect("a connection");
    let url = format!("ws://{address}/v1/socket/send");
    let stream = tokio_tungstenite::MaybeTlsStream::Plain(stream);
    Socket(tokio_tungstenite::client_async(url, stream).await.expect("a socket").0)
}

/// 127.0.1.1, 127.0.2.1, …: a prefix of its own for each hundred.
fn from(number: usize) -> std::net::SocketAddr {
    ([127, 0, 1 + (number / 100 % 200) as u8, 1], 0).into()
}

async fn mailboxes(relay: &Program, count: u8) -> Vec<Device> {
    let mut devices = Vec::new();
    for seed in 1..=count {
        let device = Device::new(seed);
        relay.register(&device).await;
        devices.push(device);
    }
    devices
}

async fn work(mut socket: Socket, number: usize, devices: &[Device]) {
    let device = &devices[number % devices.len()];
    for round in 0..ROUNDS {
        for request in 0..UNDER_WAY {
            let mut delivery = device.delivery(1, &[7; 1_024]);
            let name = [number as u64, u64::from(round * UNDER_WAY + request)];
            delivery.delivery_id = name.iter().flat_map(|part| part.to_be_bytes()).collect();
            let version = sealpost_wire::PROTOCOL_VERSION;
            socket.send(Body::Deliver(Deliver { request, delivery: Some(delivery), version })).await;
        }
        for _ in 0..UNDER_WAY {
            let Some(Body::Delivered(_)) = socket.next().await else { panic!("an answer is due") };
        }
    }
}

/// Somebody else is served.
async fn answers(address: &str) {
    let request = crate::harness::client().get(format!("http://{address}/v1/relay")).send();
    let answer = tokio::time::timeout(PATIENCE, request).await.expect("in time").expect("an answer");
    assert!(answer.status().is_success());
}
