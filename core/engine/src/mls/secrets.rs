//! The message secrets of a group: what openmls keeps to seal and open messages of this epoch and of those before it
//! that still open. It hands over all of it for each message; of a large group that is megabytes, of which a message
//! changes one row.
//!
//! Rows: the index; the secrets of each epoch as [`lists`], under the epoch's number, which stay where they are when
//! the epoch is over; who was in a past epoch, in blocks under their hash, which epochs share.

use std::collections::BTreeSet;

use openmls::{group::GroupContext, prelude::tls_codec::DeserializeBytes};
use sealpost_crypto::hash::sha256;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{
    lists::{self, Divided, HOLDERS, LISTS, element_key, list_head, list_number, map_head},
    rows::{Ratchet, Row, Rows, Scope, encode, group_key},
    walk::{Visitor, walk},
};
use crate::storage::{self, StorageError, Table};

const HANDSHAKE: usize = 2;
const APPLICATION: usize = 3;
/// Members in a block.
const BLOCK: u32 = 8;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Index {
    /// Encoded.
    max_epochs: Vec<u8>,
    /// From the oldest on.
    past: Vec<u64>,
    current: u64,
}

/// Who was in a past epoch.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Members {
    length: u32,
    /// Their SHA-256.
    blocks: Vec<[u8; 32]>,
}

/// Writes what has changed within the rows' scope.
pub(super) fn write<T: Serialize>(rows: &Rows<'_>, group: &impl Serialize, value: &T) -> Result<(), StorageError> {
    match rows.scope() {
        Scope::Everything => write_everything(rows, group, value),
        Scope::Message(ratchet) => write_message(rows, group, value, ratchet),
        Scope::Nothing => Ok(()),
    }
}

/// The secrets as they were written.
pub(super) fn read<E: DeserializeOwned>(rows: &Rows<'_>, group: &impl Serialize) -> Result<Option<E>, StorageError> {
    assembled(rows, group)?.map(|value| storage::decode(Table::Mls, &value)).transpose()
}

/// The secrets, encoded.
fn assembled(rows: &Rows<'_>, group: &impl Serialize) -> Result<Option<Vec<u8>>, StorageError> {
    let Some(Index { max_epochs, past, current }) = index(rows, group)? else { return Ok(None) };
    let mut value = Vec::new();
    map_head(&mut value, 3);
    value.extend(encode("max_epochs")?);
    value.extend(max_epochs);
    value.extend(encode("past_epoch_trees")?);
    list_head(&mut value, past.len() as u32);
    for epoch in past {
        map_head(&mut value, 3);
        value.extend(encode("epoch")?);
        value.extend(encode(&epoch)?);
        value.extend(encode("message_secrets")?);
        value.extend(section(rows, group, epoch)?);
        value.extend(encode("leaves")?);
        value.extend(members(rows, group, epoch)?);
    }
    value.extend(encode("message_secrets")?);
    value.extend(section(rows, group, current)?);
    Ok(Some(value))
}

/// Removes them.
pub(super) fn delete(rows: &Rows<'_>, group: &impl Serialize) -> Result<(), StorageError> {
    for row in [Row::SecretsIndex, Row::SecretsOfEpoch, Row::MembersOfEpoch, Row::MembersBlock] {
        rows.replace(&group_key(group, row)?, Default::default())?;
    }
    Ok(())
}

fn write_everything<T: Serialize>(rows: &Rows<'_>, group: &impl Serialize, value: &T) -> Result<(), StorageError> {
    let known = known_members(rows, group)?;
    let mut all = Everything { known: &known, max_epochs: Vec::new(), past: Vec::new(), current: Current::default() };
    walk(value, &mut all)?;
    let Everything { max_epochs, past, current, .. } = all;
    let (epoch, divided) = (current.epoch()?, current.divided);
    let new = Index { max_epochs, past: past.iter().map(|past| past.epoch).collect(), current: epoch };
    divided.store(rows, &epoch_key(group, Row::SecretsOfEpoch, epoch)?)?;
    let mut used: BTreeSet<[u8; 32]> =
        known.iter().filter(|(epoch, _)| new.past.contains(epoch)).flat_map(|(_, one)| one.blocks.clone()).collect();
    for PastEpoch { epoch, divided, members, blocks, .. } in past {
        divided.store(rows, &epoch_key(group, Row::SecretsOfEpoch, epoch)?)?;
        if let Some(members) = members {
            for (name, block) in members.blocks.iter().zip(blocks) {
                if used.insert(*name) {
                    rows.put(block_key(group, name)?, block);
                }
            }
            rows.put(epoch_key(group, Row::MembersOfEpoch, epoch)?, encode(&members)?);
        }
    }
    let old = index(rows, group)?.unwrap_or_default();
    for gone in old.past.iter().chain([&old.current]).filter(|old| !new.past.contains(old) && **old != epoch) {
        rows.replace(&epoch_key(group, Row::SecretsOfEpoch, *gone)?, Default::default())?;
    }
    for (gone, members) in known.iter().filter(|(epoch, _)| !new.past.contains(epoch)) {
        rows.remove(epoch_key(group, Row::MembersOfEpoch, *gone)?);
        for block in members.blocks.iter().filter(|block| !used.contains(*block)) {
            rows.remove(block_key(group, block)?);
        }
    }
    if old != new {
        rows.put(group_key(group, Row::SecretsIndex)?, encode(&new)?);
    }
    Ok(())
}

fn write_message<T: Serialize>(
    rows: &Rows<'_>,
    group: &impl Serialize,
    value: &T,
    Ratchet { epoch, leaf, is_current, is_stored }: Ratchet,
) -> Result<(), StorageError> {
    let prefix = epoch_key(group, Row::SecretsOfEpoch, epoch)?;
    // A sender's first message of an epoch takes both ratchets out of the tree, and leaves other nodes there.
    let row = [prefix.as_slice(), &element_key(APPLICATION, leaf)].concat();
    let is_first = !is_stored && rows.value(&row)?.is_none();
    let sender = Sender { rows, prefix, leaf, is_first, is_written: false };
    let mut message = Message { epoch, is_current, is_epoch: false, sender };
    walk(value, &mut message)?;
    if message.sender.is_written {
        return Ok(());
    }
    Err(StorageError::Failed("openmls has no ratchet for a message that it sealed or opened".to_owned()))
}

fn index(rows: &Rows<'_>, group: &impl Serialize) -> Result<Option<Index>, StorageError> {
    rows.read(group_key(group, Row::SecretsIndex))
}

fn section(rows: &Rows<'_>, group: &impl Serialize, epoch: u64) -> Result<Vec<u8>, StorageError> {
    let missing = || StorageError::Damaged("an epoch of an MLS group has no secrets".to_owned());
    lists::read(rows, &epoch_key(group, Row::SecretsOfEpoch, epoch)?)?.ok_or_else(missing)
}

fn members(rows: &Rows<'_>, group: &impl Serialize, epoch: u64) -> Result<Vec<u8>, StorageError> {
    let missing = || StorageError::Damaged("an epoch of an MLS group has no members".to_owned());
    let members: Option<Members> = rows.read(epoch_key(group, Row::MembersOfEpoch, epoch))?;
    let Members { length, blocks } = members.ok_or_else(missing)?;
    let mut value = Vec::new();
    list_head(&mut value, length);
    for name in &blocks {
        value.extend(rows.value(&block_key(group, name)?)?.ok_or_else(missing)?);
    }
    Ok(value)
}

/// Who was in the past epochs that are stored.
fn known_members(rows: &Rows<'_>, group: &impl Serialize) -> Result<Vec<(u64, Members)>, StorageError> {
    let past = index(rows, group)?.unwrap_or_default().past;
    let mut known = Vec::with_capacity(past.len());
    for epoch in past {
        if let Some(members) = rows.read(epoch_key(group, Row::MembersOfEpoch, epoch))? {
            known.push((epoch, members));
        }
    }
    Ok(known)
}

fn epoch_key(group: &impl Serialize, row: Row, epoch: u64) -> Result<Vec<u8>, StorageError> {
    Ok([group_key(group, row)?.as_slice(), &epoch.to_be_bytes()].concat())
}

fn block_key(group: &impl Serialize, name: &[u8; 32]) -> Result<Vec<u8>, StorageError> {
    Ok([group_key(group, Row::MembersBlock)?.as_slice(), name].concat())
}

fn number<T: Serialize + ?Sized>(value: &T) -> Result<u64, StorageError> {
    storage::decode(Table::Mls, &encode(value)?)
}

fn unknown(name: &str) -> StorageError {
    StorageError::Failed(format!("openmls keeps {name}, which has no place here"))
}

/// Takes all of it apart.
struct Everything<'k> {
    known: &'k [(u64, Members)],
    max_epochs: Vec<u8>,
    past: Vec<PastEpoch>,
    current: Current,
}

impl Visitor for Everything<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        match name {
            "max_epochs" => self.max_epochs = encode(value)?,
            "past_epoch_trees" => walk(value, self)?,
            "message_secrets" => walk(value, &mut self.current)?,
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), StorageError> {
        // Nobody enters or leaves an epoch that is over.
        let known = self.known.iter().map(|(epoch, _)| *epoch).collect();
        let mut past = PastEpoch { known, ..PastEpoch::default() };
        walk(value, &mut past)?;
        self.past.push(past);
        Ok(())
    }
}

#[derive(Default)]
struct PastEpoch {
    known: Vec<u64>,
    epoch: u64,
    divided: Divided,
    /// Where they are not stored.
    members: Option<Members>,
    blocks: Vec<Vec<u8>>,
}

impl Visitor for PastEpoch {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        match name {
            "epoch" => self.epoch = number(value)?,
            "message_secrets" => self.divided = lists::divide(value)?,
            "leaves" if self.known.contains(&self.epoch) => {}
            "leaves" => {
                walk(value, self)?;
                let names = self.blocks.iter().map(|block| sha256(block)).collect();
                self.members.get_or_insert_default().blocks = names;
            }
            name => return Err(unknown(name)),
        }
        Ok(())
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), StorageError> {
        let members = self.members.get_or_insert_default();
        if members.length.is_multiple_of(BLOCK) {
            self.blocks.push(Vec::new());
        }
        members.length += 1;
        if let Some(block) = self.blocks.last_mut() {
            block.extend(encode(value)?);
        }
        Ok(())
    }
}

/// The secrets of the current epoch, which say its number in the group's context alone.
#[derive(Default)]
struct Current {
    divided: Divided,
    context: Vec<u8>,
}

impl Current {
    fn epoch(&self) -> Result<u64, StorageError> {
        let context: Vec<u8> = storage::decode(Table::Mls, &self.context)?;
        let context = GroupContext::tls_deserialize_exact_bytes(&context);
        Ok(context.map_err(|error| StorageError::Failed(error.to_string()))?.epoch().as_u64())
    }
}

impl Visitor for Current {
    fn begin(&mut self, length: usize) {
        self.divided.begin(length);
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        if name == "serialized_context" {
            self.context = encode(value)?;
        }
        self.divided.field(name, value)
    }
}

/// Finds the epoch of a message.
struct Message<'r, 't> {
    epoch: u64,
    is_current: bool,
    is_epoch: bool,
    sender: Sender<'r, 't>,
}

impl Visitor for Message<'_, '_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        match name {
            "past_epoch_trees" if !self.is_current => walk(value, self),
            "epoch" => {
                self.is_epoch = number(value)? == self.epoch;
                Ok(())
            }
            "message_secrets" if self.is_current || self.is_epoch => {
                self.is_epoch = false;
                walk(value, &mut self.sender)
            }
            _ => Ok(()),
        }
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), StorageError> {
        walk(value, self)
    }
}

/// Writes what a message of this leaf has changed in its epoch.
struct Sender<'r, 't> {
    rows: &'r Rows<'t>,
    /// Of the epoch's rows.
    prefix: Vec<u8>,
    leaf: u32,
    is_first: bool,
    is_written: bool,
}

impl Visitor for Sender<'_, '_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), StorageError> {
        if HOLDERS.contains(&name) {
            return walk(value, self);
        }
        match list_number(name) {
            Some(list @ (HANDSHAKE | APPLICATION)) if self.is_first || list == APPLICATION => {
                let (rows, prefix, leaf) = (self.rows, self.prefix.as_slice(), self.leaf);
                let mut one = OneOf { rows, prefix, list, leaf, next: 0, is_written: false };
                walk(value, &mut one)?;
                self.is_written |= one.is_written && list == APPLICATION;
            }
            Some(list) if self.is_first && LISTS[list].ends_with("_nodes") => {
                lists::write_list(self.rows, &self.prefix, list, value)?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Writes one leaf's element.
struct OneOf<'r, 't> {
    rows: &'r Rows<'t>,
    prefix: &'r [u8],
    list: usize,
    leaf: u32,
    next: u32,
    is_written: bool,
}

impl Visitor for OneOf<'_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), StorageError> {
        if self.next == self.leaf {
            let key = [self.prefix, &element_key(self.list, self.leaf)].concat();
            self.rows.put(key, encode(value)?);
            self.is_written = true;
        }
        self.next += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use sealpost_crypto::keys::{IdentityKey, SealingKey};
    use sealpost_wire::{id::UserId, suite::Suite};

    use super::*;
    use crate::{
        mls::{Changes, Group, GroupId, GroupProfile, MlsError, PAST_EPOCHS, Session, generate_key_packages},
        storage::{Direction, RawRow, Read, memory::MemoryStore},
    };

    const GROUP: GroupId = GroupId([3; 16]);

    struct Device {
        id: UserId,
        key: IdentityKey,
        store: MemoryStore,
        group: Option<Group>,
    }

    impl Device {
        fn new(number: u8) -> Self {
            let (id, key) = (UserId::from_random([number; 5]), IdentityKey::from_secret([number; 32]));
            Self { id, key, store: MemoryStore::default(), group: None }
        }

        /// With the group kept from step to step.
        fn step<T>(&mut self, work: impl FnOnce(&mut Option<Group>, &mut Session<'_>) -> Result<T, MlsError>) -> T {
            let sealing_key = SealingKey::from_secret([1; 32]).public();
            let mut tx = self.store.begin();
            let mut session = Session::new(&mut tx, self.id, &self.key, sealing_key);
            let result = work(&mut self.group, &mut session).expect("the step succeeds");
            session.finish().expect("the rows are written");
            tx.commit();
            result
        }

        fn group<T>(&mut self, work: impl FnOnce(&mut Group, &mut Session<'_>) -> Result<T, MlsError>) -> T {
            self.step(|group, session| work(group.as_mut().expect("the group is kept"), session))
        }

        /// Whatever the last step changed is stored: it reads as the group in memory is.
        fn has_stored_all(&mut self) {
            assert!(self.step(|_, session| Group::load(session, &GROUP)).is_some());
            let stored = self.secrets();
            self.group(|group, session| group.write_secrets(session, Scope::Everything));
            assert!(self.secrets() == stored, "the last step left something unwritten");
        }

        fn secrets(&mut self) -> Vec<u8> {
            let mut tx = self.store.begin();
            assembled(&Rows::new(&mut tx), &GROUP.to_openmls()).expect("read").expect("there")
        }

        fn rows(&self) -> Vec<RawRow> {
            self.store.scan(Table::Mls, b"", None, Direction::Up, usize::MAX).expect("rows")
        }

        fn rows_of(&self, row: Row) -> Vec<RawRow> {
            let prefix = group_key(&GROUP.to_openmls(), row).expect("a key");
            self.store.scan(Table::Mls, &prefix, None, Direction::Up, usize::MAX).expect("rows")
        }
    }

    fn group_of(size: u8, suite: Suite) -> Vec<Device> {
        let mut devices: Vec<Device> = (0..size).map(Device::new).collect();
        let (ada, others) = devices.split_first_mut().expect("somebody");
        let package = |other: &mut Device| {
            other.step(|_, session| generate_key_packages(session, suite, 1, false, u64::MAX)).remove(0)
        };
        let changes = Changes { add: others.iter_mut().map(package).collect(), ..Changes::default() };
        let welcome = ada.step(|kept, session| {
            let mut group = Group::create(session, suite, GROUP, &GroupProfile::default())?;
            let welcome = group.change(session, &changes)?.welcome.unwrap_or_default();
            group.merge_pending(session)?;
            *kept = Some(group);
            Ok(welcome)
        });
        for other in others {
            other.step(|kept, session| {
                *kept = Some(Group::join(session, &welcome)?.group);
                Ok(())
            });
        }
        devices
    }

    #[test]
    fn message_of_any_epoch_stores_all_that_it_changed() {
        for suite in Suite::ALL {
            let mut devices = group_of(9, suite);
            let mut late = Vec::new();
            for round in 0..24_usize {
                let (sender, other) = (round * 5 % 9, (round * 7 + 3) % 9);
                let message = devices[sender].group(|group, session| group.encrypt(session, b"hello"));
                devices[sender].has_stored_all();
                late.push((sender, message));
                // Some arrive at once, some two messages and an epoch later.
                if round % 3 == 2 {
                    for (sender, message) in late.drain(..) {
                        for receiver in (0..9).filter(|receiver| *receiver != sender) {
                            devices[receiver].group(|group, session| group.decrypt(session, &message).map(|_| ()));
                            devices[receiver].has_stored_all();
                        }
                    }
                }
                if round % 4 == 1 {
                    let commit = devices[other].group(|group, session| group.change(session, &Changes::default()));
                    for device in &mut devices {
                        device.group(|group, session| group.apply_commit(session, &commit.commit, &|_| Ok(())));
                        device.has_stored_all();
                    }
                }
            }
        }
    }

    #[test]
    fn tree_of_any_size_reads_as_it_was_written() {
        for size in 1..=5 {
            let mut devices = group_of(size, Suite::Classical);
            for sender in 0..usize::from(size) {
                for epoch in [0, 1] {
                    let message = devices[sender].group(|group, session| group.encrypt(session, b"hello"));
                    devices[sender].has_stored_all();
                    for receiver in (0..usize::from(size)).filter(|receiver| *receiver != sender) {
                        devices[receiver].group(|group, session| group.decrypt(session, &message).map(|_| ()));
                        devices[receiver].has_stored_all();
                    }
                    if epoch == 0 {
                        let commit = devices[sender].group(|group, session| group.change(session, &Changes::default()));
                        for device in &mut devices {
                            device.group(|group, session| group.apply_commit(session, &commit.commit, &|_| Ok(())));
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn past_epochs_go_and_leave_no_row() {
        let mut devices = group_of(20, Suite::Classical);
        let mut counts = Vec::new();
        for _ in 0..8 {
            let commit = devices[3].group(|group, session| group.change(session, &Changes::default())).commit;
            let device = &mut devices[0];
            device.group(|group, session| group.apply_commit(session, &commit, &|_| Ok(())));
            let pasts = device.rows_of(Row::MembersOfEpoch);
            let used =
                pasts.iter().flat_map(|(_, row)| storage::decode::<Members>(Table::Mls, row).expect("members").blocks);
            let used: BTreeSet<[u8; 32]> = used.collect();
            assert_eq!(used.len(), device.rows_of(Row::MembersBlock).len());
            counts.push((pasts.len(), used.len(), device.rows().len()));
            devices[3].group(|group, session| group.merge_pending(session).map(|_| ()));
        }
        // Three blocks hold twenty; of each epoch, the committer's is another.
        assert_eq!(counts[4], (PAST_EPOCHS, 2 + PAST_EPOCHS, counts[4].2));
        assert!(counts[3..].iter().all(|count| *count == counts[4]), "{counts:?}");
    }

    #[test]
    fn message_writes_one_row_and_a_senders_first_a_few() {
        let mut devices = group_of(60, Suite::Classical);
        let mut written = Vec::new();
        for _ in 0..2 {
            let message = devices[41].group(|group, session| group.encrypt(session, b"hello"));
            let before = devices[7].rows();
            devices[7].group(|group, session| group.decrypt(session, &message).map(|_| ()));
            let after = devices[7].rows();
            written.push(after.iter().filter(|row| before.binary_search(row).is_err()).count());
        }
        assert!(written[0] <= 12 && written[1] == 1, "{written:?}");
    }
}
