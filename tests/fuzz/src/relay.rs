//! A relay to which anybody says anything: what its handlers read, it answers or refuses, and never fails. And what its
//! operator may write: a configuration, and a backup of the keys.

use std::{env, fs, process, sync::Arc};

use data_encoding::HEXLOWER;
use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use sealpost_crypto::{
    directory_entry::sign_entry,
    hash::{sha256, token_hash},
    keys::{Domain, IdentityKey},
    request_signature::{SignedRequest, socket_challenge},
};
use sealpost_server::{
    Config, Parts,
    config::{Layers, template},
    keys::Archive,
    parts::{Clock, Randomness},
    service::{PushWindow, Refusal, Service, Signature, SocketProof},
    sms::{Sms, SmsError},
    store::memory::MemoryStore,
};
use sealpost_wire::{
    api::{
        account::{CodeRequest, NumberLink, Registration, RegistrationProof, SessionRequest},
        directory::{KeyPackageRequest, KeyPackages},
        mailbox::{Acknowledgements, MailboxToken, MailboxTokens},
        slot::SlotClaim,
    },
    envelope::{Delivery, Recipient},
    error::ErrorCode,
    frame::{Authenticate, Body, Deliver},
    id::{DeliveryToken, SlotName, UserId},
};
use serde::{Serialize, de::DeserializeOwned};

const NOW_SECONDS: u64 = 1_900_000_000;
const TOKEN: DeliveryToken = DeliveryToken([2; 16]);
const NONCE: [u8; 32] = [4; 32];
/// What the first byte of a request chooses from.
const KINDS: u8 = 10;

struct Still;

impl Clock for Still {
    fn now_seconds(&self) -> u64 {
        NOW_SECONDS
    }
}

impl Randomness for Still {
    fn fill(&self, bytes: &mut [u8]) -> std::io::Result<()> {
        bytes.fill(6);
        Ok(())
    }
}

impl Sms for Still {
    fn send<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<(), SmsError>> {
        ready(Ok(())).boxed()
    }
}

/// A relay in memory with one account.
struct Relay(Service);

impl Relay {
    fn new() -> Self {
        let mut config = Config::default();
        config.registration.open = true;
        let store = Arc::new(MemoryStore::default());
        let parts = Parts::in_memory(store, Arc::new(Still), Arc::new(Still), 7);
        let relay = Self(Service::new(config, Parts { sms: Arc::new(Still), ..parts }));
        let body = json(&registration());
        let request = serde_json::from_slice(&body).expect("a registration");
        let done = now(relay.0.register(request, &signature(&body), "/", &body));
        assert!(done.is_ok(), "everybody may register");
        relay
    }

    /// What the request of this kind makes of the bytes; `None` where they can't be read.
    fn take(&self, kind: u8, data: &[u8]) -> Option<Result<(), Refusal>> {
        let (service, id) = (&self.0, id());
        let done = match kind % KINDS {
            0 => match Body::from_bytes(data).ok()? {
                Body::Deliver(deliver) => now(service.deliver(deliver.delivery?)).map(drop),
                Body::Authenticate(asked) => {
                    now(service.open_socket(&asked, SocketProof { nonce: &NONCE, exporter: None })).map(drop)
                }
                _ => return None,
            },
            1 => now(service.send_code(&read::<CodeRequest>(data)?, [127, 0, 0, 1].into())).map(drop),
            2 => now(service.register(read(data)?, &signature(data), "/", data)).map(drop),
            3 => now(service.replace_tokens(id, &read(data)?)),
            4 => now(service.add_key_packages(id, read::<Vec<KeyPackages>>(data)?, &[1, 3], true)).map(drop),
            5 => now(service.take_key_package(id, read::<KeyPackageRequest>(data)?)).map(drop),
            6 => now(service.claim_slot(SlotName([5; 32]), read::<SlotClaim>(data)?)).map(drop),
            7 => now(service.link_number(id, &read::<NumberLink>(data)?)).map(drop),
            8 => now(service.acknowledge(id, read::<Acknowledgements>(data)?.sequences)),
            _ => now(service.open_session(id, &read::<SessionRequest>(data)?)).map(drop),
        };
        Some(done)
    }

    /// The account is there, and its mailbox can be read.
    fn serves(&self) {
        assert!(now(self.0.entry(id())).is_ok_and(|entry| entry.id == id().to_string()));
        let page = now(self.0.next_envelopes(id(), 0, PushWindow::FULL)).expect("a mailbox");
        let status = now(self.0.mailbox_status(id())).expect("a mailbox");
        assert_eq!(page.envelopes.len() as u64, status.messages);
    }
}

/// A frame (0 before it) or a body of an HTTP request (1 to 9), as the service takes it.
pub fn request(data: &[u8]) {
    let Some((kind, data)) = data.split_first() else { return };
    if *kind >= KINDS {
        return;
    }
    let relay = Relay::new();
    // Twice: a repetition is not refused, or refused, but never a failure.
    for _ in 0..2 {
        let Some(done) = relay.take(*kind, data) else { return };
        let failed = |refusal: Refusal| [ErrorCode::Internal, ErrorCode::Unknown].contains(&refusal.code);
        assert!(!done.is_err_and(failed), "the relay does not fail");
        relay.serves();
    }
}

pub fn requests() -> Vec<Vec<u8>> {
    let recipient = |token: DeliveryToken| Recipient {
        mailbox: id().to_string(),
        token: token.0.to_vec(),
        wrapped_key: vec![1; 80],
    };
    let recipients = vec![recipient(TOKEN), recipient(DeliveryToken([9; 16]))];
    let delivery = Delivery { delivery_id: vec![1; 16], payload: vec![1; 272], recipients, ephemeral: false };
    let ephemeral = Delivery { ephemeral: true, ..delivery.clone() };
    let deliver = |delivery| Body::Deliver(Deliver { request: 1, delivery: Some(delivery), version: 1 }).to_bytes();
    let signature = key().sign(Domain::Socket, &socket_challenge(id(), &NONCE, None)).to_vec();
    let asked = Authenticate { id: id().to_string(), signature, session_secret: vec![6; 32], version: 1 };
    let number = "+4917604069001".to_owned();
    let (code, language) = ("123456".to_owned(), "de".to_owned());
    let proof = RegistrationProof::Phone { number: number.clone(), code: code.clone() };
    let seeds = [
        (0, deliver(delivery)),
        (0, deliver(ephemeral)),
        (0, Body::Authenticate(asked).to_bytes()),
        (1, json(&CodeRequest { number: number.clone(), language })),
        (2, json(&registration())),
        (2, json(&Registration { proof, ..registration() })),
        (3, json(&registration().tokens)),
        (4, json(&registration().key_packages)),
        (5, json(&KeyPackageRequest { token: TOKEN.0.to_vec(), suites: vec![3, 1] })),
        (6, json(&SlotClaim { content: vec![1; 40], brought: true })),
        (7, json(&NumberLink { number, code })),
        (8, json(&Acknowledgements { sequences: vec![1, 2] })),
        (9, json(&SessionRequest { session_secret: vec![6; 32], start_over: false })),
    ];
    seeds.map(|(kind, body): (u8, Vec<u8>)| [vec![kind], body].concat()).into()
}

/// A file, a 0 byte, and lines of variables. What is read is written and read again as the same.
pub fn configuration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (file, variables) = text.split_once('\0').unwrap_or((&text, ""));
    let Some(config) = loaded(file, variables) else { return };
    let again = loaded(&template(&config), "").expect("what was written is read");
    assert_eq!(again, config);
}

fn loaded(file: &str, variables: &str) -> Option<Config> {
    let path = env::temp_dir().join(format!("sealpost-fuzz-{}.toml", process::id()));
    fs::write(&path, file).expect("written");
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let environment = variables.map(|(name, value)| (name.into(), value.into())).collect();
    let loaded = Layers { file: Some(path.clone()), environment, flags: Vec::new() }.load();
    let _ = fs::remove_file(path);
    match loaded {
        Ok(loaded) => {
            assert!(!loaded.listing().is_empty());
            // Files that it names are left alone here.
            if loaded.config.tls.is_none() {
                loaded.problems();
            }
            Some(loaded.config)
        }
        Err(error) => {
            assert!(!error.place.is_empty() && !error.what.is_empty() && !error.remedy.is_empty());
            None
        }
    }
}

pub fn configurations() -> Vec<Vec<u8>> {
    let whole = template(&Config::default());
    let texts = [
        whole.as_str(),
        "operator = \"Example\"\nlisten = \"[::1]:8443\"\ntrusted_proxies = [\"10.0.0.1\"]\n[limits]\nuploads = 2\n",
        "[sms]\ncountries = [\"DE\"]\n[sms.by.gateway]\nurl = \"https://sms.example\"\ntoken = \"t\"\n",
        "[tls]\ncertificate_chain = \"/c\"\nprivate_key = \"/k\"\n[registration]\nopen = true\n",
        "\0SEALPOST_SERVER_LIMITS__UPLOADS=3\nSEALPOST_SERVER_TRUSTED_PROXIES=127.0.0.1, ::1\n",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}

/// The backup of a relay's keys.
pub fn keys(data: &[u8]) {
    let Ok(archive) = Archive::parse(&String::from_utf8_lossy(data)) else { return };
    assert!(Archive::parse(&archive.to_text()).is_ok(), "what was written is read");
}

pub fn key_backups() -> Vec<Vec<u8>> {
    let keys = [[1; 32], [2; 32], [3; 32]];
    let [receipt, oprf, hash] = keys.map(|key| HEXLOWER.encode(&key));
    let checksum = HEXLOWER.encode(&sha256(&keys.concat()));
    let names = ["receipt", "oprf", "hash", "checksum"].into_iter().zip([receipt, oprf, hash, checksum]);
    let lines: String = names.map(|(name, value)| format!("{name} = \"{value}\"\n")).collect();
    let text = format!("# keys\nformat = 1\n{lines}");
    assert!(Archive::parse(&text).is_ok(), "a whole one");
    vec![text.into_bytes()]
}

fn key() -> IdentityKey {
    IdentityKey::from_secret([1; 32])
}

fn id() -> UserId {
    UserId::from_random([1; 5])
}

fn registration() -> Registration {
    let token = MailboxToken { hash: token_hash(&TOKEN).to_vec(), expires_at_seconds: 0 };
    let packages = |suite| KeyPackages { suite, one_time: vec![vec![1; 9]], last_resort: vec![2; 9] };
    Registration {
        entry: sign_entry(&key(), id(), [7; 32], &[3, 1]),
        proof: RegistrationProof::Open,
        tokens: MailboxTokens { tokens: vec![token] },
        key_packages: [3, 1].map(packages).into(),
    }
}

/// By the account's own key: nothing behind the signature stays untried.
fn signature(body: &[u8]) -> Signature {
    let (id, nonce) = (id(), sha256(body)[..16].try_into().expect("16 bytes"));
    let signed = SignedRequest { id, method: "POST", path: "/", body, time_seconds: NOW_SECONDS, nonce };
    Signature { id, time_seconds: NOW_SECONDS, nonce, signature: signed.sign(&key()) }
}

/// The store in memory never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("the store in memory answers at once")
}

fn read<T: DeserializeOwned>(data: &[u8]) -> Option<T> {
    serde_json::from_slice(data).ok()
}

fn json(body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(body).expect("bodies can be written")
}
