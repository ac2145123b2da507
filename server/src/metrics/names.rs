//! Every metric's name and what it means, as `/metrics` tells it, and the bounds of the histograms.

/// What only grows.
pub const COUNTERS: &[(&str, &str)] = &[
    ("sealpost_deliveries_accepted_total", "Recipients that a delivery was accepted for."),
    ("sealpost_deliveries_refused_total", "Recipients that a delivery was refused for, by the code of the answer."),
    ("sealpost_pushes_total", "Envelopes that were pushed to connected devices."),
    ("sealpost_requests_total", "Requests that were answered, by the template of the route and the status."),
    ("sealpost_rate_limited_total", "Requests that were refused because of a rate limit."),
    ("sealpost_connections_cut_total", "Connections that the relay ended: slow, silent or idle peers."),
    ("sealpost_swept_rows_total", "Rows that the deletion jobs removed."),
    ("sealpost_commits_failed_total", "Transactions of the writer that were rolled back."),
    ("sealpost_certificate_reads_total", "How often the certificate's files were read again; refused: the old stays."),
];

/// What stands at some level.
pub const GAUGES: &[(&str, &str)] = &[
    ("sealpost_build_info", "Always 1; the version of the program is the label."),
    ("sealpost_ready", "1 while /health says that the relay is ready."),
    ("sealpost_accounts", "Accounts."),
    ("sealpost_waiting_messages", "Messages that wait in all mailboxes together."),
    ("sealpost_waiting_bytes", "What these messages weigh, as the quotas count."),
    ("sealpost_incarnation", "When the relay was last restored from a backup, in milliseconds; 1 if never."),
    ("sealpost_sockets", "WebSockets that are open: of devices that receive, and of senders."),
    ("sealpost_connections", "Connections that are open, whatever goes over them."),
    ("sealpost_connections_limit", "Connections that the configuration allows."),
    ("sealpost_disk_free_bytes", "Bytes that the disk of the data folder has left."),
    ("sealpost_disk_floor_bytes", "Below this many free bytes the relay refuses what the label says."),
    ("sealpost_certificate_expiry_timestamp_seconds", "When the certificate in use ends, in Unix seconds."),
];

/// What is measured each time.
pub const HISTOGRAMS: &[(&str, &str)] = &[
    ("sealpost_commit_operations", "Operations in one transaction of the writer."),
    ("sealpost_commit_seconds", "A transaction of the writer, from its begin to the end of its commit."),
    ("sealpost_commit_sync_seconds", "The commit alone: the log is written and synced to the disk."),
];

/// Upper bounds.
pub const BUCKETS: [(&str, &[f64]); 3] = [
    ("sealpost_commit_operations", &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 2048.0]),
    ("sealpost_commit_seconds", SECONDS),
    ("sealpost_commit_sync_seconds", SECONDS),
];

/// From a good disk to one that nobody wants.
const SECONDS: &[f64] = &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
