//! The relay's certificate while it runs: replaced, broken, read again on SIGHUP.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use sealpost_server::config::Tls;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{
    harness::{TestRelay, install_provider},
    observing::{Observed, free_port},
};

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn new_connections_use_a_replaced_certificate_and_old_ones_go_on() {
    let folder = tempfile::tempdir().expect("temporary");
    let first = Pair::make(folder.path());
    let relay = TestRelay::start_with(|config| config.tls = Some(first.tls.clone())).await;
    let address = relay.url.trim_start_matches("https://").to_owned();
    let mut old = first.connect(&address).await.expect("connected");
    assert!(info(&mut old).await.contains("200 OK"));

    let second = Pair::make(folder.path());
    let started = Instant::now();
    let mut new = loop {
        if let Some(stream) = second.connect(&address).await {
            break stream;
        }
        assert!(started.elapsed() < PATIENCE, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert!(info(&mut new).await.contains("200 OK"));
    assert!(first.connect(&address).await.is_none(), "the old one is not shown any more");
    assert!(info(&mut old).await.contains("200 OK"), "the connection from before goes on");
    relay.stop().await;
}

#[tokio::test]
async fn a_broken_certificate_is_refused_and_the_old_one_stays() {
    let folder = tempfile::tempdir().expect("temporary");
    let good = Pair::make(folder.path());
    let relay = RelayProcess::start(folder.path(), Some(&good));
    relay.until("sealpost_ready 1").await;
    std::fs::write(&good.tls.certificate_chain, "no certificate\n").expect("written");
    relay.until("sealpost_certificate_reads_total{outcome=\"refused\"} 1").await;
    assert!(good.connect(&relay.address).await.is_some());
    // A certificate with the key of another.
    let elsewhere = tempfile::tempdir().expect("temporary");
    let other = Pair::make(elsewhere.path());
    std::fs::copy(&other.tls.certificate_chain, &good.tls.certificate_chain).expect("copied");
    relay.until("sealpost_certificate_reads_total{outcome=\"refused\"} 2").await;
    assert!(good.connect(&relay.address).await.is_some() && other.connect(&relay.address).await.is_none());
    let whole = Pair::make(folder.path());
    relay.until("sealpost_certificate_reads_total{outcome=\"taken\"} 1").await;
    assert!(whole.connect(&relay.address).await.is_some());
}

#[tokio::test]
async fn a_hangup_reads_the_certificate_again_and_ends_no_relay() {
    let folder = tempfile::tempdir().expect("temporary");
    let pair = Pair::make(folder.path());
    let relay = RelayProcess::start(folder.path(), Some(&pair));
    let mut open = pair.connect(&relay.address).await.expect("connected");
    assert!(info(&mut open).await.contains("200 OK"));
    relay.hang_up();
    relay.until("sealpost_certificate_reads_total{outcome=\"taken\"} 1").await;
    assert!(info(&mut open).await.contains("200 OK"));

    let folder = tempfile::tempdir().expect("temporary");
    let plain = RelayProcess::start(folder.path(), None);
    plain.until("sealpost_ready 1").await;
    plain.hang_up();
    plain.until("sealpost_ready 1").await;
    plain.until("sealpost_ready 1").await;
}

/// Over a connection that stays.
async fn info(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(b"GET /v1/relay HTTP/1.1\r\nhost: relay\r\n\r\n").await.expect("written");
    let mut answer = [0; 4_096];
    let length = stream.read(&mut answer).await.expect("an answer");
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

/// A certificate and its key, in the same two files of a folder each time.
pub struct Pair {
    pub tls: Tls,
    root: CertificateDer<'static>,
}

impl Pair {
    /// How long it is good for.
    pub const DAYS: f64 = 100.0;

    pub fn make(folder: &Path) -> Self {
        install_provider();
        let end = std::time::SystemTime::now() + Duration::from_secs_f64(Self::DAYS * 86_400.0);
        let key = rcgen::KeyPair::generate().expect("a key");
        let mut parameters = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
        parameters.not_after = end.into();
        let certificate = parameters.self_signed(&key).expect("a certificate");
        let path = |name: &str| -> PathBuf { folder.join(name) };
        let tls = Tls { certificate_chain: path("chain.pem"), private_key: path("key.pem") };
        std::fs::write(&tls.private_key, key.serialize_pem()).expect("written");
        std::fs::write(&tls.certificate_chain, certificate.pem()).expect("written");
        let root = CertificateDer::from_pem_slice(certificate.pem().as_bytes()).expect("PEM");
        Self { tls, root }
    }

    /// `None`: another certificate is shown there.
    async fn connect(&self, address: &str) -> Option<TlsStream<TcpStream>> {
        let tcp = TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        TlsConnector::from(Arc::new(self.client())).connect(name, tcp).await.ok()
    }

    fn client(&self) -> rustls::ClientConfig {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.root.clone()).expect("a root");
        rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
    }
}

/// The program itself, watched; ends with the test.
pub struct RelayProcess {
    child: Child,
    pub address: String,
    /// Address and port of `/metrics`.
    pub observe: String,
    tls: Option<rustls::ClientConfig>,
}

impl RelayProcess {
    pub fn start(folder: &Path, pair: Option<&Pair>) -> Self {
        let observe = format!("127.0.0.1:{}", free_port());
        let mut text = format!("data = \"{}\"\n", folder.join("data").display());
        if let Some(Pair { tls, .. }) = pair {
            let (chain, key) = (tls.certificate_chain.display(), tls.private_key.display());
            text += &format!("[tls]\ncertificate_chain = \"{chain}\"\nprivate_key = \"{key}\"\n");
        }
        let config = folder.join("relay.toml");
        std::fs::write(&config, text).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealpost-server"));
        command.args(["serve", "--open", "--listen", "127.0.0.1:0", "--observe", &observe, "--config"]).arg(config);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit('/').next().expect("an address").to_owned();
        Self { child, address, observe, tls: pair.map(Pair::client) }
    }

    pub async fn ask(&self, method: &str, path: &str, body: Option<serde_json::Value>) {
        let tls = self.tls.clone().expect("a relay with a certificate");
        let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().expect("a client");
        let request = http.request(method.parse().expect("a method"), format!("https://{}{path}", self.address));
        let request = body.iter().fold(request, |request, body| request.json(body));
        let answer = request.send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    fn hang_up(&self) {
        let sent = Command::new("kill").arg("-HUP").arg(self.child.id().to_string()).status().expect("it runs");
        assert!(sent.success());
    }

    /// Until a line of the metrics is there.
    async fn until(&self, line: &str) {
        let observed = Observed { url: format!("http://{}", self.observe) };
        observed.until("/metrics", line).await;
    }
}

impl Drop for RelayProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
