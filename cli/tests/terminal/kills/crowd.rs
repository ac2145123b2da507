//! Three people with their devices at one relay, who write to each other and to their group all the time; and the
//! account of what each of them has to see in the end.

use std::{
    array,
    collections::BTreeSet,
    time::{Duration, Instant},
};

use sealpost_client::{Account, Body, Connection, GroupChange, GroupStanding, Message, PassphraseVault, SystemRow};

use super::{
    device::Device,
    moment::{self, Dice},
};
use crate::{
    program::PASSPHRASE,
    walk::{Walk, of_type},
};

const NAMES: [&str; 3] = ["ada", "bob", "cyd"];
/// Who makes the group, and changes it.
const ADMIN: usize = 0;
/// The most lines that everybody writes between two kills.
const LINES: usize = 3;
/// When everything has to have come to everybody after the last kill.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one look at an account waits for news.
const LOOK: Duration = Duration::from_millis(50);
const PAGE: u32 = 500;

pub struct Crowd {
    walk: Walk,
    ids: [String; 3],
    /// The group's ID on each device.
    groups: [String; 3],
    devices: [Option<Device>; 3],
    lines: usize,
    typed: BTreeSet<String>,
    taken: BTreeSet<String>,
}

impl Crowd {
    /// All three stand in a group; Ada and Bob have also written to each other.
    pub fn gather() -> Self {
        let walk = Walk::begin();
        walk.meet_all();
        walk.done("ada", &["groups", "create", "Choir", "Bob", "Cyd"]);
        walk.done("ada", &["send", "Bob", "before"]);
        ["bob", "cyd"].iter().for_each(|account| walk.done(account, &["inbox"]));
        let ids = NAMES.map(|name| walk.id(name));
        let groups = NAMES.map(|name| walk.group(name, "Choir")["id"].as_str().expect("an ID").to_owned());
        let devices = array::from_fn(|who| Some(Device::start(walk.home(), NAMES[who], &groups[who])));
        Self { walk, ids, groups, devices, lines: 0, typed: BTreeSet::new(), taken: BTreeSet::new() }
    }

    pub fn size(&self) -> usize {
        NAMES.len()
    }

    pub fn waits_for(&mut self, who: usize) {
        self.device(who).comes_online();
    }

    /// Everybody types some lines; now and then the admin gives the group another name.
    pub fn writes(&mut self, dice: &mut Dice) {
        for (who, name) in NAMES.iter().enumerate() {
            for _ in 0..=dice.below(LINES) {
                self.lines += 1;
                let text = format!("{} from {name}", self.lines);
                self.device(who).types(&text);
                self.typed.insert(text);
            }
        }
        let admin = self.devices[ADMIN].as_mut().expect("a device");
        if dice.below(3) == 0 && admin.writes_to(&self.groups[ADMIN]) {
            admin.types(&format!("/rename Choir {}", self.lines));
        }
    }

    /// Kills a device and starts it again, in the group or in the conversation of two. Answers whether it was inside of
    /// a transaction.
    pub fn device_is_killed(&mut self, who: usize, dice: &mut Dice) -> bool {
        let folder = self.walk.home().join(NAMES[who]);
        let (taken, inside) = self.devices[who].take().expect("a device").dies(&folder);
        self.taken.extend(taken);
        let peer = match NAMES[who] {
            "ada" => Some(&self.ids[1]),
            "bob" => Some(&self.ids[0]),
            _ => None,
        };
        let with = peer.filter(|_| dice.below(3) == 0).unwrap_or(&self.groups[who]);
        self.devices[who] = Some(Device::start(self.walk.home(), NAMES[who], with));
        inside
    }

    /// Kills the relay and starts it again. Answers whether it was inside of a transaction.
    pub fn relay_is_killed(&mut self) -> bool {
        self.devices.iter_mut().flatten().for_each(Device::goes_offline);
        let (mut relay, folder) = self.walk.take_relay();
        let inside = moment::kill(&mut relay, &folder);
        self.walk.start_relay();
        inside
    }

    /// Everybody connects; then all that a device has taken stands once with everybody whom it was for, what it did not
    /// take at most once, and the group is one.
    pub fn has_lost_and_repeated_nothing(mut self) {
        for device in self.devices.iter_mut().map(Option::take) {
            self.taken.extend(device.expect("a device").ends());
        }
        let views = self.everybody_catches_up();
        for (view, name) in views.iter().zip(NAMES) {
            for texts in [&view.group, &view.pair] {
                assert_eq!(set(texts).len(), texts.len(), "{name} sees something twice: {texts:?}");
            }
            assert_eq!(view.torn, 0, "{name} was thrown out of the group by a kill");
        }
        println!("{} lines were typed, {} of them taken", self.typed.len(), self.taken.len());
        self.last_words();
    }

    fn everybody_catches_up(&self) -> [View; 3] {
        let accounts = NAMES.map(|name| {
            let folder = self.walk.home().join(name);
            let account = Account::open(&folder, &PassphraseVault::new(&folder, PASSPHRASE.to_owned().into()));
            account.expect("the account opens")
        });
        accounts.iter().for_each(|account| account.connect().expect("it is registered"));
        let begin = Instant::now();
        loop {
            accounts.iter().for_each(|account| while account.next_event(LOOK).is_some() {});
            let views = array::from_fn(|who| {
                let peer = match NAMES[who] {
                    "ada" => Some(self.ids[1].as_str()),
                    "bob" => Some(self.ids[0].as_str()),
                    _ => None,
                };
                View::of(&accounts[who], &self.groups[who], peer)
            });
            match self.missing(&views) {
                None => return views,
                Some(missing) => {
                    let standing: Vec<_> =
                        views.iter().zip(NAMES).map(|(view, name)| view.tell(name, &missing)).collect();
                    assert!(begin.elapsed() < PATIENCE, "{missing}\n{}", standing.join("\n"));
                }
            }
        }
    }

    /// What has not come about yet.
    fn missing(&self, views: &[View; 3]) -> Option<String> {
        let [ada, bob, cyd] = views;
        let seen: BTreeSet<_> = ada.group.iter().chain(&ada.pair).cloned().collect();
        let lost: Vec<_> = self.taken.difference(&seen).collect();
        if !lost.is_empty() {
            return Some(format!("taken, but not with Ada: {lost:?}"));
        }
        for (view, name) in views.iter().zip(NAMES) {
            if view.waiting > 0 || view.unopened > 0 {
                return Some(format!("{name}: {} wait, {} are not opened", view.waiting, view.unopened));
            }
            if (&view.title, &view.members) != (&ada.title, &ada.members) || view.members.len() != NAMES.len() {
                return Some(format!(
                    "{name}: {} {:?}, Ada: {} {:?}",
                    view.title, view.members, ada.title, ada.members
                ));
            }
        }
        for (one, other, what) in [
            (&ada.group, &bob.group, "the group of Ada and Bob"),
            (&ada.group, &cyd.group, "the group of Ada and Cyd"),
            (&ada.pair, &bob.pair, "Ada and Bob"),
        ] {
            let (one, other) = (set(one), set(other));
            if one != other {
                return Some(format!("{what}: {:?} stand with one only", one.symmetric_difference(&other)));
            }
        }
        None
    }

    /// One message of everybody reaches everybody, and all see the same members, as the terminal shows it.
    fn last_words(&self) {
        for (who, name) in NAMES.iter().enumerate() {
            self.walk.done(name, &["send", &self.groups[who], &format!("the last of {name}")]);
        }
        for (who, name) in NAMES.iter().enumerate() {
            let rows = of_type(&self.walk.run(name, &["inbox", &self.groups[who]]), "message");
            let texts: BTreeSet<_> = rows.iter().filter_map(|row| row["text"].as_str()).collect();
            let last = NAMES.map(|name| format!("the last of {name}"));
            assert!(last.iter().all(|text| texts.contains(text.as_str())), "{name} sees {texts:?}");
            let shown = of_type(&self.walk.run(name, &["groups", "show", &self.groups[who]]), "member");
            let members: BTreeSet<_> = shown.iter().filter_map(|member| member["id"].as_str()).collect();
            assert_eq!(members, self.ids.iter().map(String::as_str).collect(), "{name}");
        }
    }

    fn device(&mut self, who: usize) -> &mut Device {
        self.devices[who].as_mut().expect("a device")
    }
}

/// What stands on one device.
struct View {
    group: Vec<String>,
    /// The conversation of two; Cyd has none.
    pair: Vec<String>,
    title: String,
    members: BTreeSet<String>,
    waiting: u32,
    unopened: usize,
    torn: usize,
    connection: Connection,
    messages: Vec<Message>,
}

impl View {
    fn of(account: &Account, group: &str, peer: Option<&str>) -> Self {
        let mut messages = all(account, group);
        let in_group = texts(&messages);
        let mut pair = Vec::new();
        if let Some(peer) = peer {
            let peer = account.conversation_with(peer).expect("a conversation").id;
            let theirs = all(account, &peer);
            pair = texts(&theirs);
            messages.extend(theirs);
        }
        let conversation = account.conversation(group).expect("the group");
        let standing = conversation.group.expect("a group").standing;
        assert_eq!(standing, GroupStanding::Member);
        let torn = Body::System { what: SystemRow::Group { change: GroupChange::Torn } };
        Self {
            group: in_group,
            pair,
            title: conversation.title,
            members: account.members(group).expect("members").into_iter().map(|member| member.id).collect(),
            waiting: account.outbox().expect("an outbox").waiting,
            unopened: messages.iter().filter(|message| matches!(message.body, Body::Unopened)).count(),
            torn: messages.iter().filter(|message| message.body == torn).count(),
            connection: account.connection(),
            messages,
        }
    }

    /// How it stands, and how the messages stand that somebody misses.
    fn tell(&self, name: &str, missing: &str) -> String {
        let named =
            |message: &&Message| matches!(&message.body, Body::Text { text } if missing.contains(text.as_str()));
        let rows: Vec<_> = self.messages.iter().filter(named).collect();
        let (waiting, unopened) = (self.waiting, self.unopened);
        format!("{name} is {:?}; {waiting} wait, {unopened} are not opened; {rows:#?}", self.connection)
    }
}

fn all(account: &Account, conversation: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    loop {
        let before = messages.first().map(|message| message.position);
        let mut page = account.messages(conversation, before, PAGE).expect("messages");
        if page.is_empty() {
            return messages;
        }
        page.append(&mut messages);
        messages = page;
    }
}

fn texts(messages: &[Message]) -> Vec<String> {
    let texts = messages.iter().filter_map(|message| match &message.body {
        Body::Text { text } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

fn set(texts: &[String]) -> BTreeSet<&String> {
    texts.iter().collect()
}
