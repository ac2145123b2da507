//! What the operator counts and measures. No label holds an ID, a number or an address: codes and kinds only.
//!
//! Names follow Prometheus' practice: base units at the end, `_total` for what only grows. Whatever may be counted
//! later stands at 0 from the start, so that a rate has a beginning. Each relay has a recorder of its own: several live
//! in one test process.

use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

use crate::store::sqlite::Batch;

mod names;

use names::{BUCKETS, COUNTERS, GAUGES, HISTOGRAMS};

const METADATA: Metadata<'static> = Metadata::new("sealpost", Level::INFO, None);

/// Handles to all that is counted; clones count together.
#[derive(Clone)]
pub struct Metrics {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// Envelopes pushed.
    pub pushes: Counter,
    /// Device sockets that are open.
    pub devices: Gauge,
    /// Sender's sockets that are open.
    pub senders: Gauge,
    /// Connections that are open, whatever goes over them.
    pub connections: Gauge,
    /// Recipients of deliveries that were accepted.
    pub accepted: Counter,
    /// Rows that the deletion jobs removed.
    pub swept: Counter,
    operations: Histogram,
    commits: Histogram,
    syncs: Histogram,
    failed_commits: Counter,
}

/// Why a connection was cut by the relay's end.
#[derive(Debug, Clone, Copy)]
pub enum CutOff {
    /// It took nothing of what was sent to it.
    TakesNothing,
    /// A socket that answered no ping.
    Silent,
    /// Nothing went either way.
    Idle,
    /// It did not finish its handshake.
    Handshake,
}

/// A rate limit that somebody met.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    /// Requests and deliveries without identity, per address prefix.
    Anonymous,
    /// Requests per account.
    Signed,
    /// Codes by text message: per address prefix, per number, or the day's ceiling.
    Codes,
}

/// What the relay holds, as it was looked up for a scrape.
#[derive(Debug, Clone, Copy, Default)]
pub struct Levels {
    pub accounts: u64,
    pub waiting_messages: u64,
    pub waiting_bytes: u64,
    pub incarnation: u64,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    pub fn new() -> Self {
        let recorder = described(BUCKETS.iter().fold(PrometheusBuilder::new(), |builder, (name, buckets)| {
            let matcher = Matcher::Full((*name).to_owned());
            builder.set_buckets_for_metric(matcher, buckets).expect("no list of buckets is empty")
        }));
        let counter = |name| recorder.register_counter(&Key::from_static_name(name), &METADATA);
        let gauge = |key: &Key| recorder.register_gauge(key, &METADATA);
        let histogram = |name| recorder.register_histogram(&Key::from_static_name(name), &METADATA);
        let sockets = |kind| Key::from_parts("sealpost_sockets", vec![Label::from_static_parts("kind", kind)]);
        let metrics = Self {
            handle: recorder.handle(),
            pushes: counter("sealpost_pushes_total"),
            devices: gauge(&sockets("device")),
            senders: gauge(&sockets("sender")),
            connections: gauge(&Key::from_static_name("sealpost_connections")),
            accepted: counter("sealpost_deliveries_accepted_total"),
            swept: counter("sealpost_swept_rows_total"),
            operations: histogram("sealpost_commit_operations"),
            commits: histogram("sealpost_commit_seconds"),
            syncs: histogram("sealpost_commit_sync_seconds"),
            failed_commits: counter("sealpost_commits_failed_total"),
            recorder: Arc::new(recorder),
        };
        metrics.start();
        metrics
    }

    /// What the store's writer did. Where nothing was written nothing is measured: a probe would look like a fast disk.
    pub fn committed(&self, batch: &Batch) {
        if batch.sync.is_none() && !batch.failed {
            return;
        }
        self.operations.record(batch.operations as f64);
        self.commits.record(batch.took.as_secs_f64());
        if let Some(sync) = batch.sync {
            self.syncs.record(sync.as_secs_f64());
        }
        self.failed_commits.increment(batch.failed.into());
    }

    /// So many recipients that a delivery did not reach.
    pub fn deliveries_refused(&self, code: &'static str, recipients: u64) {
        self.counter("sealpost_deliveries_refused_total", "code", code).increment(recipients);
    }

    /// A request that was answered; `route` is the template, never the path.
    pub fn answered(&self, route: &str, status: u16) {
        let labels = vec![Label::new("route", route.to_owned()), Label::new("status", status.to_string())];
        let key = Key::from_parts("sealpost_requests_total", labels);
        self.recorder.register_counter(&key, &METADATA).increment(1);
    }

    pub fn limited(&self, limit: Limit) {
        self.counter("sealpost_rate_limited_total", "limit", limit.name()).increment(1);
    }

    pub fn cut_off(&self, why: CutOff) {
        self.counter("sealpost_connections_cut_total", "reason", why.name()).increment(1);
    }

    /// The certificate was read again; a failure means that the one before goes on.
    pub fn certificate_read(&self, is_new: bool) {
        let outcome = if is_new { "taken" } else { "refused" };
        self.counter("sealpost_certificate_reads_total", "outcome", outcome).increment(1);
    }

    /// When the certificate in use ends, in Unix seconds.
    pub fn certificate_expires(&self, at_seconds: i64) {
        self.gauge("sealpost_certificate_expiry_timestamp_seconds", None).set(at_seconds as f64);
    }

    /// Below how many free bytes what is refused, and how many connections there may be: what alerts compare with.
    pub fn configured(&self, uploads_bytes: u64, deliveries_bytes: u64, connections: usize) {
        self.gauge("sealpost_disk_floor_bytes", Some(("refuses", "uploads"))).set(uploads_bytes as f64);
        self.gauge("sealpost_disk_floor_bytes", Some(("refuses", "deliveries"))).set(deliveries_bytes as f64);
        self.gauge("sealpost_connections_limit", None).set(connections as f64);
    }

    pub fn levels(&self, levels: &Levels) {
        for (name, value) in [
            ("sealpost_accounts", levels.accounts),
            ("sealpost_waiting_messages", levels.waiting_messages),
            ("sealpost_waiting_bytes", levels.waiting_bytes),
            ("sealpost_incarnation", levels.incarnation),
        ] {
            self.gauge(name, None).set(value as f64);
        }
    }

    pub fn disk_free(&self, bytes: u64) {
        self.gauge("sealpost_disk_free_bytes", None).set(bytes as f64);
    }

    /// Whether the relay says at `/health` that it is ready.
    pub fn ready(&self, is_ready: bool) {
        self.gauge("sealpost_ready", None).set(f64::from(u8::from(is_ready)));
    }

    /// In Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.run_upkeep();
        self.handle.render()
    }

    /// What is there before anything happens.
    fn start(&self) {
        self.gauge("sealpost_build_info", Some(("version", env!("CARGO_PKG_VERSION")))).set(1.0);
        for limit in [Limit::Anonymous, Limit::Signed, Limit::Codes] {
            self.counter("sealpost_rate_limited_total", "limit", limit.name()).increment(0);
        }
        for why in [CutOff::TakesNothing, CutOff::Silent, CutOff::Idle, CutOff::Handshake] {
            self.counter("sealpost_connections_cut_total", "reason", why.name()).increment(0);
        }
        for code in ["token_refused", "mailbox_full", "retired", "relay_full"] {
            self.deliveries_refused(code, 0);
        }
        for outcome in ["taken", "refused"] {
            self.counter("sealpost_certificate_reads_total", "outcome", outcome).increment(0);
        }
    }

    fn counter(&self, name: &'static str, label: &'static str, value: &'static str) -> Counter {
        let key = Key::from_parts(name, vec![Label::from_static_parts(label, value)]);
        self.recorder.register_counter(&key, &METADATA)
    }

    fn gauge(&self, name: &'static str, label: Option<(&'static str, &'static str)>) -> Gauge {
        let labels: Vec<Label> = label.iter().map(|(label, value)| Label::from_static_parts(label, value)).collect();
        self.recorder.register_gauge(&Key::from_parts(name, labels), &METADATA)
    }
}

impl CutOff {
    fn name(self) -> &'static str {
        match self {
            Self::TakesNothing => "takes_nothing",
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Handshake => "handshake",
        }
    }
}

impl Limit {
    fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Signed => "signed",
            Self::Codes => "codes",
        }
    }
}

/// A recorder that says of each name what it means.
fn described(builder: PrometheusBuilder) -> PrometheusRecorder {
    let recorder = builder.build_recorder();
    let name = |name: &&'static str| KeyName::from_const_str(name);
    COUNTERS.iter().for_each(|(it, text)| recorder.describe_counter(name(it), None, (*text).into()));
    GAUGES.iter().for_each(|(it, text)| recorder.describe_gauge(name(it), None, (*text).into()));
    HISTOGRAMS.iter().for_each(|(it, text)| recorder.describe_histogram(name(it), None, (*text).into()));
    recorder
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_metric_says_what_it_is_and_nothing_is_described_that_is_not_there() {
        let metrics = Metrics::new();
        metrics.answered("/v1/relay", 200);
        metrics.certificate_expires(1);
        metrics.configured(1, 1, 1);
        metrics.levels(&Levels::default());
        metrics.disk_free(1);
        metrics.ready(true);
        let batch = Batch {
            operations: 3,
            took: Duration::from_millis(4),
            sync: Some(Duration::from_millis(3)),
            failed: false,
        };
        metrics.committed(&batch);
        let text = metrics.render();
        let words =
            |start: &'static str| text.lines().filter_map(move |line| line.strip_prefix(start)?.split(' ').next());
        let described: Vec<&str> = words("# HELP ").collect();
        let typed: Vec<&str> = words("# TYPE ").collect();
        for name in &typed {
            assert!(described.contains(name), "{name} has no description");
        }
        for (name, _) in COUNTERS.iter().chain(GAUGES).chain(HISTOGRAMS) {
            assert!(typed.contains(name), "{name} is described and nowhere counted");
        }
        assert!(text.contains("sealpost_commit_seconds_bucket{le=\"0.005\"} 1"), "{text}");
    }

    #[test]
    fn a_commit_that_was_rolled_back_counts_as_failed() {
        let metrics = Metrics::new();
        metrics.committed(&Batch { operations: 1, took: Duration::from_millis(1), sync: None, failed: true });
        assert!(metrics.render().contains("sealpost_commits_failed_total 1"));
    }
}
