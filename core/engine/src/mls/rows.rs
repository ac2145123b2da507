//! The rows of [`Table::Mls`]: a write-back cache over the step's transaction, which keeps the last value of each row.
//!
//! Key: `g`, the group's ID, a [`Row`], for what belongs to a group (so that one scan finds all of it), else `k`, a
//! [`Row`], the reference or public key. Value: MessagePack with field names; what is large and changes a little takes
//! several rows ([`lists`](super::lists), [`secrets`](super::secrets)).
//!
//! Invariant: a failure to read is an error, never an absence (openmls turns some into an absence on its own: the
//! first failure is kept, and asked for after each call).

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use serde::{Serialize, de::DeserializeOwned};

use crate::storage::{self, Direction, StorageError, Table, Write};

/// What a row holds. The numbers are for good: old databases hold them (2 and 7 were used otherwise).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Row {
    JoinConfig = 1,
    InterimTranscriptHash = 3,
    Context = 4,
    ConfirmationTag = 5,
    GroupState = 6,
    ResumptionSecrets = 8,
    OwnLeafIndex = 9,
    EpochSecrets = 10,
    EpochKeyPairs = 11,
    /// Ours: the SHA-256 of the pending commit's bytes, by which it is known again.
    OwnCommit = 12,
    /// Ours: who left in the last epochs.
    Departed = 13,
    Tree = 14,
    SecretsIndex = 15,
    SecretsOfEpoch = 16,
    MembersOfEpoch = 17,
    MembersBlock = 18,
    KeyPackage = 32,
    EncryptionKeyPair = 33,
    SignatureKeyPair = 34,
    PreSharedKey = 35,
    /// Ours: when a key package expires. Key: time (big endian), key package's row key.
    KeyPackageExpiry = 36,
    /// Ours: the SHA-256 of the Welcome that a key package was used by. Key: reference.
    UsedKeyPackage = 37,
}

/// What may differ from what is stored when openmls hands the secrets over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Scope {
    #[default]
    Everything,
    /// What one message changes.
    Message(Ratchet),
    /// They are handed over again at once.
    Nothing,
}

/// What a message moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratchet {
    pub epoch: u64,
    pub leaf: u32,
    pub is_current: bool,
    /// Its row is known to be there.
    pub is_stored: bool,
}

/// The rows, with what this session changed.
pub struct Rows<'t> {
    tx: &'t mut dyn Write,
    changes: RefCell<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    scope: Cell<Scope>,
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

pub(super) fn key_bytes(name: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    rmp_serde::to_vec(name).map_err(|error| StorageError::Failed(error.to_string()))
}

impl<'t> Rows<'t> {
    pub(super) fn new(tx: &'t mut dyn Write) -> Self {
        Self { tx, changes: RefCell::default(), scope: Cell::default(), failure: RefCell::default() }
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

    /// What may have changed of the message secrets that openmls writes.
    pub(super) fn scope(&self) -> Scope {
        self.scope.get()
    }

    pub(super) fn set_scope(&self, scope: Scope) {
        self.scope.set(scope);
    }

    /// Whether anything of a group is there.
    pub(super) fn has_group(&self, group: &impl Serialize) -> Result<bool, StorageError> {
        Ok(!self.keys(&group_prefix(group)?)?.is_empty())
    }

    /// Removes all that belongs to a group.
    pub(super) fn remove_group(&self, group: &impl Serialize) -> Result<(), StorageError> {
        self.keys(&group_prefix(group)?)?.into_iter().for_each(|key| self.remove(key));
        Ok(())
    }

    /// The rows with this prefix, in order.
    pub(super) fn entries(&self, prefix: &[u8]) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StorageError> {
        let stored = self.noting(self.tx.scan(Table::Mls, prefix, None, Direction::Up, usize::MAX))?;
        let mut rows: BTreeMap<Vec<u8>, Vec<u8>> = stored.into_iter().collect();
        for (key, change) in self.changes.borrow().range(prefix.to_vec()..) {
            match change {
                _ if !key.starts_with(prefix) => break,
                Some(value) => rows.insert(key.clone(), value.clone()),
                None => rows.remove(key),
            };
        }
        Ok(rows)
    }

    /// The keys with this prefix, in order.
    pub(super) fn keys(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StorageError> {
        Ok(self.entries(prefix)?.into_keys().collect())
    }

    /// Lets these be the rows with this prefix, by what stands behind it in their keys, and no others.
    pub(super) fn replace(&self, prefix: &[u8], wanted: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<(), StorageError> {
        let stored = self.entries(prefix)?;
        for key in stored.keys().filter(|key| !wanted.contains_key(&key[prefix.len()..])) {
            self.remove(key.clone());
        }
        for (key, value) in wanted {
            let key = [prefix, key.as_slice()].concat();
            if stored.get(&key) != Some(&value) {
                self.put(key, value);
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, key: Result<Vec<u8>, StorageError>, value: &impl Serialize) -> Result<(), StorageError> {
        let value = self.noting(encode(value))?;
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

    pub(super) fn refuse(&self, what: &str) -> Result<(), StorageError> {
        self.noting(Err(StorageError::Failed(format!("{what} are never stored"))))
    }

    /// Keeps the first failure, because not every caller in openmls passes it on.
    pub(super) fn noting<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(failure) = &result {
            self.failure.borrow_mut().get_or_insert_with(|| failure.clone());
        }
        result
    }
}

/// With field names; byte strings as such, since openmls hands them over as lists of numbers, half as long again.
pub(super) fn encode(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    let serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    let mut serializer = serializer.with_bytes(rmp_serde::config::BytesMode::ForceIterables);
    value.serialize(&mut serializer).map_err(|error| StorageError::Failed(error.to_string()))?;
    Ok(bytes)
}
