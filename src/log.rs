//! The log: on standard error, because standard output belongs to the protocol over stdio.

use std::{
    io::{self, IsTerminal as _, Write},
    panic,
    time::Instant,
};

use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use crate::Secrets;

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
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
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

/// What the log says of a request, once, when the request is over. It names neither the
/// credential itself nor the arguments.
#[derive(Debug)]
pub(crate) struct RequestLine {
    started: Instant,
    /// The tool, or the method.
    pub(crate) operation: Option<String>,
    /// The credential's id.
    pub(crate) credential: Option<String>,
    /// The HTTP status.
    pub(crate) status: Option<u16>,
    /// What became of the request: a name of the error catalogue, or `ok` for a tool's result.
    pub(crate) outcome: Option<&'static str>,
    /// Whether the request came to its end: one that is dropped before has lost its caller.
    pub(crate) is_answered: bool,
}

impl RequestLine {
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            operation: None,
            credential: None,
            status: None,
            outcome: None,
            is_answered: false,
        }
    }
}

impl Drop for RequestLine {
    fn drop(&mut self) {
        tracing::info!(
            operation = self.operation.as_deref(),
            credential = self.credential.as_deref(),
            status = self.status,
            outcome = if self.is_answered { self.outcome } else { Some("caller_gone") },
            ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "request"
        );
    }
}
