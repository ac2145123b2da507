//! Time: devices that want to be woken are, and what is too old goes.

use sealpost_engine::command::Input;

use sealpost_wire::limits::{DAY_SECONDS, RESEAL_SECONDS};

use crate::{
    broken::Held,
    clock::{DAY_MS, HOUR_MS, MINUTE_MS},
    world::World,
};

/// A device without anything to do looks around this often.
const LONGEST_SLEEP_MS: u64 = HOUR_MS;
/// What was sealed with keys that are lost is sealed again for so long.
const RESEAL_DAYS: u64 = RESEAL_SECONDS / DAY_SECONDS;
/// A device that is woken more often than this in one moment is woken for nothing.
const WAKES: usize = 200;

impl World {
    /// Wakes whoever wanted to be woken by now.
    pub fn wakes(&mut self) -> Held {
        for who in 0..self.devices.len() {
            let mut woken = 0;
            while self.devices[who].runs && self.due_ms(who) <= self.clock.now_ms() {
                self.devices[who].wake_at_ms = None;
                self.devices[who].woken_at_ms = self.clock.now_ms();
                self.takes(who, Input::Wake)?;
                woken += 1;
                if woken > WAKES {
                    return Err(format!("a device wakes without end: {}", self.name(who)).into());
                }
            }
        }
        Ok(())
    }

    /// Time passes, with the network (`flows`) or without.
    pub fn waits(&mut self, ms: u64, flows: bool) -> Held {
        let end = self.clock.now_ms() + ms;
        self.tells(|_| format!("{} seconds pass{}", ms / 1000, if flows { "" } else { ", and nothing moves" }));
        loop {
            if flows {
                self.settles()?;
            }
            let awake = (0..self.devices.len()).filter(|who| self.devices[*who].runs);
            let Some(next) = awake.map(|who| self.due_ms(who)).min().filter(|due| *due <= end) else { break };
            self.clock.set(next.max(self.clock.now_ms()));
            self.wakes()?;
        }
        self.clock.set(end);
        self.grows_old();
        self.wakes()
    }

    /// Everybody is away for days: no timer runs, no line is left.
    pub fn sleeps(&mut self, days: u64) -> Held {
        self.tells(|_| format!("{days} days pass, and everybody is away"));
        self.model.days_asleep += days;
        self.model.slept_long |= self.model.days_asleep >= RESEAL_DAYS;
        self.clock.set(self.clock.now_ms() + days * DAY_MS);
        self.grows_old();
        for who in 0..self.devices.len() {
            if self.wire.lines[who].is_some() {
                self.loses_line(who)?;
            }
        }
        self.wakes()
    }

    /// The device's clock is set, wrong or right. The client sees it leap, and connects anew.
    pub fn sets_clock(&mut self, who: usize, ms: i64) -> Held {
        let minutes = ms / MINUTE_MS as i64;
        self.tells(|world| format!("{}'s clock is {minutes} minutes off", world.name(who)));
        self.devices[who].skew_ms = ms;
        if self.wire.lines[who].is_some() {
            self.loses_line(who)?;
        }
        Ok(())
    }

    /// The network gives up what is old, and the relay deletes what is over.
    fn grows_old(&mut self) {
        let now_ms = self.clock.now_ms();
        self.wire.age(now_ms);
        self.wire.ghosts.clear();
        let before: Vec<_> = (0..self.devices.len()).map(|who| self.relay.mailbox(self.id(who))).collect();
        self.relay.clean_up();
        for (who, waited) in before.into_iter().enumerate() {
            let left = self.relay.mailbox(self.id(who));
            for envelope in waited.iter().filter(|envelope| !left.contains(envelope)) {
                if let Some(sent) = self.audit.deliveries.get(&envelope.delivery_id).copied() {
                    self.tells(|world| {
                        format!("the relay deletes {}'s {} to {}", world.name(sent.from), sent.what, world.name(who))
                    });
                    self.model.expired(sent.from, who);
                }
            }
        }
    }

    /// When a device is to be woken next, by the true clock.
    fn due_ms(&self, who: usize) -> u64 {
        let device = &self.devices[who];
        let wanted = device.wake_at_ms.map(|at| at.saturating_add_signed(-device.skew_ms));
        let at_last = device.woken_at_ms + LONGEST_SLEEP_MS;
        wanted.map_or(at_last, |wanted| wanted.min(at_last))
    }
}
