//! What this device wants of its group, as a durable wish: staged as a commit when the group is quiet, staged anew when
//! another's commit was first, dropped when it has become pointless.

use prost::Message as _;
use sealpost_wire::{id::UserId, limits};

use super::{
    gathering,
    group::in_group,
    members::{self, given_name},
    policy::acting_admins,
    row::{Conversation, GroupState, TokenSecret},
    slot_content::Proof,
};
use crate::{
    error::EngineError,
    mls::{Changes, Group, GroupProfile},
    parcel::{self, Body},
    plan::{Change, Policy},
    step::Step,
};

/// A commit about to be staged.
pub(super) struct Draft {
    pub changes: Changes,
    pub proofs: Vec<Proof>,
    /// Whom the Welcome is for, and the keys to seal it to.
    pub welcomed: Vec<(UserId, [u8; 32])>,
}

/// What the change comes to in the group as it is now; `None` where there is nothing left to do, or it is not allowed.
pub(super) fn draft(
    step: &mut Step<'_>,
    conversation: &Conversation,
    state: &GroupState,
    change: &Change,
) -> Result<Option<Draft>, EngineError> {
    let (profile, ids) = in_group(step, &state.id, |_, group| Ok((group.profile().clone(), ids(group))))?;
    let me = step.account.id;
    let admin = acting_admins(&profile.admins, ids.iter().copied()).contains(&me);
    let mut draft = Draft { changes: Changes::default(), proofs: Vec::new(), welcomed: Vec::new() };
    let worthwhile = match change {
        Change::Renew => due(step, state),
        Change::Add(wanted) => {
            let allowed = admin || profile.members_add;
            let room = room(step, state, ids.len())?;
            let new = wanted.iter().filter(|id| allowed && !ids.contains(id)).take(room);
            for id in new {
                if let Some(gathered) = gathering::gathered(step, conversation.id, *id)? {
                    draft.changes.add.push(gathered.key_package);
                    draft.welcomed.push((*id, gathered.sealing_key));
                }
            }
            !draft.welcomed.is_empty()
        }
        Change::Remove(unwanted) => {
            let out = unwanted.iter().filter(|id| admin && **id != me && ids.contains(id));
            draft.changes.remove = out.copied().collect();
            !draft.changes.remove.is_empty()
        }
        Change::Leaver { member, proof } => {
            draft.changes.remove.push(*member);
            draft.proofs.extend(Proof::decode(proof.as_slice()));
            let is_last =
                profile.admins.contains(member) && !ids.iter().any(|id| id != member && profile.admins.contains(id));
            draft.changes.profile = is_last.then(|| GroupProfile { admins: vec![me], ..profile.clone() });
            *member != me && ids.contains(member) && (admin || is_proven(step, state, *member, &draft.proofs)?)
        }
        Change::Readd { member, key_package } => {
            draft.changes.remove.push(*member);
            draft.changes.add.push(key_package.clone());
            let known = members::member(step.tx, conversation.id, *member)?;
            draft.welcomed.extend(known.map(|known| (known.id, known.sealing_key)));
            admin && *member != me && ids.contains(member)
        }
        Change::Rename(name) => {
            draft.changes.profile = Some(GroupProfile { name: name.clone(), ..profile.clone() });
            admin || profile.members_rename
        }
        Change::SetAdmin { member, admin: wanted } => {
            let mut admins: Vec<UserId> = profile.admins.iter().copied().filter(|id| id != member).collect();
            admins.extend(wanted.then_some(*member));
            admins.retain(|id| ids.contains(id));
            let sound = admin && ids.contains(member) && !admins.is_empty();
            draft.changes.profile = Some(GroupProfile { admins, ..profile.clone() });
            sound
        }
        Change::SetPolicy(Policy { members_add, members_rename }) => {
            let (members_add, members_rename) = (*members_add, *members_rename);
            draft.changes.profile = Some(GroupProfile { members_add, members_rename, ..profile.clone() });
            admin
        }
    };
    if admin {
        prune_admins(&mut draft.changes, &profile, &ids, me);
    }
    let same = draft.changes.profile.as_ref().is_some_and(|new| *new == profile);
    Ok((worthwhile && !same).then_some(draft))
}

/// Whether the others, too, will see that the member wants to go: what they would skip must not be ours to merge.
fn is_proven(step: &mut Step<'_>, state: &GroupState, id: UserId, proofs: &[Proof]) -> Result<bool, EngineError> {
    in_group(step, &state.id, |_, group| {
        let member = group.members().into_iter().find(|member| member.id == id);
        let (Some(member), Some(leaf)) = (member, group.leaf_hash(id)) else { return Ok(false) };
        Ok(proofs.iter().any(|proof| proof.holds(group.id(), &member, &leaf)))
    })
}

/// Whoever is not in the group any more is no admin of it, so that nobody comes back as one.
fn prune_admins(changes: &mut Changes, profile: &GroupProfile, ids: &[UserId], me: UserId) {
    let goes = |id: &UserId| changes.remove.contains(id) && changes.add.is_empty();
    let new = changes.profile.as_ref().unwrap_or(profile);
    let mut admins: Vec<UserId> = new.admins.iter().copied().filter(|id| ids.contains(id) && !goes(id)).collect();
    if admins.is_empty() {
        admins.push(me);
    }
    if admins != new.admins {
        changes.profile = Some(GroupProfile { admins, ..new.clone() });
    }
}

fn ids(group: &Group) -> Vec<UserId> {
    group.members().iter().map(|member| member.id).collect()
}

/// Whether the epoch's keys have served long or often enough.
pub(super) fn due(step: &Step<'_>, state: &GroupState) -> bool {
    let old = step.since(state.epoch_since_ms) >= limits::HEALING_SECONDS * 1000;
    old || state.own_messages >= limits::HEALING_MESSAGES
}

/// How many may still be added.
pub(super) fn room(step: &mut Step<'_>, state: &GroupState, members: usize) -> Result<usize, EngineError> {
    let suite = in_group(step, &state.id, |_, group| Ok(group.suite()))?;
    Ok(gathering::largest(suite).saturating_sub(members))
}

/// The Welcome's parcel, for those whom a commit adds.
pub(super) fn welcome_parcel(
    step: &mut Step<'_>,
    conversation: &Conversation,
    counter: u32,
    welcome: Vec<u8>,
) -> Result<Vec<u8>, EngineError> {
    let card = step.account.card().ok_or(EngineError::NotRegistered)?.to_bytes();
    let mut names = Vec::new();
    let mut secrets = Vec::new();
    let mut thread = Vec::new();
    if let Some(many) = &conversation.many {
        thread = many.thread.to_vec();
        let secret = |it: &TokenSecret| parcel::TokenSecret { generation: it.generation, secret: it.secret.to_vec() };
        secrets = many.secrets.iter().map(secret).collect();
        let mut bytes = 0;
        for member in members::members(step.tx, conversation.id)? {
            let name = given_name(step, &member)?;
            bytes += name.len() + 16;
            if !name.is_empty() && bytes <= NAMES_BYTES {
                names.push(parcel::Named { id: member.id.to_string(), name });
            }
        }
    }
    let name = step.account.name.clone();
    Ok(Body::Welcome(parcel::Welcome { welcome, card, name, counter, thread, secrets, names }).into_bytes())
}

/// Names in a Welcome; who is left out is known by their ID until they write.
const NAMES_BYTES: usize = 64 << 10;
