//! Conversations of many: who makes, changes and leaves them.
//!
//! A number of a place that is beyond the people names a group: all devices know the same group by its thread.

use sealpost_engine::{
    command::{Command, Input, Reply},
    conversations::{self, Conversation, GroupState, Standing},
};
use sealpost_wire::id::UserId;

use crate::{
    broken::Held,
    schedule::ClubDeed,
    world::{Taken, World},
};

/// Groups of one run.
const CLUBS: usize = 2;

impl World {
    /// Which group a place names, if there is one.
    pub fn club(&self, place: usize) -> Option<usize> {
        let number = place.checked_sub(self.devices.len())?;
        number.checked_rem(self.clubs.len())
    }

    /// The place of a group.
    pub fn place_of_club(&self, club: usize) -> usize {
        self.devices.len() + club
    }

    /// Somebody's or a group's name.
    pub fn place(&self, place: usize) -> String {
        match self.club(place) {
            Some(club) => format!("club {}", club + 1),
            None => self.devices.get(place).map_or("nobody", |device| device.name).to_owned(),
        }
    }

    /// The device's conversation of this group.
    pub fn club_of(&self, who: usize, club: usize) -> Option<Conversation> {
        let thread = self.clubs[club];
        let all = conversations::conversations(&self.devices[who].store).expect("conversations are read");
        all.into_iter().find(|it| it.many.as_ref().is_some_and(|many| many.thread == thread))
    }

    /// What the device is in this group.
    pub fn standing(&self, who: usize, club: usize) -> Option<Standing> {
        Some(self.club_of(who, club)?.many?.standing)
    }

    /// Whether the device has lost the group.
    pub fn is_torn(&self, who: usize, club: usize) -> bool {
        self.group_of(who, club).is_some_and(|state| state.torn)
    }

    /// Whether a commit of their own is on its way.
    fn claims(&self, who: usize, club: usize) -> bool {
        self.group_of(who, club).is_some_and(|state| state.pending.is_some())
    }

    pub fn group_of(&self, who: usize, club: usize) -> Option<GroupState> {
        let id = self.club_of(who, club)?.group?;
        conversations::group(&self.devices[who].store, id).expect("groups are read")
    }

    /// Whom the device takes for members of this group.
    pub fn members_of(&self, who: usize, club: usize) -> Vec<UserId> {
        let Some(conversation) = self.club_of(who, club) else { return Vec::new() };
        let members = conversations::members(&self.devices[who].store, conversation.id).expect("members are read");
        let mut ids: Vec<UserId> = members.into_iter().map(|member| member.id).collect();
        ids.sort();
        ids
    }

    pub fn does_in_club(&mut self, who: usize, place: usize, deed: ClubDeed) -> Held {
        if let ClubDeed::Create(members) = deed {
            return self.creates(who, members);
        }
        let Some(club) = self.club(place) else { return Ok(()) };
        let Some(conversation) = self.club_of(who, club).map(|conversation| conversation.id) else { return Ok(()) };
        let pick = match deed {
            ClubDeed::Add(pick) | ClubDeed::Remove(pick) | ClubDeed::Admin(pick) => pick,
            _ => 0,
        };
        let whom = (who + 1 + pick as usize % (self.devices.len() - 1)) % self.devices.len();
        let (name, other, place, member) = (self.name(who), self.name(whom), self.place(place), self.id(whom));
        let (told, command) = match deed {
            ClubDeed::Create(_) => return Ok(()),
            ClubDeed::Add(_) => {
                if self.contact(who, whom).is_none_or(|contact| contact.blocked) {
                    return Ok(());
                }
                self.model.moves(club, whom, false);
                let command = Command::AddMembers { conversation, members: vec![member] };
                (format!("{name} adds {other} to {place}"), command)
            }
            // Nobody is left alone.
            ClubDeed::Remove(_) if self.members_of(who, club).len() < 3 => return Ok(()),
            ClubDeed::Remove(_) => {
                self.model.moves(club, whom, true);
                let command = Command::RemoveMembers { conversation, members: vec![member] };
                (format!("{name} takes {other} out of {place}"), command)
            }
            ClubDeed::Leave => {
                self.model.moves(club, who, true);
                if self.claims(who, club) {
                    self.model.may_be_unheard(who);
                }
                (format!("{name} leaves {place}"), Command::LeaveGroup(conversation))
            }
            ClubDeed::Rename(pick) => {
                let title = format!("title {pick}");
                (format!("{name} renames {place}"), Command::RenameGroup { conversation, name: title })
            }
            ClubDeed::Admin(pick) => {
                let admin = pick.is_multiple_of(3);
                let told = format!("{name} makes {other} {}an admin of {place}", if admin { "" } else { "not " });
                (told, Command::SetAdmin { conversation, member, admin })
            }
            ClubDeed::Accept => (format!("{name} accepts {place}"), Command::AcceptInvitation(conversation)),
            ClubDeed::Recreate => {
                self.model.recreated(club);
                (format!("{name} makes {place} anew"), Command::RecreateGroup { conversation, without: Vec::new() })
            }
        };
        self.tells(|_| told);
        self.tries(who, command).map(drop)
    }

    fn creates(&mut self, who: usize, members: u32) -> Held {
        let wanted = |other: &usize| *other != who && members >> other & 1 == 1;
        let known = |other: &usize| self.contact(who, *other).is_some_and(|contact| !contact.blocked);
        let members: Vec<usize> = (0..self.devices.len()).filter(|it| wanted(it) && known(it)).collect();
        if members.is_empty() || self.clubs.len() >= CLUBS {
            return Ok(());
        }
        let names: Vec<_> = members.iter().map(|member| self.name(*member)).collect();
        let club = self.clubs.len();
        self.tells(|world| format!("{} makes club {} with {}", world.name(who), club + 1, names.join(" and ")));
        let members = members.into_iter().map(|member| self.id(member)).collect();
        let create = Command::CreateGroup { name: format!("title of {}", club + 1), members };
        // A device that fell after the commit has the group all the same, and nobody hears of it here.
        let Some(Reply::Conversation(id)) = self.tries(who, create)? else { return Ok(()) };
        let row = conversations::known(&self.devices[who].store, id).map_err(|error| error.to_string())?;
        self.clubs.push(row.many.ok_or("a group that is none: just made")?.thread);
        Ok(())
    }

    /// A command that may be refused for what others have done meanwhile.
    pub fn tries(&mut self, who: usize, command: Command) -> Held<Option<Reply>> {
        match self.takes(who, Input::Command(Box::new(command)))? {
            Taken::Done(reply) => Ok(Some(reply)),
            Taken::Fell | Taken::Refused(_) => Ok(None),
        }
    }
}
