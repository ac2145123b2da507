//! Peers that take or send their bytes slowly, or never: they cost a bounded amount, hold up nobody and are cut off.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use sealpost_wire::{frame::Body, limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::TestRelay;

/// Others are served within this while somebody is slow.
const AT_ONCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_device_that_reads_nothing_holds_up_nobody_and_loses_nothing() {
    let relay = TestRelay::start().await;
    let mut slow = relay.device(1).await;
    let other = relay.device(2).await;
    let connected = slow.connect(&relay).await;
    // More than sockets' buffers take: the relay can't get rid of it.
    for number in 0..40 {
        relay.deliver(&slow.delivery(number, &vec![number; 1 << 20])).await.expect("accepted");
        let start = Instant::now();
        relay.deliver(&other.delivery(number, b"x")).await.expect("accepted");
        assert!(start.elapsed() < AT_ONCE, "others wait");
    }
    drop(connected);
    let mut socket = slow.connect(&relay).await;
    let mut numbers = Vec::new();
    while numbers.len() < 40 {
        match socket.next().await {
            Some(Body::Push(envelope)) => {
                numbers.push(envelope.delivery_id[0]);
                socket.send(Body::Acknowledge(1)).await;
            }
            Some(_) => {}
            None => panic!("cut off"),
        }
    }
    assert_eq!(numbers, (0..40).collect::<Vec<u8>>());
}

#[tokio::test]
async fn a_sender_that_reads_no_answers_is_slowed_down_and_every_delivery_is_stored() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let mut sender = relay.sender().await;
    for request in 0..300_u32 {
        let mut delivery = device.delivery(1, b"x");
        delivery.delivery_id = [&request.to_be_bytes()[..], &[7; 12]].concat();
        let deliver = sealpost_wire::frame::Deliver {
            request,
            delivery: Some(delivery),
            version: sealpost_wire::PROTOCOL_VERSION,
        };
        sender.0.feed(Message::Binary(Body::Deliver(deliver).to_bytes().into())).await.expect("taken");
    }
    sender.0.flush().await.expect("sent");
    let mut answered = std::collections::BTreeSet::new();
    while answered.len() < 300 {
        let Some(Body::Delivered(delivered)) = sender.next().await else { panic!("an answer is due") };
        assert!(answered.insert(delivered.request), "each once");
    }
    let status: sealpost_wire::api::mailbox::MailboxStatus =
        device.ask(&relay, "GET", "/v1/mailbox/status").await.expect("status");
    assert_eq!(status.messages, 300);
}

/// A request that trickles in, a frame that is begun and never ended, an upload that is announced and never comes: each
/// is cut when nothing has moved for the idle time, and not before.
#[tokio::test]
async fn whoever_stops_in_the_midst_is_cut_and_whoever_is_slow_is_not() {
    let relay = TestRelay::start_with(|config| config.limits.idle_seconds = 5).await;
    let address = relay.url.strip_prefix("http://").expect("http").to_owned();
    let head = "POST /v1/deliveries HTTP/1.1\r\nhost: relay\r\ncontent-type: application/json\r\n";
    let mut stopped = TcpStream::connect(&address).await.expect("a connection");
    stopped.write_all(format!("{head}content-length: 1000000\r\n\r\n{{").as_bytes()).await.expect("sent");
    let mut frame = relay.sender().await;
    let half = [0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0, 1, 2, 3, 4, 5];
    match frame.0.get_mut() {
        tokio_tungstenite::MaybeTlsStream::Plain(stream) => stream.write_all(&half).await.expect("sent"),
        _ => panic!("plain"),
    }
    // A byte every half second is slow, and lives.
    let mut slow = TcpStream::connect(&address).await.expect("a connection");
    for byte in "GET /v1/r".bytes() {
        slow.write_all(&[byte]).await.expect("not cut");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    slow.write_all(b"elay HTTP/1.1\r\nhost: relay\r\nconnection: close\r\n\r\n").await.expect("not cut");
    let mut answer = Vec::new();
    slow.read_to_end(&mut answer).await.expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    let cut = tokio::time::timeout(AT_ONCE, async {
        let _ = stopped.read_to_end(&mut Vec::new()).await;
        while frame.next().await.is_some() {}
    });
    cut.await.expect("both were cut");
}

#[tokio::test]
async fn a_frame_that_announces_too_much_is_cut_before_it_is_read() {
    let relay = TestRelay::start().await;
    for length in [limits::FRAME_BYTES as u64 + 1, u64::MAX / 2] {
        let mut sender = relay.sender().await;
        let mut head = vec![0x82, 0xff];
        head.extend(length.to_be_bytes());
        head.extend([1, 2, 3, 4]);
        match sender.0.get_mut() {
            tokio_tungstenite::MaybeTlsStream::Plain(stream) => stream.write_all(&head).await.expect("sent"),
            _ => panic!("plain"),
        }
        let cut = tokio::time::timeout(AT_ONCE, async { while sender.next().await.is_some() {} });
        cut.await.expect("cut at once");
    }
}
