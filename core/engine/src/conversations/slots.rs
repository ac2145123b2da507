//! Commit slots: whoever commits at an epoch first claims its slot at the relay. The first writer wins; a commit is
//! merged only with the relay's receipt, or after the slot was read.
//!
//! The state of a group with respect to its slot: *quiet* (nothing pending) → *claiming* (own commit, slot name, key
//! and content durable in [`Pending`], job in the outbox) → *quiet* in the next epoch, with one's own commit or the
//! winner's. A commit that no member can accept is skipped (attempt + 1); one whose path is broken for us alone tears
//! the group, and the conversation is secured anew.

use prost::Message;
use sealpost_crypto::{slot_receipt::verify_receipt, symmetric};
use sealpost_wire::{
    api::slot::{Slot, SlotClaim},
    id::SlotName,
    limits,
};

use super::{
    opening::secure_anew,
    row::{GroupState, Pending, group, known},
};
use crate::{
    error::EngineError,
    mls::{Changes, CommitView, Group, GroupId, MlsError, Session},
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    parcel::{self, Body},
    simulation::{Planted, planted},
    step::Step,
    storage::save,
};

const NAME_LABEL: &str = "sealpost slot";
const KEY_LABEL: &str = "sealpost slot key";
const DAY_MS: u64 = limits::DAY_SECONDS * 1000;
/// A look at the slot is not repeated within this.
const LOOK_PAUSE_MS: u64 = 10 * 60 * 1000;

/// What stands in a slot, encrypted with the slot's key; the slot's name is the associated data.
#[derive(Clone, PartialEq, Eq, Message)]
struct SlotContent {
    #[prost(bytes = "vec", tag = "1")]
    commit: Vec<u8>,
    /// For the newcomers, each sealed for its mailbox.
    #[prost(bytes = "vec", repeated, tag = "2")]
    welcomes: Vec<Vec<u8>>,
}

/// Where a group stands after something was read from a slot.
pub enum Progress {
    /// Nothing to do.
    Unchanged,
    /// The group is in a new epoch: parked messages may open.
    NewEpoch(GroupId, u64),
    /// The group is torn: its conversation is being secured anew, and what is parked never opens.
    Torn(GroupId, ConversationId),
}

/// Renews the epoch's keys by an own commit if they have served long or often enough, and nothing is pending.
pub fn heal_if_due(step: &mut Step<'_>, state: &mut GroupState) -> Result<(), EngineError> {
    let old = step.now_ms.saturating_sub(state.epoch_since_ms) >= limits::HEALING_SECONDS * 1000;
    if state.pending.is_some() || !(old || state.own_messages >= limits::HEALING_MESSAGES) {
        return Ok(());
    }
    stage(step, state, 0)
}

/// Stages an own commit and queues its claim: all durable before anything leaves.
fn stage(step: &mut Step<'_>, state: &mut GroupState, attempt: u32) -> Result<(), EngineError> {
    let nonce = step.random_bytes();
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mut mls) = Group::load(&mut session, &state.id)? else { return Ok(()) };
    if mls.has_pending_commit() {
        mls.clear_pending(&mut session)?;
    }
    let (name, key) = slot(&mls, &session, attempt)?;
    let commit = mls.change(&mut session, &Changes::default())?.commit;
    session.finish()?;
    let content = SlotContent { commit, welcomes: Vec::new() }.encode_to_vec();
    let content = symmetric::encrypt(&key, nonce, &name.0, &content);
    state.pending = Some(Pending { attempt, name, key, content });
    save(step.tx, state)?;
    outbox::enqueue(step, Lane::Slots(state.id), JobKind::ClaimSlot { group: state.id }, 0)
}

fn slot(mls: &Group, session: &Session<'_>, attempt: u32) -> Result<(SlotName, [u8; 32]), EngineError> {
    let context = attempt.to_be_bytes();
    let name = mls.export(session, NAME_LABEL, &context, 32)?;
    let key = mls.export(session, KEY_LABEL, &context, 32)?;
    let short = || MlsError::Internal("an exported secret is short".into());
    let name = name.as_slice().try_into().map_err(|_| short())?;
    Ok((name, key.as_slice().try_into().map_err(|_| short())?))
}

/// The claim to send; `None` where nothing is pending any more.
pub fn claim(step: &Step<'_>, id: GroupId) -> Result<Option<(SlotName, SlotClaim)>, EngineError> {
    let pending = group(step.tx, id)?.and_then(|state| state.pending);
    Ok(pending.map(|pending| (pending.name, SlotClaim { content: pending.content })))
}

/// The relay answered a claim.
pub fn claimed(step: &mut Step<'_>, id: GroupId, answer: &Slot) -> Result<Progress, EngineError> {
    let Some(mut state) = group(step.tx, id)? else { return Ok(Progress::Unchanged) };
    let Some(pending) = state.pending.clone() else { return Ok(Progress::Unchanged) };
    let content = if answer.claimed { &pending.content } else { &answer.content };
    if content.is_empty() {
        return torn(step, state);
    }
    let receipted = verify_receipt(&step.account.receipt_key, &pending.name, content, &answer.receipt);
    if !receipted && !planted(Planted::TrustReceipts) {
        return Err(EngineError::BadAnswer("slot receipt"));
    }
    if answer.claimed || planted(Planted::MergeUnclaimed) {
        return merge(step, state, &pending, &answer.receipt);
    }
    match apply(step, &mut state, pending.attempt, content)? {
        Verdict::Applied(epoch) => Ok(Progress::NewEpoch(id, epoch)),
        Verdict::Torn => torn(step, state),
        Verdict::Garbage if pending.attempt + 1 < limits::SLOT_ATTEMPTS => {
            stage(step, &mut state, pending.attempt + 1)?;
            Ok(Progress::Unchanged)
        }
        Verdict::Garbage => torn(step, state),
    }
}

/// We won: merges the own commit and queues it for the peer, with the receipt.
fn merge(
    step: &mut Step<'_>,
    mut state: GroupState,
    pending: &Pending,
    receipt: &[u8],
) -> Result<Progress, EngineError> {
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mut mls) = Group::load(&mut session, &state.id)? else { return Ok(Progress::Unchanged) };
    let ended = mls.epoch();
    mls.merge_pending(&mut session)?;
    let epoch = mls.epoch();
    session.finish()?;
    enter_epoch(step, &mut state)?;
    let parcel = Body::Commit(parcel::Commit {
        group: state.id.0.to_vec(),
        epoch: ended,
        attempt: pending.attempt,
        content: pending.content.clone(),
        receipt: receipt.to_vec(),
    });
    let kind = JobKind::Commit { group: state.id, parcel: parcel.into_bytes() };
    outbox::enqueue(step, Lane::Slots(state.id), kind, 0)?;
    Ok(Progress::NewEpoch(state.id, epoch))
}

/// A commit came by mailbox.
pub fn receive(step: &mut Step<'_>, commit: &parcel::Commit) -> Result<Progress, EngineError> {
    let id = <[u8; 16]>::try_from(commit.group.as_slice()).map(GroupId);
    let Some(mut state) = id.ok().map(|id| group(step.tx, id)).transpose()?.flatten() else {
        return Ok(Progress::Unchanged);
    };
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mls) = Group::load(&mut session, &state.id)? else { return Ok(Progress::Unchanged) };
    let epoch = mls.epoch();
    let name = slot(&mls, &session, commit.attempt)?.0;
    drop(session);
    if commit.epoch < epoch {
        return Ok(Progress::Unchanged);
    }
    let receipted = verify_receipt(&step.account.receipt_key, &name, &commit.content, &commit.receipt);
    // Only the first attempt of the current epoch is taken from the mailbox; whatever else has to be read in order.
    if commit.epoch > epoch || commit.attempt > 0 || !receipted {
        look(step, &state)?;
        return Ok(Progress::Unchanged);
    }
    match apply(step, &mut state, 0, &commit.content)? {
        Verdict::Applied(epoch) => Ok(Progress::NewEpoch(state.id, epoch)),
        Verdict::Torn => torn(step, state),
        Verdict::Garbage => Ok(Progress::Unchanged),
    }
}

/// Queues a look at the group's current slot, unless one is queued.
pub fn look(step: &mut Step<'_>, state: &GroupState) -> Result<(), EngineError> {
    let lane = Lane::Looks(state.id);
    if outbox::last(step.tx, lane)?.is_some() {
        return Ok(());
    }
    enqueue_read(step, state.id, 0)
}

/// Looks at the slots of all groups that were not looked at for a while: when the device connects, and daily.
pub fn look_around(step: &mut Step<'_>, connected_now: bool) -> Result<(), EngineError> {
    let pause = if connected_now { LOOK_PAUSE_MS } else { DAY_MS };
    let states: Vec<GroupState> = crate::storage::all(step.tx, b"")?;
    for state in states {
        if step.now_ms.saturating_sub(state.looked_at_ms) >= pause && !state.awaits_welcome {
            look(step, &state)?;
        }
    }
    Ok(())
}

/// The slot to read; `None` where the group is gone.
pub fn name_to_read(step: &mut Step<'_>, id: GroupId, attempt: u32) -> Result<Option<SlotName>, EngineError> {
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mls) = Group::load(&mut session, &id)? else { return Ok(None) };
    Ok(Some(slot(&mls, &session, attempt)?.0))
}

/// The relay answered a look at the slot `asked`; `None`: it is free.
pub fn read(
    step: &mut Step<'_>,
    id: GroupId,
    attempt: u32,
    asked: Option<SlotName>,
    answer: Option<&Slot>,
) -> Result<Progress, EngineError> {
    let Some(mut state) = group(step.tx, id)? else { return Ok(Progress::Unchanged) };
    let Some(name) = name_to_read(step, id, attempt)? else { return Ok(Progress::Unchanged) };
    if asked != Some(name) {
        // The epoch ended while the answer was on its way.
        enqueue_read(step, id, 0)?;
        return Ok(Progress::Unchanged);
    }
    let Some(answer) = answer else {
        state.looked_at_ms = step.now_ms;
        save(step.tx, &state)?;
        return Ok(Progress::Unchanged);
    };
    if answer.content.is_empty() {
        return torn(step, state);
    }
    if !verify_receipt(&step.account.receipt_key, &name, &answer.content, &answer.receipt) {
        return Err(EngineError::BadAnswer("slot receipt"));
    }
    let own = state.pending.as_ref().is_some_and(|it| it.name == name && it.content == answer.content);
    if own {
        let pending = state.pending.clone().ok_or(EngineError::BadAnswer("slot"))?;
        return merge(step, state, &pending, &answer.receipt);
    }
    match apply(step, &mut state, attempt, &answer.content)? {
        Verdict::Applied(epoch) => {
            enqueue_read(step, id, 0)?;
            Ok(Progress::NewEpoch(id, epoch))
        }
        Verdict::Torn => torn(step, state),
        Verdict::Garbage if attempt + 1 < limits::SLOT_ATTEMPTS => {
            enqueue_read(step, id, attempt + 1)?;
            Ok(Progress::Unchanged)
        }
        Verdict::Garbage => torn(step, state),
    }
}

fn enqueue_read(step: &mut Step<'_>, group: GroupId, attempt: u32) -> Result<(), EngineError> {
    outbox::enqueue(step, Lane::Looks(group), JobKind::ReadSlot { group, attempt, name: None }, 0)
}

enum Verdict {
    Applied(u64),
    /// All members see alike that this is no commit of the group: skipped.
    Garbage,
    /// It is the group's commit, but its path does not open for us.
    Torn,
}

/// Applies what another member wrote into the slot. Our own pending commit is gone after it.
fn apply(step: &mut Step<'_>, state: &mut GroupState, attempt: u32, content: &[u8]) -> Result<Verdict, EngineError> {
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let Some(mut mls) = Group::load(&mut session, &state.id)? else { return Ok(Verdict::Garbage) };
    let (name, key) = slot(&mls, &session, attempt)?;
    let opened = symmetric::decrypt(&key, &name.0, content);
    let Some(content) = opened.and_then(|bytes| SlotContent::decode(bytes.as_slice()).ok()) else {
        return Ok(Verdict::Garbage);
    };
    match mls.apply_commit(&mut session, &content.commit, &only_renews_keys) {
        Ok(applied) => {
            session.finish()?;
            enter_epoch(step, state)?;
            Ok(Verdict::Applied(applied.epoch))
        }
        Err(error @ (MlsError::Storage(_) | MlsError::Internal(_))) => Err(error.into()),
        Err(MlsError::PathBroken(_)) => Ok(Verdict::Torn),
        Err(_) => Ok(Verdict::Garbage),
    }
}

/// The policy of a conversation of two: nobody comes, nobody goes, nothing is renamed.
fn only_renews_keys(view: &CommitView) -> Result<(), &'static str> {
    if view.added.is_empty() && view.removed.is_empty() && view.new_profile.is_none() {
        return Ok(());
    }
    Err("a conversation of two only renews its keys")
}

fn enter_epoch(step: &mut Step<'_>, state: &mut GroupState) -> Result<(), EngineError> {
    state.pending = None;
    state.own_messages = 0;
    state.epoch_since_ms = step.now_ms;
    state.looked_at_ms = step.now_ms;
    Ok(save(step.tx, state)?)
}

fn torn(step: &mut Step<'_>, mut state: GroupState) -> Result<Progress, EngineError> {
    state.pending = None;
    state.torn = true;
    save(step.tx, &state)?;
    if known(step.tx, state.conversation)?.group != Some(state.id) {
        return Ok(Progress::Unchanged);
    }
    secure_anew(step, state.conversation)?;
    Ok(Progress::Torn(state.id, state.conversation))
}
