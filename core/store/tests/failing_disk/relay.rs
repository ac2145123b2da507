//! As much of a relay as two people need: mailboxes that keep what was not acknowledged, key packages, slots whose
//! first writer wins, and the secrets of sessions.

use std::collections::{BTreeMap, BTreeSet};

use sealpost_crypto::{keys::IdentityKey, slot_receipt::sign_receipt};
use sealpost_engine::{
    command::{Answer, Request},
    identity::PreparedRegistration,
};
use sealpost_wire::{
    api::{
        directory::{DirectoryEntry, KeyPackageAnswer, KeyPackages},
        relay::{RegistrationWays, RelayInfo},
        slot::Slot,
    },
    envelope::{Delivery, Envelope},
    error::{ApiError, ErrorCode},
    id::{SlotName, UserId},
};

pub const FIRST_SECRET: [u8; 32] = [1; 32];

pub struct Relay {
    accounts: BTreeMap<UserId, Account>,
    slots: BTreeMap<SlotName, Vec<u8>>,
    delivered: BTreeSet<(String, Vec<u8>)>,
    sequence: u64,
}

struct Account {
    entry: DirectoryEntry,
    packages: Vec<KeyPackages>,
    mailbox: Vec<Envelope>,
    /// The latest secret and the one before.
    secrets: [Vec<u8>; 2],
}

impl Relay {
    pub fn new() -> Self {
        Self { accounts: BTreeMap::new(), slots: BTreeMap::new(), delivered: BTreeSet::new(), sequence: 0 }
    }

    pub fn info() -> RelayInfo {
        RelayInfo {
            operator: "a test".to_owned(),
            region: "memory".to_owned(),
            oldest_version: 1,
            newest_version: 1,
            registration: RegistrationWays { phone: false, invitation: false, open: true },
            receipt_key: receipt_key().public().to_vec(),
            incarnation: 1,
            time_seconds: 0,
        }
    }

    pub fn registers(&mut self, prepared: &PreparedRegistration) {
        let (entry, packages) = (prepared.entry.clone(), prepared.key_packages.clone());
        let secrets = [FIRST_SECRET.to_vec(), FIRST_SECRET.to_vec()];
        let id = entry.id.parse().expect("a device registers its own ID");
        self.accounts.insert(id, Account { entry, packages, mailbox: Vec::new(), secrets });
    }

    /// A device shows the secret of its session and brings the next.
    #[track_caller]
    pub fn opens_session(&mut self, id: UserId, secret: Vec<u8>, next: Vec<u8>) {
        let known = &mut self.account(id).secrets;
        assert!(known.contains(&secret), "the device is taken for a copy");
        *known = [next, secret];
    }

    /// What is in the mailbox, until it is acknowledged.
    pub fn mailbox(&mut self, id: UserId) -> Vec<Envelope> {
        self.account(id).mailbox.clone()
    }

    pub fn acknowledges(&mut self, id: UserId, envelopes: &[Envelope]) {
        self.account(id).mailbox.retain(|envelope| !envelopes.contains(envelope));
    }

    pub fn performs(&mut self, from: UserId, request: Request) -> Answer {
        match request {
            Request::Deliver(delivery) => {
                self.deliver(&delivery);
                Answer::Delivered(Default::default())
            }
            Request::FetchKeyPackage { id, request } => {
                let account = self.account(id);
                let entry = account.entry.clone();
                let packages = account.packages.iter_mut().find(|packages| request.suites.contains(&packages.suite));
                let packages = packages.expect("a suite that both know");
                let key_package = packages.one_time.pop().expect("there are enough");
                let suite = packages.suite;
                Answer::KeyPackage(Box::new(KeyPackageAnswer { entry, suite, key_package, last_resort: false }))
            }
            Request::ClaimSlot { name, claim } => {
                let standing = self.slots.entry(name).or_insert_with(|| claim.content.clone()).clone();
                let claimed = standing == claim.content;
                Answer::Slot(slot(name, standing, claimed))
            }
            Request::ReadSlot { name } => match self.slots.get(&name).cloned() {
                Some(standing) => Answer::Slot(slot(name, standing, false)),
                None => Answer::Refused(not_found()),
            },
            Request::PublishKeyPackages { packages, .. } => {
                self.account(from).packages = packages;
                Answer::Done
            }
            _ => Answer::Done,
        }
    }

    fn deliver(&mut self, delivery: &Delivery) {
        for recipient in &delivery.recipients {
            if !self.delivered.insert((recipient.mailbox.clone(), delivery.delivery_id.clone())) {
                continue;
            }
            self.sequence += 1;
            let envelope = Envelope {
                sequence: self.sequence,
                delivery_id: delivery.delivery_id.clone(),
                wrapped_key: recipient.wrapped_key.clone(),
                payload: delivery.payload.clone(),
                ephemeral: delivery.ephemeral,
            };
            let id = recipient.mailbox.parse().expect("a mailbox is an ID");
            self.account(id).mailbox.push(envelope);
        }
    }

    fn account(&mut self, id: UserId) -> &mut Account {
        self.accounts.get_mut(&id).expect("everybody is registered")
    }
}

fn receipt_key() -> IdentityKey {
    IdentityKey::from_secret([0x51; 32])
}

fn slot(name: SlotName, standing: Vec<u8>, claimed: bool) -> Slot {
    let receipt = sign_receipt(&receipt_key(), &name, &standing).to_vec();
    Slot { claimed, content: if claimed { Vec::new() } else { standing }, receipt }
}

fn not_found() -> ApiError {
    ApiError { code: ErrorCode::NotFound, detail: String::new(), retry_after_seconds: 0, time_seconds: 0 }
}
