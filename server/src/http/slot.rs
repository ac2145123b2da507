//! `/v1/slots`.

use axum::{Json, extract::State};
use sealpost_wire::{
    api::slot::{Slot, SlotClaim},
    error::ApiError,
    id::SlotName,
};

use super::{
    Relay,
    authentication::{Anonymous, AnonymousJson, Named},
};
use crate::service::Refusal;

/// Claims a slot; the first writer wins.
#[utoipa::path(put, path = "/v1/slots/{name}", params(("name" = String, Path)), request_body = SlotClaim,
    responses((status = 200, body = Slot), (status = "default", body = ApiError)))]
pub async fn claim(
    State(relay): State<Relay>,
    Named(name): Named<SlotName>,
    AnonymousJson(claim, _): AnonymousJson<SlotClaim>,
) -> Result<Json<Slot>, Refusal> {
    relay.service.claim_slot(name, claim).await.map(Json)
}

/// What stands in a slot.
#[utoipa::path(get, path = "/v1/slots/{name}", params(("name" = String, Path)),
    responses((status = 200, body = Slot), (status = "default", body = ApiError)))]
pub async fn read(
    State(relay): State<Relay>,
    _: Anonymous,
    Named(name): Named<SlotName>,
) -> Result<Json<Slot>, Refusal> {
    relay.service.slot(name).await.map(Json)
}
