//! How much of what happens in one run: some have no kills, some no lost packets, some a clock that jumps, so that
//! what one fault hides from another is seen as well.

use crate::{
    chance::Chance,
    clock::{DAY_MS, HOUR_MS, MINUTE_MS},
    device::Doom,
    schedule::{Action, ClubDeed, Cut, Deed, Fate},
};

pub struct Temper {
    people: usize,
    cuts: u64,
    faults: u64,
    kills: u64,
    lies: u64,
    copies: u64,
    blocks: u64,
    naps: u64,
    clocks: u64,
    clubs: u64,
}

#[derive(Clone, Copy)]
enum Verb {
    Say,
    Change,
    Look,
    Age,
    Block,
    Connect,
    Cut,
    Doom,
    Kill,
    StartOver,
    Flow,
    Carry,
    Fault,
    Forge,
    Settle,
    Wait,
    Sleep,
    Skew,
    RestartRelay,
    Club,
}

impl Temper {
    pub fn draw(chance: &mut Chance, people: usize, in_groups: bool) -> Self {
        let mut some = |percent: u64, most: u64| if chance.percent(percent) { 1 + chance.below(most) } else { 0 };
        Self {
            people,
            cuts: some(50, 10),
            faults: some(50, 16),
            kills: some(50, 12),
            lies: some(20, 2),
            copies: some(15, 2),
            blocks: some(25, 2),
            naps: some(25, 2),
            clocks: some(10, 1),
            clubs: if in_groups { 2 + some(80, 10) } else { 0 },
        }
    }

    pub fn action(&self, chance: &mut Chance) -> Action {
        let table = [
            (22, Verb::Say),
            (5, Verb::Change),
            (4, Verb::Look),
            (3, Verb::Age),
            (self.blocks, Verb::Block),
            (8, Verb::Connect),
            (self.cuts, Verb::Cut),
            (self.kills, Verb::Doom),
            (self.kills / 3, Verb::Kill),
            (self.copies, Verb::StartOver),
            (10, Verb::Flow),
            (14, Verb::Carry),
            (self.faults, Verb::Fault),
            (self.lies, Verb::Forge),
            (6, Verb::Settle),
            (8, Verb::Wait),
            (self.naps, Verb::Sleep),
            (self.clocks, Verb::Skew),
            (self.cuts / 5, Verb::RestartRelay),
            (self.clubs, Verb::Club),
        ];
        let mut place = chance.below(table.iter().map(|(weight, _)| weight).sum());
        for (weight, verb) in table {
            if place < weight {
                return self.drawn(chance, verb);
            }
            place -= weight;
        }
        Action::Settle
    }

    fn drawn(&self, chance: &mut Chance, verb: Verb) -> Action {
        let pick = chance.next() as u32;
        match verb {
            Verb::Carry => Action::Packet(pick, Fate::Carried),
            Verb::Fault => {
                let fates = [Fate::Lost, Fate::Lost, Fate::Doubled, Fate::Outlived];
                Action::Packet(pick, one_of(chance, fates))
            }
            Verb::Forge => Action::Packet(pick, Fate::Forged),
            Verb::Settle => Action::Settle,
            Verb::Wait => {
                let longest = one_of(chance, [3_000, MINUTE_MS, HOUR_MS, 5 * HOUR_MS]);
                Action::Wait(1 + chance.below(longest), chance.percent(70))
            }
            Verb::Sleep => {
                let longest = one_of(chance, [2, 8, 40, 200]);
                Action::Sleep(1 + chance.below(longest))
            }
            Verb::RestartRelay => Action::RestartRelay,
            _ => {
                let who = chance.below(self.people as u64) as usize;
                let with = (who + 1 + chance.below(self.people as u64 - 1) as usize) % self.people;
                // Where there are groups, most is said in them.
                let with = if self.clubs > 0 && chance.percent(75) { self.people + with % 2 } else { with };
                Action::Device(who, deed(chance, verb, with, pick))
            }
        }
    }
}

fn deed(chance: &mut Chance, verb: Verb, with: usize, pick: u32) -> Deed {
    match verb {
        Verb::Say if chance.percent(20) => Deed::Reply(with),
        Verb::Say => Deed::Say(with),
        Verb::Change => match chance.below(10) {
            0..4 => Deed::Edit(with, pick),
            4 => Deed::Delete(with, pick),
            _ => Deed::React(with, pick),
        },
        Verb::Look if chance.percent(70) => Deed::Read(with),
        Verb::Look => Deed::Type(with),
        Verb::Age => Deed::Age(with),
        Verb::Block => one_of(chance, [Deed::Block(with), Deed::Unblock(with), Deed::Card(with)]),
        Verb::Cut => Deed::Cut(one_of(chance, [Cut::Late, Cut::Early, Cut::Unnoticed, Cut::ByRelay])),
        Verb::Doom => {
            let write = 1 + chance.below(40) as u32;
            let before_and_after = [Doom::KilledBeforeCommit, Doom::KilledAfterCommit, Doom::KilledAfterCommit];
            let at_a_write = [Doom::KilledAtWrite(write), Doom::KilledAtWrite(write), Doom::FullAtWrite(write)];
            Deed::Doom(if chance.percent(50) { one_of(chance, at_a_write) } else { one_of(chance, before_and_after) })
        }
        Verb::Kill => Deed::Kill,
        Verb::StartOver => Deed::StartOver,
        Verb::Flow => Deed::Flow(1 + chance.below(6) as u32),
        Verb::Skew => {
            let furthest = one_of(chance, [10 * MINUTE_MS, 3 * DAY_MS, 200 * DAY_MS]);
            Deed::Skew(chance.below(2 * furthest) as i64 - furthest as i64)
        }
        Verb::Club => Deed::Club(with, club_deed(chance, pick)),
        _ => Deed::Connect,
    }
}

fn club_deed(chance: &mut Chance, pick: u32) -> ClubDeed {
    match chance.below(20) {
        0..2 => ClubDeed::Create(pick),
        2..7 => ClubDeed::Add(pick),
        7..10 => ClubDeed::Remove(pick),
        10 => ClubDeed::Leave,
        11..14 => ClubDeed::Rename(pick),
        14..17 => ClubDeed::Admin(pick),
        17..19 => ClubDeed::Accept,
        _ => ClubDeed::Recreate,
    }
}

fn one_of<T: Copy, const N: usize>(chance: &mut Chance, choices: [T; N]) -> T {
    choices[chance.below(N as u64) as usize]
}
