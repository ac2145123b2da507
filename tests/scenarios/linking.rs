//! Who has all that the relay stores: what links people in it, and what does not. (What a relay learns that watches
//! live is another matter: `docs/THREATS.md`.)

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, OpenFlags, types::Value};
use sealpost_wire::card::Card;

use crate::{canary::Search, person::Person, relay::Relay};

type Row = BTreeMap<String, Value>;
/// All rows of all tables.
type Dump = BTreeMap<String, Vec<Row>>;

/// What is left once everything is acknowledged; nothing in it is of a message. (`docs/THREATS.md` lists it.)
const RESIDUE: [&str; 8] =
    ["account", "delivered", "key_package", "mailbox", "relay", "slot", "sqlite_sequence", "token"];
/// What waits for somebody, and how it is known again.
const OF_MESSAGES: [&str; 4] = ["delivered", "message", "payload", "slot"];

#[test]
fn of_who_wrote_to_whom_the_relay_stores_to_whom_only() {
    let relay = Relay::start();
    let [ada, mut ben, mut clo] = club(&relay);
    let people: Vec<Card> = [&ada, &ben, &clo].map(|it| Card::from_link(&it.card()).expect("a card")).into();
    clo.turn_off();
    tell(&ada, &people[2], "hello");
    tell(&ben, &people[2], "hello");
    let group = ada.account().conversations().expect("conversations").into_iter().find(|it| it.peer.is_none());
    ben.turn_off();
    ada.account().send_text(&group.expect("the group").id, "hello all", None).expect("the text is taken");
    ada.outbox_is_empty();
    ada.eventually("nothing waits for Ada", || dump(&relay)["message"].len() == 4);

    let dump = dump(&relay);
    let row_of = |card: &Card| {
        let id = Value::Blob(card.id.to_bytes().to_vec());
        dump["account"].iter().find(|row| row["id"] == id).expect("an account")["account"].clone()
    };
    let in_mailbox =
        |card: &Card| -> Vec<&Row> { dump["message"].iter().filter(|row| row["mailbox"] == row_of(card)).collect() };
    assert_eq!(people.iter().map(|card| in_mailbox(card).len()).collect::<Vec<_>>(), [0, 1, 3]);

    // Nothing that names a sender stands beside a message: what names people is found where it belongs.
    let named = people.iter().flat_map(|card| names_of(&dump, card, &row_of(card))).collect::<Vec<_>>();
    let search = Search::of(&named);
    for place in ["account", "token"] {
        assert!(!search.hits(&bytes(&dump[place])).is_empty(), "the search finds people in {place}");
    }
    for place in OF_MESSAGES {
        assert!(!dump[place].is_empty(), "there is something in {place}");
        assert_eq!(search.hits(&bytes(&dump[place])).len(), 0, "{place} names somebody");
    }
    // Two messages of the same length look alike, whoever wrote them: what differs in them is random, or their order.
    let [from_ada, from_ben] = in_mailbox(&people[2])[..2] else { panic!("both wait") };
    assert_eq!(without_chance(&dump, from_ada), without_chance(&dump, from_ben));
    // What can be linked: one payload for many mailboxes, while it waits, says that somebody wrote to all of them.
    let shared: Vec<&Row> = dump["payload"].iter().filter(|row| row["mailboxes"] == Value::Integer(2)).collect();
    assert_eq!(shared.len(), 1);
    let together = dump["message"].iter().filter(|row| row["payload"] == shared[0]["payload"]);
    let mailboxes: Vec<&Value> = together.map(|row| &row["mailbox"]).collect();
    assert!(
        mailboxes.len() == 2 && mailboxes.contains(&&row_of(&people[1])) && mailboxes.contains(&&row_of(&people[2]))
    );
    // Members of one group share no token, or the table of tokens would list its members for good.
    let hashes: Vec<&Value> = dump["token"].iter().map(|row| &row["hash"]).collect();
    let distinct: BTreeSet<String> = hashes.iter().map(|hash| format!("{hash:?}")).collect();
    assert!(hashes.len() > people.len() && distinct.len() == hashes.len());
}

#[test]
fn after_the_acknowledgements_what_is_stored_links_nobody_and_holds_no_byte_of_a_message() {
    let relay = Relay::start();
    let [ada, mut ben, mut clo] = club(&relay);
    let people: Vec<Card> = [&ada, &ben, &clo].map(|it| Card::from_link(&it.card()).expect("a card")).into();
    ben.turn_off();
    clo.turn_off();
    tell(&ada, &people[1], "hello");
    let group = ada.account().conversations().expect("conversations").into_iter().find(|it| it.peer.is_none());
    ada.account().send_text(&group.expect("the group").id, "hello all", None).expect("the text is taken");
    ada.outbox_is_empty();
    let waiting = dump(&relay);
    let parts: Vec<Vec<u8>> = waiting["message"]
        .iter()
        .flat_map(|row| [&row["delivery_id"], &row["wrapped_key"]])
        .chain(waiting["payload"].iter().map(|row| &row["content"]))
        .map(|value| blob(value)[..16].to_vec())
        .collect();
    let search = Search::of(&parts);
    assert!(search.hits_in_files(relay.data()) >= parts.len(), "what waits is found");

    ben.turn_on();
    clo.turn_on();
    let all_gone = || dump(&relay)["message"].is_empty();
    for person in [&ada, &ben, &clo] {
        person.is_online();
        person.outbox_is_empty();
    }
    ben.eventually("nothing waits", all_gone);
    relay.run_jobs();
    let left = dump(&relay);
    let kept: Vec<&str> = left.iter().filter(|(_, rows)| !rows.is_empty()).map(|(name, _)| name.as_str()).collect();
    assert_eq!(kept, RESIDUE);
    assert_eq!(search.hits_in_files(relay.data()), 0, "no byte of what was acknowledged");
    for row in &left["mailbox"] {
        assert_eq!((&row["messages"], &row["bytes"]), (&Value::Integer(0), &Value::Integer(0)));
    }
    let seen: BTreeSet<&str> = left["delivered"].iter().flat_map(|row| row.keys().map(String::as_str)).collect();
    assert_eq!(seen, BTreeSet::from(["seen", "stored_hour"]), "that something was delivered, in which hour");
    let named = people.iter().flat_map(|card| {
        let id = Value::Blob(card.id.to_bytes().to_vec());
        let row = left["account"].iter().find(|row| row["id"] == id).expect("an account")["account"].clone();
        names_of(&left, card, &row)
    });
    let named: Vec<Vec<u8>> = named.collect();
    assert_eq!(Search::of(&named).hits(&bytes(&left["delivered"])).len(), 0);
}

/// Three people who know each other, have talked, and are in a group.
fn club(relay: &Relay) -> [Person; 3] {
    let [ada, ben, clo] = ["Ada", "Ben", "Clo"].map(|name| Person::at(relay, name));
    for (one, other) in [(&ada, &ben), (&ada, &clo), (&ben, &clo)] {
        one.exchange_cards(other);
        one.say(other, "first");
        other.reads(one, &["first"]);
        other.say(one, "second");
        one.reads(other, &["first", "second"]);
    }
    let members = [ben.id(), clo.id()];
    let group = ada.account().create_group("Club", &members).expect("a group");
    ada.account().send_text(&group.id, "welcome", None).expect("the text is taken");
    for person in [&ben, &clo] {
        person.eventually("the group", || {
            let conversations = person.account().conversations().expect("conversations");
            conversations.iter().any(|it| it.peer.is_none() && it.last.is_some())
        });
    }
    // A change, so that a slot is taken.
    ada.account().rename_group(&group.id, "The club").expect("an admin may");
    for person in [&ada, &ben, &clo] {
        person.eventually("the name", || {
            let conversations = person.account().conversations().expect("conversations");
            conversations.iter().any(|it| it.title == "The club")
        });
        person.outbox_is_empty();
    }
    ada.eventually("nothing waits", || dump(relay)["message"].is_empty());
    [ada, ben, clo]
}

fn tell(from: &Person, to: &Card, text: &str) {
    let conversation = from.with_card(&to.to_link());
    from.account().send_text(&conversation, text, None).expect("the text is taken");
    from.outbox_is_empty();
}

/// Everything by which the relay or a contact knows somebody.
fn names_of(dump: &Dump, card: &Card, row: &Value) -> Vec<Vec<u8>> {
    let mut names = vec![card.id.as_str().as_bytes().to_vec(), card.token.0.to_vec()];
    let account = dump["account"].iter().find(|account| account["account"] == *row).expect("an account");
    // Five bytes could stand somewhere by chance, once in many thousand runs.
    names.extend(["id", "identity_key", "sealing_key", "signature", "session_latest"].map(|it| blob(&account[it])));
    let tokens = dump["token"].iter().filter(|token| token["mailbox"] == *row);
    names.extend(tokens.map(|token| blob(&token["hash"])));
    names
}

/// A waiting message without what is drawn, counted or sealed: what would tell senders apart.
fn without_chance(dump: &Dump, message: &Row) -> (Row, usize) {
    let payload = dump["payload"].iter().find(|row| row["payload"] == message["payload"]).expect("its payload");
    let mut row = message.clone();
    for chance in ["sequence", "payload", "delivery_id", "wrapped_key", "stored_hour"] {
        row.remove(chance).expect("a column");
    }
    (row, blob(&payload["content"]).len())
}

fn blob(value: &Value) -> Vec<u8> {
    match value {
        Value::Blob(bytes) => bytes.clone(),
        other => panic!("bytes are due, not {other:?}"),
    }
}

fn bytes(rows: &[Row]) -> Vec<u8> {
    let values = rows.iter().flat_map(BTreeMap::values);
    let mut all = Vec::new();
    for value in values {
        match value {
            Value::Blob(bytes) => all.extend(bytes),
            Value::Text(text) => all.extend(text.as_bytes()),
            Value::Integer(number) => all.extend(number.to_be_bytes()),
            Value::Real(_) | Value::Null => {}
        }
        all.extend(b"||");
    }
    all
}

fn dump(relay: &Relay) -> Dump {
    let file = relay.data().join("relay.sqlite");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the relay's database");
    let mut tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").expect("a statement");
    let names = tables.query_map([], |row| row.get::<_, String>(0)).expect("names");
    names.map(|name| name.expect("a name")).map(|name| (name.clone(), rows(&database, &name))).collect()
}

fn rows(database: &Connection, table: &str) -> Vec<Row> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).expect("a statement");
    let names: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        names.iter().enumerate().map(|(at, name)| Ok((name.clone(), row.get::<_, Value>(at)?))).collect()
    };
    statement.query_map([], row).expect("rows").map(|row| row.expect("a row")).collect()
}
