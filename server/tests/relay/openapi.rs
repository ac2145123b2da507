//! The OpenAPI document, tried out: schemathesis makes requests from it, valid and not, and holds the answers against
//! it. A proxy in between signs them as a device does, so that they come further than the signature check.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    sync::Arc,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    response::Response,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Device, TestRelay};

/// For each operation and kind of data; with the seed, the same requests every time.
const EXAMPLES: &str = "10";
const SEED: &str = "1";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
const BODY_BYTES: usize = 64 << 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_to_whatever_is_asked_is_as_the_document_says_and_no_server_error() {
    let proxy = Proxy::start(|document| document).await;
    let (success, told) = proxy.try_out(&["--phases", "coverage,fuzzing"]).await;
    assert!(success, "{told}");
    assert!(told.contains("25 selected / 25 total") || told.contains("Tested: "), "it did something: {told}");
    assert!(*proxy.signed.lock().expect("no test panicked") > 100, "and came behind the signature check");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_not_as_the_document_says_is_found() {
    let proxy = Proxy::start(|mut document| {
        let info = &mut document["components"]["schemas"]["RelayInfo"];
        info["required"].as_array_mut().expect("what a relay tells").push(json!("no_such_field"));
        document
    })
    .await;
    let (success, told) = proxy.try_out(&["--phases", "coverage", "--include-path", "/v1/relay"]).await;
    assert!(!success && told.contains("no_such_field"), "{told}");
}

/// Signs what comes as one of its devices, hands it on to the relay, and brings the document and the answers back.
struct Proxy {
    url: String,
    signed: Arc<std::sync::Mutex<usize>>,
    _relay: Arc<TestRelay>,
}

struct Inside {
    relay: Arc<TestRelay>,
    document: Value,
    device: Device,
    /// Deletes its account.
    leaver: Device,
    session: String,
    signed: Arc<std::sync::Mutex<usize>>,
}

impl Proxy {
    async fn start(change: impl FnOnce(Value) -> Value) -> Self {
        let relay = TestRelay::start_with(|config| {
            (config.limits.anonymous_a_minute, config.limits.signed_a_minute) = (10_000_000, 10_000_000);
            config.limits.codes_an_hour = 10_000;
        })
        .await;
        let relay = Arc::new(relay);
        let document = change(relay.get("/v1/openapi.json").await.expect("a document"));
        let (device, leaver) = (relay.device(1).await, relay.device(2).await);
        let secret = data_encoding::BASE64URL_NOPAD.encode(&device.secret);
        let open = json!({ "session_secret": secret, "start_over": false });
        let session: Value = device.send(&relay, "POST", "/v1/sessions", &open).await.expect("a session");
        let session = session["session"].as_str().expect("a name").to_owned();
        let signed: Arc<std::sync::Mutex<usize>> = Arc::default();
        let inside = Inside { relay: relay.clone(), document, device, leaver, session, signed: signed.clone() };
        let router = Router::new().fallback(hand_on).with_state(Arc::new(inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        // Ends with the test's runtime.
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, signed, _relay: relay }
    }

    /// Whether all answers were as the document says, and what was told.
    async fn try_out(&self, arguments: &[&str]) -> (bool, String) {
        let program = schemathesis();
        let folder = tempfile::tempdir().expect("temporary");
        let mut command = Command::new(&program);
        command.args(["run", &format!("{}/v1/openapi.json", self.url), "--checks", CHECKS, "--seed", SEED]);
        command.args(["--max-examples", EXAMPLES, "--generation-database", "none", "--no-color", "--warnings", "off"]);
        command.args(arguments).current_dir(folder.path()).stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("no panic");
        let output = output.unwrap_or_else(|error| panic!("{}: {error}", program.display()));
        let told = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.success(), told)
    }
}

/// Where `scripts/install.sh test` puts it.
fn schemathesis() -> PathBuf {
    let root = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let program = root.join("target/tools/schemathesis/bin/schemathesis");
    assert!(program.exists(), "schemathesis is not here: run scripts/install.sh test");
    program
}

async fn hand_on(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    if path == "/v1/openapi.json" {
        return Response::new(Body::from(inside.document.to_string()));
    }
    let body = to_bytes(body, BODY_BYTES).await.unwrap_or_default();
    let deletes = parts.method == "DELETE" && path.starts_with("/v1/accounts") && !path.contains("number");
    let device = if deletes { &inside.leaver } else { &inside.device };
    let session = sealpost_wire::api::header::SESSION;
    let request = device.signed(&inside.relay, parts.method.as_str(), &path, body.to_vec());
    let mut request = request.header(session, &inside.session);
    for (name, value) in &parts.headers {
        let of_connection = ["host", "content-length", "connection", "transfer-encoding"].contains(&name.as_str());
        if !of_connection && !name.as_str().starts_with("sealpost-") {
            request = request.header(name, value);
        }
    }
    *inside.signed.lock().expect("no test panicked") += 1;
    let Ok(answer) = request.send().await else {
        // Not the relay's: the client could not make such a request.
        return Response::builder().status(413).body(Body::empty()).expect("a response");
    };
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        if name != "transfer-encoding" && name != "content-length" {
            response = response.header(name, value);
        }
    }
    response.body(Body::from(answer.bytes().await.unwrap_or_default())).expect("a response")
}
