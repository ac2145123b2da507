//! Key packages for many: fetched one after the other, each checked and kept, until all of them are there.

use sealpost_crypto::directory_entry::{VerifiedEntry, verify_entry};
use sealpost_wire::{
    api::directory::{KeyPackageAnswer, KeyPackageRequest},
    id::{DeliveryToken, UserId},
    limits,
    suite::Suite,
};
use serde::{Deserialize, Serialize};

use super::{
    group::in_group,
    members::{self, tokens_of},
    row::{Conversation, current, known},
};
use crate::{
    contacts,
    error::EngineError,
    fact::Happened,
    mls::{MlsError, check_key_package},
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    plan::{Gathering, Purpose},
    step::Step,
    storage::{Row, Table, load, save},
};

/// A key package that was fetched for somebody, and the key to seal to them.
#[derive(Serialize, Deserialize)]
pub(super) struct Gathered {
    conversation: ConversationId,
    member: UserId,
    pub sealing_key: [u8; 32],
    pub key_package: Vec<u8>,
}

impl Row for Gathered {
    const TABLE: Table = Table::Gathered;

    fn key(&self) -> Vec<u8> {
        key(self.conversation, self.member)
    }
}

fn key(conversation: ConversationId, member: UserId) -> Vec<u8> {
    [conversation.0.as_slice(), member.as_str().as_bytes()].concat()
}

/// How many members a group of this suite may have.
pub fn largest(suite: Suite) -> usize {
    match suite {
        Suite::Hybrid => limits::HYBRID_GROWN_MEMBERS,
        Suite::Classical => limits::GROUP_MEMBERS,
    }
}

/// Newcomers that one commit adds: with their Welcome it has to fit into a slot.
pub(super) fn at_once(suite: Suite) -> usize {
    match suite {
        Suite::Hybrid => 30,
        Suite::Classical => 200,
    }
}

/// Queues the gathering of these people's key packages.
pub(super) fn gather(
    step: &mut Step<'_>,
    id: ConversationId,
    wanted: Vec<UserId>,
    purpose: Purpose,
) -> Result<(), EngineError> {
    let gathering = Gathering { wanted, done: 0, tokens_refused: 0, classical: false, purpose };
    outbox::enqueue(step, Lane::Opening(id), JobKind::Gather { conversation: id, gathering }, 0)
}

/// Queues what makes the group anew, without some of its members.
pub(super) fn create_anew(
    step: &mut Step<'_>,
    conversation: &Conversation,
    without: &[UserId],
) -> Result<(), EngineError> {
    if is_creating(step, conversation.id)? {
        return Ok(());
    }
    let me = step.account.id;
    let members = members::members(step.tx, conversation.id)?.into_iter().map(|member| member.id);
    let wanted = members.filter(|id| *id != me && !without.contains(id)).collect();
    let counter = conversation.counter.map_or(0, |counter| counter.saturating_add(1));
    gather(step, conversation.id, wanted, Purpose::Create { counter })
}

/// Whether the group is being made at the moment.
fn is_creating(step: &Step<'_>, id: ConversationId) -> Result<bool, EngineError> {
    let creates = |kind: &JobKind| match kind {
        JobKind::Gather { gathering, .. } => matches!(gathering.purpose, Purpose::Create { .. }),
        _ => false,
    };
    Ok(outbox::lane(step.tx, Lane::Opening(id))?.iter().any(|job| creates(&job.kind)))
}

pub(super) fn gathered(
    step: &Step<'_>,
    conversation: ConversationId,
    member: UserId,
) -> Result<Option<Gathered>, EngineError> {
    Ok(load(step.tx, &key(conversation, member))?)
}

/// Forgets key packages that were used, or are not wanted any more.
pub(super) fn forget_gathered(
    step: &mut Step<'_>,
    conversation: ConversationId,
    members: &[UserId],
) -> Result<(), EngineError> {
    for member in members {
        step.tx.remove(Table::Gathered, &key(conversation, *member))?;
    }
    Ok(())
}

/// What to ask the relay for next; `None` where nobody is left to ask, or nothing would be taken from the next one.
pub fn next_request(
    step: &mut Step<'_>,
    id: ConversationId,
    gathering: &Gathering,
) -> Result<Option<(UserId, KeyPackageRequest)>, EngineError> {
    let Some(member) = gathering.wanted.get(gathering.done).copied() else { return Ok(None) };
    let conversation = known(step.tx, id)?;
    let tokens = tokens(step, &conversation, member)?;
    let Some(token) = tokens.get(gathering.tokens_refused) else { return Ok(None) };
    let suites = suites(step, &conversation, gathering)?.into_iter().map(Suite::number).collect();
    Ok(Some((member, KeyPackageRequest { token: token.0.to_vec(), suites })))
}

/// The tokens that this person's mailbox may take: a contact's own, then those of the group.
fn tokens(step: &Step<'_>, conversation: &Conversation, id: UserId) -> Result<Vec<DeliveryToken>, EngineError> {
    let contact = contacts::contact(step.tx, id)?.filter(|contact| !contact.alarm && !contact.blocked);
    let mut tokens: Vec<DeliveryToken> = contact.map(|contact| contact.token).into_iter().collect();
    if let (Some(many), Some(member)) = (&conversation.many, members::member(step.tx, conversation.id, id)?) {
        tokens.extend(tokens_of(many, &member).into_iter().map(|(_, token)| token));
    }
    Ok(tokens)
}

fn suites(step: &mut Step<'_>, conversation: &Conversation, gathering: &Gathering) -> Result<Vec<Suite>, EngineError> {
    if !matches!(gathering.purpose, Purpose::Create { .. })
        && let Some(state) = current(step.tx, conversation)?
    {
        return Ok(vec![in_group(step, &state.id, |_, group| Ok(group.suite()))?]);
    }
    let small = gathering.wanted.len() < limits::HYBRID_MEMBERS;
    Ok(if small && !gathering.classical { Suite::ALL.to_vec() } else { vec![Suite::Classical] })
}

/// The relay served a key package: kept if it is sound, else its owner is left out.
pub fn served(
    step: &mut Step<'_>,
    id: ConversationId,
    mut gathering: Gathering,
    answer: &KeyPackageAnswer,
) -> Result<Gathering, EngineError> {
    let Some(member) = gathering.wanted.get(gathering.done).copied() else { return Ok(gathering) };
    let conversation = known(step.tx, id)?;
    let asked = suites(step, &conversation, &gathering)?;
    match check(step, &conversation, member, &asked, answer)? {
        Check::Sound { sealing_key } => {
            let key_package = answer.key_package.clone();
            save(step.tx, &Gathered { conversation: id, member, sealing_key, key_package })?;
            (gathering.done, gathering.tokens_refused) = (gathering.done + 1, 0);
        }
        Check::ClassicalOnly => {
            forget_gathered(step, id, &gathering.wanted.clone())?;
            (gathering.done, gathering.tokens_refused, gathering.classical) = (0, 0, true);
        }
        Check::Unsound => leave_out(step, id, &mut gathering)?,
    }
    Ok(gathering)
}

/// The relay served nothing for the next one. `token`: because of the token, so that another one is tried.
pub fn not_served(
    step: &mut Step<'_>,
    id: ConversationId,
    mut gathering: Gathering,
    token: bool,
) -> Result<Gathering, EngineError> {
    gathering.tokens_refused += 1;
    if !token || next_request(step, id, &gathering)?.is_none() {
        leave_out(step, id, &mut gathering)?;
    }
    Ok(gathering)
}

fn leave_out(step: &mut Step<'_>, id: ConversationId, gathering: &mut Gathering) -> Result<(), EngineError> {
    (gathering.done, gathering.tokens_refused) = (gathering.done + 1, 0);
    let Some(member) = gathering.wanted.get(gathering.done - 1) else { return Ok(()) };
    match gathering.purpose {
        Purpose::Readd { .. } => Ok(()),
        Purpose::Create { .. } | Purpose::Add => {
            if !members::leave_out(step, id, *member)? {
                step.note(id, step.account.id, Happened::NotAdded(*member));
            }
            Ok(())
        }
    }
}

enum Check {
    Sound {
        sealing_key: [u8; 32],
    },
    /// Their signed entry does not list the hybrid suite, and they served what it lists.
    ClassicalOnly,
    Unsound,
}

fn check(
    step: &mut Step<'_>,
    conversation: &Conversation,
    id: UserId,
    asked: &[Suite],
    answer: &KeyPackageAnswer,
) -> Result<Check, EngineError> {
    let Some(entry) = verify_entry(&answer.entry).filter(|entry| entry.id == id) else { return Ok(Check::Unsound) };
    let Some(suite) = Suite::try_from(answer.suite).ok().filter(|suite| asked.contains(suite)) else {
        return Ok(Check::Unsound);
    };
    if !is_known_key(step, conversation, &entry)? {
        return Ok(Check::Unsound);
    }
    // No silent downgrade: the classical suite is taken of those only whose own entry lists no other.
    let hybrid = entry.suites.contains(&Suite::Hybrid.number());
    if suite == Suite::Classical && asked.contains(&Suite::Hybrid) {
        return Ok(if hybrid { Check::Unsound } else { Check::ClassicalOnly });
    }
    match check_key_package(&answer.key_package, suite, step.now_seconds()) {
        Ok(member) if member.id == id && member.identity_key == entry.identity_key => {
            Ok(Check::Sound { sealing_key: member.sealing_key })
        }
        Err(MlsError::Storage(error)) => Err(error.into()),
        Ok(_) | Err(_) => Ok(Check::Unsound),
    }
}

/// Holds the directory's entry against the contact's key, or the one by which the group knows the member.
fn is_known_key(step: &mut Step<'_>, conversation: &Conversation, entry: &VerifiedEntry) -> Result<bool, EngineError> {
    if contacts::contact(step.tx, entry.id)?.is_some() {
        return contacts::check_entry(step, entry);
    }
    let member = members::member(step.tx, conversation.id, entry.id)?;
    Ok(member.is_some_and(|member| member.identity_key == entry.identity_key))
}
