//! Requests over HTTP: one client that signs as the device, and one without any identity. They share no connection and
//! no TLS ticket.

use std::{
    error::Error as _,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use data_encoding::BASE64URL_NOPAD;
pub use reqwest::Method;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use sealpost_crypto::{keys::IdentityKey, request_signature::SignedRequest};
use sealpost_engine::identity::Account;
use sealpost_wire::{
    PROTOCOL_VERSION,
    api::header,
    error::{ApiError, ErrorCode},
    id::UserId,
    relay_address::RelayAddress,
};
use serde::{Serialize, de::DeserializeOwned};

use super::{system, tls};

const CONNECT: Duration = Duration::from_secs(15);
const WHOLE_REQUEST: Duration = Duration::from_secs(60);

/// Why a request has no answer of the kind that was hoped for.
#[derive(Debug)]
pub enum HttpError {
    /// The relay refused, and says why.
    Refused(ApiError),
    /// Whether the relay did it is unknown.
    Unreachable(String),
    /// The relay's certificate is not to be trusted.
    Certificate(String),
}

/// One of the two clients.
pub struct Http {
    client: Client,
    relay: RelayAddress,
}

/// Who signs, and how far the relay's clock is from ours (seconds, to be added to ours).
pub struct DeviceIdentity {
    pub id: UserId,
    pub key: IdentityKey,
    pub clock_offset: AtomicI64,
}

impl DeviceIdentity {
    pub fn of(account: &Account) -> Arc<Self> {
        let key = IdentityKey::from_secret(account.identity_secret);
        Arc::new(Self { id: account.id, key, clock_offset: AtomicI64::new(0) })
    }

    fn relay_time_seconds(&self) -> u64 {
        (system::now_ms() / 1000).saturating_add_signed(self.clock_offset.load(Ordering::Relaxed))
    }

    /// The relay said what time it is: sign with that from now on.
    pub fn learn_time(&self, relay_time_seconds: u64) {
        let ours = system::now_ms() / 1000;
        self.clock_offset.store(relay_time_seconds.wrapping_sub(ours) as i64, Ordering::Relaxed);
    }
}

impl Http {
    pub fn new(relay: &RelayAddress) -> Result<Self, HttpError> {
        let tls = tls::client_config(relay.pin()).map_err(|error| HttpError::Certificate(error.to_string()))?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT)
            .timeout(WHOLE_REQUEST)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| HttpError::Unreachable(error.to_string()))?;
        Ok(Self { client, relay: relay.clone() })
    }

    /// Asks without identity.
    pub async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, HttpError> {
        read(self.send(method, path, encode(body)?).await?).await
    }

    /// Asks as the device. A wrong clock is mended with the relay's time, once.
    pub async fn ask_signed<T: DeserializeOwned>(
        &self,
        identity: &DeviceIdentity,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, HttpError> {
        let body = encode(body)?;
        match self.ask_signed_once(identity, &method, path, &body).await {
            Err(HttpError::Refused(error)) if error.code == ErrorCode::WrongClock => {
                identity.learn_time(error.time_seconds);
                self.ask_signed_once(identity, &method, path, &body).await
            }
            answer => answer,
        }
    }

    async fn ask_signed_once<T: DeserializeOwned>(
        &self,
        identity: &DeviceIdentity,
        method: &Method,
        path: &str,
        body: &[u8],
    ) -> Result<T, HttpError> {
        let (time_seconds, nonce) = (identity.relay_time_seconds(), system::random());
        let signed = SignedRequest { id: identity.id, method: method.as_str(), path, body, time_seconds, nonce };
        let signature = signed.sign(&identity.key);
        let request = self
            .request(method.clone(), path, body.to_vec())
            .header(header::ID, identity.id.as_str())
            .header(header::TIME, time_seconds)
            .header(header::NONCE, BASE64URL_NOPAD.encode(&nonce))
            .header(header::SIGNATURE, BASE64URL_NOPAD.encode(&signature));
        read(request.send().await.map_err(failure)?).await
    }

    async fn send(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Response, HttpError> {
        self.request(method, path, body).send().await.map_err(failure)
    }

    fn request(&self, method: Method, path: &str, body: Vec<u8>) -> RequestBuilder {
        let url = format!("{}{path}", self.relay.url());
        let request = self.client.request(method, url).header(header::VERSION, PROTOCOL_VERSION);
        if body.is_empty() { request } else { request.header("content-type", "application/json").body(body) }
    }
}

fn encode(body: Option<&impl Serialize>) -> Result<Vec<u8>, HttpError> {
    let bytes = body.map(serde_json::to_vec).transpose();
    bytes.map(Option::unwrap_or_default).map_err(|error| HttpError::Unreachable(error.to_string()))
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, HttpError> {
    let status = response.status();
    let bytes = response.bytes().await.map_err(failure)?;
    if !status.is_success() {
        return Err(match serde_json::from_slice(&bytes) {
            Ok(error) => HttpError::Refused(error),
            Err(_) => HttpError::Unreachable(format!("the relay answered {status}")),
        });
    }
    let bytes = if status == StatusCode::NO_CONTENT || bytes.is_empty() { "null".as_bytes() } else { &bytes };
    serde_json::from_slice(bytes).map_err(|_| HttpError::Unreachable("the relay's answer can't be read".into()))
}

fn failure(error: reqwest::Error) -> HttpError {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return HttpError::Certificate(tls.to_string());
        }
        text = cause.to_string();
        source = cause.source();
    }
    // reqwest wraps what rustls says in an I/O error.
    if text.contains("certificate") { HttpError::Certificate(text) } else { HttpError::Unreachable(text) }
}
