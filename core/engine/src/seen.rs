//! Deliveries that were handled already, so that each counts once however often it comes.

use sealpost_wire::{id::DeliveryId, limits};

use crate::{
    error::EngineError,
    simulation::{Planted, planted},
    step::Step,
    storage::{Direction, Table},
};

/// A delivery is known again for longer than the relay keeps it.
const SEEN_SECONDS: u64 = limits::MAILBOX_SECONDS + limits::DAY_SECONDS;
/// Old deliveries that are forgotten in one step.
const FORGOTTEN: usize = 128;

/// Whether the delivery comes for the first time; from now on it is known.
pub fn first_time(step: &mut Step<'_>, id: DeliveryId) -> Result<bool, EngineError> {
    if step.tx.value(Table::Seen, &id.0)?.is_some() && !planted(Planted::ForgetDeliveries) {
        return Ok(false);
    }
    step.tx.put(Table::Seen, &id.0, b"")?;
    let by_time = [step.now_seconds().to_be_bytes().as_slice(), &id.0].concat();
    step.tx.put(Table::SeenByTime, &by_time, b"")?;
    Ok(true)
}

/// Forgets deliveries that can't come again.
pub fn forget_old(step: &mut Step<'_>) -> Result<(), EngineError> {
    let end = step.now_seconds().saturating_sub(SEEN_SECONDS).to_be_bytes();
    for (key, _) in step.tx.scan(Table::SeenByTime, b"", None, Direction::Up, FORGOTTEN)? {
        if key.as_slice() >= end.as_slice() {
            break;
        }
        step.tx.remove(Table::Seen, key.get(8..).unwrap_or_default())?;
        step.tx.remove(Table::SeenByTime, &key)?;
    }
    Ok(())
}
