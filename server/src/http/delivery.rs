//! `/v1/deliveries`: the HTTP twin of the sender's socket.

use axum::{Json, extract::State, http::StatusCode};
use sealpost_wire::{
    envelope::{Delivery, DeliveryAnswer},
    error::ApiError,
};

use super::{Relay, authentication::AnonymousJson};
use crate::service::Refusal;

/// Delivers one payload to one or many mailboxes; 202 is durable.
#[utoipa::path(post, path = "/v1/deliveries", request_body = Delivery,
    responses((status = 202, body = DeliveryAnswer), (status = "default", body = ApiError)))]
pub async fn deliver(
    State(relay): State<Relay>,
    AnonymousJson(delivery, _): AnonymousJson<Delivery>,
) -> Result<(StatusCode, Json<DeliveryAnswer>), Refusal> {
    Ok((StatusCode::ACCEPTED, Json(relay.service.deliver(delivery).await?)))
}
