//! What a content of somebody else does to the conversation.

use prost::Message as _;
use sealpost_wire::{
    id::{DeliveryToken, MessageId, UserId},
    limits,
};

use super::{
    codec::{Delete, Edit, Leave, Profile, Reaction, Receipt, SealAnew, Text},
    compose::{self, EMOJI_BYTES, receipt, set_state},
    row::{self, Body, Message, MessageState},
};
use crate::{
    contacts,
    content::{Content, kind},
    conversations::{self, Conversation, ConversationId},
    error::EngineError,
    step::Step,
};

/// Edits, reactions and receipts that wait for one message.
const EARLY: usize = 64;

/// Applies a content that MLS has attributed to `author`. A content that was applied before changes nothing.
pub fn apply(step: &mut Step<'_>, id: ConversationId, author: UserId, bytes: &[u8]) -> Result<(), EngineError> {
    let conversation = conversations::known(step.tx, id)?;
    let Some((content, message_id)) = Content::read(bytes) else {
        step.account.unhandled += 1;
        return step.save_account();
    };
    let body = content.body.as_slice();
    match content.kind {
        kind::TEXT => text(step, conversation, author, &content, message_id),
        kind::EDIT => match Edit::decode(body) {
            Ok(edit) => change(step, &conversation, author, author, &edit.target, bytes, |message| {
                let fits = edit.text.len() <= limits::TEXT_BYTES && matches!(message.body, Body::Text(_));
                if fits {
                    message.body = Body::Text(edit.text.clone());
                    message.edited = true;
                }
                message.body != Body::Unopened
            }),
            Err(_) => unsupported(step, conversation, author, &content, message_id),
        },
        kind::DELETE => match Delete::decode(body) {
            Ok(delete) => change(step, &conversation, author, author, &delete.target, bytes, |message| {
                message.body = Body::Deleted;
                message.reactions.clear();
                true
            }),
            Err(_) => unsupported(step, conversation, author, &content, message_id),
        },
        kind::REACTION => match Reaction::decode(body) {
            Ok(reaction) if reaction.emoji.len() <= EMOJI_BYTES => {
                let Ok(target_author) = reaction.author.parse() else { return Ok(()) };
                change(step, &conversation, author, target_author, &reaction.target, bytes, |message| {
                    if !matches!(message.body, Body::Deleted | Body::Unopened) {
                        message.react(author, &reaction.emoji);
                    }
                    message.body != Body::Unopened
                })
            }
            _ => unsupported(step, conversation, author, &content, message_id),
        },
        kind::RECEIPT => receipts(step, &conversation, body),
        kind::PROFILE => profile(step, &conversation, author, body),
        kind::LEAVE => match Leave::decode(body) {
            Ok(leave) if conversation.many.is_some() => {
                conversations::leaving::left(step, id, author, &leave.proof)?;
                compose::tell_facts(step)
            }
            _ => unsupported(step, conversation, author, &content, message_id),
        },
        kind::SEAL_ANEW => seal_anew(step, &conversation, body),
        kind::TYPING => Ok(()),
        _ => unsupported(step, conversation, author, &content, message_id),
    }
}

fn text(
    step: &mut Step<'_>,
    conversation: Conversation,
    author: UserId,
    content: &Content,
    id: MessageId,
) -> Result<(), EngineError> {
    let text = match Text::decode(content.body.as_slice()) {
        Ok(text) if text.text.len() <= limits::TEXT_BYTES => text,
        _ => return unsupported(step, conversation, author, content, id),
    };
    let mut row = Message::incoming(&conversation, id, author, step.now_ms, Body::Text(text.text));
    row.sent_at_ms = content.sent_at_ms;
    row.reply_to = MessageId::try_from(text.reply_to.as_slice()).ok();
    row.expires_after_seconds = content.expires_after_seconds;
    receipt(step, &conversation, id, false);
    insert(step, conversation, row)
}

/// Keeps what this version does not know, for the day it is updated.
fn unsupported(
    step: &mut Step<'_>,
    conversation: Conversation,
    author: UserId,
    content: &Content,
    id: MessageId,
) -> Result<(), EngineError> {
    let body = if content.body.len() <= limits::TEXT_BYTES { content.body.clone() } else { Vec::new() };
    let body = Body::Unsupported { kind: content.kind, body };
    let mut row = Message::incoming(&conversation, id, author, step.now_ms, body);
    row.sent_at_ms = content.sent_at_ms;
    insert(step, conversation, row)
}

/// Adds a row, or fills the one that stood for a message that did not open. Then applies what came before it.
fn insert(step: &mut Step<'_>, conversation: Conversation, row: Message) -> Result<(), EngineError> {
    let (id, author, message_id) = (conversation.id, row.author, row.id);
    match row::message_by_id(step.tx, id, author, message_id)? {
        Some(known) if known.body == Body::Unopened => row::fill(step, &known, &row)?,
        Some(_) => return Ok(()),
        None => match row::message_by_id(step.tx, id, row::nobody(), message_id)? {
            Some(unopened) if conversation.many.is_some() => row::fill(step, &unopened, &row)?,
            _ => row::arrive(step, conversation, row)?,
        },
    }
    for early in row::take_early(step, &row::place_key(id, author, message_id))? {
        let by = early.get(..8).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|text| text.parse().ok());
        if let (Some(by), Some(content)) = (by, early.get(8..)) {
            apply(step, id, by, content)?;
        }
    }
    Ok(())
}

/// Changes the message that a content names; keeps the content where the message has not come yet, or `change` says
/// that it needs its text.
fn change(
    step: &mut Step<'_>,
    conversation: &Conversation,
    by: UserId,
    target_author: UserId,
    target: &[u8],
    bytes: &[u8],
    change: impl FnOnce(&mut Message) -> bool,
) -> Result<(), EngineError> {
    let Ok(target) = MessageId::try_from(target) else { return Ok(()) };
    if let Some(mut message) = row::message_by_id(step.tx, conversation.id, target_author, target)? {
        let was_unread = message.counts_as_unread() && message.position > conversation.read_up_to;
        if change(&mut message) {
            if was_unread && !message.counts_as_unread() {
                let unread = conversation.unread.saturating_sub(1);
                conversations::update(step, &Conversation { unread, ..conversation.clone() })?;
            }
            return row::update(step, &message);
        }
    }
    let place = row::place_key(conversation.id, target_author, target);
    row::keep_early(step, &place, EARLY, &[by.as_str().as_bytes(), bytes].concat())
}

fn receipts(step: &mut Step<'_>, conversation: &Conversation, body: &[u8]) -> Result<(), EngineError> {
    let Ok(receipt) = Receipt::decode(body) else { return Ok(()) };
    let state = if receipt.read { MessageState::Read } else { MessageState::Delivered };
    for target in receipt.targets.iter().take(compose::RECEIPTS) {
        if let Ok(id) = MessageId::try_from(target.as_slice()) {
            set_state(step, conversation.id, id, state)?;
        }
    }
    Ok(())
}

fn profile(step: &mut Step<'_>, conversation: &Conversation, author: UserId, body: &[u8]) -> Result<(), EngineError> {
    let Ok(profile) = Profile::decode(body) else { return Ok(()) };
    if conversation.many.is_some() {
        return conversations::members::name_member(step, conversation.id, author, &profile.name, true);
    }
    let token = DeliveryToken::try_from(profile.token.as_slice()).ok();
    contacts::update_profile(step, author, &profile.name, token)
}

/// Somebody could not open one of our messages: it is sealed anew, with its ID, for a week.
fn seal_anew(step: &mut Step<'_>, conversation: &Conversation, body: &[u8]) -> Result<(), EngineError> {
    let Some(target) = SealAnew::decode(body).ok().and_then(|it| MessageId::try_from(it.target.as_slice()).ok()) else {
        return Ok(());
    };
    let Some(message) = row::message_by_id(step.tx, conversation.id, step.account.id, target)? else { return Ok(()) };
    // Many may ask for it at once; one repetition serves them all. What is sealed already is what they can't open.
    if conversation.many.is_some() && compose::is_to_be_sealed(step, conversation, target)? {
        return Ok(());
    }
    compose::repeat(step, conversation, &message)
}
