//! Bad peers and a lying relay: whatever they send, nothing is lost, nobody is misled, and the talk goes on.

use sealpost_client::{Body, Error, Failure, Message, MessageState, SystemRow, Trust};
use sealpost_crypto::{directory_entry::sign_entry, keys::IdentityKey, seal};
use sealpost_engine::mls::{Changes, Group, GroupId, GroupProfile, Session};
use sealpost_wire::{
    card::Card,
    envelope::Delivery,
    id::{DeliveryId, DeliveryToken, MessageId},
    suite::Suite,
};

use crate::{
    changed_app::{
        bytes, content, delivery, ephemeral_parcel, message_parcel, number, random, sealed_to, welcome_parcel,
    },
    person::Person,
    relay::Relay,
};

const TEXT: u64 = 1;
const EDIT: u64 = 2;
const DELETE: u64 = 3;
const REACTION: u64 = 4;
const RECEIPT: u64 = 5;
const PROFILE: u64 = 7;
const SEAL_ANEW: u64 = 8;
const NEVER_HEARD_OF: u64 = 99;

/// Ben talks with Ada, who is honest, and with Mallory, whose app was changed.
struct Scene {
    relay: Relay,
    ada: Person,
    ben: Person,
    mallory: Person,
}

impl Scene {
    fn begin() -> Self {
        let relay = Relay::start();
        let [ada, ben, mallory] = ["Ada", "Ben", "Mallory"].map(|name| Person::at(&relay, name));
        for other in [&ada, &mallory] {
            ben.exchange_cards(other);
        }
        let scene = Self { relay, ada, ben, mallory };
        scene.goes_on();
        scene
    }

    /// Everybody still reaches Ben, and Ben them.
    fn goes_on(&self) {
        for other in [&self.ada, &self.mallory] {
            for (author, reader) in [(other, &self.ben), (&self.ben, other)] {
                let text = format!("{} of {}", author.texts(reader).len(), author.id());
                author.say(reader, &text);
                reader.eventually(&text, || reader.texts(author).last() == Some(&text));
            }
        }
    }

    /// Mallory sends contents that her app never would.
    fn mallory_sends(&mut self, contents: &[Vec<u8>]) {
        for delivery in self.mallory.seals(&self.ben, contents) {
            assert!(self.relay.takes(&delivery).refused.is_empty());
        }
    }

    /// Mallory hands any bytes to Ben's mailbox, sealed to his device.
    fn mallory_delivers(&self, parcel: &[u8]) -> Delivery {
        let delivery = sealed_to(&self.ben.card_bytes(), parcel);
        assert!(self.relay.takes(&delivery).refused.is_empty());
        delivery
    }

    fn mallorys_messages(&self) -> Vec<Message> {
        let mine = |message: &Message| message.mine;
        self.ben.messages(&self.mallory).into_iter().filter(|message| !mine(message)).collect()
    }
}

#[test]
fn what_is_too_long_is_refused_where_it_is_written() {
    let scene = Scene::begin();
    let conversation = scene.ada.with(&scene.ben);
    let too_long = "x".repeat(4 << 20);
    let mine = scene.ada.say(&scene.ben, "short");
    let account = scene.ada.account();
    assert!(matches!(account.send_text(&conversation, &too_long, None), Err(Error::TooLong { .. })));
    assert!(matches!(account.edit(&conversation, &mine.id, &too_long), Err(Error::TooLong { .. })));
    assert!(matches!(account.set_draft(&conversation, &too_long), Err(Error::TooLong { .. })));
    assert!(matches!(account.react(&conversation, &mine.id, &scene.ada.id(), &too_long), Err(Error::TooLong { .. })));
    assert!(matches!(account.set_name(&too_long), Err(Error::TooLong { .. })));
    assert!(matches!(account.send_text(&conversation, " \n", None), Err(Error::Empty)));
    scene.goes_on();
}

#[test]
fn contents_that_this_version_does_not_take_are_kept_as_unsupported() {
    let mut scene = Scene::begin();
    let target = id(&scene.ben.say(&scene.mallory, "mine"));
    let many_emoji = [bytes(1, scene.ben.id().as_bytes()), bytes(2, &target), bytes(3, "🎉".repeat(10_000).as_bytes())];
    let contents = [
        content(TEXT, &random::<16>(), &bytes(1, "x".repeat(40 << 10).as_bytes())),
        content(TEXT, &random::<16>(), &bytes(1, b"\xFF\xFE no text")),
        content(TEXT, &random::<16>(), b"\x0A\x7F cut off"),
        content(EDIT, &random::<16>(), b"\xFF"),
        content(DELETE, &random::<16>(), b"\xFF"),
        content(REACTION, &random::<16>(), &many_emoji.concat()),
        content(NEVER_HEARD_OF, &random::<16>(), b"of a later version"),
        content(u64::from(u32::MAX), &random::<16>(), &[]),
    ];
    scene.mallory_sends(&contents);
    scene.goes_on();
    let kinds: Vec<u64> = scene.mallorys_messages().iter().filter_map(unsupported).collect();
    assert_eq!(kinds, [TEXT, TEXT, TEXT, EDIT, DELETE, REACTION, NEVER_HEARD_OF, u64::from(u32::MAX)]);
}

#[test]
fn contents_without_sense_are_counted_or_dropped_and_change_nothing() {
    let mut scene = Scene::begin();
    let before = scene.ben.unhandled();
    let rows = |scene: &Scene| {
        let rows = scene.ben.messages(&scene.mallory).into_iter();
        rows.map(|row| (row.id, row.body, row.edited, row.reactions)).collect::<Vec<_>>()
    };
    let shown = rows(&scene);
    let no_message = random::<16>();
    let contents = [
        b"\xFF garbage".to_vec(),
        Vec::new(),
        content(TEXT, b"short ID", &bytes(1, b"no ID")),
        content(EDIT, &random::<16>(), &[bytes(1, &no_message), bytes(2, b"of nothing")].concat()),
        content(EDIT, &random::<16>(), &bytes(2, b"without a target")),
        content(DELETE, &random::<16>(), &bytes(1, &no_message)),
        content(REACTION, &random::<16>(), &[bytes(1, b"no ID"), bytes(2, &no_message), bytes(3, b"!")].concat()),
        content(RECEIPT, &random::<16>(), &[number(1, 1), bytes(2, &no_message), bytes(2, b"short")].concat()),
        content(RECEIPT, &random::<16>(), b"\xFF"),
        content(PROFILE, &random::<16>(), b"\xFF"),
        content(SEAL_ANEW, &random::<16>(), &bytes(1, &no_message)),
        content(SEAL_ANEW, &random::<16>(), b"\xFF"),
    ];
    scene.mallory_sends(&contents);
    scene.goes_on();
    assert_eq!(rows(&scene)[..shown.len()], shown);
    assert_eq!(scene.mallorys_messages().iter().filter_map(unsupported).count(), 0);
    assert_eq!(scene.ben.unhandled(), before + 3);
}

#[test]
fn a_changed_app_changes_no_message_of_others() {
    let mut scene = Scene::begin();
    let mine = scene.ben.say(&scene.mallory, "mine");
    let hers = scene.ada.say(&scene.ben, "hers");
    scene.ben.eventually("Ada's text", || scene.ben.texts(&scene.ada).last() == Some(&"hers".into()));
    for target in [id(&mine), id(&hers)] {
        scene.mallory_sends(&[
            content(EDIT, &random::<16>(), &[bytes(1, &target), bytes(2, b"forged")].concat()),
            content(DELETE, &random::<16>(), &bytes(1, &target)),
            // Another text under an ID that is taken.
            content(TEXT, &target, &bytes(1, b"under another's ID")),
        ]);
    }
    scene.goes_on();
    let row = scene.ben.account().message(&mine.conversation, mine.position).expect("the own message");
    assert_eq!((row.body, row.edited), (Body::Text { text: "mine".into() }, false));
    assert!(scene.ben.texts(&scene.ada).contains(&"hers".to_owned()));
    assert!(!scene.ben.texts(&scene.ada).iter().any(|text| text.contains("forged")));
}

#[test]
fn hostile_characters_are_cleaned_and_one_reaction_is_left_of_hundreds() {
    let mut scene = Scene::begin();
    let mine = scene.ben.say(&scene.mallory, "mine");
    let react = |emoji: &str| {
        let body = [bytes(1, scene.ben.id().as_bytes()), bytes(2, &id(&mine)), bytes(3, emoji.as_bytes())].concat();
        content(REACTION, &random::<16>(), &body)
    };
    let mut contents: Vec<Vec<u8>> = (0..300).map(|number| react(&format!("{number}"))).collect();
    contents.push(react("\u{1b}[31m\u{202E}!"));
    contents.push(content(
        TEXT,
        &random::<16>(),
        &bytes(1, "\u{1b}]0;owned\u{7}a\u{202E}b\u{2066}c\rd\u{0}".as_bytes()),
    ));
    contents.push(content(TEXT, &random::<16>(), &bytes(1, b"")));
    contents.push(content(PROFILE, &random::<16>(), &bytes(1, "Ada\u{202E}\n\u{1b}[2J".as_bytes())));
    scene.mallory_sends(&contents);
    scene.goes_on();
    let texts = scene.ben.texts(&scene.mallory);
    assert!(texts.contains(&"]0;ownedabcd".to_owned()) && texts.contains(&String::new()), "{texts:?}");
    let row = scene.ben.account().message(&mine.conversation, mine.position).expect("the own message");
    let emoji: Vec<&str> = row.reactions.iter().map(|reaction| reaction.emoji.as_str()).collect();
    assert_eq!(emoji, ["[31m!"]);
    assert_eq!(scene.ben.account().contact(&scene.mallory.id()).expect("a contact").name, "Ada [2J");
}

#[test]
fn a_flood_of_garbage_is_counted_and_nothing_else_happens() {
    let mut scene = Scene::begin();
    let before = scene.ben.unhandled();
    let card = scene.ben.card_bytes();
    for round in 0_usize..100 {
        let unsealed = delivery(&card, DeliveryId(random()), random::<80>().to_vec(), random::<300>().to_vec());
        assert!(scene.relay.takes(&unsealed).refused.is_empty());
        scene.mallory_delivers(&[&[0xFF], &random::<64>()[..round % 64]].concat());
        let cut = &message_parcel(&random::<100>(), &random::<16>())[..round];
        scene.mallory_delivers(&bytes(9, cut));
        let ephemeral = [sealed_to(&card, &ephemeral_parcel(&random::<16>(), &random::<40>())), unsealed];
        for signal in ephemeral {
            scene.relay.takes(&Delivery { ephemeral: true, delivery_id: random::<16>().to_vec(), ..signal });
        }
    }
    scene.goes_on();
    assert!(scene.ben.unhandled() >= before + 300);
    scene.goes_on();
    assert_eq!(scene.ben.account().conversations().expect("conversations").len(), 2);
}

#[test]
fn a_message_is_shown_once_however_often_and_wherever_it_is_replayed() {
    let mut scene = Scene::begin();
    let text = content(TEXT, &random::<16>(), &bytes(1, b"once"));
    let original = scene.mallory.seals(&scene.ben, &[text]).remove(0);
    let parcel = opened(&mut scene.ben, &original);
    for _ in 0..3 {
        scene.relay.takes(&original);
        scene.mallory_delivers(&parcel);
    }
    scene.goes_on();
    scene.relay.pass_seconds(3 * 86_400);
    scene.relay.run_jobs();
    scene.relay.takes(&original);
    scene.mallory_delivers(&parcel);
    // Ada is in no group with Mallory: to her it is a message of nobody.
    scene.relay.takes(&sealed_to(&scene.ada.card_bytes(), &parcel));
    scene.goes_on();
    assert_eq!(scene.ben.texts(&scene.mallory).iter().filter(|text| *text == "once").count(), 1);
    assert!(scene.ben.opens_everything(&scene.mallory));
    assert_eq!(scene.ada.account().conversations().expect("conversations").len(), 1);
}

#[test]
fn messages_of_wrong_epochs_and_groups_and_damaged_ones_harm_nobody() {
    let mut scene = Scene::begin();
    let text = content(TEXT, &random::<16>(), &bytes(1, b"to be damaged"));
    let sealed = scene.mallory.seals(&scene.ben, &[text]).remove(0);
    let message = message_of(&opened(&mut scene.ben, &sealed));
    // MLSMessage: version 2, wire format 2, group ID 1 + 16, epoch 8.
    let with = |place: usize, value: u8| {
        let mut changed = message.clone();
        changed[place] ^= value;
        changed
    };
    let last = message.len() - 1;
    for damaged in [with(28, 0x10), with(21, 0x80), with(28, 1), with(10, 1), with(last, 1), with(2, 3), with(29, 2)] {
        scene.mallory_delivers(&message_parcel(&damaged, &random::<16>()));
        scene.mallory_delivers(&message_parcel(&damaged, b""));
    }
    for length in [0, 3, 4, 20, 29, last] {
        scene.mallory_delivers(&message_parcel(&message[..length], &random::<16>()));
    }
    scene.goes_on();
    // What can't be opened stands there as such; the original still opens after all of that.
    scene.relay.takes(&sealed);
    scene.ben.eventually("the original", || scene.ben.texts(&scene.mallory).contains(&"to be damaged".to_owned()));
    scene.goes_on();
}

#[test]
fn welcomes_that_are_repeated_forged_or_for_more_than_two_are_refused() {
    let mut scene = Scene::begin();
    let (ben, ada, mallory) = (scene.ben.card_bytes(), scene.ada.card_bytes(), scene.mallory.card_bytes());
    let of_two = GroupProfile { purpose: 1, two: true, admins: vec![mallory.id], ..GroupProfile::default() };
    let of_many = GroupProfile { two: false, ..of_two.clone() };
    let of_a_share = GroupProfile { purpose: 2, ..of_two.clone() };
    let with_ben = [scene.relay.key_package(&ben).key_package];
    let with_both = [&ben, &ada].map(|card| scene.relay.key_package(card).key_package);
    let before = scene.ben.unhandled();
    let good = scene.welcome(&of_two, &with_ben);
    let forged = [
        (scene.welcome(&of_two, &with_both), mallory.to_bytes()),
        (scene.welcome(&of_many, &with_ben), mallory.to_bytes()),
        (scene.welcome(&of_a_share, &with_ben), mallory.to_bytes()),
        (good.clone(), ada.to_bytes()),
        (good.clone(), ben.to_bytes()),
        (good.clone(), b"no card".to_vec()),
        (b"no welcome".to_vec(), mallory.to_bytes()),
        (good[..good.len() / 2].to_vec(), mallory.to_bytes()),
    ];
    for (welcome, card) in &forged {
        scene.mallory_delivers(&welcome_parcel(welcome, card, 0));
        scene.goes_on();
    }
    assert_eq!(scene.ben.unhandled(), before + forged.len() as u64);
    let taken = scene.mallory_delivers(&welcome_parcel(&good, &mallory.to_bytes(), 0));
    scene.relay.takes(&taken);
    scene.mallory_delivers(&welcome_parcel(&good, &mallory.to_bytes(), 0));
    scene.ada.say(&scene.ben, "still here");
    scene.ben.eventually("Ada's text", || scene.ben.texts(&scene.ada).last() == Some(&"still here".into()));
    assert_eq!(scene.ben.account().conversations().expect("conversations").len(), 2);
    assert!(scene.ben.account().contacts().expect("contacts").iter().all(|contact| !contact.request));
}

#[test]
fn a_welcome_in_anothers_name_that_nobody_can_join_costs_a_new_group_at_most() {
    let mut scene = Scene::begin();
    let ben = scene.ben.card_bytes();
    let ada = scene.ada.card_bytes().to_bytes();
    let of_two = GroupProfile { purpose: 1, two: true, admins: vec![ben.id], ..GroupProfile::default() };
    // Made for Ada's key package: Ben has none that it could name.
    let not_for_ben = [scene.relay.key_package(&scene.ada.card_bytes()).key_package];
    for counter in [0, 1, 2, u64::from(u32::MAX), u64::from(u32::MAX)] {
        let welcome = scene.welcome(&of_two, &not_for_ben);
        scene.mallory_delivers(&welcome_parcel(&welcome, &ada, counter));
        scene.goes_on();
    }
    assert_eq!(scene.ben.account().contact(&scene.ada.id()).expect("a contact").trust, Trust::Unverified);
    assert!(scene.ben.opens_everything(&scene.ada) && scene.ada.opens_everything(&scene.ben));
    let counter = scene.ben.counter(&scene.ada).expect("there were groups");
    assert!(counter < 10, "a counter of {counter} is driven up by anybody");
}

#[test]
fn a_welcome_under_a_contacts_id_with_another_key_is_dropped() {
    let mut scene = Scene::begin();
    let (ada, ben) = (scene.ada.card_bytes(), scene.ben.card_bytes());
    let key = IdentityKey::from_secret([7; 32]);
    let of_two = GroupProfile { purpose: 1, two: true, admins: vec![ada.id], ..GroupProfile::default() };
    let changes = Changes { add: vec![scene.relay.key_package(&ben).key_package], ..Changes::default() };
    let welcome = scene.mallory.tampers(|step| {
        let group = GroupId(step.random_bytes());
        let mut session = Session::new(step.tx, ada.id, &key, ada.sealing_key);
        let mut group = Group::create(&mut session, Suite::Classical, group, &of_two)?;
        Ok(group.change(&mut session, &changes)?.welcome.expect("an add makes a Welcome"))
    });
    let card = Card { identity_key: key.public(), ..ada };
    scene.mallory_delivers(&welcome_parcel(&welcome, &card.to_bytes(), 0));
    // Whoever may write to Ben can make it, so that it proves nothing against Ada.
    scene.goes_on();
    assert_eq!(scene.ben.account().contact(&scene.ada.id()).expect("a contact").trust, Trust::Unverified);
}

#[test]
fn a_card_with_another_key_for_a_known_id_is_refused_and_changes_nothing() {
    let scene = Scene::begin();
    let known = scene.ada.card_bytes();
    let forged = Card {
        identity_key: IdentityKey::from_secret([7; 32]).public(),
        token: DeliveryToken(random()),
        ..known.clone()
    };
    let before = scene.ben.account().contact(&scene.ada.id()).expect("a contact");
    assert_eq!(scene.ben.account().add_contact(&forged.to_link(), "Ada"), Err(Error::KeyChanged));
    assert_eq!(scene.ben.account().contact(&scene.ada.id()).expect("a contact"), before);
    scene.goes_on();
}

#[test]
fn a_relay_that_shows_another_key_for_a_contact_raises_the_alarm() {
    let (mut relay, ada, ben) = strangers();
    let other = IdentityKey::from_secret([7; 32]);
    lie(&mut relay, &ben.card_bytes(), &other);
    ada.say(&ben, "for Ben only");
    ada.sees(&ben, "for Ben only", MessageState::Failed { reason: Failure::KeyAlarm });
    alarmed(&ada, &ben);
    assert_eq!(ada.account().send_text(&ada.with(&ben), "no", None), Err(Error::KeyChanged));
    assert_eq!(ada.account().contact(&ben.id()).expect("a contact").fingerprint, fingerprint_of(&ben));
    assert!(ben.messages(&ada).is_empty());
}

#[test]
fn a_relay_that_hands_out_the_key_package_of_another_raises_the_alarm() {
    let (mut relay, ada, ben) = strangers();
    let mallory = Person::at(&relay, "Mallory");
    let (id, other) = (ben.card_bytes().id.to_bytes(), mallory.card_bytes().id.to_bytes());
    change(&mut relay, |database| {
        let of = "SELECT account FROM account WHERE id = ?1";
        let swap = format!("UPDATE key_package SET account = ({of}) WHERE account = ({})", of.replace("?1", "?2"));
        database
            .execute("DELETE FROM key_package WHERE account = (SELECT account FROM account WHERE id = ?1)", [id])?;
        database.execute(&swap, [id, other])
    });
    ada.say(&ben, "for Ben only");
    ada.sees(&ben, "for Ben only", MessageState::Failed { reason: Failure::KeyAlarm });
    alarmed(&ada, &ben);
}

#[test]
fn a_directory_entry_with_a_wrong_signature_is_refused_without_an_alarm() {
    let (mut relay, ada, ben) = strangers();
    let id = ben.card_bytes().id.to_bytes();
    change(&mut relay, |database| database.execute("UPDATE account SET signature = zeroblob(64) WHERE id = ?1", [id]));
    ada.say(&ben, "for Ben only");
    ada.sees(&ben, "for Ben only", MessageState::Failed { reason: Failure::Refused });
    assert_eq!(ada.account().contact(&ben.id()).expect("a contact").trust, Trust::Unverified);
}

impl Scene {
    /// A Welcome that Mallory's device made, and forgot.
    fn welcome(&mut self, profile: &GroupProfile, key_packages: &[Vec<u8>]) -> Vec<u8> {
        let changes = Changes { add: key_packages.to_vec(), ..Changes::default() };
        self.mallory.tampers(|step| {
            let group = GroupId(step.random_bytes());
            let sealing_key = step.sealing_key().public();
            let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
            let mut group = Group::create(&mut session, Suite::Classical, group, profile)?;
            Ok(group.change(&mut session, &changes)?.welcome.expect("an add makes a Welcome"))
        })
    }
}

/// Two people who have not written to each other yet.
fn strangers() -> (Relay, Person, Person) {
    let relay = Relay::start();
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    (relay, ada, ben)
}

/// The alarm is raised, and the conversation says so.
fn alarmed(person: &Person, contact: &Person) {
    person
        .eventually("the alarm", || person.account().contact(&contact.id()).expect("a contact").trust == Trust::Alarm);
    let alarm = Body::System { what: SystemRow::KeyAlarm };
    person.eventually("the row that says so", || person.messages(contact).iter().any(|row| row.body == alarm));
}

/// The relay shows another identity key for this ID, properly signed.
fn lie(relay: &mut Relay, card: &Card, key: &IdentityKey) {
    let entry = sign_entry(key, card.id, card.sealing_key, &Suite::ALL.map(Suite::number));
    change(relay, |database| {
        let update = "UPDATE account SET identity_key = ?2, signature = ?3 WHERE id = ?1";
        database.execute(update, rusqlite::params![card.id.to_bytes(), entry.identity_key, entry.signature])
    });
}

/// Writes into the relay's database while it stands still.
fn change(relay: &mut Relay, work: impl FnOnce(&rusqlite::Connection) -> rusqlite::Result<usize>) {
    relay.stop();
    let database = rusqlite::Connection::open(relay.data().join("relay.sqlite")).expect("the relay's database opens");
    assert!(work(&database).expect("the statement runs") > 0);
    drop(database);
    relay.resume();
}

fn fingerprint_of(person: &Person) -> String {
    person.account().profile().expect("a profile").fingerprint
}

fn id(message: &Message) -> [u8; 16] {
    message.id.parse::<MessageId>().expect("a message has an ID").0
}

fn unsupported(message: &Message) -> Option<u64> {
    match message.body {
        Body::Unsupported { kind } => Some(u64::from(kind)),
        _ => None,
    }
}

/// What is inside a delivery, as its recipient's device sees it.
fn opened(person: &mut Person, delivery: &Delivery) -> Vec<u8> {
    let id = DeliveryId::try_from(delivery.delivery_id.as_slice()).expect("a delivery has an ID");
    person.tampers(|step| {
        let wrapped = &delivery.recipients[0].wrapped_key;
        Ok(seal::open(&step.sealing_key(), &id, wrapped, &delivery.payload).expect("it is sealed to this device"))
    })
}

/// The MLS message of a parcel.
fn message_of(parcel: &[u8]) -> Vec<u8> {
    let start = parcel.windows(4).position(|window| window == [0, 1, 0, 2]).expect("it holds a PrivateMessage");
    // Before it stands its length, behind it the message's ID.
    parcel[start..parcel.len() - 18].to_vec()
}
