//! Own commits and others': staged, merged, applied, and what an epoch that is entered means for the conversation.

use std::cell::Cell;

use prost::Message as _;
use sealpost_crypto::{seal, symmetric};
use sealpost_wire::id::{DeliveryId, SlotName, UserId};

use super::{
    change::{self, Draft},
    group::{in_group, with_group},
    hand_on,
    members::{self, adopt},
    opening, policy,
    row::{Conversation, EpochMark, GroupState, Many, Pending, PendingWelcome, known, update},
    slot_content::{SlotContent, SlotRecipient, SlotWelcome},
    tokens,
};
use crate::{
    error::EngineError,
    fact::Happened,
    mls::{CommitApplied, Group, GroupProfile, Member, MlsError, Session},
    outbox::JobId,
    plan::{Change, Policy},
    step::Step,
    storage::save,
};

const NAME_LABEL: &str = "sealpost slot";
const KEY_LABEL: &str = "sealpost slot key";
const TAG_LABEL: &str = "sealpost epoch";
/// Epochs whose tags are kept, for members who are behind.
const MARKS: usize = 64;

/// The name and key of the current epoch's slot.
pub(super) fn slot(group: &Group, session: &Session<'_>, attempt: u32) -> Result<(SlotName, [u8; 32]), MlsError> {
    let context = attempt.to_be_bytes();
    let name = group.export(session, NAME_LABEL, &context, 32)?;
    let key = group.export(session, KEY_LABEL, &context, 32)?;
    let short = || MlsError::Internal("an exported secret is short".into());
    let name = name.as_slice().try_into().map_err(|_| short())?;
    Ok((name, key.as_slice().try_into().map_err(|_| short())?))
}

/// What tells the sides of a parted group from each other.
pub(super) fn tag(group: &Group, session: &Session<'_>) -> Result<[u8; 8], MlsError> {
    let tag = group.export(session, TAG_LABEL, b"", 8)?;
    tag.as_slice().try_into().map_err(|_| MlsError::Internal("an exported secret is short".into()))
}

/// Stages the change as an own commit: durable before anything leaves. False where there is nothing to commit (any
/// more), or the group would not take it.
pub(super) fn stage(
    step: &mut Step<'_>,
    state: &mut GroupState,
    job: &JobId,
    change: &Change,
    attempt: u32,
) -> Result<bool, EngineError> {
    let conversation = known(step.tx, state.conversation)?;
    let Some(draft) = change::draft(step, &conversation, state, change)? else { return Ok(false) };
    let nonce = step.random_bytes();
    let staged = in_group(step, &state.id, |session, group| {
        if group.has_pending_commit() {
            group.clear_pending(session)?;
        }
        let (name, key) = slot(group, session, attempt)?;
        Ok((name, key, group.change(session, &draft.changes)?))
    });
    let (name, key, commit) = match staged {
        Ok(staged) => staged,
        Err(EngineError::Mls(MlsError::KeyPackageRefused(_) | MlsError::Forbidden(_))) => return Ok(false),
        Err(error) => return Err(error),
    };
    let (welcome, in_slot) = match commit.welcome {
        Some(welcome) => {
            let (pending, in_slot) = seal_welcome(step, &conversation, state.counter, welcome, &draft)?;
            (Some(pending), Some(in_slot))
        }
        None => (None, None),
    };
    let content = SlotContent { commit: commit.commit, welcome: in_slot, proofs: draft.proofs };
    let content = symmetric::encrypt(&key, nonce, &name.0, &content.encode_to_vec());
    state.pending = Some(Pending { job: job.clone(), attempt, name, key, content, welcome });
    save(step.tx, state)?;
    Ok(true)
}

fn seal_welcome(
    step: &mut Step<'_>,
    conversation: &Conversation,
    counter: u32,
    welcome: Vec<u8>,
    draft: &Draft,
) -> Result<(PendingWelcome, SlotWelcome), EngineError> {
    let parcel = change::welcome_parcel(step, conversation, counter, welcome)?;
    let delivery_id = DeliveryId(step.random_bytes());
    let (to, keys): (Vec<UserId>, Vec<[u8; 32]>) = draft.welcomed.iter().copied().unzip();
    let sealed = seal::seal(&parcel, &delivery_id, &keys, step.random_bytes())
        .map_err(|_| EngineError::BadAnswer("a Welcome that can't be sealed"))?;
    let recipient = |(id, wrapped_key): (&UserId, Vec<u8>)| SlotRecipient { mailbox: id.to_string(), wrapped_key };
    let recipients = to.iter().zip(sealed.wrapped_keys).map(recipient).collect();
    let in_slot = SlotWelcome { delivery_id: delivery_id.0.to_vec(), payload: sealed.payload, recipients };
    Ok((PendingWelcome { delivery_id, parcel, to }, in_slot))
}

/// Drops the own commit that waits: it was not the first, or nobody would take it.
pub(super) fn unstage(step: &mut Step<'_>, state: &mut GroupState) -> Result<(), EngineError> {
    if state.pending.take().is_some() {
        save(step.tx, state)?;
        with_group(step, &state.id, |session, group| group.clear_pending(session))?;
    }
    Ok(())
}

/// Merges the own commit, which the group has taken. Answers the epoch that it ended.
pub(super) fn merge(step: &mut Step<'_>, state: &mut GroupState) -> Result<u64, EngineError> {
    let entered = in_group(step, &state.id, |session, group| {
        let applied = group.merge_pending(session)?;
        Entered::read(session, group, applied)
    })?;
    let ended = entered.epoch - 1;
    enter(step, state, entered)?;
    Ok(ended)
}

/// How a slot's content looks to this device.
pub(super) enum Verdict {
    Applied,
    /// All members see alike that this is no commit of the group: skipped.
    Garbage,
    /// Perhaps the group's commit, but its path does not open for us.
    Broken,
}

/// Applies what another member wrote into the slot. Our own pending commit is gone after it.
pub(super) fn apply(
    step: &mut Step<'_>,
    state: &mut GroupState,
    attempt: u32,
    content: &[u8],
) -> Result<Verdict, EngineError> {
    let (id, suspect) = (state.id, Cell::new(None));
    let applied = with_group(step, &id, |session, group| {
        let (name, key) = slot(group, session, attempt)?;
        let opened = symmetric::decrypt(&key, &name.0, content);
        let content = opened.and_then(|bytes| SlotContent::decode(bytes.as_slice()).ok());
        let content = content.ok_or(MlsError::Forbidden("a slot's content that does not open"))?;
        let applied = group.apply_commit(session, &content.commit, &|view| {
            suspect.set(Some(view.committer.id));
            policy::judge(id, &content.proofs, view)
        })?;
        Ok((Entered::read(session, group, applied)?, content.welcome, (name, key)))
    });
    match applied {
        Ok(Some((entered, welcome, (name, key)))) => {
            let welcomed = welcome.is_some();
            let newcomers: Vec<UserId> = entered.applied.added.iter().map(|member| member.id).collect();
            enter(step, state, entered)?;
            if welcomed {
                hand_on::plan(step, state, name, key, newcomers)?;
            }
            Ok(Verdict::Applied)
        }
        Ok(None) => Ok(Verdict::Garbage),
        Err(error @ MlsError::Storage(_)) => Err(error.into()),
        // A path secret that is too short to derive anything from is an internal error to openmls. A step that failed
        // over it would fail again each time that the slot is read.
        Err(MlsError::PathBroken(_) | MlsError::Internal(_)) => Ok(Verdict::Broken),
        Err(_) => {
            state.suspects.extend(suspect.get());
            save(step.tx, state)?;
            Ok(Verdict::Garbage)
        }
    }
}

/// A group as it stands after a commit.
pub(super) struct Entered {
    pub applied: CommitApplied,
    pub epoch: u64,
    pub leaves: Vec<(u32, Member)>,
    pub profile: GroupProfile,
    /// What is exported from the epoch; `None` where we are not in it.
    exported: Option<([u8; 8], [u8; 32])>,
}

impl Entered {
    fn read(session: &Session<'_>, group: &Group, applied: CommitApplied) -> Result<Self, MlsError> {
        let exported = match applied.evicted {
            true => None,
            false => Some((tag(group, session)?, tokens::exported_secret(group, session)?)),
        };
        let (epoch, leaves, profile) = (applied.epoch, group.leaves(), group.profile().clone());
        Ok(Self { applied, epoch, leaves, profile, exported })
    }
}

fn enter(step: &mut Step<'_>, state: &mut GroupState, entered: Entered) -> Result<(), EngineError> {
    (state.pending, state.own_messages, state.broken) = (None, 0, false);
    (state.epoch_since_ms, state.looked_at_ms) = (step.now_ms, step.now_ms);
    state.suspects.clear();
    if let Some((tag, _)) = entered.exported {
        mark(state, entered.epoch, tag, Some(entered.applied.committer.id));
    }
    save(step.tx, state)?;
    if known(step.tx, state.conversation)?.group == Some(state.id) {
        enter_together(step, state, &entered)?;
    }
    if entered.applied.evicted { opening::evicted(step, state, &entered.applied) } else { Ok(()) }
}

/// What the commit means for a conversation of many: its profile, members and tokens, and the rows that say so.
fn enter_together(step: &mut Step<'_>, state: &GroupState, entered: &Entered) -> Result<(), EngineError> {
    let mut conversation = known(step.tx, state.conversation)?;
    let Some(many) = &mut conversation.many else { return Ok(()) };
    let before = many.clone();
    describe(many, &entered.profile);
    let went = |member: &&Member| !entered.applied.added.iter().any(|added| added.id == member.id);
    let left = entered.applied.removed.iter().filter(went).count() > 0;
    if let Some((_, secret)) = entered.exported.filter(|_| left) {
        tokens::rotate(many, secret, step.now_seconds());
        tokens::publish(step)?;
    }
    let after = many.clone();
    update(step, &conversation)?;
    tell_changes(step, &conversation, &before, &after, &entered.applied)?;
    if entered.applied.evicted {
        return Ok(());
    }
    adopt(step, &conversation, &entered.leaves, entered.epoch, &entered.applied.added)?;
    for added in &entered.applied.added {
        if members::member(step.tx, conversation.id, added.id)?.is_some_and(|member| member.alarm) {
            step.note(conversation.id, entered.applied.committer.id, Happened::KeyAlarm(added.id));
        }
    }
    Ok(())
}

fn tell_changes(
    step: &mut Step<'_>,
    conversation: &Conversation,
    before: &Many,
    after: &Many,
    applied: &CommitApplied,
) -> Result<(), EngineError> {
    let by = applied.committer.id;
    let holds = |list: &[Member], id: UserId| list.iter().any(|member| member.id == id);
    let mut told = Vec::new();
    for added in &applied.added {
        let back = holds(&applied.removed, added.id);
        told.push(if back { Happened::CameBack(added.id) } else { Happened::Added(added.id) });
    }
    for removed in applied.removed.iter().filter(|removed| !holds(&applied.added, removed.id)) {
        // Who left by their own word was told about when they gave it.
        let left = members::member(step.tx, conversation.id, removed.id)?.is_some_and(|member| member.leaving);
        told.extend((!left).then_some(Happened::Removed(removed.id)));
    }
    if before.name != after.name {
        told.push(Happened::Renamed(after.name.clone()));
    }
    let stays = |id: &&UserId| !holds(&applied.removed, **id);
    let new = after.admins.iter().filter(|id| !before.admins.contains(id));
    told.extend(new.map(|id| Happened::BecameAdmin(*id)));
    let former = before.admins.iter().filter(|id| !after.admins.contains(id)).filter(stays);
    told.extend(former.map(|id| Happened::StoppedBeingAdmin(*id)));
    if before.policy != after.policy {
        told.push(Happened::PolicyChanged);
    }
    told.into_iter().for_each(|what| step.note(conversation.id, by, what));
    Ok(())
}

/// Notes an epoch that was entered.
pub(super) fn mark(state: &mut GroupState, epoch: u64, tag: [u8; 8], committer: Option<UserId>) {
    state.marks.push(EpochMark { epoch, tag, committer });
    let surplus = state.marks.len().saturating_sub(MARKS);
    state.marks.drain(..surplus);
}

/// Takes over what the profile says of the conversation.
pub(super) fn describe(many: &mut Many, profile: &GroupProfile) {
    many.name = profile.name.clone();
    many.admins = profile.admins.clone();
    many.policy = Policy { members_add: profile.members_add, members_rename: profile.members_rename };
}
