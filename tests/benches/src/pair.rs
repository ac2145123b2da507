//! One message between two: ours beside openmls as it comes.

use std::{path::Path, time::Duration};

use sealpost_engine::mls::PAST_EPOCHS;
use sealpost_wire::suite::Suite;

use crate::{
    clock::{median, timed},
    database::Database,
    device::{self, Device},
    report::{Report, time},
    stock::{self, Stock},
};

const ROUNDS: usize = 21;
const MESSAGES: usize = 64;
const PLAINTEXT: [u8; 200] = [0x61; 200];

/// Computing times of one message, over the rounds.
#[derive(Default)]
struct Times {
    stock_encrypt: Vec<Duration>,
    stock_decrypt: Vec<Duration>,
    /// Over rows in memory, as the stock one.
    encrypt: Vec<Duration>,
    /// Over the sealed database, one transaction each.
    encrypt_alone: Vec<Duration>,
    decrypt_alone: Vec<Duration>,
    /// Over the sealed database, all in one transaction, as a mailbox is drained.
    decrypt: Vec<Duration>,
}

struct Sides {
    stock: (Stock, Stock),
    light: (Device, Device),
    durable: (Device, Device),
}

/// `folder` is on a file system in memory where there is one: the disk is measured elsewhere.
pub fn measure(report: &mut Report, folder: &Path) {
    for suite in Suite::ALL {
        let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
        let mut sides = Sides::new(suite, folder.path());
        let mut times = Times::default();
        // They take turns, so that what else runs on the machine disturbs all alike.
        (0..ROUNDS).for_each(|_| sides.round(&mut times));
        let median = |times: &[Duration]| median(times.iter().copied());
        report.section(&format!("One message of two, {suite:?}, computing time"));
        report.figure("openmls as it comes, in memory: encrypt", time(median(&times.stock_encrypt)));
        report.figure("openmls as it comes, in memory: decrypt", time(median(&times.stock_decrypt)));
        report.figure("ours, in memory: encrypt", time(median(&times.encrypt)));
        report.figure("ours, sealed database, 64 in one transaction: decrypt", time(median(&times.decrypt)));
        report.figure("ours, sealed database, one transaction each: encrypt", time(median(&times.encrypt_alone)));
        report.figure("ours, sealed database, one transaction each: decrypt", time(median(&times.decrypt_alone)));
        let ratio = |ours: &[Duration], stock: &[Duration]| median(ours).as_secs_f64() / median(stock).as_secs_f64();
        let name = format!("{suite:?}").to_lowercase();
        report.goal(&format!("encrypt_{name}"), ratio(&times.encrypt, &times.stock_encrypt), 0.7);
        report.goal(&format!("decrypt_{name}"), ratio(&times.decrypt, &times.stock_decrypt), 1.15);
    }
}

impl Sides {
    fn new(suite: Suite, folder: &Path) -> Self {
        let sealed = |name| Database::sealed(&folder.join(name));
        let mut sides = Self {
            stock: stock::two(suite),
            light: device::two_of(2, suite, Database::memory(), Database::memory()),
            durable: device::two_of(2, suite, sealed("ada"), sealed("ben")),
        };
        for _ in 0..=PAST_EPOCHS {
            sides.stock.1.apply(&sides.stock.0.renew());
            sides.light.1.apply(&sides.light.0.renew());
            sides.durable.1.apply(&sides.durable.0.renew());
        }
        sides
    }

    fn round(&mut self, times: &mut Times) {
        let (ada, ben) = &mut self.stock;
        let messages = each(&mut times.stock_encrypt, |_| ada.encrypt(&PLAINTEXT));
        each(&mut times.stock_decrypt, |number| ben.decrypt(&messages[number]));
        let (ada, ben) = &mut self.light;
        let messages = each(&mut times.encrypt, |_| ada.encrypt(&PLAINTEXT));
        ben.decrypt_all(&messages);
        let (ada, ben) = &mut self.durable;
        let messages = each(&mut times.encrypt_alone, |_| ada.encrypt(&PLAINTEXT));
        each(&mut times.decrypt_alone, |number| ben.decrypt(&messages[number]));
        let messages = ada.encrypt_all(&[PLAINTEXT.as_slice(); MESSAGES]);
        let ((), cost) = timed(|| ben.decrypt_all(&messages));
        times.decrypt.push(cost.cpu / MESSAGES as u32);
    }
}

fn each(times: &mut Vec<Duration>, mut work: impl FnMut(usize) -> Vec<u8>) -> Vec<Vec<u8>> {
    let (results, cost) = timed(|| (0..MESSAGES).map(&mut work).collect());
    times.push(cost.cpu / MESSAGES as u32);
    results
}
