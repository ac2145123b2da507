//! Signed requests: who asks, and not a second time.

use std::{
    collections::{HashSet, VecDeque},
    sync::PoisonError,
};

use sealpost_crypto::request_signature::SignedRequest;
use sealpost_wire::{api::directory::DirectoryEntry, error::ErrorCode, id::UserId, limits::SIGNATURE_WINDOW_SECONDS};

use super::{Refusal, Service, administration::check_not_suspended};
use crate::{metrics::Limit, store::Found};

/// What the headers of a signed request say.
#[derive(Clone)]
pub struct Signature {
    pub id: UserId,
    pub time_seconds: u64,
    pub nonce: [u8; 16],
    pub signature: [u8; 64],
}

/// Nonces of the last two windows, in memory; what was before the process's start is refused by its time.
#[derive(Default)]
pub struct Nonces {
    seen: HashSet<(UserId, [u8; 16])>,
    by_time: VecDeque<(u64, UserId, [u8; 16])>,
}

impl Service {
    /// The account that signed this; each signature counts once.
    pub async fn authenticate(
        &self,
        signature: &Signature,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<DirectoryEntry, Refusal> {
        match self.store.account(signature.id, self.former(signature.id)).await? {
            Found::Account(account) => {
                self.check_signature(signature, &account.entry.identity_key, method, path, body)?;
                check_not_suspended(&account)?;
                self.take_signed(signature.id)?;
                Ok(account.entry)
            }
            Found::Former { identity_key: Some(key) } => {
                self.check_signature(signature, &key, method, path, body)?;
                Err(Refusal::new(ErrorCode::Retired, "the ID is retired"))
            }
            Found::Former { identity_key: None } | Found::Nobody => Err(not_authenticated()),
        }
    }

    /// Signature, then time, then replay: whoever can't sign learns nothing, and fills no memory.
    pub fn check_signature(
        &self,
        signature: &Signature,
        identity_key: &[u8],
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let (id, time_seconds, nonce) = (signature.id, signature.time_seconds, signature.nonce);
        let request = SignedRequest { id, method, path, body, time_seconds, nonce };
        let key = identity_key.try_into().map_err(|_| not_authenticated())?;
        if !request.verify(key, &signature.signature) {
            return Err(not_authenticated());
        }
        let now = self.now();
        if time_seconds.abs_diff(now) > SIGNATURE_WINDOW_SECONDS || time_seconds < self.started_at {
            return Err(Refusal::new(ErrorCode::WrongClock, "sign with the offset to the relay's time"));
        }
        let mut nonces = self.nonces.lock().unwrap_or_else(PoisonError::into_inner);
        if nonces.take(now, id, nonce) { Ok(()) } else { Err(Refusal::new(ErrorCode::Replayed, "seen before")) }
    }

    fn take_signed(&self, id: UserId) -> Result<(), Refusal> {
        let taken = self.signed.take(id, self.now());
        taken.map_err(|after| self.limited(Limit::Signed, "requests of this account", after))
    }
}

impl Nonces {
    /// `false`: seen in the last two windows.
    fn take(&mut self, now: u64, id: UserId, nonce: [u8; 16]) -> bool {
        while let Some((at, id, nonce)) = self.by_time.front().copied()
            && at + 2 * SIGNATURE_WINDOW_SECONDS < now
        {
            self.by_time.pop_front();
            self.seen.remove(&(id, nonce));
        }
        let new = self.seen.insert((id, nonce));
        if new {
            self.by_time.push_back((now, id, nonce));
        }
        new
    }
}

pub fn not_authenticated() -> Refusal {
    Refusal::new(ErrorCode::NotAuthenticated, "the signature does not verify, or the ID is unknown")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nonce_is_remembered_for_two_windows() {
        let mut nonces = Nonces::default();
        let id = UserId::from_random([1; 5]);
        assert!(nonces.take(1_000, id, [1; 16]));
        assert!(!nonces.take(1_000 + 2 * SIGNATURE_WINDOW_SECONDS, id, [1; 16]));
        assert!(nonces.take(1_000, id, [2; 16]));
        assert!(nonces.take(1_001 + 2 * SIGNATURE_WINDOW_SECONDS, id, [1; 16]));
        assert_eq!(nonces.by_time.len(), 1);
    }
}
