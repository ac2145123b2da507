//! Who is in a conversation of many, as rows: whom to seal to, by which token, and under which name they are shown.
//!
//! Members need not be contacts: they are known by their leaf's keys as first seen, and looking them up would show the
//! relay the group. Rows of those who left stay, so that what they wrote keeps its name.

use sealpost_crypto::group_token::group_token;
use sealpost_wire::{
    id::{DeliveryToken, UserId},
    limits,
};
use serde::{Deserialize, Serialize};

use super::{
    policy::acting_admins,
    row::{Conversation, Many},
};
use crate::{
    contacts,
    error::EngineError,
    event::Event,
    mls,
    names::ConversationId,
    outbox::{self, JobKind, Lane},
    plan::Change,
    step::Step,
    storage::{Read, Row, StorageError, Table, all, load, save},
};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub conversation: ConversationId,
    pub id: UserId,
    /// Ed25519, as first seen.
    pub identity_key: [u8; 32],
    /// X25519.
    pub sealing_key: [u8; 32],
    /// The name that they gave themselves, or that whoever invited us gave them; may be empty.
    pub name: String,
    /// In the group now.
    pub present: bool,
    /// The order of those who joined: admins act in it where several could.
    pub place: u32,
    /// The epoch of the current group in which they came, or came back.
    pub since_epoch: u64,
    /// When they came, or went (Unix milliseconds, by this device's clock).
    pub since_ms: u64,
    /// The token secret by which their mailbox took something last.
    pub generation: u32,
    /// Something of theirs has opened since they came.
    pub heard: bool,
    /// Said that they leave, and are not out yet.
    pub leaving: bool,
    /// Was in a group that had to be created anew, and had no key package then: is added when there is one.
    pub left_out: bool,
    /// Their ID is retired.
    pub retired: bool,
    /// They came back, or are known elsewhere, with another key: nothing is sent before they are gone.
    pub alarm: bool,
    /// Came back without having been heard since then (Unix milliseconds): what was sealed meanwhile opened for all but
    /// them.
    #[serde(default)]
    pub missed_since_ms: Option<u64>,
}

impl Row for Member {
    const TABLE: Table = Table::Member;

    fn key(&self) -> Vec<u8> {
        key(self.conversation, self.id)
    }
}

fn key(conversation: ConversationId, id: UserId) -> Vec<u8> {
    [conversation.0.as_slice(), id.as_str().as_bytes()].concat()
}

pub fn member(
    read: &(impl Read + ?Sized),
    conversation: ConversationId,
    id: UserId,
) -> Result<Option<Member>, StorageError> {
    load(read, &key(conversation, id))
}

/// Everybody who is or was in the conversation, this device included.
pub fn everybody(read: &(impl Read + ?Sized), conversation: ConversationId) -> Result<Vec<Member>, StorageError> {
    all(read, &conversation.0)
}

/// Who is in the conversation now, this device included, in the order of their leaves.
pub fn members(read: &(impl Read + ?Sized), conversation: ConversationId) -> Result<Vec<Member>, StorageError> {
    let mut members = everybody(read, conversation)?;
    members.retain(|member| member.present);
    members.sort_by_key(|member| member.place);
    Ok(members)
}

/// Whether this person is in the conversation now.
pub fn is_present(read: &(impl Read + ?Sized), conversation: ConversationId, id: UserId) -> Result<bool, StorageError> {
    Ok(member(read, conversation, id)?.is_some_and(|member| member.present))
}

/// Brings the rows to what the group's leaves say. `places`: the members in the order of their leaves.
pub(super) fn adopt(
    step: &mut Step<'_>,
    conversation: &Conversation,
    places: &[(u32, mls::Member)],
    epoch: u64,
    came: &[mls::Member],
) -> Result<(), EngineError> {
    let mut known = everybody(step.tx, conversation.id)?;
    let newest = conversation.many.as_ref().and_then(|many| many.secrets.last()).map_or(0, |it| it.generation);
    let mut leaving = Vec::new();
    for (place, leaf) in places {
        let (row, new_here) = match known.iter().position(|row| row.id == leaf.id) {
            Some(index) => (known.swap_remove(index), false),
            None => (new_member(step, conversation.id, leaf, newest)?, true),
        };
        let mut new = Member { present: true, place: *place, ..row.clone() };
        if came.contains(leaf) {
            if row.present && !row.heard && !new_here {
                new.missed_since_ms = row.missed_since_ms.or(Some(row.since_ms));
            }
            (new.since_epoch, new.since_ms) = (epoch, step.now_ms);
            new.generation = newest;
            new.heard = leaf.id == step.account.id;
            (new.leaving, new.left_out) = (false, false);
        }
        new.alarm |= new.identity_key != leaf.identity_key;
        new.sealing_key = leaf.sealing_key;
        if new.leaving {
            leaving.push(new.id);
        }
        if new != row || came.contains(leaf) {
            save(step.tx, &new)?;
        }
    }
    for gone in known.into_iter().filter(|row| row.present) {
        // Whoever comes back with another key raises the alarm again; without them it is over.
        let since_ms = step.now_ms;
        save(step.tx, &Member { present: false, leaving: false, since_ms, ..gone })?;
    }
    forget_returns(step, conversation.id, came)?;
    mind_leavers(step, conversation, places, leaving)?;
    step.tell(Event::Conversation(conversation.id));
    Ok(())
}

/// The group is created anew without a member whose key package is not there. False if they are no member, or lost
/// already.
pub(super) fn leave_out(step: &mut Step<'_>, conversation: ConversationId, id: UserId) -> Result<bool, EngineError> {
    let Some(row) = member(step.tx, conversation, id)?.filter(|row| row.present || row.left_out) else {
        return Ok(false);
    };
    let known = row.left_out;
    save(step.tx, &Member { left_out: true, ..row })?;
    Ok(known)
}

/// Whoever came is not taken out and in by another admin as well: that would be by the key package that is used up.
fn forget_returns(step: &mut Step<'_>, id: ConversationId, came: &[mls::Member]) -> Result<(), EngineError> {
    for job in outbox::lane(step.tx, Lane::Care(id))? {
        if let JobKind::Change { change: Change::Readd { member, .. }, .. } = &job.kind
            && came.iter().any(|leaf| leaf.id == *member)
        {
            outbox::remove(step, &job.id)?;
        }
    }
    Ok(())
}

/// Nobody needs to take out any more who is out, or was taken in again. Whoever acts as admin takes out who still
/// leaves, with a proof or without: theirs may be about a leaf that they have renewed since.
fn mind_leavers(
    step: &mut Step<'_>,
    conversation: &Conversation,
    places: &[(u32, mls::Member)],
    mut leaving: Vec<UserId>,
) -> Result<(), EngineError> {
    let (id, lane) = (conversation.id, Lane::Care(conversation.id));
    for job in outbox::lane(step.tx, lane)? {
        if let JobKind::Change { change: Change::Leaver { member, .. }, .. } = &job.kind {
            match leaving.iter().position(|id| id == member) {
                Some(place) => drop(leaving.remove(place)),
                None => outbox::remove(step, &job.id)?,
            }
        }
    }
    let admins = conversation.many.as_ref().map(|many| many.admins.as_slice()).unwrap_or_default();
    let acting = acting_admins(admins, places.iter().map(|(_, leaf)| leaf.id));
    if acting.first() != Some(&step.account.id) {
        return Ok(());
    }
    for member in leaving {
        let change = Change::Leaver { member, proof: Vec::new() };
        outbox::enqueue(step, lane, JobKind::Change { conversation: id, change }, 0)?;
    }
    Ok(())
}

fn new_member(
    step: &Step<'_>,
    conversation: ConversationId,
    leaf: &mls::Member,
    generation: u32,
) -> Result<Member, EngineError> {
    let contact = contacts::contact(step.tx, leaf.id)?;
    Ok(Member {
        conversation,
        id: leaf.id,
        identity_key: leaf.identity_key,
        sealing_key: leaf.sealing_key,
        name: String::new(),
        present: true,
        place: 0,
        since_epoch: 0,
        since_ms: step.now_ms,
        generation,
        heard: false,
        leaving: false,
        left_out: false,
        retired: false,
        alarm: contact.is_some_and(|contact| contact.identity_key != leaf.identity_key),
        missed_since_ms: None,
    })
}

/// The name that the member goes by among all: never one that this device alone gave them.
pub(super) fn given_name(step: &Step<'_>, member: &Member) -> Result<String, EngineError> {
    if member.id == step.account.id {
        return Ok(step.account.name.clone());
    }
    let contact = contacts::contact(step.tx, member.id)?.map(|contact| contact.profile_name);
    Ok(contact.filter(|name| !name.is_empty()).unwrap_or_else(|| member.name.clone()))
}

/// A member's own word, or their inviter's, on their name.
pub fn name_member(
    step: &mut Step<'_>,
    conversation: ConversationId,
    id: UserId,
    name: &str,
    own_word: bool,
) -> Result<(), EngineError> {
    let Some(mut row) = member(step.tx, conversation, id)? else { return Ok(()) };
    if name.len() > limits::NAME_BYTES || row.name == name || (!own_word && !row.name.is_empty()) {
        return Ok(());
    }
    row.name = name.to_owned();
    save(step.tx, &row)?;
    step.tell(Event::Conversation(conversation));
    Ok(())
}

/// Something of theirs has opened: they are here, and take what waited for them. Gives what was known of them until
/// now; `None` if they were here already.
pub fn heard_from(
    step: &mut Step<'_>,
    conversation: ConversationId,
    id: UserId,
) -> Result<Option<Member>, EngineError> {
    let Some(row) = member(step.tx, conversation, id)?.filter(|row| !row.heard) else { return Ok(None) };
    save(step.tx, &Member { heard: true, missed_since_ms: None, ..row.clone() })?;
    Ok(Some(row))
}

/// The relay says that this member's ID is retired: nothing more is sent there. False if that was known.
pub fn set_member_retired(step: &mut Step<'_>, conversation: ConversationId, id: UserId) -> Result<bool, EngineError> {
    let Some(mut row) = member(step.tx, conversation, id)?.filter(|row| !row.retired) else { return Ok(false) };
    row.retired = true;
    save(step.tx, &row)?;
    Ok(true)
}

/// Their mailbox took something by the token of this generation.
pub fn set_generation(
    step: &mut Step<'_>,
    conversation: ConversationId,
    id: UserId,
    generation: u32,
) -> Result<(), EngineError> {
    match member(step.tx, conversation, id)?.filter(|row| row.generation != generation) {
        Some(row) => Ok(save(step.tx, &Member { generation, ..row })?),
        None => Ok(()),
    }
}

/// The tokens that this member's mailbox may accept, each with its generation: the one that it accepted last, then the
/// others from the newest back.
pub(super) fn tokens_of(many: &Many, member: &Member) -> Vec<(u32, DeliveryToken)> {
    let token = |it: &super::row::TokenSecret| (it.generation, group_token(&it.secret, member.id));
    let mut tokens: Vec<_> = many.secrets.iter().rev().map(token).collect();
    tokens.sort_by_key(|(generation, _)| *generation != member.generation);
    tokens
}
