//! `/v1/blobs`.

use axum::{
    Json,
    body::Body,
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use sealpost_wire::{api::blob::BlobStored, error::ApiError, error::ErrorCode, id::BlobId};

use super::{
    Relay,
    authentication::{Anonymous, Named, Signed, SignedBytes},
};
use crate::service::Refusal;

/// Stores a blob under a random name; signed.
#[utoipa::path(put, path = "/v1/blobs/{id}", params(("id" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = BlobStored), (status = "default", body = ApiError)))]
pub async fn put(
    State(relay): State<Relay>,
    Named(name): Named<BlobId>,
    request: Request,
) -> Result<Json<BlobStored>, Refusal> {
    // The signature covers the whole body, which is in memory until it is checked: so many at a time and no more.
    let _upload = relay
        .uploads
        .try_acquire()
        .map_err(|_| Refusal::retry(ErrorCode::Unavailable, "as many uploads as the relay takes at a time", 2))?;
    let SignedBytes(signed, content) = SignedBytes::from_request(request, &relay).await?;
    relay.service.put_blob(signed.id, name, content).await.map(Json)
}

/// Streams a blob to whoever knows its name.
#[utoipa::path(get, path = "/v1/blobs/{id}", params(("id" = String, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = "default", body = ApiError)))]
pub async fn read(State(relay): State<Relay>, _: Anonymous, Named(name): Named<BlobId>) -> Result<Response, Refusal> {
    let blob = relay.service.read_blob(name).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, blob.length.to_string()),
    ];
    Ok((headers, Body::from_stream(blob.content)).into_response())
}

/// Deletes a blob; signed by who stored it.
#[utoipa::path(delete, path = "/v1/blobs/{id}", params(("id" = String, Path)),
    responses((status = 204), (status = "default", body = ApiError)))]
pub async fn delete(
    State(relay): State<Relay>,
    Named(name): Named<BlobId>,
    signed: Signed,
) -> Result<StatusCode, Refusal> {
    relay.service.delete_blob(signed.id, name).await.map(|()| StatusCode::NO_CONTENT)
}
