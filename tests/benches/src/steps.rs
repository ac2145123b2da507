//! Whole steps of a device: a message that is durable before it leaves, one that is durable before it is acknowledged,
//! and a mailbox that has filled up.

use std::{path::Path, time::Duration};

use sealpost_crypto::{
    keys::SealingKey,
    seal::{self, Sealed},
};
use sealpost_engine::{command::Input, conversations::ConversationId};
use sealpost_wire::{envelope::Envelope, id::DeliveryId, limits, suite::Suite};

use crate::{
    clock::{median, timed},
    database::Database,
    device::{self, Device},
    disk::RawDisk,
    report::{Report, time},
    town::{Step, Town},
};

const MESSAGES: usize = 101;
const QUEUED: usize = 1_000;
const ROUNDS: usize = 3;
/// Catch-ups before one on a device that holds some messages.
const FILLING: usize = 4;
/// A device heals its epoch after two hundred own messages.
const BEFORE_HEALING: usize = 150;
const ADA: usize = 0;
const BEN: usize = 1;

/// One message of a conversation of two, each step with its commit on disk, beside what the disk itself takes.
pub fn durable(report: &mut Report, folder: &Path) {
    let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
    let mut raw = RawDisk::new(folder.path());
    let (mut town, conversation) = Town::two(folder.path(), &Suite::ALL);
    let (mut appends, mut sent, mut received) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..MESSAGES {
        appends.push(raw.append());
        sent.push(town.says(ADA, conversation));
        town.carry(ADA);
        let envelopes = town.mailbox(BEN);
        received.push(town.take(BEN, Input::Envelopes(envelopes)).1);
    }
    let append = median(appends.iter().map(|cost| cost.wall));
    report.section("A durable message of two: one step of the engine, one commit");
    report.figure("append of 16 KiB and fdatasync in the same folder", time(append));
    for (name, steps) in [("send", &sent), ("receive", &received)] {
        let wall = median(steps.iter().map(|step| step.cost.wall));
        let cpu = median(steps.iter().map(|step| step.cost.cpu));
        report.figure(&format!("{name}: time that passed"), time(wall));
        report.figure(&format!("{name}: computing time"), time(cpu));
        report
            .figure(&format!("{name}: bytes handed to the store"), median(steps.iter().map(|step| step.written.bytes)));
        let waited = median(steps.iter().map(|step| step.cost.wall.saturating_sub(step.cost.cpu)));
        report.goal(&format!("durable_{name}"), waited.as_secs_f64() / append.as_secs_f64(), 1.6);
    }
}

/// A thousand messages that wait for a device, in the batches that the relay hands out, and the crypto in them alone:
/// unsealed and opened in one go, with nothing kept but in memory. The two take turns.
pub fn catch_up(report: &mut Report, folder: &Path) {
    report.section("Catch-up of 1,000 messages of two, in batches of 64, computing time");
    for suite in Suite::ALL {
        let mut alone = Alone::new(suite);
        let (mut crypto, mut whole, mut full, mut bytes) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            crypto.push(alone.opens());
            let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
            let (mut town, conversation) = Town::two(folder.path(), &[suite]);
            let mut catch_ups = (0..=FILLING).map(|_| catches_up(&mut town, conversation)).collect::<Vec<_>>();
            full.extend(catch_ups.pop().map(|(cpu, _)| cpu));
            whole.push(catch_ups[0].0);
            bytes = catch_ups[0].1;
        }
        let (crypto, whole) = (median(crypto), median(whole));
        report.figure(&format!("{suite:?}: the crypto alone"), time(crypto));
        report.figure(&format!("{suite:?}: the whole engine"), time(whole));
        report.figure(&format!("{suite:?}: bytes handed to the store"), bytes);
        report
            .figure(&format!("{suite:?}: the whole engine, behind 4,000 messages that are there"), time(median(full)));
        let name = format!("catch_up_{suite:?}").to_lowercase();
        report.goal(&name, whole.as_secs_f64() / crypto.as_secs_f64(), 1.4);
    }
}

/// Ben's device was off; what his steps compute, and hand to the store.
fn catches_up(town: &mut Town, conversation: ConversationId) -> (Duration, usize) {
    let envelopes = queued(town, conversation);
    let batches = envelopes.chunks(limits::PUSH_WINDOW_MESSAGES);
    let steps: Vec<Step> = batches.map(|batch| town.take(BEN, Input::Envelopes(batch.to_vec())).1).collect();
    town.settle();
    (steps.iter().map(|step| step.cost.cpu).sum(), steps.iter().map(|step| step.written.bytes).sum())
}

fn queued(town: &mut Town, conversation: ConversationId) -> Vec<Envelope> {
    for number in 0..QUEUED {
        if number % BEFORE_HEALING == 0 {
            town.is_not_due_to_heal(ADA, conversation);
        }
        town.says(ADA, conversation);
        town.carry(ADA);
    }
    town.mailbox(BEN)
}

struct Alone {
    ada: Device,
    ben: Device,
    key: SealingKey,
}

impl Alone {
    fn new(suite: Suite) -> Self {
        let (ada, ben) = device::two_of(2, suite, Database::memory(), Database::memory());
        Self { ada, ben, key: SealingKey::from_secret([7; 32]) }
    }

    fn opens(&mut self) -> Duration {
        let Self { ada, ben, key } = self;
        let id = DeliveryId([3; 16]);
        // About what a text of 200 letters is as a content.
        let messages = ada.encrypt_all(&[[0x61; 240].as_slice(); QUEUED]);
        let seal = |message: &Vec<u8>| seal::seal(message, &id, &[key.public()], [4; 32]).expect("sealed");
        let sealed: Vec<Sealed> = messages.iter().map(seal).collect();
        let open = |sealed: &Sealed| seal::open(key, &id, &sealed.wrapped_keys[0], &sealed.payload).expect("opens");
        timed(|| ben.decrypt_all(&sealed.iter().map(open).collect::<Vec<_>>())).1.cpu
    }
}
