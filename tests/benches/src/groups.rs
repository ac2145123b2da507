//! Groups of two, a hundred and a thousand: what a message, somebody who comes and somebody who goes cost those who are
//! there, and what a device has to do that was away.

use std::{path::Path, time::Duration};

use sealpost_crypto::{keys::SealingKey, seal};
use sealpost_engine::{
    command::{Command, Input, Reply},
    conversations::ConversationId,
    mls::PAST_EPOCHS,
};
use sealpost_wire::{card::Card, id::DeliveryId, limits, suite::Suite};

use crate::{
    clock::{median, timed},
    database::Database,
    device::{self, Device},
    report::{Report, time},
    town::{Step, Town},
};

const SIZES: [u16; 3] = [2, 100, 1_000];
/// All groups have the suite that the largest can have.
const SUITES: [Suite; 1] = [Suite::Classical];
const ROUNDS: usize = 201;
const MESSAGES: usize = 21;
/// What one message may hand to the store in a group of a hundred.
const STATE_BYTES: f64 = 5_000.0;
const BEHIND_MESSAGES: usize = 1_000;
const BEHIND_EPOCHS: usize = 50;
const ADA: usize = 0;
const BEN: usize = 1;

/// MLS and its rows alone, over the sealed database. The sizes take turns.
pub fn layer(report: &mut Report, folder: &Path) {
    let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
    let mut groups: Vec<Layer> = SIZES.iter().map(|size| Layer::new(*size, folder.path())).collect();
    for _ in 0..ROUNDS {
        groups.iter_mut().for_each(Layer::message);
    }
    report.section("A message in a group, the MLS layer alone, one transaction each, computing time");
    for Layer { size, sent, received, bytes, .. } in &groups {
        report.figure(&format!("{size} members: send"), time(median(sent.iter().copied())));
        report.figure(&format!("{size} members: receive"), time(median(received.iter().copied())));
        report.figure(&format!("{size} members: bytes handed to the store, at most"), bytes);
    }
    let ratio = |large: &[Duration], small: &[Duration]| {
        median(large.iter().copied()).as_secs_f64() / median(small.iter().copied()).as_secs_f64()
    };
    let [two, hundred, thousand] = &groups[..] else { panic!("three sizes were measured") };
    report.goal("group_send_1000_to_2", ratio(&thousand.sent, &two.sent), 1.4);
    report.goal("group_receive_1000_to_2", ratio(&thousand.received, &two.received), 1.4);
    report.goal("group_state_of_5000_bytes", hundred.bytes as f64 / STATE_BYTES, 1.0);
}

struct Layer {
    size: u16,
    ada: Device,
    ben: Device,
    sent: Vec<Duration>,
    received: Vec<Duration>,
    bytes: usize,
}

impl Layer {
    /// In an epoch that has two before it.
    fn new(size: u16, folder: &Path) -> Self {
        let sealed = |name: &str| Database::sealed(&folder.join(format!("{name}-{size}")));
        let (mut ada, mut ben) = device::two_of(size, Suite::Classical, sealed("ada"), sealed("ben"));
        for _ in 0..=PAST_EPOCHS {
            ben.apply(&ada.renew());
        }
        Self { size, ada, ben, sent: Vec::new(), received: Vec::new(), bytes: 0 }
    }

    fn message(&mut self) {
        let (message, cost) = timed(|| self.ada.encrypt(&[0x61; 200]));
        self.sent.push(cost.cpu);
        self.received.push(timed(|| self.ben.decrypt(&message)).1.cpu);
        self.bytes = self.bytes.max(self.ada.written.bytes).max(self.ben.written.bytes);
    }
}

/// Whole engines.
pub fn engines(report: &mut Report, folder: &Path) {
    for size in SIZES {
        let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
        report.section(&format!("A group of {size}, whole engines, computing time"));
        let (mut town, group, absent) = club(report, size, folder.path());
        messages(report, &mut town, group, size);
        let card = absent.last().expect("somebody is absent").clone();
        let add = Command::AddMembers { conversation: group, members: vec![card.id] };
        change(report, &mut town, "add one", add);
        let remove = Command::RemoveMembers { conversation: group, members: vec![card.id] };
        change(report, &mut town, "remove one", remove);
        behind(report, &mut town, group);
    }
}

/// Ada's group with Ben and others who are away, and one more who can be added.
fn club(report: &mut Report, size: u16, folder: &Path) -> (Town, ConversationId, Vec<Card>) {
    let mut town = Town::new();
    let (ada, ben) = (town.settler(folder, &SUITES), town.settler(folder, &SUITES));
    let (of_ada, of_ben) = (town.people[ada].card.clone(), town.people[ben].card.clone());
    let absent: Vec<Card> = (2..=size).map(|number| town.absent(number, &SUITES)).collect();
    town.meets(ben, &of_ada);
    [&of_ben].into_iter().chain(&absent).for_each(|card| town.meets(ada, card));
    town.relay.carried();
    // With the one who is added it is no larger than groups may be.
    let others = absent[..usize::from(size).min(limits::GROUP_MEMBERS - 1) - 2].iter().map(|card| card.id);
    let members = [of_ben.id].into_iter().chain(others).collect();
    let (group, cost) = timed(|| {
        let create = Command::CreateGroup { name: "club".to_owned(), members };
        let Reply::Conversation(group) = town.command(ada, create) else { panic!("creating answers") };
        town.settle();
        group
    });
    report.figure("create, and one joins", time(cost.cpu));
    report.figure("create: bytes to the relay", town.relay.carried());
    (town, group, absent)
}

fn messages(report: &mut Report, town: &mut Town, group: ConversationId, size: u16) {
    let (mut sent, mut received, mut wire, mut logs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..MESSAGES {
        town.people[ADA].database.fold_log();
        sent.push(town.says(ADA, group));
        logs.push(town.people[ADA].database.log_bytes());
        town.carry(ADA);
        wire.push(town.relay.carried());
        let envelopes = town.mailbox(BEN);
        received.push(town.take(BEN, Input::Envelopes(envelopes)).1);
    }
    let cpu = |steps: &[Step]| time(median(steps.iter().map(|step| step.cost.cpu)));
    let bytes = |steps: &[Step]| median(steps.iter().map(|step| step.written.bytes));
    report.figure("send", cpu(&sent));
    report.figure("send: of this, sealing to the mailboxes", time(sealing(size)));
    report.figure("send: bytes to the relay", median(wire));
    report.figure("send: bytes handed to the store", bytes(&sent));
    report.figure("send: bytes of the log", median(logs));
    report.figure("receive", cpu(&received));
    report.figure("receive: bytes handed to the store", bytes(&received));
    town.settle();
}

/// Wrapping a payload's key for each of the others.
fn sealing(size: u16) -> Duration {
    let keys: Vec<[u8; 32]> = (1..size)
        .map(|number| {
            let mut secret = [1; 32];
            secret[..2].copy_from_slice(&number.to_be_bytes());
            SealingKey::from_secret(secret).public()
        })
        .collect();
    let seal = |_| timed(|| seal::seal(&[0x61; 500], &DeliveryId([1; 16]), &keys, [2; 32]).expect("sealed")).1.cpu;
    median((0..5).map(seal))
}

/// A change from the wish to its commit at the others'; the newcomer's or leaver's device is away.
fn change(report: &mut Report, town: &mut Town, name: &str, command: Command) {
    town.relay.carried();
    let mut own = town.take(ADA, Input::Command(Box::new(command))).1;
    while let Some(step) = town.carry_step(ADA) {
        own.cost.cpu += step.cost.cpu;
        own.written.bytes += step.written.bytes;
    }
    report.figure(name, time(own.cost.cpu));
    report.figure(&format!("{name}: bytes to the relay"), town.relay.carried());
    report.figure(&format!("{name}: bytes handed to the store"), own.written.bytes);
    let envelopes = town.mailbox(BEN);
    let step = town.take(BEN, Input::Envelopes(envelopes)).1;
    report.figure(&format!("{name}: another member's device"), time(step.cost.cpu));
    report.figure(&format!("{name}: bytes handed to its store"), step.written.bytes);
    town.settle();
}

/// Ben's device was off while Ada wrote and renamed.
fn behind(report: &mut Report, town: &mut Town, group: ConversationId) {
    for number in 0..BEHIND_MESSAGES {
        if number % (BEHIND_MESSAGES / BEHIND_EPOCHS) == 0 {
            town.command(ADA, Command::RenameGroup { conversation: group, name: format!("club {number}") });
        }
        town.says(ADA, group);
        while town.carry(ADA) {}
    }
    let envelopes = town.mailbox(BEN);
    let batches = envelopes.chunks(limits::PUSH_WINDOW_MESSAGES);
    let steps: Vec<Step> = batches.map(|batch| town.take(BEN, Input::Envelopes(batch.to_vec())).1).collect();
    let cpu: Duration = steps.iter().map(|step| step.cost.cpu).sum();
    let bytes: usize = steps.iter().map(|step| step.written.bytes).sum();
    report.figure("catch-up of 1,000 messages and 50 epochs", time(cpu));
    report.figure("catch-up: bytes handed to the store", bytes);
}
