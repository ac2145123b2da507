//! Commit slots: whoever commits at an epoch first claims its slot at the relay. The first writer wins; a commit is
//! merged only with the relay's receipt, or after the slot was read.
//!
//! The table of PROTOCOL.md, 10.5, is [`decide`]: what a device does for what it finds in the slot of the epoch that it
//! is in. What it finds is what it judges it to be; whatever all members judge alike, all skip alike.

use sealpost_crypto::slot_receipt::verify_receipt;
use sealpost_wire::{
    api::slot::{Slot, SlotClaim},
    id::SlotName,
    limits,
};

use super::{
    change,
    commits::{self, Verdict},
    filled, gathering,
    group::with_group,
    looks::{enqueue_read, look},
    members,
    opening::{self, secure_anew},
    rejoin,
    row::{GroupState, Pending, current, group, known},
};
use crate::{
    error::EngineError,
    mls::GroupId,
    names::ConversationId,
    outbox::{self, JobId, JobKind, Lane},
    parcel::{self, Body},
    plan::Change,
    simulation::{Planted, planted},
    step::Step,
    storage::save,
};

const DAY_MS: u64 = limits::DAY_SECONDS * 1000;
/// A look at the slot is not repeated within this.
const LOOK_PAUSE_MS: u64 = 10 * 60 * 1000;

/// Where a group stands after something was read from a slot.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing to do.
    Unchanged,
    /// The group is in a new epoch: parked messages may open.
    NewEpoch(GroupId),
    /// The group is torn: its conversation is being secured anew, and what is parked never opens.
    Torn(GroupId, ConversationId),
}

/// What stands in the slot of an attempt, by this device's judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Free,
    /// Our pending commit.
    Own,
    /// A commit that was applied.
    Applied,
    /// Nothing that any member accepts.
    Garbage,
    /// A commit whose path is broken for us.
    Broken,
    /// Taken, and the content is over.
    Gone,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Rest,
    Merge,
    /// The group is in its next epoch.
    Advance,
    /// Read the next attempt's slot; a commit of ours that waits is made anew for it.
    Next,
    /// Read the next attempt's slot, for a commit that the others may have followed instead of the broken one.
    NextThoughBroken,
    Torn,
}

/// `broken`: an earlier attempt of this epoch was. `overdue`: messages of a later epoch have waited for a day.
fn decide(found: Found, attempt: u32, broken: bool, overdue: bool) -> Decision {
    let last = attempt + 1 >= limits::SLOT_ATTEMPTS;
    match found {
        Found::Free if broken || overdue => Decision::Torn,
        Found::Free => Decision::Rest,
        Found::Own => Decision::Merge,
        Found::Applied => Decision::Advance,
        Found::Garbage | Found::Broken if last => Decision::Torn,
        Found::Garbage => Decision::Next,
        Found::Broken => Decision::NextThoughBroken,
        Found::Gone => Decision::Torn,
    }
}

/// Queues new keys for the epoch if the ones there are have served long or often enough.
pub fn heal_if_due(step: &mut Step<'_>, state: &GroupState) -> Result<(), EngineError> {
    if state.pending.is_some() || !change::due(step, state) {
        return Ok(());
    }
    let lane = Lane::Changes(state.conversation);
    let queued = outbox::lane(step.tx, lane)?;
    let renews = |kind: &JobKind| matches!(kind, JobKind::Change { change: Change::Renew, .. });
    if queued.iter().any(|job| renews(&job.kind)) {
        return Ok(());
    }
    let kind = JobKind::Change { conversation: state.conversation, change: Change::Renew };
    outbox::enqueue(step, lane, kind, 0)
}

/// What a job that wants a change can do now.
pub enum Claim {
    Request(SlotName, SlotClaim),
    /// Another change is on its way, or there is no group to change yet.
    Wait,
    /// Nothing is left to do.
    Pointless,
}

/// Stages the change if it is its turn, and gives the claim to send. The same claim is sent until it is answered.
pub fn claim(
    step: &mut Step<'_>,
    job: &JobId,
    conversation: ConversationId,
    change: &Change,
) -> Result<Claim, EngineError> {
    let row = known(step.tx, conversation)?;
    if row.is_invited() {
        return Ok(Claim::Wait);
    }
    if !row.is_member() {
        return pointless(step, conversation, change);
    }
    let Some(mut state) = current(step.tx, &row)? else { return Ok(Claim::Wait) };
    if state.torn || state.broken || state.catching_up {
        return Ok(Claim::Wait);
    }
    if state.pending.is_none() && !commits::stage(step, &mut state, job, change, 0)? {
        return pointless(step, conversation, change);
    }
    Ok(match state.pending {
        Some(pending) if pending.job == *job => {
            Claim::Request(pending.name, SlotClaim { content: pending.content, brought: false })
        }
        _ => Claim::Wait,
    })
}

fn pointless(step: &mut Step<'_>, conversation: ConversationId, change: &Change) -> Result<Claim, EngineError> {
    over(step, conversation, change)?;
    Ok(Claim::Pointless)
}

/// The change is made, or given up: what was gathered for it goes.
fn over(step: &mut Step<'_>, conversation: ConversationId, change: &Change) -> Result<(), EngineError> {
    match change {
        Change::Add(members) => gathering::forget_gathered(step, conversation, members),
        _ => Ok(()),
    }
}

/// The relay answered a claim. True beside the progress: the change is made, and its job done.
pub fn claimed(
    step: &mut Step<'_>,
    job: &JobId,
    conversation: ConversationId,
    change: &Change,
    answer: &Slot,
) -> Result<(Progress, bool), EngineError> {
    let row = known(step.tx, conversation)?;
    let Some(mut state) = current(step.tx, &row)? else {
        return Ok((Progress::Unchanged, false));
    };
    let Some(pending) = state.pending.clone().filter(|pending| pending.job == *job) else {
        return Ok((Progress::Unchanged, false));
    };
    let content = if answer.claimed { &pending.content } else { &answer.content };
    let found = examine(step, &mut state, pending.attempt, pending.name, content, &answer.receipt)?;
    let decision = decide(found, pending.attempt, state.broken, false);
    if decision == Decision::Next {
        // The next attempt is ours to try.
        let staged = commits::stage(step, &mut state, job, change, pending.attempt + 1)?;
        return Ok((Progress::Unchanged, !staged));
    }
    let progress = carry_out(step, state, pending.attempt, decision, &answer.receipt)?;
    // A change that nobody lets us make is given up with the group.
    let done = matches!(decision, Decision::Merge | Decision::Torn);
    if done {
        over(step, conversation, change)?;
    }
    Ok((progress, done))
}

/// The relay will never take the claim: the change is given up.
pub fn claim_refused(step: &mut Step<'_>, job: &JobId, conversation: ConversationId) -> Result<(), EngineError> {
    let row = known(step.tx, conversation)?;
    for id in row.groups {
        if let Some(mut state) = group(step.tx, id)?
            && state.pending.as_ref().is_some_and(|pending| pending.job == *job)
        {
            commits::unstage(step, &mut state)?;
        }
    }
    Ok(())
}

/// What stands in the slot, applied where it is a commit that can be.
fn examine(
    step: &mut Step<'_>,
    state: &mut GroupState,
    attempt: u32,
    name: SlotName,
    content: &[u8],
    receipt: &[u8],
) -> Result<Found, EngineError> {
    if content.is_empty() {
        return Ok(Found::Gone);
    }
    let receipted = verify_receipt(&step.account.receipt_key, &name, content, receipt);
    if !receipted {
        return Err(EngineError::BadAnswer("slot receipt"));
    }
    filled::keep(step, state, attempt, name, content)?;
    let own =
        |pending: &Pending| pending.name == name && (pending.content == content || planted(Planted::MergeUnclaimed));
    if state.pending.as_ref().is_some_and(own) {
        return Ok(Found::Own);
    }
    Ok(match commits::apply(step, state, attempt, content)? {
        Verdict::Applied => Found::Applied,
        Verdict::Garbage => Found::Garbage,
        Verdict::Broken => Found::Broken,
    })
}

fn carry_out(
    step: &mut Step<'_>,
    mut state: GroupState,
    attempt: u32,
    decision: Decision,
    receipt: &[u8],
) -> Result<Progress, EngineError> {
    match decision {
        Decision::Rest => {
            (state.looked_at_ms, state.catching_up) = (step.now_ms, false);
            save(step.tx, &state)?;
            Ok(Progress::Unchanged)
        }
        Decision::Merge => {
            merge(step, &mut state, receipt)?;
            Ok(Progress::NewEpoch(state.id))
        }
        Decision::Advance => Ok(Progress::NewEpoch(state.id)),
        Decision::Next => {
            enqueue_read(step, state.id, attempt + 1)?;
            Ok(Progress::Unchanged)
        }
        Decision::NextThoughBroken => {
            commits::unstage(step, &mut state)?;
            state.broken = true;
            save(step.tx, &state)?;
            enqueue_read(step, state.id, attempt + 1)?;
            Ok(Progress::Unchanged)
        }
        Decision::Torn => torn(step, state),
    }
}

/// We won: merges the own commit, and queues it for all who were members, with the receipt, and its Welcome.
fn merge(step: &mut Step<'_>, state: &mut GroupState, receipt: &[u8]) -> Result<(), EngineError> {
    let Some(pending) = state.pending.clone() else { return Ok(()) };
    let conversation = known(step.tx, state.conversation)?;
    let to = match conversation.peer {
        Some(peer) => vec![peer],
        None => members::members(step.tx, conversation.id)?.iter().map(|member| member.id).collect(),
    };
    let ended = commits::merge(step, state)?;
    let parcel = Body::Commit(parcel::Commit {
        group: state.id.0.to_vec(),
        epoch: ended,
        attempt: pending.attempt,
        content: pending.content,
        receipt: receipt.to_vec(),
    });
    let kind = JobKind::Commit { group: state.id, parcel: parcel.into_bytes(), to };
    outbox::enqueue(step, Lane::Handshakes(state.id), kind, 0)?;
    match pending.welcome {
        Some(welcome) => {
            let (parcel, to) = (welcome.parcel, welcome.to);
            let kind = JobKind::Welcome { conversation: state.conversation, group: state.id, parcel, to };
            outbox::enqueue_sealed(step, Lane::Handshakes(state.id), kind, welcome.delivery_id, 0)
        }
        None => Ok(()),
    }
}

/// A commit came through the mailbox.
pub fn receive(step: &mut Step<'_>, commit: &parcel::Commit) -> Result<Progress, EngineError> {
    let Ok(id) = <[u8; 16]>::try_from(commit.group.as_slice()).map(GroupId) else { return Ok(Progress::Unchanged) };
    // Whoever was taken out, and waits for the Welcome back, has nothing to look with.
    let Some(mut state) = group(step.tx, id)?.filter(|state| !state.torn) else { return Ok(Progress::Unchanged) };
    let here = with_group(step, &id, |session, group| Ok((group.epoch(), commits::slot(group, session, 0)?.0)))?;
    let Some((epoch, name)) = here else { return Ok(Progress::Unchanged) };
    if commit.epoch < epoch {
        return Ok(Progress::Unchanged);
    }
    let receipted = verify_receipt(&step.account.receipt_key, &name, &commit.content, &commit.receipt);
    // Only the first attempt's content is taken from the mailbox; whatever else has to be read in order.
    if commit.epoch > epoch || commit.attempt > 0 || !receipted || state.pending.is_some() {
        look(step, &state)?;
        return Ok(Progress::Unchanged);
    }
    let found = examine(step, &mut state, 0, name, &commit.content, &commit.receipt)?;
    match decide(found, 0, state.broken, false) {
        // The next slot is not asked for: who commits next delivers it.
        Decision::Advance => Ok(Progress::NewEpoch(id)),
        decision => carry_out(step, state, 0, decision, &commit.receipt),
    }
}

/// Looks at the slots of all groups that were not looked at for a while: when the device connects, and daily. Whoever
/// is torn asks again.
///
/// The conversations in which nobody may have had what was sent: they have got a fresh group.
pub fn look_around(step: &mut Step<'_>, connected_now: bool) -> Result<Vec<ConversationId>, EngineError> {
    let pause = if connected_now { LOOK_PAUSE_MS } else { DAY_MS };
    let states: Vec<GroupState> = crate::storage::all(step.tx, b"")?;
    let mut renewed = Vec::new();
    for mut state in states {
        if state.torn {
            rejoin::ask_again(step, &state)?;
            continue;
        }
        let due = step.since(state.looked_at_ms) >= pause;
        if due && !state.awaits_welcome {
            look(step, &state)?;
        }
        if due || connected_now {
            let row = known(step.tx, state.conversation)?;
            if connected_now && row.is_leaving() {
                state.catching_up = true;
                save(step.tx, &state)?;
                look(step, &state)?;
            }
            rejoin::fetch_absent(step, &row)?;
            renewed.extend(opening::renew_unheard(step, &row, &state)?.then_some(row.id));
        }
    }
    Ok(renewed)
}

/// The slot to read; `None` where the group is gone, or not to be followed any more.
pub fn name_to_read(step: &mut Step<'_>, id: GroupId, attempt: u32) -> Result<Option<SlotName>, EngineError> {
    let Some(state) = group(step.tx, id)?.filter(|state| !state.torn) else { return Ok(None) };
    if !known(step.tx, state.conversation)?.takes_part() {
        return Ok(None);
    }
    Ok(with_group(step, &id, |session, group| Ok(commits::slot(group, session, attempt)?.0))?)
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
    let (found, receipt) = match answer {
        None => (Found::Free, Vec::new()),
        Some(slot) => {
            let found = examine(step, &mut state, attempt, name, &slot.content, &slot.receipt)?;
            (found, slot.receipt.clone())
        }
    };
    let overdue = state.parked_since_ms.is_some_and(|since| step.since(since) >= DAY_MS);
    let decision = decide(found, attempt, state.broken, overdue);
    if decision == Decision::Advance && group(step.tx, id)?.is_some() {
        enqueue_read(step, id, 0)?;
    }
    carry_out(step, state, attempt, decision, &receipt)
}

/// The epoch that the group is in; 0 where it is gone.
pub fn epoch(step: &mut Step<'_>, id: GroupId) -> Result<u64, EngineError> {
    Ok(with_group(step, &id, |_, group| Ok(group.epoch()))?.unwrap_or(0))
}

/// The group's next epoch can't be reached. A conversation of two gets a fresh group; one of many is asked to take this
/// device in again.
pub(super) fn torn(step: &mut Step<'_>, mut state: GroupState) -> Result<Progress, EngineError> {
    commits::unstage(step, &mut state)?;
    if state.torn {
        return Ok(Progress::Unchanged);
    }
    state.torn = true;
    save(step.tx, &state)?;
    let conversation = known(step.tx, state.conversation)?;
    if conversation.group != Some(state.id) {
        return Ok(Progress::Unchanged);
    }
    match conversation.peer {
        Some(_) => secure_anew(step, conversation.id)?,
        None => rejoin::torn(step, &conversation, &state)?,
    }
    Ok(Progress::Torn(state.id, state.conversation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_leads_where_the_table_says() {
        let table = [
            (Found::Free, Decision::Rest),
            (Found::Own, Decision::Merge),
            (Found::Applied, Decision::Advance),
            (Found::Garbage, Decision::Next),
            (Found::Broken, Decision::NextThoughBroken),
            (Found::Gone, Decision::Torn),
        ];
        for (found, decision) in table {
            assert_eq!(decide(found, 0, false, false), decision, "{found:?}");
        }
    }

    #[test]
    fn behind_a_broken_path_a_free_slot_means_torn_and_a_sound_commit_heals() {
        assert_eq!(decide(Found::Free, 1, true, false), Decision::Torn);
        assert_eq!(decide(Found::Applied, 1, true, false), Decision::Advance);
        assert_eq!(
            decide(Found::Free, 0, false, true),
            Decision::Torn,
            "the others are ahead, and no slot leads there"
        );
    }

    #[test]
    fn after_the_last_attempt_nothing_is_skipped_any_more() {
        let last = limits::SLOT_ATTEMPTS - 1;
        assert_eq!(decide(Found::Garbage, last, false, false), Decision::Torn);
        assert_eq!(decide(Found::Broken, last, false, false), Decision::Torn);
        assert_eq!(decide(Found::Own, last, false, false), Decision::Merge);
    }
}
