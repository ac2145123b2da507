//! openmls' storage over the step's transaction: a write-back cache that keeps the last value of each row.
//!
//! Rows of [`Table::Mls`]. Key: `g`, the group's ID, a [`Row`], for what belongs to a group (so that one scan finds all
//! of it), else `k`, a [`Row`], the reference or public key. Value: MessagePack with field names.
//!
//! Invariants: a failure to read is an error, never an absence (openmls turns some into an absence on its own: the
//! first failure is kept and asked for after each call); no proposal is ever stored.

use std::{cell::RefCell, collections::BTreeMap};

use openmls_traits::storage::{CURRENT_VERSION, Key, StorageProvider, traits};
use serde::{Serialize, de::DeserializeOwned};

use crate::storage::{self, Direction, StorageError, Table, Write};

/// What a row holds. The numbers are for good: old databases hold them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Row {
    JoinConfig = 1,
    Tree = 2,
    InterimTranscriptHash = 3,
    Context = 4,
    ConfirmationTag = 5,
    GroupState = 6,
    MessageSecrets = 7,
    ResumptionSecrets = 8,
    OwnLeafIndex = 9,
    EpochSecrets = 10,
    EpochKeyPairs = 11,
    /// Ours: the SHA-256 of the pending commit's bytes, by which it is known again.
    OwnCommit = 12,
    /// Ours: who left in the last epochs.
    Departed = 13,
    KeyPackage = 32,
    EncryptionKeyPair = 33,
    SignatureKeyPair = 34,
    PreSharedKey = 35,
    /// Ours: when a key package expires. Key: time (big endian), key package's row key.
    KeyPackageExpiry = 36,
    /// Ours: a key package that a Welcome was opened with. Key: reference.
    UsedKeyPackage = 37,
}

type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// The rows of [`Table::Mls`], with what this session changed.
pub struct Rows<'t> {
    tx: &'t mut dyn Write,
    changes: RefCell<Changes>,
    failure: RefCell<Option<StorageError>>,
}

/// The key of a row that belongs to a group.
pub(super) fn group_key(group: &impl Serialize, row: Row) -> Result<Vec<u8>, StorageError> {
    let mut key = group_prefix(group)?;
    key.push(row as u8);
    Ok(key)
}

fn group_prefix(group: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    Ok([b"g".as_slice(), &key_bytes(group)?].concat())
}

/// The key of a row that belongs to no group.
pub(super) fn other_key(row: Row, name: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    Ok(other_key_of(row, &key_bytes(name)?))
}

pub(super) fn other_key_of(row: Row, name: &[u8]) -> Vec<u8> {
    [other_prefix(row).as_slice(), name].concat()
}

pub(super) fn other_prefix(row: Row) -> [u8; 2] {
    [b'k', row as u8]
}

fn key_bytes(name: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    rmp_serde::to_vec(name).map_err(|error| StorageError::Failed(error.to_string()))
}

impl<'t> Rows<'t> {
    pub(super) fn new(tx: &'t mut dyn Write) -> Self {
        Self { tx, changes: RefCell::default(), failure: RefCell::default() }
    }

    pub(super) fn flush(self) -> Result<(), StorageError> {
        if let Some(failure) = self.failure.into_inner() {
            return Err(failure);
        }
        for (key, change) in self.changes.into_inner() {
            match change {
                Some(value) => self.tx.put(Table::Mls, &key, &value)?,
                None => self.tx.remove(Table::Mls, &key)?,
            }
        }
        Ok(())
    }

    /// The first failure of this session.
    pub(super) fn failure(&self) -> Option<StorageError> {
        self.failure.borrow().clone()
    }

    pub(super) fn value(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        match self.changes.borrow().get(key) {
            Some(change) => Ok(change.clone()),
            None => self.noting(self.tx.value(Table::Mls, key)),
        }
    }

    pub(super) fn put(&self, key: Vec<u8>, value: Vec<u8>) {
        self.changes.borrow_mut().insert(key, Some(value));
    }

    pub(super) fn remove(&self, key: Vec<u8>) {
        self.changes.borrow_mut().insert(key, None);
    }

    /// Whether anything of a group is there.
    pub(super) fn has_group(&self, group: &impl Serialize) -> Result<bool, StorageError> {
        Ok(!self.keys(&group_prefix(group)?)?.is_empty())
    }

    /// Removes all that belongs to a group.
    pub(super) fn remove_group(&self, group: &impl Serialize) -> Result<(), StorageError> {
        for key in self.keys(&group_prefix(group)?)? {
            self.remove(key);
        }
        Ok(())
    }

    /// The keys with this prefix, in order.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        let stored = self.noting(self.tx.scan(Table::Mls, prefix, None, Direction::Up, usize::MAX))?;
        let mut keys: BTreeMap<Vec<u8>, bool> = stored.into_iter().map(|(key, _)| (key, true)).collect();
        for (key, change) in self.changes.borrow().range(prefix.to_vec()..) {
            if !key.starts_with(prefix) {
                break;
            }
            keys.insert(key.clone(), change.is_some());
        }
        Ok(keys.into_iter().filter_map(|(key, there)| there.then_some(key)).collect())
    }

    pub(super) fn write(&self, key: Result<Vec<u8>, StorageError>, value: &impl Serialize) -> Result<(), StorageError> {
        let value = self.noting(storage::encode(value))?;
        self.put(self.noting(key)?, value);
        Ok(())
    }

    pub(super) fn read<E: DeserializeOwned>(
        &self,
        key: Result<Vec<u8>, StorageError>,
    ) -> Result<Option<E>, StorageError> {
        let value = self.value(&self.noting(key)?)?;
        self.noting(value.map(|bytes| storage::decode(Table::Mls, &bytes)).transpose())
    }

    pub(super) fn delete(&self, key: Result<Vec<u8>, StorageError>) -> Result<(), StorageError> {
        self.remove(self.noting(key)?);
        Ok(())
    }

    /// Keeps the first failure, because not every caller in openmls passes it on.
    fn noting<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(failure) = &result {
            self.failure.borrow_mut().get_or_insert_with(|| failure.clone());
        }
        result
    }

    fn refuse(&self, what: &str) -> Result<(), StorageError> {
        self.noting(Err(StorageError::Failed(format!("{what} are never stored"))))
    }
}

macro_rules! of_group {
    ($($row:ident: $entity:ident, $write:ident, $read:ident, $delete:ident;)+) => {$(
        fn $write<G: traits::GroupId<CURRENT_VERSION>, E: traits::$entity<CURRENT_VERSION>>(
            &self,
            group: &G,
            value: &E,
        ) -> Result<(), StorageError> {
            self.write(group_key(group, Row::$row), value)
        }

        fn $read<G: traits::GroupId<CURRENT_VERSION>, E: traits::$entity<CURRENT_VERSION>>(
            &self,
            group: &G,
        ) -> Result<Option<E>, StorageError> {
            self.read(group_key(group, Row::$row))
        }

        fn $delete<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), StorageError> {
            self.delete(group_key(group, Row::$row))
        }
    )+};
}

macro_rules! of_key {
    ($($row:ident: $name:ident, $entity:ident, $write:ident, $delete:ident;)+) => {$(
        fn $write<K: traits::$name<CURRENT_VERSION>, E: traits::$entity<CURRENT_VERSION>>(
            &self,
            name: &K,
            value: &E,
        ) -> Result<(), StorageError> {
            self.write(other_key(Row::$row, name), value)
        }

        fn $delete<K: traits::$name<CURRENT_VERSION>>(&self, name: &K) -> Result<(), StorageError> {
            self.delete(other_key(Row::$row, name))
        }
    )+};
}

fn epoch_key_pairs_key<G: Key<CURRENT_VERSION>, N: Key<CURRENT_VERSION>>(
    group: &G,
    epoch: &N,
    leaf: u32,
) -> Result<Vec<u8>, StorageError> {
    Ok([group_key(group, Row::EpochKeyPairs)?, key_bytes(epoch)?, leaf.to_be_bytes().to_vec()].concat())
}

impl StorageProvider<CURRENT_VERSION> for Rows<'_> {
    type Error = StorageError;

    of_group! {
        JoinConfig: MlsGroupJoinConfig, write_mls_join_config, mls_group_join_config, delete_group_config;
        Tree: TreeSync, write_tree, tree, delete_tree;
        InterimTranscriptHash: InterimTranscriptHash,
            write_interim_transcript_hash, interim_transcript_hash, delete_interim_transcript_hash;
        Context: GroupContext, write_context, group_context, delete_context;
        ConfirmationTag: ConfirmationTag, write_confirmation_tag, confirmation_tag, delete_confirmation_tag;
        MessageSecrets: MessageSecrets, write_message_secrets, message_secrets, delete_message_secrets;
        ResumptionSecrets: ResumptionPskStore,
            write_resumption_psk_store, resumption_psk_store, delete_all_resumption_psk_secrets;
        OwnLeafIndex: LeafNodeIndex, write_own_leaf_index, own_leaf_index, delete_own_leaf_index;
        EpochSecrets: GroupEpochSecrets,
            write_group_epoch_secrets, group_epoch_secrets, delete_group_epoch_secrets;
    }

    of_key! {
        KeyPackage: HashReference, KeyPackage, write_key_package, delete_key_package;
        EncryptionKeyPair: EncryptionKey, HpkeKeyPair, write_encryption_key_pair, delete_encryption_key_pair;
        SignatureKeyPair: SignaturePublicKey, SignatureKeyPair, write_signature_key_pair, delete_signature_key_pair;
        PreSharedKey: PskId, PskBundle, write_psk, delete_psk;
    }

    fn write_group_state<E: traits::GroupState<CURRENT_VERSION>, G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
        state: &E,
    ) -> Result<(), StorageError> {
        self.write(group_key(group, Row::GroupState), state)
    }

    fn group_state<E: traits::GroupState<CURRENT_VERSION>, G: traits::GroupId<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<E>, StorageError> {
        self.read(group_key(group, Row::GroupState))
    }

    fn delete_group_state<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), StorageError> {
        self.delete(group_key(group, Row::GroupState))
    }

    fn write_encryption_epoch_key_pairs<
        G: traits::GroupId<CURRENT_VERSION>,
        N: traits::EpochKey<CURRENT_VERSION>,
        E: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        epoch: &N,
        leaf: u32,
        key_pairs: &[E],
    ) -> Result<(), StorageError> {
        self.write(epoch_key_pairs_key(group, epoch, leaf), &key_pairs)
    }

    fn encryption_epoch_key_pairs<
        G: traits::GroupId<CURRENT_VERSION>,
        N: traits::EpochKey<CURRENT_VERSION>,
        E: traits::HpkeKeyPair<CURRENT_VERSION>,
    >(
        &self,
        group: &G,
        epoch: &N,
        leaf: u32,
    ) -> Result<Vec<E>, StorageError> {
        let key = self.noting(epoch_key_pairs_key(group, epoch, leaf))?;
        let value = self.value(&key)?;
        self.noting(value.map_or(Ok(Vec::new()), |bytes| storage::decode(Table::Mls, &bytes)))
    }

    fn delete_encryption_epoch_key_pairs<G: traits::GroupId<CURRENT_VERSION>, N: traits::EpochKey<CURRENT_VERSION>>(
        &self,
        group: &G,
        epoch: &N,
        leaf: u32,
    ) -> Result<(), StorageError> {
        self.delete(epoch_key_pairs_key(group, epoch, leaf))
    }

    fn key_package<K: traits::HashReference<CURRENT_VERSION>, E: traits::KeyPackage<CURRENT_VERSION>>(
        &self,
        reference: &K,
    ) -> Result<Option<E>, StorageError> {
        self.read(other_key(Row::KeyPackage, reference))
    }

    fn encryption_key_pair<E: traits::HpkeKeyPair<CURRENT_VERSION>, K: traits::EncryptionKey<CURRENT_VERSION>>(
        &self,
        public_key: &K,
    ) -> Result<Option<E>, StorageError> {
        self.read(other_key(Row::EncryptionKeyPair, public_key))
    }

    fn signature_key_pair<
        K: traits::SignaturePublicKey<CURRENT_VERSION>,
        E: traits::SignatureKeyPair<CURRENT_VERSION>,
    >(
        &self,
        public_key: &K,
    ) -> Result<Option<E>, StorageError> {
        self.read(other_key(Row::SignatureKeyPair, public_key))
    }

    fn psk<E: traits::PskBundle<CURRENT_VERSION>, K: traits::PskId<CURRENT_VERSION>>(
        &self,
        id: &K,
    ) -> Result<Option<E>, StorageError> {
        self.read(other_key(Row::PreSharedKey, id))
    }

    fn queue_proposal<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        E: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        _group: &G,
        _reference: &R,
        _proposal: &E,
    ) -> Result<(), StorageError> {
        self.refuse("proposals")
    }

    fn queued_proposal_refs<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        _group: &G,
    ) -> Result<Vec<R>, StorageError> {
        Ok(Vec::new())
    }

    fn queued_proposals<
        G: traits::GroupId<CURRENT_VERSION>,
        R: traits::ProposalRef<CURRENT_VERSION>,
        E: traits::QueuedProposal<CURRENT_VERSION>,
    >(
        &self,
        _group: &G,
    ) -> Result<Vec<(R, E)>, StorageError> {
        Ok(Vec::new())
    }

    fn remove_proposal<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        _group: &G,
        _reference: &R,
    ) -> Result<(), StorageError> {
        Ok(())
    }

    fn clear_proposal_queue<G: traits::GroupId<CURRENT_VERSION>, R: traits::ProposalRef<CURRENT_VERSION>>(
        &self,
        _group: &G,
    ) -> Result<(), StorageError> {
        Ok(())
    }

    /// Only for update proposals, which would have to be stored.
    fn append_own_leaf_node<G: traits::GroupId<CURRENT_VERSION>, E: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        _group: &G,
        _leaf_node: &E,
    ) -> Result<(), StorageError> {
        self.refuse("leaf nodes of update proposals")
    }

    fn own_leaf_nodes<G: traits::GroupId<CURRENT_VERSION>, E: traits::LeafNode<CURRENT_VERSION>>(
        &self,
        _group: &G,
    ) -> Result<Vec<E>, StorageError> {
        Ok(Vec::new())
    }

    fn delete_own_leaf_nodes<G: traits::GroupId<CURRENT_VERSION>>(&self, _group: &G) -> Result<(), StorageError> {
        Ok(())
    }
}
