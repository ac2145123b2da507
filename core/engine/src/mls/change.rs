//! Changes of a group that this device makes: a commit that waits until the group has accepted it.
//!
//! A commit holds what it changes itself: adds, removals, one new profile; always with a path, so that each heals.

use openmls::{key_packages::KeyPackage, prelude::LeafNodeIndex};
use openmls_traits::OpenMlsProvider;
use sealpost_crypto::hash::sha256;
use sealpost_wire::id::UserId;

use super::{
    Group, GroupProfile, Member, MlsError, Session, key_packages,
    rows::{Row, group_key},
};
use crate::storage::StorageError;

/// What a commit changes, all at once. Nothing of it: the commit only renews this device's keys and the epoch's
/// secrets, as every commit does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Key packages of those who come, which [`check_key_package`](super::check_key_package) has passed.
    pub add: Vec<Vec<u8>>,
    /// Who goes. Who is also added comes back with a new leaf: a device that lost its state.
    pub remove: Vec<UserId>,
    /// The new profile. Fields of a later version that the group's has are kept.
    pub profile: Option<GroupProfile>,
}

/// A commit of this device that waits to be merged or cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommit {
    pub commit: Vec<u8>,
    /// For those whom it adds; one for all of them.
    pub welcome: Option<Vec<u8>>,
}

impl Group {
    /// Makes a commit of these changes and leaves it pending. This device can't remove itself.
    ///
    /// # Errors
    /// [`MlsError::CommitPending`], [`MlsError::Evicted`], [`MlsError::KeyPackageRefused`] also where its owner is a
    /// member who stays; [`MlsError::Forbidden`] for a removal of nobody, of oneself or twice.
    pub fn change(&mut self, session: &mut Session<'_>, changes: &Changes) -> Result<PendingCommit, MlsError> {
        self.check_active()?;
        if self.has_pending_commit() {
            return Err(MlsError::CommitPending);
        }
        let removed = self.leaves_of(&changes.remove).map_err(MlsError::Forbidden)?;
        let added = self.newcomers(session, &changes.add, &removed)?;
        let context = changes.profile.as_ref().map(|profile| profile.to_extensions(Some(self.mls.extensions())));
        self.is_ahead = true;
        let mut builder = self
            .mls
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(true)
            .propose_adds(added)
            .propose_removals(removed);
        if let Some(context) = context {
            builder = builder.propose_group_context_extensions(context?).map_err(MlsError::internal)?;
        }
        let builder = builder.load_psks(session.storage()).map_err(MlsError::internal)?;
        let builder = builder.build(session.rand(), session.crypto(), &session.signer(), |_| true);
        let builder = session.outcome(builder.map_err(MlsError::internal))?;
        let bundle = session.outcome(builder.stage_commit(session).map_err(MlsError::internal))?;
        let welcome = bundle.to_welcome_msg().map(|welcome| welcome.to_bytes()).transpose();
        let welcome = welcome.map_err(MlsError::internal)?;
        let commit = bundle.into_commit().to_bytes().map_err(MlsError::internal)?;
        session.rows().write(self.own_commit_key(), &sha256(&commit))?;
        self.is_ahead = false;
        Ok(PendingCommit { commit, welcome })
    }

    /// Drops the pending commit, which the group has not accepted; fine where there is none.
    pub fn clear_pending(&mut self, session: &mut Session<'_>) -> Result<(), MlsError> {
        session.outcome(self.mls.clear_pending_commit(session.storage()))?;
        self.forget_own_commit(session)
    }

    /// What holds for all whom a commit adds: nobody has two leaves, and an ID keeps its identity key for life.
    pub(super) fn check_newcomers(&self, added: &[Member], removed: &[LeafNodeIndex]) -> Result<(), &'static str> {
        for (place, member) in added.iter().enumerate() {
            let before = self.roster.iter().find(|(_, before)| before.id == member.id);
            match before {
                Some((leaf, _)) if !removed.contains(leaf) => return Err("somebody added twice"),
                Some((_, before)) if before.identity_key != member.identity_key => {
                    return Err("somebody added again with another key");
                }
                _ if added[..place].iter().any(|other| other.id == member.id) => return Err("somebody added twice"),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn own_commit(&self, session: &Session<'_>) -> Result<Option<[u8; 32]>, MlsError> {
        Ok(session.rows().read(self.own_commit_key())?)
    }

    pub(super) fn forget_own_commit(&self, session: &Session<'_>) -> Result<(), MlsError> {
        if self.own_commit(session)?.is_some() {
            session.rows().delete(self.own_commit_key())?;
        }
        Ok(())
    }

    fn leaves_of(&self, ids: &[UserId]) -> Result<Vec<LeafNodeIndex>, &'static str> {
        let mut leaves = Vec::with_capacity(ids.len());
        for id in ids {
            let leaf = self.leaf_of(*id).ok_or("a removal of nobody")?;
            if leaf == self.mls.own_leaf_index() {
                return Err("a removal of oneself");
            }
            if leaves.contains(&leaf) {
                return Err("somebody removed twice");
            }
            leaves.push(leaf);
        }
        Ok(leaves)
    }

    fn newcomers(
        &self,
        session: &Session<'_>,
        key_packages: &[Vec<u8>],
        removed: &[LeafNodeIndex],
    ) -> Result<Vec<KeyPackage>, MlsError> {
        let (mut added, mut members) = (Vec::new(), Vec::new());
        for bytes in key_packages {
            let key_package = key_packages::read(bytes, self.suite(), session.crypto())?;
            let member = key_packages::check_added(&key_package, session.crypto());
            members.push(member.map_err(MlsError::KeyPackageRefused)?);
            added.push(key_package);
        }
        self.check_newcomers(&members, removed).map_err(MlsError::KeyPackageRefused)?;
        Ok(added)
    }

    fn own_commit_key(&self) -> Result<Vec<u8>, StorageError> {
        group_key(&self.id().to_openmls(), Row::OwnCommit)
    }
}
