//! The real relay in a process of its own, as users' devices meet it: frames on sockets, without any engine's work.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use data_encoding::BASE64URL_NOPAD;
use sealpost_crypto::{
    directory_entry::sign_entry,
    hash::token_hash,
    keys::IdentityKey,
    request_signature::{SignedRequest, TLS_EXPORTER_LABEL},
};
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::{
        account::{Registered, Registration, RegistrationProof},
        directory::KeyPackages,
        header,
        mailbox::{MailboxToken, MailboxTokens},
    },
    id::{DeliveryToken, UserId},
};
use tokio::{net::TcpStream, task::JoinSet};
use tokio_rustls::{TlsConnector, client::TlsStream, rustls};
use tokio_tungstenite::WebSocketStream;

use super::{
    peer::{self, Mailbox, Peer},
    process::{self, Process},
    relay_sockets::{Account, DeviceSocket, SendingSocket, random},
};

/// No limit is in the way of the load; all of it comes from one address.
const LIMITS: &str = "anonymous_a_minute = 4000000000\nsigned_a_minute = 4000000000\nmailbox_messages = 4000000";

pub struct Relay {
    folder: PathBuf,
    address: SocketAddr,
    observed: SocketAddr,
    process: Process,
    accounts: Vec<Account>,
}

impl Relay {
    /// With so many accounts.
    pub async fn start(folder: &Path, accounts: usize) -> Self {
        fs::create_dir_all(folder).expect("the folder can be made");
        let (address, observed) = (process::free(), process::free());
        configure(folder, address, observed, "");
        let process = serve(folder, address).await;
        let mut relay = Self { folder: folder.to_owned(), address, observed, process, accounts: Vec::new() };
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        for _ in 0..accounts {
            let account = relay.register(&http).await;
            relay.accounts.push(account);
        }
        relay
    }

    async fn register(&self, http: &reqwest::Client) -> Account {
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
        Account { id, key, token, secret: registered.session_secret }
    }

    /// Starts anew after a kill without warning, and says how long it takes until it listens.
    pub async fn restart(&mut self) -> Duration {
        self.process.kill();
        let begin = Instant::now();
        self.process = serve(&self.folder, self.address).await;
        begin.elapsed()
    }

    /// Starts anew, its waits for the disk counted; `false` where nobody can count them.
    pub async fn restart_traced(&mut self) -> bool {
        self.process.kill();
        let Some(process) = Process::start_traced(&command(&self.folder), &self.folder) else { return false };
        self.process = process.listening(self.address).await;
        true
    }

    /// Starts anew with a certificate: nothing is plain any more.
    pub async fn restart_secure(&mut self) -> Secure<'_> {
        let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
        let (chain, key) = (self.folder.join("chain.pem"), self.folder.join("key.pem"));
        fs::write(&chain, made.cert.pem()).expect("the folder can be written");
        fs::write(&key, made.signing_key.serialize_pem()).expect("the folder can be written");
        let tls = format!("[tls]\ncertificate_chain = {chain:?}\nprivate_key = {key:?}");
        configure(&self.folder, self.address, self.observed, &tls);
        self.restart().await;
        let mut roots = rustls::RootCertStore::empty();
        roots.add(made.cert.der().clone()).expect("a root");
        let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Secure { relay: self, connector: TlsConnector::from(Arc::new(config)) }
    }

    /// Starts anew without one.
    pub async fn restart_plain(&mut self) {
        configure(&self.folder, self.address, self.observed, "");
        self.restart().await;
    }

    pub fn syncs(&self) -> usize {
        self.process.syncs()
    }

    /// Deliveries for devices that are away, as many for each account.
    pub async fn fill(&self, accounts: usize, messages: usize) {
        let mut senders = JoinSet::new();
        for number in 0..accounts {
            let mut sender = self.sender(Mailbox::Own(number)).await;
            senders.spawn(async move { peer::fill(&mut sender, messages / accounts).await });
        }
        senders.join_all().await;
    }

    /// What lies in its data folder.
    pub fn bytes_on_disk(&self) -> u64 {
        let entries = fs::read_dir(self.folder.join("data")).expect("the data folder");
        entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len())).sum()
    }

    /// Deliveries since it started.
    pub async fn accepted(&self) -> f64 {
        self.metric("sealpost_deliveries_accepted_total").await
    }

    /// As Prometheus would be told.
    pub async fn metric(&self, name: &str) -> f64 {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let answer = client.get(format!("http://{}/metrics", self.observed)).send().await.expect("an answer");
        let text = answer.text().await.expect("text");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        line.unwrap_or_else(|| panic!("{name} is measured"))
    }

    fn account(&self, mailbox: Mailbox) -> &Account {
        let (Mailbox::Own(number) | Mailbox::Shared(number)) = mailbox;
        &self.accounts[number]
    }
}

impl Peer for Relay {
    type Sender = SendingSocket;
    type Reader = DeviceSocket<TcpStream>;

    async fn reader(&self, of: Mailbox) -> Self::Reader {
        let socket = open(self.address, "ws", "device", tcp(self.address).await).await;
        DeviceSocket::authenticate(socket, self.account(of), None).await
    }

    async fn sender(&self, to: Mailbox) -> SendingSocket {
        let socket = open(self.address, "ws", "send", tcp(self.address).await).await;
        match to {
            Mailbox::Own(_) => SendingSocket::new(socket, &[self.account(to)]),
            Mailbox::Shared(_) => {
                let all: Vec<&Account> = self.accounts[..peer::FANNED_OUT].iter().collect();
                SendingSocket::new(socket, &all)
            }
        }
    }

    async fn idle(&self, number: usize) -> impl Sized {
        self.reader(Mailbox::Own(number)).await
    }

    fn resident_bytes(&self) -> f64 {
        self.process.resident_bytes()
    }
}

/// The relay with a certificate, for connections that do nothing.
pub struct Secure<'relay> {
    relay: &'relay Relay,
    connector: TlsConnector,
}

impl Peer for Secure<'_> {
    type Sender = SendingSocket;
    type Reader = DeviceSocket<TlsStream<TcpStream>>;

    async fn reader(&self, of: Mailbox) -> Self::Reader {
        let address = self.relay.address;
        let name = rustls::pki_types::ServerName::from(address.ip());
        let stream = self.connector.connect(name, tcp(address).await).await.expect("a handshake");
        let exporter = stream.get_ref().1.export_keying_material([0; 32], TLS_EXPORTER_LABEL, None);
        let socket = open(address, "wss", "device", stream).await;
        DeviceSocket::authenticate(socket, self.relay.account(of), Some(&exporter.expect("exported"))).await
    }

    async fn sender(&self, _: Mailbox) -> SendingSocket {
        unreachable!("nothing is sent to connections that do nothing")
    }

    async fn idle(&self, number: usize) -> impl Sized {
        self.reader(Mailbox::Own(number)).await
    }

    fn resident_bytes(&self) -> f64 {
        self.relay.resident_bytes()
    }
}

async fn tcp(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.expect("the relay listens");
    stream.set_nodelay(true).expect("a socket");
    stream
}

async fn open<S>(address: SocketAddr, scheme: &str, kind: &str, stream: S) -> WebSocketStream<S>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let url = format!("{scheme}://{address}/v1/socket/{kind}");
    tokio_tungstenite::client_async(url, stream).await.expect("a socket").0
}

fn configure(folder: &Path, address: SocketAddr, observed: SocketAddr, more: &str) {
    let addresses = format!("listen = \"{address}\"\nobserve = \"{observed}\"");
    let data = format!("data = {:?}", folder.join("data"));
    let lines = [&data, &addresses, "[registration]", "open = true", "[limits]", LIMITS, more];
    fs::write(folder.join("relay.toml"), lines.join("\n")).expect("the folder can be written");
}

async fn serve(folder: &Path, address: SocketAddr) -> Process {
    Process::start(command(folder)).expect("it starts").listening(address).await
}

/// The program that was built beside this one.
fn command(folder: &Path) -> Command {
    let program = std::env::current_exe().expect("a program").with_file_name("sealpost-server");
    assert!(program.is_file(), "{} is missing: make bench-peers builds it", program.display());
    let mut command = Command::new(program);
    command.args(["serve", "--config"]).arg(folder.join("relay.toml")).env("RUST_LOG", "error");
    command
}
