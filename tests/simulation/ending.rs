//! How a run ends: the network heals, everybody meets again, and then everything has to hold.

use std::collections::BTreeMap;

use sealpost_engine::{
    command::Command,
    conversations::{self, Conversation, GroupState},
    identity::AccountState,
    messages::{Body, Message, MessageState},
    mls::{Group, GroupId, Session},
    outbox::{Blocked, JobKind},
    storage::{Direction, Read, Table, all},
};
use sealpost_wire::id::{MessageId, UserId};

use crate::{
    broken::Held,
    clock::{DAY_MS, HOUR_MS},
    model::Loss,
    world::World,
};

/// What both have to agree on.
type Content = (Body, bool, Option<MessageId>, Vec<(UserId, String)>);

impl World {
    pub fn ends(&mut self) -> Held {
        self.heals()?;
        (self.pairs().into_iter()).try_for_each(|(one, other)| self.has_what_it_may_expect(one, other))?;
        self.tells(|_| "everything agrees; once more, everybody writes to everybody".to_owned());
        for (one, other) in self.pairs() {
            for (who, to) in [(one, other), (other, one)] {
                self.says(who, to, false)?;
                self.waits(HOUR_MS, true)?;
                let last = self.model.said.last().filter(|said| said.by == who && said.to == to);
                let last = last.ok_or_else(|| format!("a healthy device can't write: {}", self.name(who)))?.id;
                let author = self.id(who);
                let arrived = |message: &Message| message.author == author && message.id == last;
                if !self.messages(to, who, usize::MAX).iter().any(arrived) {
                    return Err(format!(
                        "a healthy conversation does not carry: {} to {}",
                        self.name(who),
                        self.name(to)
                    )
                    .into());
                }
            }
        }
        self.waits(HOUR_MS, true)?;
        for (one, other) in self.pairs() {
            self.has_what_it_may_expect(one, other)?;
            self.is_one_group(one, other)?;
        }
        self.clubs_talk()?;
        self.clubs_hold()?;
        self.keeps_what_was_said()?;
        (0..self.devices.len()).try_for_each(|who| self.is_done(who))
    }

    fn heals(&mut self) -> Held {
        self.tells(|_| "the network heals, and everybody comes back".to_owned());
        for who in 0..self.devices.len() {
            self.devices[who].doom = None;
            if self.devices[who].skew_ms != 0 {
                self.sets_clock(who, 0)?;
            }
            self.devices[who].woken_at_ms = self.clock.now_ms();
            self.connects(who)?;
        }
        self.settles()?;
        // A line that the relay had closed already is opened anew.
        (0..self.devices.len()).try_for_each(|who| self.connects(who))?;
        self.waits(2 * HOUR_MS, true)?;
        // What was only made possible by one round may come in the next: a Welcome by the newer card, say.
        // Whoever was left out is looked for a day later, by whoever looks daily.
        for pause_ms in [2 * HOUR_MS, 2 * DAY_MS + HOUR_MS, 2 * HOUR_MS] {
            self.everybody_says_yes()?;
            self.waits(pause_ms, true)?;
        }
        Ok(())
    }

    /// Nobody is blocked any more, every request and invitation is accepted, and all have the newest cards.
    fn everybody_says_yes(&mut self) -> Held {
        let count = self.devices.len();
        for (who, of) in (0..count).flat_map(|who| (0..count).map(move |of| (who, of))) {
            let Some(contact) = self.contact(who, of) else { continue };
            if contact.blocked {
                self.unblocks(who, of)?;
            }
            if contact.request {
                self.commands(who, Command::AcceptContact(contact.id))?;
            }
            if contact.token_stale || contact.token != self.devices[of].account().contacts_token {
                self.shows_card(who, of)?;
            }
        }
        self.accepts_all()
    }

    /// All pairs that have a conversation, or could.
    fn pairs(&self) -> Vec<(usize, usize)> {
        let count = self.devices.len();
        let all = (0..count).flat_map(|one| (one + 1..count).map(move |other| (one, other)));
        all.filter(|(one, other)| {
            self.conversation(*one, *other).is_some() && self.conversation(*other, *one).is_some()
        })
        .collect()
    }

    fn has_what_it_may_expect(&self, one: usize, other: usize) -> Held {
        match self.model.loss(one, other) {
            // With a group that had to be made anew after more than a week: nothing of before is sealed anew.
            None if self.model.slept_long && self.was_renewed(one, other) => self.invents_nothing(one, other),
            None => self.agree(one, other),
            Some(Loss::StartedOver) => {
                self.invents_nothing(one, other)?;
                self.misses_nothing(one, other)
            }
            Some(Loss::Expired | Loss::Blocked) => self.invents_nothing(one, other),
        }
    }

    fn was_renewed(&self, one: usize, other: usize) -> bool {
        self.conversation(one, other).is_some_and(|conversation| conversation.counter > Some(0))
    }

    /// Both have the same texts, in the order of their author, and know that the other has them.
    fn agree(&self, one: usize, other: usize) -> Held {
        let between = format!("{} and {}", self.name(one), self.name(other));
        let (here, there) = (self.contents(one, other)?, self.contents(other, one)?);
        for (message, content) in &here {
            match there.get(message) {
                None => return Err(format!("a message is on one side only: {between}, {content:?}").into()),
                Some(same) if same != content => {
                    return Err(format!("both sides differ: {between}, {content:?} and {same:?}").into());
                }
                Some(_) => {}
            }
        }
        if let Some((_, content)) = there.iter().find(|(message, _)| !here.contains_key(*message)) {
            return Err(format!("a message is on one side only: {between}, {content:?}").into());
        }
        for (who, with) in [(one, other), (other, one)] {
            let author = self.id(who);
            if self.order(who, with, author) != self.order(with, who, author) {
                return Err(format!("messages stand in another order: {between}").into());
            }
            let own = self.messages(who, with, usize::MAX).into_iter().filter(|message| message.mine);
            for message in own.filter(|message| matches!(message.body, Body::Text(_))) {
                if !matches!(message.state, MessageState::Delivered | MessageState::Read) {
                    return Err(format!("a message without a receipt: {between}, {message:?}").into());
                }
            }
        }
        Ok(())
    }

    /// What one has of the other is what the other wrote.
    fn invents_nothing(&self, one: usize, other: usize) -> Held {
        for (who, with) in [(one, other), (other, one)] {
            let author = self.id(with);
            let written = self.order(with, who, author);
            let read = self.order(who, with, author);
            if let Some(message) = read.iter().find(|message| !written.contains(message)) {
                return Err(format!("a message that nobody wrote: at {}, {message:?}", self.name(who)).into());
            }
        }
        Ok(())
    }

    /// Every text that one has written is read by the other.
    fn misses_nothing(&self, one: usize, other: usize) -> Held {
        for (who, with) in [(one, other), (other, one)] {
            let (here, there) = (self.contents(who, with)?, self.contents(with, who)?);
            let author = self.id(who);
            // What was taken back before it was read is not sent again.
            let stands =
                |((by, _), (body, ..)): &(&(UserId, MessageId), &Content)| *by == author && *body != Body::Deleted;
            for (message, content) in here.iter().filter(stands) {
                if there.get(message).is_none_or(|(body, ..)| *body == Body::Unopened) {
                    let name = self.name(with);
                    return Err(format!("a text is lost: {content:?} at {name}").into());
                }
            }
        }
        Ok(())
    }

    fn is_one_group(&mut self, one: usize, other: usize) -> Held {
        let between = format!("{} and {}", self.name(one), self.name(other));
        let (here, there) = (self.epoch(one, other)?, self.epoch(other, one)?);
        if here != there {
            return Err(format!("members do not converge: {between}, {here:?} and {there:?}").into());
        }
        for (who, with) in [(one, other), (other, one)] {
            let groups = self.conversation(who, with).map_or(0, |conversation| conversation.groups.len());
            if groups != 1 {
                return Err(format!("several groups carry a conversation: {between}, {groups}").into());
            }
        }
        Ok(())
    }

    /// What was acknowledged is on its author's own screen.
    fn keeps_what_was_said(&self) -> Held {
        for said in &self.model.said {
            let author = self.id(said.by);
            if !self.order(said.by, said.to, author).contains(&said.id) {
                return Err(format!("an acknowledged message is lost: of {}", self.name(said.by)).into());
            }
        }
        Ok(())
    }

    /// Nothing is left over on a device.
    fn is_done(&self, who: usize) -> Held {
        let (device, name) = (&self.devices[who], self.name(who));
        let mut jobs: Vec<_> = device.jobs().into_iter().map(|job| (job.kind, job.blocked)).collect();
        // What somebody wrote before learning that they are out stands there, and says why.
        jobs.retain(|(_, blocked)| *blocked != Some(Blocked::NotAMember));
        // Whoever left delivers that for a week, also to those who are gone as well; members deliver to whoever missed
        // the invitation.
        let in_vain = |kind: &JobKind| match kind {
            JobKind::Behind { conversation, member, .. } => self.delivers_in_vain(who, *conversation, *member),
            _ => false,
        };
        jobs.retain(|(kind, _)| !in_vain(kind));
        if !jobs.is_empty() && !self.asks_in_vain(who) {
            let kinds: Vec<String> = jobs.iter().map(|job| format!("{job:?}").chars().take(60).collect()).collect();
            return Err(format!("the outbox is not empty: of {name}, {kinds:?}").into());
        }
        let account = device.account();
        if account.state != AccountState::Active {
            return Err(format!("an account is not active: of {name}, {:?}", account.state).into());
        }
        if account.unhandled > 0 && !self.model.any_loss(who) && self.clubs.is_empty() {
            return Err(
                format!("something of an honest sender was thrown away: by {name}, {}", account.unhandled).into()
            );
        }
        for table in [Table::Parked, Table::Early] {
            let rows = device.store.scan(table, b"", None, Direction::Up, usize::MAX).map_err(|it| it.to_string())?;
            if !rows.is_empty() && !self.model.any_loss(who) && self.clubs.is_empty() {
                return Err(format!("something waits for what never comes: at {name}, {}", table.name()).into());
            }
        }
        let left = self.relay.mailbox(device.id).len();
        if left > 0 {
            return Err(format!("a mailbox is not drained: of {name}, {left}").into());
        }
        Ok(())
    }

    /// For whoever reads the story: which groups carry what.
    pub fn tells_where_everybody_stands(&mut self) {
        let rows: Vec<String> = (self.devices.iter())
            .flat_map(|device| {
                let states: Vec<GroupState> = all(&device.store, b"").unwrap_or_default();
                let conversations = conversations::conversations(&device.store).unwrap_or_default();
                conversations.into_iter().map(move |row| {
                    let whom = match row.peer {
                        Some(peer) => format!("{:?} with {peer}", device.id),
                        None => format!("{:?}, {:?}", device.id, row.many.as_ref().map(|many| many.standing)),
                    };
                    let group = |id: &GroupId| {
                        let state = states.iter().find(|state| state.id == *id)?;
                        let (torn, asked) = (state.torn, state.asked.is_some());
                        Some(format!(
                            "{:02x?} counter {} heard {} torn {torn} asked {asked}",
                            &id.0[..2],
                            state.counter,
                            state.heard
                        ))
                    };
                    let groups: Vec<_> = row.groups.iter().filter_map(group).collect();
                    let used = row.group.map(|id| format!("{:02x?}", &id.0[..2])).unwrap_or_default();
                    format!("{} ({whom}): seals in {used}, of {groups:?}", device.name)
                })
            })
            .collect();
        rows.into_iter().for_each(|row| self.tells(|_| row));
    }

    fn contents(&self, who: usize, with: usize) -> Held<BTreeMap<(UserId, MessageId), Content>> {
        let mut contents = BTreeMap::new();
        for message in self.messages(who, with, usize::MAX) {
            if matches!(message.body, Body::System(_)) {
                continue;
            }
            let mut reactions = message.reactions;
            reactions.sort();
            let content = (message.body, message.edited, message.reply_to, reactions);
            if contents.insert((message.author, message.id), content).is_some() {
                return Err(format!("a message stands twice: at {}", self.name(who)).into());
            }
        }
        Ok(contents)
    }

    pub fn order(&self, who: usize, with: usize, author: UserId) -> Vec<MessageId> {
        let messages = self.messages(who, with, usize::MAX).into_iter();
        let of_author = messages.filter(|it| it.author == author && !matches!(it.body, Body::System(_)));
        of_author.map(|message| message.id).collect()
    }

    pub fn epoch(&mut self, who: usize, with: usize) -> Held<(GroupId, u64)> {
        let name = self.name(who);
        let Some(Conversation { group: Some(id), .. }) = self.conversation(who, with) else {
            return Err(format!("a conversation without a group: of {name}").into());
        };
        let device = &mut self.devices[who];
        let (own_id, sealing_key) = (device.id, device.sealing_key.public());
        let mut tx = device.store.begin();
        let mut session = Session::new(&mut tx, own_id, &device.identity_key, sealing_key);
        let group = Group::load(&mut session, &id).map_err(|error| error.to_string())?;
        Ok((id, group.ok_or_else(|| format!("a group without its state: of {name}"))?.epoch()))
    }
}
