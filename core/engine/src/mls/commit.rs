//! Commits of a group: the own one merged, somebody else's read, judged and merged in one go.

use openmls::{
    framing::{ProcessedMessageContent, Sender},
    group::{MergePendingCommitError, StagedCommit},
    messages::proposals::{Proposal, ProposalOrRefType},
    prelude::LeafNodeIndex,
};
use openmls_traits::OpenMlsProvider;
use sealpost_crypto::hash::sha256;

use super::{Group, GroupProfile, Member, MessageKind, MlsError, Session, departed, key_packages, leaf, message};

/// What somebody's commit would do, for the rules that are above MLS.
#[derive(Debug)]
pub struct CommitView<'a> {
    pub committer: &'a Member,
    /// Everybody before the commit, in the order of their leaves.
    pub members: &'a [Member],
    /// The profile before the commit.
    pub profile: &'a GroupProfile,
    /// Who is in `removed` too is the same person with a device that lost its state.
    pub added: &'a [Member],
    pub removed: &'a [Member],
    /// What tells each removed leaf from the next one of its owner: SHA-256 of its encryption key, as of `removed`.
    pub removed_leaves: &'a [[u8; 32]],
    /// The new profile, where the commit sets one.
    pub new_profile: Option<&'a GroupProfile>,
}

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitApplied {
    pub committer: Member,
    /// Who is in `removed` too was added again.
    pub added: Vec<Member>,
    pub removed: Vec<Member>,
    /// The new profile, where the commit set one.
    pub new_profile: Option<GroupProfile>,
    /// Whether this device was removed. Where it was added again as well, a Welcome is on its way.
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

impl Group {
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
        self.applied(session, committer, content, removed)
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
        self.is_ahead = true;
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
        let removed_leaves: Vec<[u8; 32]> = removed.iter().filter_map(|member| self.leaf_hash(member.id)).collect();
        judge(&CommitView {
            committer: &committer,
            members: &self.members(),
            profile: self.profile(),
            added: &content.added,
            removed: &removed,
            removed_leaves: &removed_leaves,
            new_profile: content.new_profile.as_ref(),
        })
        .map_err(MlsError::Forbidden)?;
        let removed = self.leave(session, &content)?;
        session.outcome(self.mls.merge_staged_commit(session, staged))?;
        self.is_ahead = false;
        self.applied(session, committer, content, removed)
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
        self.check_newcomers(&content.added, &content.removed).map_err(MlsError::Forbidden)?;
        let Some(leaf) = staged.update_path_leaf_node() else {
            return Err(MlsError::Forbidden("a commit without a path"));
        };
        let renewed = leaf::check(leaf, self.mls.ciphersuite(), session.crypto()).map_err(MlsError::Forbidden)?;
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
        content: Content,
        removed: Vec<Member>,
    ) -> Result<CommitApplied, MlsError> {
        self.forget_own_commit(session)?;
        self.refresh()?;
        let Content { added, new_profile, .. } = content;
        let (evicted, epoch) = (!self.is_active(), self.epoch());
        Ok(CommitApplied { committer, added, removed, new_profile, evicted, epoch })
    }
}
