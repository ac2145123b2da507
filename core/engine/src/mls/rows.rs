//! The rows of [`Table::Mls`]: a write-back cache over the step's transaction, which keeps the last value of each row.
//!
//! Key: `g`, the group's ID, a [`Row`], for what belongs to a group (so that one scan finds all of it), else `k`, a
//! [`Row`], the reference or public key. Value: MessagePack with field names; the message secrets, which every message
//! changes a little, in [`parts`](super::parts), of which only the changed ones are written.
//!
//! Invariant: a failure to read is an error, never an absence (openmls turns some into an absence on its own: the
//! first failure is kept, and asked for after each call).

use std::{cell::RefCell, collections::BTreeMap};

use serde::{Serialize, de::DeserializeOwned};

use super::parts;
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

/// The rows, with what this session changed.
pub struct Rows<'t> {
    tx: &'t mut dyn Write,
    changes: RefCell<BTreeMap<Vec<u8>, Option<Vec<u8>>>>,
    divided: RefCell<BTreeMap<Vec<u8>, Divided>>,
    failure: RefCell<Option<StorageError>>,
}

/// A value that is stored in parts.
struct Divided {
    stored: Vec<Vec<u8>>,
    value: Option<Vec<u8>>,
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
        Self { tx, changes: RefCell::default(), divided: RefCell::default(), failure: RefCell::default() }
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
        for (prefix, Divided { stored, value }) in self.divided.into_inner() {
            let value = value.unwrap_or_default();
            let parts = parts::divide(&value);
            for number in 0..stored.len().max(parts.len()) {
                let before = stored.get(number).map(Vec::as_slice);
                match parts.get(number).copied() {
                    Some(part) if before == Some(part) => {}
                    Some(part) => self.tx.put(Table::Mls, &part_key(&prefix, number), part)?,
                    None => self.tx.remove(Table::Mls, &part_key(&prefix, number))?,
                }
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
        let secrets = group_key(group, Row::MessageSecrets)?;
        let others = self.keys(&group_prefix(group)?)?.iter().any(|key| !key.starts_with(&secrets));
        Ok(others || self.divided_value(&secrets)?.is_some())
    }

    /// Removes all that belongs to a group.
    pub(super) fn remove_group(&self, group: &impl Serialize) -> Result<(), StorageError> {
        let secrets = group_key(group, Row::MessageSecrets)?;
        for key in self.keys(&group_prefix(group)?)? {
            if !key.starts_with(&secrets) {
                self.remove(key);
            }
        }
        self.put_divided(&secrets, None)
    }

    /// The keys with this prefix, in order; of a divided value, those that are stored.
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

    pub(super) fn write_divided(
        &self,
        prefix: Result<Vec<u8>, StorageError>,
        value: &impl Serialize,
    ) -> Result<(), StorageError> {
        let value = self.noting(encode(value))?;
        self.put_divided(&self.noting(prefix)?, Some(value))
    }

    pub(super) fn read_divided<E: DeserializeOwned>(
        &self,
        prefix: Result<Vec<u8>, StorageError>,
    ) -> Result<Option<E>, StorageError> {
        let value = self.divided_value(&self.noting(prefix)?)?;
        self.noting(value.map(|bytes| storage::decode(Table::Mls, &bytes)).transpose())
    }

    pub(super) fn delete_divided(&self, prefix: Result<Vec<u8>, StorageError>) -> Result<(), StorageError> {
        self.put_divided(&self.noting(prefix)?, None)
    }

    pub(super) fn refuse(&self, what: &str) -> Result<(), StorageError> {
        self.noting(Err(StorageError::Failed(format!("{what} are never stored"))))
    }

    fn put_divided(&self, prefix: &[u8], value: Option<Vec<u8>>) -> Result<(), StorageError> {
        self.with_divided(prefix, |divided| divided.value = value)
    }

    fn divided_value(&self, prefix: &[u8]) -> Result<Option<Vec<u8>>, StorageError> {
        self.with_divided(prefix, |divided| divided.value.clone())
    }

    fn with_divided<T>(&self, prefix: &[u8], work: impl FnOnce(&mut Divided) -> T) -> Result<T, StorageError> {
        if let Some(divided) = self.divided.borrow_mut().get_mut(prefix) {
            return Ok(work(divided));
        }
        let rows = self.noting(self.tx.scan(Table::Mls, prefix, None, Direction::Up, usize::MAX))?;
        let stored: Vec<Vec<u8>> = rows.into_iter().map(|(_, part)| part).collect();
        let value = (!stored.is_empty()).then(|| stored.concat());
        let mut divided = Divided { stored, value };
        let result = work(&mut divided);
        self.divided.borrow_mut().insert(prefix.to_vec(), divided);
        Ok(result)
    }

    /// Keeps the first failure, because not every caller in openmls passes it on.
    pub(super) fn noting<T>(&self, result: Result<T, StorageError>) -> Result<T, StorageError> {
        if let Err(failure) = &result {
            self.failure.borrow_mut().get_or_insert_with(|| failure.clone());
        }
        result
    }
}

fn part_key(prefix: &[u8], number: usize) -> Vec<u8> {
    [prefix, &(number as u32).to_be_bytes()].concat()
}

/// With field names; byte strings as such, since openmls hands them over as lists of numbers, half as long again.
fn encode(value: &impl Serialize) -> Result<Vec<u8>, StorageError> {
    let mut bytes = Vec::new();
    let serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map();
    let mut serializer = serializer.with_bytes(rmp_serde::config::BytesMode::ForceIterables);
    value.serialize(&mut serializer).map_err(|error| StorageError::Failed(error.to_string()))?;
    Ok(bytes)
}
