//! Input of bad peers: a clear refusal, nothing lost, nobody else harmed.

use futures_util::SinkExt;
use sealpost_wire::{
    api::mailbox::{MailboxToken, MailboxTokens},
    envelope::Delivery,
    error::ErrorCode,
    frame::{Authenticate, Body, Deliver, Nothing},
    limits,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{Socket, TestRelay, refused};

#[tokio::test]
async fn bodies_that_are_no_json_or_of_the_wrong_shape_are_malformed() {
    let relay = TestRelay::start().await;
    for body in ["", "{", "[]", "null", r#"{"delivery_id":"!!"}"#, &"[".repeat(100_000)] {
        let sent = relay.http().post(format!("{}/v1/deliveries", relay.url)).body(body.to_owned()).send();
        let answer: serde_json::Value = sent.await.expect("an answer").json().await.expect("an error");
        assert_eq!(answer["code"], "malformed");
        assert!(!answer["detail"].as_str().expect("text").contains("!!"), "the body is not quoted");
    }
    let oversize = relay.http().post(format!("{}/v1/deliveries", relay.url)).body(vec![b' '; limits::FRAME_BYTES + 1]);
    assert!(oversize.send().await.map_or(true, |answer| answer.status().as_u16() == 413));
    assert_eq!(refused(relay.get::<()>("/v1/nothing").await), ErrorCode::NotFound);
    assert_eq!(refused(relay.send::<()>("DELETE", "/v1/relay", &()).await), ErrorCode::NotFound);
}

#[tokio::test]
async fn deliveries_beyond_a_limit_name_it() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let good = device.delivery(1, b"x");
    let cases = [
        (Delivery { delivery_id: vec![1; 15], ..good.clone() }, ErrorCode::Malformed),
        (Delivery { payload: Vec::new(), ..good.clone() }, ErrorCode::TooLarge),
        (Delivery { payload: vec![0; limits::PAYLOAD_BYTES + 1], ..good.clone() }, ErrorCode::TooLarge),
        (Delivery { recipients: Vec::new(), ..good.clone() }, ErrorCode::TooLarge),
        (
            Delivery { recipients: vec![device.recipient(); limits::RECIPIENTS + 1], ..good.clone() },
            ErrorCode::TooLarge,
        ),
    ];
    for (delivery, code) in cases {
        assert_eq!(refused(relay.deliver(&delivery).await), code);
    }
    for change in [0, 1, 2] {
        let mut delivery = good.clone();
        match change {
            0 => delivery.recipients[0].mailbox = "NOBODY".to_owned(),
            1 => delivery.recipients[0].token = vec![1; 17],
            _ => delivery.recipients[0].wrapped_key = vec![1; 79],
        }
        assert_eq!(refused(relay.deliver(&delivery).await), ErrorCode::Malformed);
    }
    let largest = Delivery { payload: vec![0; limits::PAYLOAD_BYTES], ..good };
    assert!(relay.deliver(&largest).await.expect("accepted").refused.is_empty());
    let Some(Body::Delivered(_)) = relay.sender().await.deliver(1, largest).await else { panic!("also by socket") };
}

#[tokio::test]
async fn garbage_on_a_socket_ends_it_with_a_failure_and_nothing_else() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let garbage = [
        Message::Binary(vec![0xff; 100].into()),
        Message::Binary(Vec::new().into()),
        Message::Text("hello".into()),
        Message::Binary(Body::Empty(Nothing {}).to_bytes().into()),
    ];
    for message in garbage {
        let mut sender = relay.sender().await;
        sender.0.send(message.clone()).await.expect("sent");
        assert!(fails(&mut sender).await);
        let mut unproven = relay.socket("/v1/socket/device").await;
        assert!(matches!(unproven.next().await, Some(Body::Hello(_))));
        unproven.0.send(message.clone()).await.expect("sent");
        assert!(fails(&mut unproven).await);
        let mut socket = device.connect(&relay).await;
        assert_eq!(socket.drain().await.len(), 0);
        socket.0.send(message).await.expect("sent");
        assert!(fails(&mut socket).await);
    }
    let mut sender = relay.sender().await;
    let _ = sender.0.send(Message::Binary(vec![0; limits::FRAME_BYTES + 1].into())).await;
    assert_eq!(sender.next().await, None, "beyond the largest frame the connection is cut");
    assert!(relay.deliver(&device.delivery(1, b"x")).await.expect("others go on").refused.is_empty());
}

#[tokio::test]
async fn a_delivery_that_is_refused_keeps_the_senders_socket() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let mut sender = relay.sender().await;
    sender.send(Body::Deliver(Deliver { request: 5, delivery: None, version: 1 })).await;
    let Some(Body::Failure(failure)) = sender.next().await else { panic!("a failure is due") };
    assert_eq!((failure.request, failure.code.as_str()), (5, "malformed"));
    assert!(matches!(sender.deliver(6, device.delivery(1, b"x")).await, Some(Body::Delivered(_))));
}

#[tokio::test]
async fn a_socket_is_not_opened_by_another_key_another_nonce_or_a_stranger() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let other = relay.device(2).await;
    let stranger = crate::harness::Device::new(99);
    let mut nonces = Vec::new();
    for case in 0..4 {
        let mut socket = relay.socket("/v1/socket/device").await;
        let Some(Body::Hello(hello)) = socket.next().await else { panic!("hello is due") };
        let authenticate = match case {
            0 => Authenticate { id: device.id.to_string(), ..other.authenticate(&hello.nonce, None) },
            1 => device.authenticate(&[0; 32], None),
            2 => device.authenticate(&hello.nonce, Some(&[0; 32])),
            _ => stranger.authenticate(&hello.nonce, None),
        };
        socket.send(Body::Authenticate(authenticate)).await;
        let Some(Body::Failure(failure)) = socket.next().await else { panic!("a failure is due") };
        assert_eq!(failure.code, "not_authenticated");
        nonces.push(hello.nonce);
    }
    nonces.dedup();
    assert_eq!(nonces.len(), 4, "each challenge is new");
}

#[tokio::test]
async fn tokens_beyond_their_number_are_refused_and_the_old_ones_stay() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let token = MailboxToken { hash: vec![1; 32], expires_at_seconds: u64::MAX };
    let many = MailboxTokens { tokens: vec![token.clone(); limits::MAILBOX_TOKENS + 1] };
    let short = MailboxTokens { tokens: vec![MailboxToken { hash: vec![1; 31], ..token.clone() }] };
    let put = async |tokens| device.send::<()>(&relay, "PUT", "/v1/mailbox/tokens", &tokens).await;
    assert_eq!(refused(put(many).await), ErrorCode::TooLarge);
    assert_eq!(refused(put(short).await), ErrorCode::Malformed);
    assert!(relay.deliver(&device.delivery(1, b"x")).await.expect("answered").refused.is_empty());
    put(MailboxTokens { tokens: vec![token] }).await.expect("the end of time is a time");
    assert_eq!(relay.deliver(&device.delivery(2, b"x")).await.expect("answered").refused.len(), 1);
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_cut() {
    let relay = TestRelay::start_with(|config| config.limits.idle_seconds = 1).await;
    let address = relay.url.strip_prefix("http://").expect("http");
    for said in ["", "GET /v1/relay HTTP/1.1\r\nhost:"] {
        let mut connection = tokio::net::TcpStream::connect(address).await.expect("a connection");
        connection.write_all(said.as_bytes()).await.expect("sent");
        assert_eq!(connection.read_to_end(&mut Vec::new()).await.unwrap_or(0), 0);
    }
}

async fn fails(socket: &mut Socket) -> bool {
    loop {
        match socket.next().await {
            Some(Body::Failure(failure)) => return failure.code == "malformed" && socket.next().await.is_none(),
            Some(_) => {}
            None => return false,
        }
    }
}
