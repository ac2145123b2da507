//! From the outbox to the relay and back: which jobs leave now, and what their answers change.
//!
//! A content is sealed when it is handed over, in the same step; what was sealed stays with the job.

use std::collections::BTreeSet;

use prost::Message as _;
use sealpost_wire::{
    envelope::{Delivery, DeliveryAnswer},
    error::{ApiError, ErrorCode},
    id::UserId,
};

use crate::{
    command::{Answer, Outgoing, Request},
    contacts,
    conversations::{self, ConversationId, slots},
    error::EngineError,
    identity,
    messages::{self, MessageState},
    outbox::{self, Blocked, InFlight, Job, JobKind},
    simulation::{Planted, planted},
    step::Step,
    sync,
};

/// A mailbox that is full, or a key that is missing, is tried again after this.
const LATER_MS: u64 = 10 * 60 * 1000;

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
            if job.not_before_ms > step.now_ms {
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
                Err(_) => block(step, job, Blocked::Refused)?,
            }
        }
    }
}

/// The request of a job; `None` where it has to wait for another, was blocked, or has become pointless.
fn prepare(step: &mut Step<'_>, mut job: Job) -> Result<Option<Request>, EngineError> {
    if let Some(delivery) = job.sealed_delivery()?.filter(|_| !planted(Planted::SealAfresh)) {
        if still_opens(step, &job)? {
            return Ok(Some(Request::Deliver(with_current_token(step, delivery)?)));
        }
        (job.sealed, job.sealed_in) = (None, None);
        outbox::update(step, &job)?;
    }
    let delivery = match &job.kind {
        JobKind::Content { conversation, content, message } => {
            let peer = conversations::known(step.tx, *conversation)?.peer;
            if let Some(reason) = obstacle(step, peer)? {
                match message {
                    Some(_) => block(step, job, reason)?,
                    // Nobody waits for a receipt or an edit that can't be sent.
                    None => outbox::remove(step, &job.id)?,
                }
                return Ok(None);
            }
            let group = conversations::known(step.tx, *conversation)?.group;
            if outbox::awaits_other_group(step.tx, *conversation, group)? {
                return Ok(None);
            }
            match conversations::seal_content(step, *conversation, content, *message)? {
                Some((delivery, sealed_in)) => {
                    job.sealed_in = Some(sealed_in);
                    delivery
                }
                None => {
                    let conversation = conversations::known(step.tx, *conversation)?;
                    conversations::ensure_group(step, &conversation)?;
                    return Ok(None);
                }
            }
        }
        JobKind::Welcome { conversation, parcel, .. } => {
            let peer = conversations::known(step.tx, *conversation)?.peer;
            conversations::seal_parcel(step, peer, parcel, false)?
        }
        JobKind::Commit { group, parcel } => {
            let Some(state) = conversations::group(step.tx, *group)? else {
                outbox::remove(step, &job.id)?;
                return Ok(None);
            };
            let peer = conversations::known(step.tx, state.conversation)?.peer;
            conversations::seal_parcel(step, peer, parcel, false)?
        }
        _ => return prepare_request(step, job),
    };
    job.sealed = Some(delivery.encode_to_vec());
    outbox::update(step, &job)?;
    tell_message(step, &job, MessageState::Sending)?;
    Ok(Some(Request::Deliver(delivery)))
}

fn prepare_request(step: &mut Step<'_>, mut job: Job) -> Result<Option<Request>, EngineError> {
    let request = match &mut job.kind {
        JobKind::FetchKeyPackage { conversation, .. } => {
            let id = conversations::known(step.tx, *conversation)?.peer;
            let request = conversations::key_package_request(step, id)?;
            Some(Request::FetchKeyPackage { id, request })
        }
        JobKind::ClaimSlot { group } => {
            slots::claim(step, *group)?.map(|(name, claim)| Request::ClaimSlot { name, claim })
        }
        JobKind::ReadSlot { group, attempt, name } => {
            *name = slots::name_to_read(step, *group, *attempt)?;
            let request = name.map(|name| Request::ReadSlot { name });
            outbox::update(step, &job)?;
            request
        }
        JobKind::PublishKeyPackages { packages, replace } => {
            Some(Request::PublishKeyPackages { packages: packages.clone(), replace: *replace })
        }
        JobKind::PublishTokens => Some(Request::PublishTokens(identity::tokens_to_publish(step))),
        JobKind::KeepId => Some(Request::KeepId),
        JobKind::Content { .. } | JobKind::Welcome { .. } | JobKind::Commit { .. } => None,
    };
    if request.is_none() {
        outbox::remove(step, &job.id)?;
    }
    Ok(request)
}

/// Whether the peer can still open what was sealed for the job. A content that came after its keys are gone would be
/// lost, or have to be asked for; one that comes twice is known by its ID, or changes nothing.
fn still_opens(step: &mut Step<'_>, job: &Job) -> Result<bool, EngineError> {
    match (&job.kind, job.sealed_in) {
        (JobKind::Content { conversation, .. }, Some((group, epoch))) => {
            conversations::still_opens(step, *conversation, group, epoch)
        }
        _ => Ok(true),
    }
}

/// A repetition shows the token that the recipient's contact row holds by now.
fn with_current_token(step: &Step<'_>, mut delivery: Delivery) -> Result<Delivery, EngineError> {
    for recipient in &mut delivery.recipients {
        let id: Option<UserId> = recipient.mailbox.parse().ok();
        if let Some(contact) = id.map(|id| contacts::contact(step.tx, id)).transpose()?.flatten() {
            recipient.token = contact.token.0.to_vec();
        }
    }
    Ok(delivery)
}

fn obstacle(step: &Step<'_>, peer: UserId) -> Result<Option<Blocked>, EngineError> {
    let contact = contacts::known(step.tx, peer)?;
    Ok(match () {
        () if contact.alarm => Some(Blocked::KeyAlarm),
        () if contact.blocked => Some(Blocked::Blocked),
        () if contact.retired => Some(Blocked::Retired),
        () => None,
    })
}

/// The relay answered a job, or could not be reached.
pub fn answered(step: &mut Step<'_>, mut job: Job, answer: Answer) -> Result<(), EngineError> {
    match answer {
        Answer::Unreachable => outbox::retry(step, job, 0),
        Answer::Delivered(answer) => delivered(step, job, &answer),
        Answer::KeyPackage(answer) => {
            let JobKind::FetchKeyPackage { conversation, counter } = job.kind else { return Ok(()) };
            match conversations::make_group(step, &job, conversation, counter, &answer)? {
                Ok(()) => Ok(()),
                Err(reason @ (Blocked::NoDowngrade | Blocked::Refused)) => {
                    outbox::retry(step, job.clone(), LATER_MS)?;
                    tell_waiting(step, conversation, MessageState::Failed(reason))
                }
                Err(reason) => {
                    if reason == Blocked::KeyAlarm {
                        messages::add_system(step, conversation, messages::System::KeyAlarm)?;
                    }
                    block(step, job, reason)
                }
            }
        }
        Answer::Slot(slot) => {
            let progress = match &job.kind {
                JobKind::ClaimSlot { group } => slots::claimed(step, *group, &slot)?,
                JobKind::ReadSlot { group, attempt, name } => slots::read(step, *group, *attempt, *name, Some(&slot))?,
                _ => slots::Progress::Unchanged,
            };
            outbox::remove(step, &job.id)?;
            sync::advance(step, progress)
        }
        Answer::Done => {
            if job.kind == JobKind::KeepId {
                identity::kept(step)?;
            }
            outbox::remove(step, &job.id)
        }
        Answer::Refused(error) => {
            if job.blocked.is_some() {
                job.blocked = None;
            }
            refused(step, job, &error)
        }
    }
}

fn delivered(step: &mut Step<'_>, job: Job, answer: &DeliveryAnswer) -> Result<(), EngineError> {
    // A conversation of two has one recipient: whatever was refused is this one.
    if let Some(refusal) = answer.refused.first() {
        let code = ErrorCode::from(refusal.code.as_str());
        let error = ApiError { code, detail: String::new(), retry_after_seconds: 0, time_seconds: 0 };
        return refused(step, job, &error);
    }
    tell_message(step, &job, MessageState::Sent)?;
    if let JobKind::Welcome { group, .. } = &job.kind {
        conversations::welcome_delivered(step, *group)?;
    }
    outbox::remove(step, &job.id)
}

fn refused(step: &mut Step<'_>, mut job: Job, error: &ApiError) -> Result<(), EngineError> {
    let peer = peer(step, &job)?;
    match (error.code, peer) {
        (ErrorCode::NotFound, _) if matches!(job.kind, JobKind::ReadSlot { .. }) => {
            let JobKind::ReadSlot { group, attempt, name } = job.kind else { return Ok(()) };
            let progress = slots::read(step, group, attempt, name, None)?;
            outbox::remove(step, &job.id)?;
            sync::advance(step, progress)
        }
        // The mailbox was drained before anything was sealed; one repetition, in case the token changes right now.
        (ErrorCode::TokenRefused, Some(_)) if !job.token_refused => {
            job.token_refused = true;
            outbox::retry(step, job, 0)
        }
        (ErrorCode::TokenRefused, Some(peer)) => {
            contacts::set_token_stale(step, peer)?;
            block(step, job, Blocked::NeedsNewCard)
        }
        (ErrorCode::Retired, Some(peer)) => {
            let told = contacts::known(step.tx, peer)?.retired;
            contacts::set_retired(step, peer)?;
            if let Some(id) = conversations::of_two(step.tx, peer)?.filter(|_| !told) {
                messages::add_system(step, id, messages::System::PeerRetired)?;
            }
            block(step, job, Blocked::Retired)
        }
        (ErrorCode::MailboxFull, peer) => {
            if let Some(id) = peer.map(|peer| conversations::of_two(step.tx, peer)).transpose()?.flatten() {
                tell_waiting(step, id, MessageState::Failed(Blocked::MailboxFull))?;
            }
            outbox::retry(step, job, LATER_MS)
        }
        (ErrorCode::TooOldVersion, _) => block(step, job, Blocked::TooOldVersion),
        (ErrorCode::NotFound, Some(_)) if matches!(job.kind, JobKind::FetchKeyPackage { .. }) => {
            outbox::retry(step, job, LATER_MS)
        }
        (ErrorCode::Malformed | ErrorCode::TooLarge | ErrorCode::NotFound, _) => block(step, job, Blocked::Refused),
        _ => outbox::retry(step, job, error.retry_after_seconds.saturating_mul(1000)),
    }
}

/// Stops a job, and tells the messages that wait for it why. What the relay will never take is given up, so that it
/// does not stand in the way of what follows.
fn block(step: &mut Step<'_>, mut job: Job, reason: Blocked) -> Result<(), EngineError> {
    let conversation = match &job.kind {
        JobKind::Content { .. } | JobKind::Commit { .. } if reason == Blocked::Refused => {
            tell_message(step, &job, MessageState::Failed(reason))?;
            return outbox::remove(step, &job.id);
        }
        JobKind::Content { conversation, .. }
        | JobKind::FetchKeyPackage { conversation, .. }
        | JobKind::Welcome { conversation, .. } => Some(*conversation),
        _ => None,
    };
    job.blocked = Some(reason);
    outbox::update(step, &job)?;
    conversation.map_or(Ok(()), |id| tell_waiting(step, id, MessageState::Failed(reason)))
}

/// Every message that waits in the conversation shows that, or why, it waits.
fn tell_waiting(step: &mut Step<'_>, id: ConversationId, state: MessageState) -> Result<(), EngineError> {
    for job in outbox::lane(step.tx, outbox::Lane::Contents(id))? {
        tell_message(step, &job, state)?;
    }
    Ok(())
}

fn tell_message(step: &mut Step<'_>, job: &Job, state: MessageState) -> Result<(), EngineError> {
    match &job.kind {
        JobKind::Content { conversation, message: Some(id), .. } => {
            messages::set_state(step, *conversation, *id, state)
        }
        _ => Ok(()),
    }
}

/// Whose mailbox a job is for.
fn peer(step: &Step<'_>, job: &Job) -> Result<Option<UserId>, EngineError> {
    let conversation = match &job.kind {
        JobKind::Content { conversation, .. }
        | JobKind::FetchKeyPackage { conversation, .. }
        | JobKind::Welcome { conversation, .. } => Some(*conversation),
        JobKind::Commit { group, .. } => conversations::group(step.tx, *group)?.map(|state| state.conversation),
        _ => None,
    };
    let row = conversation.map(|id| conversations::conversation(step.tx, id)).transpose()?.flatten();
    Ok(row.map(|row| row.peer))
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
            block(step, job, Blocked::TooOldVersion)?;
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
