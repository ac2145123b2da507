//! `/v1/mailbox`: tokens and state, and the HTTP twins of the device socket.

use axum::{Json, extract::State, http::StatusCode};
use sealpost_wire::{
    api::mailbox::{Acknowledgements, MailboxPage, MailboxStatus, MailboxTokens},
    error::ApiError,
};

use super::{
    Relay,
    authentication::{Signed, SignedJson},
};
use crate::service::Refusal;

/// Replaces the tokens that the mailbox accepts; signed.
#[utoipa::path(put, path = "/v1/mailbox/tokens", request_body = MailboxTokens,
    responses((status = 204), (status = "default", body = ApiError)))]
pub async fn replace_tokens(
    State(relay): State<Relay>,
    SignedJson(signed, tokens): SignedJson<MailboxTokens>,
) -> Result<StatusCode, Refusal> {
    relay.service.replace_tokens(signed.id, &tokens).await.map(|()| StatusCode::NO_CONTENT)
}

/// The first envelopes; signed, with a session.
#[utoipa::path(get, path = "/v1/mailbox",
    responses((status = 200, body = MailboxPage), (status = "default", body = ApiError)))]
pub async fn page(State(relay): State<Relay>, signed: Signed) -> Result<Json<MailboxPage>, Refusal> {
    signed.check_session(&relay)?;
    relay.service.mailbox_page(signed.id).await.map(Json)
}

/// These are committed on the device; signed, with a session.
#[utoipa::path(post, path = "/v1/mailbox/acknowledgements", request_body = Acknowledgements,
    responses((status = 204), (status = "default", body = ApiError)))]
pub async fn acknowledge(
    State(relay): State<Relay>,
    SignedJson(signed, acknowledged): SignedJson<Acknowledgements>,
) -> Result<StatusCode, Refusal> {
    signed.check_session(&relay)?;
    relay.service.acknowledge(signed.id, acknowledged.sequences).await.map(|()| StatusCode::NO_CONTENT)
}

/// What waits, and how much may; signed.
#[utoipa::path(get, path = "/v1/mailbox/status",
    responses((status = 200, body = MailboxStatus), (status = "default", body = ApiError)))]
pub async fn status(State(relay): State<Relay>, signed: Signed) -> Result<Json<MailboxStatus>, Refusal> {
    relay.service.mailbox_status(signed.id).await.map(Json)
}
