//! Mosquitto, and as much of MQTT 3.1.1 as the load needs: quality of service 1, with nothing in the broker's way.

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

const CONNECT: u8 = 0x10;
const PUBLISH: u8 = 0x30;
const PUBACK: u8 = 0x40;
const SUBSCRIBE: u8 = 0x82;
const SUBACK: u8 = 0x90;
const AT_LEAST_ONCE: u8 = 1;

pub struct Mosquitto {
    address: SocketAddr,
    process: Process,
}

impl Mosquitto {
    /// `None` where it is not installed.
    pub async fn start(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("the folder can be made");
        let address = process::free();
        let lines = [
            &format!("listener {} 127.0.0.1", address.port()),
            "allow_anonymous true",
            "persistence false",
            "max_inflight_messages 1000",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            "log_dest none",
        ];
        let configuration = folder.join("mosquitto.conf");
        fs::write(&configuration, lines.join("\n")).expect("the folder can be written");
        let mut command = Command::new("/usr/sbin/mosquitto");
        command.arg("-c").arg(configuration);
        Some(Self { address, process: Process::start(command)?.listening(address).await })
    }
}

impl Peer for Mosquitto {
    type Sender = Publisher;
    type Reader = Subscriber;

    async fn reader(&self, of: Mailbox) -> Subscriber {
        Subscriber::open(self.address, of).await
    }

    async fn sender(&self, to: Mailbox) -> Publisher {
        // A clean session without a name.
        let Client { reader, writer, .. } = Client::connect(self.address, "", 2).await;
        let mut message = text(&topic(to));
        let number_at = message.len();
        message.resize(number_at + 2 + MESSAGE_BYTES, 0x5A);
        let message = packet(PUBLISH | AT_LEAST_ONCE << 1, &message);
        let number_at = message.len() - MESSAGE_BYTES - 2;
        Publisher { reader, writer, message, number_at, number: 0 }
    }

    async fn idle(&self, number: usize) -> impl Sized {
        Subscriber::open(self.address, Mailbox::Own(10_000 + number)).await
    }

    fn resident_bytes(&self) -> f64 {
        self.process.resident_bytes()
    }
}

pub struct Publisher {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    message: Vec<u8>,
    number_at: usize,
    number: u16,
}

impl Sender for Publisher {
    async fn send(&mut self) {
        self.number = self.number.checked_add(1).unwrap_or(1);
        self.message[self.number_at..self.number_at + 2].copy_from_slice(&self.number.to_be_bytes());
        self.writer.write_all(&self.message).await.expect("it is taken");
    }

    async fn answered(&mut self) -> usize {
        let (kind, _) = next(&mut self.reader).await;
        assert_eq!(kind, PUBACK, "it is acknowledged");
        1
    }
}

pub struct Subscriber {
    client: Client,
    /// Came before the subscription was confirmed: what had waited.
    early: usize,
}

impl Subscriber {
    async fn open(address: SocketAddr, of: Mailbox) -> Self {
        let (name, topic) = (format!("{of:?}"), topic(of));
        let mut client = Client::connect(address, &name, 0).await;
        let mut early = 0;
        if client.is_new {
            let body = [&[0, 1], text(&topic).as_slice(), &[AT_LEAST_ONCE]].concat();
            client.writer.write_all(&packet(SUBSCRIBE, &body)).await.expect("it is taken");
            loop {
                match next(&mut client.reader).await {
                    (SUBACK, _) => break,
                    (_, body) => early += client.acknowledge(&body).await,
                }
            }
        }
        Self { client, early }
    }
}

impl Reader for Subscriber {
    async fn arrived(&mut self) -> usize {
        let early = std::mem::take(&mut self.early);
        if early > 0 {
            return early;
        }
        let (kind, body) = next(&mut self.client.reader).await;
        assert_eq!(kind & 0xF0, PUBLISH, "only messages come");
        self.client.acknowledge(&body).await
    }
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// The broker knew nothing of it.
    is_new: bool,
}

impl Client {
    async fn connect(address: SocketAddr, name: &str, flags: u8) -> Self {
        let (mut reader, mut writer) = process::connect(address).await;
        // Version 3.1.1, no keep-alive.
        let body = [text("MQTT").as_slice(), &[4, flags, 0, 0], &text(name)].concat();
        writer.write_all(&packet(CONNECT, &body)).await.expect("it is taken");
        let (_, answer) = next(&mut reader).await;
        assert_eq!(answer[1], 0, "it is connected");
        Self { reader, writer, is_new: answer[0] == 0 }
    }

    async fn acknowledge(&mut self, message: &[u8]) -> usize {
        let place = 2 + usize::from(u16::from_be_bytes([message[0], message[1]]));
        self.writer.write_all(&packet(PUBACK, &message[place..place + 2])).await.expect("it is taken");
        1
    }
}

fn topic(mailbox: Mailbox) -> String {
    match mailbox {
        Mailbox::Own(number) => format!("own/{number}"),
        Mailbox::Shared(_) => "shared".to_owned(),
    }
}

fn text(text: &str) -> Vec<u8> {
    let length = u16::try_from(text.len()).expect("it is short");
    [length.to_be_bytes().as_slice(), text.as_bytes()].concat()
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut left = body.len();
    loop {
        let more = if left > 127 { 128 } else { 0 };
        packet.push((left % 128) as u8 | more);
        left /= 128;
        if left == 0 {
            packet.extend(body);
            return packet;
        }
    }
}

/// The next packet: its first byte and its body.
async fn next(reader: &mut BufReader<OwnedReadHalf>) -> (u8, Vec<u8>) {
    let kind = reader.read_u8().await.expect("a packet");
    let (mut length, mut place) = (0, 0);
    loop {
        let byte = reader.read_u8().await.expect("its length");
        length |= usize::from(byte & 127) << place;
        place += 7;
        if byte < 128 {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.expect("its body");
    (kind, body)
}
