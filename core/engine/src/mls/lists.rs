//! A value of openmls whose long lists are stored element by element, so that a change writes what it changed.
//!
//! Rows under the value's prefix: 0, the head, which is all but the lists; 1 + the list's number and an index (4 bytes,
//! big endian), an element. Elements that are blank, as most of a sparse tree are, have no row.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    rows::{Rows, encode},
    walk::{Visitor, walk},
};
use crate::storage::{self, StorageError, Table};

/// The lists, wherever they stand in a value, by the names that openmls gives them. The places here are in the keys of
/// rows, and for good.
pub(super) const LISTS: [&str; 4] =
    ["leaf_nodes", "parent_nodes", "handshake_sender_ratchets", "application_sender_ratchets"];
/// The fields that hold a struct with lists.
pub(super) const HOLDERS: [&str; 2] = ["secret_tree", "tree"];
/// A blank element takes no more bytes.
const BLANK_BYTES: usize = 8;
const HEAD: u8 = 0;

/// A value, taken apart.
#[derive(Default)]
pub(super) struct Divided {
    head: Head,
    /// By the key behind the prefix.
    elements: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// The encoded value is the pieces in turn, with a list between each two.
#[derive(Default, Serialize, Deserialize)]
struct Head {
    pieces: Vec<Piece>,
    lists: Vec<List>,
}

#[derive(Default, Serialize, Deserialize)]
struct Piece(Vec<u8>);

#[derive(Serialize, Deserialize)]
struct List {
    number: u8,
    length: u32,
    blank: Vec<u8>,
}

/// The key of a list's elements, behind the value's prefix.
pub(super) fn list_key(number: usize) -> Vec<u8> {
    vec![1 + number as u8]
}

/// The key of one element, behind the value's prefix.
pub(super) fn element_key(number: usize, index: u32) -> Vec<u8> {
    [list_key(number).as_slice(), &index.to_be_bytes()].concat()
}

/// The number of a list; `None` for another field.
pub(super) fn list_number(name: &str) -> Option<usize> {
    LISTS.iter().position(|list| *list == name)
}

/// Writes what has changed of the value under this prefix.
pub(super) fn write<T: Serialize + ?Sized>(rows: &Rows<'_>, prefix: &[u8], value: &T) -> Result<(), StorageError> {
    divide(value)?.store(rows, prefix)
}

/// Takes a value apart.
pub(super) fn divide<T: Serialize + ?Sized>(value: &T) -> Result<Divided, StorageError> {
    let mut divided = Divided::default();
    divided.head.pieces.push(Piece::default());
    walk(value, &mut divided)?;
    Ok(divided)
}

/// Writes what has changed of one list of the value under this prefix, where nothing else has changed. A list that had
/// no blank element when the value was written knows of none: what has become one gets a row.
pub(super) fn write_list<T: Serialize + ?Sized>(
    rows: &Rows<'_>,
    prefix: &[u8],
    number: usize,
    list: &T,
) -> Result<(), StorageError> {
    let head: Option<Head> = rows.read(Ok([prefix, &[HEAD]].concat()))?;
    let known = head.into_iter().flat_map(|head| head.lists).find(|list| usize::from(list.number) == number);
    let mut elements =
        Elements { blank: Some(known.map(|list| list.blank).unwrap_or_default()), ..Elements::default() };
    walk(list, &mut elements)?;
    rows.replace(&[prefix, &list_key(number)].concat(), elements.found)
}

/// The encoded value under this prefix.
pub(super) fn read(rows: &Rows<'_>, prefix: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
    let mut stored = rows.entries(prefix)?;
    let head = stored.remove([prefix, &[HEAD]].concat().as_slice());
    let Some(head) = head else {
        let damaged = || StorageError::Damaged("a value of MLS has elements and no head".to_owned());
        return if stored.is_empty() { Ok(None) } else { Err(damaged()) };
    };
    let Head { pieces, lists } = storage::decode(Table::Mls, &head)?;
    let mut value = Vec::new();
    let mut lists = lists.iter();
    for Piece(piece) in &pieces {
        value.extend_from_slice(piece);
        if let Some(list) = lists.next() {
            list.join(&stored, prefix, &mut value);
        }
    }
    Ok(Some(value))
}

impl Divided {
    /// Writes what differs from the rows under this prefix.
    pub(super) fn store(self, rows: &Rows<'_>, prefix: &[u8]) -> Result<(), StorageError> {
        let mut wanted = self.elements;
        wanted.insert(vec![HEAD], encode(&self.head)?);
        rows.replace(prefix, wanted)
    }

    fn piece(&mut self) -> &mut Vec<u8> {
        if self.head.pieces.len() == self.head.lists.len() {
            self.head.pieces.push(Piece::default());
        }
        let last = self.head.pieces.len() - 1;
        &mut self.head.pieces[last].0
    }
}

impl Visitor for Divided {
    fn begin(&mut self, length: usize) {
        map_head(self.piece(), length);
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        let encoded = encode(name)?;
        self.piece().extend(encoded);
        if HOLDERS.contains(&name) {
            return walk(value, self);
        }
        let Some(number) = list_number(name) else {
            let encoded = encode(value)?;
            self.piece().extend(encoded);
            return Ok(());
        };
        let mut elements = Elements::default();
        walk(value, &mut elements)?;
        let Elements { length, blank, found } = elements;
        self.head.lists.push(List { number: number as u8, length, blank: blank.unwrap_or_default() });
        let keyed = |(index, element): (Vec<u8>, Vec<u8>)| ([list_key(number), index].concat(), element);
        self.elements.extend(found.into_iter().map(keyed));
        Ok(())
    }
}

/// The elements of a list.
#[derive(Default)]
struct Elements {
    length: u32,
    /// What a blank one looks like; `None`: like the first that is small enough.
    blank: Option<Vec<u8>>,
    /// Those that are not blank, by index (4 bytes, big endian).
    found: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Visitor for Elements {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), StorageError> {
        let encoded = encode(value)?;
        let blank = match &self.blank {
            Some(blank) => *blank == encoded,
            None => encoded.len() <= BLANK_BYTES,
        };
        if blank {
            self.blank = Some(encoded);
        } else {
            self.found.insert(self.length.to_be_bytes().to_vec(), encoded);
        }
        self.length += 1;
        Ok(())
    }
}

impl List {
    fn join(&self, stored: &BTreeMap<Vec<u8>, Vec<u8>>, prefix: &[u8], value: &mut Vec<u8>) {
        list_head(value, self.length);
        let start = [prefix, &list_key(usize::from(self.number))].concat();
        let mut next = 0;
        for (key, element) in stored.range(start.clone()..).take_while(|(key, _)| key.starts_with(&start)) {
            let index = key[start.len()..].try_into().map_or(self.length, u32::from_be_bytes);
            (next..index.min(self.length)).for_each(|_| value.extend_from_slice(&self.blank));
            value.extend_from_slice(element);
            next = index.saturating_add(1);
        }
        (next..self.length).for_each(|_| value.extend_from_slice(&self.blank));
    }
}

/// The head of a MessagePack map.
pub(super) fn map_head(bytes: &mut Vec<u8>, pairs: usize) {
    bytes.push(0xdf);
    bytes.extend_from_slice(&(pairs as u32).to_be_bytes());
}

/// The head of a MessagePack array.
pub(super) fn list_head(bytes: &mut Vec<u8>, elements: u32) {
    bytes.push(0xdd);
    bytes.extend_from_slice(&elements.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{Direction, RawRow, Read, memory::MemoryStore};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Value {
        before: String,
        tree: Tree,
        after: Option<u64>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Tree {
        leaf_nodes: Vec<Option<Vec<u8>>>,
        between: u8,
        parent_nodes: Vec<Node>,
    }

    #[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
    struct Node {
        node: Option<Vec<u8>>,
    }

    fn value(leaves: &[u32], nodes: &[u32]) -> Value {
        let secret = |number: u32, of: &[u32]| of.contains(&number).then(|| vec![number as u8; 40]);
        let tree = Tree {
            leaf_nodes: (0..300).map(|leaf| secret(leaf, leaves)).collect(),
            between: 7,
            parent_nodes: (0..299).map(|node| Node { node: secret(node, nodes) }).collect(),
        };
        Value { before: "before".to_owned(), tree, after: Some(9) }
    }

    fn rows(store: &MemoryStore) -> Vec<RawRow> {
        store.scan(Table::Mls, b"", None, Direction::Up, usize::MAX).expect("rows")
    }

    fn stored(store: &mut MemoryStore, value: &Value) -> Value {
        let mut tx = store.begin();
        let writing = Rows::new(&mut tx);
        write(&writing, b"p", value).expect("written");
        writing.flush().expect("flushed");
        let reading = Rows::new(&mut tx);
        let bytes = read(&reading, b"p").expect("read").expect("there");
        drop(reading);
        tx.commit();
        storage::decode(Table::Mls, &bytes).expect("decodes")
    }

    #[test]
    fn value_reads_as_it_was_written_and_a_change_writes_what_it_changed() {
        let mut store = MemoryStore::default();
        let many: Vec<u32> = (0..300).collect();
        for (leaves, nodes, count) in
            [(&[][..], &[][..], 1), (&[0, 1, 299], &[298], 5), (&many, &many, 600), (&[0, 1, 299], &[5, 298], 6)]
        {
            let value = value(leaves, nodes);
            assert_eq!(stored(&mut store, &value), value);
            assert_eq!(rows(&store).len(), count);
        }
        let before = rows(&store);
        stored(&mut store, &value(&[0, 2, 299], &[5, 298]));
        let after = rows(&store);
        assert_eq!(after.iter().filter(|row| !before.contains(row)).count(), 1);
    }

    #[test]
    fn elements_without_their_head_are_damage() {
        let mut store = MemoryStore::default();
        stored(&mut store, &value(&[1], &[]));
        let mut tx = store.begin();
        let rows = Rows::new(&mut tx);
        rows.remove(vec![b'p', HEAD]);
        assert!(matches!(read(&rows, b"p"), Err(StorageError::Damaged(_))));
        assert_eq!(read(&rows, b"q"), Ok(None));
    }
}
