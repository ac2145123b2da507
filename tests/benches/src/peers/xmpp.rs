//! Prosody, and as much of XMPP as the load needs: stanzas between anonymous users, acknowledged by XEP-0198.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::Path, process::Command, sync::Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

use super::{
    load::MESSAGE_BYTES,
    peer::{Mailbox, Peer, Reader, Sender},
    process::{self, Process},
};

const STREAM: &str = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' \
                      xmlns:stream='http://etherx.jabber.org/streams'>";
const ANONYMOUS: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'/>";
const BIND: &str = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3'/>";
const REQUEST: &str = "<r xmlns='urn:xmpp:sm:3'/>";

pub struct Prosody {
    address: SocketAddr,
    process: Process,
    /// The readers' addresses, which it draws at random.
    addresses: Mutex<BTreeMap<usize, String>>,
}

impl Prosody {
    /// `None` where it is not installed.
    pub async fn start(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("the folder can be made");
        let address = process::free();
        let lines = [
            "run_as_root = true",
            &format!("pidfile = {:?}", folder.join("pid")),
            &format!("data_path = {folder:?}"),
            "log = { { levels = { \"error\" }, to = \"file\", filename = \"log\" } }",
            "interfaces = { \"127.0.0.1\" }",
            &format!("c2s_ports = {{ {} }}", address.port()),
            "modules_enabled = { \"saslauth\", \"smacks\" }",
            "modules_disabled = { \"s2s\", \"tls\" }",
            "c2s_require_encryption = false",
            "authentication = \"anonymous\"",
            "VirtualHost \"localhost\"",
        ];
        let configuration = folder.join("prosody.cfg.lua");
        fs::write(&configuration, lines.join("\n")).expect("the folder can be written");
        let mut command = Command::new("prosody");
        // Whatever it writes beside its configuration stays in its folder.
        command.current_dir(folder);
        command.arg("--config").arg(configuration).arg("--foreground");
        let process = Process::start(command)?.listening(address).await;
        Some(Self { address, process, addresses: Mutex::default() })
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, String>> {
        self.addresses.lock().expect("nobody panicked")
    }
}

impl Peer for Prosody {
    type Sender = Client;
    type Reader = Client;

    async fn reader(&self, of: Mailbox) -> Client {
        let (client, address) = Client::connect(self.address).await;
        self.addresses().insert(number(of), address);
        client
    }

    async fn sender(&self, to: Mailbox) -> Client {
        let (mut client, _) = Client::connect(self.address).await;
        let address = self.addresses().get(&number(to)).cloned().expect("the reader came first");
        let body = "Z".repeat(MESSAGE_BYTES);
        client.message = format!("<message to='{address}' type='chat'><body>{body}</body></message>{REQUEST}");
        client
    }

    async fn idle(&self, number: usize) -> impl Sized {
        self.reader(Mailbox::Own(number)).await
    }

    fn resident_bytes(&self) -> f64 {
        self.process.resident_bytes()
    }
}

fn number(mailbox: Mailbox) -> usize {
    match mailbox {
        Mailbox::Own(number) => number,
        Mailbox::Shared(_) => unreachable!("it has no address for many"),
    }
}

pub struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// What came and is not yet whole.
    rest: Vec<u8>,
    message: String,
    /// Stanzas that came, as it is told.
    taken: usize,
}

impl Client {
    async fn connect(address: SocketAddr) -> (Self, String) {
        let (reader, writer) = process::connect(address).await;
        let mut client = Self { reader, writer, rest: Vec::new(), message: String::new(), taken: 0 };
        client.ask(STREAM, "</stream:features>").await;
        client.ask(ANONYMOUS, "<success").await;
        client.rest.clear();
        client.ask(STREAM, "</stream:features>").await;
        let bound = client.ask(BIND, "</iq>").await;
        let address = bound.split("<jid>").nth(1).and_then(|rest| rest.split("</jid>").next());
        let address = address.unwrap_or_else(|| panic!("an address: {bound}")).to_owned();
        client.ask(ENABLE, "<enabled").await;
        client.rest.clear();
        (client, address)
    }

    /// What comes until this is in it.
    async fn ask(&mut self, question: &str, until: &str) -> String {
        self.writer.write_all(question.as_bytes()).await.expect("it is taken");
        loop {
            self.more().await;
            let text = String::from_utf8_lossy(&self.rest).into_owned();
            if text.contains(until) && text.ends_with('>') {
                self.rest.clear();
                return text;
            }
        }
    }

    async fn more(&mut self) {
        let read = self.reader.read_buf(&mut self.rest).await.expect("it answers");
        assert!(read > 0, "it goes on: {}", String::from_utf8_lossy(&self.rest));
    }

    /// Forgets what is whole, and says how often this was in it.
    fn take(&mut self, wanted: &[u8], also: &[u8]) -> (usize, usize) {
        let end = self.rest.iter().rposition(|byte| *byte == b'>').map_or(0, |place| place + 1);
        let whole: Vec<u8> = self.rest.drain(..end).collect();
        let (mut found, mut also_found) = (0, 0);
        for tag in whole.split(|byte| *byte == b'<') {
            found += usize::from(tag.starts_with(wanted));
            also_found += usize::from(tag.starts_with(also));
        }
        (found, also_found)
    }
}

impl Sender for Client {
    async fn send(&mut self) {
        self.writer.write_all(self.message.as_bytes()).await.expect("it is taken");
    }

    async fn answered(&mut self) -> usize {
        loop {
            let (answers, _) = self.take(b"a ", b"a ");
            if answers > 0 {
                return answers;
            }
            self.more().await;
        }
    }
}

impl Reader for Client {
    async fn arrived(&mut self) -> usize {
        loop {
            let (messages, requests) = self.take(b"/message", b"r ");
            self.taken += messages;
            if requests > 0 {
                let answer = format!("<a xmlns='urn:xmpp:sm:3' h='{}'/>", self.taken);
                self.writer.write_all(answer.as_bytes()).await.expect("it is taken");
            }
            if messages > 0 {
                return messages;
            }
            self.more().await;
        }
    }
}
