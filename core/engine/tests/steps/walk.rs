//! Two people, a bad network and a clock that jumps: whatever happens by chance, in the end both have the same.

use std::collections::BTreeMap;

use sealpost_engine::{
    command::{Command, Input, Request},
    messages::{Body, Message},
};
use sealpost_wire::{
    envelope::Envelope,
    id::{MessageId, UserId},
    suite::Suite,
};

use crate::{
    person::{Fate, Seeded},
    town::{ADA, BEN, HOUR_MS, Town},
};

const STEPS: usize = 2_000;
const PEOPLE: [usize; 2] = [ADA, BEN];

/// Body, whether it was edited, reactions.
type Content = (Body, bool, Vec<(UserId, String)>);

struct Walk {
    town: Town,
    chance: Seeded,
    /// Requests that were on their way when the connection ended, and may still arrive.
    strays: Vec<(usize, Request)>,
    /// Envelopes that were in a mailbox, and may come again.
    seen: Vec<(usize, Envelope)>,
    texts: [Vec<String>; 2],
}

#[test]
fn whatever_happens_both_have_the_same_in_the_end_hybrid() {
    [1, 11].into_iter().for_each(|seed| walk(Suite::Hybrid, seed));
}

#[test]
fn whatever_happens_both_have_the_same_in_the_end_classical() {
    [3, 4].into_iter().for_each(|seed| walk(Suite::Classical, seed));
}

fn walk(suite: Suite, seed: u64) {
    println!("over {suite:?}, seed {seed}");
    let mut walk = Walk {
        town: Town::new(suite, seed),
        chance: Seeded(seed),
        strays: Vec::new(),
        seen: Vec::new(),
        texts: [Vec::new(), Vec::new()],
    };
    for _ in 0..STEPS {
        walk.step();
    }
    walk.ends();
}

impl Walk {
    fn step(&mut self) {
        let who = self.chance.below(2) as usize;
        match self.chance.below(100) {
            0..25 => self.says(who),
            25..31 => self.edits(who),
            31..37 => self.reacts(who),
            37..40 => self.reads(who),
            40..44 => self.disconnects(who),
            44..52 => self.town.connects(who),
            52..54 => self.town.restarts(who),
            54..64 => drop(self.town.performs(who)),
            64..72 => self.receives(who),
            72..76 => self.meets_bad_luck(who),
            76..80 => self.town.releases(who),
            80..83 => self.strays_arrive(),
            83..86 => self.comes_again(),
            86..88 => self.heals(who),
            88..94 => self.town.settle(),
            94..98 => {
                let ms = self.chance.below(60_000);
                self.town.passes(ms);
            }
            98 => {
                let ms = self.chance.below(5 * HOUR_MS);
                self.town.passes(ms);
            }
            _ => self.sleeps(who),
        }
    }

    fn says(&mut self, who: usize) {
        let text = format!("{who} says {}", self.texts[who].len());
        self.town.says(who, ADA + BEN - who, &text);
        self.texts[who].push(text);
    }

    /// One of the last messages of the conversation, of the author where one is asked for.
    fn any_message(&mut self, who: usize, author: Option<UserId>) -> Option<(UserId, MessageId)> {
        let messages = self.town.last_messages(who, ADA + BEN - who, 50);
        let fit = |body: &Body| matches!(body, Body::Text(_));
        let messages: Vec<_> = messages
            .into_iter()
            .filter(|message| fit(&message.body) && author.is_none_or(|author| author == message.author))
            .collect();
        let place = self.chance.below(messages.len().max(1) as u64) as usize;
        messages.get(place).map(|message| (message.author, message.id))
    }

    fn edits(&mut self, who: usize) {
        let me = self.town.id(who);
        let Some((_, message)) = self.any_message(who, Some(me)) else { return };
        let conversation = self.town.conversation(who, ADA + BEN - who).id;
        let text = format!("edited {}", self.chance.next());
        self.town.command(who, Command::EditMessage { conversation, message, text });
    }

    fn reacts(&mut self, who: usize) {
        let Some((author, message)) = self.any_message(who, None) else { return };
        let conversation = self.town.conversation(who, ADA + BEN - who).id;
        let emoji = ["👍", "👎", "🎉", ""][self.chance.below(4) as usize].to_owned();
        self.town.command(who, Command::React { conversation, author, message, emoji });
    }

    fn reads(&mut self, who: usize) {
        if self.any_message(who, None).is_some() {
            let conversation = self.town.conversation(who, ADA + BEN - who).id;
            self.town.command(who, Command::MarkRead { conversation, position: u64::MAX });
        }
    }

    /// What was on its way may arrive all the same, later; nobody waits for its answer.
    fn disconnects(&mut self, who: usize) {
        let person = &mut self.town.people[who];
        let on_the_way = person.outgoing.drain(..).chain(person.held.drain(..));
        let strays: Vec<Request> = on_the_way.map(|outgoing| outgoing.request).collect();
        self.strays.extend(strays.into_iter().map(|request| (who, request)));
        self.town.disconnects(who);
    }

    fn strays_arrive(&mut self) {
        for (who, request) in std::mem::take(&mut self.strays) {
            self.town.perform(who, request);
        }
    }

    fn receives(&mut self, who: usize) {
        let id = self.town.id(who);
        if let Some(envelope) = self.town.relay.account(id).mailbox.front().cloned() {
            self.seen.push((who, envelope));
        }
        self.town.receives(who);
    }

    fn comes_again(&mut self) {
        let place = self.chance.below(self.seen.len().max(1) as u64) as usize;
        if let Some((who, envelope)) = self.seen.get(place).cloned() {
            let id = self.town.id(who);
            self.town.relay.account(id).mailbox.push_back(envelope);
        }
    }

    fn meets_bad_luck(&mut self, who: usize) {
        let fate = [Fate::Lost, Fate::AnswerLost, Fate::Hold][self.chance.below(3) as usize];
        self.town.people[who].next(|_| true, fate);
    }

    /// Keys are renewed once in hundreds of messages: no request is on its way for so long.
    fn heals(&mut self, who: usize) {
        let with = ADA + BEN - who;
        PEOPLE.into_iter().for_each(|who| self.town.releases(who));
        let has_group =
            !self.town.last_messages(who, with, 1).is_empty() && self.town.conversation(who, with).group.is_some();
        if has_group && self.town.group(who, with).pending.is_none() {
            self.town.is_due_to_heal(who, with);
        }
    }

    /// The device sleeps through some hours, its timers included.
    fn sleeps(&mut self, who: usize) {
        self.disconnects(who);
        self.town.now_ms += self.chance.below(8 * HOUR_MS);
        self.town.take(who, Input::Wake);
    }

    fn ends(mut self) {
        for who in PEOPLE {
            self.town.people[who].forget_fates();
            self.disconnects(who);
            self.town.connects(who);
        }
        self.strays_arrive();
        self.town.passes(2 * HOUR_MS);
        let contents = PEOPLE.map(|who| self.contents(who));
        assert_eq!(contents[ADA].len(), self.texts[ADA].len() + self.texts[BEN].len(), "nothing is lost");
        for (message, content) in &contents[ADA] {
            assert_eq!(contents[BEN].get(message), Some(content));
        }
        for who in PEOPLE {
            let with = ADA + BEN - who;
            assert_eq!(self.town.messages(who, with).len(), contents[who].len(), "nothing stands twice or unopened");
            assert_eq!(self.town.job_kinds(who), []);
            assert!(self.town.people[who].failures.is_empty(), "{:?}", self.town.people[who].failures);
            for author in PEOPLE {
                let (there, here) = (self.order(author, ADA + BEN - author, author), self.order(who, with, author));
                assert_eq!(here, there, "the messages of {author} are in their order at {who}");
            }
        }
        self.town.still_talk();
    }

    /// What both have to agree on, by author and ID.
    fn contents(&self, who: usize) -> BTreeMap<(UserId, MessageId), Content> {
        let messages = self.town.messages(who, ADA + BEN - who).into_iter();
        let content = |message: Message| {
            let mut reactions = message.reactions;
            reactions.sort();
            ((message.author, message.id), (message.body, message.edited, reactions))
        };
        messages.map(content).collect()
    }

    fn order(&self, who: usize, with: usize, author: usize) -> Vec<MessageId> {
        let author = self.town.id(author);
        let of_author = self.town.messages(who, with).into_iter().filter(|message| message.author == author);
        of_author.map(|message| message.id).collect()
    }
}
