//! A relay in a process of its own, watched from all sides: its memory, files, write-ahead log, copies, log lines of
//! every level and metrics; and the files of devices that are running, without their keys.

use std::{
    fs,
    io::{Read, Seek, SeekFrom, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::FileExt,
    path::Path,
    process::Command,
};

use rusqlite::Connection;
use sealpost_client::{Stop, Way};
use sealpost_crypto::hash::sha256;
use sealpost_engine::identity;
use sealpost_server::store::sqlite;
use sealpost_store::{OpenMode, Store};
use sealpost_wire::{
    card::Card,
    envelope::{Delivery, Recipient},
    limits::WRAPPED_KEY_BYTES,
};
use tempfile::TempDir;

use crate::{
    canary::{Search, canary},
    child::{Process, Watch, start_watched_relay},
    person::Person,
};

const NUMBER: &str = "+4917604069025";
/// Of a device behind the proxy: the block for documentation.
const ADDRESS: &str = "2001:db8:7a11:5eed:c0ff:ee00:dead:beef";
const MEGABYTE: usize = 1 << 20;

/// A relay that is watched, and its folders.
struct Watched {
    relay: Process,
    address: SocketAddr,
    watch: Watch,
    folder: TempDir,
}

impl Watched {
    fn start(planted: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let place = |name: &str| folder.path().join(name);
        let watch = Watch {
            data: place("data"),
            log: place("log"),
            codes: place("codes"),
            observe: free.expect("a free port"),
            planted: planted.to_owned(),
        };
        let (relay, address) = start_watched_relay(&watch);
        Self { relay, address, watch, folder }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn person(&self, name: &str) -> Person {
        let person = Person::new(name);
        person.account().register(&self.url(), None, Way::Open, &Stop::new()).expect("registration is open");
        person.connect();
        person
    }

    fn person_with_number(&self, name: &str) -> Person {
        let person = Person::new(name);
        person.account().request_code(&self.url(), None, NUMBER, "en", &Stop::new()).expect("a code is sent");
        let codes = fs::read_to_string(&self.watch.codes).expect("the codes");
        let digits = codes.rsplit(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6);
        let way = Way::Phone { number: NUMBER.to_owned(), code: digits.expect("a code").to_owned() };
        person.account().register(&self.url(), None, way, &Stop::new()).expect("the code is right");
        person.connect();
        person
    }

    /// Everything that the process can read of itself: what was freed and not written over as well.
    fn hits_in_memory(&self, search: &Search) -> usize {
        let place = Path::new("/proc").join(self.relay.id().to_string());
        let maps = fs::read_to_string(place.join("maps")).expect("a child's memory map");
        let memory = fs::File::open(place.join("mem")).expect("a child's memory");
        let mut hits = 0;
        for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
            let range = line.split(' ').next().and_then(|range| range.split_once('-')).expect("a range");
            let bound = |digits| u64::from_str_radix(digits, 16).expect("hexadecimal digits");
            hits += hits_in_region(&memory, bound(range.0), bound(range.1), search);
        }
        hits
    }

    /// The database as `backup` takes it, while the relay runs.
    fn copy_of_the_database(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a temporary folder");
        let into = copy.path().join("copy.sqlite");
        sqlite::copy(&self.watch.data.join("relay.sqlite"), &into, &mut |_| {}).expect("a copy");
        copy
    }

    fn log(&self) -> Vec<u8> {
        fs::read(&self.watch.log).expect("the log")
    }

    fn metrics(&self) -> String {
        ask(self.watch.observe, "GET /metrics", "")
    }
}

#[test]
fn no_text_name_or_private_key_is_in_the_memory_files_copies_logs_or_metrics_of_a_relay() {
    let planted = canary();
    let watched = Watched::start(&planted);
    let mut secrets = Vec::new();
    let mut secret = || {
        secrets.push(canary());
        secrets.last().expect("just made").clone()
    };
    let (mut ada, mut ben) = (watched.person_with_number(&secret()), watched.person(&secret()));
    let mut clo = watched.person(&secret());
    for (one, other) in [(&ada, &ben), (&ada, &clo), (&ben, &clo)] {
        one.exchange_cards(other);
    }
    let first = secret();
    let sent = ada.say(&ben, &first);
    ben.reads(&ada, &[&first]);
    let edited = secret();
    ada.account().edit(&sent.conversation, &sent.id, &edited).expect("one's own message can be edited");
    ben.reads(&ada, &[&edited]);
    let group = ada.account().create_group(&secret(), &[ben.id(), clo.id()]).expect("a group");
    ada.outbox_is_empty();
    ada.account().send_text(&group.id, &secret(), None).expect("the text is taken");
    ada.account().set_name(&secret()).expect("a name is kept");
    ada.outbox_is_empty();
    let cards: Vec<Card> = [&ada, &ben, &clo].map(|it| Card::from_link(&it.card()).expect("a card")).into();
    clo.turn_off();
    ada.account().send_text(&ada.with_card(&cards[2].to_link()), &secret(), None).expect("the text is taken");
    ada.outbox_is_empty();
    deliver_in_the_clear(&watched, &cards[2], planted.as_bytes());

    let mut control = Search::of(&[&planted]);
    let mut search = Search::of(&secrets);
    seen_everywhere(&watched, &control, &search);
    // The keys are read where they are: on the devices, once these are off.
    let mut keys: Vec<Vec<u8>> = Vec::new();
    for person in [&mut ada, &mut ben, &mut clo] {
        person.turn_off();
        let mut store = Store::open(&person.folder, &person.vault.only_key(), OpenMode::Existing).expect("it opens");
        let account = store.transaction(|tx| identity::account(tx)).expect("readable").expect("an account");
        keys.extend([account.identity_secret, account.sealing_secret, person.vault.only_key()].map(Vec::from));
    }
    (control, search) = (Search::of(&[&planted]), Search::of(&keys));
    seen_everywhere(&watched, &control, &search);
    names_nobody(&watched, &cards);
}

/// Each place is searched for what was planted, by the same search, first.
fn seen_everywhere(watched: &Watched, control: &Search, search: &Search) {
    assert!(watched.hits_in_memory(control) > 0, "the control is in the memory");
    assert_eq!(watched.hits_in_memory(search), 0, "in the memory");
    let lying = copied(&watched.watch.data);
    let log_file = fs::read(lying.path().join("data/relay.sqlite-wal")).expect("a write-ahead log");
    assert!(!control.hits(&log_file).is_empty(), "the control is in the write-ahead log");
    assert_eq!(search.hits(&log_file).len(), 0, "in the write-ahead log");
    assert!(control.hits_in_files(lying.path()) > 0);
    assert_eq!(search.hits_in_files(lying.path()), 0, "in the files");
    let copy = watched.copy_of_the_database();
    assert!(control.hits_in_files(copy.path()) > 0, "the control is in the copy");
    assert_eq!(search.hits_in_files(copy.path()), 0, "in the copy");
    assert_eq!(control.hits(&watched.log()).len(), 6, "at each level of the relay's own, and of libraries up to info");
    assert_eq!(search.hits(&watched.log()).len(), 0, "in the log");
    let metrics = watched.metrics();
    assert!(!Search::of(&["sealpost_deliveries_accepted_total"]).hits(metrics.as_bytes()).is_empty());
    assert_eq!(search.hits(metrics.as_bytes()).len(), 0, "in the metrics");
}

/// IDs, tokens, keys, numbers and addresses: in no log line, whatever level is asked for, and in no metric; numbers and
/// addresses in no file either.
fn names_nobody(watched: &Watched, cards: &[Card]) {
    let address = ADDRESS.parse::<std::net::Ipv6Addr>().expect("an address").octets();
    let numbers = [NUMBER.as_bytes(), &NUMBER.as_bytes()[1..], &NUMBER.as_bytes()[3..]];
    let nowhere = Search::of(&[&numbers[..], &[ADDRESS.as_bytes(), &address]].concat());
    let mut people: Vec<Vec<u8>> = Vec::new();
    for card in cards {
        people.extend([card.id.as_str().as_bytes().to_vec(), card.token.0.to_vec(), card.identity_key.to_vec()]);
    }
    let people = Search::of(&people);
    let log = watched.log();
    assert!(contains(&log, b"\"level\":\"TRACE\"") && contains(&log, b"\"target\":\"library\""));
    for search in [&nowhere, &people] {
        assert_eq!(search.hits(&log).len(), 0, "in a log line");
        assert_eq!(search.hits(watched.metrics().as_bytes()).len(), 0, "in the metrics");
    }
    let data = copied(&watched.watch.data);
    assert!(Search::of(&[cards[0].id.to_bytes()]).hits_in_files(data.path()) > 0, "the files are searched");
    assert_eq!(nowhere.hits_in_files(data.path()), 0, "a number or an address in the files");
    let codes = fs::read(&watched.watch.codes).expect("the codes");
    assert!(!nowhere.hits(&codes).is_empty(), "the number is found where it stands");
    assert!(watched.folder.path().exists());
}

#[test]
fn the_files_of_a_device_that_is_running_show_nothing_without_its_key() {
    let planted = canary();
    let watched = Watched::start(&planted);
    let mut secrets = Vec::new();
    let mut secret = || {
        secrets.push(canary());
        secrets.last().expect("just made").clone()
    };
    let (ada, ben) = (watched.person(&secret()), watched.person(&secret()));
    ada.exchange_cards(&ben);
    for _ in 0..20 {
        ada.say(&ben, &secret());
    }
    ben.eventually("all", || ben.texts(&ada).len() == 20);
    ada.account().set_draft(&ada.with(&ben), &secret()).expect("a draft is kept");
    ada.account().create_group(&secret(), &[ben.id()]).expect("a group");
    ada.outbox_is_empty();
    // A database of nobody's with the control in its write-ahead log, in the same folder; and a file without a name.
    let control = Connection::open(ada.folder.join("control.sqlite")).expect("a database");
    control.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE control (text TEXT);").expect("a table");
    control.execute("INSERT INTO control VALUES (?1)", [&planted]).expect("a row");
    let mut nameless = tempfile::tempfile().expect("a temporary file");
    nameless.write_all(planted.as_bytes()).expect("written");

    let (found, search) = (Search::of(&[&planted]), Search::of(&secrets));
    for person in [&ada, &ben] {
        let files = copied(&person.folder);
        let names: Vec<String> = names(files.path());
        for end in ["-wal", "-shm"] {
            assert!(names.iter().any(|name| name.ends_with(end) && !name.contains("control")), "{names:?}");
        }
        assert_eq!(search.hits_in_files(files.path()), 0);
    }
    assert!(found.hits_in_files(copied(&ada.folder).path()) > 0);
    let deleted = files_without_a_name();
    assert!(deleted.iter().any(|content| !found.hits(content).is_empty()), "the control has no name");
    assert!(deleted.iter().all(|content| search.hits(content).is_empty()), "in a file without a name");
    nameless.seek(SeekFrom::Start(0)).expect("it is still open");
}

/// Copied by a process of its own: who opens and closes a database's file loses the locks that SQLite has on it.
fn copied(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a temporary folder");
    let status = Command::new("cp").arg("-r").arg(folder).arg(copy.path()).status().expect("cp runs");
    assert!(status.success());
    copy
}

fn names(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        names.push(entry.file_name().to_string_lossy().into_owned());
        if entry.path().is_dir() {
            names.extend(self::names(&entry.path()));
        }
    }
    names
}

/// What this process holds open that has no name any more: databases' temporary files.
fn files_without_a_name() -> Vec<Vec<u8>> {
    let open = fs::read_dir("/proc/self/fd").expect("open files").flatten();
    let gone = open.filter(|entry| {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        let target = target.to_string_lossy().into_owned();
        target.starts_with('/') && target.ends_with(" (deleted)") && !target.starts_with("/memfd")
    });
    // Another test may close it meanwhile.
    gone.filter_map(|entry| fs::read(entry.path()).ok()).collect()
}

fn hits_in_region(memory: &fs::File, start: u64, end: u64, search: &Search) -> usize {
    let mut hits = 0;
    let mut chunk = vec![0; MEGABYTE + search.longest()];
    let mut at = start;
    while at < end {
        let length = chunk.len().min((end - at) as usize);
        // What the kernel maps for itself, and what was unmapped a moment ago, can't be read.
        let Ok(count) = memory.read_at(&mut chunk[..length], at) else { break };
        if count == 0 {
            break;
        }
        hits += search.hits(&chunk[..count]).into_iter().filter(|hit| *hit < MEGABYTE).count();
        at += count.min(MEGABYTE) as u64;
    }
    hits
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// A delivery that its sender forgot to seal, from behind a proxy.
fn deliver_in_the_clear(watched: &Watched, card: &Card, text: &[u8]) {
    let recipient = Recipient {
        mailbox: card.id.to_string(),
        token: card.token.0.to_vec(),
        wrapped_key: vec![0; WRAPPED_KEY_BYTES],
    };
    let delivery_id = sha256(text)[..16].to_vec();
    let delivery = Delivery { delivery_id, payload: text.to_vec(), recipients: vec![recipient], ephemeral: false };
    let body = serde_json::to_string(&delivery).expect("JSON");
    assert_eq!(ask(watched.address, "POST /v1/deliveries", &body), "{\"refused\":[]}");
}

/// A request as a proxy hands it on; answers the body.
fn ask(address: SocketAddr, line: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the relay listens");
    let length = body.len();
    let head = format!("{line} HTTP/1.1\r\nhost: relay\r\nconnection: close\r\nx-forwarded-for: {ADDRESS}");
    let rest = format!("content-length: {length}\r\ncontent-type: application/json\r\n\r\n{body}");
    stream.write_all(format!("{head}\r\n{rest}").as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer.split_once("\r\n\r\n").expect("a head and a body").1.to_owned()
}
