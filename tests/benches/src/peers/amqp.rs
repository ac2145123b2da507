//! As much of AMQP 0-9-1 as the load needs: confirmed publishing into quorum queues, and acknowledged reading.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

use super::{
    broker::{self, Broker},
    load::{Counter, MESSAGE_BYTES, ON_THE_WAY, PAIRS},
};

const METHOD: u8 = 1;
const HEADER: u8 = 2;
const BODY: u8 = 3;
const END: u8 = 0xCE;

const START: (u16, u16) = (10, 10);
const TUNE: (u16, u16) = (10, 30);
const OPEN_OK: (u16, u16) = (10, 41);
const CHANNEL_OPEN_OK: (u16, u16) = (20, 11);
const DECLARE_OK: (u16, u16) = (50, 11);
const QOS_OK: (u16, u16) = (60, 11);
const CONSUME_OK: (u16, u16) = (60, 21);
const DELIVER: (u16, u16) = (60, 60);
const ACK: (u16, u16) = (60, 80);
const CONFIRM_OK: (u16, u16) = (85, 11);

/// Messages that arrive in a second, each publisher with a quorum queue and a reader of its own.
pub async fn pairs(broker: &Broker) -> f64 {
    let counter = Counter::default();
    for pair in 0..PAIRS {
        let queue = format!("pair-{pair}");
        let mut reader = Client::connect(broker.address).await;
        reader.declare(&queue).await;
        tokio::spawn(reader.consume(queue.clone(), counter.clone()));
        tokio::spawn(Client::connect(broker.address).await.publish(queue, counter.clone()));
    }
    counter.rate().await
}

struct Client {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn connect(address: SocketAddr) -> Self {
        let (reader, mut writer) = broker::connect(address).await;
        writer.write_all(b"AMQP\x00\x00\x09\x01").await.expect("it is taken");
        let mut client = Self { reader, writer };
        client.expect(START).await;
        let answer = [&[0; 4], short("PLAIN").as_slice(), &long(b"\0guest\0guest"), &short("en_US")].concat();
        client.call(0, (10, 11), &answer).await;
        let limits = client.expect(TUNE).await;
        // No heartbeat.
        client.call(0, (10, 31), &[&limits[..6], &[0, 0]].concat()).await;
        client.call(0, (10, 40), &[short("/").as_slice(), &short(""), &[0]].concat()).await;
        client.expect(OPEN_OK).await;
        client.call(1, (20, 10), &short("")).await;
        client.expect(CHANNEL_OPEN_OK).await;
        client
    }

    async fn declare(&mut self, queue: &str) {
        let durable = 0b10;
        let kind = [short("x-queue-type").as_slice(), b"S", &long(b"quorum")].concat();
        let arguments = [&[0, 0], short(queue).as_slice(), &[durable], &long(&kind)].concat();
        self.call(1, (50, 10), &arguments).await;
        self.expect(DECLARE_OK).await;
    }

    async fn consume(mut self, queue: String, counter: Counter) {
        self.call(1, (60, 10), &[0, 0, 0, 0, 0, 64, 0]).await;
        self.expect(QOS_OK).await;
        let arguments = [&[0, 0], short(&queue).as_slice(), &short(""), &[0], &long(b"")].concat();
        self.call(1, (60, 20), &arguments).await;
        self.expect(CONSUME_OK).await;
        let mut tag = [0; 8];
        while !counter.is_over() {
            let Some((kind, payload)) = self.frame().await else { return };
            match kind {
                METHOD if method(&payload) == DELIVER => {
                    let place = 5 + usize::from(payload[4]);
                    tag.copy_from_slice(&payload[place..place + 8]);
                }
                BODY => {
                    counter.add(1);
                    self.call(1, ACK, &[tag.as_slice(), &[0]].concat()).await;
                }
                _ => {}
            }
        }
    }

    async fn publish(mut self, queue: String, counter: Counter) {
        self.call(1, (85, 10), &[0]).await;
        self.expect(CONFIRM_OK).await;
        let arguments = [&[0, 60, 0, 40, 0, 0], short("").as_slice(), &short(&queue), &[0]].concat();
        let persistent = 2;
        let size = (MESSAGE_BYTES as u64).to_be_bytes();
        let header = [&[0, 60, 0, 0], size.as_slice(), &[0x10, 0, persistent]].concat();
        let message =
            [frame(METHOD, 1, &arguments), frame(HEADER, 1, &header), frame(BODY, 1, &[0x5A; MESSAGE_BYTES])].concat();
        let (mut due, mut confirmed) = (ON_THE_WAY as u64, 0);
        while !counter.is_over() {
            for _ in 0..due {
                if self.writer.write_all(&message).await.is_err() {
                    return;
                }
            }
            let Some((_, payload)) = self.frame().await else { return };
            due = 0;
            if method(&payload) == ACK {
                let tag = u64::from_be_bytes(payload[4..12].try_into().expect("a tag"));
                // One confirmation may stand for all before it.
                due = if payload[12] & 1 == 1 { tag - confirmed } else { 1 };
                confirmed = tag.max(confirmed);
            }
        }
    }

    async fn call(&mut self, channel: u16, (class, name): (u16, u16), arguments: &[u8]) {
        let payload = [class.to_be_bytes().as_slice(), &name.to_be_bytes(), arguments].concat();
        // A broker that is gone is noticed by whoever reads.
        let _ = self.writer.write_all(&frame(METHOD, channel, &payload)).await;
    }

    /// The arguments of the method that has to come now.
    async fn expect(&mut self, wanted: (u16, u16)) -> Vec<u8> {
        let (_, payload) = self.frame().await.expect("an answer");
        assert_eq!(method(&payload), wanted, "{}", String::from_utf8_lossy(&payload));
        payload[4..].to_vec()
    }

    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let kind = self.reader.read_u8().await.ok()?;
        let _channel = self.reader.read_u16().await.ok()?;
        let length = self.reader.read_u32().await.ok()?;
        let mut payload = vec![0; length as usize];
        self.reader.read_exact(&mut payload).await.ok()?;
        (self.reader.read_u8().await.ok()? == END).then_some((kind, payload))
    }
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
