//! The log: JSON lines. Of its libraries the relay writes what they say up to `info` and no more, whatever is asked
//! for: at their most talkative they print frames and headers, and with them IDs, secrets and addresses.

use tracing::Level;
use tracing_subscriber::{
    EnvFilter,
    filter::{FilterExt, filter_fn},
    fmt::MakeWriter,
    prelude::*,
};

/// From now on, for the whole process.
pub fn start<W>(asked: EnvFilter, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let own_or_brief = filter_fn(|line| *line.level() <= Level::INFO || line.target().starts_with("sealpost_server"));
    let lines = tracing_subscriber::fmt::layer().json().with_writer(writer);
    tracing_subscriber::registry().with(lines.with_filter(asked.and(own_or_brief))).init();
}
