//! The relay over HTTP: parses, authenticates, calls the service, answers. Holds no rule of the product.

mod account;
mod answer;
mod authentication;
mod blob;
mod delivery;
mod device_socket;
mod directory;
mod mailbox;
mod observe;
mod relay;
mod sender_socket;
mod slot;
mod socket;

use std::{sync::Arc, time::Duration};

use axum::{Router, http::StatusCode, middleware, routing::get};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::service::Service;

pub use observe::router as observe_router;

/// A request with its body and answer; the largest blob over a slow line.
const REQUEST: Duration = Duration::from_secs(120);

/// What every handler may use.
#[derive(Clone)]
pub struct Relay {
    pub service: Arc<Service>,
    /// Sockets, which outlive the request that opened them.
    pub sockets: TaskTracker,
    pub stop: CancellationToken,
    pub uploads: Arc<Semaphore>,
}

/// All of `/v1`, its OpenAPI document included.
pub fn router(relay: Relay) -> Router {
    let (router, document) = documented().split_for_parts();
    let document = Arc::new(document);
    router
        .route("/v1/openapi.json", get(move || async move { axum::Json(document.as_ref().clone()) }))
        .route("/v1/socket/device", get(device_socket::open))
        .route("/v1/socket/send", get(sender_socket::open))
        .fallback(answer::not_found)
        .method_not_allowed_fallback(answer::not_found)
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, REQUEST))
        .layer(middleware::from_fn_with_state(relay.clone(), answer::finish))
        .with_state(relay)
}

fn documented() -> OpenApiRouter<Relay> {
    OpenApiRouter::new()
        .routes(routes!(relay::info))
        .routes(routes!(relay::privacy))
        .routes(routes!(account::send_code))
        .routes(routes!(account::register, account::delete))
        .routes(routes!(account::keep))
        .routes(routes!(account::link_number, account::unlink_number))
        .routes(routes!(account::open_session))
        .routes(routes!(account::keep_session))
        .routes(routes!(directory::entry))
        .routes(routes!(directory::take_key_package))
        .routes(routes!(directory::add_key_packages, directory::key_package_counts))
        .routes(routes!(directory::replace_key_packages))
        .routes(routes!(delivery::deliver))
        .routes(routes!(mailbox::replace_tokens))
        .routes(routes!(mailbox::page))
        .routes(routes!(mailbox::acknowledge))
        .routes(routes!(mailbox::status))
        .routes(routes!(slot::claim, slot::read))
        .routes(routes!(blob::put, blob::read, blob::delete))
}
