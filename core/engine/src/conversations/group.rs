//! Work on one MLS group inside a step: loaded or kept from an earlier one, written back at the end of the work.

use crate::{
    error::EngineError,
    mls::{Group, GroupId, MlsError, Session},
    simulation::{Planted, planted},
    step::Step,
};

/// A session for work that is not about one group alone.
pub(super) fn session<'s>(step: &'s mut Step<'_>) -> Session<'s> {
    let sealing_key = step.sealing_key().public();
    Session::new(&mut *step.tx, step.account.id, &step.identity_key, sealing_key)
}

/// Works on the group; `None` where this device has it no more. Nothing of work that fails is kept, in the store or in
/// memory.
pub(super) fn with_group<T>(
    step: &mut Step<'_>,
    id: &GroupId,
    work: impl FnOnce(&mut Session<'_>, &mut Group) -> Result<T, MlsError>,
) -> Result<Option<T>, MlsError> {
    let sealing_key = step.sealing_key().public();
    let Step { tx, account, identity_key, groups, .. } = step;
    let mut session = Session::new(&mut **tx, account.id, identity_key, sealing_key);
    let Some(mut group) = groups.take(&mut session, id)? else { return Ok(None) };
    let result = work(&mut session, &mut group)?;
    if planted(Planted::ForgetRatchet) {
        groups.keep(group);
        return Ok(Some(result));
    }
    session.finish()?;
    groups.keep(group);
    Ok(Some(result))
}

/// The same for groups that have to be there.
pub(super) fn in_group<T>(
    step: &mut Step<'_>,
    id: &GroupId,
    work: impl FnOnce(&mut Session<'_>, &mut Group) -> Result<T, MlsError>,
) -> Result<T, EngineError> {
    let missing = || MlsError::Internal("a group without its MLS state".into());
    Ok(with_group(step, id, work)?.ok_or_else(missing)?)
}

/// Deletes the group's keys, in the store and in memory.
pub(super) fn delete_group(step: &mut Step<'_>, id: &GroupId) -> Result<(), EngineError> {
    step.groups.forget(id);
    let mut session = session(step);
    Group::delete(&mut session, id)?;
    Ok(session.finish()?)
}
