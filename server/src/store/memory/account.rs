//! Accounts: claimed once, moved off their number, retired, deleted; their IDs stay taken.

use std::collections::{BTreeMap, VecDeque};

use sealpost_wire::{api::directory::DirectoryEntry, id::UserId, limits::DAY_SECONDS};

use super::{LISTED, State, code::Redeemed, mailbox::Mailbox};
use crate::store::{
    self, FormerId, Found, Hash, NewAccount, NumberLinking, NumberProof, NumberToken, Proof, Registration,
    SessionOpened, TokenHash, hour_after,
};

/// How long a retired or deleted ID's tokens and key are kept.
const FORMER_SECONDS: u64 = 400 * DAY_SECONDS;

/// Key packages of one suite.
#[derive(Default)]
pub struct Packages {
    pub one_time: VecDeque<Vec<u8>>,
    pub last_resort: Option<Vec<u8>>,
}

pub struct Account {
    entry: DirectoryEntry,
    session_latest: Hash,
    /// `None`: no session was opened yet.
    session_before: Option<Hash>,
    pub number: Option<NumberToken>,
    /// 0: no retirement is pending.
    pub retire_at: u64,
    pub suspended: bool,
    pub tokens: Vec<TokenHash>,
    pub packages: BTreeMap<u16, Packages>,
    /// Which key packages were added last.
    pub last_batch: Option<Hash>,
    pub mailbox: Mailbox,
}

/// What is left of an account.
pub struct Former {
    pub identity_key: Vec<u8>,
    pub tokens: Vec<Hash>,
    pub details_until: u64,
}

impl State {
    pub fn register(&mut self, new: NewAccount, proof: &Proof, now: u64) -> Registration {
        if let Some(standing) = self.accounts.get_mut(&new.id) {
            return standing.register_again(&new);
        }
        if self.former.contains_key(&new.former.0) {
            return Registration::Taken;
        }
        let (mut number, mut moved_from) = (None, None);
        match proof {
            Proof::Open => {}
            Proof::Invitation(code) => match self.invitations.get(code) {
                Some(end) if *end > now => drop(self.invitations.remove(code)),
                _ => return Registration::InvitationInvalid,
            },
            Proof::Number(proof) => match self.redeem(proof, now) {
                Redeemed::Yes => {
                    number = Some(proof.number);
                    moved_from = self.free_number(proof, None);
                }
                Redeemed::Wrong { tries_left } => return Registration::CodeWrong { tries_left },
                Redeemed::Expired => return Registration::CodeExpired,
            },
        }
        let mut account = Account {
            entry: new.entry,
            session_latest: new.session,
            session_before: None,
            number,
            retire_at: 0,
            suspended: false,
            tokens: rounded(new.tokens),
            packages: BTreeMap::new(),
            last_batch: None,
            mailbox: Mailbox::default(),
        };
        account.add_packages(new.key_packages);
        self.accounts.insert(new.id, account);
        Registration::Done { number, moved_from }
    }

    pub fn find(&self, id: UserId, former: FormerId) -> Found {
        match (self.accounts.get(&id), self.former.get(&former.0)) {
            (Some(account), _) => {
                let (entry, retire_at, suspended) = (account.entry.clone(), account.retire_at, account.suspended);
                Found::Account(store::Account { entry, retire_at, suspended })
            }
            (None, Some(former)) => Found::Former { identity_key: former.identity_key.as_slice().try_into().ok() },
            (None, None) => Found::Nobody,
        }
    }

    pub fn open_session(&mut self, id: UserId, presented: Option<Hash>, next: Hash) -> SessionOpened {
        let Some(account) = self.accounts.get_mut(&id) else { return SessionOpened::Unknown };
        let known = |secret: Hash| secret == account.session_latest || Some(secret) == account.session_before;
        if presented.is_some_and(|secret| !known(secret)) {
            return SessionOpened::Copied;
        }
        account.session_before = Some(presented.unwrap_or(next));
        account.session_latest = next;
        SessionOpened::Opened { retire_at: account.retire_at }
    }

    pub fn keep_session(&mut self, id: UserId, latest: Hash) {
        self.change(id, |account| {
            if account.session_latest == latest {
                account.session_before = Some(latest);
            }
        });
    }

    pub fn link_number(&mut self, id: UserId, proof: &NumberProof, now: u64) -> NumberLinking {
        match self.redeem(proof, now) {
            Redeemed::Wrong { tries_left } => return NumberLinking::CodeWrong { tries_left },
            Redeemed::Expired => return NumberLinking::CodeExpired,
            Redeemed::Yes => {}
        }
        let moved_from = self.free_number(proof, Some(id));
        self.change(id, |account| (account.number, account.retire_at) = (Some(proof.number), 0));
        NumberLinking::Done { moved_from }
    }

    pub fn remove(&mut self, id: UserId, former: FormerId, now: u64) {
        let Some(account) = self.accounts.remove(&id) else { return };
        let left = Former {
            identity_key: account.entry.identity_key,
            tokens: account.tokens.into_iter().map(|token| token.hash).collect(),
            details_until: hour_after(now + FORMER_SECONDS),
        };
        self.former.insert(former.0, left);
    }

    pub fn due_retirements(&self, now: u64) -> Vec<UserId> {
        let due = self.accounts.iter().filter(|(_, account)| (1..=now).contains(&account.retire_at));
        due.map(|(id, _)| *id).take(LISTED).collect()
    }

    /// Takes a number from whoever holds it, but `keeper`, and sets that account's retirement.
    fn free_number(&mut self, proof: &NumberProof, keeper: Option<UserId>) -> Option<UserId> {
        let holds =
            |(id, account): &(&UserId, &mut Account)| account.number == Some(proof.number) && Some(**id) != keeper;
        let (id, holder) = self.accounts.iter_mut().find(holds)?;
        (holder.number, holder.retire_at) = (None, hour_after(proof.retire_at));
        Some(*id)
    }
}

impl Account {
    pub fn entry(&self) -> &DirectoryEntry {
        &self.entry
    }

    /// The ID stands already: the same entry again, or somebody else's ID.
    fn register_again(&mut self, new: &NewAccount) -> Registration {
        if self.entry != new.entry {
            return Registration::Taken;
        }
        if self.session_before.is_some() {
            return Registration::InUse;
        }
        self.session_latest = new.session;
        Registration::Done { number: self.number, moved_from: None }
    }
}

/// Tokens with their ends rounded up, as they are kept.
pub fn rounded(mut tokens: Vec<TokenHash>) -> Vec<TokenHash> {
    tokens.iter_mut().for_each(|token| token.expires_at = hour_after(token.expires_at));
    tokens
}
