//! A device's MLS layer over its database: the group kept between steps, one transaction a step.

use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_engine::mls::{Changes, Group, GroupId, GroupProfile, Loaded, MlsError, Session, generate_key_packages};
use sealpost_wire::{id::UserId, suite::Suite};

use crate::database::{Database, Written};

const GROUP: GroupId = GroupId([7; 16]);

pub struct Device {
    id: UserId,
    key: IdentityKey,
    sealing_key: [u8; 32],
    database: Database,
    loaded: Loaded,
    /// What the last step wrote.
    pub written: Written,
}

impl Device {
    pub fn new(number: u16, database: Database) -> Self {
        let [high, low] = number.to_be_bytes();
        let mut secret = [0x5E; 32];
        secret[..2].copy_from_slice(&[high, low]);
        Self {
            id: UserId::from_random([0, 0, 0, high, low]),
            key: IdentityKey::from_secret(secret),
            sealing_key: SealingKey::from_secret(secret).public(),
            database,
            loaded: Loaded::default(),
            written: Written::default(),
        }
    }

    pub fn encrypt(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.with_group(|group, session| group.encrypt(session, plaintext))
    }

    pub fn decrypt(&mut self, message: &[u8]) -> Vec<u8> {
        self.with_group(|group, session| Ok(group.decrypt(session, message)?.plaintext))
    }

    /// Seals several messages in one step.
    pub fn encrypt_all(&mut self, plaintexts: &[&[u8]]) -> Vec<Vec<u8>> {
        self.with_group(|group, session| plaintexts.iter().map(|it| group.encrypt(session, it)).collect())
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
        let done: Result<_, MlsError> = self.database.transaction(|tx| {
            let mut session = Session::new(tx, id, key, sealing_key);
            let result = work(&mut session)?;
            session.finish()?;
            Ok(result)
        });
        let (result, written) = done.expect("the step succeeds");
        self.written = written;
        result
    }
}

/// Two members of a group of `size`, over these databases; the others have yet to look into their mailboxes.
pub fn two_of(size: u16, suite: Suite, of_ada: Database, of_ben: Database) -> (Device, Device) {
    let (mut ada, mut ben) = (Device::new(0, of_ada), Device::new(1, of_ben));
    let mut key_packages = vec![ben.key_package(suite)];
    key_packages.extend((2..size).map(|number| Device::new(number, Database::memory()).key_package(suite)));
    let welcome = ada.create(suite, key_packages);
    ben.step(|session| Group::join(session, &welcome).map(|_| ()));
    (ada, ben)
}
