//! Making and joining groups: which of two groups stays, securing anew, starting over.
//!
//! Of several groups the one with the higher re-creation counter stays, then the one with the lower ID; the others
//! fold once a message of the peer has opened in the one that stays.

use sealpost_crypto::directory_entry::verify_entry;
use sealpost_wire::{
    api::directory::{KeyPackageAnswer, KeyPackageRequest},
    card::Card,
    id::UserId,
    limits,
    suite::Suite,
};

use super::{
    parked::take_parked,
    row::{Conversation, GroupState, group, keep_of_two, known, of_two, update},
};
use crate::{
    contacts,
    error::EngineError,
    mls::{Changes, Group, GroupId, GroupProfile, MlsError, Session, check_key_package},
    names::ConversationId,
    outbox::{self, Blocked, Job, JobKind, Lane},
    parcel::{self, Body},
    step::Step,
    storage::{Table, save},
};

/// The purpose of a group whose messages are shown on screen.
pub const PURPOSE_CONVERSATION: u16 = 1;

/// How far the counter of a Welcome that can't be opened may be ahead: it proves nothing of who made it, and the
/// counter must not run out.
const COUNTER_LEAP: u32 = 1_000;
/// A Welcome that can't be opened is answered with an own group no more often than this.
const ANSWER_PAUSE_MS: u64 = limits::DAY_SECONDS * 1000;

/// The conversation with a contact, made where there is none. Its group is made with the first message.
pub fn open(step: &mut Step<'_>, peer: UserId) -> Result<Conversation, EngineError> {
    contacts::known(step.tx, peer)?;
    if let Some(id) = of_two(step.tx, peer)? {
        return known(step.tx, id);
    }
    let conversation = Conversation {
        id: ConversationId(step.random_bytes()),
        peer,
        group: None,
        groups: Vec::new(),
        counter: None,
        next_position: 1,
        read_up_to: 0,
        unread: 0,
        draft: String::new(),
        muted_until_ms: None,
        answered_welcome_at_ms: 0,
        changed_at_ms: step.now_ms,
    };
    keep_of_two(step, peer, conversation.id)?;
    update(step, &conversation)?;
    Ok(conversation)
}

/// Starts making a group unless there is one, or one is being made.
pub fn ensure_group(step: &mut Step<'_>, conversation: &Conversation) -> Result<(), EngineError> {
    let lane = Lane::Opening(conversation.id);
    if conversation.group.is_some() || outbox::last(step.tx, lane)?.is_some() {
        return Ok(());
    }
    let counter = conversation.counter.map_or(0, |counter| counter.saturating_add(1));
    outbox::enqueue(step, lane, JobKind::FetchKeyPackage { conversation: conversation.id, counter }, 0)
}

/// Gives the conversation a fresh group: its keys are lost or out of step. What still opens in the old ones is shown.
/// With somebody who is blocked or was not accepted it waits until we write: they learn neither token nor name.
pub fn secure_anew(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    let mut row = known(step.tx, id)?;
    row.group = None;
    update(step, &row)?;
    if contacts::known(step.tx, row.peer)?.is_answered() { ensure_group(step, &row) } else { Ok(()) }
}

/// Drops all groups of a conversation, whose keys may be in use elsewhere, and makes a fresh one. What was sealed in
/// them and not delivered is sealed again. False where there was no group.
pub fn start_over(step: &mut Step<'_>, id: ConversationId) -> Result<bool, EngineError> {
    let mut row = known(step.tx, id)?;
    if row.groups.is_empty() {
        return Ok(false);
    }
    for group in std::mem::take(&mut row.groups) {
        forget_group(step, group)?;
    }
    row.group = None;
    update(step, &row)?;
    outbox::unseal(step, Lane::Contents(id))?;
    outbox::unseal(step, Lane::Receipts(id))?;
    for job in outbox::lane(step.tx, Lane::Opening(id))? {
        outbox::remove(step, &job.id)?;
    }
    if contacts::known(step.tx, row.peer)?.is_answered() {
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
    let Some(entry) = verify_entry(&answer.entry).filter(|entry| entry.id == conversation.peer) else {
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
    let card = step.account.card().ok_or(EngineError::NotRegistered)?.to_bytes();
    let name = step.account.name.clone();
    let parcel = Body::Welcome(parcel::Welcome { welcome, card, name, counter }).into_bytes();
    let kind = JobKind::Welcome { conversation: id, group, parcel };
    outbox::update(step, &Job::new(job.id.clone(), kind, 0))?;
    Ok(Ok(()))
}

fn create_group(
    step: &mut Step<'_>,
    suite: Suite,
    counter: u32,
    key_package: &[u8],
) -> Result<(GroupId, Vec<u8>), EngineError> {
    let id = GroupId(step.random_bytes());
    let profile = GroupProfile {
        purpose: PURPOSE_CONVERSATION,
        two: true,
        name: String::new(),
        admins: vec![step.account.id],
        counter,
        ..GroupProfile::default()
    };
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let mut group = Group::create(&mut session, suite, id, &profile)?;
    let changes = Changes { add: vec![key_package.to_vec()], ..Changes::default() };
    let pending = group.change(&mut session, &changes)?;
    // Nobody else is in the group yet who could commit to its first epoch: there is no slot to claim.
    group.merge_pending(&mut session)?;
    session.finish()?;
    Ok((id, pending.welcome.ok_or(MlsError::Internal("an add made no Welcome".into()))?))
}

/// What became of a Welcome.
pub enum Joined {
    /// We are in. `renewed`: the peer has made the conversation's group anew.
    In { conversation: ConversationId, renewed: bool },
    /// It was handled before, comes from somebody blocked, or is not acceptable.
    Ignored,
}

/// Joins the group that somebody made with us.
pub fn join(step: &mut Step<'_>, welcome: &parcel::Welcome) -> Result<Joined, EngineError> {
    let Ok(card) = Card::from_bytes(&welcome.card) else { return Ok(Joined::Ignored) };
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    let joined = match Group::join(&mut session, &welcome.welcome) {
        Ok(joined) => joined,
        Err(MlsError::Storage(error)) => return Err(error.into()),
        Err(MlsError::NoKeyPackage) => {
            drop(session);
            return answer_with_own_group(step, &card, welcome);
        }
        Err(_) => return Ok(Joined::Ignored),
    };
    let (profile, members) = (joined.group.profile().clone(), joined.group.members());
    let adder_is_card = joined.adder.id == card.id && joined.adder.identity_key == card.identity_key;
    let two_of_us = members.len() == 2 && card.id != step.account.id && members.iter().any(|m| m.id == card.id);
    if !adder_is_card || !two_of_us || !profile.two || profile.purpose != PURPOSE_CONVERSATION {
        return Ok(Joined::Ignored);
    }
    let group = joined.group.id();
    session.finish()?;
    if !contacts::meet(step, &card, &welcome.name)? {
        forget_group(step, group)?;
        return Ok(Joined::Ignored);
    }
    let mut conversation = open(step, card.id)?;
    let renewed = conversation.counter.is_some_and(|counter| counter < profile.counter);
    let state = new_state(step, group, conversation.id, profile.counter);
    save(step.tx, &state)?;
    take_in(step, &mut conversation, &state)?;
    Ok(Joined::In { conversation: conversation.id, renewed })
}

/// The Welcome names a key package that is gone, so its group can't be joined: a known contact gets one from us, with
/// a higher counter. Nothing proves who made such a Welcome, so this happens once a day at most.
fn answer_with_own_group(step: &mut Step<'_>, card: &Card, welcome: &parcel::Welcome) -> Result<Joined, EngineError> {
    let known = contacts::contact(step.tx, card.id)?;
    let trusted = known.is_some_and(|it| it.identity_key == card.identity_key && it.is_answered());
    if !trusted {
        return Ok(Joined::Ignored);
    }
    let mut conversation = open(step, card.id)?;
    let counter = conversation.counter.unwrap_or(0);
    let answered_lately = step.now_ms < conversation.answered_welcome_at_ms.saturating_add(ANSWER_PAUSE_MS);
    if answered_lately || !(counter..=counter.saturating_add(COUNTER_LEAP)).contains(&welcome.counter) {
        return Ok(Joined::Ignored);
    }
    conversation.answered_welcome_at_ms = step.now_ms;
    conversation.counter = Some(welcome.counter);
    conversation.group = None;
    update(step, &conversation)?;
    ensure_group(step, &conversation)?;
    Ok(Joined::Ignored)
}

fn new_state(step: &Step<'_>, id: GroupId, conversation: ConversationId, counter: u32) -> GroupState {
    GroupState {
        id,
        conversation,
        counter,
        awaits_welcome: false,
        epoch_since_ms: step.now_ms,
        own_messages: 0,
        pending: None,
        torn: false,
        looked_at_ms: step.now_ms,
    }
}

/// Adds a group to its conversation and lets the better one be the one to seal in.
fn take_in(step: &mut Step<'_>, conversation: &mut Conversation, new: &GroupState) -> Result<(), EngineError> {
    let best = match conversation.group {
        Some(current) => group(step.tx, current)?,
        None => None,
    };
    let rank = |state: &GroupState| (std::cmp::Reverse(state.counter), state.id);
    if best.is_none_or(|best| rank(new) < rank(&best)) {
        conversation.group = Some(new.id);
    }
    conversation.groups.push(new.id);
    conversation.counter = conversation.counter.max(Some(new.counter));
    update(step, conversation)
}

/// The peer has written in the group that stays: the others have served.
pub(super) fn fold_others(step: &mut Step<'_>, conversation: &mut Conversation) -> Result<(), EngineError> {
    let Some(stays) = conversation.group else { return Ok(()) };
    let (stay, fold): (Vec<GroupId>, Vec<GroupId>) = conversation.groups.iter().partition(|id| **id == stays);
    conversation.groups = stay;
    for id in fold {
        forget_group(step, id)?;
    }
    update(step, conversation)
}

fn forget_group(step: &mut Step<'_>, id: GroupId) -> Result<(), EngineError> {
    let sealing_key = step.sealing_key().public();
    let mut session = Session::new(step.tx, step.account.id, &step.identity_key, sealing_key);
    Group::delete(&mut session, &id)?;
    session.finish()?;
    for lane in [Lane::Slots(id), Lane::Looks(id)] {
        for job in outbox::lane(step.tx, lane)? {
            outbox::remove(step, &job.id)?;
        }
    }
    take_parked(step, &id)?;
    Ok(step.tx.remove(Table::Group, &id.0)?)
}

/// The relay holds the Welcome: contents may follow.
pub fn welcome_delivered(step: &mut Step<'_>, id: GroupId) -> Result<(), EngineError> {
    if let Some(mut state) = group(step.tx, id)? {
        state.awaits_welcome = false;
        save(step.tx, &state)?;
    }
    Ok(())
}
