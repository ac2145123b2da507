//! What the user does in a conversation: each verb changes the screen here, and queues what the others are to learn.

use sealpost_wire::{
    id::{MessageId, UserId},
    limits,
};

use crate::{
    contacts,
    content::{Content, kind},
    conversations::{self, Conversation, ConversationId, ensure_group},
    error::EngineError,
    outbox::{self, Job, JobKind, Lane},
    step::Step,
};

use super::{
    codec::{self, Delete, Edit, Profile, Reaction, Receipt, Text},
    row::{self, Body, Message, MessageState, System, message_by_id},
    unopened::ask_for,
};

/// Receipts wait up to this long, so that the relay can't match them with what they answer.
const RECEIPT_PAUSE_MS: u64 = 2_000;
/// The longest reaction: one emoji with its modifiers.
pub(super) const EMOJI_BYTES: usize = 64;
/// How many of the last messages are looked through for some without a receipt.
const SENT_AGAIN: usize = 500;
/// Receipts that one content carries.
pub(super) const RECEIPTS: usize = 100;

/// Composes a text: it stands in the conversation and in the outbox from this step on.
pub fn send_text(
    step: &mut Step<'_>,
    id: ConversationId,
    text: &str,
    reply_to: Option<MessageId>,
) -> Result<u64, EngineError> {
    check_text(text)?;
    let mut conversation = writable(step, id)?;
    if let Some(target) = reply_to {
        row::place_of_any(step.tx, &conversation, step.account.id, target)?.ok_or(EngineError::UnknownMessage)?;
    }
    let message_id = MessageId(step.random_bytes());
    let obstacle = outbox::obstacle(step.tx, &[Lane::Contents(id), Lane::Opening(id)])?;
    let row = Message {
        conversation: id,
        position: 0,
        id: message_id,
        author: step.account.id,
        mine: true,
        sent_at_ms: step.now_ms,
        received_at_ms: step.now_ms,
        body: Body::Text(text.to_owned()),
        reply_to,
        edited: false,
        reactions: Vec::new(),
        state: obstacle.map_or(MessageState::Waiting, MessageState::Failed),
        accepted_at_ms: None,
        unreached: Vec::new(),
        expires_after_seconds: 0,
    };
    conversation.draft.clear();
    let position = row::append(step, &mut conversation, row)?;
    let body = Text { text: text.to_owned(), reply_to: reply_to.map(|id| id.0.to_vec()).unwrap_or_default() };
    let content = Content::new(kind::TEXT, message_id, step.now_ms, &body);
    enqueue(step, &conversation, &content, Some(message_id))?;
    Ok(position)
}

/// Sends again, in another conversation, the own texts of the last week that have no receipt: their reader has a new
/// ID. Answers how many these are.
pub fn send_elsewhere(step: &mut Step<'_>, from: ConversationId, to: ConversationId) -> Result<u32, EngineError> {
    conversations::known(step.tx, from)?;
    writable(step, to)?;
    let since_ms = step.now_ms.saturating_sub(limits::RESEAL_SECONDS * 1000);
    let mut count = 0;
    for message in row::after(step.tx, from, 0)? {
        let received = matches!(message.state, MessageState::Delivered | MessageState::Read);
        if let Body::Text(text) = &message.body
            && message.mine
            && !received
            && message.sent_at_ms >= since_ms
        {
            send_text(step, to, text, None)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Replaces the text of an own message, here and for the others.
pub fn edit(step: &mut Step<'_>, id: ConversationId, target: MessageId, text: &str) -> Result<(), EngineError> {
    check_text(text)?;
    let conversation = writable(step, id)?;
    let mut message = own(step, id, target)?;
    if !matches!(message.body, Body::Text(_)) {
        return Err(EngineError::UnknownMessage);
    }
    message.body = Body::Text(text.to_owned());
    message.edited = true;
    row::update(step, &message)?;
    let body = Edit { target: target.0.to_vec(), text: text.to_owned() };
    enqueue_new(step, &conversation, kind::EDIT, &body)
}

/// Takes an own message back, here and for the others (who may have read it).
pub fn delete(step: &mut Step<'_>, id: ConversationId, target: MessageId) -> Result<(), EngineError> {
    let conversation = writable(step, id)?;
    let mut message = own(step, id, target)?;
    message.body = Body::Deleted;
    message.reactions.clear();
    row::update(step, &message)?;
    enqueue_new(step, &conversation, kind::DELETE, &Delete { target: target.0.to_vec() })
}

/// Sets one's reaction to a message; an empty one takes it back.
pub fn react(
    step: &mut Step<'_>,
    id: ConversationId,
    author: UserId,
    target: MessageId,
    emoji: &str,
) -> Result<(), EngineError> {
    if emoji.len() > EMOJI_BYTES {
        return Err(EngineError::TooLong { limit_bytes: EMOJI_BYTES });
    }
    let conversation = writable(step, id)?;
    let mut message = message_by_id(step.tx, id, author, target)?.ok_or(EngineError::UnknownMessage)?;
    message.react(step.account.id, emoji);
    row::update(step, &message)?;
    let body = Reaction { author: author.to_string(), target: target.0.to_vec(), emoji: emoji.to_owned() };
    enqueue_new(step, &conversation, kind::REACTION, &body)
}

/// The user has seen the conversation up to here.
pub fn mark_read(step: &mut Step<'_>, id: ConversationId, position: u64) -> Result<(), EngineError> {
    let mut conversation = conversations::known(step.tx, id)?;
    let up_to = position.min(conversation.next_position.saturating_sub(1));
    if up_to <= conversation.read_up_to {
        return Ok(());
    }
    let unread = row::after(step.tx, id, conversation.read_up_to)?;
    let (read, left): (Vec<Message>, Vec<Message>) =
        unread.into_iter().filter(Message::counts_as_unread).partition(|message| message.position <= up_to);
    conversation.read_up_to = up_to;
    conversation.unread = left.len() as u32;
    conversations::update(step, &conversation)?;
    if step.account.read_receipts {
        for message in read.iter().filter(|message| matches!(message.body, Body::Text(_))) {
            receipt(step, &conversation, message.id, true);
        }
    }
    Ok(())
}

pub fn set_draft(step: &mut Step<'_>, id: ConversationId, draft: &str) -> Result<(), EngineError> {
    if draft.len() > limits::TEXT_BYTES {
        return Err(EngineError::TooLong { limit_bytes: limits::TEXT_BYTES });
    }
    let mut conversation = conversations::known(step.tx, id)?;
    conversation.draft = draft.to_owned();
    conversations::update(step, &conversation)
}

pub fn mute(step: &mut Step<'_>, id: ConversationId, until_ms: Option<u64>) -> Result<(), EngineError> {
    let mut conversation = conversations::known(step.tx, id)?;
    conversation.muted_until_ms = until_ms;
    conversations::update(step, &conversation)
}

/// The content of a typing signal; it goes by the ephemeral lane.
pub fn typing(step: &mut Step<'_>) -> Vec<u8> {
    let id = MessageId(step.random_bytes());
    prost::Message::encode_to_vec(&Content::new(kind::TYPING, id, step.now_ms, &codec::Typing {}))
}

/// Tells the others our name; in a conversation of two our current token, too, which never travels in a group.
pub fn send_profile(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    let token = conversation.peer.map(|_| step.account.contacts_token.0.to_vec()).unwrap_or_default();
    let body = Profile { name: step.account.name.clone(), token };
    enqueue_new(step, conversation, kind::PROFILE, &body)
}

/// The peer has made the group anew, perhaps because the old one is gone there: what was sent and has no receipt is
/// sent again, under its ID, for a week.
pub fn send_again(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    for message in row::messages(step.tx, conversation.id, None, SENT_AGAIN)? {
        if message.mine && message.state == MessageState::Sent {
            repeat(step, conversation, &message)?;
        }
    }
    Ok(())
}

/// This device is back in a group, or in a new one: it asks again for what did not open, and sends again what may not
/// have opened for the others.
pub fn make_up(
    step: &mut Step<'_>,
    conversation: &Conversation,
    apart_since_ms: Option<u64>,
) -> Result<(), EngineError> {
    let recently = step.now_ms.saturating_sub(limits::RESEAL_SECONDS * 1000);
    for message in row::messages(step.tx, conversation.id, None, SENT_AGAIN)? {
        let apart = apart_since_ms.is_some_and(|since| message.sent_at_ms >= since);
        match message.body {
            Body::Unopened if message.received_at_ms >= recently => ask_for(step, conversation.id, message.id)?,
            Body::Text(_) if message.mine && apart && !is_queued(step, conversation, message.id)? => {
                repeat(step, conversation, &message)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Queues an own text again, with its ID, if the relay did not take it too long ago.
pub(super) fn repeat(step: &mut Step<'_>, conversation: &Conversation, message: &Message) -> Result<(), EngineError> {
    let age_ms = step.now_ms.saturating_sub(message.accepted_at_ms.unwrap_or(message.sent_at_ms));
    let Body::Text(text) = &message.body else { return Ok(()) };
    if age_ms > limits::RESEAL_SECONDS * 1000 {
        return Ok(());
    }
    let reply_to = message.reply_to.map(|id| id.0.to_vec()).unwrap_or_default();
    let text = Text { text: text.clone(), reply_to };
    enqueue(step, conversation, &Content::new(kind::TEXT, message.id, message.sent_at_ms, &text), Some(message.id))
}

/// The messages of an accepted request may be acknowledged now, or asked for where they did not open.
pub fn acknowledge_request(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    for message in row::after(step.tx, conversation.id, 0)? {
        match message.body {
            Body::Text(_) if !message.mine => receipt(step, conversation, message.id, false),
            Body::Unopened => ask_for(step, conversation.id, message.id)?,
            _ => {}
        }
    }
    Ok(())
}

/// The outbox has news of an own message.
pub fn set_state(
    step: &mut Step<'_>,
    id: ConversationId,
    message_id: MessageId,
    state: MessageState,
) -> Result<(), EngineError> {
    let Some(mut message) = message_by_id(step.tx, id, step.account.id, message_id)? else { return Ok(()) };
    if message.state.may_become(state) {
        message.state = state;
        if state == MessageState::Sent {
            message.accepted_at_ms = Some(step.now_ms);
        }
        row::update(step, &message)?;
    }
    Ok(())
}

/// The outbox has news of a member's mailbox: whether it still has to take an own message.
pub fn set_unreached(
    step: &mut Step<'_>,
    id: ConversationId,
    message_id: MessageId,
    member: UserId,
    unreached: bool,
) -> Result<(), EngineError> {
    let Some(mut message) = message_by_id(step.tx, id, step.account.id, message_id)? else { return Ok(()) };
    let before = message.unreached.len();
    message.unreached.retain(|id| *id != member);
    message.unreached.extend(unreached.then_some(member));
    if message.unreached.len() != before { row::update(step, &message) } else { Ok(()) }
}

/// Adds a row that tells what happened to a conversation of two.
pub fn add_system(step: &mut Step<'_>, id: ConversationId, what: System) -> Result<(), EngineError> {
    let author = conversations::known(step.tx, id)?.peer.unwrap_or(step.account.id);
    add_system_by(step, id, author, what)
}

/// Shows what the conversations have noted since the last time.
pub fn tell_facts(step: &mut Step<'_>) -> Result<(), EngineError> {
    for fact in std::mem::take(&mut step.facts) {
        add_system_by(step, fact.conversation, fact.by, System::Happened(fact.what))?;
    }
    Ok(())
}

fn add_system_by(step: &mut Step<'_>, id: ConversationId, author: UserId, what: System) -> Result<(), EngineError> {
    let mut conversation = conversations::known(step.tx, id)?;
    let message_id = MessageId(step.random_bytes());
    let row = Message::incoming(&conversation, message_id, author, step.now_ms, Body::System(what));
    row::append(step, &mut conversation, row)?;
    Ok(())
}

/// Tells the members that we leave.
pub fn send_leave(step: &mut Step<'_>, id: ConversationId, proof: Vec<u8>) -> Result<(), EngineError> {
    let conversation = conversations::known(step.tx, id)?;
    enqueue_new(step, &conversation, kind::LEAVE, &codec::Leave { proof })
}

/// Whether the content says that this device leaves.
pub fn is_leave(content: &[u8]) -> bool {
    Content::read(content).is_some_and(|(content, _)| content.kind == kind::LEAVE)
}

/// Whether a content is about the group or this device's own messages: it counts whoever is blocked.
pub fn concerns_all(content: &[u8]) -> bool {
    Content::read(content).is_some_and(|(content, _)| matches!(content.kind, kind::LEAVE | kind::SEAL_ANEW))
}

/// Whether this message waits to leave.
pub(super) fn is_queued(step: &Step<'_>, conversation: &Conversation, id: MessageId) -> Result<bool, EngineError> {
    Ok(!jobs_of(step, conversation, id)?.is_empty())
}

/// Whether this message waits to be sealed.
pub(super) fn is_to_be_sealed(
    step: &Step<'_>,
    conversation: &Conversation,
    id: MessageId,
) -> Result<bool, EngineError> {
    Ok(jobs_of(step, conversation, id)?.iter().any(|job| job.sealed.is_none()))
}

fn jobs_of(step: &Step<'_>, conversation: &Conversation, id: MessageId) -> Result<Vec<Job>, EngineError> {
    let mut jobs = outbox::lane(step.tx, Lane::Contents(conversation.id))?;
    jobs.retain(|job| matches!(job.kind, JobKind::Content { message: Some(message), .. } if message == id));
    Ok(jobs)
}

/// Notes that a receipt is owed. In a group they would be as many as there are members, for every message.
pub(super) fn receipt(step: &mut Step<'_>, conversation: &Conversation, id: MessageId, read: bool) {
    if conversation.peer.is_some() {
        step.receipts.push((conversation.id, id, read));
    }
}

/// Queues the receipts that are owed, joined to those that wait already. A stranger gets none.
pub fn queue_receipts(step: &mut Step<'_>) -> Result<(), EngineError> {
    let owed = std::mem::take(&mut step.receipts);
    for owed in owed.chunk_by(|one, next| (one.0, one.2) == (next.0, next.2)) {
        let (id, _, read) = owed[0];
        let peer = conversations::known(step.tx, id)?.peer.map(|peer| contacts::known(step.tx, peer)).transpose()?;
        if peer.is_some_and(|peer| !peer.request) {
            let mut targets = owed.iter().map(|(_, target, _)| target.0.to_vec()).peekable();
            while targets.peek().is_some() {
                queue_receipt(step, id, read, &mut targets)?;
            }
        }
    }
    Ok(())
}

/// Queues as many receipts as fit into the one that waits, or else into a new one.
fn queue_receipt(
    step: &mut Step<'_>,
    id: ConversationId,
    read: bool,
    targets: &mut impl Iterator<Item = Vec<u8>>,
) -> Result<(), EngineError> {
    let lane = Lane::Receipts(id);
    if let Some(mut job) = outbox::last(step.tx, lane)?.filter(|job| job.sealed.is_none())
        && let JobKind::Content { content, .. } = &mut job.kind
        && let Some(joined) = codec::join_receipt(content, targets, read, RECEIPTS)
    {
        *content = joined;
        return outbox::update(step, &job);
    }
    let body = Receipt { read, targets: targets.take(RECEIPTS).collect() };
    let content = Content::new(kind::RECEIPT, MessageId(step.random_bytes()), step.now_ms, &body);
    let pause = 1 + step.random_below(RECEIPT_PAUSE_MS);
    let kind = JobKind::Content { conversation: id, content: prost::Message::encode_to_vec(&content), message: None };
    outbox::enqueue(step, lane, kind, pause)
}

fn enqueue_new(
    step: &mut Step<'_>,
    conversation: &Conversation,
    kind: u32,
    body: &impl prost::Message,
) -> Result<(), EngineError> {
    let content = Content::new(kind, MessageId(step.random_bytes()), step.now_ms, body);
    enqueue(step, conversation, &content, None)
}

pub(super) fn enqueue(
    step: &mut Step<'_>,
    conversation: &Conversation,
    content: &Content,
    message: Option<MessageId>,
) -> Result<(), EngineError> {
    ensure_group(step, conversation)?;
    let content = prost::Message::encode_to_vec(content);
    let kind = JobKind::Content { conversation: conversation.id, content, message };
    outbox::enqueue(step, Lane::Contents(conversation.id), kind, 0)
}

/// The conversation, if one may write in it. Writing accepts a request.
fn writable(step: &mut Step<'_>, id: ConversationId) -> Result<Conversation, EngineError> {
    if !step.account.is_active() {
        return Err(EngineError::NotRegistered);
    }
    let conversation = conversations::known(step.tx, id)?;
    let Some(peer) = conversation.peer else {
        if !conversation.is_member() {
            return Err(EngineError::NotAMember);
        }
        let alarm = conversations::members(step.tx, id)?.iter().any(|member| member.alarm);
        return if alarm { Err(EngineError::KeyChanged) } else { Ok(conversation) };
    };
    let contact = contacts::known(step.tx, peer)?;
    if contact.blocked {
        return Err(EngineError::Blocked);
    }
    if contact.alarm {
        return Err(EngineError::KeyChanged);
    }
    if contact.request && contacts::accept(step, contact.id)? {
        accepted(step, &conversation)?;
    }
    Ok(conversation)
}

/// A request was accepted: they learn our name and token, and that their messages arrived.
pub fn accepted(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    send_profile(step, conversation)?;
    acknowledge_request(step, conversation)
}

fn own(step: &Step<'_>, id: ConversationId, target: MessageId) -> Result<Message, EngineError> {
    if let Some(message) = message_by_id(step.tx, id, step.account.id, target)? {
        return Ok(message);
    }
    let conversation = conversations::known(step.tx, id)?;
    let theirs = row::place_of_any(step.tx, &conversation, step.account.id, target)?;
    Err(if theirs.is_some() { EngineError::NotYours } else { EngineError::UnknownMessage })
}

fn check_text(text: &str) -> Result<(), EngineError> {
    if text.trim().is_empty() {
        return Err(EngineError::Empty);
    }
    if text.len() > limits::TEXT_BYTES {
        return Err(EngineError::TooLong { limit_bytes: limits::TEXT_BYTES });
    }
    Ok(())
}
