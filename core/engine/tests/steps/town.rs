//! Three people, the relay and the clock: verbs in which the scenarios are told.

use std::sync::OnceLock;

use sealpost_engine::{
    command::{Answer, Command, Effects, Input, Outgoing, Reply, Request},
    contacts::{self, Contact},
    conversations::{self, Conversation, GroupState},
    error::EngineError,
    event::Event,
    identity::PreparedRegistration,
    messages::{self, Body, Message, MessageState, System},
    mls::{Group, GroupId, Session},
    outbox::JobKind,
    storage::save,
};
use sealpost_wire::{
    envelope::{DeliveryAnswer, Envelope},
    id::{MessageId, UserId},
    limits,
    suite::Suite,
};

use crate::{
    person::{Fate, Person},
    relay::{Relay, refused},
};

pub const ADA: usize = 0;
pub const BEN: usize = 1;
/// Knows nobody, and is known by nobody.
pub const CLO: usize = 2;
/// Likewise.
pub const DAN: usize = 3;

pub const HOUR_MS: u64 = 3_600_000;
pub const DAY_MS: u64 = 24 * HOUR_MS;
const START_MS: u64 = 1_900_000_000_000;
/// More rounds than any scenario needs before everything is quiet.
const ROUNDS: usize = 10_000;

pub struct Town {
    pub relay: Relay,
    pub people: Vec<Person>,
    pub now_ms: u64,
    pub suite: Suite,
}

pub fn is_claim(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Change { .. })
}

pub fn is_look(kind: &JobKind) -> bool {
    matches!(kind, JobKind::ReadSlot { .. })
}

pub fn is_commit(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Commit { .. })
}

pub fn is_content(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Content { .. })
}

/// A content that is a message of its own.
pub fn is_message(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Content { message: Some(_), .. })
}

pub fn is_fetch(kind: &JobKind) -> bool {
    matches!(kind, JobKind::FetchKeyPackage { .. })
}

pub fn is_welcome(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Welcome { .. })
}

/// Runs a scenario over both suites, each in a town of its own where Ada and Ben have each other's card.
pub fn over_both_suites(scenario: impl Fn(Town)) {
    for suite in Suite::ALL {
        println!("over {suite:?}");
        scenario(Town::new(suite, 1));
    }
}

impl Town {
    pub fn new(suite: Suite, seed: u64) -> Self {
        let mut relay = Relay::new();
        let copy = |(place, (person, prepared)): (usize, &(Person, PreparedRegistration))| {
            relay.register(prepared, &person.identity_key(), suite);
            person.copy(seed * 1_000 + place as u64)
        };
        let people = registered().iter().enumerate().map(copy).collect();
        let mut town = Self { relay, people, now_ms: START_MS, suite };
        town.meets(ADA, BEN);
        town.meets(BEN, ADA);
        [ADA, BEN, CLO, DAN].into_iter().for_each(|who| town.connects(who));
        town.settle();
        town
    }

    /// Ada and Ben have talked, and nothing is on its way.
    pub fn talking(mut self) -> Self {
        self.says(ADA, BEN, "hello Ben");
        self.settles();
        self.says(BEN, ADA, "hello Ada");
        self.settles();
        self
    }

    // What people do.

    #[track_caller]
    pub fn command(&mut self, who: usize, command: Command) -> Reply {
        self.try_command(who, command).expect("the command is taken")
    }

    pub fn try_command(&mut self, who: usize, command: Command) -> Result<Reply, EngineError> {
        let effects = self.people[who].step(Input::Command(Box::new(command)), self.now_ms)?;
        Ok(self.after(who, effects))
    }

    pub fn meets(&mut self, who: usize, other: usize) {
        let card = self.people[other].card();
        self.command(who, Command::AddContact { card, name: String::new() });
    }

    #[track_caller]
    pub fn says(&mut self, who: usize, to: usize, text: &str) -> MessageId {
        let peer = self.id(to);
        let Reply::Conversation(conversation) = self.command(who, Command::OpenConversation(peer)) else {
            panic!("opening answers with the conversation")
        };
        let send = Command::SendText { conversation, text: text.to_owned(), reply_to: None };
        let Reply::Message(_, position) = self.command(who, send) else { panic!("sending answers with the place") };
        let message = messages::message(&self.people[who].store, conversation, position);
        message.expect("the message is read").expect("the message is there").id
    }

    pub fn connects(&mut self, who: usize) {
        if self.people[who].online {
            return;
        }
        self.people[who].online = true;
        self.take(who, Input::SessionSecret);
        let next_secret = self.now_ms.to_be_bytes().repeat(4);
        let incarnation = self.relay.incarnation;
        let relay_seconds = self.now_ms / 1000;
        self.take(who, Input::SessionOpened { next_secret, incarnation, relay_seconds });
        self.receives(who);
        self.take(who, Input::Drained);
    }

    pub fn disconnects(&mut self, who: usize) {
        self.people[who].online = false;
        self.people[who].outgoing.clear();
        self.people[who].held.clear();
        self.take(who, Input::Offline);
    }

    /// The process is killed; the device is off until it connects.
    pub fn restarts(&mut self, who: usize) {
        self.people[who].start_anew();
        self.connects(who);
    }

    // What goes on by itself.

    /// Goes on until nothing more happens at this moment.
    pub fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let mut quiet = true;
            for who in 0..self.people.len() {
                quiet &= !self.receives(who) && !self.performs(who);
            }
            if quiet {
                return;
            }
        }
        panic!("the town does not come to rest");
    }

    /// Goes on until the receipts, too, have arrived: a minute.
    pub fn settles(&mut self) {
        self.passes(60_000);
    }

    /// Time passes; whoever asked to be woken is woken in time.
    pub fn passes(&mut self, ms: u64) {
        let end = self.now_ms + ms;
        self.settle();
        loop {
            let wakes = self.people.iter().filter(|person| person.online).filter_map(|person| person.wake_at_ms);
            let Some(wake) = wakes.min().filter(|wake| *wake <= end) else { break };
            self.now_ms = self.now_ms.max(wake);
            for who in 0..self.people.len() {
                let due = self.people[who].wake_at_ms.is_some_and(|at| at <= self.now_ms);
                if self.people[who].online && due {
                    self.people[who].wake_at_ms = None;
                    self.take(who, Input::Wake);
                }
            }
            self.settle();
        }
        self.now_ms = end;
    }

    /// Hands the device what waits in its mailbox. False if there is nothing.
    pub fn receives(&mut self, who: usize) -> bool {
        if !self.people[who].online {
            return false;
        }
        let id = self.id(who);
        let envelopes: Vec<Envelope> = self.relay.account(id).mailbox.drain(..).collect();
        if envelopes.is_empty() {
            return false;
        }
        self.take_envelopes(who, envelopes);
        true
    }

    pub fn take_envelopes(&mut self, who: usize, envelopes: Vec<Envelope>) {
        match self.people[who].step(Input::Envelopes(envelopes.clone()), self.now_ms) {
            Ok(effects) => drop(self.after(who, effects)),
            Err(error) => {
                self.people[who].failures.push(error);
                for envelope in envelopes {
                    match self.people[who].step(Input::Envelopes(vec![envelope.clone()]), self.now_ms) {
                        Ok(effects) => drop(self.after(who, effects)),
                        Err(_) => self.take(who, Input::GiveUp(Box::new(envelope))),
                    }
                }
            }
        }
    }

    /// Takes the next request to the relay and its answer back. False if there is none.
    pub fn performs(&mut self, who: usize) -> bool {
        let Some(outgoing) = self.people[who].outgoing.pop_front() else { return false };
        let fate = self.people[who].fate(&outgoing);
        let Outgoing { job, request } = outgoing;
        let answer = match fate {
            Some(Fate::Hold) => {
                self.people[who].held.push(Outgoing { job, request });
                return true;
            }
            Some(Fate::Lost) => Answer::Unreachable,
            Some(Fate::AnswerLost) => {
                self.perform(who, request);
                Answer::Unreachable
            }
            Some(Fate::Refused(code)) => refused(code),
            Some(Fate::Swallowed) => Answer::Delivered(DeliveryAnswer::default()),
            Some(Fate::Forged) => match self.perform(who, request) {
                Answer::Slot(mut slot) => {
                    slot.receipt[0] ^= 1;
                    Answer::Slot(slot)
                }
                other => panic!("only a slot's answer has a receipt: {other:?}"),
            },
            None => self.perform(who, request),
        };
        if let Some(job) = job {
            self.answers(who, job, answer);
        }
        true
    }

    pub fn perform(&mut self, who: usize, request: Request) -> Answer {
        self.relay.perform(self.id(who), request, self.now_ms / 1000)
    }

    /// What was held on its way goes on.
    pub fn releases(&mut self, who: usize) {
        let held = std::mem::take(&mut self.people[who].held);
        self.people[who].outgoing.extend(held);
    }

    /// As the event loop does: an answer that makes no sense is none.
    pub fn answers(&mut self, who: usize, job: sealpost_engine::outbox::JobId, answer: Answer) {
        match self.people[who].step(Input::Answer { job: job.clone(), answer }, self.now_ms) {
            Ok(effects) => drop(self.after(who, effects)),
            Err(error) => {
                assert!(!error.is_storage(), "the store does not fail: {error}");
                self.people[who].failures.push(error);
                self.take(who, Input::Answer { job, answer: Answer::Unreachable });
            }
        }
    }

    #[track_caller]
    pub fn take(&mut self, who: usize, input: Input) {
        let effects = self.people[who].step(input, self.now_ms).expect("the step succeeds");
        self.after(who, effects);
    }

    fn after(&mut self, who: usize, effects: Effects) -> Reply {
        let person = &mut self.people[who];
        person.events.extend(effects.events);
        person.wake_at_ms = effects.wake_at_ms;
        person.outgoing.extend(effects.requests);
        effects.reply
    }

    // What can be seen.

    pub fn id(&self, who: usize) -> UserId {
        self.people[who].account().id
    }

    #[track_caller]
    pub fn conversation(&self, who: usize, with: usize) -> Conversation {
        let store = &self.people[who].store;
        let id = conversations::of_two(store, self.id(with)).expect("read").expect("there is a conversation");
        conversations::known(store, id).expect("the conversation is read")
    }

    pub fn messages(&self, who: usize, with: usize) -> Vec<Message> {
        self.last_messages(who, with, usize::MAX)
    }

    pub fn last_messages(&self, who: usize, with: usize, limit: usize) -> Vec<Message> {
        let store = &self.people[who].store;
        match conversations::of_two(store, self.id(with)).expect("conversations are read") {
            Some(id) => messages::messages(store, id, None, limit).expect("messages are read"),
            None => Vec::new(),
        }
    }

    pub fn texts(&self, who: usize, with: usize) -> Vec<String> {
        let text = |message: Message| match message.body {
            Body::Text(text) => Some(text),
            _ => None,
        };
        self.messages(who, with).into_iter().filter_map(text).collect()
    }

    #[track_caller]
    pub fn message(&self, who: usize, with: usize, author: usize, id: MessageId) -> Message {
        let conversation = self.conversation(who, with).id;
        let message = messages::message_by_id(&self.people[who].store, conversation, self.id(author), id);
        message.expect("the message is read").expect("the message is there")
    }

    /// How many rows stand for something that could not be opened.
    pub fn unopened(&self, who: usize, with: usize) -> usize {
        self.messages(who, with).iter().filter(|message| message.body == Body::Unopened).count()
    }

    /// The rows that tell what happened to the conversation.
    pub fn notices(&self, who: usize, with: usize) -> Vec<System> {
        let notice = |message: Message| match message.body {
            Body::System(what) => Some(what),
            _ => None,
        };
        self.messages(who, with).into_iter().filter_map(notice).collect()
    }

    /// The state of an own message.
    #[track_caller]
    pub fn state(&self, who: usize, with: usize, id: MessageId) -> MessageState {
        self.message(who, with, who, id).state
    }

    pub fn contact(&self, who: usize, other: usize) -> Contact {
        contacts::known(&self.people[who].store, self.id(other)).expect("a contact")
    }

    #[track_caller]
    pub fn group(&self, who: usize, with: usize) -> GroupState {
        let group = self.conversation(who, with).group.expect("the conversation has a group");
        conversations::group(&self.people[who].store, group).expect("groups are read").expect("the group is there")
    }

    /// The group that the conversation is sealed in, and its epoch.
    #[track_caller]
    pub fn epoch(&mut self, who: usize, with: usize) -> (GroupId, u64) {
        let id = self.group(who, with).id;
        (id, self.with_mls(who, id, |group| group.epoch()))
    }

    pub fn with_mls<T>(&mut self, who: usize, id: GroupId, read: impl FnOnce(&Group) -> T) -> T {
        let (key, card) = (self.people[who].identity_key(), self.people[who].card());
        let mut tx = self.people[who].store.begin();
        let mut session = Session::new(&mut tx, card.id, &key, card.sealing_key);
        read(&Group::load(&mut session, &id).expect("the group loads").expect("the group is there"))
    }

    pub fn job_kinds(&self, who: usize) -> Vec<JobKind> {
        self.people[who].jobs().into_iter().map(|job| job.kind).collect()
    }

    /// Whether somebody's event was told since the last time that they were forgotten.
    pub fn told(&self, who: usize, event: &Event) -> bool {
        self.people[who].events.contains(event)
    }

    /// The next message of this person heals the epoch: as if the count were reached.
    pub fn is_due_to_heal(&mut self, who: usize, with: usize) {
        let group = self.group(who, with);
        self.keys_have_served(who, group);
    }

    pub fn keys_have_served(&mut self, who: usize, mut group: GroupState) {
        group.own_messages = limits::HEALING_MESSAGES;
        let mut tx = self.people[who].store.begin();
        save(&mut tx, &group).expect("the row is written");
        tx.commit();
    }

    /// Both say something, and the other reads it: the conversation works in both directions, in one group and epoch,
    /// and nothing is left on the way.
    #[track_caller]
    pub fn still_talk(&mut self) {
        for (who, to) in [(ADA, BEN), (BEN, ADA)] {
            let text = format!("still there, {to}? {}", self.now_ms);
            let id = self.says(who, to, &text);
            self.settles();
            assert_eq!(self.texts(to, who).last(), Some(&text));
            assert_eq!(self.state(who, to, id), MessageState::Delivered);
        }
        assert_eq!(self.epoch(ADA, BEN), self.epoch(BEN, ADA));
        for who in [ADA, BEN] {
            assert_eq!(self.job_kinds(who), [], "nothing waits");
            assert_eq!(self.conversation(who, ADA + BEN - who).groups.len(), 1, "one group carries it");
        }
    }
}

/// Registered devices, made once: key packages take their time.
fn registered() -> &'static [(Person, PreparedRegistration)] {
    static REGISTERED: OnceLock<Vec<(Person, PreparedRegistration)>> = OnceLock::new();
    REGISTERED.get_or_init(|| {
        let names = ["Ada", "Ben", "Clo", "Dan"].into_iter().zip(1..);
        names.map(|(name, seed)| Person::new(name, seed, START_MS)).collect()
    })
}
