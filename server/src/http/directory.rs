//! `/v1/directory`.

use axum::{Json, extract::State};
use sealpost_wire::{
    api::directory::{DirectoryEntry, KeyPackageAnswer, KeyPackageCount, KeyPackageRequest, KeyPackages},
    error::ApiError,
    id::UserId,
};

use super::{
    Relay,
    authentication::{Anonymous, AnonymousJson, Named, Signed, SignedJson},
};
use crate::service::Refusal;

/// The public keys of an ID.
#[utoipa::path(get, path = "/v1/directory/{id}", params(("id" = String, Path)),
    responses((status = 200, body = DirectoryEntry), (status = "default", body = ApiError)))]
pub async fn entry(
    State(relay): State<Relay>,
    _: Anonymous,
    Named(id): Named<UserId>,
) -> Result<Json<DirectoryEntry>, Refusal> {
    relay.service.entry(id).await.map(Json)
}

/// Takes one key package, for a delivery token.
#[utoipa::path(post, path = "/v1/directory/{id}/key-package", params(("id" = String, Path)),
    request_body = KeyPackageRequest,
    responses((status = 200, body = KeyPackageAnswer), (status = "default", body = ApiError)))]
pub async fn take_key_package(
    State(relay): State<Relay>,
    Named(id): Named<UserId>,
    AnonymousJson(request, _): AnonymousJson<KeyPackageRequest>,
) -> Result<Json<KeyPackageAnswer>, Refusal> {
    relay.service.take_key_package(id, request).await.map(Json)
}

/// Adds one-time packages and replaces last-resort ones; signed.
#[utoipa::path(put, path = "/v1/directory/key-packages", request_body = Vec<KeyPackages>,
    responses((status = 200, body = Vec<KeyPackageCount>), (status = "default", body = ApiError)))]
pub async fn add_key_packages(
    State(relay): State<Relay>,
    SignedJson(signed, packages): SignedJson<Vec<KeyPackages>>,
) -> Result<Json<Vec<KeyPackageCount>>, Refusal> {
    relay.service.add_key_packages(signed.id, packages, &signed.entry.suites, false).await.map(Json)
}

/// The same after dropping all that there were; signed.
#[utoipa::path(post, path = "/v1/directory/key-packages/replace", request_body = Vec<KeyPackages>,
    responses((status = 200, body = Vec<KeyPackageCount>), (status = "default", body = ApiError)))]
pub async fn replace_key_packages(
    State(relay): State<Relay>,
    SignedJson(signed, packages): SignedJson<Vec<KeyPackages>>,
) -> Result<Json<Vec<KeyPackageCount>>, Refusal> {
    relay.service.add_key_packages(signed.id, packages, &signed.entry.suites, true).await.map(Json)
}

/// How many one-time packages are left; signed.
#[utoipa::path(get, path = "/v1/directory/key-packages",
    responses((status = 200, body = Vec<KeyPackageCount>), (status = "default", body = ApiError)))]
pub async fn key_package_counts(
    State(relay): State<Relay>,
    signed: Signed,
) -> Result<Json<Vec<KeyPackageCount>>, Refusal> {
    relay.service.key_package_counts(signed.id).await.map(Json)
}
