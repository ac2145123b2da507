//! What the relay says of itself to anybody: `/v1/relay`, `/v1/privacy`.

use axum::{Json, extract::State};
use sealpost_wire::{api::relay::RelayInfo, error::ApiError};

use super::{Relay, authentication::Anonymous};
use crate::{
    inventory::{INVENTORY, Item},
    service::Refusal,
};

/// Operator, region, versions, ways to register, keys.
#[utoipa::path(get, path = "/v1/relay",
    responses((status = 200, body = RelayInfo), (status = "default", body = ApiError)))]
pub async fn info(State(relay): State<Relay>, _: Anonymous) -> Result<Json<RelayInfo>, Refusal> {
    relay.service.relay_info().await.map(Json)
}

/// All that the relay stores and logs: what, why, on which legal ground, who can read it, for how long.
#[utoipa::path(get, path = "/v1/privacy", responses((status = 200, body = Vec<Item>)))]
pub async fn privacy(_: Anonymous) -> Json<&'static [Item]> {
    Json(INVENTORY)
}
