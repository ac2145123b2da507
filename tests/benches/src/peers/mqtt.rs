//! As much of MQTT 3.1.1 as the load needs, with nothing in the way of the broker.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::tcp::{OwnedReadHalf, OwnedWriteHalf},
};

use super::{
    broker::{self, Broker},
    load::{Counter, MESSAGE_BYTES, ON_THE_WAY, PAIRS},
};

const PUBLISH: u8 = 3;
const PUBACK: u8 = 4;

/// Messages that arrive in a second, each publisher with one subscriber.
pub async fn pairs(broker: &Broker) -> f64 {
    let counter = Counter::default();
    for pair in 0..PAIRS {
        let topic = format!("pair/{pair}");
        tokio::spawn(subscribe(broker.address, format!("s{pair}"), topic.clone(), counter.clone()).await);
        tokio::spawn(publish(broker.address, format!("p{pair}"), topic, counter.clone()));
    }
    counter.rate().await
}

/// The same for one publisher whom all read.
pub async fn fan_out(broker: &Broker, readers: usize) -> f64 {
    let counter = Counter::default();
    for reader in 0..readers {
        tokio::spawn(subscribe(broker.address, format!("f{reader}"), "all".to_owned(), counter.clone()).await);
    }
    tokio::spawn(publish(broker.address, "fp".to_owned(), "all".to_owned(), counter.clone()));
    counter.rate().await
}

/// Subscribes, and gives what then reads and acknowledges.
async fn subscribe(
    address: SocketAddr,
    name: String,
    topic: String,
    counter: Counter,
) -> impl Future<Output = ()> + Send {
    let (mut reader, mut writer) = connect(address, &name).await;
    let mut body = vec![0, 1];
    body.extend(text(&topic));
    body.push(1);
    writer.write_all(&packet(0x82, &body)).await.expect("it is taken");
    assert_eq!(next(&mut reader).await.expect("an answer").0 >> 4, 9, "it is subscribed");
    async move {
        while !counter.is_over() {
            let Some((kind, body)) = next(&mut reader).await else { return };
            if kind >> 4 == PUBLISH {
                counter.add(1);
                let place = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
                if writer.write_all(&packet(PUBACK << 4, &body[place..place + 2])).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn publish(address: SocketAddr, name: String, topic: String, counter: Counter) {
    let (mut reader, mut writer) = connect(address, &name).await;
    let mut number: u16 = 0;
    let mut due = ON_THE_WAY;
    while !counter.is_over() {
        for _ in 0..due {
            number = number.checked_add(1).unwrap_or(1);
            let mut body = text(&topic);
            body.extend(number.to_be_bytes());
            body.resize(body.len() + MESSAGE_BYTES, 0x5A);
            if writer.write_all(&packet(PUBLISH << 4 | 0b10, &body)).await.is_err() {
                return;
            }
        }
        let Some((kind, _)) = next(&mut reader).await else { return };
        due = usize::from(kind >> 4 == PUBACK);
    }
}

async fn connect(address: SocketAddr, name: &str) -> (BufReader<OwnedReadHalf>, OwnedWriteHalf) {
    let (mut reader, mut writer) = broker::connect(address).await;
    let mut body = text("MQTT");
    // Version 3.1.1, a clean session, no keep-alive.
    body.extend([4, 2, 0, 0]);
    body.extend(text(name));
    writer.write_all(&packet(0x10, &body)).await.expect("it is taken");
    assert_eq!(next(&mut reader).await.expect("an answer"), (0x20, vec![0, 0]), "it is connected");
    (reader, writer)
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
async fn next(reader: &mut BufReader<OwnedReadHalf>) -> Option<(u8, Vec<u8>)> {
    let kind = reader.read_u8().await.ok()?;
    let (mut length, mut place) = (0, 0);
    loop {
        let byte = reader.read_u8().await.ok()?;
        length |= usize::from(byte & 127) << place;
        place += 7;
        if byte < 128 {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.ok()?;
    Some((kind, body))
}
