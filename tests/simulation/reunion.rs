//! How a group ends: those who are in it agree on who that is, on its epoch and on what was said; those who are out
//! have read nothing since.

use sealpost_engine::{
    command::Command,
    conversations::{self, ConversationId, Standing},
    messages::{Body, Message},
};

use sealpost_wire::id::UserId;

use crate::{broken::Held, clock::HOUR_MS, model::Loss, world::World};

/// In which those are whom a group is made with.
const FIRST_EPOCH: u64 = 1;

impl World {
    /// Whoever was invited comes.
    pub fn accepts_all(&mut self) -> Held {
        for (who, club) in self.people_and_clubs() {
            if matches!(self.standing(who, club), Some(Standing::Invited { .. }))
                && let Some(conversation) = self.club_of(who, club)
            {
                self.tries(who, Command::AcceptInvitation(conversation.id))?;
            }
        }
        Ok(())
    }

    /// Every member writes once more, and all others read it.
    pub fn clubs_talk(&mut self) -> Held {
        for club in 0..self.clubs.len() {
            let place = self.place_of_club(club);
            for who in self.inside(club) {
                self.says(who, place, false)?;
                self.waits(HOUR_MS, true)?;
                let last = self.model.said.last().filter(|said| said.by == who && said.to == place);
                let last = last.ok_or_else(|| {
                    format!("a healthy device can't write: {} in {}", self.name(who), self.place(place))
                })?;
                let (id, author) = (last.id, self.id(who));
                for reader in self.inside(club) {
                    let arrived = |message: &Message| message.author == author && message.id == id;
                    if !self.messages(reader, place, usize::MAX).iter().any(arrived) {
                        let (who, reader) = (self.name(who), self.name(reader));
                        return Err(format!("a healthy group does not carry: {who} to {reader}").into());
                    }
                }
            }
        }
        Ok(())
    }

    pub fn clubs_hold(&mut self) -> Held {
        for club in 0..self.clubs.len() {
            self.is_one_club(club)?;
            self.invents_nothing_in(club)?;
            self.steady_members_agree(club)?;
            self.removed_read_nothing(club)?;
        }
        Ok(())
    }

    /// Whoever was taken out or leaves, and lost the keys before reading or saying that, asks to come back for a week,
    /// in vain; so does the last one of a group, of one whose only admin vanished, or of one that an admin whom they
    /// don't know as such created anew.
    fn asks_in_vain_for(&self, who: usize, club: usize) -> bool {
        let lost = self.group_of(who, club).map(|state| state.id);
        let has_it = |it: usize| self.group_of(it, club).is_some_and(|state| !state.torn && Some(state.id) == lost);
        let hears = |it: usize| self.standing(it, club) == Some(Standing::Member) && has_it(it);
        let acts = |it: usize| hears(it) && self.acts(it, club);
        let is_in = |it: usize| it != who && hears(it) && self.members_of(it, club).contains(&self.id(who));
        let goes = self.model.went(club, who) && !(0..self.devices.len()).any(is_in);
        // Or the group that they are in went on without them in another, whose Welcome was gone within a month.
        let alone = !(0..self.devices.len()).any(|it| it != who && hears(it));
        if goes && self.model.slept_long && alone {
            return true;
        }
        self.is_torn(who, club) && (goes || !(0..self.devices.len()).any(acts))
    }

    /// Whether they came into a group that had been created anew without them: until then they are out.
    fn came_late(&self, who: usize, club: usize) -> bool {
        let Some(row) = self.club_of(who, club).filter(|row| row.counter > Some(0)) else { return false };
        let members = conversations::members(&self.devices[who].store, row.id).expect("members are read");
        members.iter().any(|member| member.id == self.id(who) && member.since_epoch > FIRST_EPOCH)
    }

    /// Whether this member may act as admin: is one, or nobody is.
    fn acts(&self, who: usize, club: usize) -> bool {
        let admins = self.club_of(who, club).and_then(|row| row.many).map(|many| many.admins).unwrap_or_default();
        admins.contains(&self.id(who)) || !self.members_of(who, club).iter().any(|member| admins.contains(member))
    }

    /// Who left or was added unheard: the word or the Welcome was gone within a month, or the keys were lost.
    fn is_unheard(&self, who: usize, club: usize) -> bool {
        let missed = self.model.slept_long || self.model.maybe_unheard(who) || self.is_torn(who, club);
        missed && self.standing(who, club) != Some(Standing::Member)
    }

    /// Whether the conversation is one that this device has left, or whose invitations nobody here takes, because its
    /// maker fell before anybody heard of it, or one whom this member left, or never came to, unheard.
    pub fn delivers_in_vain(&self, who: usize, id: ConversationId, to: UserId) -> bool {
        let row = conversations::known(&self.devices[who].store, id).expect("the conversation is there");
        let Some(many) = row.many else { return false };
        let to = (0..self.devices.len()).find(|other| self.id(*other) == to);
        let club = self.clubs.iter().position(|thread| *thread == many.thread);
        let is_heard = club.is_some_and(|club| to.is_some_and(|to| !self.is_unheard(to, club)));
        many.standing == Standing::Left || !is_heard
    }

    pub fn asks_in_vain(&self, who: usize) -> bool {
        (0..self.clubs.len()).any(|club| self.asks_in_vain_for(who, club))
    }

    fn people_and_clubs(&self) -> Vec<(usize, usize)> {
        let clubs = self.clubs.len();
        (0..self.devices.len()).flat_map(|who| (0..clubs).map(move |club| (who, club))).collect()
    }

    /// Who says of themselves that they are members.
    fn inside(&self, club: usize) -> Vec<usize> {
        let is_member =
            |who: &usize| self.standing(*who, club) == Some(Standing::Member) && !self.asks_in_vain_for(*who, club);
        (0..self.devices.len()).filter(is_member).collect()
    }

    fn is_one_club(&mut self, club: usize) -> Held {
        let (place, inside) = (self.place_of_club(club), self.inside(club));
        let mut ids: Vec<_> = inside.iter().map(|who| self.id(*who)).collect();
        ids.sort();
        let mut first = None;
        for who in inside {
            let name = self.name(who);
            let mut known = self.members_of(who, club);
            let counts = |it: usize| !self.is_unheard(it, club) && !self.asks_in_vain_for(it, club);
            known.retain(|id| (0..self.devices.len()).all(|it| self.id(it) != *id || counts(it)));
            if known != ids {
                let (count, known) = (ids.len(), known.len());
                return Err(format!("members differ about who is one: {name} knows {known} of {count}").into());
            }
            let many = self.club_of(who, club).and_then(|conversation| conversation.many);
            let profile = many.map(|many| (many.name, many.admins, many.policy));
            let state = (self.epoch(who, place)?, profile);
            let first = first.get_or_insert_with(|| state.clone());
            if *first != state {
                return Err(
                    format!("members do not converge: {name} is at {:?}, others at {:?}", state.0, first.0).into()
                );
            }
        }
        Ok(())
    }

    /// What anybody has read, its author has written.
    fn invents_nothing_in(&self, club: usize) -> Held {
        let place = self.place_of_club(club);
        for (reader, author) in self.pairs_of_all() {
            let id = self.id(author);
            let written = self.order(author, place, id);
            let read = self.order(reader, place, id);
            let mut once = read.clone();
            once.sort();
            once.dedup();
            if once.len() != read.len() {
                return Err(format!("a message stands twice: at {}", self.name(reader)).into());
            }
            if read.iter().any(|message| !written.contains(message)) {
                let (author, reader) = (self.name(author), self.name(reader));
                return Err(format!("a message that nobody wrote: of {author} at {reader}").into());
            }
        }
        Ok(())
    }

    /// Those who were members from the first to the last have the same texts of each other, in the same order.
    fn steady_members_agree(&self, club: usize) -> Held {
        let place = self.place_of_club(club);
        let inside = self.inside(club);
        // What belongs to texts is lost with a group that had to be made anew, or on its way to somebody who is taken
        // in again after a month; texts are not.
        let anew = self.model.slept_long
            || self.inside(club).iter().any(|who| self.club_of(*who, club).is_some_and(|it| it.counter > Some(0)));
        let steady = |who: &usize| inside.contains(who) && self.model.is_steady(club, *who);
        for (reader, author) in self.pairs_of_all().into_iter().filter(|(one, other)| steady(one) && steady(other)) {
            let loss = self.model.loss(reader, author);
            if matches!(loss, Some(Loss::Expired | Loss::Blocked)) {
                continue;
            }
            let (names, id) = (format!("{} and {}", self.name(reader), self.name(author)), self.id(author));
            let text =
                |it: &Message| it.author == id && matches!(it.body, Body::Text(_) | Body::Deleted | Body::Unopened);
            let texts = |who: usize| self.messages(who, place, usize::MAX).into_iter().filter(text).collect::<Vec<_>>();
            let (mut written, mut read) = (texts(author), texts(reader));
            // Their author was told whom a message has not reached within a week.
            written.retain(|it| !it.unreached.contains(&self.id(reader)));
            for message in &written {
                match read.iter().find(|it| it.id == message.id) {
                    // What was taken back before it was read is not sent again, nor what is older than a week.
                    None if message.body == Body::Deleted || self.model.slept_long => {}
                    None if self.came_late(reader, club) => {}
                    None => return Err(format!("a message is missing in a group: {names}, {:?}", message.body).into()),
                    Some(same) if same.body != message.body && loss.is_none() && !anew => {
                        return Err(format!(
                            "members differ about a message: {names}, {:?} and {:?}",
                            message.body, same.body
                        )
                        .into());
                    }
                    Some(_) => {}
                }
            }
            for side in [&mut written, &mut read] {
                side.retain(|it| it.body != Body::Deleted);
            }
            if loss.is_none() && !anew && !written.iter().map(|it| it.id).eq(read.iter().map(|it| it.id)) {
                return Err(format!("messages stand in another order in a group: {names}").into());
            }
        }
        Ok(())
    }

    /// What was written when its author knew somebody to be out, those have not read.
    fn removed_read_nothing(&self, club: usize) -> Held {
        let place = self.place_of_club(club);
        for said in self.model.said.iter().filter(|said| said.to == place) {
            let author = self.id(said.by);
            let stays_out = |reader: &&usize| {
                !self.inside(club).contains(reader) && !self.model.moved_since(club, **reader, said.number)
            };
            for reader in said.out.iter().filter(stays_out) {
                if self.order(*reader, place, author).contains(&said.id) {
                    let (author, reader) = (self.name(said.by), self.name(*reader));
                    return Err(format!("somebody who is out reads on: {reader} what {author} wrote").into());
                }
            }
        }
        Ok(())
    }

    fn pairs_of_all(&self) -> Vec<(usize, usize)> {
        let count = self.devices.len();
        let all = (0..count).flat_map(|one| (0..count).map(move |other| (one, other)));
        all.filter(|(one, other)| one != other).collect()
    }
}
