//! A relay in the test's process, and devices that talk to it.

use std::{
    io,
    sync::{
        Arc, Mutex, Once,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use data_encoding::BASE64URL_NOPAD;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use sealpost_crypto::{
    directory_entry::sign_entry,
    hash::token_hash,
    keys::{Domain, IdentityKey},
    request_signature::{SignedRequest, socket_challenge},
};
use sealpost_server::{
    Config, Parts,
    config::Ways,
    faults::Faults,
    parts::{Clock, FreeSpace},
    service::Service,
    sms::{Sms, SmsError},
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::{
        account::{Registered, Registration, RegistrationProof},
        directory::KeyPackages,
        header,
        mailbox::{MailboxToken, MailboxTokens},
    },
    envelope::{Delivery, DeliveryAnswer, Envelope, Recipient},
    error::{ApiError, ErrorCode},
    frame::{Authenticate, Body, Deliver},
    id::{DeliveryToken, UserId},
};
use serde::de::DeserializeOwned;
use tokio::{net::TcpListener, net::TcpStream, task::JoinHandle};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};
use tokio_util::sync::CancellationToken;

/// Where every test clock starts; at the start of an hour.
pub const START: u64 = 1_800_000_000;

/// A relay on a port of its own.
pub struct TestRelay {
    pub url: String,
    pub folder: Arc<tempfile::TempDir>,
    pub clock: Arc<TestClock>,
    pub sms: Arc<TestSms>,
    pub space: Arc<TestSpace>,
    pub faults: Faults,
    pub service: Arc<Service>,
    config: Config,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

pub struct TestClock(AtomicU64);

impl TestClock {
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now_seconds(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

#[derive(Default)]
pub struct TestSms {
    pub sent: Mutex<Vec<(String, String)>>,
    pub fails: AtomicBool,
}

impl TestSms {
    /// The last code sent to a number.
    pub fn code(&self, number: &str) -> String {
        let sent = self.sent.lock().expect("no test panicked");
        let (_, text) = sent.iter().rev().find(|(to, _)| to == number).expect("a code was sent");
        text.chars().filter(char::is_ascii_digit).take(6).collect()
    }
}

impl Sms for TestSms {
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), SmsError>> {
        Box::pin(async move {
            if self.fails.load(Ordering::SeqCst) {
                return Err(SmsError("fails on purpose".to_owned()));
            }
            self.sent.lock().expect("no test panicked").push((number.to_owned(), text.to_owned()));
            Ok(())
        })
    }
}

pub struct TestSpace(pub AtomicU64);

impl FreeSpace for TestSpace {
    fn free_bytes(&self) -> io::Result<u64> {
        Ok(self.0.load(Ordering::SeqCst))
    }
}

impl TestRelay {
    pub async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    pub async fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("temporary"));
        let mut config = Config {
            data: folder.path().to_owned(),
            registration: Ways { phone: true, invitation: true, open: true },
            ..Config::default()
        };
        configure(&mut config);
        let clock = Arc::new(TestClock(AtomicU64::new(START)));
        let space = Arc::new(TestSpace(AtomicU64::new(1 << 40)));
        Self::serve(config, folder, clock, Arc::default(), space).await
    }

    /// Stops it, waits for its end, and starts another on the same folder (and another port).
    pub async fn restart(self) -> Self {
        let (config, folder, clock) = (self.config.clone(), Arc::clone(&self.folder), Arc::clone(&self.clock));
        let (sms, space) = (Arc::clone(&self.sms), Arc::clone(&self.space));
        self.stop().await;
        Self::serve(config, folder, clock, sms, space).await
    }

    pub async fn stop(self) {
        drop(self.service);
        self.stop.cancel();
        self.task.await.expect("the relay ends well");
    }

    async fn serve(
        config: Config,
        folder: Arc<tempfile::TempDir>,
        clock: Arc<TestClock>,
        sms: Arc<TestSms>,
        space: Arc<TestSpace>,
    ) -> Self {
        install_provider();
        let mut parts = Parts::open(&config).expect("the folder opens");
        parts.clock = Arc::clone(&clock) as Arc<dyn Clock>;
        parts.sms = Arc::clone(&sms) as Arc<dyn Sms>;
        parts.free_space = Arc::clone(&space) as Arc<dyn FreeSpace>;
        let faults = parts.faults.clone();
        let service = Arc::new(Service::new(config.clone(), parts));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr().expect("bound"));
        let stop = CancellationToken::new();
        let serving = sealpost_server::serve(Arc::clone(&service), listener, || (), stop.clone());
        let task = tokio::spawn(async move { serving.await.expect("the relay serves") });
        Self { url, folder, clock, sms, space, faults, service, config, stop, task }
    }

    pub fn now(&self) -> u64 {
        self.clock.now_seconds()
    }

    /// A registered device that shows nothing for it.
    pub async fn device(&self, seed: u8) -> Device {
        let mut device = Device::new(seed);
        device.register(self, RegistrationProof::Open).await.expect("registered");
        device
    }

    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        answer(self.http().get(format!("{}{path}", self.url))).await
    }

    pub async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, ApiError> {
        let method = method.parse().expect("a method");
        answer(self.http().request(method, format!("{}{path}", self.url)).json(body)).await
    }

    pub async fn deliver(&self, delivery: &Delivery) -> Result<DeliveryAnswer, ApiError> {
        self.send("POST", "/v1/deliveries", delivery).await
    }

    /// Asks for a code to a number and answers with it.
    pub async fn code(&self, number: &str) -> Result<String, ApiError> {
        let request = serde_json::json!({ "number": number, "language": "en" });
        let _: serde_json::Value = self.send("POST", "/v1/registration/codes", &request).await?;
        Ok(self.sms.code(number))
    }

    pub fn http(&self) -> reqwest::Client {
        client()
    }

    pub async fn socket(&self, path: &str) -> Socket {
        let url = format!("ws{}{path}", self.url.strip_prefix("http").expect("http"));
        let (stream, _) = tokio_tungstenite::connect_async(url).await.expect("a socket");
        Socket(stream)
    }

    pub async fn sender(&self) -> Socket {
        self.socket("/v1/socket/send").await
    }
}

pub fn install_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    });
}

/// One that trusts nobody: enough for plain HTTP.
pub fn client() -> reqwest::Client {
    install_provider();
    let roots = rustls::RootCertStore::empty();
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client")
}

async fn answer<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, ApiError> {
    let response = request.send().await.expect("an answer");
    let ok = response.status().is_success();
    let status = response.status().as_u16();
    let bytes = response.bytes().await.expect("a body");
    if ok {
        let bytes = if bytes.is_empty() { &b"null"[..] } else { &bytes };
        return Ok(serde_json::from_slice(bytes).expect("the type that was asked for"));
    }
    let error: ApiError = serde_json::from_slice(&bytes).expect("an error");
    assert_eq!(error.code.status(), status);
    Err(error)
}

/// A device: its keys, its token, its session's secret.
pub struct Device {
    pub id: UserId,
    pub key: IdentityKey,
    pub token: DeliveryToken,
    pub secret: Vec<u8>,
    pub number_token: Vec<u8>,
    pub suites: Vec<u16>,
    /// Seconds that its clock is wrong by.
    pub clock_error: i64,
}

impl Device {
    pub fn new(seed: u8) -> Self {
        Self {
            id: UserId::from_random([seed; 5]),
            key: IdentityKey::from_secret([seed; 32]),
            token: DeliveryToken([seed; 16]),
            secret: Vec::new(),
            number_token: Vec::new(),
            suites: vec![3],
            clock_error: 0,
        }
    }

    pub fn registration(&self, proof: RegistrationProof) -> Registration {
        let packages = |suite: &u16| KeyPackages { suite: *suite, one_time: packages(30), last_resort: vec![99] };
        Registration {
            entry: sign_entry(&self.key, self.id, [7; 32], &self.suites),
            proof,
            tokens: MailboxTokens { tokens: vec![self.mailbox_token()] },
            key_packages: self.suites.iter().map(packages).collect(),
        }
    }

    pub fn mailbox_token(&self) -> MailboxToken {
        MailboxToken { hash: token_hash(&self.token).to_vec(), expires_at_seconds: 0 }
    }

    pub async fn register(&mut self, relay: &TestRelay, proof: RegistrationProof) -> Result<(), ApiError> {
        let registration = self.registration(proof);
        let registered: Registered = self.send(relay, "POST", "/v1/accounts", &registration).await?;
        self.secret = registered.session_secret;
        self.number_token = registered.number_token;
        Ok(())
    }

    pub async fn register_by_phone(&mut self, relay: &TestRelay, number: &str) -> Result<(), ApiError> {
        let code = relay.code(number).await?;
        self.register(relay, RegistrationProof::Phone { number: number.to_owned(), code }).await
    }

    /// Signed, with a JSON body.
    pub async fn send<T: DeserializeOwned>(
        &self,
        relay: &TestRelay,
        method: &str,
        path: &str,
        body: &impl serde::Serialize,
    ) -> Result<T, ApiError> {
        answer(self.signed(relay, method, path, serde_json::to_vec(body).expect("JSON"))).await
    }

    /// Signed, without a body.
    pub async fn ask<T: DeserializeOwned>(&self, relay: &TestRelay, method: &str, path: &str) -> Result<T, ApiError> {
        answer(self.signed(relay, method, path, Vec::new())).await
    }

    /// Signed, with bytes.
    pub async fn upload<T: DeserializeOwned>(
        &self,
        relay: &TestRelay,
        path: &str,
        body: Vec<u8>,
    ) -> Result<T, ApiError> {
        answer(self.signed(relay, "PUT", path, body)).await
    }

    pub fn signed(&self, relay: &TestRelay, method: &str, path: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
        let mut nonce = [0; 16];
        getrandom::fill(&mut nonce).expect("randomness");
        let time_seconds = relay.now().saturating_add_signed(self.clock_error);
        let request = SignedRequest { id: self.id, method, path, body: &body, time_seconds, nonce };
        let signature = request.sign(&self.key);
        relay
            .http()
            .request(method.parse().expect("a method"), format!("{}{path}", relay.url))
            .header(header::VERSION, PROTOCOL_VERSION)
            .header(header::ID, self.id.as_str())
            .header(header::TIME, time_seconds)
            .header(header::NONCE, BASE64URL_NOPAD.encode(&nonce))
            .header(header::SIGNATURE, BASE64URL_NOPAD.encode(&signature))
            .body(body)
    }

    /// What somebody else sends to this device.
    pub fn delivery(&self, number: u8, payload: &[u8]) -> Delivery {
        Delivery {
            delivery_id: vec![number; 16],
            payload: payload.to_vec(),
            recipients: vec![self.recipient()],
            ephemeral: false,
        }
    }

    pub fn recipient(&self) -> Recipient {
        Recipient { mailbox: self.id.to_string(), token: self.token.0.to_vec(), wrapped_key: vec![1; 80] }
    }

    /// An authenticated device socket; the next secret is kept.
    pub async fn connect(&mut self, relay: &TestRelay) -> Socket {
        self.try_connect(relay).await.expect("authenticated")
    }

    pub async fn try_connect(&mut self, relay: &TestRelay) -> Result<Socket, ErrorCode> {
        let mut socket = relay.socket("/v1/socket/device").await;
        let Some(Body::Hello(hello)) = socket.next().await else { panic!("hello is due") };
        let authenticate = self.authenticate(&hello.nonce, None);
        socket.send(Body::Authenticate(authenticate)).await;
        match socket.next().await {
            Some(Body::Authenticated(authenticated)) => self.secret = authenticated.next_secret,
            Some(Body::Failure(failure)) => return Err(failure.into_error().code),
            other => panic!("authenticated is due, not {other:?}"),
        }
        Ok(socket)
    }

    pub fn authenticate(&self, nonce: &[u8], exporter: Option<&[u8; 32]>) -> Authenticate {
        let challenge = socket_challenge(self.id, nonce, exporter);
        Authenticate {
            id: self.id.to_string(),
            signature: self.key.sign(Domain::Socket, &challenge).to_vec(),
            session_secret: self.secret.clone(),
            version: PROTOCOL_VERSION,
        }
    }
}

pub fn packages(count: u8) -> Vec<Vec<u8>> {
    (0..count).map(|number| vec![number, 1, 2]).collect()
}

/// Either socket.
pub struct Socket(pub WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// The next frame; `None`: the connection is over.
    pub async fn next(&mut self) -> Option<Body> {
        loop {
            match self.0.next().await? {
                Ok(Message::Binary(bytes)) => return Some(Body::from_bytes(&bytes).expect("a frame")),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }

    pub async fn send(&mut self, body: Body) {
        self.0.send(Message::Binary(body.to_bytes().into())).await.expect("sent");
    }

    /// The envelopes up to the next marker that the mailbox is empty.
    pub async fn drain(&mut self) -> Vec<Envelope> {
        let mut envelopes = Vec::new();
        loop {
            match self.next().await {
                Some(Body::Push(envelope)) => envelopes.push(envelope),
                Some(Body::Notice(_)) => {}
                Some(Body::Empty(_)) => return envelopes,
                other => panic!("a push or empty is due, not {other:?}"),
            }
        }
    }

    pub async fn deliver(&mut self, request: u32, delivery: Delivery) -> Option<Body> {
        self.send(Body::Deliver(Deliver { request, delivery: Some(delivery), version: PROTOCOL_VERSION })).await;
        self.next().await
    }
}

/// The code of a refusal.
pub fn refused<T: std::fmt::Debug>(outcome: Result<T, ApiError>) -> ErrorCode {
    outcome.expect_err("refused").code
}
