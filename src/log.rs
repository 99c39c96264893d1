//! The log: on standard error, because standard output belongs to the protocol over stdio.

use std::{
    io::{self, IsTerminal as _, Write},
    panic,
};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::{
    Secrets,
    observation::{LateEnd, Observation, Outcome},
};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The protocol's library tells of every request, three times, and warns of every error that a
/// client makes; one line of ours is enough.
const DEFAULT_FILTER: &str = "info,rmcp=warn,rmcp::service=error,sqlx=warn";

/// Starts the log. `RUST_LOG` says otherwise what is logged.
pub(crate) fn start(format: LogFormat, secrets: &Secrets) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let secrets = secrets.clone();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(move || Line::of(&secrets));
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(true).with_span_list(false).init(),
    }
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let message = panic.payload_as_str().unwrap_or("no message");
        tracing::error!(place, message, "panicked");
    }));
}

/// A line of the log, which loses its secrets before it is written.
struct Line {
    text: Vec<u8>,
    secrets: Secrets,
}

impl Line {
    fn of(secrets: &Secrets) -> Self {
        Self { text: Vec::new(), secrets: secrets.clone() }
    }
}

impl Write for Line {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        // Nobody can be told that the log is not written.
        let _ = io::stderr().write_all(self.secrets.redact_text(&text).as_bytes());
    }
}

/// What the log says of a call that ended after its caller was gone, or was told that its outcome is unknown.
pub(crate) fn write_end(end: &LateEnd) {
    let outcome = end.outcome.as_str();
    tracing::warn!(operation = end.operation, outcome, ms = end.elapsed.as_millis(), "a call ended without its caller");
}

/// What the log says of a request, once, when the request is over. It names neither the
/// credential itself nor the arguments.
pub(crate) fn write(seen: &Observation) {
    tracing::info!(
        trace_id = seen.trace_id(),
        transport = seen.transport.as_str(),
        operation = seen.operation.as_deref(),
        credential = seen.caller.as_ref().map(|caller| caller.credential_id.as_str()),
        status = seen.status,
        outcome = seen.outcome.map(Outcome::as_str),
        ms = u64::try_from(seen.elapsed().as_millis()).unwrap_or(u64::MAX),
        "request"
    );
}
