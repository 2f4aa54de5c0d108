//! The log: lines for people or for machines, to standard error, without personal data (docs/LOGGING.md).

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts to log, for the whole process. Later calls change nothing.
pub fn start(log: &Log) {
    // The filter was checked when the configuration was read.
    let filter = EnvFilter::try_new(&log.filter).unwrap_or_default();
    // Automerge describes each document that it loads in a span, which costs more than writing the document down.
    let filter = match "automerge=off".parse() {
        Ok(quiet) if !log.filter.contains("automerge") => filter.add_directive(quiet),
        _ => filter,
    };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    drop(started);
}
