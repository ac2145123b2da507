//! Looks at commit slots, as jobs.

use super::row::GroupState;
use crate::{
    error::EngineError,
    mls::GroupId,
    outbox::{self, JobKind, Lane},
    step::Step,
};

/// Queues a look at the group's current slot, unless one is queued.
pub(super) fn look(step: &mut Step<'_>, state: &GroupState) -> Result<(), EngineError> {
    let lane = Lane::Looks(state.id);
    if state.torn || outbox::last(step.tx, lane)?.is_some() {
        return Ok(());
    }
    enqueue_read(step, state.id, 0)
}

pub(super) fn enqueue_read(step: &mut Step<'_>, group: GroupId, attempt: u32) -> Result<(), EngineError> {
    outbox::enqueue(step, Lane::Looks(group), JobKind::ReadSlot { group, attempt, name: None }, 0)
}
