//! The rows of conversations and of the MLS groups behind them.
//!
//! Both started out for conversations of two; what came with groups has a default, so that older rows still read.

use sealpost_wire::id::{DeliveryId, SlotName, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    error::EngineError,
    event::Event,
    mls::GroupId,
    names::ConversationId,
    outbox::JobId,
    plan::Policy,
    step::Step,
    storage::{Read, Row, StorageError, Table, all, load, save},
};

/// A conversation as the screen shows it: of two, or of many.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    pub id: ConversationId,
    /// The other one of two; `None` in a conversation of many.
    pub peer: Option<UserId>,
    #[serde(default)]
    pub many: Option<Many>,
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
    /// When this device last created the group of a conversation of many anew of itself.
    #[serde(default)]
    pub mended_at_ms: u64,
    pub changed_at_ms: u64,
}

/// What a conversation of many is, as its members agreed in the current group's profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Many {
    /// Names the conversation for all its members, also when its group is created anew.
    pub thread: [u8; 16],
    pub name: String,
    pub admins: Vec<UserId>,
    pub policy: Policy,
    pub standing: Standing,
    /// What the members' mailbox tokens derive from, the newest last.
    pub secrets: Vec<TokenSecret>,
}

/// What this device is in a conversation of many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Added by somebody who is no contact, and not accepted yet: nothing was sent, the mailbox takes nothing.
    Invited {
        by: UserId,
    },
    Member,
    /// Said so, and the word is on its way.
    Leaving,
    Left,
    Removed,
}

/// A secret that all members hold. A removal starts a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSecret {
    pub generation: u32,
    pub secret: [u8; 32],
    /// Unix seconds; `None` for the newest.
    pub replaced_at_seconds: Option<u64>,
}

/// One MLS group and how far we are with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupState {
    pub id: GroupId,
    pub conversation: ConversationId,
    pub counter: u32,
    /// When it was made, and its Welcome accepted by the relay, or when it was joined (Unix milliseconds).
    #[serde(default)]
    pub begun_at_ms: u64,
    /// Somebody else is known to be in it: it was theirs, or something of theirs has opened.
    #[serde(default)]
    pub heard: bool,
    /// The peer has not been sent the Welcome yet: nothing is sealed before.
    pub awaits_welcome: bool,
    pub epoch_since_ms: u64,
    pub own_messages: u64,
    pub pending: Option<Pending>,
    /// Its next epoch can't be reached.
    #[serde(default)]
    pub torn: bool,
    /// The epochs since then have to be caught up with first: an invitation was just accepted, or the word that this
    /// device leaves is still here, and nothing of the group reaches its mailbox any more.
    #[serde(default)]
    pub catching_up: bool,
    /// The commit in an earlier attempt's slot of this epoch is sound for others, but its path is broken for us.
    #[serde(default)]
    pub broken: bool,
    /// Who signed commits of this epoch that were against the rules.
    #[serde(default)]
    pub suspects: Vec<UserId>,
    /// When a message of a future epoch was parked first.
    #[serde(default)]
    pub parked_since_ms: Option<u64>,
    /// When a member was last asked to add us afresh, and how often.
    #[serde(default)]
    pub asked: Option<(u64, u32)>,
    /// The last epochs, the current one last.
    #[serde(default)]
    pub marks: Vec<EpochMark>,
    pub looked_at_ms: u64,
}

/// An own commit between staging and merging. The slot's name and key stand here because the exporter serves only the
/// current epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// The job that wants it.
    pub job: JobId,
    pub attempt: u32,
    pub name: SlotName,
    pub key: [u8; 32],
    pub content: Vec<u8>,
    /// For whom it adds: what stands sealed in the slot too.
    pub welcome: Option<PendingWelcome>,
}

/// A Welcome that waits for its commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingWelcome {
    pub delivery_id: DeliveryId,
    pub parcel: Vec<u8>,
    pub to: Vec<UserId>,
}

/// What is kept of an epoch when it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochMark {
    pub epoch: u64,
    /// The same for all members who are in the same epoch of the same group.
    pub tag: [u8; 8],
    /// Whose commit led to it; `None` for the first that this device saw.
    pub committer: Option<UserId>,
}

/// The conversation with somebody: an index row.
#[derive(Serialize, Deserialize)]
struct OfTwo {
    peer: UserId,
    conversation: ConversationId,
}

/// The conversation of a thread: an index row.
#[derive(Serialize, Deserialize)]
struct OfThread {
    thread: [u8; 16],
    conversation: ConversationId,
}

impl Conversation {
    /// Before its first message.
    pub(super) fn new(id: ConversationId, peer: Option<UserId>, many: Option<Many>, now_ms: u64) -> Self {
        Self {
            id,
            peer,
            many,
            group: None,
            groups: Vec::new(),
            counter: None,
            next_position: 1,
            read_up_to: 0,
            unread: 0,
            draft: String::new(),
            muted_until_ms: None,
            answered_welcome_at_ms: 0,
            mended_at_ms: 0,
            changed_at_ms: now_ms,
        }
    }

    /// Whether this device may write here, as far as a group's membership decides about it.
    pub fn is_member(&self) -> bool {
        self.many.as_ref().is_none_or(|many| many.standing == Standing::Member)
    }

    /// Whether this device follows the conversation's group.
    pub fn takes_part(&self) -> bool {
        self.many.as_ref().is_none_or(|many| matches!(many.standing, Standing::Member | Standing::Leaving))
    }

    /// Whether the word that this device leaves is still on its way.
    pub fn is_leaving(&self) -> bool {
        self.many.as_ref().is_some_and(|many| many.standing == Standing::Leaving)
    }

    pub fn is_invited(&self) -> bool {
        self.many.as_ref().is_some_and(|many| matches!(many.standing, Standing::Invited { .. }))
    }
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

impl Row for OfThread {
    const TABLE: Table = Table::ConversationOfThread;

    fn key(&self) -> Vec<u8> {
        self.thread.to_vec()
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

pub(super) fn of_thread(
    read: &(impl Read + ?Sized),
    thread: &[u8; 16],
) -> Result<Option<ConversationId>, StorageError> {
    let row: Option<OfThread> = load(read, thread)?;
    Ok(row.map(|row| row.conversation))
}

pub fn group(read: &(impl Read + ?Sized), id: GroupId) -> Result<Option<GroupState>, StorageError> {
    load(read, &id.0)
}

/// The group that new messages are sealed in.
pub fn current(read: &(impl Read + ?Sized), conversation: &Conversation) -> Result<Option<GroupState>, StorageError> {
    conversation.group.map_or(Ok(None), |id| group(read, id))
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

/// Keeps which conversation the thread names.
pub(super) fn keep_of_thread(
    step: &mut Step<'_>,
    thread: [u8; 16],
    conversation: ConversationId,
) -> Result<(), EngineError> {
    Ok(save(step.tx, &OfThread { thread, conversation })?)
}
