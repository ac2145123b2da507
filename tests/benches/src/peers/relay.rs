//! The real relay in a process of its own, and the load on it: frames on sockets, without any engine's work.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use data_encoding::BASE64URL_NOPAD;
use futures_util::{FutureExt, SinkExt, StreamExt};
use sealpost_crypto::{
    directory_entry::sign_entry,
    hash::token_hash,
    keys::{Domain, IdentityKey},
    request_signature::{SignedRequest, socket_challenge},
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::{
        account::{Registered, Registration, RegistrationProof},
        directory::KeyPackages,
        header,
        mailbox::{MailboxToken, MailboxTokens},
    },
    envelope::{Delivery, Recipient},
    frame::{Authenticate, Body, Deliver},
    id::{DeliveryToken, UserId},
};
use tokio::net::TcpStream;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, tungstenite::Message};

use super::load::{Counter, MESSAGE_BYTES, ON_THE_WAY, PAIRS, Pace, Times};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const OFFLINE: usize = 20_000;
/// The wrapped key of a recipient in a real delivery.
const WRAPPED_BYTES: usize = 80;
/// Messages that a reader acknowledges together at most.
const ACKNOWLEDGED: u32 = 64;

pub struct Relay {
    folder: PathBuf,
    process: Child,
    address: String,
}

/// A registered device that is away.
pub struct Reader {
    id: UserId,
    key: IdentityKey,
    token: DeliveryToken,
    secret: Vec<u8>,
}

impl Relay {
    pub async fn start(folder: &Path) -> Self {
        fs::create_dir_all(folder).expect("the folder can be made");
        // No limit is in the way of the load; all of it comes from one address.
        let data = format!("data = {:?}", folder.join("data"));
        let limits = "anonymous_a_minute = 4000000000\nsigned_a_minute = 4000000000\nmailbox_messages = 4000000";
        let lines = [&data, "listen = \"127.0.0.1:0\"", "[registration]", "open = true", "[limits]", limits];
        fs::write(folder.join("relay.toml"), lines.join("\n")).expect("the folder can be written");
        let (process, address) = serve(folder);
        Self { folder: folder.to_owned(), process, address }
    }

    pub async fn end(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it has ended");
    }

    pub async fn register(&self, count: usize) -> Vec<Reader> {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut readers = Vec::new();
        for _ in 0..count {
            readers.push(self.register_one(&http).await);
        }
        readers
    }

    async fn register_one(&self, http: &reqwest::Client) -> Reader {
        let (id, token) = (UserId::from_random(random()), DeliveryToken(random()));
        let key = IdentityKey::from_secret(random());
        let registration = Registration {
            entry: sign_entry(&key, id, [7; 32], &[3]),
            proof: RegistrationProof::Open,
            tokens: MailboxTokens {
                tokens: vec![MailboxToken { hash: token_hash(&token).to_vec(), expires_at_seconds: 0 }],
            },
            key_packages: vec![KeyPackages { suite: 3, one_time: vec![vec![1]; 30], last_resort: vec![2] }],
        };
        let (path, body) = ("/v1/accounts", serde_json::to_vec(&registration).expect("JSON"));
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock");
        let (time_seconds, nonce) = (since.as_secs(), random());
        let signature = SignedRequest { id, method: "POST", path, body: &body, time_seconds, nonce }.sign(&key);
        let request = http
            .post(format!("http://{}{path}", self.address))
            .header(header::VERSION, PROTOCOL_VERSION)
            .header(header::ID, id.as_str())
            .header(header::TIME, time_seconds)
            .header(header::NONCE, BASE64URL_NOPAD.encode(&nonce))
            .header(header::SIGNATURE, BASE64URL_NOPAD.encode(&signature))
            .body(body);
        let answer = request.send().await.expect("the relay answers").error_for_status().expect("it is registered");
        let registered: Registered = answer.json().await.expect("an answer");
        Reader { id, key, token, secret: registered.session_secret }
    }

    /// Messages that arrive in a second, each sender with one reader.
    pub async fn pairs(&self, readers: &[Reader]) -> f64 {
        let counter = Counter::default();
        for reader in &readers[..PAIRS] {
            tokio::spawn(read(self.reader(reader).await, counter.clone()));
            tokio::spawn(send(self.sender().await, vec![reader.recipient()], counter.clone()));
        }
        counter.rate().await
    }

    /// The same for one sender whom all read.
    pub async fn fan_out(&self, readers: &[Reader]) -> f64 {
        let counter = Counter::default();
        for reader in readers {
            tokio::spawn(read(self.reader(reader).await, counter.clone()));
        }
        let everybody = readers.iter().map(Reader::recipient).collect();
        tokio::spawn(send(self.sender().await, everybody, counter.clone()));
        counter.rate().await
    }

    /// How long the durable answer takes at a pace that does not wait for it.
    pub async fn answers_at(&self, readers: &[Reader], pace: Pace) -> Times {
        let counter = Counter::default();
        let mut senders = Vec::new();
        for (number, reader) in readers[..PAIRS].iter().enumerate() {
            tokio::spawn(read(self.reader(reader).await, counter.clone()));
            let (socket, recipient) = (self.sender().await, reader.recipient());
            let offset = pace.pause * number as u32 / PAIRS as u32;
            senders.push(tokio::spawn(async move {
                tokio::time::sleep(offset).await;
                paced(socket, recipient, pace).await
            }));
        }
        let mut times = Vec::new();
        for sender in senders {
            times.extend(sender.await.expect("it sends"));
        }
        Times::of(times)
    }

    /// Messages a second that are taken for somebody who is away, and then read.
    pub async fn offline(&self, reader: &Reader) -> (f64, f64) {
        let mut socket = self.sender().await;
        let begin = Instant::now();
        fill(&mut socket, &[reader.recipient()], OFFLINE).await;
        let accepted = OFFLINE as f64 / begin.elapsed().as_secs_f64();
        let (mut socket, begin) = (self.reader(reader).await, Instant::now());
        let mut drained = 0;
        while drained < OFFLINE {
            drained += batch(&mut socket).await.expect("the relay pushes") as usize;
        }
        (accepted, OFFLINE as f64 / begin.elapsed().as_secs_f64())
    }

    /// Bytes of memory that one connection costs which does nothing.
    pub async fn idle_bytes(&self, count: usize) -> f64 {
        let readers = self.register(count).await;
        let before = self.resident_bytes();
        let mut sockets = Vec::new();
        for reader in &readers {
            sockets.push(self.reader(reader).await);
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        (self.resident_bytes() - before) / count as f64
    }

    /// How long it takes until the relay listens again, with so many messages in its mailboxes.
    pub async fn start_with_waiting(&mut self, readers: &[Reader], messages: usize) -> Duration {
        let everybody: Vec<Recipient> = readers.iter().map(Reader::recipient).collect();
        let mut socket = self.sender().await;
        fill(&mut socket, &everybody, messages / everybody.len()).await;
        self.process.kill().expect("it runs");
        self.process.wait().expect("it has ended");
        let begin = Instant::now();
        (self.process, self.address) = serve(&self.folder);
        begin.elapsed()
    }

    fn resident_bytes(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux tells");
        let kilobytes = line.split_whitespace().nth(1).and_then(|number| number.parse::<f64>().ok());
        kilobytes.expect("a number") * 1024.0
    }

    async fn sender(&self) -> Socket {
        self.open("/v1/socket/send").await
    }

    async fn reader(&self, reader: &Reader) -> Socket {
        let mut socket = self.open("/v1/socket/device").await;
        let Some(Body::Hello(hello)) = next(&mut socket).await else { panic!("hello is due") };
        let challenge = socket_challenge(reader.id, &hello.nonce, None);
        let answer = Authenticate {
            id: reader.id.to_string(),
            signature: reader.key.sign(Domain::Socket, &challenge).to_vec(),
            session_secret: reader.secret.clone(),
            version: PROTOCOL_VERSION,
        };
        put(&mut socket, Body::Authenticate(answer)).await;
        // The new secret is not kept, so that the first one stays good.
        assert!(matches!(next(&mut socket).await, Some(Body::Authenticated(_))), "the device is let in");
        socket
    }

    async fn open(&self, path: &str) -> Socket {
        let url = format!("ws://{}{path}", self.address);
        tokio_tungstenite::connect_async(url).await.expect("the relay listens").0
    }
}

impl Reader {
    fn recipient(&self) -> Recipient {
        let (mailbox, token) = (self.id.to_string(), self.token.0.to_vec());
        Recipient { mailbox, token, wrapped_key: vec![0x5A; WRAPPED_BYTES] }
    }
}

/// Starts the program that was built beside this one.
fn serve(folder: &Path) -> (Child, String) {
    let program = std::env::current_exe().expect("a program").with_file_name("sealpost-server");
    let mut process = Command::new(&program)
        .args(["serve", "--config"])
        .arg(folder.join("relay.toml"))
        .env("RUST_LOG", "error")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; build it first", program.display()));
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("its output")).read_line(&mut line).expect("it speaks");
    let address = line.trim().rsplit_once("//").expect("an address").1.to_owned();
    (process, address)
}

async fn read(mut socket: Socket, counter: Counter) {
    while !counter.is_over() {
        let Some(messages) = batch(&mut socket).await else { return };
        counter.add(u64::from(messages));
    }
}

/// Takes what has come, at least one message, and acknowledges it.
async fn batch(socket: &mut Socket) -> Option<u32> {
    let mut messages = 0;
    loop {
        let frame = if messages == 0 { next(socket).await } else { next(socket).now_or_never().flatten() };
        match frame {
            Some(Body::Push(_)) => messages += 1,
            Some(_) => {}
            None if messages == 0 => return None,
            None => break,
        }
        if messages == ACKNOWLEDGED {
            break;
        }
    }
    put(socket, Body::Acknowledge(messages)).await;
    Some(messages)
}

async fn send(mut socket: Socket, to: Vec<Recipient>, counter: Counter) {
    for _ in 0..ON_THE_WAY {
        deliver(&mut socket, &to).await;
    }
    while !counter.is_over() {
        match next(&mut socket).await {
            Some(Body::Delivered(_)) => deliver(&mut socket, &to).await,
            other => panic!("it is delivered: {other:?}"),
        }
    }
}

/// Sends so many deliveries, as fast as they are answered.
async fn fill(socket: &mut Socket, to: &[Recipient], deliveries: usize) {
    const WINDOW: usize = 400;
    for number in 0..deliveries + WINDOW {
        if number < deliveries {
            deliver(socket, to).await;
        }
        if number >= WINDOW {
            let answer = next(socket).await;
            assert!(matches!(&answer, Some(Body::Delivered(_))), "it is delivered: {answer:?}");
        }
    }
}

async fn paced(mut socket: Socket, to: Recipient, pace: Pace) -> Vec<Duration> {
    let mut ticks = tokio::time::interval(pace.pause);
    let mut times = Vec::new();
    for _ in 0..pace.messages {
        ticks.tick().await;
        let begin = Instant::now();
        deliver(&mut socket, std::slice::from_ref(&to)).await;
        let answer = next(&mut socket).await;
        assert!(matches!(&answer, Some(Body::Delivered(_))), "it is delivered: {answer:?}");
        times.push(begin.elapsed());
    }
    times
}

async fn deliver(socket: &mut Socket, to: &[Recipient]) {
    let delivery = Delivery {
        delivery_id: random::<16>().to_vec(),
        payload: vec![0x5A; MESSAGE_BYTES],
        recipients: to.to_vec(),
        ephemeral: false,
    };
    put(socket, Body::Deliver(Deliver { request: 1, delivery: Some(delivery), version: PROTOCOL_VERSION })).await;
}

async fn put(socket: &mut Socket, body: Body) {
    // A relay that is gone is noticed by whoever reads.
    let _ = socket.send(Message::Binary(body.to_bytes().into())).await;
}

async fn next(socket: &mut Socket) -> Option<Body> {
    loop {
        match socket.next().await? {
            Ok(Message::Binary(bytes)) => return Some(Body::from_bytes(&bytes).expect("a frame")),
            Ok(Message::Close(_)) | Err(_) => return None,
            Ok(_) => {}
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("randomness");
    bytes
}
