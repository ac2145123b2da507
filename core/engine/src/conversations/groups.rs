//! What users do with conversations of many: each verb checks what it may, and queues what has to be agreed on.

use sealpost_wire::{api::directory::KeyPackageAnswer, id::UserId, limits, suite::Suite};

use super::{
    change,
    commits::{describe, mark},
    gathering,
    group::in_group,
    looks::look,
    members::{self, adopt},
    opening::{self, PURPOSE_CONVERSATION, new_state, take_in},
    policy::acting_admins,
    rejoin,
    row::{Conversation, Many, Standing, conversations, current, keep_of_thread, known, update},
    tokens,
};
use crate::{
    contacts,
    error::EngineError,
    fact::Happened,
    identity,
    mls::GroupProfile,
    names::ConversationId,
    outbox::{self, Job, JobKind, Lane},
    plan::{Change, Gathering, Policy, Purpose},
    step::Step,
    storage::save,
};

/// A new conversation of many with these contacts. Its group is made when their key packages are there.
pub fn create(step: &mut Step<'_>, name: &str, members: Vec<UserId>) -> Result<Conversation, EngineError> {
    if !step.account.is_active() {
        return Err(EngineError::NotRegistered);
    }
    check_title(name)?;
    let members = addable(step, members)?;
    let many = |conversation: &Conversation| conversation.many.is_some() && conversation.takes_part();
    if conversations(step.tx)?.iter().filter(|it| many(it)).count() >= limits::GROUPS {
        return Err(EngineError::TooMany { limit: limits::GROUPS });
    }
    if members.len() >= limits::GROUP_MEMBERS {
        return Err(EngineError::TooMany { limit: limits::GROUP_MEMBERS });
    }
    let many = Many {
        thread: step.random_bytes(),
        name: name.to_owned(),
        admins: vec![step.account.id],
        policy: Policy::default(),
        standing: Standing::Member,
        secrets: vec![tokens::first_secret(step)],
    };
    let id = ConversationId(step.random_bytes());
    keep_of_thread(step, many.thread, id)?;
    let conversation = Conversation::new(id, None, Some(many), step.now_ms);
    update(step, &conversation)?;
    tokens::publish(step)?;
    gathering::gather(step, id, members, Purpose::Create { counter: 0 })?;
    Ok(conversation)
}

/// Adds contacts.
pub fn add(step: &mut Step<'_>, id: ConversationId, members: Vec<UserId>) -> Result<(), EngineError> {
    let (conversation, many, admin) = of_mine(step, id)?;
    if !admin && !many.policy.members_add {
        return Err(EngineError::NotAdmin);
    }
    let present = members::members(step.tx, id)?;
    let mut wanted = addable(step, members)?;
    wanted.retain(|id| !present.iter().any(|member| member.id == *id));
    let limit = match current(step.tx, &conversation)? {
        Some(state) => gathering::largest(in_group(step, &state.id, |_, group| Ok(group.suite()))?),
        None => limits::GROUP_MEMBERS,
    };
    if present.len() + wanted.len() > limit {
        return Err(EngineError::TooMany { limit });
    }
    if wanted.is_empty() { Ok(()) } else { gathering::gather(step, id, wanted, Purpose::Add) }
}

/// Takes members out.
pub fn remove(step: &mut Step<'_>, id: ConversationId, members: Vec<UserId>) -> Result<(), EngineError> {
    admin(step, id)?;
    for member in &members {
        present(step, id, *member)?;
        if *member == step.account.id {
            return Err(EngineError::NotAMember);
        }
    }
    enqueue(step, id, Change::Remove(members))
}

pub fn rename(step: &mut Step<'_>, id: ConversationId, name: &str) -> Result<(), EngineError> {
    check_title(name)?;
    let (_, many, admin) = of_mine(step, id)?;
    if !admin && !many.policy.members_rename {
        return Err(EngineError::NotAdmin);
    }
    enqueue(step, id, Change::Rename(name.to_owned()))
}

/// Makes a member an admin, or an admin a member like the others.
pub fn set_admin(step: &mut Step<'_>, id: ConversationId, member: UserId, admin: bool) -> Result<(), EngineError> {
    let many = self::admin(step, id)?;
    present(step, id, member)?;
    if !admin && many.admins == [member] {
        return Err(EngineError::LastAdmin);
    }
    enqueue(step, id, Change::SetAdmin { member, admin })
}

pub fn set_policy(step: &mut Step<'_>, id: ConversationId, policy: Policy) -> Result<(), EngineError> {
    admin(step, id)?;
    enqueue(step, id, Change::SetPolicy(policy))
}

/// Creates the group anew, without some of its members.
pub fn recreate(step: &mut Step<'_>, id: ConversationId, without: &[UserId]) -> Result<(), EngineError> {
    admin(step, id)?;
    let conversation = known(step.tx, id)?;
    gathering::create_anew(step, &conversation, without)
}

/// Takes an invitation: the others may write from now on, and learn our name.
pub fn accept(step: &mut Step<'_>, id: ConversationId) -> Result<bool, EngineError> {
    let mut conversation = known(step.tx, id)?;
    let Some(many) = conversation.many.as_mut().filter(|many| matches!(many.standing, Standing::Invited { .. })) else {
        return Ok(false);
    };
    many.standing = Standing::Member;
    update(step, &conversation)?;
    tokens::publish(step)?;
    if let Some(mut state) = current(step.tx, &conversation)? {
        state.catching_up = true;
        save(step.tx, &state)?;
        look(step, &state)?;
    }
    Ok(true)
}

/// The relay served the next key package, or did not. When all are there, goes on with what they were gathered for.
pub fn gathered(
    step: &mut Step<'_>,
    job: &Job,
    id: ConversationId,
    gathering: Gathering,
    answer: Result<&KeyPackageAnswer, bool>,
) -> Result<(), EngineError> {
    let gathering = match answer {
        Ok(answer) => gathering::served(step, id, gathering, answer)?,
        Err(token) => gathering::not_served(step, id, gathering, token)?,
    };
    let kind = JobKind::Gather { conversation: id, gathering };
    outbox::update(step, &Job::new(job.id.clone(), kind, 0))
}

/// Everybody was asked: makes the group, or queues the commits that add.
pub fn complete(step: &mut Step<'_>, id: ConversationId, gathering: Gathering) -> Result<(), EngineError> {
    let conversation = known(step.tx, id)?;
    if !conversation.is_member() {
        return gathering::forget_gathered(step, id, &gathering.wanted);
    }
    match gathering.purpose {
        // Somebody has taken that right away meanwhile: nobody would follow.
        Purpose::Create { .. } if conversation.group.is_some() && !of_mine(step, id)?.2 => {
            gathering::forget_gathered(step, id, &gathering.wanted)
        }
        Purpose::Create { counter } => make(step, conversation, &gathering, counter),
        Purpose::Add => {
            let mut there = Vec::new();
            for member in &gathering.wanted {
                there.extend(gathering::gathered(step, id, *member)?.map(|_| *member));
            }
            let at_once = match current(step.tx, &conversation)? {
                Some(state) => gathering::at_once(in_group(step, &state.id, |_, group| Ok(group.suite()))?),
                None => there.len().max(1),
            };
            there.chunks(at_once).try_for_each(|members| enqueue(step, id, Change::Add(members.to_vec())))
        }
        Purpose::Readd { group } if conversation.group != Some(group) => {
            gathering::forget_gathered(step, id, &gathering.wanted)
        }
        Purpose::Readd { .. } => gathering.wanted.iter().try_for_each(|member| {
            let Some(gathered) = gathering::gathered(step, id, *member)? else { return Ok(()) };
            gathering::forget_gathered(step, id, &[*member])?;
            let change = Change::Readd { member: *member, key_package: gathered.key_package };
            rejoin::enqueue_in_turn(step, &conversation, change, 0)
        }),
    }
}

fn make(
    step: &mut Step<'_>,
    mut conversation: Conversation,
    gathering: &Gathering,
    counter: u32,
) -> Result<(), EngineError> {
    let (id, me) = (conversation.id, step.account.id);
    let Some(many) = conversation.many.clone() else { return Ok(()) };
    let (mut add, mut to) = (Vec::new(), Vec::new());
    for member in &gathering.wanted {
        if let Some(gathered) = gathering::gathered(step, id, *member)? {
            add.push(gathered.key_package);
            to.push(*member);
        }
    }
    gathering::forget_gathered(step, id, &gathering.wanted)?;
    let hybrid = !gathering.classical && gathering.wanted.len() < limits::HYBRID_MEMBERS;
    let suite = if hybrid { Suite::Hybrid } else { Suite::Classical };
    let mut admins: Vec<UserId> = many.admins.iter().copied().filter(|id| *id == me || to.contains(id)).collect();
    if !admins.contains(&me) {
        admins.push(me);
    }
    let profile = GroupProfile {
        purpose: PURPOSE_CONVERSATION,
        two: false,
        name: many.name.clone(),
        admins,
        counter,
        thread: many.thread,
        members_add: many.policy.members_add,
        members_rename: many.policy.members_rename,
    };
    let anew = conversation.group.is_some();
    let (group, welcome) = opening::create(step, suite, &profile, add)?;
    let (epoch, leaves, tag) = in_group(step, &group, |session, group| {
        Ok((group.epoch(), group.leaves(), super::commits::tag(group, session)?))
    })?;
    let mut state = new_state(step, group, id, counter);
    state.awaits_welcome = welcome.is_some();
    mark(&mut state, epoch, tag, Some(me));
    save(step.tx, &state)?;
    let mut many = many;
    describe(&mut many, &profile);
    if anew {
        let secret = step.random_bytes();
        tokens::rotate(&mut many, secret, step.now_seconds());
        tokens::publish(step)?;
    }
    conversation.many = Some(many);
    take_in(step, &mut conversation, &state)?;
    let came: Vec<_> = leaves.iter().map(|(_, member)| member.clone()).collect();
    adopt(step, &conversation, &leaves, epoch, &came)?;
    step.note(id, me, if anew { Happened::CreatedAnew } else { Happened::Created });
    match welcome {
        Some(welcome) => {
            let parcel = change::welcome_parcel(step, &conversation, counter, welcome)?;
            let kind = JobKind::Welcome { conversation: id, group, parcel, to };
            outbox::enqueue(step, Lane::Handshakes(group), kind, 0)
        }
        None => Ok(()),
    }
}

fn check_title(name: &str) -> Result<(), EngineError> {
    if name.trim().is_empty() { Err(EngineError::Empty) } else { identity::check_name(name) }
}

fn enqueue(step: &mut Step<'_>, id: ConversationId, change: Change) -> Result<(), EngineError> {
    outbox::enqueue(step, Lane::Changes(id), JobKind::Change { conversation: id, change }, 0)
}

/// The conversation, what it is, and whether this device acts as admin in it.
fn of_mine(step: &Step<'_>, id: ConversationId) -> Result<(Conversation, Many, bool), EngineError> {
    let conversation = known(step.tx, id)?;
    let many = conversation.many.clone().ok_or(EngineError::NotAGroup)?;
    if !conversation.is_member() {
        return Err(EngineError::NotAMember);
    }
    let members = members::members(step.tx, id)?;
    let acting = acting_admins(&many.admins, members.iter().map(|member| member.id));
    // Before the group is made there are no members yet.
    let admin = acting.contains(&step.account.id) || (members.is_empty() && many.admins == [step.account.id]);
    Ok((conversation, many, admin))
}

fn admin(step: &Step<'_>, id: ConversationId) -> Result<Many, EngineError> {
    match of_mine(step, id)? {
        (_, many, true) => Ok(many),
        _ => Err(EngineError::NotAdmin),
    }
}

fn present(step: &Step<'_>, id: ConversationId, member: UserId) -> Result<(), EngineError> {
    if members::is_present(step.tx, id, member)? { Ok(()) } else { Err(EngineError::NotAMember) }
}

/// Contacts whom one may add, each once.
fn addable(step: &Step<'_>, mut members: Vec<UserId>) -> Result<Vec<UserId>, EngineError> {
    members.sort_unstable();
    members.dedup();
    members.retain(|id| *id != step.account.id);
    for id in &members {
        let contact = contacts::known(step.tx, *id)?;
        if contact.blocked {
            return Err(EngineError::Blocked);
        }
        if contact.alarm {
            return Err(EngineError::KeyChanged);
        }
    }
    Ok(members)
}
