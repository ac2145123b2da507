//! One message between two: ours, with its durable storage, beside openmls as it comes.

use std::path::Path;

use sealpost_wire::suite::Suite;

use crate::{
    clock::{Cost, median, timed},
    device,
    report::{Report, time},
    stock,
};

const ROUNDS: usize = 11;
const MESSAGES: usize = 64;
const PLAINTEXT: [u8; 200] = [0x61; 200];

/// Costs of one message, over the rounds.
#[derive(Default)]
struct Costs {
    encrypt: Vec<Cost>,
    decrypt: Vec<Cost>,
    /// Opened in one step with others.
    batch: Vec<Cost>,
}

/// `folder` is on a file system in memory where there is one: the disk is measured elsewhere.
pub fn measure(report: &mut Report, folder: &Path) {
    for suite in Suite::ALL {
        let folder = tempfile::tempdir_in(folder).expect("a temporary folder");
        let (stock, ours) = sides(suite, folder.path());
        let cpu = |costs: &[Cost]| median(costs.iter().map(|cost| cost.cpu));
        report.section(&format!("One message of two, {suite:?}, computing time"));
        report.figure("openmls as it comes: encrypt", time(cpu(&stock.encrypt)));
        report.figure("openmls as it comes: decrypt", time(cpu(&stock.decrypt)));
        report.figure("ours, one transaction each: encrypt", time(cpu(&ours.encrypt)));
        report.figure("ours, one transaction each: decrypt", time(cpu(&ours.decrypt)));
        report.figure("ours, 64 in one transaction: decrypt", time(cpu(&ours.batch)));
        let ratio = |ours: &[Cost], stock: &[Cost]| cpu(ours).as_secs_f64() / cpu(stock).as_secs_f64();
        let name = format!("{suite:?}").to_lowercase();
        report.goal(&format!("encrypt_{name}"), ratio(&ours.encrypt, &stock.encrypt), 0.7);
        report.goal(&format!("decrypt_{name}"), ratio(&ours.decrypt, &stock.decrypt), 1.15);
        report.goal(&format!("decrypt_batch_{name}"), ratio(&ours.batch, &stock.decrypt), 1.15);
    }
}

/// The two take turns, so that what else runs on the machine disturbs both alike.
fn sides(suite: Suite, folder: &Path) -> (Costs, Costs) {
    let (mut stock, mut ours) = (Costs::default(), Costs::default());
    let (mut stock_ada, mut stock_ben) = stock::two(suite);
    let (mut ada, mut ben) = device::two_of(2, suite, folder);
    for _ in 0..=sealpost_engine::mls::PAST_EPOCHS {
        stock_ben.apply(&stock_ada.renew());
        ben.apply(&ada.renew());
    }
    for _ in 0..ROUNDS {
        let messages = each(&mut stock.encrypt, |_| stock_ada.encrypt(&PLAINTEXT));
        each(&mut stock.decrypt, |number| stock_ben.decrypt(&messages[number]));
        let messages = each(&mut ours.encrypt, |_| ada.encrypt(&PLAINTEXT));
        each(&mut ours.decrypt, |number| ben.decrypt(&messages[number]));
        let messages: Vec<_> = (0..MESSAGES).map(|_| ada.encrypt(&PLAINTEXT)).collect();
        ours.batch.push(per_message(timed(|| ben.decrypt_all(&messages)).1));
    }
    (stock, ours)
}

fn each(costs: &mut Vec<Cost>, mut work: impl FnMut(usize) -> Vec<u8>) -> Vec<Vec<u8>> {
    let (results, cost) = timed(|| (0..MESSAGES).map(&mut work).collect());
    costs.push(per_message(cost));
    results
}

fn per_message(cost: Cost) -> Cost {
    Cost { cpu: cost.cpu / MESSAGES as u32, wall: cost.wall / MESSAGES as u32 }
}
