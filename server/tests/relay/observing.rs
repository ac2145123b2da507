//! What watches a relay: health with its reasons, metrics by reason, and the dashboard and alerts that are shipped,
//! under a real Prometheus.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use sealpost_wire::{error::ErrorCode, id::SlotName};
use serde_json::Value;

use crate::{
    certificates::{Pair, RelayProcess},
    harness::{TestRelay, client, refused},
};

/// Nothing here takes longer, on whatever machine.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn health_says_what_is_wrong_and_503_when_deliveries_are_refused() {
    let (relay, observed) = observed(|config| {
        config.disk.uploads_bytes = 1_000_000;
        config.disk.deliveries_bytes = 1_000;
    })
    .await;
    assert_eq!(observed.read("/health").await, (200, "ok\n".to_owned()));
    relay.space.0.store(999_999, Ordering::SeqCst);
    let (status, text) = observed.read("/health").await;
    assert_eq!((status, text.as_str()), (200, "ok\nthe disk is low: uploads and new accounts are refused\n"));
    relay.space.0.store(999, Ordering::SeqCst);
    let (status, text) = observed.read("/health").await;
    assert!(status == 503 && text.starts_with("not ready\nthe disk is nearly full: "), "{text}");
    assert!(observed.metrics().await.contains("sealpost_ready 0"));
    relay.space.0.store(1 << 40, Ordering::SeqCst);

    let blocking = rusqlite::Connection::open(relay.folder.path().join("relay.sqlite")).expect("opened");
    blocking.execute_batch("BEGIN IMMEDIATE").expect("the writer waits");
    let (status, text) = observed.read("/health").await;
    assert_eq!(status, 503);
    assert!(["not ready\nthe store's writer is stuck\n", "not ready\nthe store can't be written\n"].contains(&&*text));
    blocking.execute_batch("ROLLBACK").expect("it goes on");
    observed.until("/health", "ok\n").await;
}

#[tokio::test]
async fn what_waits_and_what_is_refused_is_counted_by_reason_and_names_nobody() {
    let (relay, observed) = observed(|config| {
        config.limits.anonymous_a_minute = 8;
        config.limits.idle_seconds = 2;
        config.limits.mailbox_messages = 1;
    })
    .await;
    let device = relay.device(1).await;
    for number in 1..=2 {
        relay.deliver(&device.delivery(number, b"x")).await.expect("answered");
    }
    relay.space.0.store(1_000, Ordering::SeqCst);
    assert_eq!(refused(relay.deliver(&device.delivery(3, b"x")).await), ErrorCode::RelayFull);
    while relay.get::<Value>("/v1/relay").await.is_ok() {}
    let idle = tokio::net::TcpStream::connect(relay.url.trim_start_matches("http://")).await.expect("connected");
    observed.until("/metrics", "sealpost_connections_cut_total{reason=\"idle\"} ").await;
    drop(idle);
    let metrics = observed.metrics().await;
    for line in [
        "sealpost_accounts 1",
        "sealpost_waiting_messages 1",
        "sealpost_waiting_bytes 81",
        "sealpost_incarnation 1",
        "sealpost_disk_free_bytes 1000",
        "sealpost_disk_floor_bytes{refuses=\"deliveries\"} 268435456",
        "sealpost_deliveries_refused_total{code=\"mailbox_full\"} 1",
        "sealpost_deliveries_refused_total{code=\"relay_full\"} 1",
        "sealpost_deliveries_refused_total{code=\"token_refused\"} 0",
        "sealpost_rate_limited_total{limit=\"anonymous\"} 1",
        "sealpost_rate_limited_total{limit=\"codes\"} 0",
        "sealpost_commits_failed_total 0",
        concat!("sealpost_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"} 1"),
        "# HELP sealpost_commit_sync_seconds ",
    ] {
        assert!(metrics.lines().any(|it| it.starts_with(line)), "{line} is not in:\n{metrics}");
    }
    assert!(metrics.contains("sealpost_commit_sync_seconds_bucket{le=\"10\"}"), "{metrics}");
    assert!(!metrics.contains(device.id.as_str()) && !metrics.contains("127.0.0.1"));
}

#[test]
fn each_alert_fires_on_what_it_is_for_and_none_on_a_relay_that_is_well() {
    let Some(promtool) = tool("promtool") else { return };
    let folder = packaging("prometheus");
    let run =
        |arguments: &[&str]| Command::new(promtool).args(arguments).current_dir(&folder).output().expect("it runs");
    let said = |output: Output| {
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
    };
    let checked = run(&["check", "rules", "alerts.yml"]);
    assert!(checked.status.success(), "{}", said(checked));
    let checked = run(&["check", "config", "scrape.yml"]);
    assert!(checked.status.success(), "{}", said(checked));
    let tested = run(&["test", "rules", "alerts_test.yml"]);
    assert!(tested.status.success(), "{}", said(tested));

    let read = |path: PathBuf| std::fs::read_to_string(path).expect("readable");
    let (alerts, tests) = (read(folder.join("alerts.yml")), read(folder.join("alerts_test.yml")));
    let page = read(packaging("../docs/OPERATIONS.md"));
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 10, "the alerts are found");
    for name in names {
        assert!(tests.contains(&format!("- name: {name}\n")), "{name} has no test");
        assert!(page.contains(&format!("`{name}`")), "the page says nothing of {name}");
    }
}

#[tokio::test]
async fn a_real_prometheus_finds_every_metric_that_dashboard_and_alerts_name() {
    let Some(prometheus) = tool("prometheus") else { return };
    let folder = tempfile::tempdir().expect("temporary");
    let pair = Pair::make(folder.path());
    let relay = RelayProcess::start(folder.path(), Some(&pair));
    relay.ask("GET", "/v1/relay", None).await;
    let slot = format!("/v1/slots/{}", SlotName([1; 32]));
    relay.ask("PUT", &slot, Some(serde_json::json!({ "content": "AQ" }))).await;

    let server = Prometheus::start(prometheus, folder.path(), &relay.observe).await;
    let stored: BTreeSet<String> = server.names().await;
    let mut expressions = Vec::new();
    let dashboard = std::fs::read_to_string(packaging("grafana/sealpost.json")).expect("readable");
    collect(&serde_json::from_str(&dashboard).expect("JSON"), "expr", &mut expressions);
    assert!(expressions.len() > 20, "the dashboard's queries are found");
    let rules = server.api("rules").await;
    let alerts = expressions.len();
    collect(&rules, "query", &mut expressions);
    assert!(expressions.len() - alerts > 10, "the alerts are loaded");
    for name in expressions.iter().flat_map(|expression| named(expression)) {
        assert!(stored.contains(name), "{name} is not among {stored:?}");
    }
    assert!(!stored.contains("sealpost_that_nobody_counts"), "the search tells what is there");
    for expression in &expressions {
        let query = expression.replace("$__rate_interval", "1m").replace("$instance", ".*");
        let answer = server.query(&query).await;
        assert_eq!(answer["status"], "success", "{query}: {answer}");
    }
    let expiry = server.query("sealpost_certificate_expiry_timestamp_seconds - time()").await;
    let left: f64 = expiry["data"]["result"][0]["value"][1].as_str().expect("a value").parse().expect("a number");
    assert!((Pair::DAYS - 1.0) * 86_400.0 < left && left < (Pair::DAYS + 1.0) * 86_400.0, "{left}");
}

/// The metrics that an expression names, without what a histogram adds.
fn named(expression: &str) -> impl Iterator<Item = &str> {
    let parts = expression.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    parts.filter(|part| part.starts_with("sealpost_"))
}

/// All texts under a key, however deep.
fn collect(value: &Value, key: &str, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            into.extend(fields.get(key).and_then(Value::as_str).map(ToOwned::to_owned));
            fields.values().for_each(|value| collect(value, key, into));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, key, into)),
        _ => {}
    }
}

/// A Prometheus with the shipped rules; ends with the test.
struct Prometheus {
    child: Child,
    url: String,
}

impl Prometheus {
    async fn start(program: &str, folder: &Path, target: &str) -> Self {
        let scrape = std::fs::read_to_string(packaging("prometheus/scrape.yml")).expect("readable");
        let config = scrape.replace("127.0.0.1:9464", target).replace(": 15s", ": 1s");
        assert!(config.contains(target) && config.contains(": 1s"), "what the test changes is there");
        std::fs::write(folder.join("prometheus.yml"), config).expect("written");
        std::fs::copy(packaging("prometheus/alerts.yml"), folder.join("alerts.yml")).expect("copied");
        let address = format!("127.0.0.1:{}", free_port());
        let child = Command::new(program)
            .arg(format!("--config.file={}", folder.join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", folder.join("tsdb").display()))
            .arg(format!("--web.listen-address={address}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let server = Self { child, url: format!("http://{address}/api/v1/") };
        let started = Instant::now();
        while !server.names().await.contains("sealpost_build_info") {
            assert!(started.elapsed() < PATIENCE, "the relay was not scraped");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        server
    }

    async fn names(&self) -> BTreeSet<String> {
        let names = self.api("label/__name__/values").await;
        names["data"].as_array().into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    }

    async fn query(&self, query: &str) -> Value {
        let request = client().get(format!("{}query?query={}", self.url, escaped(query)));
        request.send().await.expect("an answer").json().await.expect("JSON")
    }

    /// `Null`: it does not answer yet.
    async fn api(&self, path: &str) -> Value {
        match client().get(format!("{}{path}", self.url)).send().await {
            Ok(answer) => answer.json().await.unwrap_or_default(),
            Err(_) => Value::Null,
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// The second listener of a relay.
pub struct Observed {
    pub url: String,
}

impl Observed {
    /// Waits for a listener that is about to be there.
    pub async fn read(&self, path: &str) -> (u16, String) {
        let started = Instant::now();
        loop {
            match client().get(format!("{}{path}", self.url)).send().await {
                Ok(answer) => return (answer.status().as_u16(), answer.text().await.expect("text")),
                Err(error) => assert!(error.is_connect() && started.elapsed() < PATIENCE, "{error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn metrics(&self) -> String {
        self.read("/metrics").await.1
    }

    /// Until it says this, or a line of it is this or counts it: `name ` with anything but 0.
    pub async fn until(&self, path: &str, text: &str) {
        let started = Instant::now();
        loop {
            let (_, said) = self.read(path).await;
            let counts = |line: &str| line.strip_prefix(text).is_some_and(|count| text.ends_with(' ') && count != "0");
            if said == text || said.lines().any(|line| line == text) || said.lines().any(counts) {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{text} did not come:\n{said}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

async fn observed(configure: impl FnOnce(&mut sealpost_server::Config)) -> (TestRelay, Observed) {
    let port = free_port();
    let relay = TestRelay::start_with(|config| {
        config.observe = Some(([127, 0, 0, 1], port).into());
        configure(config);
    })
    .await;
    (relay, Observed { url: format!("http://127.0.0.1:{port}") })
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

pub fn packaging(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging").join(path)
}

/// A program that `scripts/install.sh test` installs. Elsewhere the test says that it did not run.
pub fn tool(name: &'static str) -> Option<&'static str> {
    let found = Command::new(name).arg("--version").output().is_ok();
    if !found {
        eprintln!("{name} is not installed, and nothing was tested: scripts/install.sh test installs it on Debian");
    }
    found.then_some(name)
}
