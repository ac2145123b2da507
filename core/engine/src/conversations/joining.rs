//! Joining by a Welcome: into a conversation of two, one of many, or back into a group whose keys were lost. And the
//! opposite, being removed.

use std::cell::Cell;

use sealpost_wire::{
    card::Card,
    id::{DeliveryId, UserId},
    limits,
};

use super::{
    commits::{self, describe, mark},
    group::session,
    looks::look,
    members::{self, adopt, name_member},
    opening::{PURPOSE_CONVERSATION, ensure_group, forget_group, new_state, open, take_in},
    parked::park_welcome,
    policy::acting_admins,
    rejoin,
    row::{Conversation, GroupState, Many, Standing, TokenSecret, group, keep_of_thread, known, of_thread, update},
    tokens,
};
use crate::{
    contacts::{self, Contact},
    error::EngineError,
    fact::Happened,
    mls::{self, Group, GroupId, GroupProfile, Member, MlsError},
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    parcel,
    plan::Policy,
    step::Step,
    storage::save,
};

/// How far the counter of a Welcome that can't be opened may be ahead: it proves nothing of who made it, and the
/// counter must not run out.
const COUNTER_LEAP: u32 = 1_000;
/// A Welcome that can't be opened is answered with an own group no more often than this.
const ANSWER_PAUSE_MS: u64 = limits::DAY_SECONDS * 1000;

/// In which those are whom a group is made with.
const FIRST_EPOCH: u64 = 1;

/// A group that this device is in now.
pub struct Entry {
    pub conversation: ConversationId,
    pub group: GroupId,
    pub epoch: u64,
    /// The conversation was there before, with another group.
    pub renewed: bool,
    /// What was sent since then (Unix milliseconds) may not have opened for the others.
    pub apart_since_ms: Option<u64>,
    /// The others were in it before: nobody knows how long this device wrote in another alone.
    pub late: bool,
}

/// What became of a Welcome.
pub enum Joined {
    In(Entry),
    /// It waits for the commit that takes us out first.
    Waits,
    /// It was handled before, comes from somebody blocked, or is not acceptable.
    Ignored,
}

/// Joins the group that somebody made with us, or added us to.
pub fn join(step: &mut Step<'_>, delivery: DeliveryId, welcome: &parcel::Welcome) -> Result<Joined, EngineError> {
    let Ok(card) = Card::from_bytes(&welcome.card) else { return Ok(Joined::Ignored) };
    if card.id == step.account.id {
        return Ok(Joined::Ignored);
    }
    match <[u8; 16]>::try_from(welcome.thread.as_slice()) {
        Ok(thread) => join_many(step, delivery, &card, thread, welcome),
        Err(_) if welcome.thread.is_empty() => join_two(step, &card, welcome),
        Err(_) => Ok(Joined::Ignored),
    }
}

/// A group that a Welcome led into.
struct Entered {
    id: GroupId,
    epoch: u64,
    profile: GroupProfile,
    leaves: Vec<(u32, Member)>,
    tag: [u8; 8],
}

/// Opens a Welcome, in place of a group that is `lost`; `None` where it is not what `accept` wants.
fn enter(
    step: &mut Step<'_>,
    welcome: &parcel::Welcome,
    lost: Option<GroupId>,
    accept: &dyn Fn(&mls::Joined) -> bool,
) -> Result<Option<Entered>, MlsError> {
    let mut session = session(step);
    if let Some(id) = lost {
        Group::delete(&mut session, &id)?;
    }
    let joined = Group::join(&mut session, &welcome.welcome)?;
    if !accept(&joined) {
        return Ok(None);
    }
    let group = joined.group;
    let entered = Entered {
        id: group.id(),
        epoch: group.epoch(),
        profile: group.profile().clone(),
        leaves: group.leaves(),
        tag: commits::tag(&group, &session)?,
    };
    session.finish()?;
    if let Some(id) = lost {
        step.groups.forget(&id);
    }
    step.groups.keep(group);
    Ok(Some(entered))
}

fn join_two(step: &mut Step<'_>, card: &Card, welcome: &parcel::Welcome) -> Result<Joined, EngineError> {
    let accept = |joined: &mls::Joined| {
        let (profile, members) = (joined.group.profile(), joined.group.members());
        let two_of_us = members.len() == 2 && members.iter().any(|member| member.id == card.id);
        is_made_by(joined, card) && two_of_us && profile.two && profile.purpose == PURPOSE_CONVERSATION
    };
    let entered = match enter(step, welcome, None, &accept) {
        Ok(Some(entered)) => entered,
        Err(MlsError::Storage(error)) => return Err(error.into()),
        Err(MlsError::NoKeyPackage) => return answer_with_own_group(step, card, welcome),
        Ok(None) | Err(_) => return Ok(Joined::Ignored),
    };
    if !contacts::meet(step, card, &welcome.name, entered.profile.counter)? {
        forget_group(step, entered.id)?;
        return Ok(Joined::Ignored);
    }
    let mut conversation = open(step, card.id)?;
    // Of two who start anew at once each may have let a group go in which the other has written.
    let counter = entered.profile.counter;
    let renewed = conversation.counter.is_some_and(|known| known < counter || (known == counter && counter > 0));
    // The peer is in it: that needs no message.
    let state = GroupState { heard: true, ..first_state(step, &conversation, &entered) };
    save(step.tx, &state)?;
    take_in(step, &mut conversation, &state)?;
    stop_opening(step, conversation.id)?;
    let (conversation, group, epoch) = (conversation.id, entered.id, entered.epoch);
    Ok(Joined::In(Entry { conversation, group, epoch, renewed, apart_since_ms: None, late: false }))
}

/// A first group that was still to be made is not needed any more, now that the peer made one. Were it made all the
/// same, and stayed, what the peer has on its way in theirs could meet a device that has let it go.
fn stop_opening(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    for job in outbox::lane(step.tx, Lane::Opening(id))? {
        // By a later one the peer learns that this device has let go of another, and sends again.
        if matches!(job.kind, JobKind::FetchKeyPackage { counter: 0, .. }) {
            outbox::remove(step, &job.id)?;
        }
    }
    Ok(())
}

fn is_made_by(joined: &mls::Joined, card: &Card) -> bool {
    joined.adder.id == card.id && joined.adder.identity_key == card.identity_key
}

fn first_state(step: &Step<'_>, conversation: &Conversation, entered: &Entered) -> GroupState {
    let mut state = new_state(step, entered.id, conversation.id, entered.profile.counter);
    mark(&mut state, entered.epoch, entered.tag, None);
    state
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
    let answered_lately = step.since(conversation.answered_welcome_at_ms) < ANSWER_PAUSE_MS;
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

fn join_many(
    step: &mut Step<'_>,
    delivery: DeliveryId,
    card: &Card,
    thread: [u8; 16],
    welcome: &parcel::Welcome,
) -> Result<Joined, EngineError> {
    let contact = contacts::contact(step.tx, card.id)?;
    let before = of_thread(step.tx, &thread)?.map(|id| known(step.tx, id)).transpose()?;
    // Whoever is blocked invites nobody; in a group of both they are a member as any other.
    let invites = !before.as_ref().is_some_and(Conversation::takes_part);
    let unwanted = |it: &Contact| (it.blocked && invites) || it.alarm || it.identity_key != card.identity_key;
    let secrets = tokens::read(&welcome.secrets);
    let (Some(secrets), false) = (secrets, contact.as_ref().is_some_and(unwanted)) else { return Ok(Joined::Ignored) };
    let (lost, replaces) = match &before {
        Some(before) => (lost_groups(step, before)?, Replaces::of(step, before, card)?),
        None => (Vec::new(), Replaces::Anything),
    };
    let is_early = Cell::new(false);
    let accept = |joined: &mls::Joined| {
        let profile = joined.group.profile();
        let ours = !profile.two && profile.purpose == PURPOSE_CONVERSATION && profile.thread == thread;
        if !ours || !is_made_by(joined, card) {
            return false;
        }
        let judged = replaces.judge(joined.group.id(), profile.counter);
        is_early.set(judged == Judged::Early);
        judged == Judged::Allowed
    };
    let mut entered = enter(step, welcome, None, &accept);
    for lost in lost {
        if matches!(entered, Err(MlsError::AlreadyJoined)) {
            entered = enter(step, welcome, Some(lost), &accept);
        }
    }
    let waits = is_early.get() || matches!(entered, Err(MlsError::AlreadyJoined));
    match entered {
        Ok(Some(entered)) => {
            let trusted = contact.is_some_and(|contact| contact.is_answered());
            moved_in(step, card, before, entered, secrets, welcome, trusted)
        }
        Err(MlsError::Storage(error)) => Err(error.into()),
        Ok(None) | Err(_) => match before.and_then(|before| before.group).filter(|_| waits) {
            Some(id) => wait(step, id, delivery, welcome),
            None => Ok(Joined::Ignored),
        },
    }
}

/// Which Welcomes may follow upon what there is.
enum Replaces {
    /// There is nothing, or we are out.
    Anything,
    /// The same group, where its keys are lost here: by any of its members. Another one: by whoever acts as admin, or
    /// by any member where the admins were asked in vain.
    Group { lost: Vec<GroupId>, by_member: bool, by_admin: bool, counter: u32 },
}

/// What follows for a Welcome.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Judged {
    Allowed,
    /// A member who does not act as admin, as far as is known here, made the group anew: a commit that is still to come
    /// may let them.
    Early,
    Refused,
}

impl Replaces {
    fn of(step: &Step<'_>, before: &Conversation, card: &Card) -> Result<Self, EngineError> {
        let Some(many) = before.many.as_ref().filter(|_| before.takes_part() || before.is_invited()) else {
            return Ok(Replaces::Anything);
        };
        let present = members::members(step.tx, before.id)?;
        let by_member = present.iter().any(|it| it.id == card.id && it.identity_key == card.identity_key);
        let acting = acting_admins(&many.admins, present.iter().map(|it| it.id));
        let by_admin = acting.contains(&card.id) || rejoin::asked_in_vain(step, before)?;
        Ok(Replaces::Group {
            lost: lost_groups(step, before)?,
            by_member,
            by_admin: by_member && by_admin,
            counter: before.counter.unwrap_or(0),
        })
    }

    fn judge(&self, id: GroupId, new: u32) -> Judged {
        let Replaces::Group { lost, by_member, by_admin, counter } = self else { return Judged::Allowed };
        if lost.contains(&id) && new >= *counter {
            return if *by_member { Judged::Allowed } else { Judged::Refused };
        }
        match (*counter..=counter.saturating_add(COUNTER_LEAP)).contains(&new) {
            true if *by_admin => Judged::Allowed,
            true if *by_member => Judged::Early,
            _ => Judged::Refused,
        }
    }
}

/// Groups that this device can't follow, or has asked to be taken into again. Whoever is invited follows none yet.
fn lost_groups(step: &Step<'_>, conversation: &Conversation) -> Result<Vec<GroupId>, EngineError> {
    let is_lost = |state: &GroupState| state.torn || state.asked.is_some() || conversation.is_invited();
    let mut lost = Vec::new();
    for id in &conversation.groups {
        lost.extend(group(step.tx, *id)?.filter(is_lost).map(|state| state.id));
    }
    Ok(lost)
}

/// The Welcome may have overtaken the commit that takes the old leaf out, or that lets its sender act as admin.
fn wait(
    step: &mut Step<'_>,
    id: GroupId,
    delivery: DeliveryId,
    welcome: &parcel::Welcome,
) -> Result<Joined, EngineError> {
    let Some(state) = group(step.tx, id)? else { return Ok(Joined::Ignored) };
    park_welcome(step, &id, delivery, welcome)?;
    look(step, &state)?;
    Ok(Joined::Waits)
}

fn moved_in(
    step: &mut Step<'_>,
    card: &Card,
    before: Option<Conversation>,
    entered: Entered,
    secrets: Vec<TokenSecret>,
    welcome: &parcel::Welcome,
    trusted: bool,
) -> Result<Joined, EngineError> {
    let standing = match before.as_ref().and_then(|before| before.many.as_ref()).map(|many| many.standing) {
        Some(standing @ (Standing::Member | Standing::Leaving | Standing::Invited { .. })) => standing,
        Some(Standing::Removed) | None if trusted => Standing::Member,
        _ => Standing::Invited { by: card.id },
    };
    let back = before.as_ref().is_some_and(|before| before.groups.contains(&entered.id));
    let lost = group(step.tx, entered.id)?;
    let taking_part = before.as_ref().is_some_and(Conversation::takes_part);
    let mut many = Many {
        thread: entered.profile.thread,
        name: String::new(),
        admins: Vec::new(),
        policy: Policy::default(),
        standing,
        secrets,
    };
    describe(&mut many, &entered.profile);
    let id = before.as_ref().map_or_else(|| ConversationId(step.random_bytes()), |before| before.id);
    keep_of_thread(step, many.thread, id)?;
    let mut row = before.unwrap_or_else(|| Conversation::new(id, None, None, step.now_ms));
    let state = first_state(step, &row, &entered);
    save(step.tx, &state)?;
    take_in(step, &mut row, &state)?;
    let (group, epoch) = (entered.id, entered.epoch);
    if row.group != Some(group) {
        // Of two that were created at once the other stays: what it says of the conversation holds.
        let (renewed, apart_since_ms, late) = (false, None, false);
        return Ok(Joined::In(Entry { conversation: id, group, epoch, renewed, apart_since_ms, late }));
    }
    row.many = Some(many);
    update(step, &row)?;
    let all: Vec<Member> = entered.leaves.iter().map(|(_, member)| member.clone()).collect();
    adopt(step, &row, &entered.leaves, epoch, &all)?;
    for named in &welcome.names {
        if let Ok(member) = named.id.parse::<UserId>() {
            name_member(step, id, member, &named.name, false)?;
        }
    }
    step.note(
        id,
        card.id,
        match () {
            () if back => Happened::BackAgain,
            () if taking_part => Happened::CreatedAnew,
            () => Happened::Joined,
        },
    );
    if row.takes_part() {
        tokens::publish(step)?;
    }
    let apart_since_ms = lost.map(|state| state.epoch_since_ms);
    let late = taking_part && !back && epoch > FIRST_EPOCH;
    Ok(Joined::In(Entry { conversation: id, group, epoch, renewed: taking_part, apart_since_ms, late }))
}
