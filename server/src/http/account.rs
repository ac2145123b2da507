//! `/v1/registration`, `/v1/accounts`, `/v1/sessions`.

use axum::{Json, extract::State, http::StatusCode};
use sealpost_wire::{
    api::account::{
        CodeRequest, CodeSent, NumberLink, NumberLinked, Registered, Registration, Session, SessionRequest,
    },
    error::ApiError,
};

use super::{
    Relay,
    authentication::{AnonymousJson, Signed, SignedJson, Unchecked},
};
use crate::service::Refusal;

/// Sends a six-digit code by SMS.
#[utoipa::path(post, path = "/v1/registration/codes", request_body = CodeRequest,
    responses((status = 200, body = CodeSent), (status = "default", body = ApiError)))]
pub async fn send_code(
    State(relay): State<Relay>,
    AnonymousJson(request, address): AnonymousJson<CodeRequest>,
) -> Result<Json<CodeSent>, Refusal> {
    relay.service.send_code(&request, address).await.map(Json)
}

/// Claims an ID; signed by the key that the entry names.
#[utoipa::path(post, path = "/v1/accounts", request_body = Registration,
    responses((status = 200, body = Registered), (status = "default", body = ApiError)))]
pub async fn register(
    State(relay): State<Relay>,
    request: Unchecked<Registration>,
) -> Result<Json<Registered>, Refusal> {
    let Unchecked { signature, path, body, value } = request;
    relay.service.register(value, &signature, &path, &body).await.map(Json)
}

/// Deletes the account; signed.
#[utoipa::path(delete, path = "/v1/accounts", responses((status = 204), (status = "default", body = ApiError)))]
pub async fn delete(State(relay): State<Relay>, signed: Signed) -> Result<StatusCode, Refusal> {
    relay.service.delete_account(signed.id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Says that an ID which lost its number is in use; signed.
#[utoipa::path(post, path = "/v1/accounts/keep", responses((status = 204), (status = "default", body = ApiError)))]
pub async fn keep(State(relay): State<Relay>, signed: Signed) -> Result<StatusCode, Refusal> {
    relay.service.keep_account(signed.id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Links a number, proven by a code; signed.
#[utoipa::path(put, path = "/v1/accounts/number", request_body = NumberLink,
    responses((status = 200, body = NumberLinked), (status = "default", body = ApiError)))]
pub async fn link_number(
    State(relay): State<Relay>,
    SignedJson(signed, link): SignedJson<NumberLink>,
) -> Result<Json<NumberLinked>, Refusal> {
    relay.service.link_number(signed.id, &link).await.map(Json)
}

/// Unlinks the number; signed.
#[utoipa::path(delete, path = "/v1/accounts/number", responses((status = 204), (status = "default", body = ApiError)))]
pub async fn unlink_number(State(relay): State<Relay>, signed: Signed) -> Result<StatusCode, Refusal> {
    relay.service.unlink_number(signed.id).await.map(|()| StatusCode::NO_CONTENT)
}

/// Opens a session for the mailbox's HTTP twins; signed.
#[utoipa::path(post, path = "/v1/sessions", request_body = SessionRequest,
    responses((status = 200, body = Session), (status = "default", body = ApiError)))]
pub async fn open_session(
    State(relay): State<Relay>,
    SignedJson(signed, request): SignedJson<SessionRequest>,
) -> Result<Json<Session>, Refusal> {
    relay.service.open_session(signed.id, &request).await.map(Json)
}

/// The device keeps the secret that its session was given; signed.
#[utoipa::path(post, path = "/v1/sessions/kept", request_body = SessionRequest,
    responses((status = 204), (status = "default", body = ApiError)))]
pub async fn keep_session(
    State(relay): State<Relay>,
    SignedJson(signed, request): SignedJson<SessionRequest>,
) -> Result<StatusCode, Refusal> {
    relay.service.keep_session(signed.id, &request.session_secret).await.map(|()| StatusCode::NO_CONTENT)
}
