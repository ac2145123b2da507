//! From the outbox to the relay: which jobs leave now, and how what they hold is sealed.
//!
//! A content is sealed when it is handed over, in the same step; what MLS sealed stays with the job.

mod answers;
mod recipients;

use std::collections::BTreeSet;

use prost::Message as _;
use sealpost_wire::{
    envelope::Delivery,
    id::{DeliveryId, MessageId, UserId},
};

use crate::{
    command::{Outgoing, Request},
    contacts,
    conversations::{self, Conversation, ConversationId, Standing, filled, hand_on, slots},
    error::EngineError,
    identity,
    messages::{self, MessageState},
    outbox::{self, Blocked, InFlight, Job, JobKind, Sealed},
    simulation::{Planted, planted},
    step::Step,
};

pub use answers::answered;

/// Hands over what may leave now, what that brings about included: a claim, a key package to fetch, the next of a lane
/// whose first has become pointless. Returns the requests and when to look again (Unix milliseconds).
pub fn hand_over(step: &mut Step<'_>, in_flight: &InFlight) -> Result<(Vec<Outgoing>, Option<u64>), EngineError> {
    let mut requests = Vec::new();
    let mut wake_at_ms: Option<u64> = None;
    let mut looked_at = BTreeSet::new();
    loop {
        let mut heads = outbox::heads(step.tx)?;
        heads.retain(|job| !in_flight.contains(&job.id) && looked_at.insert(job.id.clone()));
        if heads.is_empty() {
            return Ok((requests, wake_at_ms));
        }
        for job in heads.into_iter().filter(|job| job.blocked.is_none()) {
            if job.not_before_ms > step.now_ms && !step.is_from_wrong_clock(job.not_before_ms) {
                wake_at_ms = Some(wake_at_ms.map_or(job.not_before_ms, |wake| wake.min(job.not_before_ms)));
                continue;
            }
            let id = job.id.clone();
            match prepare(step, job.clone()) {
                Ok(Some(request)) if planted(Planted::ForgetJobs) => {
                    outbox::remove(step, &id)?;
                    requests.push(Outgoing { job: Some(id), request });
                }
                Ok(request) => requests.extend(request.map(|request| Outgoing { job: Some(id), request })),
                Err(error) if error.is_storage() => return Err(error),
                // What can't be made ready stops nobody else.
                Err(_) => answers::block(step, job, Blocked::Refused)?,
            }
        }
    }
}

/// The request of a job; `None` where it has to wait for another, was blocked, or has become pointless.
fn prepare(step: &mut Step<'_>, job: Job) -> Result<Option<Request>, EngineError> {
    match &job.kind {
        JobKind::Content { conversation, .. } => {
            let conversation = conversations::known(step.tx, *conversation)?;
            prepare_content(step, job, &conversation)
        }
        JobKind::Welcome { .. } | JobKind::Commit { .. } | JobKind::Ask { .. } | JobKind::Behind { .. } => {
            recipients::prepare(step, job)
        }
        JobKind::Gather { .. } => prepare_gathering(step, job),
        _ => prepare_request(step, job),
    }
}

fn prepare_content(
    step: &mut Step<'_>,
    mut job: Job,
    conversation: &Conversation,
) -> Result<Option<Request>, EngineError> {
    let JobKind::Content { content, message, .. } = &job.kind else { return Ok(None) };
    // What is not sealed yet waits for that of itself.
    if job.sealed.is_some() && conversations::catches_up(step, conversation)? {
        return Ok(None);
    }
    if let Some((group, epoch)) = job.sealed_in()
        && (planted(Planted::SealAfresh) || !conversations::still_opens(step, conversation.id, group, epoch)?)
    {
        job.sealed = None;
        outbox::update(step, &job)?;
    }
    if job.sealed.is_none() {
        if let Some(reason) = obstacle(step, conversation, content)? {
            match message {
                Some(_) => answers::block(step, job, reason)?,
                // Nobody waits for a receipt or an edit that can't be sent.
                None => outbox::remove(step, &job.id)?,
            }
            return Ok(None);
        }
        if outbox::awaits_other_group(step.tx, conversation.id, conversation.group)? {
            return Ok(None);
        }
        let Some((parcel, sealed_in)) = conversations::seal_content(step, conversation.id, content, *message)? else {
            conversations::ensure_group(step, conversation)?;
            return Ok(None);
        };
        let delivery_id = DeliveryId(step.random_bytes());
        job.sealed = Some(Sealed { delivery_id, parcel, sealed_in: Some(sealed_in), to: Vec::new() });
        outbox::update(step, &job)?;
        tell_message(step, &job, MessageState::Sending)?;
    }
    recipients::prepare_content(step, job, conversation)
}

fn prepare_gathering(step: &mut Step<'_>, mut job: Job) -> Result<Option<Request>, EngineError> {
    loop {
        let JobKind::Gather { conversation, gathering } = job.kind.clone() else { return Ok(None) };
        if gathering.done >= gathering.wanted.len() {
            outbox::remove(step, &job.id)?;
            conversations::groups::complete(step, conversation, gathering)?;
            messages::tell_facts(step)?;
            return Ok(None);
        }
        if let Some((id, request)) = conversations::next_request(step, conversation, &gathering)? {
            return Ok(Some(Request::FetchKeyPackage { id, request }));
        }
        let gathering = conversations::not_served(step, conversation, gathering, false)?;
        job.kind = JobKind::Gather { conversation, gathering };
        outbox::update(step, &job)?;
    }
}

fn prepare_request(step: &mut Step<'_>, mut job: Job) -> Result<Option<Request>, EngineError> {
    let request = match &mut job.kind {
        JobKind::FetchKeyPackage { conversation, .. } => {
            let id = conversations::known(step.tx, *conversation)?.peer.ok_or(EngineError::UnknownContact)?;
            let request = conversations::key_package_request(step, id)?;
            Some(Request::FetchKeyPackage { id, request })
        }
        JobKind::Change { conversation, change } => match slots::claim(step, &job.id, *conversation, change)? {
            slots::Claim::Request(name, claim) => Some(Request::ClaimSlot { name, claim }),
            slots::Claim::Wait => return Ok(None),
            slots::Claim::Pointless => None,
        },
        JobKind::BringSlot { group, epoch, attempt } => {
            let brought = filled::claim(step, *group, *epoch, *attempt)?;
            brought.map(|(name, claim)| Request::ClaimSlot { name, claim })
        }
        JobKind::ReadSlot { group, attempt, name } => {
            *name = slots::name_to_read(step, *group, *attempt)?;
            let request = name.map(|name| Request::ReadSlot { name });
            outbox::update(step, &job)?;
            request
        }
        JobKind::HandOn(plan) => {
            let silent = hand_on::still_silent(step, plan)?;
            (!silent.is_empty()).then_some(Request::ReadSlot { name: plan.name })
        }
        JobKind::Forward { delivery } => Delivery::decode(delivery.as_slice()).ok().map(Request::Deliver),
        JobKind::PublishKeyPackages { packages, replace } => {
            Some(Request::PublishKeyPackages { packages: packages.clone(), replace: *replace })
        }
        JobKind::PublishTokens => {
            let mut tokens = identity::tokens_to_publish(step);
            tokens.tokens.extend(conversations::own_tokens(step)?);
            Some(Request::PublishTokens(tokens))
        }
        JobKind::KeepId => Some(Request::KeepId),
        _ => None,
    };
    if request.is_none() {
        outbox::remove(step, &job.id)?;
    }
    Ok(request)
}

/// Why nothing can be sent in this conversation, if it can't.
fn obstacle(step: &Step<'_>, conversation: &Conversation, content: &[u8]) -> Result<Option<Blocked>, EngineError> {
    if let Some(many) = &conversation.many {
        let alarm = conversations::members(step.tx, conversation.id)?.iter().any(|member| member.alarm);
        let may = match many.standing {
            Standing::Member => true,
            Standing::Leaving => messages::is_leave(content),
            Standing::Invited { .. } | Standing::Left | Standing::Removed => false,
        };
        return Ok(match () {
            () if !may => Some(Blocked::NotAMember),
            () if alarm && !messages::is_leave(content) => Some(Blocked::KeyAlarm),
            () => None,
        });
    }
    let contact = contacts::known(step.tx, conversation.peer.ok_or(EngineError::UnknownContact)?)?;
    Ok(match () {
        () if contact.alarm => Some(Blocked::KeyAlarm),
        () if contact.blocked => Some(Blocked::Blocked),
        () if contact.retired => Some(Blocked::Retired),
        () => None,
    })
}

/// Every message that waits in the conversation shows that, or why, it waits.
fn tell_waiting(step: &mut Step<'_>, id: ConversationId, state: MessageState) -> Result<(), EngineError> {
    for job in outbox::lane(step.tx, outbox::Lane::Contents(id))? {
        tell_message(step, &job, state)?;
    }
    Ok(())
}

fn tell_message(step: &mut Step<'_>, job: &Job, state: MessageState) -> Result<(), EngineError> {
    match message_of(job) {
        Some((conversation, id)) => messages::set_state(step, conversation, id, state),
        None => Ok(()),
    }
}

fn message_of(job: &Job) -> Option<(ConversationId, MessageId)> {
    match &job.kind {
        JobKind::Content { conversation, message: Some(id), .. } => Some((*conversation, *id)),
        _ => None,
    }
}

/// Whose mailbox a job of a conversation of two is for.
fn peer(step: &Step<'_>, job: &Job) -> Result<Option<UserId>, EngineError> {
    let conversation = match &job.kind {
        JobKind::Content { conversation, .. }
        | JobKind::FetchKeyPackage { conversation, .. }
        | JobKind::Welcome { conversation, .. } => Some(*conversation),
        JobKind::Commit { group, .. } => conversations::group(step.tx, *group)?.map(|state| state.conversation),
        _ => None,
    };
    let row = conversation.map(|id| conversations::conversation(step.tx, id)).transpose()?.flatten();
    Ok(row.and_then(|row| row.peer))
}

/// Jobs that wait for this person's new card may go on, if their token is a new one by now.
pub fn token_renewed(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    if contacts::known(step.tx, id)?.token_stale {
        return Ok(());
    }
    free(step, Blocked::NeedsNewCard, Some(id))
}

/// Jobs of somebody who is not blocked any more may go on.
pub fn contact_unblocked(step: &mut Step<'_>, id: UserId) -> Result<(), EngineError> {
    free(step, Blocked::Blocked, Some(id))
}

/// The relay does not take our version any more: whatever waits to leave stops, and says why.
pub fn version_refused(step: &mut Step<'_>) -> Result<(), EngineError> {
    for job in outbox::heads(step.tx)? {
        if job.blocked.is_none() {
            answers::block(step, job, Blocked::TooOldVersion)?;
        }
    }
    Ok(())
}

/// The relay takes our version (again): whatever was blocked for its age may go on.
pub fn version_accepted(step: &mut Step<'_>) -> Result<(), EngineError> {
    free(step, Blocked::TooOldVersion, None)
}

/// Frees what is blocked for this reason, for one person's mailbox or for all.
fn free(step: &mut Step<'_>, reason: Blocked, whom: Option<UserId>) -> Result<(), EngineError> {
    for job in outbox::heads(step.tx)? {
        let peer = peer(step, &job)?;
        if job.blocked != Some(reason) || (whom.is_some() && peer != whom) {
            continue;
        }
        outbox::unblock(step, job)?;
        if let Some(id) = peer.map(|peer| conversations::of_two(step.tx, peer)).transpose()?.flatten() {
            tell_waiting(step, id, MessageState::Waiting)?;
        }
    }
    Ok(())
}
