//! The certificate: readable, with its key, and not over.

use std::time::{SystemTime, UNIX_EPOCH};

use rustls::{ServerConfig, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sealpost_server::config::Tls;

use super::Finding;

/// Whoever renews by a timer has done so by then.
const SOON_DAYS: i64 = 14;
const DAY_SECONDS: i64 = 86_400;

pub fn check(tls: &Tls) -> Finding {
    match days_left(tls) {
        Err((what, remedy)) => Finding::error("certificate", what, remedy),
        Ok(days) if days < 0 => {
            Finding::error("certificate", format!("it ended {} days ago", -days), "renew it; apps refuse this one")
        }
        Ok(days) if days < SOON_DAYS => {
            let remedy = "renew it; the relay reads it again by itself";
            Finding::warn("certificate", format!("it ends in {days} days"), remedy)
        }
        Ok(days) => Finding::ok("certificate", format!("it is good for {days} days")),
    }
}

/// What is wrong, and what to do.
type Wrong = (String, &'static str);

fn days_left(tls: &Tls) -> Result<i64, Wrong> {
    let chain = CertificateDer::pem_file_iter(&tls.certificate_chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| (format!("{}: {error}", tls.certificate_chain.display()), "put a PEM chain there"))?;
    let leaf =
        chain.first().ok_or((format!("{} is empty", tls.certificate_chain.display()), "put a PEM chain there"))?;
    let (_, parsed) = x509_parser::parse_x509_certificate(leaf)
        .map_err(|_| ("its first part is no certificate".to_owned(), "put the relay's own certificate first"))?;
    let end = parsed.validity().not_after.timestamp();
    let key = PrivateKeyDer::from_pem_file(&tls.private_key)
        .map_err(|error| (format!("{}: {error}", tls.private_key.display()), "put its PEM key there"))?;
    let builder = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into());
    let builder = builder.with_safe_default_protocol_versions();
    builder
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain.clone(), key))
        .map_err(|error| (format!("certificate and key: {error}"), "take the key that the certificate was made for"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() as i64;
    Ok((end - now).div_euclid(DAY_SECONDS))
}
