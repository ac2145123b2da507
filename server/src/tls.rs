//! The relay's certificate, read again when its files change, and the one cryptography provider of the process.
//!
//! Invariant: what can't be used never takes the place of what can; connections that are there go on as they began.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{config::Tls, metrics::Metrics};

/// Between two looks at the files.
const LOOK: Duration = Duration::from_secs(5);

/// A certificate that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{0}: {1}")]
    Pem(PathBuf, rustls_pki_types::pem::Error),
    #[error("{0}: no certificate is in it")]
    Empty(PathBuf),
    #[error("{0}: the first certificate can't be read")]
    Certificate(PathBuf),
    #[error("the certificate and its key: {0}")]
    Pair(#[from] rustls::Error),
}

/// aws-lc-rs for all of the process; whoever comes second finds it there.
pub fn install_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// The certificate that new connections are accepted with.
pub struct Certificate {
    files: Tls,
    current: RwLock<Arc<ServerConfig>>,
    metrics: Metrics,
}

/// What a change of the files is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    chain: Option<(SystemTime, u64)>,
    key: Option<(SystemTime, u64)>,
}

struct Loaded {
    config: Arc<ServerConfig>,
    expires_at_seconds: i64,
}

impl Certificate {
    pub fn load(files: &Tls, metrics: Metrics) -> Result<Self, TlsError> {
        let loaded = load(files)?;
        metrics.certificate_expires(loaded.expires_at_seconds);
        Ok(Self { files: files.clone(), current: RwLock::new(loaded.config), metrics })
    }

    /// For one connection. Another certificate is another configuration: tickets of the old one resume nothing.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again when `asked`, and when they have changed, until `stop`.
    pub async fn follow(self: Arc<Self>, asked: Arc<Notify>, stop: CancellationToken) {
        let mut seen = Look::at(&self.files);
        loop {
            let is_asked = tokio::select! {
                () = stop.cancelled() => return,
                () = asked.notified() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            // Looked at before reading: what changes meanwhile is read next time.
            let now = Look::at(&self.files);
            if is_asked || now != seen {
                self.read_again();
            }
            seen = now;
        }
    }

    fn read_again(&self) {
        match load(&self.files) {
            Ok(loaded) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = loaded.config;
                self.metrics.certificate_expires(loaded.expires_at_seconds);
                self.metrics.certificate_read(true);
                tracing::info!("the certificate was read again");
            }
            Err(error) => {
                self.metrics.certificate_read(false);
                let reason = error.to_string();
                tracing::error!(reason, "the new certificate can't be used: the one before stays");
            }
        }
    }
}

impl Look {
    fn at(files: &Tls) -> Self {
        let of = |path: &Path| {
            let metadata = std::fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        };
        Self { chain: of(&files.certificate_chain), key: of(&files.private_key) }
    }
}

fn load(files: &Tls) -> Result<Loaded, TlsError> {
    install_provider();
    let chain = CertificateDer::pem_file_iter(&files.certificate_chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::Pem(files.certificate_chain.clone(), error))?;
    let leaf = chain.first().ok_or_else(|| TlsError::Empty(files.certificate_chain.clone()))?;
    let expires_at_seconds = match x509_parser::parse_x509_certificate(leaf) {
        Ok((_, certificate)) => certificate.validity().not_after.timestamp(),
        Err(_) => return Err(TlsError::Certificate(files.certificate_chain.clone())),
    };
    let key = PrivateKeyDer::from_pem_file(&files.private_key)
        .map_err(|error| TlsError::Pem(files.private_key.clone(), error))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Loaded { config: Arc::new(config), expires_at_seconds })
}
