//! The relay's certificate, and the one cryptography provider of the process.

use std::{path::PathBuf, sync::Arc};

use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

use crate::config::Tls;

/// A certificate that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{0}: {1}")]
    Pem(PathBuf, rustls_pki_types::pem::Error),
    #[error("the certificate and its key: {0}")]
    Pair(#[from] rustls::Error),
}

/// aws-lc-rs for all of the process; whoever comes second finds it there.
pub fn install_provider() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// What a connection is accepted with.
pub fn server_config(files: &Tls) -> Result<Arc<ServerConfig>, TlsError> {
    install_provider();
    let chain = CertificateDer::pem_file_iter(&files.certificate_chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| TlsError::Pem(files.certificate_chain.clone(), error))?;
    let key = PrivateKeyDer::from_pem_file(&files.private_key)
        .map_err(|error| TlsError::Pem(files.private_key.clone(), error))?;
    let mut config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
