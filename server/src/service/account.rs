//! Accounts: claimed, kept, retired, deleted.

use sealpost_crypto::directory_entry::verify_entry;
use sealpost_wire::{
    api::account::{Registered, Registration as Request, RegistrationProof},
    error::ErrorCode,
    id::UserId,
};

use super::{
    Refusal, Service, Signature,
    administration::check_not_suspended,
    authentication::not_authenticated,
    directory::check_key_packages,
    mailbox::check_tokens,
    number::{code_expired, code_wrong},
};
use crate::store::{Found, NewAccount, Proof, Registration};

impl Service {
    /// Claims an ID; the request is signed by the key that the entry names.
    pub async fn register(
        &self,
        request: Request,
        signature: &Signature,
        path: &str,
        body: &[u8],
    ) -> Result<Registered, Refusal> {
        let verified = verify_entry(&request.entry).ok_or_else(not_authenticated)?;
        if verified.id != signature.id {
            return Err(not_authenticated());
        }
        self.check_signature(signature, &verified.identity_key, "POST", path, body)?;
        self.check_disk(self.config.disk.uploads_bytes)?;
        let proof = self.proof(&request.proof)?;
        let retire_at = if let Proof::Number(proof) = &proof { proof.retire_at } else { 0 };
        let tokens = check_tokens(&request.tokens)?;
        check_key_packages(&request.key_packages, &verified.suites)?;
        let secret: [u8; 32] = self.random()?;
        let account = NewAccount {
            id: verified.id,
            former: self.former(verified.id),
            entry: request.entry,
            session: self.session_hash(&secret),
            tokens,
            key_packages: request.key_packages,
        };
        match self.store.register(account, proof, self.now()).await? {
            Registration::Done { number, moved_from } => {
                self.tell_moved(moved_from, retire_at);
                let number_token = number.map(|token| token.to_vec()).unwrap_or_default();
                Ok(Registered { session_secret: secret.to_vec(), number_token })
            }
            Registration::InUse => Err(Refusal::new(ErrorCode::CopiedDevice, "this ID has opened a session")),
            Registration::Taken => Err(Refusal::new(ErrorCode::IdTaken, "draw another ID")),
            Registration::CodeWrong { tries_left } => Err(code_wrong(tries_left)),
            Registration::CodeExpired => Err(code_expired()),
            Registration::InvitationInvalid => {
                Err(Refusal::new(ErrorCode::InvitationInvalid, "unknown, used or expired"))
            }
        }
    }

    /// The device says that its ID is in use, though its number went to another.
    pub async fn keep_account(&self, id: UserId) -> Result<(), Refusal> {
        Ok(self.store.keep_account(id).await?)
    }

    pub async fn delete_account(&self, id: UserId) -> Result<(), Refusal> {
        self.store.remove_account(id, self.former(id), self.now()).await?;
        self.hub.evict(id);
        Ok(())
    }

    /// Tells a device whose account is gone or suspended from one that a newer connection displaced.
    pub async fn check_not_retired(&self, id: UserId) -> Result<(), Refusal> {
        match self.store.account(id, self.former(id)).await? {
            Found::Former { .. } => Err(Refusal::new(ErrorCode::Retired, "the ID is retired")),
            Found::Account(account) => check_not_suspended(&account),
            Found::Nobody => Ok(()),
        }
    }

    /// Retires those whose time is over; how many they were.
    pub async fn retire_due(&self) -> Result<usize, Refusal> {
        let due = self.store.due_retirements(self.now()).await?;
        for id in &due {
            self.delete_account(*id).await?;
        }
        Ok(due.len())
    }

    fn proof(&self, proof: &RegistrationProof) -> Result<Proof, Refusal> {
        let ways = self.config.registration;
        match proof {
            RegistrationProof::Phone { number, code } if ways.phone => {
                Ok(Proof::Number(self.number_proof(number, code)?))
            }
            RegistrationProof::Invitation { code } if ways.invitation => {
                Ok(Proof::Invitation(self.invitation_hash(code)))
            }
            RegistrationProof::Open if ways.open => Ok(Proof::Open),
            _ => Err(Refusal::new(ErrorCode::RegistrationClosed, "not in this way")),
        }
    }
}
