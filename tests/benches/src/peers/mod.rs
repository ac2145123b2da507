//! The relay beside what else carries messages on this machine, in one run: the disk alone, mosquitto, RabbitMQ.
//!
//! Everybody gets the same load from the same process: 50 pairs, 1 KiB, eight messages on their way per pair.

mod amqp;
mod broker;
mod disk;
mod load;
mod mqtt;
mod relay;

use std::{path::Path, time::Duration};

use load::{PAIRS, Pace};
use relay::Relay;

use crate::report::{Report, time};

/// Deliveries a second at which the answer's time is taken.
const CALM: u32 = 500;
const BUSY: u32 = 3_000;
/// Who reads one message of the fan-out.
const READERS: usize = 50;
const WAITING: usize = 1_000_000;
const IDLE: usize = 1_000;

pub fn measure(report: &mut Report, folder: &Path) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let sync = disk::sync_of_one(folder);
        report.section("The relay and its peers: 50 pairs, 1 KiB, 8 on their way each");
        report.figure("one append of 1 KiB and fdatasync", time(sync));
        report.figure("raw group commit, messages a second", per_second(disk::group_commit(folder)));
        let relay = relay_alone(report, folder, sync).await;
        with_mosquitto(report, &folder.join("mosquitto"), &relay).await;
        with_rabbit(report, &folder.join("rabbit"), &relay).await;
    });
}

/// What the relay delivers in a second, for the ratios to the peers.
struct Rates {
    pairs: f64,
    fan_out: f64,
}

async fn relay_alone(report: &mut Report, folder: &Path, sync: Duration) -> Rates {
    let mut relay = Relay::start(&folder.join("relay")).await;
    let readers = relay.register(PAIRS.max(READERS)).await;
    let pairs = relay.pairs(&readers).await;
    report.figure("sealpost-server, delivered a second, durable", per_second(pairs));
    for pace in [CALM, BUSY] {
        let times = relay.answers_at(&readers, Pace::a_second(pace)).await;
        report.figure(&format!("at {pace} a second: p50 of the durable answer"), time(times.p50));
        report.figure(&format!("at {pace} a second: p99 of the durable answer"), time(times.p99));
        if pace == CALM {
            report.goal("relay_p50_to_fdatasync", times.p50.as_secs_f64() / sync.as_secs_f64(), 3.0);
        }
    }
    let fan_out = relay.fan_out(&readers[..READERS]).await;
    report.figure("one message to 50, delivered a second", per_second(fan_out));
    let (accepted, drained) = relay.offline(&readers[0]).await;
    report.figure("accepted a second for one who is away", per_second(accepted));
    report.figure("drained a second by whoever comes back", per_second(drained));
    let idle = relay.idle_bytes(IDLE).await;
    report.figure("memory of an idle connection, plain", format!("{:.1} kB", idle / 1e3));
    report.goal("relay_idle_kilobytes", idle / 1e3, 12.0);
    let started = relay.start_with_waiting(&readers, WAITING).await;
    report.figure("start with 1,000,000 waiting messages", time(started));
    relay.end().await;
    Rates { pairs, fan_out }
}

async fn with_mosquitto(report: &mut Report, folder: &Path, relay: &Rates) {
    let Some(broker) = broker::mosquitto(folder).await else {
        return report.figure("mosquitto", "not installed");
    };
    let (pairs, fan_out) = (mqtt::pairs(&broker).await, mqtt::fan_out(&broker, READERS).await);
    report.figure("mosquitto, QoS 1, nothing kept, delivered a second", per_second(pairs));
    report.figure("mosquitto, one message to 50, delivered a second", per_second(fan_out));
    report.at_least("relay_to_mosquitto", relay.pairs / pairs, 0.35);
    report.at_least("fan_out_to_mosquitto", relay.fan_out / fan_out, 0.35);
}

async fn with_rabbit(report: &mut Report, folder: &Path, relay: &Rates) {
    let Some(broker) = broker::rabbit(folder).await else {
        return report.figure("RabbitMQ", "not installed");
    };
    let pairs = amqp::pairs(&broker).await;
    report.figure("RabbitMQ, quorum queues, delivered a second", per_second(pairs));
    report.at_least("relay_to_rabbitmq", relay.pairs / pairs, 8.0);
}

fn per_second(rate: f64) -> String {
    format!("{rate:.0}")
}
