//! What people do: the verbs of the schedule, as commands of the engine.

use sealpost_engine::{
    command::{Command, Reply},
    contacts::{self, Contact},
    conversations::{self, Conversation, ConversationId},
    messages::{self, Body, Message},
    storage::save,
};
use sealpost_wire::limits;

use crate::{broken::Held, world::World};

/// Of which messages one is edited, deleted, or reacted to.
const RECENT: usize = 20;

impl World {
    pub fn says(&mut self, who: usize, to: usize, reply: bool) -> Held {
        let Some(conversation) = self.opens(who, to)? else { return Ok(()) };
        let text = format!("{} {}", self.name(who), self.model.next_number());
        let reply_to = self.recent(who, to, |_| true).last().filter(|_| reply).map(|message| message.id);
        self.tells(|world| format!("{} writes \u{201C}{text}\u{201D} to {}", world.name(who), world.place(to)));
        let send = Command::SendText { conversation, text: text.clone(), reply_to };
        let club = self.club(to);
        let reply = if club.is_some() { self.tries(who, send)? } else { self.commands(who, send)? };
        if let Some(Reply::Message(_, position)) = reply {
            let members = club.map(|club| self.members_of(who, club)).unwrap_or_default();
            let gone = |other: &usize| club.is_some_and(|club| self.model.is_gone(club, *other));
            let is_out = |other: &usize| gone(other) && !members.contains(&self.id(*other));
            let out = (0..self.devices.len()).filter(is_out).collect();
            let to = club.map_or(to, |club| self.place_of_club(club));
            self.model.said((who, to), &self.devices[who], conversation, position, out)?;
        }
        Ok(())
    }

    pub fn edits(&mut self, who: usize, to: usize, pick: u32) -> Held {
        let Some((conversation, message)) = self.picks(who, to, pick, |it| it.mine) else { return Ok(()) };
        let text = format!("{} {} (edited)", self.name(who), self.model.next_number());
        self.tells(|world| {
            format!("{} edits a message to {}: \u{201C}{text}\u{201D}", world.name(who), world.place(to))
        });
        self.tries(who, Command::EditMessage { conversation, message: message.id, text }).map(drop)
    }

    pub fn deletes(&mut self, who: usize, to: usize, pick: u32) -> Held {
        let Some((conversation, message)) = self.picks(who, to, pick, |it| it.mine) else { return Ok(()) };
        self.tells(|world| format!("{} deletes a message to {}", world.name(who), world.place(to)));
        self.tries(who, Command::DeleteMessage { conversation, message: message.id }).map(drop)
    }

    pub fn reacts(&mut self, who: usize, to: usize, pick: u32) -> Held {
        let Some((conversation, message)) = self.picks(who, to, pick, |_| true) else { return Ok(()) };
        let emoji = ["👍", "👎", "🎉", ""][pick as usize / RECENT % 4].to_owned();
        self.tells(|world| format!("{} reacts to a message ({emoji})", world.name(who)));
        let (author, message) = (message.author, message.id);
        self.tries(who, Command::React { conversation, author, message, emoji }).map(drop)
    }

    pub fn reads(&mut self, who: usize, to: usize) -> Held {
        let Some(conversation) = self.conversation(who, to) else { return Ok(()) };
        self.commands(who, Command::MarkRead { conversation: conversation.id, position: u64::MAX }).map(drop)
    }

    pub fn types(&mut self, who: usize, to: usize) -> Held {
        let Some(conversation) = self.conversation(who, to) else { return Ok(()) };
        self.commands(who, Command::Typing(conversation.id)).map(drop)
    }

    pub fn blocks(&mut self, who: usize, to: usize) -> Held {
        if to >= self.devices.len() || self.contact(who, to).is_none() {
            return Ok(());
        }
        self.tells(|world| format!("{} blocks {}", world.name(who), world.name(to)));
        self.model.blocked(who, to);
        self.commands(who, Command::BlockContact(self.id(to))).map(drop)
    }

    pub fn unblocks(&mut self, who: usize, to: usize) -> Held {
        if to >= self.devices.len() || self.contact(who, to).is_none() {
            return Ok(());
        }
        self.tells(|world| format!("{} unblocks {}", world.name(who), world.name(to)));
        self.commands(who, Command::UnblockContact(self.id(to))).map(drop)
    }

    /// Somebody is shown another's card (again).
    pub fn shows_card(&mut self, who: usize, of: usize) -> Held {
        let Some(card) = self.devices.get(of).and_then(|device| device.account().card()) else { return Ok(()) };
        self.tells(|world| format!("{} is shown {}'s card", world.name(who), world.name(of)));
        self.commands(who, Command::AddContact { card, name: String::new() }).map(drop)
    }

    /// As after two hundred messages.
    pub fn ages(&mut self, who: usize, to: usize) -> Held {
        let group = self.conversation(who, to).and_then(|conversation| conversation.group);
        let store = &mut self.devices[who].store;
        let state = group.map(|id| conversations::group(store, id)).transpose().map_err(|error| error.to_string())?;
        let Some(mut state) = state.flatten().filter(|state| state.pending.is_none()) else { return Ok(()) };
        state.own_messages = limits::HEALING_MESSAGES;
        let mut tx = store.begin();
        save(&mut tx, &state).map_err(|error| error.to_string())?;
        tx.commit();
        self.tells(|world| format!("{}'s keys for {} are due to be renewed", world.name(who), world.place(to)));
        Ok(())
    }

    /// The conversation with somebody, opened if it is not. `None`: one does not know them, has blocked them, or fell.
    pub fn opens(&mut self, who: usize, to: usize) -> Held<Option<ConversationId>> {
        if to >= self.devices.len() {
            return Ok(self.conversation(who, to).map(|conversation| conversation.id));
        }
        if self.contact(who, to).is_none_or(|contact| contact.blocked) {
            return Ok(None);
        }
        match self.commands(who, Command::OpenConversation(self.id(to)))? {
            Some(Reply::Conversation(conversation)) => Ok(Some(conversation)),
            _ => Ok(None),
        }
    }

    pub fn contact(&self, who: usize, of: usize) -> Option<Contact> {
        contacts::contact(&self.devices[who].store, self.id(of)).expect("contacts are read")
    }

    pub fn conversation(&self, who: usize, with: usize) -> Option<Conversation> {
        if with >= self.devices.len() {
            return self.club(with).and_then(|club| self.club_of(who, club));
        }
        let store = &self.devices[who].store;
        let id = conversations::of_two(store, self.id(with)).expect("conversations are read")?;
        Some(conversations::known(store, id).expect("the conversation is there"))
    }

    pub fn messages(&self, who: usize, with: usize, limit: usize) -> Vec<Message> {
        let Some(conversation) = self.conversation(who, with) else { return Vec::new() };
        let read = messages::messages(&self.devices[who].store, conversation.id, None, limit);
        read.expect("messages are read")
    }

    /// The last texts that fit.
    fn recent(&self, who: usize, with: usize, fits: impl Fn(&Message) -> bool) -> Vec<Message> {
        let mut recent = self.messages(who, with, RECENT);
        recent.retain(|message| matches!(message.body, Body::Text(_)) && fits(message));
        recent
    }

    fn picks(
        &self,
        who: usize,
        with: usize,
        pick: u32,
        fits: impl Fn(&Message) -> bool,
    ) -> Option<(ConversationId, Message)> {
        if with < self.devices.len() && self.contact(who, with)?.blocked {
            return None;
        }
        let mut recent = self.recent(who, with, fits);
        let place = (pick as usize).checked_rem(recent.len())?;
        Some((recent[place].conversation, recent.swap_remove(place)))
    }
}
