//! The SMS gateway against a real HTTP server: what is sent, what is tried again, what is told.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use sealpost_server::{
    config::GatewayUrlError,
    sms::{GatewayError, GatewaySms, Sms},
};

type Seen = Arc<Mutex<Vec<(String, String)>>>;

/// Answers with one status after the other, the last for good.
struct Gateway {
    url: String,
    seen: Seen,
}

impl Gateway {
    async fn start(statuses: &'static [u16]) -> Self {
        let seen = Seen::default();
        let count = Arc::new(AtomicUsize::new(0));
        let answer = move |State(seen): State<Seen>, headers: HeaderMap, body: String| async move {
            let authorization = headers["authorization"].to_str().expect("text").to_owned();
            seen.lock().expect("no test panicked").push((authorization, body));
            let index = count.fetch_add(1, Ordering::SeqCst).min(statuses.len() - 1);
            StatusCode::from_u16(statuses[index]).expect("a status")
        };
        let router = Router::new().route("/send", post(answer)).with_state(Arc::clone(&seen));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/send", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    fn tries(&self) -> usize {
        self.seen.lock().expect("no test panicked").len()
    }
}

#[tokio::test]
async fn a_message_is_posted_with_number_text_and_token() {
    let gateway = Gateway::start(&[202]).await;
    let sms = GatewaySms::new(&gateway.url, "secret").expect("usable");
    sms.send("+4917604069028", "code 123456").await.expect("sent");
    let seen = gateway.seen.lock().expect("no test panicked").clone();
    assert_eq!(seen[0].0, "Bearer secret");
    let body: serde_json::Value = serde_json::from_str(&seen[0].1).expect("JSON");
    assert_eq!(body, serde_json::json!({ "to": "+4917604069028", "text": "code 123456" }));
}

#[tokio::test]
async fn a_passing_failure_is_tried_again() {
    let gateway = Gateway::start(&[503, 429, 200]).await;
    GatewaySms::new(&gateway.url, "secret").expect("usable").send("+4917604069028", "x").await.expect("sent");
    assert_eq!(gateway.tries(), 3);
}

#[tokio::test]
async fn after_three_tries_or_a_refusal_for_good_it_fails_without_saying_to_whom() {
    let down = Gateway::start(&[500]).await;
    let error = GatewaySms::new(&down.url, "secret").expect("usable").send("+4917604069028", "x").await;
    assert!(!error.expect_err("failed").0.contains("4917604069028"));
    assert_eq!(down.tries(), 3);
    let refusing = Gateway::start(&[401]).await;
    assert!(GatewaySms::new(&refusing.url, "wrong").expect("usable").send("+4917604069028", "x").await.is_err());
    assert_eq!(refusing.tries(), 1);
    let redirecting = Gateway::start(&[302]).await;
    assert!(GatewaySms::new(&redirecting.url, "secret").expect("usable").send("+4917604069028", "x").await.is_err());
    let gone = GatewaySms::new("http://127.0.0.1:1/send", "secret").expect("usable");
    assert!(gone.send("+4917604069028", "x").await.is_err());
}

#[tokio::test]
async fn a_gateway_elsewhere_is_reached_by_https_only() {
    assert!(matches!(GatewaySms::new("http://sms.example/send", ""), Err(GatewayError::Url(GatewayUrlError::Scheme))));
    assert!(matches!(GatewaySms::new("ftp://127.0.0.1/send", ""), Err(GatewayError::Url(GatewayUrlError::Scheme))));
    assert!(matches!(GatewaySms::new("sms", ""), Err(GatewayError::Url(GatewayUrlError::NotUrl))));
    assert!(GatewaySms::new("https://sms.example/send", "").is_ok());
}
