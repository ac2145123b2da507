//! Changes of a group: made and left pending, or read, judged and merged in one go.
//!
//! A commit holds what it changes itself: adds, removals, one new profile; always with a path, so that each heals.

use openmls::{
    extensions::Extensions,
    framing::{ProcessedMessageContent, Sender},
    group::{GroupContext, MergePendingCommitError, StagedCommit},
    key_packages::KeyPackage,
    messages::proposals::{Proposal, ProposalOrRefType},
    prelude::LeafNodeIndex,
};
use openmls_traits::OpenMlsProvider;
use sealpost_crypto::hash::sha256;
use sealpost_wire::id::UserId;

use super::{
    Group, GroupProfile, Member, MessageKind, MlsError, Session, departed, key_packages, message,
    rows::{Row, group_key},
};

/// A commit of this device that waits to be merged or cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingCommit {
    pub commit: Vec<u8>,
    /// For those whom it adds; one for all of them.
    pub welcome: Option<Vec<u8>>,
}

/// What somebody's commit would do, for the rules that are above MLS.
#[derive(Debug)]
pub struct CommitView<'a> {
    pub committer: &'a Member,
    /// Everybody before the commit, in the order of their leaves.
    pub members: &'a [Member],
    /// The profile before the commit.
    pub profile: &'a GroupProfile,
    pub added: &'a [Member],
    pub removed: &'a [Member],
    /// The new profile, where the commit sets one.
    pub new_profile: Option<&'a GroupProfile>,
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitApplied {
    pub committer: Member,
    pub added: Vec<Member>,
    pub removed: Vec<Member>,
    /// Whether this device was removed.
    pub evicted: bool,
    /// The epoch that the commit led to.
    pub epoch: u64,
}

/// A commit's content, checked by the rules that do not depend on the kind of group.
struct Content {
    added: Vec<Member>,
    removed: Vec<LeafNodeIndex>,
    new_profile: Option<GroupProfile>,
}

#[derive(Default)]
struct Changes {
    add: Vec<KeyPackage>,
    remove: Vec<LeafNodeIndex>,
    profile: Option<Extensions<GroupContext>>,
}

impl Group {
    /// Adds the owners of key packages (which [`check_key_package`](super::check_key_package) has passed).
    pub fn add(&mut self, session: &mut Session<'_>, key_packages: &[Vec<u8>]) -> Result<PendingCommit, MlsError> {
        let read = |bytes: &Vec<u8>| key_packages::read(bytes, self.suite(), session.crypto());
        let add = key_packages.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let mut known = self.members();
        for key_package in &add {
            let member =
                key_packages::check_added(key_package, session.crypto()).map_err(MlsError::KeyPackageRefused)?;
            if known.iter().any(|known| known.id == member.id) {
                return Err(MlsError::KeyPackageRefused("its owner is a member"));
            }
            known.push(member);
        }
        self.commit(session, Changes { add, ..Changes::default() })
    }

    /// Removes others; this device can't remove itself.
    pub fn remove(&mut self, session: &mut Session<'_>, ids: &[UserId]) -> Result<PendingCommit, MlsError> {
        let leaf = |id: &UserId| self.leaf_of(*id).ok_or(MlsError::Forbidden("a removal of nobody"));
        let remove = ids.iter().map(leaf).collect::<Result<Vec<_>, _>>()?;
        if remove.contains(&self.mls.own_leaf_index()) {
            return Err(MlsError::Forbidden("a removal of oneself"));
        }
        self.commit(session, Changes { remove, ..Changes::default() })
    }

    /// Renews this device's keys and the epoch's secrets, and changes nothing else.
    pub fn self_update(&mut self, session: &mut Session<'_>) -> Result<PendingCommit, MlsError> {
        self.commit(session, Changes::default())
    }

    /// Sets name, admins and what else the profile holds.
    pub fn change_profile(
        &mut self,
        session: &mut Session<'_>,
        profile: &GroupProfile,
    ) -> Result<PendingCommit, MlsError> {
        let profile = Some(profile.to_extensions()?);
        self.commit(session, Changes { profile, ..Changes::default() })
    }

    /// Moves to the epoch of the pending commit, which the group has accepted.
    pub fn merge_pending(&mut self, session: &mut Session<'_>) -> Result<CommitApplied, MlsError> {
        let staged = self.mls.pending_commit().ok_or(MlsError::Forbidden("a merge without a pending commit"))?;
        let content = self.content(session, staged, self.mls.own_leaf_index())?;
        let committer = self.own_member()?.clone();
        let removed = self.leave(session, &content)?;
        let merged = self.mls.merge_pending_commit(session).map_err(|error| match error {
            MergePendingCommitError::MergeCommitError(error) => error.into(),
            MergePendingCommitError::MlsGroupStateError(error) => MlsError::internal(error),
        });
        session.outcome(merged)?;
        self.applied(session, committer, content.added, removed)
    }

    /// Drops the pending commit, which the group has not accepted; fine where there is none.
    pub fn clear_pending(&mut self, session: &mut Session<'_>) -> Result<(), MlsError> {
        session.outcome(self.mls.clear_pending_commit(session.storage()))?;
        self.forget_own_commit(session)
    }

    /// Applies a commit of this epoch: reads, judges and merges it. Drops this device's own pending commit, unless it
    /// is this very one, which is merged.
    ///
    /// # Errors
    /// What all members see alike, and skip: [`MlsError::WrongGroup`], [`MlsError::OldEpoch`],
    /// [`MlsError::FutureEpoch`], [`MlsError::Undecryptable`], [`MlsError::Forbidden`] (also `judge`'s word), and
    /// [`MlsError::OwnMessage`]. What makes this device a torn one: [`MlsError::PathBroken`].
    ///
    /// openmls opens the path before it shows the content, so a commit that breaks a rule and this device's path at
    /// once is skipped by the others and [`MlsError::PathBroken`] here: before it calls itself torn, a device looks
    /// whether the next attempt's commit applies.
    pub fn apply_commit(
        &mut self,
        session: &mut Session<'_>,
        commit: &[u8],
        judge: &dyn Fn(&CommitView<'_>) -> Result<(), &'static str>,
    ) -> Result<CommitApplied, MlsError> {
        let (head, message) = message::private_message(commit)?;
        self.check_active()?;
        match head.epoch {
            _ if head.group != self.id() => return Err(MlsError::WrongGroup),
            _ if head.kind != MessageKind::Commit => return Err(MlsError::Forbidden("not a commit")),
            epoch if epoch < self.epoch() => return Err(MlsError::OldEpoch),
            epoch if epoch > self.epoch() => return Err(MlsError::FutureEpoch),
            _ => {}
        }
        if self.has_pending_commit() && self.own_commit(session)? == Some(sha256(commit)) {
            return self.merge_pending(session);
        }
        let processed = session.outcome(self.mls.process_message(session, message))?;
        let Sender::Member(leaf) = *processed.sender() else {
            return Err(MlsError::Forbidden("a commit from outside of the group"));
        };
        let staged = match processed.into_content() {
            ProcessedMessageContent::StagedCommitMessage(staged) => *staged,
            ProcessedMessageContent::OwnPrivateMessage => return Err(MlsError::OwnMessage),
            _ => return Err(MlsError::Forbidden("not a commit")),
        };
        let content = self.content(session, &staged, leaf)?;
        let committer = self.member_at(leaf).ok_or(MlsError::Forbidden("a committer who is no member"))?.clone();
        let removed: Vec<Member> = content.removed.iter().filter_map(|leaf| self.member_at(*leaf)).cloned().collect();
        judge(&CommitView {
            committer: &committer,
            members: &self.members(),
            profile: self.profile(),
            added: &content.added,
            removed: &removed,
            new_profile: content.new_profile.as_ref(),
        })
        .map_err(MlsError::Forbidden)?;
        let removed = self.leave(session, &content)?;
        session.outcome(self.mls.merge_staged_commit(session, staged))?;
        self.applied(session, committer, content.added, removed)
    }

    fn commit(&mut self, session: &mut Session<'_>, changes: Changes) -> Result<PendingCommit, MlsError> {
        self.check_active()?;
        if self.has_pending_commit() {
            return Err(MlsError::CommitPending);
        }
        let mut builder = self
            .mls
            .commit_builder()
            .consume_proposal_store(false)
            .force_self_update(true)
            .propose_adds(changes.add)
            .propose_removals(changes.remove);
        if let Some(extensions) = changes.profile {
            builder = builder.propose_group_context_extensions(extensions).map_err(MlsError::internal)?;
        }
        let builder = builder.load_psks(session.storage()).map_err(MlsError::internal)?;
        let builder = builder.build(session.rand(), session.crypto(), &session.signer(), |_| true);
        let builder = session.outcome(builder.map_err(MlsError::internal))?;
        let bundle = session.outcome(builder.stage_commit(session).map_err(MlsError::internal))?;
        let welcome = bundle.to_welcome_msg().map(|welcome| welcome.to_bytes()).transpose();
        let welcome = welcome.map_err(MlsError::internal)?;
        let commit = bundle.into_commit().to_bytes().map_err(MlsError::internal)?;
        session.rows().write(self.own_commit_key(), &sha256(&commit))?;
        Ok(PendingCommit { commit, welcome })
    }

    /// Reads a commit's content, and refuses what no group of ours allows.
    fn content(
        &self,
        session: &Session<'_>,
        staged: &StagedCommit,
        committer: LeafNodeIndex,
    ) -> Result<Content, MlsError> {
        let mut content = Content { added: Vec::new(), removed: Vec::new(), new_profile: None };
        for queued in staged.queued_proposals() {
            if queued.proposal_or_ref_type() != ProposalOrRefType::Proposal {
                return Err(MlsError::Forbidden("a proposal by reference"));
            }
            match queued.proposal() {
                Proposal::Add(add) => {
                    let member = key_packages::check_added(add.key_package(), session.crypto());
                    content.added.push(member.map_err(MlsError::Forbidden)?);
                }
                Proposal::Remove(remove) => content.removed.push(remove.removed()),
                Proposal::GroupContextExtensions(new) => {
                    content.new_profile = Some(GroupProfile::from_extensions(new.extensions())?);
                }
                _ => return Err(MlsError::Forbidden("a proposal of another kind than ours")),
            }
        }
        let staying = self.roster.iter().filter(|(leaf, _)| !content.removed.contains(leaf));
        let mut ids: Vec<UserId> = staying.map(|(_, member)| member.id).collect();
        for member in &content.added {
            if ids.contains(&member.id) {
                return Err(MlsError::Forbidden("somebody added twice"));
            }
            ids.push(member.id);
        }
        let Some(leaf) = staged.update_path_leaf_node() else {
            return Err(MlsError::Forbidden("a commit without a path"));
        };
        let renewed =
            key_packages::check_leaf(leaf, self.mls.ciphersuite(), session.crypto()).map_err(MlsError::Forbidden)?;
        if Some(&renewed) != self.member_at(committer) {
            return Err(MlsError::Forbidden("another identity on the committer's leaf"));
        }
        Ok(content)
    }

    /// Notes who leaves, before the roster forgets them.
    fn leave(&self, session: &Session<'_>, content: &Content) -> Result<Vec<Member>, MlsError> {
        departed::note(session, self, &content.removed, self.epoch())?;
        Ok(content.removed.iter().filter_map(|leaf| self.member_at(*leaf)).cloned().collect())
    }

    fn applied(
        &mut self,
        session: &Session<'_>,
        committer: Member,
        added: Vec<Member>,
        removed: Vec<Member>,
    ) -> Result<CommitApplied, MlsError> {
        self.forget_own_commit(session)?;
        self.refresh()?;
        Ok(CommitApplied { committer, added, removed, evicted: !self.is_active(), epoch: self.epoch() })
    }

    fn own_commit(&self, session: &Session<'_>) -> Result<Option<[u8; 32]>, MlsError> {
        Ok(session.rows().read(self.own_commit_key())?)
    }

    fn forget_own_commit(&self, session: &Session<'_>) -> Result<(), MlsError> {
        if self.own_commit(session)?.is_some() {
            session.rows().delete(self.own_commit_key())?;
        }
        Ok(())
    }

    fn own_commit_key(&self) -> Result<Vec<u8>, crate::storage::StorageError> {
        group_key(&self.id().to_openmls(), Row::OwnCommit)
    }
}
