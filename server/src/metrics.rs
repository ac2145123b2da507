//! Counters for the operator. No label holds an ID, a number or an address: codes and kinds only.
//!
//! Each relay has a recorder of its own: several live in one test process.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

const METADATA: Metadata<'static> = Metadata::new("sealpost", Level::INFO, None);

/// Handles to all that is counted; clones count together.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// Operations in one commit.
    pub batch: Histogram,
    /// Envelopes pushed.
    pub pushes: Counter,
    /// Device sockets that are open.
    pub devices: Gauge,
    /// Sender's sockets that are open.
    pub senders: Gauge,
    /// Recipients of deliveries that were accepted.
    pub accepted: Counter,
    /// Rows that the deletion jobs removed.
    pub swept: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |name| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        Self {
            handle: recorder.handle(),
            batch: recorder.register_histogram(&Key::from_static_name("sealpost_commit_operations"), &METADATA),
            pushes: counter("sealpost_pushes_total"),
            devices: gauge("sealpost_device_sockets"),
            senders: gauge("sealpost_sender_sockets"),
            accepted: counter("sealpost_deliveries_accepted_total"),
            swept: counter("sealpost_swept_rows_total"),
            recorder: Arc::new(recorder),
        }
    }

    /// A recipient that a delivery did not reach.
    pub fn delivery_refused(&self, code: &'static str) {
        self.labelled("sealpost_deliveries_refused_total", vec![Label::from_static_parts("code", code)]);
    }

    /// A request that was answered; `route` is the template, never the path.
    pub fn answered(&self, route: &str, status: u16) {
        let labels = vec![Label::new("route", route.to_owned()), Label::new("status", status.to_string())];
        self.labelled("sealpost_requests_total", labels);
    }

    /// In Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    fn labelled(&self, name: &'static str, labels: Vec<Label>) {
        self.recorder.register_counter(&Key::from_parts(name, labels), &METADATA).increment(1);
    }
}
