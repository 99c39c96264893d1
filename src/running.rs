//! From the first request to the last: what must end, and in which order.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{ServerSpec, server::Server};

/// How long background work may take to end.
const BACKGROUND_GRACE: Duration = Duration::from_secs(10);

/// What a call may take beyond its own limit, to be answered.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// What goes on beside the calls.
#[derive(Default)]
pub(crate) struct Background {
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Background {
    /// Tells it to end, and waits for it.
    pub(crate) async fn finish(self) {
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(BACKGROUND_GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("background work was given up");
        }
    }
}

/// A server with its background work.
pub(crate) struct Running {
    server: Arc<Server>,
    background: Background,
}

impl Running {
    pub(crate) fn new(server: Server, background: Background) -> Self {
        Self { server: Arc::new(server), background }
    }

    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server)
    }

    /// How long calls in flight are waited for.
    pub(crate) fn grace(&self) -> Duration {
        answer_limit(self.server.spec)
    }

    /// Ends everything, in this order: calls that outlived their connection, background work, and
    /// the database.
    pub(crate) async fn finish(self) {
        if tokio::time::timeout(self.grace(), self.server.runner.finished()).await.is_err() {
            tracing::warn!("calls that write were given up");
        }
        self.background.finish().await;
        self.server.verifier.finish().await;
    }
}

/// How long the answer to a call can take.
pub(crate) fn answer_limit(spec: &ServerSpec) -> Duration {
    Duration::from_secs(spec.limits.call_seconds) + ANSWER_GRACE
}

/// Completes when the process is told to stop.
///
/// # Errors
/// When the process cannot listen for signals.
pub(crate) fn until_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .context("cannot listen for SIGTERM")?;
    #[cfg(unix)]
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .context("cannot listen for SIGINT")?;
    #[cfg(unix)]
    return Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    });
    #[cfg(not(unix))]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().context("cannot listen for Ctrl+C")?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}
