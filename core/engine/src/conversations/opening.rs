//! The groups of conversations: made, taken in, secured anew, started over, let go.
//!
//! Of several groups the one with the higher re-creation counter stays, then the one with the lower ID; the others
//! fold once a message of the peer has opened in the one that stays.

use sealpost_crypto::directory_entry::verify_entry;
use sealpost_wire::{
    api::directory::{KeyPackageAnswer, KeyPackageRequest},
    id::UserId,
    limits,
    suite::Suite,
};

use super::{
    change, filled,
    group::{delete_group, session},
    parked::forget_parked,
    row::{Conversation, GroupState, Standing, current, group, keep_of_two, known, of_two, update},
    tokens,
};
use crate::{
    contacts,
    error::EngineError,
    mls::{Changes, CommitApplied, Group, GroupId, GroupProfile, MlsError, check_key_package},
    names::ConversationId,
    outbox::{self, Blocked, Job, JobKind, Lane},
    step::Step,
    storage::{Table, save},
};

/// The purpose of a group whose messages are shown on screen.
pub const PURPOSE_CONVERSATION: u16 = 1;

/// The conversation with a contact, made where there is none. Its group is made with the first message.
pub fn open(step: &mut Step<'_>, peer: UserId) -> Result<Conversation, EngineError> {
    contacts::known(step.tx, peer)?;
    if let Some(id) = of_two(step.tx, peer)? {
        return known(step.tx, id);
    }
    let id = ConversationId(step.random_bytes());
    let conversation = Conversation::new(id, Some(peer), None, step.now_ms);
    keep_of_two(step, peer, conversation.id)?;
    update(step, &conversation)?;
    Ok(conversation)
}

/// Starts making the group of a conversation of two unless there is one, or one is being made. One of many is made by
/// whoever creates it.
pub fn ensure_group(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    if conversation.peer.is_none() || conversation.group.is_some() {
        return Ok(());
    }
    let (lane, counter) = (Lane::Opening(conversation.id), conversation.counter.map_or(0, |it| it.saturating_add(1)));
    if let Some(job) = outbox::last(step.tx, lane)? {
        // A group with a lower counter would be replaced by one that this device can't open.
        match job.kind {
            JobKind::FetchKeyPackage { counter: low, .. } if low < counter => outbox::remove(step, &job.id)?,
            _ => return Ok(()),
        }
    }
    outbox::enqueue(step, lane, JobKind::FetchKeyPackage { conversation: conversation.id, counter }, 0)
}

/// Gives the conversation a fresh group: its keys are lost or out of step. What still opens in the old ones is shown.
/// With somebody who is blocked or was not accepted it waits until we write: they learn neither token nor name.
pub fn secure_anew(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    row.group = None;
    update(step, &row)?;
    if is_answered(step, &row)? { ensure_group(step, &row) } else { Ok(()) }
}

/// A Welcome of the peer was not taken: what they seal in its group opens for nobody, so that they get a fresh one.
pub fn replace_missed(step: &mut Step<'_>, peer: UserId, counter: u32) -> Result<(), EngineError> {
    let mut row = open(step, peer)?;
    row.counter = row.counter.max(Some(counter));
    update(step, &row)?;
    secure_anew(step, row.id)
}

/// Somebody is answered again: where their group was dropped meanwhile, they get another.
pub fn replace_dropped(step: &mut Step<'_>, peer: UserId) -> Result<(), EngineError> {
    match of_two(step.tx, peer)?.map(|id| known(step.tx, id)).transpose()? {
        Some(row) if row.counter.is_some() && is_answered(step, &row)? => ensure_group(step, &row),
        _ => Ok(()),
    }
}

fn is_answered(step: &Step<'_>, conversation: &Conversation) -> Result<bool, EngineError> {
    let peer = conversation.peer.map(|peer| contacts::known(step.tx, peer)).transpose()?;
    Ok(peer.is_some_and(|peer| peer.is_answered()))
}

/// Drops all groups of a conversation of two, whose keys may be in use elsewhere, and makes a fresh one. False where
/// there was no group.
pub(super) fn start_over(step: &mut Step<'_>, id: ConversationId) -> Result<bool, EngineError> {
    let mut row = known(step.tx, id)?;
    if row.groups.is_empty() {
        return Ok(false);
    }
    for group in std::mem::take(&mut row.groups) {
        forget_group(step, group)?;
    }
    row.group = None;
    update(step, &row)?;
    for job in outbox::lane(step.tx, Lane::Opening(id))? {
        outbox::remove(step, &job.id)?;
    }
    if is_answered(step, &row)? {
        ensure_group(step, &row)?;
    }
    Ok(true)
}

/// What to ask the relay for, to make a group with this peer.
pub fn key_package_request(step: &Step<'_>, peer: UserId) -> Result<KeyPackageRequest, EngineError> {
    let token = contacts::known(step.tx, peer)?.token.0.to_vec();
    Ok(KeyPackageRequest { token, suites: Suite::ALL.map(Suite::number).to_vec() })
}

/// The peer's key package is here: makes the group and turns the job into the one that hands the Welcome on. `Err` in
/// the inner result: why it can't be.
pub fn make_group(
    step: &mut Step<'_>,
    job: &Job,
    id: ConversationId,
    counter: u32,
    answer: &KeyPackageAnswer,
) -> Result<Result<(), Blocked>, EngineError> {
    let mut conversation = known(step.tx, id)?;
    let Some(entry) = verify_entry(&answer.entry).filter(|entry| Some(entry.id) == conversation.peer) else {
        return Ok(Err(Blocked::Refused));
    };
    if !contacts::check_entry(step, &entry)? {
        return Ok(Err(Blocked::KeyAlarm));
    }
    let hybrid_promised = entry.suites.contains(&Suite::Hybrid.number());
    let suite = match Suite::try_from(answer.suite) {
        Ok(Suite::Classical) if hybrid_promised => return Ok(Err(Blocked::NoDowngrade)),
        Ok(suite) => suite,
        Err(_) => return Ok(Err(Blocked::Refused)),
    };
    match check_key_package(&answer.key_package, suite, step.now_seconds()) {
        Ok(member) if member.id == entry.id && member.identity_key == entry.identity_key => {}
        Ok(_) => {
            contacts::raise_alarm(step, entry.id)?;
            return Ok(Err(Blocked::KeyAlarm));
        }
        Err(MlsError::Storage(error)) => return Err(error.into()),
        Err(_) => return Ok(Err(Blocked::Refused)),
    }
    let (group, welcome) = create_group(step, suite, counter, &answer.key_package)?;
    let mut state = new_state(step, group, id, counter);
    state.awaits_welcome = true;
    save(step.tx, &state)?;
    take_in(step, &mut conversation, &state)?;
    let parcel = change::welcome_parcel(step, &conversation, counter, welcome)?;
    let kind = JobKind::Welcome { conversation: id, group, parcel, to: vec![entry.id] };
    outbox::update(step, &Job::new(job.id.clone(), kind, 0))?;
    Ok(Ok(()))
}

fn create_group(
    step: &mut Step<'_>,
    suite: Suite,
    counter: u32,
    key_package: &[u8],
) -> Result<(GroupId, Vec<u8>), EngineError> {
    let admins = vec![step.account.id];
    let profile = GroupProfile { purpose: PURPOSE_CONVERSATION, two: true, admins, counter, ..GroupProfile::default() };
    let (id, welcome) = create(step, suite, &profile, vec![key_package.to_vec()])?;
    Ok((id, welcome.ok_or(MlsError::Internal("an add made no Welcome".into()))?))
}

/// A new group with these people in it. Nobody else is in its first epoch who could commit to it: there is no slot to
/// claim.
pub(super) fn create(
    step: &mut Step<'_>,
    suite: Suite,
    profile: &GroupProfile,
    add: Vec<Vec<u8>>,
) -> Result<(GroupId, Option<Vec<u8>>), EngineError> {
    let id = GroupId(step.random_bytes());
    let mut session = session(step);
    let mut group = Group::create(&mut session, suite, id, profile)?;
    let mut welcome = None;
    if !add.is_empty() {
        welcome = group.change(&mut session, &Changes { add, ..Changes::default() })?.welcome;
        group.merge_pending(&mut session)?;
    }
    session.finish()?;
    step.groups.keep(group);
    Ok((id, welcome))
}

pub(super) fn new_state(step: &Step<'_>, id: GroupId, conversation: ConversationId, counter: u32) -> GroupState {
    GroupState {
        id,
        conversation,
        counter,
        begun_at_ms: step.now_ms,
        heard: false,
        awaits_welcome: false,
        epoch_since_ms: step.now_ms,
        own_messages: 0,
        pending: None,
        torn: false,
        catching_up: false,
        broken: false,
        suspects: Vec::new(),
        parked_since_ms: None,
        asked: None,
        marks: Vec::new(),
        looked_at_ms: step.now_ms,
    }
}

/// Adds a group to its conversation and lets the better one be the one to seal in.
pub(super) fn take_in(
    step: &mut Step<'_>,
    conversation: &mut Conversation,
    new: &GroupState,
) -> Result<(), EngineError> {
    let best = current(step.tx, conversation)?;
    let rank = |state: &GroupState| (std::cmp::Reverse(state.counter), state.id);
    if best.is_none_or(|best| rank(new) <= rank(&best)) {
        conversation.group = Some(new.id);
    }
    if !conversation.groups.contains(&new.id) {
        conversation.groups.push(new.id);
    }
    conversation.counter = conversation.counter.max(Some(new.counter));
    update(step, conversation)
}

/// The peer has written in the group that stays: the others have served. In a conversation of many somebody else may
/// still write in them, so that they go when nobody can have anything left to say in them.
pub(super) fn fold_others(step: &mut Step<'_>, conversation: &mut Conversation) -> Result<(), EngineError> {
    let Some(stays) = conversation.group else { return Ok(()) };
    let since = group(step.tx, stays)?.map_or(0, |state| state.begun_at_ms);
    if conversation.peer.is_none() && step.since(since) < limits::MAILBOX_SECONDS * 1000 {
        return Ok(());
    }
    let (stay, fold): (Vec<GroupId>, Vec<GroupId>) = conversation.groups.iter().partition(|id| **id == stays);
    conversation.groups = stay;
    for id in fold {
        forget_group(step, id)?;
    }
    update(step, conversation)
}

/// This device is out of a conversation of many: its groups, and what it still wanted of them, go.
pub(super) fn out(step: &mut Step<'_>, id: ConversationId, standing: Standing) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    for group in std::mem::take(&mut row.groups) {
        forget_group(step, group)?;
    }
    row.group = None;
    if let Some(many) = &mut row.many {
        many.standing = standing;
    }
    update(step, &row)?;
    outbox::drop_changes(step, id)?;
    tokens::publish(step)
}

/// A commit took this device out: its keys go. Where the same commit takes it in again, the Welcome is on its way.
pub(super) fn evicted(step: &mut Step<'_>, state: &GroupState, applied: &CommitApplied) -> Result<(), EngineError> {
    let mut row = known(step.tx, state.conversation)?;
    if applied.added.iter().any(|member| member.id == step.account.id) {
        let asked = Some((step.now_ms, 1));
        return Ok(save(step.tx, &GroupState { torn: true, pending: None, asked, ..state.clone() })?);
    }
    forget_group(step, state.id)?;
    row.groups.retain(|id| *id != state.id);
    if row.group == Some(state.id) {
        row.group = None;
        if let Some(many) = &mut row.many {
            many.standing = if many.standing == Standing::Leaving { Standing::Left } else { Standing::Removed };
        }
        outbox::drop_changes(step, row.id)?;
        tokens::publish(step)?;
    }
    update(step, &row)
}

pub(super) fn forget_group(step: &mut Step<'_>, id: GroupId) -> Result<(), EngineError> {
    delete_group(step, &id)?;
    for lane in [Lane::Handshakes(id), Lane::Looks(id), Lane::Slots(id)] {
        for job in outbox::lane(step.tx, lane)? {
            outbox::remove(step, &job.id)?;
        }
    }
    forget_parked(step, &id)?;
    filled::forget(step, id)?;
    Ok(step.tx.remove(Table::Group, &id.0)?)
}

/// The peer writes in another group than the one that is sealed in here, in which nothing of theirs ever opened and
/// whose Welcome is gone from any mailbox by now: then theirs it is. True if so.
pub(super) fn follow_peer(
    step: &mut Step<'_>,
    conversation: &mut Conversation,
    theirs: GroupId,
) -> Result<bool, EngineError> {
    let own = current(step.tx, conversation)?;
    let old = |own: &GroupState| step.since(own.begun_at_ms) > limits::MAILBOX_SECONDS * 1000;
    let deaf = |own: &GroupState| !own.heard && !own.awaits_welcome && old(own);
    if conversation.peer.is_none() || own.is_some_and(|own| !deaf(&own)) {
        return Ok(false);
    }
    conversation.group = Some(theirs);
    update(step, conversation)?;
    Ok(true)
}

/// Nothing of the peer has opened in this group for longer than their mailbox keeps its Welcome: it gets another. True
/// if so.
pub(super) fn renew_unheard(step: &mut Step<'_>, row: &Conversation, state: &GroupState) -> Result<bool, EngineError> {
    let old = step.since(state.begun_at_ms) > limits::MAILBOX_SECONDS * 1000;
    if row.peer.is_none() || row.group != Some(state.id) || state.heard || state.awaits_welcome || !old {
        return Ok(false);
    }
    let answered = is_answered(step, row)?;
    if answered {
        secure_anew(step, row.id)?;
    }
    Ok(answered)
}

/// A Welcome that has waited here for longer than its key package is good for: its group is made anew. True if so.
pub fn remake_if_stale(
    step: &mut Step<'_>,
    job: &Job,
    id: ConversationId,
    welcomed: GroupId,
) -> Result<bool, EngineError> {
    let mut row = known(step.tx, id)?;
    let state = group(step.tx, welcomed)?.filter(|state| state.awaits_welcome && row.peer.is_some());
    let fresh = |state: &GroupState| step.since(state.begun_at_ms) <= limits::MAILBOX_SECONDS * 1000;
    if state.is_none_or(|state| fresh(&state)) {
        return Ok(false);
    }
    outbox::remove(step, &job.id)?;
    forget_group(step, welcomed)?;
    row.groups.retain(|group| *group != welcomed);
    if row.group == Some(welcomed) {
        // Not an older one: this one was wanted because of what is wrong with those, and the peer may have had it.
        row.group = None;
    }
    update(step, &row)?;
    ensure_group(step, &row)?;
    Ok(true)
}

/// The relay holds the Welcome: contents may follow.
pub fn welcome_delivered(step: &mut Step<'_>, id: GroupId) -> Result<(), EngineError> {
    if let Some(mut state) = group(step.tx, id)? {
        (state.awaits_welcome, state.begun_at_ms) = (false, step.now_ms);
        save(step.tx, &state)?;
    }
    Ok(())
}
