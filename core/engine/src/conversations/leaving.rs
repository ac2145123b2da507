//! Leaving a conversation of many: a signed word to all, upon which somebody who stays takes the member out. MLS lets
//! nobody take out themselves.

use prost::Message as _;
use sealpost_crypto::keys::{Domain, verify};
use sealpost_wire::id::UserId;

use super::{
    commits::unstage,
    group::in_group,
    members::{self, Member},
    opening,
    policy::acting_admins,
    rejoin,
    row::{Conversation, Standing, current, known, update},
    slot_content::Proof,
    tokens,
};
use crate::{
    error::EngineError,
    fact::Happened,
    mls::GroupId,
    names::ConversationId,
    outbox,
    plan::Change,
    simulation::{Planted, planted},
    step::Step,
    storage::save,
};

/// Leaves, or turns an invitation down. Gives what to tell the others: the signed word that this device wants to go.
pub fn leave(step: &mut Step<'_>, id: ConversationId) -> Result<Option<Vec<u8>>, EngineError> {
    let mut conversation = known(step.tx, id)?;
    let state = current(step.tx, &conversation)?.filter(|state| !state.torn);
    let many = conversation.many.as_mut().ok_or(EngineError::NotAGroup)?;
    match many.standing {
        Standing::Member | Standing::Invited { .. } => {}
        Standing::Leaving | Standing::Left | Standing::Removed => return Ok(None),
    }
    many.standing = if state.is_some() { Standing::Leaving } else { Standing::Left };
    update(step, &conversation)?;
    outbox::drop_changes(step, id)?;
    tokens::publish(step)?;
    let Some(mut state) = state else { return Ok(None) };
    // A commit of our own would give us another leaf than the one that the word is about.
    unstage(step, &mut state)?;
    let me = step.account.id;
    let (epoch, leaf) = in_group(step, &state.id, |_, group| Ok((group.epoch(), group.leaf_hash(me))))?;
    let hash = leaf.map(|leaf| leaf.to_vec()).unwrap_or_default();
    let mut proof = Proof { member: me.to_string(), epoch, hash, signature: Vec::new() };
    proof.signature = step.identity_key.sign(Domain::Leave, &proof.signed_bytes(state.id)).to_vec();
    Ok(Some(proof.encode_to_vec()))
}

/// The relay holds our word for everybody: the group's keys go.
pub fn gone(step: &mut Step<'_>, id: ConversationId) -> Result<(), EngineError> {
    if known(step.tx, id)?.many.is_none_or(|many| many.standing != Standing::Leaving) {
        return Ok(());
    }
    opening::out(step, id, Standing::Left)?;
    step.note(id, step.account.id, Happened::Left(step.account.id));
    Ok(())
}

/// A member says that they leave: one of those who stay takes them out. Those who act as admins come first, each later
/// than the one before; then the others, since who should act may be leaving, too, or gone.
pub fn left(step: &mut Step<'_>, id: ConversationId, author: UserId, proof: &[u8]) -> Result<(), EngineError> {
    let conversation = known(step.tx, id)?;
    let Some(member) = members::member(step.tx, id, author)?.filter(|member| member.present && !member.leaving) else {
        return Ok(());
    };
    let Ok(read) = Proof::decode(proof) else { return Ok(()) };
    // Their word may be about a group that was created anew meanwhile, by somebody who had not heard it.
    let is_theirs =
        |group: &GroupId| verify(&member.identity_key, Domain::Leave, &read.signed_bytes(*group), &read.signature);
    if read.id() != Some(author) || !conversation.groups.iter().any(is_theirs) {
        return Ok(());
    }
    save(step.tx, &Member { leaving: true, ..member })?;
    step.note(id, author, Happened::Left(author));
    let Some(rank) = rank(step, &conversation)?.filter(|_| !planted(Planted::KeepLeavers)) else { return Ok(()) };
    let change = Change::Leaver { member: author, proof: proof.to_vec() };
    rejoin::enqueue_in_turn(step, &conversation, change, rank)
}

/// The place in which this device takes out who leaves.
fn rank(step: &Step<'_>, conversation: &Conversation) -> Result<Option<usize>, EngineError> {
    let Some(many) = &conversation.many else { return Ok(None) };
    let members = members::members(step.tx, conversation.id)?;
    let staying = members.iter().filter(|member| !member.leaving).map(|member| member.id);
    let mut order = acting_admins(&many.admins, staying.clone());
    let others: Vec<UserId> = staying.filter(|id| !order.contains(id)).collect();
    order.extend(others);
    Ok(order.iter().position(|id| *id == step.account.id))
}
