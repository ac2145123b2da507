//! What came too early for its group: messages of a future epoch, and Welcomes whose commit is still on its way. Kept,
//! acknowledged, and opened when their time comes.

use std::ops::RangeInclusive;

use sealpost_wire::id::DeliveryId;

use super::row::group;
use crate::{
    error::EngineError,
    mls::GroupId,
    parcel::{self, Body},
    simulation::{Planted, planted},
    step::Step,
    storage::{Direction, Table, save},
};

/// Envelopes that are kept per group.
const PARKED: usize = 1_000;
/// Welcomes that wait per group; each is tried anew at every epoch.
const WELCOMES: usize = 8;
/// The epoch under which Welcomes wait: any commit may be the one that they wait for.
const NO_EPOCH: u64 = u64::MAX;

pub(super) fn park(
    step: &mut Step<'_>,
    id: &GroupId,
    epoch: u64,
    delivery: DeliveryId,
    message: &parcel::GroupMessage,
) -> Result<(), EngineError> {
    if planted(Planted::ForgetParked) {
        return Ok(());
    }
    insert(step, id, epoch, delivery, &Body::Message(message.clone()))?;
    match group(step.tx, *id)? {
        Some(mut state) if state.parked_since_ms.is_none() => {
            state.parked_since_ms = Some(step.now_ms);
            Ok(save(step.tx, &state)?)
        }
        _ => Ok(()),
    }
}

pub(super) fn park_welcome(
    step: &mut Step<'_>,
    id: &GroupId,
    delivery: DeliveryId,
    welcome: &parcel::Welcome,
) -> Result<(), EngineError> {
    let waiting = [id.0.as_slice(), &NO_EPOCH.to_be_bytes()].concat();
    if step.tx.scan(Table::Parked, &waiting, None, Direction::Up, WELCOMES)?.len() >= WELCOMES {
        step.account.unhandled += 1;
        return step.save_account();
    }
    insert(step, id, NO_EPOCH, delivery, &Body::Welcome(welcome.clone()))
}

fn insert(
    step: &mut Step<'_>,
    group: &GroupId,
    epoch: u64,
    delivery: DeliveryId,
    body: &Body,
) -> Result<(), EngineError> {
    if step.tx.scan(Table::Parked, &group.0, None, Direction::Up, PARKED)?.len() == PARKED {
        step.account.unhandled += 1;
        return step.save_account();
    }
    let of_epoch = [group.0.as_slice(), &epoch.to_be_bytes()].concat();
    let last = step.tx.scan(Table::Parked, &of_epoch, None, Direction::Down, 1)?.pop();
    let place =
        last.and_then(|(key, _)| key.get(24..32)?.try_into().ok()).map_or(0, |last| u64::from_be_bytes(last) + 1);
    let key = [of_epoch.as_slice(), &place.to_be_bytes(), &delivery.0].concat();
    Ok(step.tx.put(Table::Parked, &key, &body.clone().into_bytes())?)
}

/// Takes out the parked messages whose epoch has come, in the order in which they came.
pub fn release_parked(
    step: &mut Step<'_>,
    id: &GroupId,
    epoch: u64,
) -> Result<Vec<(DeliveryId, parcel::GroupMessage)>, EngineError> {
    let released = take_out(step, id, 0..=epoch)?;
    let more = step.tx.scan(Table::Parked, &id.0, None, Direction::Up, 1)?.pop();
    let waits = more.is_some_and(|(key, _)| epoch_of(&key) != Some(NO_EPOCH));
    if let Some(mut state) = group(step.tx, *id)?
        && state.parked_since_ms.is_some()
    {
        state.parked_since_ms = waits.then_some(step.now_ms);
        save(step.tx, &state)?;
    }
    let message = |(delivery, body)| match body {
        Body::Message(message) => Some((delivery, message)),
        _ => None,
    };
    Ok(released.into_iter().filter_map(message).collect())
}

/// Takes out the Welcomes that wait for a commit: one that makes room for them, or lets their sender act as admin.
pub fn waiting_welcomes(step: &mut Step<'_>, id: &GroupId) -> Result<Vec<(DeliveryId, parcel::Welcome)>, EngineError> {
    let welcome = |(delivery, body)| match body {
        Body::Welcome(welcome) => Some((delivery, welcome)),
        _ => None,
    };
    Ok(take_out(step, id, NO_EPOCH..=NO_EPOCH)?.into_iter().filter_map(welcome).collect())
}

/// Takes out every message that is parked for a group: its epoch will never come.
pub fn give_up_parked(
    step: &mut Step<'_>,
    id: &GroupId,
) -> Result<Vec<(DeliveryId, parcel::GroupMessage)>, EngineError> {
    release_parked(step, id, NO_EPOCH - 1)
}

/// Drops all that is parked for a group.
pub(super) fn forget_parked(step: &mut Step<'_>, id: &GroupId) -> Result<(), EngineError> {
    take_out(step, id, 0..=NO_EPOCH).map(|_| ())
}

fn take_out(
    step: &mut Step<'_>,
    group: &GroupId,
    epochs: RangeInclusive<u64>,
) -> Result<Vec<(DeliveryId, Body)>, EngineError> {
    let mut taken = Vec::new();
    for (key, value) in step.tx.scan(Table::Parked, &group.0, None, Direction::Up, PARKED)? {
        if !epoch_of(&key).is_some_and(|epoch| epochs.contains(&epoch)) {
            continue;
        }
        step.tx.remove(Table::Parked, &key)?;
        let delivery = key.get(32..).and_then(|bytes| DeliveryId::try_from(bytes).ok());
        taken.extend(delivery.zip(Body::read(&value)));
    }
    Ok(taken)
}

fn epoch_of(key: &[u8]) -> Option<u64> {
    key.get(16..24)?.try_into().ok().map(u64::from_be_bytes)
}
