//! Sessions: one device per ID, proven by the key and by the secret that the session before was given.

use sealpost_crypto::{
    keys::{Domain, verify},
    request_signature::socket_challenge,
};
use sealpost_wire::{
    api::account::{Session, SessionRequest},
    error::ErrorCode,
    frame::{Authenticate, Notice, NoticeKind},
    id::UserId,
    limits::KEY_PACKAGES_LOW,
};

use super::{Refusal, Service, administration::check_not_suspended, authentication::not_authenticated};
use crate::{
    hub::Seat,
    store::{Found, SessionOpened},
};

/// What a device socket's challenge was made of.
pub struct SocketProof<'a> {
    pub nonce: &'a [u8; 32],
    pub exporter: Option<&'a [u8; 32]>,
}

/// A device socket that is who it says.
pub struct DeviceSession {
    pub id: UserId,
    pub next_secret: [u8; 32],
    pub incarnation: u64,
    pub notices: Vec<Notice>,
    pub seat: Seat,
}

impl Service {
    pub fn socket_nonce(&self) -> Result<[u8; 32], Refusal> {
        self.random()
    }

    /// Checks a device socket's answer to its challenge, exchanges the secret and takes the mailbox over.
    pub async fn open_socket(&self, asked: &Authenticate, proof: SocketProof<'_>) -> Result<DeviceSession, Refusal> {
        self.check_version(asked.version)?;
        let id: UserId = asked.id.parse().map_err(|_| Refusal::malformed("id"))?;
        let found = self.store.account(id, self.former(id)).await?;
        let challenge = socket_challenge(id, proof.nonce, proof.exporter);
        let signed =
            |key: &[u8]| key.try_into().is_ok_and(|key| verify(key, Domain::Socket, &challenge, &asked.signature));
        match found {
            Found::Account(account) if signed(&account.entry.identity_key) => check_not_suspended(&account)?,
            Found::Former { identity_key: Some(key) } if signed(&key) => {
                return Err(Refusal::new(ErrorCode::Retired, "the ID is retired"));
            }
            _ => return Err(not_authenticated()),
        }
        let (next_secret, retire_at) = self.exchange_secret(id, Some(&asked.session_secret)).await?;
        let seat = self.hub.attach(id);
        let (incarnation, notices) = (self.incarnation().await?, self.notices(id, retire_at).await?);
        Ok(DeviceSession { id, next_secret, incarnation, notices, seat })
    }

    /// The HTTP twin; the request is signed.
    pub async fn open_session(&self, id: UserId, request: &SessionRequest) -> Result<Session, Refusal> {
        let presented = (!request.start_over).then_some(request.session_secret.as_slice());
        let (next_secret, _) = self.exchange_secret(id, presented).await?;
        let session = self.random()?;
        self.hub.open_session(id, session);
        Ok(Session { session: session.to_vec(), next_secret: next_secret.to_vec() })
    }

    /// The device keeps the secret that its session was given: a copy with the one before is refused from now on.
    pub async fn keep_session(&self, id: UserId, secret: &[u8]) -> Result<(), Refusal> {
        Ok(self.store.keep_session(id, self.session_hash(secret)).await?)
    }

    /// Refuses an HTTP request to the mailbox whose session was displaced, or is not of this process.
    pub fn check_session(&self, id: UserId, session: &[u8; 16]) -> Result<(), Refusal> {
        if self.hub.holds_session(id, session) {
            return Ok(());
        }
        Err(Refusal::new(ErrorCode::NotAuthenticated, "the session is over: open another"))
    }

    async fn exchange_secret(&self, id: UserId, presented: Option<&[u8]>) -> Result<([u8; 32], u64), Refusal> {
        if presented.is_some_and(|presented| presented.len() != 32) {
            return Err(Refusal::malformed("session_secret: 32 bytes"));
        }
        let next: [u8; 32] = self.random()?;
        match self
            .store
            .open_session(id, presented.map(|secret| self.session_hash(secret)), self.session_hash(&next))
            .await?
        {
            SessionOpened::Opened { retire_at } => Ok((next, retire_at)),
            SessionOpened::Copied => Err(Refusal::new(ErrorCode::CopiedDevice, "neither of the last two secrets")),
            SessionOpened::Unknown => Err(not_authenticated()),
        }
    }

    async fn notices(&self, id: UserId, retire_at: u64) -> Result<Vec<Notice>, Refusal> {
        let mut notices = Vec::new();
        if retire_at > 0 {
            notices.push(Notice { kind: NoticeKind::NumberMoved.into(), deadline_seconds: retire_at });
        }
        let counts = self.store.key_package_counts(id).await?;
        if counts.iter().any(|count| (count.one_time as usize) < KEY_PACKAGES_LOW) {
            notices.push(Notice { kind: NoticeKind::KeyPackagesLow.into(), deadline_seconds: 0 });
        }
        Ok(notices)
    }
}
