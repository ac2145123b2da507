//! A device's MLS layer over its database: the group kept between steps, one transaction a step.

use std::path::Path;

use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_engine::mls::{Changes, Group, GroupId, GroupProfile, Loaded, MlsError, Session, generate_key_packages};
use sealpost_store::{OpenMode, Store};
use sealpost_wire::{id::UserId, suite::Suite};

const GROUP: GroupId = GroupId([7; 16]);

pub struct Device {
    id: UserId,
    key: IdentityKey,
    sealing_key: [u8; 32],
    store: Store,
    loaded: Loaded,
}

impl Device {
    /// A device whose database is made in this folder.
    pub fn new(number: u16, folder: &Path) -> Self {
        let [high, low] = number.to_be_bytes();
        let mut secret = [0x5E; 32];
        secret[..2].copy_from_slice(&[high, low]);
        let folder = folder.join(format!("device-{number}"));
        Self {
            id: UserId::from_random([0, 0, 0, high, low]),
            key: IdentityKey::from_secret(secret),
            sealing_key: SealingKey::from_secret(secret).public(),
            store: Store::open(&folder, &secret, OpenMode::Create).expect("a database"),
            loaded: Loaded::default(),
        }
    }

    pub fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.with_group(|group, session| group.encrypt(session, plaintext))
    }

    pub fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.with_group(|group, session| Ok(group.decrypt(session, message)?.plaintext))
    }

    /// Opens several messages in one step, as they come out of the mailbox.
    pub fn decrypt_all(&mut self, messages: &[Vec<u8>]) {
        self.with_group(|group, session| messages.iter().try_for_each(|it| group.decrypt(session, it).map(|_| ())));
    }

    /// Commits to new keys, and gives the commit.
    pub fn renew(&mut self) -> Vec<u8> {
        self.with_group(|group, session| {
            let commit = group.change(session, &Changes::default())?.commit;
            group.merge_pending(session)?;
            Ok(commit)
        })
    }

    pub fn apply(&mut self, commit: &[u8]) {
        self.with_group(|group, session| group.apply_commit(session, commit, &|_| Ok(())).map(|_| ()));
    }

    fn create(&mut self, suite: Suite, key_packages: Vec<Vec<u8>>) -> Vec<u8> {
        let profile = GroupProfile { purpose: 1, admins: vec![self.id], ..GroupProfile::default() };
        let changes = Changes { add: key_packages, ..Changes::default() };
        self.step(|session| {
            let mut group = Group::create(session, suite, GROUP, &profile)?;
            let pending = group.change(session, &changes)?;
            group.merge_pending(session)?;
            Ok(pending.welcome.expect("an add makes a Welcome"))
        })
    }

    fn key_package(&mut self, suite: Suite) -> Vec<u8> {
        self.step(|session| generate_key_packages(session, suite, 1, false, u64::MAX)).remove(0)
    }

    fn with_group<T>(&mut self, work: impl FnOnce(&mut Group, &mut Session<'_>) -> Result<T, MlsError>) -> T {
        let mut loaded = std::mem::take(&mut self.loaded);
        let (result, group) = self.step(|session| {
            let mut group = loaded.take(session, &GROUP)?.expect("the device is in the group");
            Ok((work(&mut group, session)?, group))
        });
        loaded.keep(group);
        self.loaded = loaded;
        result
    }

    fn step<T>(&mut self, work: impl FnOnce(&mut Session<'_>) -> Result<T, MlsError>) -> T {
        let (id, key, sealing_key) = (self.id, &self.key, self.sealing_key);
        let done: Result<T, MlsError> = self.store.transaction(|tx| {
            let mut session = Session::new(tx, id, key, sealing_key);
            let result = work(&mut session)?;
            session.finish()?;
            Ok(result)
        });
        done.expect("the step succeeds")
    }
}

/// Two members of a group of `size`; the others have yet to look into their mailboxes.
pub fn two_of(size: u16, suite: Suite, folder: &Path) -> (Device, Device) {
    let (mut ada, mut ben) = (Device::new(0, folder), Device::new(1, folder));
    let mut key_packages = vec![ben.key_package(suite)];
    let others = (2..size).map(|number| Device::new(number, folder).key_package(suite));
    key_packages.extend(others);
    let welcome = ada.create(suite, key_packages);
    ben.step(|session| Group::join(session, &welcome).map(|_| ()));
    (ada, ben)
}
