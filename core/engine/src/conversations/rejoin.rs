//! The way back of a device that lost its group: it asks those who act as admins to take it out and in again, by a
//! request that its identity key signs, since there is no epoch to seal it in. One who acts as admin alone creates the
//! group anew instead.

use sealpost_crypto::{
    hash::sha256,
    keys::{Domain, verify},
};
use sealpost_wire::{
    id::UserId,
    limits::{self, DAY_SECONDS},
};

use super::{
    commits::unstage,
    gathering,
    group::with_group,
    members::{self, Member},
    opening,
    policy::acting_admins,
    row::{Conversation, GroupState, Standing, current, group, known, update},
    slot_content::Proof,
};
use crate::{
    error::EngineError,
    fact::Happened,
    mls::{GroupId, MlsError, check_key_package, generate_key_packages},
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    parcel::{self, Body},
    plan::{Change, Purpose},
    step::Step,
    storage::save,
};

const DAY_MS: u64 = DAY_SECONDS * 1000;
/// A request is not repeated within this.
const ASK_PAUSE_MS: u64 = DAY_MS;
/// Whoever was not heard for so long may have no Welcome.
const ABSENT_MS: u64 = limits::MAILBOX_SECONDS * 1000;
/// Each further admin waits so much longer before acting on somebody's request.
const RANK_PAUSE_MS: u64 = 10 * 60 * 1000;
/// From this request on all members are asked, whoever the admins are.
const ASK_ALL: u32 = 1;
/// With so many requests unanswered, any member may be who takes this device in again: whoever acts as admin now may
/// have become one in an epoch that was never reached here.
const PATIENT: u32 = 2;
/// After so many requests nobody seems to want this device back.
const ASK_AT_MOST: u32 = 7;

/// The group is torn for this device: the conversation says so, and the way back begins.
pub(super) fn torn(step: &mut Step<'_>, conversation: &Conversation, state: &GroupState) -> Result<(), EngineError> {
    if conversation.is_leaving() {
        return leaves_unheard(step, conversation.id);
    }
    step.note(conversation.id, step.account.id, Happened::Torn);
    ask(step, conversation, state, true)
}

/// The word that this device leaves goes as it was sealed, if it was; else nobody will hear it.
fn leaves_unheard(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    if outbox::last(step.tx, Lane::Contents(id))?.is_some_and(|word| word.sealed.is_some()) {
        return Ok(());
    }
    step.note(id, step.account.id, Happened::Left(step.account.id));
    opening::out(step, id, Standing::Left)
}

/// Asks again where the last request has not helped for a day.
pub(super) fn ask_again(step: &mut Step<'_>, state: &GroupState) -> Result<(), EngineError> {
    let conversation = known(step.tx, state.conversation)?;
    let current = conversation.group == Some(state.id) && conversation.many.is_some();
    if current && conversation.is_member() && !asked_lately(step, state) {
        return ask(step, &conversation, state, true);
    }
    Ok(())
}

/// A member's epoch has another tag than ours: the group may have parted. The admins' side is the one that stays.
pub(super) fn parted(step: &mut Step<'_>, conversation: &Conversation, state: &GroupState) -> Result<(), EngineError> {
    let acting = acting(step, conversation, None)?;
    if acting.first() == Some(&step.account.id) || asked_lately(step, state) {
        return Ok(());
    }
    ask(step, conversation, state, false)
}

/// This device's keys of the conversation may be in use elsewhere: they are given up for a fresh group, or to be taken
/// in again. What was sealed with them and not delivered is sealed again. True where a fresh group is made.
pub fn start_over(step: &mut Step<'_>, id: ConversationId) -> Result<bool, EngineError> {
    let conversation = &known(step.tx, id)?;
    outbox::unseal(step, Lane::Contents(id))?;
    outbox::unseal(step, Lane::Receipts(id))?;
    if conversation.peer.is_some() {
        return opening::start_over(step, id);
    }
    let Some(mut state) = current(step.tx, conversation)? else {
        return Ok(false);
    };
    unstage(step, &mut state)?;
    state.torn = true;
    save(step.tx, &state)?;
    if conversation.takes_part() {
        torn(step, conversation, &state)?;
    }
    Ok(false)
}

/// Whether those who are known as admins have let this device ask in vain.
pub(super) fn asked_in_vain(step: &Step<'_>, conversation: &Conversation) -> Result<bool, EngineError> {
    let state = current(step.tx, conversation)?;
    Ok(state.is_some_and(|state| state.torn && state.asked.is_some_and(|(_, times)| times >= PATIENT)))
}

fn asked_lately(step: &Step<'_>, state: &GroupState) -> bool {
    state.asked.is_some_and(|(at, _)| step.since(at) < ASK_PAUSE_MS)
}

fn acting(step: &Step<'_>, conversation: &Conversation, without: Option<UserId>) -> Result<Vec<UserId>, EngineError> {
    let Some(many) = &conversation.many else { return Ok(Vec::new()) };
    let members = members::members(step.tx, conversation.id)?;
    let ids = members.iter().map(|member| member.id).filter(|id| Some(*id) != without);
    Ok(acting_admins(&many.admins, ids))
}

fn ask(step: &mut Step<'_>, conversation: &Conversation, state: &GroupState, torn: bool) -> Result<(), EngineError> {
    let me = step.account.id;
    let times = state.asked.map_or(0, |(_, times)| times);
    let mut state = state.clone();
    state.asked = Some((step.now_ms, times + 1));
    save(step.tx, &state)?;
    let mut to = acting(step, conversation, None)?;
    if torn && to.first() == Some(&me) {
        // Nobody acts before us: a group that we make anew is the one that stays. Who spoils that too gains a day.
        let mut row = known(step.tx, conversation.id)?;
        if step.since(row.mended_at_ms) < ASK_PAUSE_MS {
            return Ok(());
        }
        row.mended_at_ms = step.now_ms;
        update(step, &row)?;
        return gathering::create_anew(step, conversation, &state.suspects);
    }
    if torn && times >= ASK_AT_MOST {
        return give_up(step, conversation.id);
    }
    if times >= ASK_ALL {
        to = members::members(step.tx, conversation.id)?.iter().map(|member| member.id).collect();
    }
    to.retain(|id| *id != me);
    let Some(request) = request(step, &state, torn)? else { return Ok(()) };
    let kind = JobKind::Ask { conversation: conversation.id, group: state.id, parcel: request.into_bytes(), to };
    outbox::enqueue(step, Lane::Handshakes(state.id), kind, 0)
}

/// Nobody has taken this device in again for a week: it was taken out meanwhile, or everybody else is gone.
fn give_up(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    step.note(id, step.account.id, Happened::GaveUp);
    opening::out(step, id, Standing::Removed)
}

fn request(step: &mut Step<'_>, state: &GroupState, torn: bool) -> Result<Option<Body>, EngineError> {
    let Some(mark) = state.marks.last().cloned() else { return Ok(None) };
    let expires = step.now_seconds() + limits::KEY_PACKAGE_SECONDS;
    let package =
        with_group(step, &state.id, |session, group| generate_key_packages(session, group.suite(), 1, false, expires))?;
    let Some(key_package) = package.and_then(|mut packages| packages.pop()) else { return Ok(None) };
    let mut request = parcel::Rejoin {
        group: state.id.0.to_vec(),
        epoch: mark.epoch,
        epoch_tag: mark.tag.to_vec(),
        torn,
        key_package,
        member: step.account.id.to_string(),
        signature: Vec::new(),
    };
    let proof = proof(&request);
    request.signature = step.identity_key.sign(Domain::Rejoin, &proof.signed_bytes(state.id)).to_vec();
    Ok(Some(Body::Rejoin(request)))
}

/// What the request's signature proves.
fn proof(request: &parcel::Rejoin) -> Proof {
    let flags = [request.epoch_tag.as_slice(), &[u8::from(request.torn)], &request.key_package].concat();
    Proof {
        member: request.member.clone(),
        epoch: request.epoch,
        hash: sha256(&flags).to_vec(),
        signature: request.signature.clone(),
    }
}

/// Somebody asks to be added afresh: done if it is their word, and they need it.
pub fn asked(step: &mut Step<'_>, request: &parcel::Rejoin) -> Result<(), EngineError> {
    let Ok(id) = <[u8; 16]>::try_from(request.group.as_slice()).map(GroupId) else { return Ok(()) };
    let Some(state) = group(step.tx, id)?.filter(|state| !state.torn) else { return Ok(()) };
    let conversation = known(step.tx, state.conversation)?;
    if !conversation.is_member() {
        return Ok(());
    }
    let proof = proof(request);
    let member = proof.id().map(|member| members::member(step.tx, conversation.id, member)).transpose()?.flatten();
    let Some(member) = member.filter(|member| member.present && member.id != step.account.id) else { return Ok(()) };
    let signed = proof.signed_bytes(id);
    if !verify(&member.identity_key, Domain::Rejoin, &signed, &proof.signature) {
        return Ok(());
    }
    if conversation.group != Some(id) || request.epoch < member.since_epoch {
        return missed(step, &conversation, member);
    }
    if !request.torn && !differs(&state, request) {
        return Ok(());
    }
    if !is_sound(step, &state, &member, &request.key_package)? {
        return Ok(());
    }
    let acting = acting(step, &conversation, Some(member.id))?;
    let Some(rank) = acting.iter().position(|id| *id == step.account.id) else { return Ok(()) };
    let lane = Lane::Care(conversation.id);
    for job in outbox::lane(step.tx, lane)? {
        if matches!(&job.kind, JobKind::Change { change: Change::Readd { member: id, .. }, .. } if *id == member.id) {
            return Ok(());
        }
    }
    if let Some(signer) = signer(&state, request.epoch).filter(|_| request.torn && rank == 0) {
        step.note(conversation.id, member.id, Happened::CouldNotFollow(signer));
    }
    let change = Change::Readd { member: member.id, key_package: request.key_package.clone() };
    enqueue_in_turn(step, &conversation, change, rank)
}

/// Somebody asks by what they had before they came, or before the group was created anew. Where nothing of theirs has
/// opened since, and not for want of time, they had no Welcome that they could use: they need not be waited for.
fn missed(step: &mut Step<'_>, conversation: &Conversation, member: Member) -> Result<(), EngineError> {
    let since = step.since(member.since_ms);
    if member.heard || !(ASK_PAUSE_MS / 2..ABSENT_MS - DAY_MS).contains(&since) {
        return Ok(());
    }
    save(step.tx, &Member { since_ms: step.now_ms.saturating_sub(ABSENT_MS + 1), ..member })?;
    fetch_absent(step, conversation)
}

/// An admin looks for members who may never have had their Welcome: they have not been heard for as long as a mailbox
/// keeps one, or were left out when the group was created anew. They are added afresh, and looked for daily until then.
pub(super) fn fetch_absent(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    let me = step.account.id;
    let is_admin = conversation.many.as_ref().is_some_and(|many| many.admins.contains(&me));
    let Some(group) = conversation.group.filter(|_| is_admin && conversation.is_member()) else { return Ok(()) };
    let acting = acting(step, conversation, None)?;
    let Some(rank) = acting.iter().position(|id| *id == me) else { return Ok(()) };
    let tomorrow_ms = step.now_ms.saturating_sub(ABSENT_MS - DAY_MS);
    let (mut silent, mut left_out) = (Vec::new(), Vec::new());
    for member in members::everybody(step.tx, conversation.id)? {
        // Each further admin waits a day longer.
        let since_ms = step.since(member.since_ms).saturating_sub(rank as u64 * DAY_MS);
        let welcome = !member.leaving && !member.retired && !member.alarm;
        if member.present && !member.heard && welcome && since_ms > ABSENT_MS {
            silent.push(member.id);
            save(step.tx, &Member { since_ms: tomorrow_ms, ..member })?;
        } else if !member.present && member.left_out && welcome && since_ms > DAY_MS {
            left_out.push(member.id);
            save(step.tx, &Member { since_ms: step.now_ms, ..member })?;
        }
    }
    for (wanted, purpose) in [(silent, Purpose::Readd { group }), (left_out, Purpose::Add)] {
        if !wanted.is_empty() {
            gathering::gather(step, conversation.id, wanted, purpose)?;
        }
    }
    Ok(())
}

/// Queues a change that any of several members can make, each later than the one before.
pub(super) fn enqueue_in_turn(
    step: &mut Step<'_>,
    conversation: &Conversation,
    change: Change,
    rank: usize,
) -> Result<(), EngineError> {
    let kind = JobKind::Change { conversation: conversation.id, change };
    outbox::enqueue(step, Lane::Care(conversation.id), kind, rank as u64 * RANK_PAUSE_MS)
}

/// Whether the epoch that they were in is another one than ours of that number.
fn differs(state: &GroupState, request: &parcel::Rejoin) -> bool {
    state.marks.iter().any(|mark| mark.epoch == request.epoch && mark.tag.as_slice() != request.epoch_tag)
}

/// Who made the commit that ended the epoch.
fn signer(state: &GroupState, epoch: u64) -> Option<UserId> {
    state.marks.iter().find(|mark| mark.epoch == epoch + 1)?.committer
}

fn is_sound(step: &mut Step<'_>, state: &GroupState, member: &Member, key_package: &[u8]) -> Result<bool, EngineError> {
    let Some(suite) = with_group(step, &state.id, |_, group| Ok(group.suite()))? else { return Ok(false) };
    match check_key_package(key_package, suite, step.now_seconds()) {
        Ok(found) => Ok(found.id == member.id && found.identity_key == member.identity_key),
        Err(MlsError::Storage(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}
