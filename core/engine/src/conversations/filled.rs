//! What stood in commit slots within the last 30 days. A relay that was restored from a backup may have lost some of
//! it; what the members bring back nobody else can claim, so the restored relay parts no group.

use sealpost_wire::{api::slot::SlotClaim, id::SlotName, limits};
use serde::{Deserialize, Serialize};

use super::row::GroupState;
use crate::{
    error::EngineError,
    mls::GroupId,
    outbox::{self, JobKind, Lane},
    step::Step,
    storage::{Direction, Row, Table, all, list, load, save},
};

const KEPT_MS: u64 = limits::SLOT_CONTENT_SECONDS * 1000;
/// Slots that are too old and go when a further one is kept.
const FORGOTTEN: usize = 8;
/// All members bring the same slots: each after a while of their own, so that the relay is not overrun.
const BRING_MS: u64 = 60_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FilledSlot {
    group: GroupId,
    /// The epoch that the slot ends.
    epoch: u64,
    attempt: u32,
    name: SlotName,
    content: Vec<u8>,
    kept_at_ms: u64,
}

impl Row for FilledSlot {
    const TABLE: Table = Table::FilledSlot;

    fn key(&self) -> Vec<u8> {
        key(self.group, self.epoch, self.attempt)
    }
}

fn key(group: GroupId, epoch: u64, attempt: u32) -> Vec<u8> {
    [group.0.as_slice(), &epoch.to_be_bytes(), &attempt.to_be_bytes()].concat()
}

/// Keeps what stands in a slot of the group's epoch; what is too old to be of use to anybody goes.
pub(super) fn keep(
    step: &mut Step<'_>,
    state: &GroupState,
    attempt: u32,
    name: SlotName,
    content: &[u8],
) -> Result<(), EngineError> {
    let Some(epoch) = state.marks.last().map(|mark| mark.epoch) else { return Ok(()) };
    for old in list::<FilledSlot>(step.tx, &state.id.0, None, Direction::Up, FORGOTTEN)? {
        if step.since(old.kept_at_ms) > KEPT_MS {
            step.tx.remove(Table::FilledSlot, &old.key())?;
        }
    }
    let (group, content, kept_at_ms) = (state.id, content.to_vec(), step.now_ms);
    Ok(save(step.tx, &FilledSlot { group, epoch, attempt, name, content, kept_at_ms })?)
}

pub(super) fn forget(step: &mut Step<'_>, group: GroupId) -> Result<(), EngineError> {
    for slot in all::<FilledSlot>(step.tx, &group.0)? {
        step.tx.remove(Table::FilledSlot, &slot.key())?;
    }
    Ok(())
}

/// The relay was restored: what this device knows to have stood in slots is claimed again.
pub fn bring_all(step: &mut Step<'_>) -> Result<(), EngineError> {
    for state in all::<GroupState>(step.tx, b"")? {
        let pause_ms = step.random_below(BRING_MS);
        for slot in all::<FilledSlot>(step.tx, &state.id.0)? {
            if step.since(slot.kept_at_ms) <= KEPT_MS {
                let kind = JobKind::BringSlot { group: slot.group, epoch: slot.epoch, attempt: slot.attempt };
                outbox::enqueue(step, Lane::Slots(slot.group), kind, pause_ms)?;
            }
        }
    }
    Ok(())
}

/// The claim that brings a slot back; `None` where the group is gone.
pub fn claim(
    step: &Step<'_>,
    group: GroupId,
    epoch: u64,
    attempt: u32,
) -> Result<Option<(SlotName, SlotClaim)>, EngineError> {
    let slot: Option<FilledSlot> = load(step.tx, &key(group, epoch, attempt))?;
    Ok(slot.map(|slot| (slot.name, SlotClaim { content: slot.content, brought: true })))
}
