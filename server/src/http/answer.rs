//! What every request goes through on its way in and out: version, faults of tests, refusals as JSON, one log line.
//!
//! Invariant: the log knows a route's template, never a path, an address or an ID.

use std::time::Instant;

use axum::{
    Json,
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderValue, StatusCode, header::RETRY_AFTER},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sealpost_wire::{api::header::VERSION, error::ErrorCode};

use super::Relay;
use crate::{listener::Peer, service::Refusal};

/// Wraps every handler.
pub async fn finish(
    State(relay): State<Relay>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let sockets = route.starts_with("/v1/socket/");
    let version = request.headers().get(VERSION).cloned();
    let mut response = match admit(&relay, version, sockets).await {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    };
    if response.status() == StatusCode::REQUEST_TIMEOUT {
        response = Refusal::retry(ErrorCode::Unavailable, "the request took too long", 1).into_response();
    }
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        response = with_time(refusal, relay.service.now());
    }
    let status = response.status().as_u16();
    relay.service.metrics.answered(&route, status);
    let millis = started.elapsed().as_millis() as u64;
    tracing::info!(method = %method, route, status, millis, "answered");
    if !sockets && relay.service.faults.takes_response() {
        peer.cut.after(0);
    }
    response
}

/// What no route answers.
pub async fn not_found() -> Refusal {
    Refusal::new(ErrorCode::NotFound, "no such route")
}

async fn admit(relay: &Relay, version: Option<HeaderValue>, sockets: bool) -> Result<(), Refusal> {
    if !sockets {
        relay.service.faults.delay().await;
        if relay.service.faults.refuses() {
            return Err(Refusal::retry(ErrorCode::Unavailable, "refused by a test", 1));
        }
    }
    // Whoever says nothing, such as `curl`, is taken for the newest.
    let Some(version) = version else { return Ok(()) };
    let version = version.to_str().ok().and_then(|text| text.parse().ok());
    relay.service.check_version(version.ok_or(Refusal::malformed("sealpost-version: a number"))?)
}

fn with_time(refusal: Refusal, time_seconds: u64) -> Response {
    let status = StatusCode::from_u16(refusal.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let retry_after_seconds = refusal.retry_after_seconds;
    let mut response = (status, Json(refusal.at(time_seconds))).into_response();
    if retry_after_seconds > 0 {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after_seconds));
    }
    response
}

/// `finish` writes the body: it knows the time.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
