//! TLS: the relay's own certificate, and device sockets bound to their connection.

use std::sync::Arc;

use rustls_pki_types::{ServerName, pem::PemObject};
use sealpost_crypto::request_signature::TLS_EXPORTER_LABEL;
use sealpost_server::{Config, Parts, RunError, config::Tls};
use sealpost_wire::frame::Body;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::harness::{Device, TestRelay, install_provider};
use futures_util::{SinkExt, StreamExt};

#[tokio::test]
async fn a_device_socket_over_tls_is_bound_to_its_connection() {
    let (relay, roots, _certificate) = secure_relay().await;
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let http = reqwest::Client::builder().tls_backend_preconfigured(tls.clone()).no_proxy().build().expect("a client");
    let mut device = Device::new(1);
    let body = serde_json::to_vec(&device.registration(sealpost_wire::api::account::RegistrationProof::Open));
    let request = device.signed(&relay, "POST", "/v1/accounts", body.expect("JSON")).build().expect("a request");
    let registered: sealpost_wire::api::account::Registered =
        http.execute(request).await.expect("an answer").json().await.expect("registered");
    device.secret = registered.session_secret;

    for bound in [false, true] {
        let address = relay.url.strip_prefix("https://").expect("https");
        let tcp = tokio::net::TcpStream::connect(address).await.expect("a connection");
        let name = ServerName::try_from("127.0.0.1").expect("a name");
        let stream = TlsConnector::from(Arc::new(tls.clone())).connect(name, tcp).await.expect("a handshake");
        let exported = stream.get_ref().1.export_keying_material([0; 32], TLS_EXPORTER_LABEL, None);
        let exporter: [u8; 32] = exported.expect("exported");
        let url = format!("wss://{address}/v1/socket/device");
        let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await.expect("a socket");
        let Body::Hello(hello) = frame(&mut socket).await else { panic!("hello is due") };
        let authenticate = device.authenticate(&hello.nonce, bound.then_some(&exporter));
        socket.send(Message::Binary(Body::Authenticate(authenticate).to_bytes().into())).await.expect("sent");
        match frame(&mut socket).await {
            Body::Authenticated(_) => assert!(bound),
            Body::Failure(failure) => assert!(!bound && failure.code == "not_authenticated"),
            other => panic!("an answer is due, not {other:?}"),
        }
    }
    relay.stop().await;
}

#[tokio::test]
async fn plain_http_beyond_loopback_is_refused_unless_a_proxy_is_named() {
    install_provider();
    let folder = tempfile::tempdir().expect("temporary");
    let mut config = Config { data: folder.path().to_owned(), ..Config::default() };
    let listener = || async { tokio::net::TcpListener::bind("0.0.0.0:0").await.expect("a port") };
    let parts = Parts::open(&config).expect("opened");
    let refused = sealpost_server::run(config.clone(), listener().await, parts, || (), CancellationToken::new()).await;
    assert!(matches!(refused, Err(RunError::PlainNotLoopback)));
    config.trusted_proxies = vec!["10.0.0.1".parse().expect("an address")];
    let stopped = CancellationToken::new();
    stopped.cancel();
    let parts = Parts::open(&config).expect("opened");
    sealpost_server::run(config, listener().await, parts, || (), stopped).await.expect("ran");
}

/// The folder holds the certificate for as long as the relay may read it.
async fn secure_relay() -> (TestRelay, rustls::RootCertStore, tempfile::TempDir) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let folder = tempfile::tempdir().expect("temporary");
    let tls = Tls { certificate_chain: folder.path().join("chain.pem"), private_key: folder.path().join("key.pem") };
    std::fs::write(&tls.certificate_chain, made.cert.pem()).expect("written");
    std::fs::write(&tls.private_key, made.signing_key.serialize_pem()).expect("written");
    let mut roots = rustls::RootCertStore::empty();
    let certificate = rustls_pki_types::CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).expect("PEM");
    roots.add(certificate).expect("a root");
    (TestRelay::start_with(|config| config.tls = Some(tls)).await, roots, folder)
}

async fn frame<S>(socket: &mut tokio_tungstenite::WebSocketStream<S>) -> Body
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    match socket.next().await {
        Some(Ok(Message::Binary(bytes))) => Body::from_bytes(&bytes).expect("a frame"),
        other => panic!("a frame is due, not {other:?}"),
    }
}
