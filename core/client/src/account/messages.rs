//! Conversations and their messages.

use sealpost_engine::{
    command::{Command, Reply},
    conversations::{self, ConversationId},
    error::EngineError,
    messages,
};

use super::Account;
use crate::{
    error::Error,
    types::{Conversation, Message},
    views,
};

/// The longest page of messages.
const PAGE: usize = 500;

impl Account {
    /// All conversations, the one that changed last first.
    pub fn conversations(&self) -> Result<Vec<Conversation>, Error> {
        self.read(|read| {
            let rows = conversations::conversations(read)?;
            rows.iter().map(|row| views::conversation(read, row)).collect()
        })
    }

    /// The conversation with a contact, made where there is none.
    pub fn conversation_with(&self, id: &str) -> Result<Conversation, Error> {
        match self.command(Command::OpenConversation(views::user_id(id)?))? {
            Reply::Conversation(id) => self.conversation_row(id),
            _ => Err(Error::UnknownConversation),
        }
    }

    pub fn conversation(&self, conversation: &str) -> Result<Conversation, Error> {
        self.conversation_row(views::conversation_id(conversation)?)
    }

    /// A page of at most 500 messages before a position (the newest without one), in ascending order.
    pub fn messages(&self, conversation: &str, before: Option<u64>, limit: u32) -> Result<Vec<Message>, Error> {
        let id = views::conversation_id(conversation)?;
        let limit = usize::try_from(limit).map_or(PAGE, |limit| limit.min(PAGE));
        let rows = self.read(|read| {
            conversations::known(read, id)?;
            Ok(messages::messages(read, id, before, limit)?)
        })?;
        Ok(rows.into_iter().map(views::message).collect())
    }

    /// A page of at most 500 messages behind a position (the oldest without one), in ascending order; empty where
    /// there are no more.
    pub fn messages_after(&self, conversation: &str, after: Option<u64>, limit: u32) -> Result<Vec<Message>, Error> {
        let id = views::conversation_id(conversation)?;
        let limit = usize::try_from(limit).map_or(PAGE, |limit| limit.clamp(1, PAGE));
        let rows = self.read(|read| {
            conversations::known(read, id)?;
            let newest = messages::messages(read, id, None, 1)?.pop().map(|row| row.position);
            let mut start = after.map_or(0, |after| after.saturating_add(1));
            // Positions have gaps where messages moved to another conversation.
            while newest.is_some_and(|newest| start <= newest) {
                let end = start.saturating_add(limit as u64);
                let mut page = messages::messages(read, id, Some(end), limit)?;
                page.retain(|row| row.position >= start);
                if !page.is_empty() {
                    return Ok(page);
                }
                start = end;
            }
            Ok(Vec::new())
        })?;
        Ok(rows.into_iter().map(views::message).collect())
    }

    pub fn message(&self, conversation: &str, position: u64) -> Result<Message, Error> {
        self.message_row(views::conversation_id(conversation)?, position)
    }

    /// Writes a text; it is in the outbox when this returns. `reply_to`: a message's ID.
    ///
    /// # Errors
    /// `Empty`, `TooLong`, `Blocked`, `KeyChanged`, `UnknownMessage`.
    pub fn send_text(&self, conversation: &str, text: &str, reply_to: Option<&str>) -> Result<Message, Error> {
        let conversation = views::conversation_id(conversation)?;
        let reply_to = reply_to.map(views::message_id).transpose()?;
        match self.command(Command::SendText { conversation, text: text.to_owned(), reply_to })? {
            Reply::Message(conversation, position) => self.message_row(conversation, position),
            _ => Err(Error::UnknownMessage),
        }
    }

    /// Sends the own texts of the last week that have no receipt in another conversation, where their reader has a new
    /// ID. Answers how many these are.
    ///
    /// # Errors
    /// `UnknownConversation`, `Blocked`, `KeyChanged`.
    pub fn send_again(&self, from: &str, to: &str) -> Result<u32, Error> {
        let (from, to) = (views::conversation_id(from)?, views::conversation_id(to)?);
        match self.command(Command::SendElsewhere { from, to })? {
            Reply::Count(count) => Ok(count),
            _ => Err(Error::UnknownConversation),
        }
    }

    /// Replaces the text of an own message, here and for the others.
    pub fn edit(&self, conversation: &str, message: &str, text: &str) -> Result<(), Error> {
        let (conversation, message) = (views::conversation_id(conversation)?, views::message_id(message)?);
        self.done(Command::EditMessage { conversation, message, text: text.to_owned() })
    }

    /// Takes an own message back, here and for the others; they may have read it.
    pub fn delete(&self, conversation: &str, message: &str) -> Result<(), Error> {
        let (conversation, message) = (views::conversation_id(conversation)?, views::message_id(message)?);
        self.done(Command::DeleteMessage { conversation, message })
    }

    /// Sets one's reaction to a message; an empty one takes it back.
    pub fn react(&self, conversation: &str, message: &str, author: &str, emoji: &str) -> Result<(), Error> {
        self.done(Command::React {
            conversation: views::conversation_id(conversation)?,
            author: views::user_id(author)?,
            message: views::message_id(message)?,
            emoji: emoji.to_owned(),
        })
    }

    /// The user has seen the conversation up to this position.
    pub fn mark_read(&self, conversation: &str, position: u64) -> Result<(), Error> {
        self.done(Command::MarkRead { conversation: views::conversation_id(conversation)?, position })
    }

    pub fn set_draft(&self, conversation: &str, draft: &str) -> Result<(), Error> {
        self.done(Command::SetDraft { conversation: views::conversation_id(conversation)?, draft: draft.to_owned() })
    }

    /// No `Arrived` events until then (Unix milliseconds; `u64::MAX` for good); `None` ends it.
    pub fn mute(&self, conversation: &str, until_ms: Option<u64>) -> Result<(), Error> {
        self.done(Command::Mute { conversation: views::conversation_id(conversation)?, until_ms })
    }

    /// Tells the others that the user is typing, if they are there; nothing is kept.
    pub fn typing(&self, conversation: &str) -> Result<(), Error> {
        self.done(Command::Typing(views::conversation_id(conversation)?))
    }

    pub(super) fn conversation_row(&self, id: ConversationId) -> Result<Conversation, Error> {
        self.read(|read| views::conversation(read, &conversations::known(read, id)?))
    }

    fn message_row(&self, id: ConversationId, position: u64) -> Result<Message, Error> {
        let row = self.read(|read| messages::message(read, id, position)?.ok_or(EngineError::UnknownMessage))?;
        Ok(views::message(row))
    }
}
