//! From a seed to what will happen: everything is drawn before anything runs, so that it can be cut and run again.
//!
//! An action names people by their number, and everything else by a number of any size that is taken as a remainder
//! when the action runs: so each action means something whatever came before it.

use sealpost_wire::suite::Suite;

use crate::{chance::Chance, device::Doom, temper::Temper};

const MOST_ACTIONS: u64 = 160;
const FEWEST_ACTIONS: u64 = 30;

#[derive(Debug, Clone)]
pub struct Schedule {
    pub seed: u64,
    pub suite: Suite,
    pub people: usize,
    /// Who was shown whose card at the start.
    pub cards: Vec<(usize, usize)>,
    pub actions: Vec<Action>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Somebody, or somebody's device.
    Device(usize, Deed),
    /// One of the packets on their way.
    Packet(u32, Fate),
    /// Everything that can move does, until nothing does.
    Settle,
    /// Milliseconds pass, with the network or without.
    Wait(u64, bool),
    /// Days pass, and everybody is away.
    Sleep(u64),
    RestartRelay,
}

/// The number in front says with whom; beyond the people it names a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Say(usize),
    Reply(usize),
    Edit(usize, u32),
    Delete(usize, u32),
    React(usize, u32),
    Read(usize),
    Type(usize),
    Block(usize),
    Unblock(usize),
    /// Is shown the other's card.
    Card(usize),
    /// The next message that is sealed renews the epoch's keys, as after two hundred.
    Age(usize),
    Connect,
    Cut(Cut),
    Doom(Doom),
    Kill,
    /// The device was told that it is a copy, and goes on: all its groups are made anew.
    StartOver,
    /// What the device has sent on its line arrives, and this many frames of the relay do.
    Flow(u32),
    /// Its clock is this many milliseconds ahead.
    Skew(i64),
    Club(usize, ClubDeed),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClubDeed {
    /// With those whose bits are set.
    Create(u32),
    Add(u32),
    Remove(u32),
    Leave,
    Rename(u32),
    Admin(u32),
    Accept,
    Recreate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// To the relay, or back to the device.
    Carried,
    Lost,
    /// Somebody on the way makes a copy.
    Doubled,
    /// Its sender gives up waiting; it is still on its way.
    Outlived,
    /// The relay answers with a lie.
    Forged,
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// What the device has sent still arrives.
    Late,
    /// It does not.
    Early,
    /// Nor does the relay notice.
    Unnoticed,
    /// The relay closes; the device learns it when it reads on.
    ByRelay,
}

impl Schedule {
    pub fn draw(seed: u64) -> Self {
        let mut chance = Chance::new(seed, 0);
        let suite = if chance.percent(25) { Suite::Hybrid } else { Suite::Classical };
        let in_groups = chance.percent(40);
        let people = if in_groups { 3 + chance.below(3) as usize } else { 2 + chance.below(10) as usize / 7 };
        let mut cards = Vec::new();
        for (who, of) in (0..people).flat_map(|who| (0..people).map(move |of| (who, of))) {
            // Most have each other's; where only one has, the other hears from a stranger.
            if who < of || (who > of && chance.percent(85)) {
                cards.push((who, of));
            }
        }
        let temper = Temper::draw(&mut chance, people, in_groups);
        let count = FEWEST_ACTIONS + chance.below(MOST_ACTIONS - FEWEST_ACTIONS);
        let mut actions: Vec<Action> = Vec::new();
        if chance.percent(40) {
            // Two open their conversation at the same moment.
            actions.extend([(0, 1), (1, 0)].map(|(who, to)| Action::Device(who, Deed::Say(to))));
        }
        if in_groups {
            actions.push(Action::Device(0, Deed::Club(0, ClubDeed::Create(u32::MAX))));
        }
        actions.extend((0..count).map(|_| temper.action(&mut chance)));
        Self { seed, suite, people, cards, actions }
    }
}
