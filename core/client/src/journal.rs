//! What changed on this account, in order, for programs that read it later and must miss nothing.
//!
//! Invariants: an entry is written in the transaction of the step that made the change; there is no journal, and no
//! step pays for one, before somebody asks for it; it holds [`LIMIT`] entries at most, and whoever stopped before the
//! oldest of them is told so.

use std::collections::BTreeMap;

use sealpost_engine::{
    conversations::{self, ConversationId},
    event,
    storage::{Direction, Read, Row, StorageError, Table, Write, list, load, save},
};
use sealpost_wire::id::UserId;
use serde::{Deserialize, Serialize};

use crate::{
    error::Error,
    types::{Change, Changes},
    views,
};

/// Entries that are kept; about five megabytes.
const LIMIT: u64 = 100_000;
/// Readers whose places are kept.
const BOOKMARKS: usize = 100;
/// Bytes of a reader's name.
const NAME_BYTES: usize = 64;

const HEAD: &[u8] = b"journal";
const ENTRY: &[u8] = b"journal.entry/";
const TOLD: &[u8] = b"journal.told/";

/// What a reader of the journal wants written.
pub(crate) enum Order {
    /// Begins the journal where there is none. The answer is where this reader goes on: its bookmark, made where it
    /// is missing; without a name, the newest entry.
    Follow(Option<String>),
    /// A reader has come as far as this.
    Bookmark(String, u64),
}

/// Where the journal begins and ends, and how far its readers are.
#[derive(Serialize, Deserialize)]
struct Head {
    /// The number of the oldest entry that is kept.
    first: u64,
    /// The number of the entry that comes next; the first one ever is 1.
    next: u64,
    bookmarks: BTreeMap<String, u64>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    number: u64,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Profile,
    Contact(UserId),
    Conversation(ConversationId),
    Message { conversation: ConversationId, position: u64, new: bool },
}

/// The highest position of a conversation that was told: what stands behind it is new.
#[derive(Serialize, Deserialize)]
struct Told {
    conversation: ConversationId,
    position: u64,
}

impl Row for Head {
    const TABLE: Table = Table::Account;

    fn key(&self) -> Vec<u8> {
        HEAD.to_vec()
    }
}

impl Row for Entry {
    const TABLE: Table = Table::Account;

    fn key(&self) -> Vec<u8> {
        entry_key(self.number)
    }
}

impl Row for Told {
    const TABLE: Table = Table::Account;

    fn key(&self) -> Vec<u8> {
        told_key(self.conversation)
    }
}

/// Writes down what a step has changed, if anybody wants to know.
pub(crate) fn append(tx: &mut dyn Write, events: &[event::Event]) -> Result<(), StorageError> {
    let is_kept = |event: &event::Event| !matches!(event, event::Event::Arrived(..) | event::Event::Typing(..));
    if !events.iter().any(is_kept) {
        return Ok(());
    }
    let Some(mut head) = load::<Head>(tx, HEAD)? else {
        return Ok(());
    };
    let mut entries: Vec<What> = Vec::new();
    for event in events {
        let what = match *event {
            event::Event::Account => What::Profile,
            event::Event::Contact(id) => What::Contact(id),
            event::Event::Conversation(id) => What::Conversation(id),
            event::Event::Message(conversation, position) => {
                let new = tell(tx, conversation, position)?;
                What::Message { conversation, position, new }
            }
            // Whatever arrives is a new message too; who types leaves no trace.
            event::Event::Arrived(..) | event::Event::Typing(..) => continue,
        };
        if !entries.iter().any(|entry| is_covered(&what, entry)) {
            entries.push(what);
        }
    }
    for what in entries {
        save(tx, &Entry { number: head.next, what })?;
        head.next += 1;
        if head.next - head.first > LIMIT {
            tx.remove(Table::Account, &entry_key(head.first))?;
            head.first += 1;
        }
    }
    save(tx, &head)
}

/// Carries out a reader's order.
pub(crate) fn order(tx: &mut dyn Write, order: Order) -> Result<u64, StorageError> {
    let mut head = match load::<Head>(tx, HEAD)? {
        Some(head) => head,
        None => begin(tx)?,
    };
    let newest = head.next - 1;
    let position = match order {
        Order::Follow(Some(name)) => *head.bookmarks.entry(name).or_insert(newest),
        Order::Follow(None) => newest,
        Order::Bookmark(name, position) => {
            head.bookmarks.insert(name, position);
            position
        }
    };
    save(tx, &head)?;
    Ok(position)
}

/// Whether another reader of this name may be kept.
///
/// # Errors
/// `Empty`, `TooLong`; `TooMany`.
pub(crate) fn check_name(read: &dyn Read, name: &str) -> Result<Result<(), Error>, StorageError> {
    if name.is_empty() {
        return Ok(Err(Error::Empty));
    }
    if name.len() > NAME_BYTES {
        return Ok(Err(Error::TooLong { limit_bytes: NAME_BYTES as u64 }));
    }
    let bookmarks = load::<Head>(read, HEAD)?.map(|head| head.bookmarks).unwrap_or_default();
    let is_full = bookmarks.len() >= BOOKMARKS && !bookmarks.contains_key(name);
    Ok(if is_full { Err(Error::TooMany { limit: BOOKMARKS as u64 }) } else { Ok(()) })
}

/// The entries behind a position, oldest first. Of several of one message in a page the first stands for all.
pub(crate) fn changes(read: &dyn Read, after: u64, limit: usize) -> Result<Changes, StorageError> {
    let Some(head) = load::<Head>(read, HEAD)? else {
        return Ok(Changes { changes: Vec::new(), end: 0, missed: after > 0 });
    };
    let is_known = after.saturating_add(1) >= head.first && after < head.next;
    // Of what is gone nobody can say what it was: whoever reads everything again needs no older entry either.
    let start = if is_known { after } else { head.next - 1 };
    let entries: Vec<Entry> = list(read, ENTRY, Some(&entry_key(start)), Direction::Up, limit)?;
    let end = entries.last().map_or(start, |entry| entry.number);
    let mut seen: Vec<What> = Vec::new();
    let mut changes = Vec::new();
    for Entry { number, what } in entries {
        if !seen.iter().any(|earlier| is_covered(&what, earlier)) {
            seen.push(what);
            changes.push(change(number, what));
        }
    }
    Ok(Changes { changes, end, missed: !is_known })
}

/// Everything that is there when a journal begins counts as told.
fn begin(tx: &mut dyn Write) -> Result<Head, StorageError> {
    for conversation in conversations::conversations(tx)? {
        let newest = sealpost_engine::messages::messages(tx, conversation.id, None, 1)?.pop();
        if let Some(message) = newest {
            save(tx, &Told { conversation: conversation.id, position: message.position })?;
        }
    }
    Ok(Head { first: 1, next: 1, bookmarks: BTreeMap::new() })
}

/// Whether the message stands behind all that were told in its conversation; from now on it is told.
fn tell(tx: &mut dyn Write, conversation: ConversationId, position: u64) -> Result<bool, StorageError> {
    let told = load::<Told>(tx, &told_key(conversation))?;
    let new = told.is_none_or(|told| position > told.position);
    if new {
        save(tx, &Told { conversation, position })?;
    }
    Ok(new)
}

/// Whether reading what `earlier` names is reading what this one names.
fn is_covered(what: &What, earlier: &What) -> bool {
    match (what, earlier) {
        (What::Message { conversation, position, .. }, What::Message { conversation: known, position: place, .. }) => {
            (conversation, position) == (known, place)
        }
        _ => what == earlier,
    }
}

fn change(position: u64, what: What) -> Change {
    let (event, new) = match what {
        What::Profile => (event::Event::Account, false),
        What::Contact(id) => (event::Event::Contact(id), false),
        What::Conversation(id) => (event::Event::Conversation(id), false),
        What::Message { conversation, position, new } => (event::Event::Message(conversation, position), new),
    };
    Change { position, event: views::event(event), new }
}

fn entry_key(number: u64) -> Vec<u8> {
    [ENTRY, &number.to_be_bytes()].concat()
}

fn told_key(conversation: ConversationId) -> Vec<u8> {
    [TOLD, &conversation.0].concat()
}

#[cfg(test)]
mod tests {
    use sealpost_engine::event::Event;
    use sealpost_store::{OpenMode, Store};

    use super::*;

    const CONVERSATION: ConversationId = ConversationId([7; 16]);

    struct Device {
        store: Store,
        _folder: tempfile::TempDir,
    }

    impl Device {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let store = Store::open(&folder.path().join("account"), &[7; 32], OpenMode::Create).expect("a database");
            Self { store, _folder: folder }
        }

        fn happens(&mut self, events: &[Event]) {
            self.store.transaction(|tx| append(tx, events)).expect("it is written down");
        }

        fn orders(&mut self, wish: Order) -> u64 {
            self.store.transaction(|tx| order(tx, wish)).expect("it is kept")
        }

        fn reads(&mut self, after: u64) -> Changes {
            self.store.transaction(|tx| changes(tx, after, 500)).expect("it can be read")
        }
    }

    fn message(position: u64) -> Event {
        Event::Message(CONVERSATION, position)
    }

    #[test]
    fn before_anybody_reads_nothing_is_written_down() {
        let mut device = Device::new();
        device.happens(&[message(1), Event::Account]);
        assert_eq!(device.reads(0), Changes { changes: Vec::new(), end: 0, missed: false });
        assert_eq!(device.orders(Order::Follow(None)), 0);
        device.happens(&[message(2)]);
        assert_eq!(device.reads(0).changes.len(), 1);
    }

    #[test]
    fn a_message_is_new_once_and_a_page_names_it_once() {
        let mut device = Device::new();
        device.orders(Order::Follow(None));
        device.happens(&[message(1), Event::Arrived(CONVERSATION, 1), message(1)]);
        device.happens(&[message(2)]);
        device.happens(&[message(1)]);
        let page = device.reads(0);
        let told: Vec<_> = page.changes.iter().map(|change| (change.position, change.new)).collect();
        assert_eq!((told, page.end), (vec![(1, true), (2, true)], 3));
        let behind = device.reads(2).changes;
        assert_eq!(behind.iter().map(|change| (change.position, change.new)).collect::<Vec<_>>(), [(3, false)]);
    }

    #[test]
    fn a_reader_goes_on_where_its_bookmark_is() {
        let mut device = Device::new();
        assert_eq!(device.orders(Order::Follow(Some("bot".into()))), 0);
        device.happens(&[message(1), message(2)]);
        assert_eq!(device.orders(Order::Follow(Some("bot".into()))), 0);
        device.orders(Order::Bookmark("bot".into(), 1));
        assert_eq!(device.orders(Order::Follow(Some("bot".into()))), 1);
        assert_eq!(device.orders(Order::Follow(Some("another".into()))), 2);
    }

    #[test]
    fn whoever_stopped_before_the_oldest_entry_is_told_so() {
        let mut device = Device::new();
        device.orders(Order::Follow(None));
        device
            .store
            .transaction(|tx| save(tx, &Head { first: 1, next: LIMIT + 1, bookmarks: BTreeMap::new() }))
            .expect("a long journal");
        device.happens(&[message(1), message(2)]);
        assert!(!device.reads(2).missed);
        let missed = device.reads(1);
        assert!(missed.missed && missed.changes.is_empty() && missed.end == LIMIT + 2);
        assert!(device.reads(LIMIT + 3).missed, "no such entry was ever written");
    }
}
