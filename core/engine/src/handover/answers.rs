//! What the relay's answers change: jobs done, tried again, blocked until somebody acts, or given up.

use sealpost_wire::{
    envelope::DeliveryAnswer,
    error::{ApiError, ErrorCode},
};

use super::{peer, recipients, tell_message, tell_waiting};
use crate::{
    command::Answer,
    contacts,
    conversations::{self, Conversation, groups, hand_on, leaving, slots},
    error::EngineError,
    identity,
    messages::{self, MessageState},
    outbox::{self, Blocked, Job, JobKind},
    step::Step,
    sync,
};

/// A key that is missing is asked for again after this.
const LATER_MS: u64 = 10 * 60 * 1000;

/// The relay answered a job, or could not be reached.
pub fn answered(step: &mut Step<'_>, mut job: Job, answer: Answer) -> Result<(), EngineError> {
    match answer {
        Answer::Unreachable => outbox::retry(step, job, 0),
        Answer::Delivered(answer) => delivered(step, job, &answer),
        Answer::KeyPackage(answer) => match job.kind.clone() {
            JobKind::FetchKeyPackage { conversation, counter } => {
                let made = conversations::make_group(step, &job, conversation, counter, &answer)?;
                made.or_else(|reason| not_made(step, job, conversation, reason))
            }
            JobKind::Gather { conversation, gathering } => {
                groups::gathered(step, &job, conversation, gathering, Ok(&answer))
            }
            _ => Ok(()),
        },
        Answer::Slot(slot) => slot_answered(step, job, &slot),
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

fn not_made(
    step: &mut Step<'_>,
    job: Job,
    conversation: conversations::ConversationId,
    reason: Blocked,
) -> Result<(), EngineError> {
    match reason {
        Blocked::NoDowngrade | Blocked::Refused => {
            outbox::retry(step, job, LATER_MS)?;
            tell_waiting(step, conversation, MessageState::Failed(reason))
        }
        _ => {
            if reason == Blocked::KeyAlarm {
                messages::add_system(step, conversation, messages::System::KeyAlarm)?;
            }
            block(step, job, reason)
        }
    }
}

fn slot_answered(step: &mut Step<'_>, job: Job, slot: &sealpost_wire::api::slot::Slot) -> Result<(), EngineError> {
    let progress = match &job.kind {
        JobKind::Change { conversation, change } => {
            let (progress, done) = slots::claimed(step, &job.id, *conversation, change, slot)?;
            if done {
                outbox::remove(step, &job.id)?;
            }
            return sync::advance(step, progress);
        }
        JobKind::ReadSlot { group, attempt, name } => slots::read(step, *group, *attempt, *name, Some(slot))?,
        JobKind::HandOn(plan) => {
            hand_on::read(step, plan, slot)?;
            slots::Progress::Unchanged
        }
        _ => slots::Progress::Unchanged,
    };
    outbox::remove(step, &job.id)?;
    sync::advance(step, progress)
}

fn delivered(step: &mut Step<'_>, job: Job, answer: &DeliveryAnswer) -> Result<(), EngineError> {
    if let JobKind::Behind { .. } = &job.kind {
        return recipients::delivered_to_one(step, job, answer);
    }
    match conversation_of(step, &job)? {
        Some(conversation) if conversation.peer.is_none() => {
            recipients::delivered(step, &job, &conversation, answer)?;
        }
        _ => {
            // A conversation of two has one recipient: whatever was refused is this one.
            if let Some(refusal) = answer.refused.first() {
                let code = ErrorCode::from(refusal.code.as_str());
                let error = ApiError { code, detail: String::new(), retry_after_seconds: 0, time_seconds: 0 };
                return refused(step, job, &error);
            }
        }
    }
    if let Some(again) = superseded(step, &job)? {
        return outbox::update(step, &again);
    }
    tell_message(step, &job, MessageState::Sent)?;
    match &job.kind {
        JobKind::Welcome { group, .. } => conversations::welcome_delivered(step, *group)?,
        JobKind::Content { conversation, content, .. } if messages::is_leave(content) => {
            leaving::gone(step, *conversation)?;
        }
        _ => {}
    }
    outbox::remove(step, &job.id)
}

/// The job once more, where its content was on its way in a group that the peer has replaced meanwhile, and whose keys
/// they may have let go: it is sealed again in the new one, under its ID.
fn superseded(step: &Step<'_>, job: &Job) -> Result<Option<Job>, EngineError> {
    let (JobKind::Content { conversation, .. }, Some((sealed_in, _))) = (&job.kind, job.sealed_in()) else {
        return Ok(None);
    };
    let row = conversations::known(step.tx, *conversation)?;
    let current = conversations::current(step.tx, &row)?;
    let Some(current) = current.filter(|current| row.peer.is_some() && current.id != sealed_in) else {
        return Ok(None);
    };
    let old = conversations::group(step.tx, sealed_in)?;
    let replaced = old.is_none_or(|old| old.counter < current.counter);
    Ok(replaced.then(|| Job::new(job.id.clone(), job.kind.clone(), 0)))
}

fn conversation_of(step: &Step<'_>, job: &Job) -> Result<Option<Conversation>, EngineError> {
    let id = match &job.kind {
        JobKind::Content { conversation, .. }
        | JobKind::Welcome { conversation, .. }
        | JobKind::Ask { conversation, .. } => Some(*conversation),
        JobKind::Commit { group, .. } => conversations::group(step.tx, *group)?.map(|state| state.conversation),
        _ => None,
    };
    Ok(id.map(|id| conversations::conversation(step.tx, id)).transpose()?.flatten())
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
        (code @ (ErrorCode::TokenRefused | ErrorCode::NotFound | ErrorCode::Retired), None)
            if matches!(job.kind, JobKind::Gather { .. }) =>
        {
            let JobKind::Gather { conversation, gathering } = job.kind.clone() else { return Ok(()) };
            groups::gathered(step, &job, conversation, gathering, Err(code == ErrorCode::TokenRefused))
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
            outbox::retry(step, job, 0)
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
pub fn block(step: &mut Step<'_>, mut job: Job, reason: Blocked) -> Result<(), EngineError> {
    let conversation = match &job.kind {
        JobKind::Content { .. } if reason == Blocked::Refused || reason == Blocked::NotAMember => {
            tell_message(step, &job, MessageState::Failed(reason))?;
            return outbox::remove(step, &job.id);
        }
        JobKind::Change { conversation, .. } if reason == Blocked::Refused => {
            slots::claim_refused(step, &job.id, *conversation)?;
            return outbox::remove(step, &job.id);
        }
        JobKind::Content { conversation, .. }
        | JobKind::FetchKeyPackage { conversation, .. }
        | JobKind::Welcome { conversation, .. } => Some(*conversation),
        JobKind::Commit { .. }
        | JobKind::Ask { .. }
        | JobKind::Behind { .. }
        | JobKind::Gather { .. }
        | JobKind::HandOn(_)
        | JobKind::Forward { .. }
        | JobKind::BringSlot { .. }
            if reason == Blocked::Refused =>
        {
            return outbox::remove(step, &job.id);
        }
        _ => None,
    };
    job.blocked = Some(reason);
    outbox::update(step, &job)?;
    conversation.map_or(Ok(()), |id| tell_waiting(step, id, MessageState::Failed(reason)))
}
