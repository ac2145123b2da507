//! `kill -9` again and again, at moments that nobody chose, while three people write to each other and to their group:
//! first the devices are killed, then the relay.
//!
//! `SEALPOST_KILLS` says how often, `SEALPOST_SEED` from what the moments are drawn. A process is stopped just before
//! it is killed, to see whether it was inside of a transaction; how many were is printed.

mod crowd;
mod device;
mod moment;

use self::{
    crowd::Crowd,
    moment::{Dice, number},
};

/// Kills of one loop where nothing else is said; a loop of a hundred takes minutes.
const KILLS: u64 = 20;
/// The longest time that devices write until one is killed.
const DEVICE_MS: u64 = 300;
/// The longest time that the relay is left in peace.
const RELAY_MS: u64 = 150;

#[test]
fn devices_killed_again_and_again_under_load_lose_and_repeat_nothing() {
    let kills = number("SEALPOST_KILLS", KILLS);
    let mut dice = Dice::drawn();
    let mut crowd = Crowd::gather();
    let mut inside = 0;
    for _ in 0..kills {
        let victim = dice.below(crowd.size());
        crowd.writes(&mut dice);
        // One of three is killed wherever its start has come to.
        if dice.below(3) > 0 {
            crowd.waits_for(victim);
        }
        crowd.writes(&mut dice);
        dice.pause_ms(DEVICE_MS);
        inside += u64::from(crowd.device_is_killed(victim, &mut dice));
    }
    println!("devices: {kills} kills, {inside} of them inside of a transaction");
    crowd.has_lost_and_repeated_nothing();
}

#[test]
fn a_relay_killed_again_and_again_under_load_loses_and_repeats_nothing() {
    let kills = number("SEALPOST_KILLS", KILLS);
    let mut dice = Dice::drawn();
    let mut crowd = Crowd::gather();
    let mut inside = 0;
    for _ in 0..kills {
        crowd.writes(&mut dice);
        // One of three kills meets a relay to which nobody has come back yet.
        if dice.below(3) > 0 {
            crowd.waits_for(dice.below(crowd.size()));
        }
        crowd.writes(&mut dice);
        dice.pause_ms(RELAY_MS);
        inside += u64::from(crowd.relay_is_killed());
    }
    println!("relay: {kills} kills, {inside} of them inside of a transaction");
    crowd.has_lost_and_repeated_nothing();
}
