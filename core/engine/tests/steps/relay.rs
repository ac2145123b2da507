//! A model of the relay: mailboxes with tokens, key packages, a directory, slots whose first writer wins. It keeps to
//! the contract in `sealpost-wire`, and lies where a test tells it to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use sealpost_crypto::{directory_entry::sign_entry, hash::token_hash, keys::IdentityKey, slot_receipt::sign_receipt};
use sealpost_engine::{
    command::{Answer, Request},
    identity::PreparedRegistration,
};
use sealpost_wire::{
    api::{
        directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageRequest, KeyPackages},
        mailbox::MailboxToken,
        relay::{RegistrationWays, RelayInfo},
        slot::Slot,
    },
    envelope::{Delivery, DeliveryAnswer, Envelope, RefusedRecipient},
    error::{ApiError, ErrorCode},
    id::{DeliveryToken, SlotName, UserId},
    limits,
    suite::Suite,
};

pub struct Relay {
    receipt_key: IdentityKey,
    pub accounts: BTreeMap<UserId, Account>,
    /// `None`: the content is gone, only the name is taken.
    pub slots: BTreeMap<SlotName, Option<Vec<u8>>>,
    /// Deliveries that were accepted, and when (Unix seconds).
    known: BTreeMap<(UserId, Vec<u8>), u64>,
    /// Mailboxes that are full.
    pub full: BTreeSet<UserId>,
    /// Serves key packages of this suite only, whatever the entry lists.
    pub serves_only: Option<Suite>,
    /// Somebody writes garbage into every slot before its first claim.
    pub spoils_slots: bool,
    /// How often it was restored, from 1.
    pub incarnation: u64,
    sequence: u64,
}

/// What the relay's database holds.
pub struct Backup {
    accounts: BTreeMap<UserId, Account>,
    slots: BTreeMap<SlotName, Option<Vec<u8>>>,
    known: BTreeMap<(UserId, Vec<u8>), u64>,
}

#[derive(Clone)]
pub struct Account {
    pub entry: DirectoryEntry,
    pub tokens: Vec<MailboxToken>,
    pub packages: Vec<KeyPackages>,
    pub mailbox: VecDeque<Envelope>,
    pub retired: bool,
}

impl Backup {
    /// The devices have brought their tokens since.
    pub fn keep_tokens_of(&mut self, relay: &Relay) {
        for (id, account) in &mut self.accounts {
            account.tokens = relay.accounts[id].tokens.clone();
        }
    }
}

impl Relay {
    pub fn new() -> Self {
        Self {
            receipt_key: IdentityKey::from_secret([0x51; 32]),
            accounts: BTreeMap::new(),
            slots: BTreeMap::new(),
            known: BTreeMap::new(),
            full: BTreeSet::new(),
            serves_only: None,
            spoils_slots: false,
            incarnation: 1,
            sequence: 0,
        }
    }

    pub fn info() -> RelayInfo {
        RelayInfo {
            operator: "a test".to_owned(),
            region: "memory".to_owned(),
            oldest_version: 1,
            newest_version: 1,
            registration: RegistrationWays { phone: false, invitation: false, open: true },
            receipt_key: Self::new().receipt_key.public().to_vec(),
            incarnation: 1,
            time_seconds: 0,
        }
    }

    /// Takes an account. A device offers both suites; where the test is about the classical one, its entry is signed
    /// anew with that one alone, as an older device's would be.
    pub fn register(&mut self, prepared: &PreparedRegistration, key: &IdentityKey, suite: Suite) {
        let (entry, tokens, key_packages) =
            (prepared.entry.clone(), prepared.tokens.clone(), prepared.key_packages.clone());
        let id: UserId = entry.id.parse().expect("a device registers its own ID");
        let (entry, packages) = match suite {
            Suite::Hybrid => (entry, key_packages),
            Suite::Classical => {
                let sealing_key = entry.sealing_key.as_slice().try_into().expect("32 bytes");
                let classical = key_packages.into_iter().filter(|it| it.suite == suite.number()).collect();
                (sign_entry(key, id, sealing_key, &[suite.number()]), classical)
            }
        };
        let account = Account { entry, tokens: tokens.tokens, packages, mailbox: VecDeque::new(), retired: false };
        self.accounts.insert(id, account);
    }

    pub fn account(&mut self, id: UserId) -> &mut Account {
        self.accounts.get_mut(&id).expect("everybody is registered")
    }

    pub fn perform(&mut self, from: UserId, request: Request, now_seconds: u64) -> Answer {
        match request {
            Request::Deliver(delivery) => self.deliver(&delivery, now_seconds),
            Request::FetchKeyPackage { id, request } => self.key_package(id, &request, now_seconds),
            Request::ClaimSlot { name, claim } => {
                if self.spoils_slots {
                    self.slots.entry(name).or_insert_with(|| Some(b"garbage".to_vec()));
                }
                let standing = self.slots.entry(name).or_insert_with(|| Some(claim.content.clone())).clone();
                Answer::Slot(self.slot(name, standing, Some(&claim.content)))
            }
            Request::ReadSlot { name } => match self.slots.get(&name).cloned() {
                Some(standing) => Answer::Slot(self.slot(name, standing, None)),
                None => refused(ErrorCode::NotFound),
            },
            Request::PublishKeyPackages { packages, replace } => {
                let account = self.account(from);
                let listed = account.entry.suites.clone();
                for new in packages.into_iter().filter(|new| listed.contains(&new.suite)) {
                    let known = account.packages.iter_mut().find(|known| known.suite == new.suite);
                    let known = known.expect("every listed suite has its packages");
                    if replace {
                        known.one_time.clear();
                    }
                    known.one_time.extend(new.one_time);
                    known.last_resort = new.last_resort;
                }
                Answer::Done
            }
            Request::PublishTokens(tokens) => {
                self.account(from).tokens = tokens.tokens;
                Answer::Done
            }
            Request::KeepId => Answer::Done,
        }
    }

    pub fn backup(&self) -> Backup {
        Backup { accounts: self.accounts.clone(), slots: self.slots.clone(), known: self.known.clone() }
    }

    /// All since the backup is lost.
    pub fn restore(&mut self, backup: &Backup) {
        self.accounts = backup.accounts.clone();
        self.slots = backup.slots.clone();
        self.known = backup.known.clone();
    }

    /// What it signs for a slot.
    pub fn receipt(&self, name: &SlotName, content: &[u8]) -> Vec<u8> {
        sign_receipt(&self.receipt_key, name, content).to_vec()
    }

    fn slot(&self, name: SlotName, standing: Option<Vec<u8>>, claim: Option<&[u8]>) -> Slot {
        let Some(content) = standing else {
            return Slot { claimed: false, content: Vec::new(), receipt: Vec::new() };
        };
        let receipt = self.receipt(&name, &content);
        match claim == Some(content.as_slice()) {
            true => Slot { claimed: true, content: Vec::new(), receipt },
            false => Slot { claimed: false, content, receipt },
        }
    }

    fn deliver(&mut self, delivery: &Delivery, now_seconds: u64) -> Answer {
        let checked = match delivery.check() {
            Ok(checked) => checked,
            Err((code, _)) => return refused(code),
        };
        let mut answer = DeliveryAnswer::default();
        for (index, (id, token)) in checked.recipients.iter().enumerate() {
            let wrapped_key = &delivery.recipients[index].wrapped_key;
            if let Err(code) = self.deliver_to(*id, token, delivery, wrapped_key, now_seconds) {
                answer.refused.push(RefusedRecipient { index: index as u32, code: code.as_str().to_owned() });
            }
        }
        Answer::Delivered(answer)
    }

    fn deliver_to(
        &mut self,
        id: UserId,
        token: &DeliveryToken,
        delivery: &Delivery,
        wrapped_key: &[u8],
        now_seconds: u64,
    ) -> Result<(), ErrorCode> {
        self.check_token(id, token, now_seconds)?;
        let key = (id, delivery.delivery_id.clone());
        let known = self.known.get(&key).is_some_and(|at| at + limits::DEDUPLICATION_SECONDS > now_seconds);
        if known && !delivery.ephemeral {
            return Ok(());
        }
        if self.full.contains(&id) {
            return Err(ErrorCode::MailboxFull);
        }
        self.sequence += 1;
        let envelope = Envelope {
            sequence: if delivery.ephemeral { 0 } else { self.sequence },
            delivery_id: delivery.delivery_id.clone(),
            wrapped_key: wrapped_key.to_vec(),
            payload: delivery.payload.clone(),
            ephemeral: delivery.ephemeral,
        };
        self.account(id).mailbox.push_back(envelope);
        self.known.insert(key, now_seconds);
        Ok(())
    }

    fn check_token(&self, id: UserId, token: &DeliveryToken, now_seconds: u64) -> Result<(), ErrorCode> {
        let account = self.accounts.get(&id).ok_or(ErrorCode::TokenRefused)?;
        let hash = token_hash(token);
        let good =
            |it: &MailboxToken| it.hash == hash && (it.expires_at_seconds == 0 || it.expires_at_seconds > now_seconds);
        match account.tokens.iter().any(good) {
            true if account.retired => Err(ErrorCode::Retired),
            true => Ok(()),
            false => Err(ErrorCode::TokenRefused),
        }
    }

    fn key_package(&mut self, id: UserId, request: &KeyPackageRequest, now_seconds: u64) -> Answer {
        let token = DeliveryToken::try_from(request.token.as_slice()).expect("16 bytes");
        if let Err(code) = self.check_token(id, &token, now_seconds) {
            return refused(code);
        }
        let serves_only = self.serves_only.map(Suite::number);
        let account = self.account(id);
        let wanted = request.suites.iter().filter(|suite| serves_only.is_none_or(|only| only == **suite));
        for suite in wanted {
            let Some(packages) = account.packages.iter_mut().find(|it| it.suite == *suite) else { continue };
            let last_resort = packages.one_time.is_empty();
            let key_package = packages.one_time.pop().unwrap_or_else(|| packages.last_resort.clone());
            let entry = account.entry.clone();
            return Answer::KeyPackage(Box::new(KeyPackageAnswer { entry, suite: *suite, key_package, last_resort }));
        }
        refused(ErrorCode::NotFound)
    }
}

pub fn refused(code: ErrorCode) -> Answer {
    Answer::Refused(ApiError { code, detail: String::new(), retry_after_seconds: 0, time_seconds: 0 })
}
