//! Deliveries to one or many: who gets them now, and who gets them later, alone.
//!
//! A delivery to a group lists every member, this device included, so that the missing one does not give the sender
//! away. Whoever refuses it is tried again alone, in a lane of their own that keeps the order; what that one waits for
//! nobody else waits for.

use sealpost_wire::{
    envelope::DeliveryAnswer,
    error::ErrorCode,
    id::{DeliveryId, UserId},
    limits,
};

use crate::{
    command::Request,
    conversations::{self, Conversation, ConversationId, Route, Standing, members},
    error::EngineError,
    fact::Happened,
    messages,
    outbox::{self, Job, JobKind, Lane, Sealed},
    seen,
    simulation::{Planted, planted},
    step::Step,
};

/// Deliveries that wait for one member of one conversation. Beyond it, the member has to ask for what is missing.
const BEHIND: usize = 1_000;
/// A mailbox that takes none of the tokens may be that of somebody who is just joining; one that is full may just be
/// being drained.
const SOON_MS: u64 = 1_000;
/// After so many tries it is not.
const TRIES_SOON: u32 = 8;
/// Then it is tried again after this.
const LATER_MS: u64 = 10 * 60 * 1000;

/// The delivery of a parcel that the job holds.
pub fn prepare(step: &mut Step<'_>, mut job: Job) -> Result<Option<Request>, EngineError> {
    if let JobKind::Welcome { conversation, group, .. } = &job.kind
        && conversations::remake_if_stale(step, &job, *conversation, *group)?
    {
        return Ok(None);
    }
    let (conversation, parcel, to) = match &job.kind {
        JobKind::Welcome { conversation, parcel, to, .. } | JobKind::Ask { conversation, parcel, to, .. } => {
            (*conversation, parcel.clone(), to.clone())
        }
        JobKind::Commit { group, parcel, to } => match conversations::group(step.tx, *group)? {
            Some(state) => (state.conversation, parcel.clone(), to.clone()),
            None => return pointless(step, &job),
        },
        JobKind::Behind { conversation, member, parcel, until_ms, .. } => {
            let present = members::is_present(step.tx, *conversation, *member)?;
            let row = conversations::known(step.tx, *conversation)?;
            // Whoever left still delivers what they wrote, their word that they leave above all.
            let delivers = row.takes_part() || row.many.is_some_and(|many| many.standing == Standing::Left);
            if !present || *until_ms <= step.now_ms || !delivers {
                return pointless(step, &job);
            }
            (*conversation, parcel.clone(), vec![*member])
        }
        _ => return Ok(None),
    };
    let conversation = conversations::known(step.tx, conversation)?;
    let routes = routes(step, &job.kind, &conversation, &to)?;
    if routes.is_empty() {
        return pointless(step, &job);
    }
    if job.sealed.is_none() {
        let delivery_id = DeliveryId(step.random_bytes());
        job.sealed = Some(Sealed { delivery_id, parcel: Vec::new(), sealed_in: None, to: Vec::new() });
    }
    let tried = if let JobKind::Behind { tried, .. } = &job.kind { *tried } else { 0 };
    deliver(step, job, &parcel, &routes, tried)
}

/// Whoever is to join, or to take somebody back, may be reached by the token of their card alone.
fn goes_by_card(kind: &JobKind) -> bool {
    matches!(kind, JobKind::Welcome { .. } | JobKind::Ask { .. } | JobKind::Behind { by_card: true, .. })
}

fn routes(
    step: &Step<'_>,
    kind: &JobKind,
    conversation: &Conversation,
    to: &[UserId],
) -> Result<Vec<Route>, EngineError> {
    match goes_by_card(kind) {
        true => conversations::routes_by_card(step, conversation, to),
        false => conversations::routes(step, conversation, to),
    }
}

/// Notes whom the delivery lists, and makes it.
fn deliver(
    step: &mut Step<'_>,
    mut job: Job,
    parcel: &[u8],
    routes: &[Route],
    tried: usize,
) -> Result<Option<Request>, EngineError> {
    let Some(sealed) = &mut job.sealed else { return Ok(None) };
    sealed.to = routes.iter().map(|route| route.to).collect();
    let (delivery_id, to_self) = (sealed.delivery_id, sealed.to.contains(&step.account.id));
    outbox::update(step, &job)?;
    if to_self {
        // Its own copy is nothing new.
        seen::first_time(step, delivery_id)?;
    }
    conversations::seal_delivery(step, parcel, delivery_id, routes, tried).map(|it| Some(Request::Deliver(it)))
}

fn pointless(step: &mut Step<'_>, job: &Job) -> Result<Option<Request>, EngineError> {
    if let JobKind::Welcome { group, .. } = &job.kind {
        conversations::welcome_delivered(step, *group)?;
    }
    outbox::remove(step, &job.id)?;
    Ok(None)
}

/// The delivery of a content that was sealed. In a group, whoever is behind gets it behind what they wait for.
pub fn prepare_content(
    step: &mut Step<'_>,
    job: Job,
    conversation: &Conversation,
) -> Result<Option<Request>, EngineError> {
    let Some(sealed) = job.sealed.clone() else { return Ok(None) };
    if let Some(peer) = conversation.peer {
        let routes = conversations::routes(step, conversation, &[peer])?;
        return deliver(step, job, &sealed.parcel, &routes, 0);
    }
    let mut to = sealed.to.clone();
    if to.is_empty() {
        let behind = outbox::behind(step.tx, conversation.id)?;
        to.extend(conversations::members(step.tx, conversation.id)?.iter().map(|member| member.id));
        for member in to.extract_if(.., |id| behind.contains(id)).collect::<Vec<_>>() {
            fall_behind(step, &job, conversation, member, 0, 0)?;
        }
    }
    let routes = conversations::routes(step, conversation, &to)?;
    deliver(step, job, &sealed.parcel, &routes, 0)
}

/// The relay took a delivery of many: who did not is tried again alone.
pub fn delivered(
    step: &mut Step<'_>,
    job: &Job,
    conversation: &Conversation,
    answer: &DeliveryAnswer,
) -> Result<(), EngineError> {
    let Some(sealed) = &job.sealed else { return Ok(()) };
    for refused in &answer.refused {
        let Some(id) = sealed.to.get(refused.index as usize).filter(|id| **id != step.account.id) else { continue };
        match ErrorCode::from(refused.code.as_str()) {
            ErrorCode::Retired => retired(step, conversation.id, *id)?,
            ErrorCode::TokenRefused => fall_behind(step, job, conversation, *id, 1, 0)?,
            _ => fall_behind(step, job, conversation, *id, 0, SOON_MS)?,
        }
    }
    Ok(())
}

/// Queues what the job delivers for this member alone.
fn fall_behind(
    step: &mut Step<'_>,
    job: &Job,
    conversation: &Conversation,
    member: UserId,
    tried: usize,
    pause_ms: u64,
) -> Result<(), EngineError> {
    let (parcel, message) = match (&job.kind, &job.sealed) {
        (JobKind::Content { message, .. }, Some(sealed)) => (sealed.parcel.clone(), *message),
        (JobKind::Welcome { parcel, .. } | JobKind::Commit { parcel, .. } | JobKind::Ask { parcel, .. }, _) => {
            (parcel.clone(), None)
        }
        _ => return Ok(()),
    };
    // Whoever is out has no use for more than the commit that says so, which also stands in its slot.
    if !members::is_present(step.tx, conversation.id, member)? || planted(Planted::ForgetBehind) {
        return Ok(());
    }
    let lane = Lane::Behind(conversation.id, member);
    if outbox::lane(step.tx, lane)?.len() >= BEHIND {
        return Ok(());
    }
    let delivery_id = job.sealed.as_ref().map_or_else(|| DeliveryId(step.random_bytes()), |sealed| sealed.delivery_id);
    let until_ms = step.now_ms + limits::RESEAL_SECONDS * 1000;
    // Where no other token is left, it begins anew after a pause.
    let tokens = routes(step, &job.kind, conversation, &[member])?.pop().map_or(0, |route| route.tokens.len());
    let anew = tried >= tokens;
    let pause_ms = if anew { pause_ms.max(SOON_MS) } else { pause_ms };
    let (conversation, tried, by_card) = (conversation.id, if anew { 0 } else { tried }, goes_by_card(&job.kind));
    let kind = JobKind::Behind { conversation, member, parcel, message, tried, until_ms, by_card };
    outbox::enqueue_sealed(step, lane, kind, delivery_id, pause_ms)?;
    match message {
        Some(message) => messages::set_unreached(step, conversation, message, member, true),
        None => Ok(()),
    }
}

fn retired(step: &mut Step<'_>, conversation: ConversationId, id: UserId) -> Result<(), EngineError> {
    if members::set_member_retired(step, conversation, id)? {
        step.note(conversation, id, Happened::Retired(id));
    }
    Ok(())
}

/// The relay answered the delivery to one who was behind.
pub fn delivered_to_one(step: &mut Step<'_>, mut job: Job, answer: &DeliveryAnswer) -> Result<(), EngineError> {
    let JobKind::Behind { conversation, member, message, .. } = job.kind else { return Ok(()) };
    let (id, row) = (conversation, conversations::known(step.tx, conversation)?);
    let tokens = routes(step, &job.kind, &row, &[member])?.pop().map(|route| route.tokens).unwrap_or_default();
    let JobKind::Behind { tried, .. } = &mut job.kind else { return Ok(()) };
    match answer.refused.first().map(|refused| ErrorCode::from(refused.code.as_str())) {
        None => {
            if let Some((Some(generation), _)) = tokens.get(*tried) {
                members::set_generation(step, id, member, *generation)?;
            }
            if let Some(message) = message {
                messages::set_unreached(step, id, message, member, false)?;
            }
            outbox::remove(step, &job.id)
        }
        Some(ErrorCode::Retired) => {
            retired(step, id, member)?;
            outbox::remove(step, &job.id)
        }
        Some(ErrorCode::TokenRefused) if *tried + 1 < tokens.len() => {
            *tried += 1;
            outbox::update(step, &job)
        }
        Some(_) => {
            *tried = 0;
            let soon = job.attempts < TRIES_SOON;
            outbox::retry(step, job, if soon { 0 } else { LATER_MS })
        }
    }
}
