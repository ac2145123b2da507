//! The door to the device database: ordered rows in named tables, read and written inside one transaction per step.
//!
//! Every backend fulfils [`Read`] and [`Write`] and passes [`conformance`]. The nouns above keep typed rows ([`Row`])
//! in them as MessagePack with field names, so that a later version can add fields.
//!
//! Invariants: a row that is there but can't be read is an error, never an absence; nothing is written but through a
//! transaction, and a transaction that is dropped leaves nothing behind.

pub mod conformance;
pub mod memory;
pub mod watched;

use serde::{Serialize, de::DeserializeOwned};

/// Why the device database refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// A row, or the file, is not what was written: restore or start anew, never go on as if it were empty.
    #[error("the device database is damaged: {0}")]
    Damaged(String),
    #[error("the disk is full")]
    DiskFull,
    #[error("the device database can't be written: {0}")]
    ReadOnly(String),
    #[error("the device database failed: {0}")]
    Failed(String),
}

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// The tables of the device database, one noun each. Names are for good: old databases hold them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Table {
            $($(#[$doc])* $name,)+
        }

        impl Table {
            pub const ALL: &[Table] = &[$(Table::$name,)+];

            /// The table's name in the database.
            pub fn name(self) -> &'static str {
                match self { $(Table::$name => $text,)+ }
            }
        }
    };
}

tables! {
    /// The one account: keys, relay, session. Key: a fixed name.
    Account = "account",
    /// People. Key: ID.
    Contact = "contact",
    /// Conversations on screen. Key: conversation ID.
    Conversation = "conversation",
    /// The conversation of two with somebody. Key: ID.
    ConversationOfTwo = "conversation_of_two",
    /// The conversation that a group's thread names. Key: thread.
    ConversationOfThread = "conversation_of_thread",
    /// Who is, or was, in a conversation of many. Key: conversation ID, ID.
    Member = "member",
    /// Key packages that wait until all of them are there. Key: conversation ID, ID.
    Gathered = "gathered",
    /// MLS groups behind conversations. Key: group ID.
    Group = "group_state",
    /// What stood in commit slots. Key: group ID, epoch, attempt.
    FilledSlot = "filled_slot",
    /// Messages in the order of the screen. Key: conversation ID, position.
    Message = "message",
    /// Where a message stands. Key: conversation ID, author, message ID.
    MessagePlace = "message_place",
    /// Edits, deletions, reactions and receipts that came before their message. Key: as `MessagePlace`, then a number.
    Early = "early",
    /// Messages that did not open and were asked for. Key: conversation ID, message ID.
    Asked = "asked",
    /// Requests that have to leave. Key: job ID.
    Job = "job",
    /// Deliveries that were handled already. Key: delivery ID.
    Seen = "seen",
    /// The same, by time, so that old ones can be forgotten. Key: time, delivery ID.
    SeenByTime = "seen_by_time",
    /// Envelopes of a future epoch. Key: group ID, epoch, a number in the order of arrival, delivery ID.
    Parked = "parked",
    /// What openmls keeps. Key: its own.
    Mls = "mls",
}

/// In which order a scan walks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Up,
    Down,
}

/// A row as stored: key and value.
pub type RawRow = (Vec<u8>, Vec<u8>);

/// Reading, inside a transaction or from a snapshot.
pub trait Read {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError>;

    /// The rows whose key starts with `prefix`, in the order of their bytes; from behind `after` where it is given
    /// (a whole key, excluded), at most `limit`.
    fn scan(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<&[u8]>,
        direction: Direction,
        limit: usize,
    ) -> Result<Vec<RawRow>, StorageError>;
}

/// Writing, inside a transaction.
pub trait Write: Read {
    /// Adds the row or replaces the one under this key.
    fn put(&mut self, table: Table, key: &[u8], value: &[u8]) -> Result<(), StorageError>;

    /// Removes the row; fine where there is none.
    fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StorageError>;
}

/// A typed row of one table.
pub trait Row: Serialize + DeserializeOwned {
    const TABLE: Table;

    fn key(&self) -> Vec<u8>;
}

/// The row under a key.
pub fn load<T: Row>(read: &(impl Read + ?Sized), key: &[u8]) -> Result<Option<T>, StorageError> {
    read.value(T::TABLE, key)?.map(|bytes| decode(T::TABLE, &bytes)).transpose()
}

/// Writes a row under its own key.
pub fn save<T: Row>(tx: &mut (impl Write + ?Sized), row: &T) -> Result<(), StorageError> {
    tx.put(T::TABLE, &row.key(), &encode(row)?)
}

/// Typed rows by prefix; see [`Read::scan`].
pub fn list<T: Row>(
    read: &(impl Read + ?Sized),
    prefix: &[u8],
    after: Option<&[u8]>,
    direction: Direction,
    limit: usize,
) -> Result<Vec<T>, StorageError> {
    let rows = read.scan(T::TABLE, prefix, after, direction, limit)?;
    rows.iter().map(|(_, bytes)| decode(T::TABLE, bytes)).collect()
}

/// All typed rows of a prefix, for tables that are small by their limits.
pub fn all<T: Row>(read: &(impl Read + ?Sized), prefix: &[u8]) -> Result<Vec<T>, StorageError> {
    list(read, prefix, None, Direction::Up, usize::MAX)
}

/// With field names; byte strings as such, since as lists of numbers they would be half as long again.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    let serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    let mut serializer = serializer.with_bytes(rmp_serde::config::BytesMode::ForceIterables);
    value.serialize(&mut serializer).map_err(|error| StorageError::Failed(error.to_string()))?;
    Ok(bytes)
}

pub(crate) fn decode<T: DeserializeOwned>(table: Table, bytes: &[u8]) -> Result<T, StorageError> {
    rmp_serde::from_slice(bytes).map_err(|error| StorageError::Damaged(format!("{}: {error}", table.name())))
}
