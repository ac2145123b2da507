//! The real relay's service, without HTTP and sockets: what its handlers do between a request and the service.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use sealpost_crypto::{keys::IdentityKey, request_signature::SignedRequest};
use sealpost_engine::command::{Answer, Request};
use sealpost_server::{
    Config, Parts, jobs,
    service::{PushWindow, Refusal, Service, Signature},
    store::{Store, memory::MemoryStore},
};
use sealpost_wire::{
    api::{
        account::{Registered, Registration},
        relay::RelayInfo,
    },
    envelope::Envelope,
    error::{ApiError, ErrorCode},
    id::UserId,
};
use serde::Serialize;

use crate::{
    chance::{Chance, Shared},
    clock::TrueTime,
};

const KEYS: u8 = 7;

pub struct Relay {
    pub service: Service,
    store: MemoryStore,
    clock: TrueTime,
    seed: u64,
    starts: u64,
    nonces: u128,
}

/// Who signs, and when.
pub struct Signer<'a> {
    pub id: UserId,
    pub key: &'a IdentityKey,
    /// What the device takes for the relay's time, when the request leaves.
    pub time_seconds: u64,
    pub nonce: [u8; 16],
}

/// The store in memory never waits.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the store in memory answers at once")
}

impl Relay {
    pub fn new(seed: u64, clock: TrueTime) -> Self {
        let store = MemoryStore::default();
        let service = service(&store, &clock, seed, 0);
        Self { service, store, clock, seed, starts: 0, nonces: 0 }
    }

    /// The process ends and starts again: what was not stored is gone.
    pub fn restart(&mut self) {
        self.starts += 1;
        self.service = service(&self.store, &self.clock, self.seed, self.starts);
    }

    pub fn info(&self) -> RelayInfo {
        now(self.service.relay_info()).expect("the relay says what it is")
    }

    /// A nonce that was not used before.
    pub fn nonce(&mut self) -> [u8; 16] {
        self.nonces += 1;
        self.nonces.to_be_bytes()
    }

    pub fn register(&self, signer: &Signer<'_>, request: Registration) -> Registered {
        let path = "/v1/accounts";
        let body = json(&request);
        let signature = signer.sign("POST", path, &body);
        now(self.service.register(request, &signature, path, &body)).expect("everybody may register")
    }

    /// Does what a request asks for.
    pub fn perform(&self, signer: &Signer<'_>, request: Request) -> Answer {
        let service = &self.service;
        match request {
            Request::Deliver(delivery) => self.answer(now(service.deliver(delivery)), Answer::Delivered),
            Request::FetchKeyPackage { id, request } => {
                let taken = now(service.take_key_package(id, request));
                self.answer(taken, |package| Answer::KeyPackage(Box::new(package)))
            }
            Request::ClaimSlot { name, claim } => self.answer(now(service.claim_slot(name, claim)), Answer::Slot),
            Request::ReadSlot { name } => self.answer(now(service.slot(name)), Answer::Slot),
            Request::PublishKeyPackages { packages, replace } => {
                let (method, path) = match replace {
                    true => ("POST", "/v1/directory/key-packages/replace"),
                    false => ("PUT", "/v1/directory/key-packages"),
                };
                let body = json(&packages);
                let done = now(async {
                    let entry = self.authenticate(signer, method, path, &body).await?;
                    service.add_key_packages(signer.id, packages, &entry.suites, replace).await
                });
                self.answer(done, |_| Answer::Done)
            }
            Request::PublishTokens(tokens) => {
                let body = json(&tokens);
                let done = now(async {
                    self.authenticate(signer, "PUT", "/v1/mailbox/tokens", &body).await?;
                    service.replace_tokens(signer.id, &tokens).await
                });
                self.answer(done, |()| Answer::Done)
            }
            Request::KeepId => {
                let done = now(async {
                    self.authenticate(signer, "POST", "/v1/accounts/keep", b"").await?;
                    service.keep_account(signer.id).await
                });
                self.answer(done, |()| Answer::Done)
            }
        }
    }

    /// All that waits in a mailbox.
    pub fn mailbox(&self, id: UserId) -> Vec<Envelope> {
        let mut all: Vec<Envelope> = Vec::new();
        loop {
            let after = all.last().map_or(0, |envelope| envelope.sequence);
            let page = now(self.service.next_envelopes(id, after, PushWindow::FULL)).expect("a mailbox");
            let (envelopes, more) = (page.envelopes, page.more);
            all.extend(envelopes);
            if !more {
                return all;
            }
        }
    }

    /// How many slots are taken, the store's way: for the story.
    pub fn clean_up(&self) {
        now(jobs::once(&self.service)).expect("the jobs run");
    }

    /// A wrong clock is mended with the relay's time, once, as clients do.
    async fn authenticate(
        &self,
        signer: &Signer<'_>,
        method: &str,
        path: &str,
        body: &[u8],
    ) -> Result<sealpost_wire::api::directory::DirectoryEntry, Refusal> {
        let signature = signer.sign(method, path, body);
        match self.service.authenticate(&signature, method, path, body).await {
            Err(refusal) if refusal.code == ErrorCode::WrongClock => {
                let mended = Signer { time_seconds: self.service.now(), ..*signer };
                self.service.authenticate(&mended.sign(method, path, body), method, path, body).await
            }
            answer => answer,
        }
    }

    fn answer<T>(&self, result: Result<T, Refusal>, answer: impl FnOnce(T) -> Answer) -> Answer {
        match result {
            Ok(value) => answer(value),
            Err(refusal) => Answer::Refused(self.error(refusal)),
        }
    }

    pub fn error(&self, refusal: Refusal) -> ApiError {
        refusal.at(self.service.now())
    }
}

impl Signer<'_> {
    fn sign(&self, method: &str, path: &str, body: &[u8]) -> Signature {
        let (id, time_seconds, nonce) = (self.id, self.time_seconds, self.nonce);
        let signature = SignedRequest { id, method, path, body, time_seconds, nonce }.sign(self.key);
        Signature { id, time_seconds, nonce, signature }
    }
}

fn service(store: &MemoryStore, clock: &TrueTime, seed: u64, start: u64) -> Service {
    let mut config = Config::default();
    config.registration.open = true;
    let randomness = Arc::new(Shared(Mutex::new(Chance::new(seed, 1_000 + start))));
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Service::new(config, Parts::in_memory(store, Arc::new(clock.clone()), randomness, KEYS))
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies are encoded")
}
