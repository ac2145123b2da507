//! Messages of a future epoch: kept, acknowledged, and opened when their epoch comes.

use sealpost_wire::id::DeliveryId;

use crate::{
    error::EngineError,
    mls::GroupId,
    parcel::{self, Body},
    simulation::{Planted, planted},
    step::Step,
    storage::{Direction, Table},
};

/// Envelopes of future epochs that are kept per group.
const PARKED: usize = 1_000;

pub(super) fn park(
    step: &mut Step<'_>,
    group: &GroupId,
    epoch: u64,
    delivery: DeliveryId,
    message: &parcel::GroupMessage,
) -> Result<(), EngineError> {
    let kept = step.tx.scan(Table::Parked, &group.0, None, Direction::Up, PARKED)?.len();
    if kept == PARKED || planted(Planted::ForgetParked) {
        return Ok(());
    }
    let of_epoch = [group.0.as_slice(), &epoch.to_be_bytes()].concat();
    let last = step.tx.scan(Table::Parked, &of_epoch, None, Direction::Down, 1)?.pop();
    let place =
        last.and_then(|(key, _)| key.get(24..32)?.try_into().ok()).map_or(0, |last| u64::from_be_bytes(last) + 1);
    let key = [of_epoch.as_slice(), &place.to_be_bytes(), &delivery.0].concat();
    Ok(step.tx.put(Table::Parked, &key, &Body::Message(message.clone()).into_bytes())?)
}

/// Takes out the parked messages whose epoch has come, in the order in which they came.
pub fn release_parked(
    step: &mut Step<'_>,
    group: &GroupId,
    epoch: u64,
) -> Result<Vec<(DeliveryId, parcel::GroupMessage)>, EngineError> {
    let mut released = Vec::new();
    for (key, value) in step.tx.scan(Table::Parked, &group.0, None, Direction::Up, PARKED)? {
        let of_epoch = key.get(16..24).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        if of_epoch.is_some_and(|of_epoch| of_epoch > epoch) {
            break;
        }
        step.tx.remove(Table::Parked, &key)?;
        let delivery = key.get(32..).and_then(|bytes| DeliveryId::try_from(bytes).ok());
        if let (Some(delivery), Some(Body::Message(message))) = (delivery, Body::read(&value)) {
            released.push((delivery, message));
        }
    }
    Ok(released)
}

/// Takes out all that is parked for a group.
pub fn take_parked(
    step: &mut Step<'_>,
    group: &GroupId,
) -> Result<Vec<(DeliveryId, parcel::GroupMessage)>, EngineError> {
    release_parked(step, group, u64::MAX)
}
