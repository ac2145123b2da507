//! One MLS group, loaded for an operation: who is in it, messages in and out, secrets for others.

use std::{collections::BTreeSet, time::Duration};

use openmls::{
    framing::{MlsMessageBodyIn, MlsMessageIn, ProcessedMessageContent, Sender},
    group::{
        JoinBuilder, MlsGroup, MlsGroupCreateConfig, MlsGroupJoinConfig, PURE_CIPHERTEXT_WIRE_FORMAT_POLICY,
        PastEpochDeletion, ProcessedWelcome,
    },
    prelude::{LeafNodeIndex, SenderRatchetConfiguration, tls_codec::DeserializeBytes},
};
use openmls_traits::OpenMlsProvider;
use sealpost_crypto::hash::sha256;
use sealpost_wire::{id::UserId, suite::Suite};

use super::{
    FORWARD_DISTANCE, GroupId, GroupProfile, Member, MessageKind, MlsError, OUT_OF_ORDER_TOLERANCE, PAST_EPOCHS,
    Session, ciphersuite, departed, key_packages, leaf, message,
    rows::{Ratchet, Scope},
    suite,
};
use crate::storage::StorageError;

/// A group as it stands in the store and, until the session is finished, ahead of it. It may be kept for the next step
/// once its step has committed (loading takes longer than a message where the group is large), and is dropped if not.
pub struct Group {
    pub(super) mls: MlsGroup,
    id: GroupId,
    suite: Suite,
    /// In the order of the leaves.
    pub(super) roster: Vec<(LeafNodeIndex, Member)>,
    profile: GroupProfile,
    /// Whether what is in memory of the message secrets may differ from the store in more than the next message
    /// changes: a message that did not open leaves the secrets derived that it would have needed.
    pub(super) is_ahead: bool,
    /// Epochs and leaves whose ratchets are known to be stored.
    stored: BTreeSet<(u64, u32)>,
}

/// What a Welcome led to.
pub struct Joined {
    pub group: Group,
    /// Who signed the Welcome.
    pub adder: Member,
}

/// An application message, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decrypted {
    pub sender: Member,
    pub plaintext: Vec<u8>,
    /// The epoch that it was sent in.
    pub epoch: u64,
}

impl Group {
    /// A new group with this device as its only member, in epoch 0.
    pub fn create(
        session: &mut Session<'_>,
        suite: Suite,
        id: GroupId,
        profile: &GroupProfile,
    ) -> Result<Self, MlsError> {
        if session.rows().has_group(&id.to_openmls())? {
            return Err(MlsError::AlreadyJoined);
        }
        let config = MlsGroupCreateConfig::builder()
            .ciphersuite(ciphersuite(suite))
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(ratchets())
            .use_ratchet_tree_extension(true)
            .lifetime(leaf::unlimited())
            .capabilities(leaf::capabilities())
            .with_group_context_extensions(profile.to_extensions(None)?)
            .with_leaf_node_extensions(session.leaf_extensions()?)
            .map_err(MlsError::internal)?
            .build();
        let group =
            MlsGroup::new_with_group_id(session, &session.signer(), &config, id.to_openmls(), session.credential());
        Self::of(session.outcome(group.map_err(MlsError::internal))?)
    }

    /// The group from the store, where this device has it.
    ///
    /// # Errors
    /// [`MlsError::Storage`] also where some of its rows are missing.
    pub fn load(session: &mut Session<'_>, id: &GroupId) -> Result<Option<Self>, MlsError> {
        let id = id.to_openmls();
        match session.outcome(MlsGroup::load(session.storage(), &id))? {
            Some(group) => Self::of(group).map(Some),
            None if session.rows().has_group(&id)? => {
                Err(StorageError::Damaged("an MLS group is incomplete".to_owned()).into())
            }
            None => Ok(None),
        }
    }

    /// Joins by a Welcome (an `MLSMessage` that holds one). Its key package is used up, unless it is the last resort.
    ///
    /// # Errors
    /// [`MlsError::AlreadyJoined`], [`MlsError::NoKeyPackage`], [`MlsError::WelcomeRefused`]; [`MlsError::Forbidden`]
    /// for a group that is not made as ours are.
    pub fn join(session: &mut Session<'_>, welcome: &[u8]) -> Result<Joined, MlsError> {
        let hash = sha256(welcome);
        let message = MlsMessageIn::tls_deserialize_exact_bytes(welcome);
        let Ok(MlsMessageBodyIn::Welcome(welcome)) = message.map(MlsMessageIn::extract) else {
            return Err(MlsError::WelcomeRefused("it is not a welcome".to_owned()));
        };
        let reference = key_packages::addressed(session, &welcome, hash)?;
        let config = MlsGroupJoinConfig::builder()
            .wire_format_policy(PURE_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(ratchets())
            .use_ratchet_tree_extension(true)
            .build();
        let welcome = session.outcome(ProcessedWelcome::new_from_welcome(session, &config, welcome))?;
        if !welcome.psks().is_empty() {
            return Err(MlsError::Forbidden("a pre-shared key"));
        }
        if session.rows().has_group(welcome.unverified_group_info().group_id())? {
            return Err(MlsError::AlreadyJoined);
        }
        // Lifetimes are compared with this device's clock, in which members differ; ours are unlimited.
        let staged = session.outcome(JoinBuilder::new(session, welcome).skip_lifetime_validation().build())?;
        let sender = staged.welcome_sender().map_err(MlsError::internal)?;
        let adder = Member::of(sender).map_err(MlsError::Forbidden)?;
        let group = Self::of(session.outcome(staged.into_group(session))?)?;
        if group.own_member()?.id != session.id() {
            return Err(MlsError::Forbidden("a leaf with this device's key under another ID"));
        }
        // Members refuse such a key when it comes; of the first leaf nobody was there to do so.
        let mut members = group.roster.iter().map(|(_, member)| member);
        members.try_for_each(Member::check_sealing_key).map_err(MlsError::Forbidden)?;
        key_packages::note_used(session, &reference, hash)?;
        Ok(Joined { group, adder })
    }

    /// Removes all that this device keeps of a group; fine where there is none.
    pub fn delete(session: &mut Session<'_>, id: &GroupId) -> Result<(), MlsError> {
        Ok(session.rows().remove_group(&id.to_openmls())?)
    }

    /// Seals a message in the current epoch, also while a commit is pending. Own messages can't be opened: keep the
    /// plaintext.
    pub fn encrypt(&mut self, session: &mut Session<'_>, plaintext: &[u8]) -> Result<Vec<u8>, MlsError> {
        self.check_active()?;
        session.rows().set_scope(self.scope(self.epoch(), self.own_index()));
        let message = self.mls.create_message(session, &session.signer(), plaintext);
        session.rows().set_scope(Scope::Everything);
        self.is_ahead = true;
        let message = session.outcome(message.map_err(MlsError::internal))?;
        self.note_stored(self.epoch(), self.own_index());
        message.to_bytes().map_err(MlsError::internal)
    }

    /// Opens an application message of this epoch or of the two before it, and uses up its key.
    ///
    /// # Errors
    /// [`MlsError::WrongGroup`], [`MlsError::OldEpoch`], [`MlsError::FutureEpoch`], [`MlsError::OwnMessage`],
    /// [`MlsError::Undecryptable`]; [`MlsError::Forbidden`] for anything but an application message.
    pub fn decrypt(&mut self, session: &mut Session<'_>, message: &[u8]) -> Result<Decrypted, MlsError> {
        let (head, message) = message::private_message(message)?;
        self.check_active()?;
        let current = self.epoch();
        match head.epoch {
            _ if head.group != self.id => return Err(MlsError::WrongGroup),
            _ if head.kind != MessageKind::Application => {
                return Err(MlsError::Forbidden("a handshake message outside of a slot"));
            }
            epoch if epoch > current => return Err(MlsError::FutureEpoch),
            epoch if epoch + (PAST_EPOCHS as u64) < current => return Err(MlsError::OldEpoch),
            _ => {}
        }
        let was_ahead = std::mem::replace(&mut self.is_ahead, true);
        // Whose ratchet it moves is known when it is open, and only its rows are written then.
        session.rows().set_scope(Scope::Nothing);
        let processed = self.mls.process_message(session, message);
        session.rows().set_scope(Scope::Everything);
        let processed = session.outcome(processed)?;
        let Sender::Member(leaf) = *processed.sender() else {
            return Err(MlsError::Forbidden("a message from outside of the group"));
        };
        match processed.into_content() {
            ProcessedMessageContent::ApplicationMessage(message) => {
                self.is_ahead = was_ahead;
                self.write_secrets(session, self.scope(head.epoch, leaf.u32()))?;
                self.note_stored(head.epoch, leaf.u32());
                let sender = departed::member_at(session, self, leaf, head.epoch)?;
                Ok(Decrypted { sender, plaintext: message.into_bytes(), epoch: head.epoch })
            }
            ProcessedMessageContent::OwnPrivateMessage => Err(MlsError::OwnMessage),
            _ => Err(MlsError::Forbidden("not an application message")),
        }
    }

    /// A secret of the current epoch for another use (RFC 9420, 8.5): the same for all members, also with a commit
    /// pending. `length` in bytes.
    pub fn export(
        &self,
        session: &Session<'_>,
        label: &str,
        context: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, MlsError> {
        self.check_active()?;
        self.mls.export_secret(session.crypto(), label, context, length).map_err(MlsError::internal)
    }

    pub fn id(&self) -> GroupId {
        self.id
    }

    pub fn suite(&self) -> Suite {
        self.suite
    }

    pub fn epoch(&self) -> u64 {
        self.mls.epoch().as_u64()
    }

    pub fn profile(&self) -> &GroupProfile {
        &self.profile
    }

    /// Everybody in the group, in the order of their leaves. Of a group that this device was removed from, those who
    /// remained.
    pub fn members(&self) -> Vec<Member> {
        self.roster.iter().map(|(_, member)| member.clone()).collect()
    }

    /// The same, each with the index of their leaf.
    pub fn leaves(&self) -> Vec<(u32, Member)> {
        self.roster.iter().map(|(leaf, member)| (leaf.u32(), member.clone())).collect()
    }

    /// What tells a member's leaf from the one that they would get if they were added again: SHA-256 of its encryption
    /// key. A commit of the member's changes it, too.
    pub fn leaf_hash(&self, id: UserId) -> Option<[u8; 32]> {
        let leaf = self.leaf_of(id)?;
        self.mls.members().find(|member| member.index == leaf).map(|member| sha256(&member.encryption_key))
    }

    /// This device's leaf.
    pub fn own_index(&self) -> u32 {
        self.mls.own_leaf_index().u32()
    }

    /// Whether this device is still in the group.
    pub fn is_active(&self) -> bool {
        self.mls.is_active()
    }

    pub fn has_pending_commit(&self) -> bool {
        self.mls.pending_commit().is_some()
    }

    pub(super) fn own_member(&self) -> Result<&Member, MlsError> {
        self.member_at(self.mls.own_leaf_index()).ok_or(MlsError::Evicted)
    }

    pub(super) fn member_at(&self, leaf: LeafNodeIndex) -> Option<&Member> {
        let place = self.roster.binary_search_by_key(&leaf, |(leaf, _)| *leaf).ok()?;
        Some(&self.roster[place].1)
    }

    pub(super) fn leaf_of(&self, id: UserId) -> Option<LeafNodeIndex> {
        self.roster.iter().find(|(_, member)| member.id == id).map(|(leaf, _)| *leaf)
    }

    pub(super) fn check_active(&self) -> Result<(), MlsError> {
        if self.is_active() { Ok(()) } else { Err(MlsError::Evicted) }
    }

    /// Reads roster and profile anew after a commit.
    pub(super) fn refresh(&mut self) -> Result<(), MlsError> {
        self.roster = roster(&self.mls)?;
        self.profile = GroupProfile::from_extensions(self.mls.extensions())?;
        let oldest = self.epoch().saturating_sub(PAST_EPOCHS as u64);
        self.stored.retain(|(epoch, _)| *epoch >= oldest);
        Ok(())
    }

    /// What of the message secrets a message of this leaf changes.
    fn scope(&self, epoch: u64, leaf: u32) -> Scope {
        if self.is_ahead {
            return Scope::Everything;
        }
        let (is_current, is_stored) = (epoch == self.epoch(), self.stored.contains(&(epoch, leaf)));
        Scope::Message(Ratchet { epoch, leaf, is_current, is_stored })
    }

    /// The message secrets were written after a message of this leaf.
    fn note_stored(&mut self, epoch: u64, leaf: u32) {
        self.is_ahead = false;
        self.stored.insert((epoch, leaf));
    }

    /// Has openmls hand over the message secrets. It does so whenever it forgets old ones, of which there are none.
    pub(super) fn write_secrets(&mut self, session: &Session<'_>, scope: Scope) -> Result<(), MlsError> {
        session.rows().set_scope(scope);
        let none = PastEpochDeletion::older_than_duration(Duration::MAX);
        let written = self.mls.delete_past_epoch_secrets(session, none);
        session.rows().set_scope(Scope::Everything);
        session.outcome(written.map_err(MlsError::internal))
    }

    fn of(mls: MlsGroup) -> Result<Self, MlsError> {
        Ok(Self {
            id: GroupId::from_openmls(mls.group_id())?,
            suite: suite(mls.ciphersuite())?,
            roster: roster(&mls)?,
            profile: GroupProfile::from_extensions(mls.extensions())?,
            is_ahead: false,
            stored: BTreeSet::new(),
            mls,
        })
    }
}

fn ratchets() -> SenderRatchetConfiguration {
    SenderRatchetConfiguration::new(OUT_OF_ORDER_TOLERANCE, FORWARD_DISTANCE)
}

fn roster(mls: &MlsGroup) -> Result<Vec<(LeafNodeIndex, Member)>, MlsError> {
    let read = mls.treesync().full_leaves().map(|(index, leaf)| Ok((index, Member::of(leaf)?)));
    let roster: Result<Vec<_>, &'static str> = read.collect();
    roster.map_err(MlsError::Forbidden)
}
