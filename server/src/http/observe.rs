//! The second listener: `/health` and `/metrics`, for the operator.

use std::sync::Arc;

use axum::{Router, extract::State, http::StatusCode, routing::get};

use crate::service::Service;

pub fn router(service: Arc<Service>) -> Router {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(service)
}

/// 200 if the store answers.
async fn health(State(service): State<Arc<Service>>) -> (StatusCode, &'static str) {
    match service.relay_info().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
    }
}

async fn metrics(State(service): State<Arc<Service>>) -> String {
    service.metrics.render()
}
