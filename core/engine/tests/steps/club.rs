//! A group in the town: verbs for its members, and what each of them sees of it.

use sealpost_engine::{
    command::{Command, Reply},
    conversations::{self, Conversation, ConversationId, GroupState, Standing},
    fact::Happened,
    messages::{self, Body, Message, System},
};
use sealpost_wire::{id::MessageId, suite::Suite};

use crate::town::{ADA, BEN, CLO, DAN, Town};

pub const EVERYBODY: [usize; 4] = [ADA, BEN, CLO, DAN];

/// Runs a scenario over both suites, where Ada knows all and all know Ada.
pub fn over_both_suites(scenario: impl Fn(Town)) {
    for suite in Suite::ALL {
        println!("over {suite:?}");
        scenario(town(suite));
    }
}

/// Where Ada knows all and all know Ada.
pub fn town(suite: Suite) -> Town {
    let mut town = Town::new(suite, 1);
    for who in [CLO, DAN] {
        town.meets(ADA, who);
        town.meets(who, ADA);
    }
    town
}

impl Town {
    /// Ada's group with these.
    #[track_caller]
    pub fn with_group(mut self, members: &[usize]) -> Self {
        self.creates_group(ADA, members);
        self.settles();
        for who in std::iter::once(&ADA).chain(members) {
            assert_eq!(self.standing(*who), Some(Standing::Member), "{who} is in");
        }
        self
    }

    pub fn creates_group(&mut self, who: usize, members: &[usize]) {
        let members = members.iter().map(|member| self.id(*member)).collect();
        self.command(who, Command::CreateGroup { name: "club".to_owned(), members });
    }

    /// The one group that somebody sees.
    pub fn club(&self, who: usize) -> Option<Conversation> {
        let all = conversations::conversations(&self.people[who].store).expect("conversations are read");
        all.into_iter().find(|conversation| conversation.many.is_some())
    }

    #[track_caller]
    pub fn club_id(&self, who: usize) -> ConversationId {
        self.club(who).expect("there is a group").id
    }

    pub fn standing(&self, who: usize) -> Option<Standing> {
        Some(self.club(who)?.many?.standing)
    }

    #[track_caller]
    pub fn club_name(&self, who: usize) -> String {
        self.club(who).expect("there is a group").many.expect("of many").name
    }

    #[track_caller]
    pub fn club_says(&mut self, who: usize, text: &str) -> MessageId {
        let send = Command::SendText { conversation: self.club_id(who), text: text.to_owned(), reply_to: None };
        let Reply::Message(conversation, position) = self.command(who, send) else { panic!("sending answers") };
        let message = messages::message(&self.people[who].store, conversation, position);
        message.expect("the message is read").expect("the message is there").id
    }

    pub fn club_messages(&self, who: usize) -> Vec<Message> {
        let Some(club) = self.club(who) else { return Vec::new() };
        messages::messages(&self.people[who].store, club.id, None, usize::MAX).expect("messages are read")
    }

    pub fn club_texts(&self, who: usize) -> Vec<String> {
        let text = |message: Message| match message.body {
            Body::Text(text) => Some(text),
            _ => None,
        };
        self.club_messages(who).into_iter().filter_map(text).collect()
    }

    pub fn club_unopened(&self, who: usize) -> usize {
        self.club_messages(who).iter().filter(|message| message.body == Body::Unopened).count()
    }

    /// What happened, as this one was told.
    pub fn happened(&self, who: usize) -> Vec<Happened> {
        let happened = |message: Message| match message.body {
            Body::System(System::Happened(what)) => Some(what),
            _ => None,
        };
        self.club_messages(who).into_iter().filter_map(happened).collect()
    }

    /// Who is in the group, as this one sees it.
    pub fn club_members(&self, who: usize) -> Vec<usize> {
        let members = conversations::members(&self.people[who].store, self.club_id(who)).expect("members are read");
        let place = |id| EVERYBODY.into_iter().find(|who| self.id(*who) == id).expect("somebody of the town");
        let mut places: Vec<usize> = members.into_iter().map(|member| place(member.id)).collect();
        places.sort_unstable();
        places
    }

    #[track_caller]
    pub fn club_state(&self, who: usize) -> GroupState {
        let group = self.club(who).expect("there is a group").group.expect("it has a group");
        conversations::group(&self.people[who].store, group).expect("groups are read").expect("the group is there")
    }

    #[track_caller]
    pub fn club_epoch(&mut self, who: usize) -> (sealpost_engine::mls::GroupId, u64) {
        let id = self.club_state(who).id;
        (id, self.with_mls(who, id, |group| group.epoch()))
    }

    /// Each says something that all the others read; all agree on epoch, members and name, and nothing waits.
    #[track_caller]
    pub fn club_talks(&mut self, members: &[usize]) {
        let mut said = Vec::new();
        for who in members {
            said.push(format!("still here, {who}? {}", self.now_ms));
            self.club_says(*who, said.last().expect("just said"));
            self.settles();
        }
        let mut all = members.to_vec();
        all.sort_unstable();
        for who in members {
            let texts = self.club_texts(*who);
            assert!(said.iter().all(|text| texts.iter().filter(|it| *it == text).count() == 1), "{who}: {texts:?}");
            assert_eq!(self.club_epoch(*who), self.club_epoch(members[0]), "{who} is in the same epoch");
            assert_eq!(self.club_members(*who), all, "as {who} sees it");
            assert_eq!(self.club_name(*who), self.club_name(members[0]));
            assert_eq!(self.job_kinds(*who), [], "nothing of {who} waits");
        }
    }
}
