//! The faults that end-to-end tests order are what they say.

use std::time::{Duration, Instant};

use sealpost_wire::{api::relay::RelayInfo, error::ErrorCode, frame::Body};

use crate::harness::{TestRelay, refused};

#[tokio::test]
async fn a_dropped_response_has_done_its_work() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    relay.faults.drop_next_response();
    let body = serde_json::to_vec(&device.delivery(1, b"http")).expect("JSON");
    assert!(relay.http().post(format!("{}/v1/deliveries", relay.url)).body(body).send().await.is_err());
    relay.faults.drop_next_response();
    assert_eq!(relay.sender().await.deliver(1, device.delivery(2, b"socket")).await, None);
    let drained = device.connect(&relay).await.drain().await;
    assert_eq!(drained.iter().map(|envelope| &envelope.payload[..]).collect::<Vec<_>>(), [&b"http"[..], b"socket"]);
}

#[tokio::test]
async fn refused_and_delayed_requests_go_on_afterwards() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    relay.faults.refuse_next(2);
    assert_eq!(refused(relay.get::<RelayInfo>("/v1/relay").await), ErrorCode::Unavailable);
    let Some(Body::Failure(failure)) = relay.sender().await.deliver(1, device.delivery(1, b"x")).await else {
        panic!("a failure is due")
    };
    assert_eq!(failure.code, "unavailable");
    relay.faults.delay_next(Duration::from_millis(50));
    let started = Instant::now();
    relay.get::<RelayInfo>("/v1/relay").await.expect("an answer");
    assert!(started.elapsed() >= Duration::from_millis(50));
}

#[tokio::test]
async fn a_socket_cut_in_the_middle_of_a_frame_delivers_again() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    relay.faults.cut_socket_mid_frame();
    relay.deliver(&device.delivery(1, &[5; 10_000])).await.expect("accepted");
    assert_eq!(socket.next().await, None);
    let again = device.connect(&relay).await.drain().await;
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].payload, [5; 10_000]);
}

#[tokio::test]
async fn between_accept_and_push_a_restart_loses_nothing() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    relay.faults.pause_pushes();
    relay.deliver(&device.delivery(1, b"x")).await.expect("accepted");
    relay.faults.resume_pushes();
    assert_eq!(socket.drain().await.len(), 1);
    relay.faults.pause_pushes();
    relay.deliver(&device.delivery(2, b"y")).await.expect("accepted");
    let relay = relay.restart().await;
    assert_eq!(device.connect(&relay).await.drain().await.len(), 2);
}
