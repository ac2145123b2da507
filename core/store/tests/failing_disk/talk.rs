//! Two people talk while one of them loses power, once at each sync of their whole life: nothing is lost, nothing comes
//! twice, and no key is used twice.

use std::panic::{AssertUnwindSafe, catch_unwind};

use sealpost_disk::{Fault, Remains};
use sealpost_engine::{
    command::{Command, Input, Outgoing, Reply},
    conversations,
    messages::{self, Body, MessageState},
    outbox,
};

use crate::{
    device::{Device, PowerCut, START_MS, two_registered},
    relay::Relay,
};

const ADA: usize = 0;
const BEN: usize = 1;
const MINUTE_MS: u64 = 60_000;
/// After this, a conversation is sealed with new keys, and they are claimed in a slot.
const EIGHT_DAYS_MS: u64 = 8 * 24 * 60 * MINUTE_MS;

enum Act {
    Says(usize, &'static str),
    Passes(u64),
    /// The log is folded into the database and wiped.
    ForgetsDeleted(usize),
    Restarts(usize),
}

const LIFE: &[Act] = &[
    Act::Says(ADA, "one"),
    Act::Says(BEN, "two"),
    Act::Passes(MINUTE_MS),
    Act::Restarts(BEN),
    Act::ForgetsDeleted(ADA),
    Act::Passes(EIGHT_DAYS_MS),
    Act::Says(ADA, "three"),
    Act::Says(BEN, "four"),
    Act::Restarts(ADA),
    Act::Says(ADA, "five"),
];
const TEXTS: [&str; 5] = ["one", "two", "three", "four", "five"];

struct Town {
    devices: [Device; 2],
    relay: Relay,
    now_ms: u64,
}

#[test]
fn two_who_talk_lose_nothing_to_a_power_cut_at_any_sync() {
    for who in [ADA, BEN] {
        for operation in syncs(who) {
            live(Some((who, operation, Remains::Nothing)), false);
        }
    }
}

#[test]
fn what_was_committed_but_never_told_is_done_after_the_power_cut() {
    for who in [ADA, BEN] {
        for operation in syncs(who) {
            live(Some((who, operation, Remains::All)), false);
        }
    }
}

/// The control: among what it finds is a key that is used twice, where the peer can't open what it seals then.
#[test]
fn talk_that_is_answered_before_it_is_synced_is_found() {
    let found = syncs(ADA).into_iter().step_by(3).filter(|operation| {
        let cut = Some((ADA, *operation, Remains::Nothing));
        catch_unwind(AssertUnwindSafe(|| live(cut, true))).is_err()
    });
    let found = found.count();
    assert!(found > 2, "only {found} cuts were noticed");
}

/// The syncs in the undisturbed life of one of them.
fn syncs(who: usize) -> Vec<u64> {
    let town = live(None, false);
    let syncs = town.devices[who].disk.syncs();
    assert!(syncs.len() > 20, "{syncs:?}");
    syncs
}

/// Lives through all of it and checks what both have in the end.
fn live(cut: Option<(usize, u64, Remains)>, answers_before_it_syncs: bool) -> Town {
    println!("power cut: {cut:?}");
    let (devices, relay) = two_registered(answers_before_it_syncs);
    let mut town = Town { devices, relay, now_ms: START_MS };
    if let Some((who, operation, remains)) = cut {
        town.devices[who].disk.fails_after(operation, Fault::PowerCut(remains));
    }
    town.meet();
    for act in LIFE {
        match act {
            Act::Says(who, text) => town.says(*who, text),
            Act::Passes(ms) => town.passes(*ms),
            Act::ForgetsDeleted(who) => {
                let outcome = town.devices[*who].forgets_deleted();
                town.goes_on(*who, outcome);
            }
            Act::Restarts(who) => {
                let outcome = town.devices[*who].restarts();
                if town.goes_on(*who, outcome).is_some() {
                    town.connects(*who);
                }
            }
        }
        town.settles();
    }
    (0..3).for_each(|_| town.passes(MINUTE_MS));
    town.has_all_texts(ADA);
    town.has_all_texts(BEN);
    town
}

impl Town {
    fn meet(&mut self) {
        for (who, other) in [(ADA, BEN), (BEN, ADA)] {
            let card = self.devices[other].account.card().expect("a registered account has a card");
            let add = || Input::Command(Box::new(Command::AddContact { card: card.clone(), name: String::new() }));
            // Adding once more does no harm.
            if self.takes(who, add()).is_none() {
                self.takes(who, add());
            }
            self.connects(who);
        }
        self.settles();
    }

    /// Whoever loses power over it says it again where it is not on the screen.
    fn says(&mut self, who: usize, text: &str) {
        while !self.texts(who).iter().any(|(it, _)| it == text) {
            let peer = self.devices[1 - who].account.id;
            let Some(Reply::Conversation(conversation)) = self.commands(who, Command::OpenConversation(peer)) else {
                continue;
            };
            self.commands(who, Command::SendText { conversation, text: text.to_owned(), reply_to: None });
        }
    }

    fn commands(&mut self, who: usize, command: Command) -> Option<Reply> {
        self.takes(who, Input::Command(Box::new(command)))
    }

    fn connects(&mut self, who: usize) {
        let id = self.devices[who].account.id;
        let Some(reply) = self.takes(who, Input::SessionSecret) else { return };
        let Reply::SessionSecret(secret) = reply else { panic!("a secret was asked for") };
        // Another one each time.
        let next_secret = self.devices[who].disk.operations().to_be_bytes().repeat(4);
        self.relay.opens_session(id, secret, next_secret.clone());
        let opened = Input::SessionOpened { next_secret, incarnation: 1, relay_seconds: self.now_ms / 1000 };
        if self.takes(who, opened).is_none() {
            return;
        }
        self.receives(who);
        self.takes(who, Input::Drained);
    }

    /// Goes on until nothing more happens at this moment.
    fn settles(&mut self) {
        while [ADA, BEN].into_iter().any(|who| self.receives(who) || self.performs(who)) {}
    }

    fn passes(&mut self, ms: u64) {
        self.now_ms += ms;
        for who in [ADA, BEN] {
            self.takes(who, Input::Wake);
        }
        self.settles();
    }

    /// Takes what waits in the mailbox and acknowledges it after the commit. False if there is nothing.
    fn receives(&mut self, who: usize) -> bool {
        let id = self.devices[who].account.id;
        let envelopes = self.relay.mailbox(id);
        if envelopes.is_empty() {
            return false;
        }
        if self.takes(who, Input::Envelopes(envelopes.clone())).is_some() {
            self.relay.acknowledges(id, &envelopes);
        }
        true
    }

    /// Takes the next request to the relay and its answer back. False if there is none.
    fn performs(&mut self, who: usize) -> bool {
        let Some(Outgoing { job, request }) = self.devices[who].outgoing.pop_front() else { return false };
        let answer = self.relay.performs(self.devices[who].account.id, request);
        if let Some(job) = job {
            self.takes(who, Input::Answer { job, answer });
        }
        true
    }

    /// One step; nothing where the power went over it. Then the device is back, and connected.
    fn takes(&mut self, who: usize, input: Input) -> Option<Reply> {
        let outcome = self.devices[who].step(input, self.now_ms);
        self.goes_on(who, outcome)
    }

    fn goes_on<T>(&mut self, who: usize, outcome: Result<T, PowerCut>) -> Option<T> {
        if outcome.is_err() {
            self.devices[who].comes_back();
            self.connects(who);
        }
        outcome.ok()
    }

    fn texts(&self, who: usize) -> Vec<(String, MessageState)> {
        let peer = self.devices[1 - who].account.id;
        let messages = self.devices[who].reads(|read| match conversations::of_two(read, peer)? {
            Some(conversation) => Ok(messages::messages(read, conversation, None, usize::MAX)?),
            None => Ok(Vec::new()),
        });
        let text = |message: messages::Message| match message.body {
            Body::Text(text) => (text, message.state),
            other => panic!("{other:?} on the screen"),
        };
        messages.into_iter().map(text).collect()
    }

    /// Each text once, in the order in which they were said, and received or delivered; and nothing waits.
    #[track_caller]
    fn has_all_texts(&self, who: usize) {
        let texts = self.texts(who);
        assert_eq!(texts.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>(), TEXTS);
        let done = [MessageState::Received, MessageState::Delivered];
        assert!(texts.iter().all(|(_, state)| done.contains(state)), "{texts:?}");
        assert_eq!(self.devices[who].reads(|read| Ok(outbox::counts(read)?)), (0, 0));
    }
}
