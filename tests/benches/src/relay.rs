//! As much of a relay as the engine needs to go on: it checks nothing, and forgets what is for nobody who listens.

use std::collections::{BTreeMap, VecDeque};

use sealpost_crypto::{keys::IdentityKey, slot_receipt::sign_receipt};
use sealpost_engine::command::{Answer, Request};
use sealpost_wire::{
    api::{
        directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageRequest},
        relay::{RegistrationWays, RelayInfo},
        slot::Slot,
    },
    envelope::{Delivery, DeliveryAnswer, Envelope},
    error::{ApiError, ErrorCode},
    id::{SlotName, UserId},
    relay_address::RelayAddress,
};

pub struct Relay {
    receipt_key: IdentityKey,
    directory: BTreeMap<UserId, (DirectoryEntry, BTreeMap<u16, Vec<u8>>)>,
    slots: BTreeMap<SlotName, Vec<u8>>,
    /// Of those who listen.
    mailboxes: BTreeMap<UserId, VecDeque<Envelope>>,
    sequence: u64,
    /// What deliveries and slots had in bytes since they were last asked for.
    carried: usize,
}

impl Relay {
    pub fn new() -> Self {
        Self {
            receipt_key: IdentityKey::from_secret([0x51; 32]),
            directory: BTreeMap::new(),
            slots: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
            sequence: 0,
            carried: 0,
        }
    }

    pub fn address() -> RelayAddress {
        RelayAddress::new("https://relay.example", None).expect("an address")
    }

    pub fn info() -> RelayInfo {
        RelayInfo {
            operator: "a bench".to_owned(),
            region: "memory".to_owned(),
            oldest_version: 1,
            newest_version: 1,
            registration: RegistrationWays { phone: false, invitation: false, open: true },
            receipt_key: Self::new().receipt_key.public().to_vec(),
            incarnation: 1,
            time_seconds: 0,
        }
    }

    /// `packages`: one for each suite, by its number, handed out as often as somebody asks.
    pub fn register(&mut self, id: UserId, entry: DirectoryEntry, packages: BTreeMap<u16, Vec<u8>>) {
        self.directory.insert(id, (entry, packages));
    }

    pub fn listen(&mut self, id: UserId) {
        self.mailboxes.insert(id, VecDeque::new());
    }

    /// All that waits for somebody.
    pub fn mailbox(&mut self, id: UserId) -> Vec<Envelope> {
        self.mailboxes.get_mut(&id).map(|mailbox| mailbox.drain(..).collect()).unwrap_or_default()
    }

    /// Bytes that came in since this was last asked.
    pub fn carried(&mut self) -> usize {
        std::mem::take(&mut self.carried)
    }

    pub fn perform(&mut self, request: Request) -> Answer {
        match request {
            Request::Deliver(delivery) => self.deliver(&delivery),
            Request::FetchKeyPackage { id, request } => self.key_package(id, &request),
            Request::ClaimSlot { name, claim } => {
                self.carried += claim.content.len();
                let standing = self.slots.entry(name).or_insert_with(|| claim.content.clone()).clone();
                let receipt = sign_receipt(&self.receipt_key, &name, &standing).to_vec();
                let claimed = standing == claim.content;
                Answer::Slot(Slot { claimed, content: if claimed { Vec::new() } else { standing }, receipt })
            }
            Request::ReadSlot { name } => match self.slots.get(&name) {
                Some(content) => {
                    let receipt = sign_receipt(&self.receipt_key, &name, content).to_vec();
                    Answer::Slot(Slot { claimed: false, content: content.clone(), receipt })
                }
                None => not_found(),
            },
            Request::PublishKeyPackages { .. } | Request::PublishTokens(_) | Request::KeepId => Answer::Done,
        }
    }

    fn deliver(&mut self, delivery: &Delivery) -> Answer {
        self.carried += delivery.payload.len();
        for recipient in &delivery.recipients {
            self.carried += recipient.mailbox.len() + recipient.token.len() + recipient.wrapped_key.len();
            let Some(mailbox) = recipient.mailbox.parse().ok().and_then(|id| self.mailboxes.get_mut(&id)) else {
                continue;
            };
            self.sequence += 1;
            mailbox.push_back(Envelope {
                sequence: self.sequence,
                delivery_id: delivery.delivery_id.clone(),
                wrapped_key: recipient.wrapped_key.clone(),
                payload: delivery.payload.clone(),
                ephemeral: delivery.ephemeral,
            });
        }
        Answer::Delivered(DeliveryAnswer::default())
    }

    fn key_package(&self, id: UserId, request: &KeyPackageRequest) -> Answer {
        let Some((entry, packages)) = self.directory.get(&id) else { return not_found() };
        let Some(suite) = request.suites.iter().copied().find(|suite| packages.contains_key(suite)) else {
            return not_found();
        };
        let (entry, key_package) = (entry.clone(), packages[&suite].clone());
        Answer::KeyPackage(Box::new(KeyPackageAnswer { entry, suite, key_package, last_resort: true }))
    }
}

fn not_found() -> Answer {
    let (detail, code) = (String::new(), ErrorCode::NotFound);
    Answer::Refused(ApiError { code, detail, retry_after_seconds: 0, time_seconds: 0 })
}
