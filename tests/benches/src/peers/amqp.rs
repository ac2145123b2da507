//! RabbitMQ, and as much of AMQP 0-9-1 as the load needs: confirmed publishing into quorum queues, acknowledged reads.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

use super::{
    load::MESSAGE_BYTES,
    peer::{Mailbox, Peer, Reader, Sender},
    process::{self, Process},
};

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;

const START: (u16, u16) = (10, 10);
const START_OK: (u16, u16) = (10, 11);
const TUNE: (u16, u16) = (10, 30);
const TUNE_OK: (u16, u16) = (10, 31);
const OPEN: (u16, u16) = (10, 40);
const OPEN_OK: (u16, u16) = (10, 41);
const CHANNEL_OPEN: (u16, u16) = (20, 10);
const CHANNEL_OPEN_OK: (u16, u16) = (20, 11);
const EXCHANGE_DECLARE: (u16, u16) = (40, 10);
const EXCHANGE_DECLARE_OK: (u16, u16) = (40, 11);
const DECLARE: (u16, u16) = (50, 10);
const DECLARE_OK: (u16, u16) = (50, 11);
const BIND: (u16, u16) = (50, 20);
const BIND_OK: (u16, u16) = (50, 21);
const QOS: (u16, u16) = (60, 10);
const QOS_OK: (u16, u16) = (60, 11);
const CONSUME: (u16, u16) = (60, 20);
const CONSUME_OK: (u16, u16) = (60, 21);
const DELIVER: (u16, u16) = (60, 60);
const ACK: (u16, u16) = (60, 80);
const CONFIRM: (u16, u16) = (85, 10);
const CONFIRM_OK: (u16, u16) = (85, 11);

const DURABLE: u8 = 0b10;
/// Messages that a reader holds without having acknowledged them.
const PREFETCHED: u16 = 64;
/// The exchange of all queues that read the same.
const SHARED: &str = "shared";

pub struct Rabbit {
    address: SocketAddr,
    process: Process,
    /// Tells Erlang's nodes where they are; ends after the one that asks it.
    _names: Process,
}

impl Rabbit {
    /// `None` where it is not installed.
    pub async fn start(folder: &Path, traced: bool) -> Option<Self> {
        fs::create_dir_all(folder).expect("the folder can be made");
        let (address, distribution, names) = (process::free(), process::free(), process::free());
        let mut epmd = Command::new("epmd");
        epmd.args(["-address", "127.0.0.1", "-port", &names.port().to_string()]);
        let name_server = Process::start(epmd)?;
        let mut command = Command::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
        command
            .env("HOME", folder)
            .env("ERL_EPMD_PORT", names.port().to_string())
            .env("RABBITMQ_NODENAME", format!("sealpost-{}@localhost", address.port()))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", address.port().to_string())
            .env("RABBITMQ_DIST_PORT", distribution.port().to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1}")
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("log"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", folder.join("plugins"))
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("environment"));
        let process = if traced { Process::start_traced(&command, folder)? } else { Process::start(command)? };
        Some(Self { address, process: process.listening(address).await, _names: name_server })
    }

    pub fn syncs(&self) -> usize {
        self.process.syncs()
    }
}

impl Peer for Rabbit {
    type Sender = Publisher;
    type Reader = Consumer;

    async fn reader(&self, of: Mailbox) -> Consumer {
        let mut client = Client::connect(self.address).await;
        let queue = client.declare(of).await;
        client.call(QOS, &[&[0, 0, 0, 0], PREFETCHED.to_be_bytes().as_slice(), &[0]].concat(), QOS_OK).await;
        let arguments = [&[0, 0], short(&queue).as_slice(), &short(""), &[0], &long(b"")].concat();
        client.call(CONSUME, &arguments, CONSUME_OK).await;
        Consumer { client, tag: [0; 8] }
    }

    async fn sender(&self, to: Mailbox) -> Publisher {
        let mut client = Client::connect(self.address).await;
        client.call(CONFIRM, &[0], CONFIRM_OK).await;
        let (exchange, queue) = match to {
            Mailbox::Own(_) => ("", name(to)),
            Mailbox::Shared(_) => (SHARED, String::new()),
        };
        let arguments = [&[0, 60, 0, 40, 0, 0], short(exchange).as_slice(), &short(&queue), &[0]].concat();
        let persistent = 2;
        let size = (MESSAGE_BYTES as u64).to_be_bytes();
        let header = [&[0, 60, 0, 0], size.as_slice(), &[0x10, 0, persistent]].concat();
        let message =
            [frame(METHOD, 1, &arguments), frame(HEADER, 1, &header), frame(BODY, 1, &[0x5A; MESSAGE_BYTES])].concat();
        Publisher { client, message, confirmed: 0, ahead: Vec::new() }
    }

    async fn idle(&self, _: usize) -> impl Sized {
        Client::connect(self.address).await
    }

    fn resident_bytes(&self) -> f64 {
        self.process.resident_bytes()
    }
}

pub struct Publisher {
    client: Client,
    message: Vec<u8>,
    /// All up to this one are confirmed.
    confirmed: u64,
    /// Confirmed before one that came first.
    ahead: Vec<u64>,
}

impl Sender for Publisher {
    async fn send(&mut self) {
        self.client.writer.write_all(&self.message).await.expect("it is taken");
    }

    async fn answered(&mut self) -> usize {
        let (_, payload) = self.client.frame().await;
        assert_eq!(method(&payload), ACK, "it is confirmed");
        let tag = u64::from_be_bytes(payload[4..12].try_into().expect("a tag"));
        if payload[12] & 1 == 0 {
            self.ahead.push(tag);
            return 1;
        }
        // One confirmation stands for all before it that were not confirmed one by one.
        let known = self.ahead.extract_if(.., |ahead| *ahead <= tag).filter(|ahead| *ahead > self.confirmed).count();
        let answered = tag - self.confirmed - known as u64;
        self.confirmed = tag;
        answered as usize
    }
}

pub struct Consumer {
    client: Client,
    /// Of the message that is coming.
    tag: [u8; 8],
}

impl Reader for Consumer {
    async fn arrived(&mut self) -> usize {
        let mut messages = 0;
        loop {
            let (kind, payload) = self.client.frame().await;
            match kind {
                METHOD if method(&payload) == DELIVER => {
                    let place = 5 + usize::from(payload[4]);
                    self.tag.copy_from_slice(&payload[place..place + 8]);
                }
                BODY => messages += 1,
                _ => continue,
            }
            // All that has come is acknowledged together.
            if kind == BODY && self.client.reader.buffer().is_empty() || messages == usize::from(PREFETCHED) / 2 {
                let all_before = 1;
                self.client.put(1, ACK, &[self.tag.as_slice(), &[all_before]].concat()).await;
                return messages;
            }
        }
    }
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let (reader, mut writer) = process::connect(address).await;
        writer.write_all(b"AMQP\x00\x00\x09\x01").await.expect("it is taken");
        let mut client = Self { reader, writer };
        client.expect(START).await;
        let answer = [&[0; 4], short("PLAIN").as_slice(), &long(b"\0guest\0guest"), &short("en_US")].concat();
        client.put(0, START_OK, &answer).await;
        let limits = client.expect(TUNE).await;
        let no_heartbeat = [0, 0];
        client.put(0, TUNE_OK, &[&limits[..6], &no_heartbeat].concat()).await;
        client.put(0, OPEN, &[short("/").as_slice(), &short(""), &[0]].concat()).await;
        client.expect(OPEN_OK).await;
        client.call(CHANNEL_OPEN, &short(""), CHANNEL_OPEN_OK).await;
        client
    }

    /// Makes the mailbox's queue where there is none yet.
    async fn declare(&mut self, mailbox: Mailbox) -> String {
        let queue = name(mailbox);
        let kind = [short("x-queue-type").as_slice(), b"S", &long(b"quorum")].concat();
        let arguments = [&[0, 0], short(&queue).as_slice(), &[DURABLE], &long(&kind)].concat();
        self.call(DECLARE, &arguments, DECLARE_OK).await;
        if let Mailbox::Shared(_) = mailbox {
            let arguments = [&[0, 0], short(SHARED).as_slice(), &short("fanout"), &[DURABLE], &long(b"")].concat();
            self.call(EXCHANGE_DECLARE, &arguments, EXCHANGE_DECLARE_OK).await;
            let bound = [short(&queue), short(SHARED), short("")].concat();
            self.call(BIND, &[&[0, 0], bound.as_slice(), &[0], &long(b"")].concat(), BIND_OK).await;
        }
        queue
    }

    async fn call(&mut self, method: (u16, u16), arguments: &[u8], answer: (u16, u16)) {
        self.put(1, method, arguments).await;
        self.expect(answer).await;
    }

    async fn put(&mut self, channel: u16, (class, name): (u16, u16), arguments: &[u8]) {
        let payload = [class.to_be_bytes().as_slice(), &name.to_be_bytes(), arguments].concat();
        self.writer.write_all(&frame(METHOD, channel, &payload)).await.expect("it is taken");
    }

    /// The arguments of the method that has to come now.
    async fn expect(&mut self, wanted: (u16, u16)) -> Vec<u8> {
        let (_, payload) = self.frame().await;
        assert_eq!(method(&payload), wanted, "{}", String::from_utf8_lossy(&payload));
        payload[4..].to_vec()
    }

    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let kind = self.reader.read_u8().await.expect("a frame");
        let _channel = self.reader.read_u16().await.expect("its channel");
        let length = self.reader.read_u32().await.expect("its length");
        let mut payload = vec![0; length as usize];
        self.reader.read_exact(&mut payload).await.expect("its payload");
        assert_eq!(self.reader.read_u8().await.expect("its end"), END);
        (kind, payload)
    }
}

fn name(mailbox: Mailbox) -> String {
    format!("{mailbox:?}")
}

fn method(payload: &[u8]) -> (u16, u16) {
    (u16::from_be_bytes([payload[0], payload[1]]), u16::from_be_bytes([payload[2], payload[3]]))
}

fn frame(kind: u8, channel: u16, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("it is short");
    [&[kind], channel.to_be_bytes().as_slice(), &length.to_be_bytes(), payload, &[END]].concat()
}

fn short(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("it is short");
    [&[length], text.as_bytes()].concat()
}

fn long(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("it is short");
    [length.to_be_bytes().as_slice(), bytes].concat()
}
