//! Messages that did not open: each stands as a row of its own, and its author is asked to seal it anew until it opens.

use sealpost_wire::{
    id::{MessageId, UserId},
    limits,
};
use serde::{Deserialize, Serialize};

use super::{
    codec::{self, SealAnew},
    row::{self, Body, Message},
};
use crate::{
    contacts,
    content::{Content, kind},
    conversations::{self, ConversationId, ensure_group},
    error::EngineError,
    mls::{GroupId, PAST_EPOCHS},
    outbox::{self, JobKind, Lane},
    step::Step,
    storage::{Row, Table, all, save},
};

/// A message that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Asked {
    conversation: ConversationId,
    message: MessageId,
    /// Where its conversation stood when it was asked for last.
    group: Option<GroupId>,
    epoch: u64,
    first_asked_at_ms: u64,
}

impl Row for Asked {
    const TABLE: Table = Table::Asked;

    fn key(&self) -> Vec<u8> {
        [self.conversation.0.as_slice(), &self.message.0].concat()
    }
}

/// A message that does not open stands as a row of its own, and its author is asked to seal it anew; a stranger only
/// when their request is accepted.
pub fn unopenable(
    step: &mut Step<'_>,
    id: ConversationId,
    author: Option<UserId>,
    message_id: MessageId,
) -> Result<(), EngineError> {
    let conversation = conversations::known(step.tx, id)?;
    let known = match author {
        Some(author) => row::message_by_id(step.tx, id, author, message_id)?.is_some(),
        None => {
            let stands = row::message_by_id(step.tx, id, row::nobody(), message_id)?.is_some();
            stands || row::place_of_any(step.tx, &conversation, step.account.id, message_id)?.is_some()
        }
    };
    if known || !conversation.takes_part() {
        return Ok(());
    }
    let author = author.unwrap_or_else(row::nobody);
    let row = Message::incoming(&conversation, message_id, author, step.now_ms, Body::Unopened);
    row::arrive(step, conversation.clone(), row)?;
    let peer = conversation.peer.map(|peer| contacts::known(step.tx, peer)).transpose()?;
    if peer.is_some_and(|peer| !peer.is_answered()) {
        return Ok(());
    }
    ask_for(step, id, message_id)
}

/// Asks the author to seal a message anew.
pub(super) fn ask_for(step: &mut Step<'_>, id: ConversationId, message_id: MessageId) -> Result<(), EngineError> {
    let conversation = conversations::known(step.tx, id)?;
    ensure_group(step, &conversation)?;
    let epoch = conversation.group.map_or(Ok(0), |group| conversations::slots::epoch(step, group))?;
    let (message, group, first_asked_at_ms) = (message_id, conversation.group, step.now_ms);
    save(step.tx, &Asked { conversation: id, message, group, epoch, first_asked_at_ms })?;
    queue(step, id, message_id)
}

/// Asks again for what was asked for so many epochs ago that the question, or what was sealed anew, may have come too
/// late to open as well.
pub fn ask_again(step: &mut Step<'_>, group: GroupId, epoch: u64) -> Result<(), EngineError> {
    let Some(state) = conversations::group(step.tx, group)? else { return Ok(()) };
    let conversation = conversations::known(step.tx, state.conversation)?;
    if conversation.group != Some(group) {
        return Ok(());
    }
    for asked in all::<Asked>(step.tx, &conversation.id.0)? {
        let author = conversation.peer.unwrap_or_else(row::nobody);
        let row = row::message_by_id(step.tx, conversation.id, author, asked.message)?;
        let stands = row.is_some_and(|row| row.body == Body::Unopened);
        if !stands || step.since(asked.first_asked_at_ms) > limits::RESEAL_SECONDS * 1000 {
            step.tx.remove(Table::Asked, &asked.key())?;
        } else if asked.group != Some(group) || asked.epoch + (PAST_EPOCHS as u64) < epoch {
            let message = asked.message;
            save(step.tx, &Asked { group: Some(group), epoch, ..asked })?;
            if !is_queued(step, conversation.id, message)? {
                queue(step, conversation.id, message)?;
            }
        }
    }
    Ok(())
}

/// Whether the question waits to be sealed.
fn is_queued(step: &Step<'_>, id: ConversationId, message_id: MessageId) -> Result<bool, EngineError> {
    let waiting = outbox::lane(step.tx, Lane::Receipts(id))?;
    Ok(waiting.iter().filter(|job| job.sealed.is_none()).any(|job| match &job.kind {
        JobKind::Content { content, .. } => codec::asks_for(content, message_id),
        _ => false,
    }))
}

fn queue(step: &mut Step<'_>, id: ConversationId, message_id: MessageId) -> Result<(), EngineError> {
    let new_id = MessageId(step.random_bytes());
    let content = Content::new(kind::SEAL_ANEW, new_id, step.now_ms, &SealAnew { target: message_id.0.to_vec() });
    let content = prost::Message::encode_to_vec(&content);
    let kind = JobKind::Content { conversation: id, content, message: None };
    outbox::enqueue(step, Lane::Receipts(id), kind, 0)
}
