//! The rows of conversations and of the MLS groups behind them.

use sealpost_wire::id::{SlotName, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    error::EngineError,
    event::Event,
    mls::GroupId,
    names::ConversationId,
    step::Step,
    storage::{Read, Row, StorageError, Table, all, load, save},
};

/// A conversation of two as the screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    pub peer: UserId,
    /// The group that new messages are sealed in.
    pub group: Option<GroupId>,
    /// All groups whose messages open, `group` included.
    pub groups: Vec<GroupId>,
    /// The highest re-creation counter seen; `None` before the first group.
    pub counter: Option<u32>,
    pub next_position: u64,
    pub read_up_to: u64,
    pub unread: u32,
    pub draft: String,
    pub muted_until_ms: Option<u64>,
    /// When a Welcome that could not be opened was last answered with an own group.
    #[serde(default)]
    pub answered_welcome_at_ms: u64,
    pub changed_at_ms: u64,
}

/// One MLS group and how far we are with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    pub id: GroupId,
    pub conversation: ConversationId,
    pub counter: u32,
    /// The peer has not been sent the Welcome yet: nothing is sealed before.
    pub awaits_welcome: bool,
    pub epoch_since_ms: u64,
    pub own_messages: u64,
    pub pending: Option<Pending>,
    /// Its next epoch can't be reached.
    #[serde(default)]
    pub torn: bool,
    pub looked_at_ms: u64,
}

/// An own commit between staging and merging. The slot's name and key stand here because the exporter serves only the
/// current epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    pub attempt: u32,
    pub name: SlotName,
    pub key: [u8; 32],
    pub content: Vec<u8>,
}

/// The conversation with somebody: an index row.
#[derive(Serialize, Deserialize)]
struct OfTwo {
    peer: UserId,
    conversation: ConversationId,
}

impl Row for Conversation {
    const TABLE: Table = Table::Conversation;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Row for GroupState {
    const TABLE: Table = Table::Group;

    fn key(&self) -> Vec<u8> {
        self.id.0.to_vec()
    }
}

impl Row for OfTwo {
    const TABLE: Table = Table::ConversationOfTwo;

    fn key(&self) -> Vec<u8> {
        self.peer.as_str().as_bytes().to_vec()
    }
}

pub fn conversation(read: &(impl Read + ?Sized), id: ConversationId) -> Result<Option<Conversation>, StorageError> {
    load(read, &id.0)
}

pub fn known(read: &(impl Read + ?Sized), id: ConversationId) -> Result<Conversation, EngineError> {
    conversation(read, id)?.ok_or(EngineError::UnknownConversation)
}

/// Every conversation, the one that changed last first.
pub fn conversations(read: &(impl Read + ?Sized)) -> Result<Vec<Conversation>, StorageError> {
    let mut rows: Vec<Conversation> = all(read, b"")?;
    rows.sort_by_key(|row| (std::cmp::Reverse(row.changed_at_ms), row.id));
    Ok(rows)
}

pub fn of_two(read: &(impl Read + ?Sized), peer: UserId) -> Result<Option<ConversationId>, StorageError> {
    let row: Option<OfTwo> = load(read, peer.as_str().as_bytes())?;
    Ok(row.map(|row| row.conversation))
}

pub fn group(read: &(impl Read + ?Sized), id: GroupId) -> Result<Option<GroupState>, StorageError> {
    load(read, &id.0)
}

pub fn update(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    save(step.tx, conversation)?;
    step.tell(Event::Conversation(conversation.id));
    Ok(())
}

/// Keeps which conversation is the one with this person.
pub(super) fn keep_of_two(step: &mut Step<'_>, peer: UserId, conversation: ConversationId) -> Result<(), EngineError> {
    Ok(save(step.tx, &OfTwo { peer, conversation })?)
}
