//! The second listener: `/health` and `/metrics`, for the operator.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::get,
};

use crate::service::Service;

/// Prometheus' text format.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

pub fn router(service: Arc<Service>) -> Router {
    Router::new().route("/health", get(health)).route("/metrics", get(metrics)).with_state(service)
}

/// 200 while messages are taken and handed out, `ok` in the first line; 503 otherwise. What is wrong follows, a line
/// each.
async fn health(State(service): State<Arc<Service>>) -> (StatusCode, String) {
    let health = service.health().await;
    let (status, first) =
        if health.ready { (StatusCode::OK, "ok\n") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready\n") };
    let reasons: String = health.reasons.iter().map(|reason| format!("{reason}\n")).collect();
    (status, format!("{first}{reasons}"))
}

async fn metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    ([(CONTENT_TYPE, METRICS_TYPE)], service.measure().await)
}
