//! Conversations of many, between real devices at the real relay: made, changed and left, through faults and kills.

use std::{slice, time::Duration};

use sealpost_client::{Body, Conversation, Error, GroupChange, GroupStanding, Message, SystemRow};
use sealpost_engine::{
    conversations,
    error::EngineError,
    mls::{Group, Session},
};
use sealpost_wire::id::UserId;

use crate::{
    changed_app::{bytes, content, message_parcel, random, sealed_to},
    child::device,
    person::Person,
    relay::Relay,
};

const TEXT: u64 = 1;

#[test]
fn three_people_talk_in_a_group_and_each_reads_all() {
    let relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    assert_eq!(ada.happened(), [GroupChange::Created]);
    assert_eq!(ben.happened(), [GroupChange::Joined]);
    assert_eq!(
        clo.account().author_name(&clo.club().id, &ben.id()).expect("a name"),
        "Ben",
        "whose card Clo never had"
    );
    talk(&[&ada, &ben, &clo], "hello");
    for person in [&ada, &ben, &clo] {
        person.outbox_is_empty();
        let members = person.account().members(&person.club().id).expect("the members");
        assert_eq!(members.len(), 3);
        assert!(members.iter().filter(|member| member.admin).all(|member| member.id == ada.id()));
    }
}

#[test]
fn a_newcomer_reads_what_is_sent_after_they_came() {
    let relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    let dan = Person::at(&relay, "Dan");
    ada.exchange_cards(&dan);
    talk(&[&ada, &ben, &clo], "before");
    ada.account().add_members(&ada.club().id, &[dan.id()]).expect("Ada may add");
    dan.joins();
    ben.sees_change(&GroupChange::Added { member: dan.id() });
    talk(&[&ada, &ben, &clo, &dan], "after");
    assert!(dan.club_texts().iter().all(|text| text.starts_with("after")));
}

#[test]
fn whoever_is_removed_opens_nothing_that_is_sent_after_it_even_with_it_in_their_hands() {
    let relay = Relay::start();
    let [mut ada, ben, mut clo] = club(&relay);
    talk(&[&ada, &ben, &clo], "together");
    let (clos, clos_card) = (clo.id(), clo.card_bytes());
    clo.turn_off();
    ada.account().remove_members(&ada.club().id, slice::from_ref(&clos)).expect("Ada may remove");
    ben.sees_change(&GroupChange::Removed { member: clos.clone() });
    ada.outbox_is_empty();
    let waiting = in_mailbox(&relay, &clos);
    assert!(waiting > 0, "the news that Clo is out");
    ada.club_says("only for Ben");
    ben.club_eventually("the text", |texts| texts.last().is_some_and(|text| text == "only for Ben"));
    ben.club_says("only for Ada");
    ada.club_eventually("the text", |texts| texts.last().is_some_and(|text| text == "only for Ada"));
    assert_eq!(in_mailbox(&relay, &clos), waiting, "nothing more comes to the mailbox");

    // What the others get is handed to Clo's device as well, sealed to its own key, by the card.
    let parcels = ada.seals_in_club(3);
    let stolen: Vec<_> = parcels.iter().map(|parcel| sealed_to(&clos_card, parcel)).collect();
    assert!(relay.takes(&sealed_to(&ben.card_bytes(), &parcels[0])).refused.is_empty());
    ben.club_eventually("what a member opens", |texts| texts.last().is_some_and(|text| text == "not for Clo"));
    stolen.iter().for_each(|delivery| assert!(relay.takes(delivery).refused.is_empty()));
    assert!(in_mailbox(&relay, &clos) > waiting);
    clo.turn_on();
    clo.is_online();
    clo.sees_change(&GroupChange::Removed { member: clos });
    clo.eventually("an empty mailbox", || in_mailbox(&relay, &clos_card.id.to_string()) == 0);
    assert_eq!(clo.club_texts().len(), 3, "what was said together, and no more");
    assert_eq!(clo.standing(), GroupStanding::Removed);
    assert_eq!(clo.account().send_text(&clo.club().id, "still here?", None), Err(Error::NotAMember));
    let id = clo.club().id;
    let keys = clo.tampers(|step| {
        let rows = conversations::conversations(step.tx)?;
        Ok(rows.iter().filter(|row| row.many.is_some()).map(|row| row.groups.len()).sum::<usize>())
    });
    assert_eq!((clo.club().id, keys), (id, 0), "the group's keys are gone from the device");
}

#[test]
fn names_policies_and_admins_change_for_everybody() {
    let relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    let group = |person: &Person| person.club().id;
    assert_eq!(ben.account().rename_group(&group(&ben), "Ben's"), Err(Error::NotAdmin));
    ada.account().set_group_policy(&group(&ada), false, true).expect("Ada may");
    ben.sees_change(&GroupChange::PolicyChanged);
    ben.account().rename_group(&group(&ben), "Ben's").expect("everybody may by now");
    for person in [&ada, &ben, &clo] {
        person.eventually("the name", || person.club().title == "Ben's");
    }
    let admin = GroupChange::BecameAdmin { member: clo.id() };
    ada.account().set_admin(&group(&ada), &clo.id(), true).expect("Ada may");
    clo.sees_change(&admin);
    clo.account().remove_members(&group(&clo), &[ben.id()]).expect("Clo may by now");
    ben.sees_change(&GroupChange::Removed { member: ben.id() });
    ada.sees_change(&GroupChange::Removed { member: ben.id() });
    talk(&[&ada, &clo], "without Ben");
}

#[test]
fn who_leaves_is_out_and_the_others_go_on() {
    let relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    talk(&[&ada, &ben, &clo], "together");
    ben.account().leave_group(&ben.club().id).expect("everybody may leave");
    ben.eventually("to be out", || ben.standing() == GroupStanding::Left);
    for person in [&ada, &clo] {
        person.sees_change(&GroupChange::Left { member: ben.id() });
        let gone = || person.account().members(&person.club().id).is_ok_and(|members| members.len() == 2);
        person.eventually("the group of two", gone);
    }
    talk(&[&ada, &clo], "without Ben");
    assert!(ben.club_texts().iter().all(|text| text.starts_with("together")));
}

#[test]
fn whoever_is_invited_by_a_stranger_is_asked_and_reads_everything_once_they_accept() {
    let relay = Relay::start();
    let [ada, ben, dan] = ["Ada", "Ben", "Dan"].map(|name| Person::at(&relay, name));
    ada.exchange_cards(&ben);
    ada.meet(&dan);
    ada.account().create_group("club", &[ben.id(), dan.id()]).expect("a group");
    ben.joins();
    let invited = GroupStanding::Invited { by: ada.id() };
    dan.eventually("an invitation", || dan.club_row().is_some_and(|row| row.request));
    assert_eq!(dan.standing(), invited);
    let sent = ada.club_says("before Dan said yes");
    ben.club_eventually("the text", |texts| texts == ["before Dan said yes"]);
    ada.eventually("that it has not reached Dan", || {
        let message = ada.account().message(&sent.conversation, sent.position).expect("the message");
        message.unreached == [dan.id()]
    });
    assert!(dan.club_texts().is_empty());
    dan.account().accept_invitation(&dan.club().id).expect("an invitation is accepted");
    ada.account().disconnect();
    ada.connect();
    dan.club_eventually("the text", |texts| texts == ["before Dan said yes"]);
    talk(&[&ada, &ben, &dan], "after");
}

#[test]
fn a_device_that_was_off_catches_up_with_messages_and_changes_in_their_order() {
    let relay = Relay::start();
    let [ada, mut ben, clo] = club(&relay);
    let dan = Person::at(&relay, "Dan");
    ada.exchange_cards(&dan);
    ben.turn_off();
    ada.club_says("one");
    clo.club_eventually("the text", |texts| texts == ["one"]);
    ada.account().rename_group(&ada.club().id, "renamed").expect("Ada may");
    clo.eventually("the name", || clo.club().title == "renamed");
    clo.club_says("two");
    ada.club_eventually("the text", |texts| texts == ["one", "two"]);
    ada.account().add_members(&ada.club().id, &[dan.id()]).expect("Ada may");
    dan.joins();
    dan.club_says("three");
    ada.club_eventually("the text", |texts| texts == ["one", "two", "three"]);
    ben.turn_on();
    ben.club_eventually("everything", |texts| texts == ["one", "two", "three"]);
    assert_eq!(ben.club().title, "renamed");
    talk(&[&ada, &ben, &clo, &dan], "all together");
}

#[test]
fn faults_of_the_network_lose_and_double_nothing_in_a_group() {
    let relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    let faults: [(&str, &dyn Fn()); 5] = [
        ("lost answer", &|| relay.faults.drop_next_response()),
        ("second answer lost", &|| relay.faults.drop_response(2)),
        ("refusals", &|| relay.faults.refuse_next(2)),
        ("cut", &|| relay.faults.cut_socket_mid_frame()),
        ("late answer", &|| relay.faults.delay_next(Duration::from_millis(300))),
    ];
    for (name, fault) in faults {
        fault();
        ada.account().rename_group(&ada.club().id, name).expect("Ada may");
        for person in [&ada, &ben, &clo] {
            person.eventually(name, || person.club().title == name);
        }
        fault();
        talk(&[&ada, &ben, &clo], name);
    }
}

#[test]
fn a_relay_that_stops_among_messages_and_changes_loses_nothing_of_a_group() {
    let mut relay = Relay::start();
    let [ada, ben, clo] = club(&relay);
    for number in 0..4 {
        let name = format!("name {number}");
        ada.account().rename_group(&ada.club().id, &name).expect("Ada may");
        if number % 2 == 0 {
            relay.stop();
        }
        for person in [&ada, &ben, &clo] {
            person.club_says(&format!("{number} by {}", person.id()));
        }
        if number % 2 == 0 {
            relay.resume();
        }
    }
    for person in [&ada, &ben, &clo] {
        person.eventually("the last name", || person.club().title == "name 3");
    }
    alike(&[&ada, &ben, &clo], 12);
}

#[test]
fn an_admins_device_killed_at_any_point_of_a_change_tears_nothing() {
    let relay = Relay::start();
    let [mut ada, ben, clo] = club(&relay);
    for stop in [
        "before_commit:3",
        "before_commit:5",
        "before_commit:7",
        "after_commit_before_requests:3",
        "after_commit_before_requests:5",
        "after_commit_before_requests:7",
        "after_request_answer_before_step:1",
        "after_request_answer_before_step:2",
        "after_request_answer_before_step:3",
    ] {
        let (group, before) = (ada.club().id, ada.club().title);
        ada.turn_off();
        let mut child = device("renames", &ada, &[("GROUP", &group), ("COUNT", &4)], stop);
        let taken: Vec<String> = std::iter::from_fn(|| child.says()).collect();
        child.ends_at(stop);
        ada.turn_on();
        // A name may be kept although the device ended before it could say so.
        ada.outbox_is_empty();
        let (name, next) = (ada.club().title, format!("{stop} {} of ", taken.len()));
        assert!(
            name.starts_with(&next) || name == *taken.last().unwrap_or(&before),
            "{stop}: {name:?} after {taken:?}"
        );
        agree(&[&ada, &ben, &clo], stop, &name);
    }
}

#[test]
fn a_members_device_killed_while_it_takes_in_changes_tears_nothing() {
    let relay = Relay::start();
    let [ada, mut ben, clo] = club(&relay);
    for stop in [
        "before_commit:1",
        "before_commit:3",
        "after_commit_before_requests:2",
        "after_session_secret_received:1",
        "after_envelopes_committed_before_acknowledge:1",
    ] {
        ben.turn_off();
        for number in 0..2 {
            let name = format!("{stop} {number}");
            ada.account().rename_group(&ada.club().id, &name).expect("Ada may");
            ada.eventually("the name", || ada.club().title == name);
            ada.club_says(&format!("{stop} {number} while Ben was away"));
        }
        ada.outbox_is_empty();
        device("receives", &ben, &[], stop).ends_at(stop);
        ben.turn_on();
        agree(&[&ada, &ben, &clo], stop, &format!("{stop} 1"));
    }
}

#[test]
fn a_device_killed_while_it_joins_a_group_is_in_it_afterwards() {
    let relay = Relay::start();
    for stop in ["before_commit:3", "after_commit_before_requests:3", "after_envelopes_committed_before_acknowledge:1"]
    {
        let [ada, mut ben, clo] = ["Ada", "Ben", "Clo"].map(|name| Person::at(&relay, name));
        ada.exchange_cards(&ben);
        ada.exchange_cards(&clo);
        let bens = ben.id();
        ben.turn_off();
        ada.account().create_group("club", &[bens, clo.id()]).expect("a group");
        clo.joins();
        ada.club_says("welcome");
        device("receives", &ben, &[], stop).ends_at(stop);
        ben.turn_on();
        ben.joins();
        alike(&[&ada, &ben, &clo], 1);
        talk(&[&ada, &ben, &clo], stop);
    }
}

impl Person {
    /// The one group that this device knows.
    fn club(&self) -> Conversation {
        self.club_row().expect("there is a group")
    }

    fn club_row(&self) -> Option<Conversation> {
        let conversations = self.account().conversations().expect("conversations are read");
        conversations.into_iter().find(|conversation| conversation.group.is_some())
    }

    fn standing(&self) -> GroupStanding {
        self.club().group.expect("a group").standing
    }

    #[track_caller]
    fn joins(&self) {
        self.eventually("to be in the group", || {
            let group = self.club_row().and_then(|row| row.group);
            group.is_some_and(|group| group.standing == GroupStanding::Member && group.members > 0)
        });
    }

    fn club_says(&self, text: &str) -> Message {
        self.account().send_text(&self.club().id, text, None).expect("the text is taken")
    }

    fn club_messages(&self) -> Vec<Message> {
        self.club_row()
            .map(|row| self.account().messages(&row.id, None, 500).expect("messages are read"))
            .unwrap_or_default()
    }

    fn club_texts(&self) -> Vec<String> {
        let text = |message: Message| match message.body {
            Body::Text { text } => Some(text),
            _ => None,
        };
        self.club_messages().into_iter().filter_map(text).collect()
    }

    #[track_caller]
    fn club_eventually(&self, what: &str, condition: impl Fn(&[String]) -> bool) {
        self.eventually(what, || condition(&self.club_texts()));
    }

    fn happened(&self) -> Vec<GroupChange> {
        let change = |message: Message| match message.body {
            Body::System { what: SystemRow::Group { change } } => Some(change),
            _ => None,
        };
        self.club_messages().into_iter().filter_map(change).collect()
    }

    #[track_caller]
    fn sees_change(&self, change: &GroupChange) {
        self.eventually(&format!("{change:?}"), || self.happened().contains(change));
    }

    /// Seals texts in the group's epoch, as its members get them.
    fn seals_in_club(&mut self, count: usize) -> Vec<Vec<u8>> {
        self.tampers(|step| {
            let rows = conversations::conversations(step.tx)?;
            let row = rows.into_iter().find(|row| row.many.is_some()).ok_or(EngineError::UnknownConversation)?;
            let group = row.group.ok_or(EngineError::NotAMember)?;
            let sealing_key = step.sealing_key().public();
            let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
            let mut mls = Group::load(&mut session, &group)?.ok_or(EngineError::NotAMember)?;
            let mut parcels = Vec::new();
            for _ in 0..count {
                let id: [u8; 16] = random();
                let message = mls.encrypt(&mut session, &content(TEXT, &id, &bytes(1, b"not for Clo")))?;
                parcels.push(message_parcel(&message, &id));
            }
            session.finish()?;
            Ok(parcels)
        })
    }
}

/// Ada, who has made a group with Ben and Clo, and both of them in it. Ben and Clo have never met.
fn club(relay: &Relay) -> [Person; 3] {
    let people = ["Ada", "Ben", "Clo"].map(|name| Person::at(relay, name));
    let [ada, ben, clo] = &people;
    ada.exchange_cards(ben);
    ada.exchange_cards(clo);
    ada.account().create_group("club", &[ben.id(), clo.id()]).expect("a group");
    [ben, clo].iter().for_each(|person| person.joins());
    people.iter().for_each(Person::outbox_is_empty);
    people
}

/// Everybody writes, and everybody reads it.
#[track_caller]
fn talk(people: &[&Person], what: &str) {
    for author in people {
        let text = format!("{what}, by {}", author.id());
        author.club_says(&text);
        for reader in people {
            reader.club_eventually(&text, |texts| texts.contains(&text));
            assert_eq!(reader.club_texts().iter().filter(|known| **known == text).count(), 1, "{text}");
        }
    }
}

/// All of them have this many texts, each once, each author's in their order.
#[track_caller]
fn alike(people: &[&Person], count: usize) {
    for reader in people {
        reader.club_eventually("all texts", |texts| texts.len() >= count);
        assert_eq!(reader.club_texts().len(), count);
        for author in people {
            assert_eq!(by(reader, author), by(author, author));
        }
    }
}

/// They go on talking, know the group by one name, and nothing stayed shut.
#[track_caller]
fn agree(people: &[&Person], stop: &str, name: &str) {
    talk(people, stop);
    for person in people {
        person.eventually(&format!("{name:?} after {stop}"), || person.club().title == name);
        assert!(person.club_messages().iter().all(|message| message.body != Body::Unopened), "{stop}");
        assert!(!person.happened().contains(&GroupChange::Torn), "{stop}");
        for author in people {
            person.eventually("everything", || by(person, author) == by(author, author));
        }
    }
}

fn by(reader: &Person, author: &Person) -> Vec<String> {
    let id = author.id();
    let written = reader.club_messages().into_iter().filter(|message| message.author == id);
    let text = |message: Message| match message.body {
        Body::Text { text } => Some(text),
        _ => None,
    };
    written.filter_map(text).collect()
}

/// How many deliveries wait in a mailbox.
fn in_mailbox(relay: &Relay, id: &str) -> i64 {
    let database = rusqlite::Connection::open(relay.data().join("relay.sqlite")).expect("the relay's database");
    let id = id.parse::<UserId>().expect("an ID").to_bytes();
    let count = "SELECT (SELECT count(*) FROM message WHERE mailbox = account.account) FROM account WHERE id = ?1";
    database.query_row(count, [id], |row| row.get(0)).expect("the mailbox is there")
}
