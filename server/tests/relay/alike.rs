//! Unknown, revoked, expired and wrong: one answer, in every byte of it and in the time that it takes.

use std::time::{Duration, Instant};

use data_encoding::BASE64URL_NOPAD;
use sealpost_wire::{
    api::mailbox::{MailboxToken, MailboxTokens},
    envelope::Delivery,
    frame::Body,
    id::DeliveryToken,
};

use crate::harness::{Device, TestRelay};

/// Of each case, in one round.
const SAMPLES: usize = 400;
/// Rounds until one shows what is asked; a machine that does other things may spoil some.
const ROUNDS: usize = 8;
/// How often one case may be slower than another, beyond half of the pairs. With 400 samples of each, chance alone
/// stays below 0.1 in all but one of a million comparisons (its standard deviation is 0.02).
const BOUND: f64 = 0.1;
/// The control is slower by the median divided by this: the difference that a round must be able to see.
const PART_OF_MEDIAN: u32 = 4;

/// What is shown to a mailbox that does not take it.
struct Cases {
    device: Device,
    names: [&'static str; 4],
    devices: Vec<Device>,
}

impl Cases {
    async fn at(relay: &TestRelay) -> Self {
        let token = |seed: u8, byte: u8| Device { token: DeliveryToken([byte; 16]), ..Device::new(seed) };
        let device = relay.device(1).await;
        let fresh = token(1, 8).mailbox_token();
        let expired = MailboxToken { expires_at_seconds: relay.now() - 7_200, ..token(1, 7).mailbox_token() };
        let tokens = MailboxTokens { tokens: vec![fresh, expired] };
        let () = device.send(relay, "PUT", "/v1/mailbox/tokens", &tokens).await.expect("replaced");
        let devices = vec![Device::new(200), Device::new(1), token(1, 7), token(1, 9)];
        Self { device, names: ["unknown", "revoked", "expired", "wrong"], devices }
    }

    fn delivery(&self, case: usize, number: u8) -> Delivery {
        self.devices[case].delivery(number, b"x")
    }
}

#[tokio::test]
async fn unknown_revoked_expired_and_wrong_are_answered_alike_to_the_byte() {
    let relay = TestRelay::start().await;
    let cases = Cases::at(&relay).await;
    let mut answers: Vec<Vec<String>> = Vec::new();
    for (case, device) in cases.devices.iter().enumerate() {
        let mut all = Vec::new();
        for ephemeral in [false, true] {
            let delivery = Delivery { ephemeral, ..cases.delivery(case, 1) };
            all.push(answer(&relay, "/v1/deliveries", &delivery).await);
        }
        let asked = serde_json::json!({ "token": BASE64URL_NOPAD.encode(&device.token.0), "suites": [3] });
        all.push(answer(&relay, &format!("/v1/directory/{}/key-package", device.id), &asked).await);
        let Some(Body::Delivered(delivered)) = relay.sender().await.deliver(1, cases.delivery(case, 1)).await else {
            panic!("an answer is due")
        };
        all.push(format!("{delivered:?}"));
        answers.push(all);
    }
    assert!(answers[0].iter().all(|answer| answer.contains("token_refused")), "{:?}", answers[0]);
    for (name, answer) in cases.names.iter().zip(&answers) {
        assert_eq!(*answer, answers[0], "{name}");
    }
    // What is taken is answered otherwise: the comparison sees a difference.
    let taken = Device { token: DeliveryToken([8; 16]), ..Device::new(1) }.delivery(2, b"x");
    assert_ne!(answer(&relay, "/v1/deliveries", &taken).await, answers[0][0]);
    assert_eq!(cases.device.id, taken_id(&taken));
}

fn taken_id(delivery: &Delivery) -> sealpost_wire::id::UserId {
    delivery.recipients[0].mailbox.parse().expect("an ID")
}

/// Status, headers but the date, and body.
async fn answer(relay: &TestRelay, path: &str, body: &impl serde::Serialize) -> String {
    let sent = relay.http().post(format!("{}{path}", relay.url)).json(body).send().await.expect("an answer");
    let mut headers: Vec<String> = sent.headers().iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.retain(|header| !header.starts_with("date:"));
    headers.sort();
    let status = sent.status();
    format!("{status}\n{}\n{}", headers.join("\n"), sent.text().await.expect("text"))
}

/// Measured where the answer is made, without a network that would hide differences. A rank test of each pair of cases:
/// alike within the bound, in a round in which a delay that was planted is found by the same test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_revoked_expired_and_wrong_take_the_same_time() {
    let relay = TestRelay::start().await;
    let cases = Cases::at(&relay).await;
    let mut told = String::new();
    for _ in 0..ROUNDS {
        let round = Round::measure(&relay, &cases).await;
        let control = slower(&round.control, &round.times[3]);
        let apart = round.furthest();
        told += &format!("\nfurthest {apart:.3}, control {control:.3}, median {:?}", median(&round.times[3]));
        if apart < BOUND && control > 0.5 + BOUND {
            return;
        }
    }
    panic!("no round found the control and saw no difference otherwise:{told}");
}

struct Round {
    times: Vec<Vec<Duration>>,
    /// A wrong token, with a delay of a part of the median.
    control: Vec<Duration>,
}

impl Round {
    async fn measure(relay: &TestRelay, cases: &Cases) -> Self {
        let (mut times, mut control) = (vec![Vec::new(); 4], Vec::new());
        let mut warm = Vec::new();
        for number in 0..100 {
            warm.push(time(relay, cases.delivery(number % 4, 1), Duration::ZERO).await);
        }
        let delay = median(&warm) / PART_OF_MEDIAN;
        // Interleaved, each first as often as the others: whatever the machine does meanwhile, it does to all.
        for sample in 0..SAMPLES {
            for place in 0..5 {
                match (sample + place) % 5 {
                    4 => control.push(time(relay, cases.delivery(3, 1), delay).await),
                    case => times[case].push(time(relay, cases.delivery(case, 1), Duration::ZERO).await),
                }
            }
        }
        Self { times, control }
    }

    /// How far the two cases that differ most are from being as often slower as faster.
    fn furthest(&self) -> f64 {
        let pairs = (0..4).flat_map(|one| (0..one).map(move |other| (one, other)));
        pairs.map(|(one, other)| (slower(&self.times[one], &self.times[other]) - 0.5).abs()).fold(0.0, f64::max)
    }
}

async fn time(relay: &TestRelay, delivery: Delivery, delay: Duration) -> Duration {
    let start = Instant::now();
    let answer = relay.service.deliver(delivery).await.expect("answered");
    let measured = Instant::now();
    while measured.elapsed() < delay {
        std::hint::spin_loop();
    }
    let took = start.elapsed();
    assert_eq!(answer.refused[0].code, "token_refused");
    took
}

/// In which part of all pairs the first is slower (Mann and Whitney's statistic, divided by the number of pairs).
fn slower(ones: &[Duration], others: &[Duration]) -> f64 {
    let mut sorted = others.to_vec();
    sorted.sort_unstable();
    let below = |one: &Duration| {
        let (less, at_most) = (sorted.partition_point(|it| it < one), sorted.partition_point(|it| it <= one));
        (less + at_most) as f64 / 2.0
    };
    ones.iter().map(below).sum::<f64>() / (ones.len() * others.len()) as f64
}

fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times[times.len() / 2]
}
