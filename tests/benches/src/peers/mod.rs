//! The relay beside what else carries messages on this machine, in one run: the disk alone, mosquitto, RabbitMQ with
//! quorum queues, Prosody.
//!
//! Everybody gets the same load from the same process, and takes turns: 50 pairs, 1 KiB, eight messages on their way
//! for each. Who is not installed is named, and nothing is said about them.

mod amqp;
mod disk;
mod load;
mod mqtt;
mod peer;
mod process;
mod relay;
mod relay_sockets;
mod rounds;
mod xmpp;

use std::path::Path;

use amqp::Rabbit;
use load::{Pace, Times};
use mqtt::Mosquitto;
use peer::Peer;
use relay::Relay;
use rounds::{ROUNDS, Rounds};
use rustix::process::{Resource, getrlimit, setrlimit};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::rustls;
use xmpp::Prosody;

use crate::report::{Report, time};

/// Deliveries a second at which the answer's time is taken.
const CALM: u32 = 500;
const BUSY: u32 = 3_000;
const IDLE: usize = 1_000;
const WAITING: usize = 1_000_000;
/// Connections of one process on both ends, and some files.
const OPEN_FILES: u64 = 8_192;
const NOT_INSTALLED: &str = "not installed";

/// `part`: of all that is measured, only this. Whoever ends it early leaves nothing running.
pub fn measure(report: &mut Report, folder: &Path, part: Option<&str>) {
    allow_connections();
    rustls::crypto::aws_lc_rs::default_provider().install_default().expect("nobody chose one before");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut terminated = signal(SignalKind::terminate()).expect("signals can be heard");
        tokio::select! {
            () = measured(report, folder, part) => {}
            _ = tokio::signal::ctrl_c() => println!("ended early"),
            _ = terminated.recv() => println!("ended early"),
        }
    });
}

async fn measured(report: &mut Report, folder: &Path, part: Option<&str>) {
    let wanted = |name: &str| part.is_none_or(|part| part == name);
    let mut bench = Bench::start(folder).await;
    if wanted("idle") {
        bench.idle_memory(report).await;
    }
    if wanted("rates") {
        bench.rates(report).await;
    }
    if wanted("answers") {
        bench.answers(report).await;
    }
    if wanted("offline") {
        bench.offline(report).await;
    }
    if wanted("syncs") {
        bench.syncs(report).await;
    }
    if wanted("start") {
        bench.start_up(report).await;
    }
}

struct Bench<'folder> {
    folder: &'folder Path,
    relay: Relay,
    mosquitto: Option<Mosquitto>,
    rabbit: Option<Rabbit>,
    prosody: Option<Prosody>,
}

impl<'folder> Bench<'folder> {
    async fn start(folder: &'folder Path) -> Self {
        Self {
            folder,
            relay: Relay::start(&folder.join("relay"), IDLE + 1).await,
            mosquitto: Mosquitto::start(&folder.join("mosquitto")).await,
            rabbit: Rabbit::start(&folder.join("rabbit"), false).await,
            prosody: Prosody::start(&folder.join("prosody")).await,
        }
    }

    /// Comes first: a program that has worked has memory to use again.
    async fn idle_memory(&mut self, report: &mut Report) {
        report.section(&format!("Memory of a connection that does nothing, of {IDLE}"));
        self.relay.restart().await;
        let plain = peer::idle_bytes(&self.relay, IDLE).await;
        report.figure("sealpost-server, plain", kilobytes(plain));
        let secure = peer::idle_bytes(&self.relay.restart_secure().await, IDLE).await;
        report.figure("sealpost-server, TLS", kilobytes(secure));
        self.relay.restart_plain().await;
        idle_of(report, "mosquitto, plain", self.mosquitto.as_ref()).await;
        idle_of(report, "RabbitMQ, plain, with a channel and no queue", self.rabbit.as_ref()).await;
        idle_of(report, "Prosody, plain", self.prosody.as_ref()).await;
        report.goal("relay_idle_kilobytes", plain / 1e3, 12.0);
    }

    async fn rates(&mut self, report: &mut Report) {
        let [mut raw, mut ours, mut mosquitto, mut rabbit, mut prosody] = <[Rounds; 5]>::default();
        let [mut our_fan, mut mosquitto_fan, mut rabbit_fan] = <[Rounds; 3]>::default();
        for _ in 0..ROUNDS {
            raw.add(disk::group_commit(self.folder));
            ours.add(peer::pairs(&self.relay).await);
            rate(&mut mosquitto, self.mosquitto.as_ref()).await;
            rate(&mut rabbit, self.rabbit.as_ref()).await;
            rate(&mut prosody, self.prosody.as_ref()).await;
            our_fan.add(peer::fan_out(&self.relay).await);
            fanned_out(&mut mosquitto_fan, self.mosquitto.as_ref()).await;
            fanned_out(&mut rabbit_fan, self.rabbit.as_ref()).await;
        }
        report.section("Delivered a second: 50 pairs, 1 KiB, 8 on their way each");
        report.figure("appended and synced 400 at a time, with no relay at all", &raw);
        report.figure("sealpost-server, durable", &ours);
        report.figure("mosquitto, QoS 1, keeps nothing", &mosquitto);
        report.figure("RabbitMQ, quorum queues, durable", &rabbit);
        report.figure("Prosody, XEP-0198, keeps nothing", &prosody);
        report.section("Delivered a second: one sender, 50 readers");
        report.figure("sealpost-server, durable", &our_fan);
        report.figure("mosquitto", &mosquitto_fan);
        report.figure("RabbitMQ, 50 quorum queues on a fanout exchange", &rabbit_fan);
        report.at_least_if_measured("relay_to_mosquitto", ours.to(&mosquitto), 0.35);
        report.at_least_if_measured("relay_to_rabbitmq", ours.to(&rabbit), 8.0);
        report.at_least_if_measured("fan_out_to_mosquitto", our_fan.to(&mosquitto_fan), 0.35);
    }

    async fn answers(&mut self, report: &mut Report) {
        report.section("Time until the sender has its answer: p50, p99");
        let [mut syncs, mut middles] = <[Rounds; 2]>::default();
        for _ in 0..ROUNDS {
            let sync = disk::sync_of_one(self.folder);
            let times = peer::answers_at(&self.relay, Pace::a_second(CALM)).await;
            report.figure(&format!("sealpost-server, {CALM} a second"), both(&times));
            syncs.add(sync.as_secs_f64());
            middles.add(times.p50.as_secs_f64());
        }
        report.figure("one append of 1 KiB and fdatasync, in milliseconds", syncs.scaled(1e3));
        let times = peer::answers_at(&self.relay, Pace::a_second(BUSY)).await;
        report.figure(&format!("sealpost-server, {BUSY} a second"), both(&times));
        for pace in [CALM, BUSY] {
            answers_of(report, "mosquitto", self.mosquitto.as_ref(), pace).await;
            answers_of(report, "RabbitMQ", self.rabbit.as_ref(), pace).await;
            answers_of(report, "Prosody", self.prosody.as_ref(), pace).await;
        }
        if let Some(ratio) = middles.to(&syncs) {
            report.goal("relay_p50_to_fdatasync", ratio, 3.0);
        }
    }

    async fn offline(&mut self, report: &mut Report) {
        report.section("For one who is away: taken a second from one sender, and read a second by whoever comes back");
        offline_of(report, "sealpost-server", Some(&self.relay)).await;
        offline_of(report, "mosquitto, in memory", self.mosquitto.as_ref()).await;
        offline_of(report, "RabbitMQ, quorum queue", self.rabbit.as_ref()).await;
    }

    /// The peers that ran until now end here: strace watches a program from its start.
    async fn syncs(&mut self, report: &mut Report) {
        report.section("Waits for the disk (fsync, fdatasync) per delivered message, 50 pairs");
        (self.mosquitto, self.prosody) = (None, None);
        if !self.relay.restart_traced().await {
            return report.figure("not counted", "strace is not installed");
        }
        let before = self.relay.syncs();
        let paced = peer::answers_at(&self.relay, Pace::a_second(CALM)).await;
        let calm = (self.relay.syncs() - before) as f64 / paced.messages as f64;
        report.figure(&format!("sealpost-server, {CALM} a second"), format!("{calm:.3}"));
        let (before, accepted) = (self.relay.syncs(), self.relay.accepted().await);
        peer::pairs(&self.relay).await;
        let accepted = self.relay.accepted().await - accepted;
        let busy = (self.relay.syncs() - before) as f64 / accepted;
        report.figure("sealpost-server, 8 on their way each", format!("{busy:.4}"));
        self.relay.restart().await;
        if self.rabbit.take().is_none() {
            return;
        }
        let traced = Rabbit::start(&self.folder.join("rabbit-traced"), true).await;
        let rabbit = traced.expect("it is installed");
        let before = rabbit.syncs();
        let paced = peer::answers_at(&rabbit, Pace::a_second(CALM)).await;
        let calm = (rabbit.syncs() - before) as f64 / paced.messages as f64;
        report.figure(&format!("RabbitMQ, quorum queues, {CALM} a second"), format!("{calm:.3}"));
    }

    async fn start_up(&mut self, report: &mut Report) {
        report.section("Start after a kill without warning, until it listens");
        report.figure("with little in its mailboxes", time(self.relay.restart().await));
        self.relay.fill(load::PAIRS, WAITING).await;
        let megabytes = self.relay.bytes_on_disk() / 1_000_000;
        let started = self.relay.restart().await;
        let waiting = self.relay.metric("sealpost_waiting_messages").await;
        assert!(waiting >= WAITING as f64, "all of them wait: {waiting}");
        report.figure(&format!("with {waiting} messages waiting, {megabytes} MB"), time(started));
        let again = self.relay.restart().await;
        report.figure("once more", time(again));
    }
}

async fn rate(rounds: &mut Rounds, peer: Option<&impl Peer>) {
    if let Some(peer) = peer {
        rounds.add(peer::pairs(peer).await);
    }
}

async fn fanned_out(rounds: &mut Rounds, peer: Option<&impl Peer>) {
    if let Some(peer) = peer {
        rounds.add(peer::fan_out(peer).await);
    }
}

async fn idle_of(report: &mut Report, name: &str, peer: Option<&impl Peer>) {
    match peer {
        Some(peer) => report.figure(name, kilobytes(peer::idle_bytes(peer, IDLE).await)),
        None => report.figure(name, NOT_INSTALLED),
    }
}

async fn answers_of(report: &mut Report, name: &str, peer: Option<&impl Peer>, pace: u32) {
    let name = format!("{name}, {pace} a second");
    match peer {
        Some(peer) => report.figure(&name, both(&peer::answers_at(peer, Pace::a_second(pace)).await)),
        None => report.figure(&name, NOT_INSTALLED),
    }
}

async fn offline_of(report: &mut Report, name: &str, peer: Option<&impl Peer>) {
    match peer {
        Some(peer) => {
            let (taken, read) = peer::offline(peer).await;
            report.figure(name, format!("{taken:.0}, {read:.0}"));
        }
        None => report.figure(name, NOT_INSTALLED),
    }
}

fn kilobytes(bytes: f64) -> String {
    format!("{:.1} kB", bytes / 1e3)
}

fn both(times: &Times) -> String {
    format!("{}, {}", time(times.p50), time(times.p99))
}

/// The shells' usual limit is too low for the idle connections; what is started inherits this one.
fn allow_connections() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < OPEN_FILES) {
        limit.current = Some(limit.maximum.map_or(OPEN_FILES, |maximum| maximum.min(OPEN_FILES)));
        setrlimit(Resource::Nofile, limit).expect("what is allowed can be set");
    }
}
