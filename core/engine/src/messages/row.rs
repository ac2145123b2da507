//! The message's row, where it stands, and the pages that a screen reads.

use sealpost_wire::id::{MessageId, UserId};
use serde::{Deserialize, Serialize};

use crate::{
    conversations::{self, Conversation, ConversationId},
    error::EngineError,
    event::Event,
    fact::Happened,
    outbox::Blocked,
    step::Step,
    storage::{Direction, Read, Row, StorageError, Table, list, load, save},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub conversation: ConversationId,
    pub position: u64,
    pub id: MessageId,
    pub author: UserId,
    pub mine: bool,
    /// By the author's clock, Unix milliseconds.
    pub sent_at_ms: u64,
    pub received_at_ms: u64,
    pub body: Body,
    pub reply_to: Option<MessageId>,
    pub edited: bool,
    pub reactions: Vec<(UserId, String)>,
    pub state: MessageState,
    /// When the relay took it, Unix milliseconds.
    #[serde(default)]
    pub accepted_at_ms: Option<u64>,
    /// Members of a group whose mailboxes have not taken it yet.
    #[serde(default)]
    pub unreached: Vec<UserId>,
    /// Reserved for messages that vanish.
    pub expires_after_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Body {
    Text(String),
    Deleted,
    /// A kind of a newer version, or a body beyond the limits; kept as it came.
    Unsupported {
        kind: u32,
        body: Vec<u8>,
    },
    /// Could not be opened; its author was asked to seal it anew.
    Unopened,
    System(System),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum System {
    SecuredAnew,
    KeyAlarm,
    PeerRetired,
    /// In a conversation of many; the row's author did it.
    Happened(Happened),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageState {
    Received,
    Waiting,
    Sending,
    Sent,
    Delivered,
    Read,
    Failed(Blocked),
}

impl MessageState {
    /// States only go forward, but that a failed or repeated message may be on its way again.
    pub fn may_become(self, next: MessageState) -> bool {
        let rank = |state| match state {
            MessageState::Failed(_) | MessageState::Waiting | MessageState::Sending => 0,
            MessageState::Sent => 1,
            MessageState::Delivered => 2,
            MessageState::Read | MessageState::Received => 3,
        };
        self != next && rank(next) >= rank(self)
    }
}

/// Where the message with this author and ID stands.
#[derive(Serialize, Deserialize)]
struct Place {
    conversation: ConversationId,
    author: UserId,
    id: MessageId,
    position: u64,
}

impl Row for Message {
    const TABLE: Table = Table::Message;

    fn key(&self) -> Vec<u8> {
        key(self.conversation, self.position)
    }
}

impl Row for Place {
    const TABLE: Table = Table::MessagePlace;

    fn key(&self) -> Vec<u8> {
        place_key(self.conversation, self.author, self.id)
    }
}

impl Message {
    pub(super) fn incoming(
        conversation: &Conversation,
        id: MessageId,
        author: UserId,
        now_ms: u64,
        body: Body,
    ) -> Self {
        Self {
            conversation: conversation.id,
            position: 0,
            id,
            author,
            mine: false,
            sent_at_ms: now_ms,
            received_at_ms: now_ms,
            body,
            reply_to: None,
            edited: false,
            reactions: Vec::new(),
            state: MessageState::Received,
            accepted_at_ms: None,
            unreached: Vec::new(),
            expires_after_seconds: 0,
        }
    }

    pub(super) fn counts_as_unread(&self) -> bool {
        !self.mine && !matches!(self.body, Body::System(_) | Body::Deleted)
    }

    pub(super) fn react(&mut self, author: UserId, emoji: &str) {
        self.reactions.retain(|(who, _)| *who != author);
        if !emoji.is_empty() {
            self.reactions.push((author, emoji.to_owned()));
        }
    }
}

/// One message by its position.
pub fn message(
    read: &(impl Read + ?Sized),
    id: ConversationId,
    position: u64,
) -> Result<Option<Message>, StorageError> {
    load(read, &key(id, position))
}

/// One message by who wrote it and its ID.
pub fn message_by_id(
    read: &(impl Read + ?Sized),
    conversation: ConversationId,
    author: UserId,
    id: MessageId,
) -> Result<Option<Message>, StorageError> {
    let place: Option<Place> = load(read, &place_key(conversation, author, id))?;
    let Some(place) = place else { return Ok(None) };
    let found = message(read, conversation, place.position)?;
    found.map(Some).ok_or_else(|| StorageError::Damaged("message_place: names no message".into()))
}

/// A page of at most `limit` messages before a position (the newest without one), in ascending order.
pub fn messages(
    read: &(impl Read + ?Sized),
    id: ConversationId,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Message>, StorageError> {
    let before = before.map(|position| key(id, position));
    let mut page: Vec<Message> = list(read, &id.0, before.as_deref(), Direction::Down, limit)?;
    page.reverse();
    Ok(page)
}

/// All messages behind a position.
pub(super) fn after(
    read: &(impl Read + ?Sized),
    id: ConversationId,
    position: u64,
) -> Result<Vec<Message>, StorageError> {
    list(read, &id.0, Some(&key(id, position)), Direction::Up, usize::MAX)
}

/// Whoever may have written in a conversation, this device included.
pub(super) fn authors(
    read: &(impl Read + ?Sized),
    conversation: &Conversation,
    me: UserId,
) -> Result<Vec<UserId>, StorageError> {
    match conversation.peer {
        Some(peer) => Ok(vec![peer, me]),
        None => {
            let everybody = conversations::members::everybody(read, conversation.id)?;
            Ok(everybody.into_iter().map(|member| member.id).chain([me]).collect())
        }
    }
}

/// The position of a message, whoever wrote it.
pub(super) fn place_of_any(
    read: &(impl Read + ?Sized),
    conversation: &Conversation,
    me: UserId,
    id: MessageId,
) -> Result<Option<u64>, StorageError> {
    for author in authors(read, conversation, me)? {
        let place: Option<Place> = load(read, &place_key(conversation.id, author, id))?;
        if let Some(place) = place {
            return Ok(Some(place.position));
        }
    }
    Ok(None)
}

/// The author of a message of a group that does not open: only its content tells.
pub fn nobody() -> UserId {
    UserId::from_random([0; 5])
}

/// Puts a message that opened into the place of the row that stood for it.
pub(super) fn fill(step: &mut Step<'_>, unopened: &Message, row: &Message) -> Result<(), EngineError> {
    let row = Message { position: unopened.position, ..row.clone() };
    step.tx.remove(Table::MessagePlace, &place_key(row.conversation, unopened.author, row.id))?;
    let (conversation, author, id, position) = (row.conversation, row.author, row.id, row.position);
    save(step.tx, &Place { conversation, author, id, position })?;
    update(step, &row)
}

/// A message came in: it stands last, and the user hears of it unless the conversation is muted.
pub(super) fn arrive(step: &mut Step<'_>, mut conversation: Conversation, row: Message) -> Result<(), EngineError> {
    let position = append(step, &mut conversation, row)?;
    let muted = conversation.muted_until_ms.is_some_and(|until| until > step.by_device_clock(step.now_ms));
    if !muted {
        step.tell(Event::Arrived(conversation.id, position));
    }
    Ok(())
}

/// Gives the message the next position of its conversation.
pub(super) fn append(
    step: &mut Step<'_>,
    conversation: &mut Conversation,
    mut row: Message,
) -> Result<u64, EngineError> {
    row.position = conversation.next_position;
    conversation.next_position += 1;
    conversation.changed_at_ms = step.now_ms;
    if row.counts_as_unread() {
        conversation.unread += 1;
    }
    save(step.tx, &row)?;
    let (author, id, position) = (row.author, row.id, row.position);
    save(step.tx, &Place { conversation: conversation.id, author, id, position })?;
    conversations::update(step, conversation)?;
    tell(step, &row);
    Ok(position)
}

pub(super) fn update(step: &mut Step<'_>, row: &Message) -> Result<(), EngineError> {
    save(step.tx, row)?;
    tell(step, row);
    Ok(())
}

/// The prefix of what came before its message.
pub(super) fn place_key(conversation: ConversationId, author: UserId, id: MessageId) -> Vec<u8> {
    [conversation.0.as_slice(), author.as_str().as_bytes(), &id.0].concat()
}

/// Keeps a content whose message has not come yet.
pub(super) fn keep_early(step: &mut Step<'_>, place: &[u8], limit: usize, value: &[u8]) -> Result<(), EngineError> {
    let kept = step.tx.scan(Table::Early, place, None, Direction::Up, limit)?.len();
    if kept < limit {
        let key = [place, &(kept as u32).to_be_bytes()].concat();
        step.tx.put(Table::Early, &key, value)?;
    }
    Ok(())
}

/// Takes out what was kept for a message, in the order in which it came.
pub(super) fn take_early(step: &mut Step<'_>, place: &[u8]) -> Result<Vec<Vec<u8>>, EngineError> {
    let rows = step.tx.scan(Table::Early, place, None, Direction::Up, usize::MAX)?;
    for (key, _) in &rows {
        step.tx.remove(Table::Early, key)?;
    }
    Ok(rows.into_iter().map(|(_, value)| value).collect())
}

fn key(conversation: ConversationId, position: u64) -> Vec<u8> {
    [conversation.0.as_slice(), &position.to_be_bytes()].concat()
}

/// A message changed on screen.
fn tell(step: &mut Step<'_>, message: &Message) {
    step.tell(Event::Message(message.conversation, message.position));
}
