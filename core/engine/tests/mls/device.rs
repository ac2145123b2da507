//! Devices with a store each, and steps that commit, are rolled back, or are counted.

use sealpost_crypto::keys::{IdentityKey, SealingKey};
use sealpost_engine::{
    mls::{self, Changes, Decrypted, Group, GroupId, GroupProfile, Member, MlsError, PendingCommit, Session},
    storage::{memory::MemoryStore, watched::Watched},
};
use sealpost_wire::{id::UserId, suite::Suite};

pub const GROUP: GroupId = GroupId([7; 16]);
pub const NOW_SECONDS: u64 = 1_900_000_000;
pub const EXPIRY_SECONDS: u64 = NOW_SECONDS + 90 * 86_400;

pub struct Device {
    pub id: UserId,
    pub key: IdentityKey,
    /// The public one.
    pub sealing_key: [u8; 32],
    pub store: MemoryStore,
}

impl Device {
    pub fn new(number: u16) -> Self {
        let [high, low] = number.to_be_bytes();
        let mut secret = [0x5E; 32];
        secret[..2].copy_from_slice(&[high, low]);
        Self {
            id: UserId::from_random([0, 0, 0, high, low]),
            key: IdentityKey::from_secret(secret),
            sealing_key: SealingKey::from_secret(secret).public(),
            store: MemoryStore::default(),
        }
    }

    /// What the device's leaf shows.
    pub fn member(&self) -> Member {
        Member { id: self.id, identity_key: self.key.public(), sealing_key: self.sealing_key }
    }

    /// One step: committed where it succeeds, else as if it never was.
    pub fn step<T>(&mut self, work: impl FnOnce(&mut Session<'_>) -> Result<T, MlsError>) -> Result<T, MlsError> {
        let mut tx = self.store.begin();
        let mut session = Session::new(&mut tx, self.id, &self.key, self.sealing_key);
        let result = work(&mut session)?;
        session.finish()?;
        tx.commit();
        Ok(result)
    }

    /// A step that crashes before its commit.
    pub fn crash<T>(&mut self, work: impl FnOnce(&mut Session<'_>) -> Result<T, MlsError>) -> Result<T, MlsError> {
        let mut tx = self.store.begin();
        let mut session = Session::new(&mut tx, self.id, &self.key, self.sealing_key);
        let result = work(&mut session)?;
        session.finish()?;
        Ok(result)
    }

    /// A step, and how many bytes of rows it wrote.
    pub fn counted<T>(&mut self, work: impl FnOnce(&mut Session<'_>) -> Result<T, MlsError>) -> (T, usize) {
        let (mut tx, mut bytes) = (self.store.begin(), 0);
        let mut counting = Watched::new(&mut tx, |_, key, value| {
            bytes += value.map_or(0, |value| key.len() + value.len());
            Ok(())
        });
        let mut session = Session::new(&mut counting, self.id, &self.key, self.sealing_key);
        let result = work(&mut session).expect("a step");
        session.finish().expect("rows");
        tx.commit();
        (result, bytes)
    }

    /// A step with the group, loaded from the store.
    pub fn group<T>(
        &mut self,
        work: impl FnOnce(&mut Group, &mut Session<'_>) -> Result<T, MlsError>,
    ) -> Result<T, MlsError> {
        self.step(|session| with_group(session, work))
    }

    pub fn key_package(&mut self, suite: Suite) -> Vec<u8> {
        let made = self.step(|session| mls::generate_key_packages(session, suite, 1, false, EXPIRY_SECONDS));
        made.expect("a key package").remove(0)
    }

    pub fn join(&mut self, welcome: &[u8]) -> Result<UserId, MlsError> {
        self.step(|session| Ok(Group::join(session, welcome)?.adder.id))
    }

    pub fn send(&mut self, plaintext: &[u8]) -> Vec<u8> {
        self.group(|group, session| group.encrypt(session, plaintext)).expect("sealed")
    }

    pub fn open(&mut self, message: &[u8]) -> Result<Decrypted, MlsError> {
        self.group(|group, session| group.decrypt(session, message))
    }

    pub fn opened(&mut self, message: &[u8]) -> Vec<u8> {
        self.open(message).expect("opens").plaintext
    }

    pub fn update(&mut self) -> PendingCommit {
        self.group(|group, session| group.change(session, &Changes::default())).expect("a commit")
    }

    pub fn merge(&mut self) {
        self.group(|group, session| group.merge_pending(session)).expect("merged");
    }

    pub fn apply(&mut self, commit: &[u8]) -> Result<mls::CommitApplied, MlsError> {
        self.group(|group, session| group.apply_commit(session, commit, &|_| Ok(())))
    }

    pub fn epoch(&mut self) -> u64 {
        self.group(|group, _| Ok(group.epoch())).expect("a group")
    }

    pub fn slot(&mut self) -> Vec<u8> {
        self.group(|group, session| group.export(session, "sealpost slot", b"", 32)).expect("a secret")
    }
}

pub fn with_group<T>(
    session: &mut Session<'_>,
    work: impl FnOnce(&mut Group, &mut Session<'_>) -> Result<T, MlsError>,
) -> Result<T, MlsError> {
    let mut group = Group::load(session, &GROUP)?.expect("the device has the group");
    work(&mut group, session)
}

pub fn profile(admin: UserId) -> GroupProfile {
    GroupProfile {
        purpose: 1,
        two: false,
        name: "Werkstatt".to_owned(),
        admins: vec![admin],
        counter: 3,
        thread: [9; 16],
        members_add: true,
        members_rename: false,
    }
}

pub fn adds(key_packages: impl Into<Vec<Vec<u8>>>) -> Changes {
    Changes { add: key_packages.into(), ..Changes::default() }
}

pub fn removes(id: UserId) -> Changes {
    Changes { remove: vec![id], ..Changes::default() }
}

pub fn sets(profile: &GroupProfile) -> Changes {
    Changes { profile: Some(profile.clone()), ..Changes::default() }
}

/// Devices of which the first created the group and added the others.
pub fn group_of<const N: usize>(suite: Suite) -> [Device; N] {
    let mut devices: [Device; N] = std::array::from_fn(|number| Device::new(number as u16));
    let [creator, others @ ..] = devices.as_mut_slice() else { panic!("a group has members") };
    let admin = creator.id;
    creator.step(|session| Group::create(session, suite, GROUP, &profile(admin)).map(|_| ())).expect("created");
    if !others.is_empty() {
        let key_packages: Vec<Vec<u8>> = others.iter_mut().map(|other| other.key_package(suite)).collect();
        let pending = creator.group(|group, session| group.change(session, &adds(key_packages))).expect("added");
        creator.merge();
        let welcome = pending.welcome.expect("who is added gets a welcome");
        for other in others {
            assert_eq!(other.join(&welcome), Ok(admin));
        }
    }
    devices
}
