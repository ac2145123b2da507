//! Codes through an operator's SMS service over HTTP.
//!
//! Invariants: https, or loopback; no redirects; 10 seconds a try, three tries, waiting longer each time.

use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::{Client, Url, redirect};

use super::{Sms, SmsError};
use crate::config::{GatewayUrlError, gateway_url};

const TRY: Duration = Duration::from_secs(10);
const TRIES: u32 = 3;
/// Before the second try; doubles for each further one.
const BACKOFF: Duration = Duration::from_millis(500);

/// A gateway that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error(transparent)]
    Url(#[from] GatewayUrlError),
    #[error("the HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Posts `{"to": number, "text": text}` with a bearer token.
pub struct GatewaySms {
    client: Client,
    url: Url,
    token: String,
}

enum Failed {
    /// Another try may help.
    Passing(String),
    ForGood(String),
}

impl GatewaySms {
    pub fn new(url: &str, token: &str) -> Result<Self, GatewayError> {
        let url = gateway_url(url)?;
        crate::tls::install_provider();
        let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .timeout(TRY)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, url, token: token.to_owned() })
    }

    async fn post(&self, number: &str, text: &str) -> Result<(), Failed> {
        let body = serde_json::json!({ "to": number, "text": text });
        let sent = self.client.post(self.url.clone()).bearer_auth(&self.token).json(&body).send().await;
        let status = sent.map_err(|error| Failed::Passing(error.without_url().to_string()))?.status();
        match status.as_u16() {
            200..300 => Ok(()),
            408 | 429 | 500.. => Err(Failed::Passing(format!("the gateway answered {status}"))),
            _ => Err(Failed::ForGood(format!("the gateway answered {status}"))),
        }
    }
}

impl Sms for GatewaySms {
    fn send<'a>(&'a self, number: &'a str, text: &'a str) -> BoxFuture<'a, Result<(), SmsError>> {
        Box::pin(async move {
            let mut wait = BACKOFF;
            for tried in 1.. {
                match self.post(number, text).await {
                    Ok(()) => break,
                    Err(Failed::Passing(_)) if tried < TRIES => tokio::time::sleep(wait).await,
                    Err(Failed::Passing(reason) | Failed::ForGood(reason)) => return Err(SmsError(reason)),
                }
                wait *= 2;
            }
            Ok(())
        })
    }
}
