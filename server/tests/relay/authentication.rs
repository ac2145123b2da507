//! Signed requests: who asks, when, and not a second time; versions and rates.

use sealpost_wire::{
    api::{header, mailbox::MailboxStatus},
    error::ErrorCode,
    frame::{Body, Deliver},
    limits::SIGNATURE_WINDOW_SECONDS,
};

use crate::harness::{Device, TestRelay, refused};

const STATUS: &str = "/v1/mailbox/status";

#[tokio::test]
async fn a_request_counts_once() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let request = device.signed(&relay, "GET", STATUS, Vec::new()).build().expect("a request");
    let again = request.try_clone().expect("no stream");
    assert_eq!(status_of(&relay, request).await, (200, String::new()));
    assert_eq!(status_of(&relay, again).await, (409, "replayed".to_owned()));
}

#[tokio::test]
async fn a_request_from_before_a_restart_is_not_taken_after_it() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let request = device.signed(&relay, "GET", STATUS, Vec::new()).build().expect("a request");
    let mut again = request.try_clone().expect("no stream");
    assert_eq!(status_of(&relay, request).await.0, 200);
    relay.clock.advance(1);
    let relay = relay.restart().await;
    *again.url_mut() = format!("{}{STATUS}", relay.url).parse().expect("a URL");
    assert_eq!(status_of(&relay, again).await.1, "wrong_clock");
}

#[tokio::test]
async fn a_wrong_clock_is_told_the_relays_time() {
    let relay = TestRelay::start().await;
    let mut device = relay.device(1).await;
    relay.clock.advance(1_000);
    let window = i64::try_from(SIGNATURE_WINDOW_SECONDS).expect("small");
    for fine in [window, -window, 0] {
        device.clock_error = fine;
        let _: MailboxStatus = device.ask(&relay, "GET", STATUS).await.expect("within the window");
    }
    for wrong in [window + 1, -window - 1, 1 << 40] {
        device.clock_error = wrong;
        let error = device.ask::<MailboxStatus>(&relay, "GET", STATUS).await.expect_err("refused");
        assert_eq!((error.code, error.time_seconds), (ErrorCode::WrongClock, relay.now()));
    }
}

#[tokio::test]
async fn a_signature_covers_method_path_query_body_and_signer() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    let other = relay.device(2).await;
    let sign = || device.signed(&relay, "GET", STATUS, Vec::new());
    let build = |request: reqwest::RequestBuilder| request.build().expect("a request");
    let mut method = build(sign());
    *method.method_mut() = "PUT".parse().expect("a method");
    *method.url_mut() = format!("{}/v1/mailbox/tokens", relay.url).parse().expect("a URL");
    let mut query = build(sign());
    query.url_mut().set_query(Some("all=1"));
    let mut signer = build(sign());
    signer.headers_mut().insert(header::ID, other.id.as_str().parse().expect("a header"));
    let mut nonce = build(sign());
    nonce.headers_mut().insert(header::NONCE, "AAAAAAAAAAAAAAAAAAAAAA".parse().expect("a header"));
    for request in [method, query, signer, nonce] {
        assert_eq!(status_of(&relay, request).await, (401, "not_authenticated".to_owned()));
    }
    let body = device.signed(&relay, "PUT", "/v1/mailbox/tokens", br#"{"tokens":[]}"#.to_vec());
    let body = build(body.body(r#"{"tokens": []}"#));
    assert_eq!(status_of(&relay, body).await.1, "not_authenticated");
    let stranger = Device::new(99);
    assert_eq!(refused(stranger.ask::<()>(&relay, "GET", STATUS).await), ErrorCode::NotAuthenticated);
}

#[tokio::test]
async fn missing_and_malformed_headers_are_named() {
    let relay = TestRelay::start().await;
    let device = relay.device(1).await;
    for name in [header::ID, header::TIME, header::NONCE, header::SIGNATURE] {
        let mut request = device.signed(&relay, "GET", STATUS, Vec::new()).build().expect("a request");
        request.headers_mut().insert(name, "?".parse().expect("a header"));
        assert_eq!(status_of(&relay, request).await.1, "malformed", "{name}");
    }
}

#[tokio::test]
async fn an_old_version_is_told_so_everywhere() {
    let relay = TestRelay::start_with(|config| config.oldest_version = 2).await;
    let mut device = Device::new(1);
    assert_eq!(refused(device.ask::<()>(&relay, "GET", STATUS).await), ErrorCode::TooOldVersion);
    assert_eq!(device.try_connect(&relay).await.err(), Some(ErrorCode::TooOldVersion));
    let mut sender = relay.sender().await;
    sender.send(Body::Deliver(Deliver { request: 3, delivery: Some(device.delivery(1, b"x")), version: 1 })).await;
    let Some(Body::Failure(failure)) = sender.next().await else { panic!("a failure is due") };
    assert_eq!((failure.request, failure.code.as_str()), (3, "too_old_version"));
    let info: serde_json::Value = relay.get("/v1/relay").await.expect("curl says no version");
    assert_eq!(info["oldest_version"], 2);
}

#[tokio::test]
async fn requests_are_limited_by_account_and_by_address_prefix() {
    let relay = TestRelay::start_with(|config| {
        config.limits.signed_a_minute = 2;
        config.limits.anonymous_a_minute = 10;
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
    .await;
    let device = relay.device(1).await;
    for _ in 0..2 {
        let _: MailboxStatus = device.ask(&relay, "GET", STATUS).await.expect("within the limit");
    }
    let error = device.ask::<MailboxStatus>(&relay, "GET", STATUS).await.expect_err("too many");
    assert_eq!((error.code, error.retry_after_seconds), (ErrorCode::TooManyRequests, 30));
    for _ in 0..6 {
        relay.get::<serde_json::Value>("/v1/relay").await.expect("within the limit");
    }
    assert_eq!(refused(relay.get::<()>("/v1/relay").await), ErrorCode::TooManyRequests);
    let from = |address: &str| {
        let request = relay.http().get(format!("{}/v1/relay", relay.url)).header("x-forwarded-for", address);
        async { request.send().await.expect("an answer").status().as_u16() }
    };
    assert_eq!(from("203.0.113.9, 198.51.100.1").await, 200);
    for _ in 0..9 {
        assert_eq!(from("198.51.100.77").await, 200, "the last hop counts, not what it was told");
    }
    assert_eq!(from("198.51.100.3").await, 429, "of the same prefix");
    relay.clock.advance(60);
    assert_eq!(from("198.51.100.3").await, 200);
}

async fn status_of(relay: &TestRelay, request: reqwest::Request) -> (u16, String) {
    let response = relay.http().execute(request).await.expect("an answer");
    let status = response.status().as_u16();
    let body: serde_json::Value = response.json().await.expect("JSON");
    (status, body["code"].as_str().unwrap_or_default().to_owned())
}
