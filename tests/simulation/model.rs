//! What people were told, against which everything is held in the end.

use std::collections::{BTreeMap, BTreeSet};

use sealpost_engine::{
    conversations::ConversationId,
    messages::{self, Message},
};
use sealpost_wire::id::{MessageId, UserId};

use crate::{broken::Held, device::Device};

#[derive(Default)]
pub struct Model {
    /// What somebody wrote, and was told that it is kept.
    pub said: Vec<Said>,
    /// What each device has told of.
    arrived: BTreeSet<(usize, ConversationId, UserId, MessageId)>,
    numbers: u64,
    losses: BTreeMap<(usize, usize), Loss>,
    /// Who came into a group or went, with the number of the last text before.
    moves: Vec<Move>,
    recreated: BTreeSet<usize>,
    maybe_unheard: BTreeSet<usize>,
    /// Everybody was away for so many days, all together.
    pub days_asleep: u64,
    /// They were for longer than texts are sealed anew.
    pub slept_long: bool,
}

pub struct Said {
    pub by: usize,
    pub to: usize,
    pub id: MessageId,
    /// How many texts were written before.
    pub number: u64,
    /// Whom the author knew to be out of the group.
    pub out: Vec<usize>,
}

struct Move {
    club: usize,
    who: usize,
    number: u64,
    goes: bool,
}

/// Why something between two may be missing on one side, as is promised to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// The relay has deleted what nobody fetched for thirty days.
    Expired,
    /// One has blocked the other.
    Blocked,
    /// One has thrown the keys away: texts are sent again, what belongs to them is not.
    StartedOver,
}

impl Model {
    /// No two texts are alike.
    pub fn next_number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    /// The call that sends a text has returned.
    pub fn said(
        &mut self,
        (by, to): (usize, usize),
        device: &Device,
        id: ConversationId,
        position: u64,
        out: Vec<usize>,
    ) -> Held {
        let message = row(device, id, position)?.ok_or("an own text that is not there: after it was acknowledged")?;
        self.said.push(Said { by, to, id: message.id, number: self.numbers, out });
        Ok(())
    }

    /// An event said that a message has arrived.
    pub fn arrived(&mut self, who: usize, device: &Device, id: ConversationId, position: u64) -> Held {
        let Some(message) = row(device, id, position)? else {
            return Err(format!("an event of what was not committed: told by {}", device.name).into());
        };
        if !self.arrived.insert((who, id, message.author, message.id)) {
            return Err(format!("a message was shown twice: by {}", device.name).into());
        }
        Ok(())
    }

    pub fn expired(&mut self, from: usize, to: usize) {
        self.losses.insert((from.min(to), from.max(to)), Loss::Expired);
    }

    /// Who blocks somebody hears nothing of their invitations, and may miss a group until an admin looks for them, a
    /// month later. The word of who leaves with new keys on the way is about the old ones: where all admins leave as
    /// well, nobody may act on it. Who gives the keys up before the word has left can't seal it any more.
    pub fn may_be_unheard(&mut self, who: usize) {
        self.maybe_unheard.insert(who);
    }

    pub fn maybe_unheard(&self, who: usize) -> bool {
        self.maybe_unheard.contains(&who)
    }

    pub fn blocked(&mut self, who: usize, other: usize) {
        self.may_be_unheard(who);
        let loss = self.losses.entry((who.min(other), who.max(other))).or_insert(Loss::Blocked);
        if *loss == Loss::StartedOver {
            *loss = Loss::Blocked;
        }
    }

    pub fn started_over(&mut self, who: usize, people: usize) {
        for other in (0..people).filter(|other| *other != who) {
            self.losses.entry((who.min(other), who.max(other))).or_insert(Loss::StartedOver);
        }
    }

    /// Somebody comes into a group or goes, or is to.
    pub fn moves(&mut self, club: usize, who: usize, goes: bool) {
        self.moves.push(Move { club, who, number: self.numbers, goes });
    }

    /// A group is made anew: what is sealed in the old one at that moment may be lost.
    pub fn recreated(&mut self, club: usize) {
        self.recreated.insert(club);
    }

    /// Whether somebody went, and nobody has added them since.
    pub fn is_gone(&self, club: usize, who: usize) -> bool {
        self.moves.iter().rfind(|it| it.club == club && it.who == who).is_some_and(|last| last.goes)
    }

    /// Whether somebody went, or was to, at some time.
    pub fn went(&self, club: usize, who: usize) -> bool {
        self.moves.iter().any(|it| it.club == club && it.who == who && it.goes)
    }

    /// Whether they came or went, or tried to, after a text.
    pub fn moved_since(&self, club: usize, who: usize, number: u64) -> bool {
        self.moves.iter().any(|it| it.club == club && it.who == who && it.number >= number)
    }

    /// Whether they were in the group all the time.
    pub fn is_steady(&self, club: usize, who: usize) -> bool {
        !self.recreated.contains(&club) && !self.moved_since(club, who, 0)
    }

    pub fn loss(&self, one: usize, other: usize) -> Option<Loss> {
        match self.losses.get(&(one.min(other), one.max(other))).copied() {
            Some(Loss::StartedOver) if self.slept_long => Some(Loss::Expired),
            loss => loss,
        }
    }

    /// Whether something with anybody may be missing.
    pub fn any_loss(&self, who: usize) -> bool {
        self.losses.keys().any(|(one, other)| *one == who || *other == who)
    }
}

fn row(device: &Device, id: ConversationId, position: u64) -> Held<Option<Message>> {
    messages::message(&device.store, id, position).map_err(|error| format!("a message can't be read: {error}").into())
}
