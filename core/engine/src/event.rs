//! What may be told to the shells, after the commit and by name only: they read what it names.

use sealpost_wire::id::UserId;

use crate::names::ConversationId;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Account,
    Contact(UserId),
    Conversation(ConversationId),
    /// A message was added or changed.
    Message(ConversationId, u64),
    /// A message of somebody else was added, in a conversation that is not muted.
    Arrived(ConversationId, u64),
    Typing(ConversationId, UserId),
}
