//! openmls' storage, entity by entity, over [`Rows`].
//!
//! Invariant: no proposal is ever stored (RFC 9420 would have a commit name them by reference, and ours hold theirs).

use std::collections::BTreeMap;

use openmls_traits::storage::{CURRENT_VERSION, Key, StorageProvider, traits};

use super::{
    lists,
    rows::{Row, Rows, group_key, key_bytes, other_key},
    secrets,
};
use crate::storage::{self, StorageError, Table};

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
        InterimTranscriptHash: InterimTranscriptHash,
            write_interim_transcript_hash, interim_transcript_hash, delete_interim_transcript_hash;
        Context: GroupContext, write_context, group_context, delete_context;
        ConfirmationTag: ConfirmationTag, write_confirmation_tag, confirmation_tag, delete_confirmation_tag;
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

    fn write_tree<G: traits::GroupId<CURRENT_VERSION>, E: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group: &G,
        tree: &E,
    ) -> Result<(), StorageError> {
        self.noting(group_key(group, Row::Tree).and_then(|prefix| lists::write(self, &prefix, tree)))
    }

    fn tree<G: traits::GroupId<CURRENT_VERSION>, E: traits::TreeSync<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<E>, StorageError> {
        let tree = self.noting(group_key(group, Row::Tree).and_then(|prefix| lists::read(self, &prefix)))?;
        self.noting(tree.map(|bytes| storage::decode(Table::Mls, &bytes)).transpose())
    }

    fn delete_tree<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), StorageError> {
        self.noting(group_key(group, Row::Tree).and_then(|prefix| self.replace(&prefix, BTreeMap::new())))
    }

    fn write_message_secrets<G: traits::GroupId<CURRENT_VERSION>, E: traits::MessageSecrets<CURRENT_VERSION>>(
        &self,
        group: &G,
        secrets: &E,
    ) -> Result<(), StorageError> {
        self.noting(secrets::write(self, group, secrets))
    }

    fn message_secrets<G: traits::GroupId<CURRENT_VERSION>, E: traits::MessageSecrets<CURRENT_VERSION>>(
        &self,
        group: &G,
    ) -> Result<Option<E>, StorageError> {
        self.noting(secrets::read(self, group))
    }

    fn delete_message_secrets<G: traits::GroupId<CURRENT_VERSION>>(&self, group: &G) -> Result<(), StorageError> {
        self.noting(secrets::delete(self, group))
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
        Ok(self.read(epoch_key_pairs_key(group, epoch, leaf))?.unwrap_or_default())
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
