//! What an operator relies on: health, metrics, documents, a nearly full disk, a graceful end.

use std::sync::atomic::Ordering;

use sealpost_wire::{
    api::{
        blob::BlobStored,
        relay::RelayInfo,
        slot::{Slot, SlotClaim},
    },
    error::ErrorCode,
    frame::Body,
    id::{BlobId, SlotName},
};

use crate::{
    harness::{Device, TestRelay, refused},
    observing::free_port,
};

#[tokio::test]
async fn health_and_metrics_stand_on_their_own_listener_and_name_nobody() {
    let port = free_port();
    let relay = TestRelay::start_with(|config| config.observe = Some(([127, 0, 0, 1], port).into())).await;
    let mut device = relay.device(1).await;
    let mut wrong = device.delivery(1, b"x");
    wrong.recipients[0].token = vec![9; 16];
    relay.deliver(&wrong).await.expect("answered");
    relay.deliver(&device.delivery(2, b"x")).await.expect("accepted");
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    relay.get::<serde_json::Value>(&format!("/v1/directory/{}", device.id)).await.expect("an entry");
    let read = |path: &'static str| {
        let request = relay.http().get(format!("http://127.0.0.1:{port}{path}"));
        async { request.send().await.expect("an answer").text().await.expect("text") }
    };
    assert_eq!(read("/health").await, "ok\n");
    let metrics = read("/metrics").await;
    for line in [
        "sealpost_deliveries_accepted_total 1",
        "sealpost_deliveries_refused_total{code=\"token_refused\"} 1",
        "sealpost_pushes_total 1",
        "sealpost_sockets{kind=\"device\"} 1",
        "sealpost_requests_total{route=\"/v1/directory/{id}\",status=\"200\"} 1",
        "sealpost_commit_operations_count",
    ] {
        assert!(metrics.contains(line), "{line} is not in:\n{metrics}");
    }
    assert!(!metrics.contains(device.id.as_str()) && !metrics.contains("127.0.0.1"));
    assert_eq!(refused(relay.get::<()>("/metrics").await), ErrorCode::NotFound);
}

#[tokio::test]
async fn the_documents_come_from_the_code() {
    let relay = TestRelay::start().await;
    let document: serde_json::Value = relay.get("/v1/openapi.json").await.expect("a document");
    let paths = document["paths"].as_object().expect("paths");
    for path in ["/v1/accounts", "/v1/deliveries", "/v1/slots/{name}", "/v1/directory/{id}/key-package"] {
        assert!(paths.contains_key(path), "{path}");
    }
    assert!(document["components"]["schemas"]["Delivery"].is_object());
    let privacy: Vec<serde_json::Value> = relay.get("/v1/privacy").await.expect("an inventory");
    let number = privacy.iter().find(|item| item["place"] == "account.number_token").expect("listed");
    for field in ["what", "why", "legal_basis", "readable_by", "kept"] {
        assert!(!number[field].as_str().expect("text").is_empty());
    }
    let info: RelayInfo = relay.get("/v1/relay").await.expect("info");
    assert!(info.registration.open && info.incarnation == 1 && info.time_seconds == relay.now());
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_uploads_and_accounts_first_then_deliveries_and_drains_always() {
    let relay = TestRelay::start_with(|config| {
        config.disk.uploads_bytes = 1_000_000;
        config.disk.deliveries_bytes = 1_000;
    })
    .await;
    let mut device = relay.device(1).await;
    relay.space.0.store(999_999, Ordering::SeqCst);
    let blob = format!("/v1/blobs/{}", BlobId([1; 32]));
    assert_eq!(refused(device.upload::<BlobStored>(&relay, &blob, vec![1]).await), ErrorCode::RelayFull);
    let open = sealpost_wire::api::account::RegistrationProof::Open;
    assert_eq!(refused(Device::new(2).register(&relay, open).await), ErrorCode::RelayFull);
    assert!(relay.deliver(&device.delivery(1, b"x")).await.expect("answered").refused.is_empty());
    relay.space.0.store(999, Ordering::SeqCst);
    assert_eq!(refused(relay.deliver(&device.delivery(2, b"x")).await), ErrorCode::RelayFull);
    let claim = SlotClaim { content: vec![1], brought: false };
    let slot = format!("/v1/slots/{}", SlotName([1; 32]));
    assert_eq!(refused(relay.send::<Slot>("PUT", &slot, &claim).await), ErrorCode::RelayFull);
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 1);
    socket.send(Body::Acknowledge(1)).await;
    let () = device.ask(&relay, "DELETE", "/v1/accounts").await.expect("deleted");
}

#[tokio::test]
async fn a_stopping_relay_tells_its_sockets_and_keeps_what_it_accepted() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    let mut socket = device.connect(&relay).await;
    assert_eq!(socket.drain().await.len(), 0);
    let mut sender = relay.sender().await;
    assert!(matches!(sender.deliver(1, device.delivery(1, b"x")).await, Some(Body::Delivered(_))));
    assert_eq!(socket.drain().await.len(), 1);
    let relay = relay.restart().await;
    for socket in [&mut socket, &mut sender] {
        let Some(Body::Failure(failure)) = socket.next().await else { panic!("a failure is due") };
        assert_eq!(failure.code, "unavailable");
        assert_eq!(socket.next().await, None);
    }
    assert_eq!(device.connect(&relay).await.drain().await.len(), 1);
}
