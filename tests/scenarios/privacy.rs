//! What the relay, its logs, the line and a lost device show of people: nothing but what the inventory lists.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, LazyLock, Mutex},
};

use rusqlite::{Connection, OpenFlags};
use sealpost_client::MessageState;
use sealpost_crypto::{
    hash::sha256,
    keys::{IdentityKey, SealingKey},
};
use sealpost_engine::identity;
use sealpost_store::{OpenMode, Store};
use sealpost_wire::{
    card::Card,
    envelope::{Delivery, Recipient},
    limits::WRAPPED_KEY_BYTES,
};

use crate::{
    canary::{canary, hits, hits_in_files},
    person::Person,
    relay::Relay,
    tap::Tap,
};

const NUMBER: &str = "+4917604069023";
const DAY: u64 = 86_400;

#[test]
fn no_text_name_or_draft_is_found_at_the_relay_in_its_logs_on_the_line_or_on_a_device_without_its_key() {
    let log = Log::captured();
    let mut relay = Relay::start();
    let tap = Tap::before(&mut relay);
    let mut secrets = Vec::new();
    let mut secret = || {
        secrets.push(canary());
        secrets.last().expect("just made").clone()
    };
    let (mut ada, mut ben) = (Person::with_number(&relay, &secret(), NUMBER), Person::at(&relay, &secret()));
    ada.account().add_contact(&ben.card(), &secret()).expect("the card is good");
    ben.meet(&ada);
    let (first, second) = (secret(), secret());
    let sent = ada.say(&ben, &first);
    ben.reads(&ada, &[&first]);
    let there = ben.with(&ada);
    ben.account().send_text(&there, &second, Some(&sent.id)).expect("a reply is taken");
    ada.reads(&ben, &[&first, &second]);
    let edited = secret();
    ada.account().edit(&sent.conversation, &sent.id, &edited).expect("one's own message can be edited");
    ben.reads(&ada, &[&edited, &second]);
    ada.account().set_draft(&sent.conversation, &secret()).expect("a draft is kept");
    ada.account().set_name(&secret()).expect("a name is kept");
    ada.outbox_is_empty();
    let card = ben.card();
    ben.turn_off();
    let waiting = secret();
    ada.account().send_text(&sent.conversation, &waiting, None).expect("the text is taken");
    ada.outbox_is_empty();

    // What is searched finds what is there: the same way, one in the clear goes to the same mailbox.
    let planted = canary();
    deliver_in_the_clear(&relay, &card, planted.as_bytes());
    tracing::info!(planted, "a control");
    std::fs::write(ada.folder.join("control"), &planted).expect("written");
    ada.turn_off();
    assert!(hits_in_files(relay.data(), planted.as_bytes()) > 0);
    assert!(hits(&tap.all(), planted.as_bytes()) > 0);
    assert!(hits(&log.read(), planted.as_bytes()) > 0);
    assert!(hits_in_files(&ada.folder, planted.as_bytes()) > 0);
    for secret in &secrets {
        assert_eq!(hits_in_files(relay.data(), secret.as_bytes()), 0, "at the relay");
        assert_eq!(hits(&tap.all(), secret.as_bytes()), 0, "on the line");
        assert_eq!(hits(&log.read(), secret.as_bytes()), 0, "in the logs");
        for person in [&ada, &ben] {
            assert_eq!(hits_in_files(&person.folder, secret.as_bytes()), 0, "on a device");
        }
    }
}

#[test]
fn ids_and_tokens_stand_in_no_log_and_in_no_metric() {
    let log = Log::captured();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let relay = Relay::start_with(|config| config.observe = Some(free));
    let (ada, ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ben.reads(&ada, &["hello"]);
    ben.say(&ada, "hello back");
    ben.sees(&ada, "hello back", MessageState::Delivered);
    let _ = get(&relay, &format!("/v1/directory/{}", ada.id()));
    let metrics = ask(&free.to_string(), "GET", "/metrics", "");
    assert!(hits(metrics.as_bytes(), b"sealpost_deliveries_accepted_total") > 0);
    assert!(hits(&log.read(), b"/v1/directory/{id}") > 0);
    for person in [&ada, &ben] {
        let card = Card::from_link(&person.card()).expect("a card");
        for name in [person.id().as_bytes(), &card.token.0, &card.identity_key] {
            assert_eq!((hits(metrics.as_bytes(), name), hits(&log.read(), name)), (0, 0));
        }
    }
}

#[test]
fn of_a_phone_number_the_relay_keeps_a_token_only_and_logs_nothing() {
    let log = Log::captured();
    let mut relay = Relay::start();
    let tap = Tap::before(&mut relay);
    let pending = Person::new("Ben");
    pending.ask_code(&relay, "+4917604069024").expect("a code is sent");
    let ada = Person::with_number(&relay, "Ada", NUMBER);
    ada.is_online();
    let kept = "SELECT count(*) FROM account WHERE length(number_token) = 64";
    assert_eq!(number(&relay, kept), 1);
    assert_eq!(number(&relay, "SELECT count(*) FROM code WHERE length(number_token) = 64"), 2);
    for number in [NUMBER, "+4917604069024"] {
        assert!(hits(&tap.what_devices_sent(), number.as_bytes()) > 0, "the search finds what is there");
        let national = format!("0{}", &number[3..]);
        for form in [number, &number[1..], &national, &number[3..]] {
            assert_eq!(hits_in_files(relay.data(), form.as_bytes()), 0, "{form}");
            assert_eq!(hits_in_files(relay.data(), &sha256(form.as_bytes())), 0, "the hash of {form}");
            assert_eq!(hits(&log.read(), form.as_bytes()), 0, "{form}");
        }
    }
}

#[test]
fn private_keys_leave_the_device_in_no_request() {
    let mut relay = Relay::start();
    let tap = Tap::before(&mut relay);
    let (mut ada, ben) = (Person::with_number(&relay, "Ada", NUMBER), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ben.reads(&ada, &["hello"]);
    ada.account().block(&ben.id()).expect("a contact can be blocked");
    ada.outbox_is_empty();
    ada.turn_off();
    let mut store = Store::open(&ada.folder, &ada.vault.only_key(), OpenMode::Existing).expect("the key is right");
    let account = store.transaction(|tx| identity::account(tx)).expect("readable").expect("an account");
    let sent = tap.what_devices_sent();
    let (identity_key, sealing_key) =
        (IdentityKey::from_secret(account.identity_secret), SealingKey::from_secret(account.sealing_secret));
    for public in [identity_key.public(), sealing_key.public()] {
        assert!(hits(&sent, &public) > 0, "public keys are found");
    }
    for private in [&account.identity_secret, &account.sealing_secret, &ada.vault.only_key()] {
        assert_eq!(hits(&sent, private), 0);
    }
}

#[test]
fn after_the_acknowledgement_the_relay_holds_no_byte_of_a_message() {
    let relay = Relay::start();
    let (ada, mut ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    ada.say(&ben, "hello");
    ben.reads(&ada, &["hello"]);
    ada.sees(&ben, "hello", MessageState::Delivered);
    let (card, planted) = (ben.card(), canary());
    ben.turn_off();
    deliver_in_the_clear(&relay, &card, planted.as_bytes());
    assert_eq!(number(&relay, "SELECT count(*) FROM payload"), 1);
    assert!(hits_in_files(relay.data(), planted.as_bytes()) > 0);
    ben.turn_on();
    ada.outbox_is_empty();
    ben.outbox_is_empty();
    let held = "SELECT (SELECT count(*) FROM payload) + (SELECT count(*) FROM message)
                + (SELECT sum(messages) + sum(bytes) FROM mailbox)";
    ben.eventually("nothing held", || number(&relay, held) == 0);
    relay.run_jobs();
    assert_eq!(hits_in_files(relay.data(), planted.as_bytes()), 0, "nor in the pages of its files");
}

#[test]
fn what_nobody_fetched_is_deleted_after_its_time() {
    let relay = Relay::start();
    let (ada, mut ben) = (Person::at(&relay, "Ada"), Person::at(&relay, "Ben"));
    ada.exchange_cards(&ben);
    let card = ben.card();
    ben.turn_off();
    let conversation = ada.with_card(&card);
    ada.account().send_text(&conversation, "nobody reads this", None).expect("the text is taken");
    ada.eventually("sent", || {
        let last = ada.account().conversation(&conversation).expect("a conversation").last;
        last.is_some_and(|message| message.state == MessageState::Sent)
    });
    let planted = canary();
    deliver_in_the_clear(&relay, &card, planted.as_bytes());
    relay.pass_seconds(29 * DAY);
    relay.run_jobs();
    assert!(number(&relay, "SELECT count(*) FROM payload") > 1);
    relay.pass_seconds(DAY + 3_600);
    relay.run_jobs();
    assert_eq!(number(&relay, "SELECT count(*) FROM payload"), 0);
    assert_eq!(number(&relay, "SELECT count(*) FROM message"), 0);
    assert_eq!(hits_in_files(relay.data(), planted.as_bytes()), 0);
}

#[test]
fn the_directory_says_of_an_id_its_public_keys_and_nothing_else() {
    let relay = Relay::start();
    let ada = Person::with_number(&relay, "Ada", NUMBER);
    let body = get(&relay, &format!("/v1/directory/{}", ada.id()));
    let entry: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&body).expect("an object");
    let fields: BTreeSet<&str> = entry.keys().map(String::as_str).collect();
    assert_eq!(fields, BTreeSet::from(["id", "identity_key", "sealing_key", "signature", "suites"]));
    assert_eq!(entry["id"], ada.id());
    let nobody = get(&relay, "/v1/directory/00000000");
    assert!(nobody.contains("not_found"), "{nobody}");
}

/// A delivery that its sender forgot to seal, as a control.
fn deliver_in_the_clear(relay: &Relay, card: &str, text: &[u8]) {
    let card = Card::from_link(card).expect("a card");
    let recipient = Recipient {
        mailbox: card.id.to_string(),
        token: card.token.0.to_vec(),
        wrapped_key: vec![0; WRAPPED_KEY_BYTES],
    };
    let delivery_id = sha256(text)[..16].to_vec();
    let delivery = Delivery { delivery_id, payload: text.to_vec(), recipients: vec![recipient], ephemeral: false };
    let body = serde_json::to_string(&delivery).expect("JSON");
    let answer = ask(&host(relay), "POST", "/v1/deliveries", &body);
    assert_eq!(answer, "{\"refused\":[]}");
}

fn get(relay: &Relay, path: &str) -> String {
    ask(&host(relay), "GET", path, "")
}

fn host(relay: &Relay) -> String {
    relay.url().trim_start_matches("http://").to_owned()
}

/// A request as anybody may send it; answers the body.
fn ask(host: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).expect("the relay listens");
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}");
    stream.write_all(format!("{head}\r\ncontent-type: application/json\r\n\r\n{body}").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
}

/// A number out of the relay's database, read beside it.
fn number(relay: &Relay, sql: &str) -> u64 {
    let file = relay.data().join("relay.sqlite");
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("the relay's database");
    database.query_row(sql, [], |row| row.get(0)).expect("a number")
}

/// All log lines of this process: those that a relay writes as it comes, and all of the relay's own.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn captured() -> Self {
        static LOG: LazyLock<Log> = LazyLock::new(|| {
            let log = Log::default();
            let writer = log.clone();
            let lines = tracing_subscriber::fmt().json().with_env_filter("info,sealpost_server=trace");
            lines.with_writer(move || writer.clone()).init();
            log
        });
        LOG.clone()
    }

    fn read(&self) -> Vec<u8> {
        self.0.lock().expect("no test panics inside").clone()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no test panics inside").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
