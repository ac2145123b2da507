//! Who held a leaf in an epoch whose messages can still be opened, though others hold it now or nobody does.
//!
//! openmls keeps the leaves of past epochs for the signature, but does not give their keys away.

use openmls::prelude::LeafNodeIndex;
use sealpost_wire::id::UserId;
use serde::{Deserialize, Serialize};

use super::{
    Group, Member, MlsError, PAST_EPOCHS, Session,
    rows::{Row, group_key},
};

#[derive(Serialize, Deserialize)]
struct Departed {
    leaf: u32,
    last_epoch: u64,
    id: UserId,
    identity_key: [u8; 32],
    sealing_key: [u8; 32],
}

/// Keeps who leaves with the commit that ends `last_epoch`, and forgets whose messages can't be opened any more.
pub(super) fn note(
    session: &Session<'_>,
    group: &Group,
    removed: &[LeafNodeIndex],
    last_epoch: u64,
) -> Result<(), MlsError> {
    let before = load(session, group)?;
    if before.is_empty() && removed.is_empty() {
        return Ok(());
    }
    let mut departed = before;
    departed.retain(|one| one.last_epoch + (PAST_EPOCHS as u64) > last_epoch);
    for leaf in removed {
        let member = group.member_at(*leaf).ok_or(MlsError::Forbidden("a removal of nobody"))?;
        let Member { id, identity_key, sealing_key } = member.clone();
        departed.push(Departed { leaf: leaf.u32(), last_epoch, id, identity_key, sealing_key });
    }
    let key = group_key(&group.id().to_openmls(), Row::Departed);
    Ok(if departed.is_empty() { session.rows().delete(key) } else { session.rows().write(key, &departed) }?)
}

/// Who held the leaf in this epoch.
pub(super) fn member_at(
    session: &Session<'_>,
    group: &Group,
    leaf: LeafNodeIndex,
    epoch: u64,
) -> Result<Member, MlsError> {
    if epoch < group.epoch() {
        let departed = load(session, group)?;
        let holder = departed.into_iter().find(|one| one.leaf == leaf.u32() && one.last_epoch >= epoch);
        if let Some(Departed { id, identity_key, sealing_key, .. }) = holder {
            return Ok(Member { id, identity_key, sealing_key });
        }
    }
    group.member_at(leaf).cloned().ok_or(MlsError::Forbidden("a sender who is no member"))
}

fn load(session: &Session<'_>, group: &Group) -> Result<Vec<Departed>, MlsError> {
    let departed = session.rows().read(group_key(&group.id().to_openmls(), Row::Departed))?;
    Ok(departed.unwrap_or_default())
}
