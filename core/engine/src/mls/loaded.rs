//! Groups kept in memory between steps: loading one takes longer than a message where the group is large.

use super::{Group, GroupId, MlsError, Session};

/// A group of a thousand takes some megabytes.
const KEPT: usize = 8;

/// The groups that were used last, as they stand in the store.
///
/// Whoever takes a group keeps it only after its session was finished without an error: else the one in memory may run
/// ahead of the store. After a step that failed, or whose transaction was not committed, all of them are dropped.
#[derive(Default)]
pub struct Loaded {
    /// The one that was kept last is the last.
    groups: Vec<Group>,
}

impl Loaded {
    /// The group out of memory or from the store, where this device has it. It is not kept any more.
    pub fn take(&mut self, session: &mut Session<'_>, id: &GroupId) -> Result<Option<Group>, MlsError> {
        match self.groups.iter().position(|group| group.id() == *id) {
            Some(place) => Ok(Some(self.groups.remove(place))),
            None => Group::load(session, id),
        }
    }

    /// Keeps a group for the next step, in the place of the one that was kept longest ago.
    pub fn keep(&mut self, group: Group) {
        self.forget(&group.id());
        if self.groups.len() == KEPT {
            self.groups.remove(0);
        }
        self.groups.push(group);
    }

    /// Drops what is kept of a group that somebody else changed or deleted; fine where there is none.
    pub fn forget(&mut self, id: &GroupId) {
        self.groups.retain(|group| group.id() != *id);
    }
}

/// How many, and nothing of what they hold.
impl std::fmt::Debug for Loaded {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Loaded({})", self.groups.len())
    }
}
