//! From the first request to the last: what must end, and in which order.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ServerSpec,
    database::Database,
    operations::{Health, traces::Traces},
    server::Server,
};

/// How long background work may take to end.
const BACKGROUND_GRACE: Duration = Duration::from_secs(10);

/// What a call may take beyond its own limit, to be answered.
const ANSWER_GRACE: Duration = Duration::from_secs(5);

/// What goes on beside the calls.
#[derive(Default)]
pub(crate) struct Background {
    pub(crate) shutdown: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// Cancelled when some of it has panicked: it does not begin again by itself.
    pub(crate) broken: CancellationToken,
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
    /// What everything above writes to, where the server keeps something.
    database: Option<Database>,
    /// What sends traces, where anything is traced.
    traces: Option<Traces>,
}

impl Running {
    pub(crate) fn new(
        server: Server,
        background: Background,
        database: Option<Database>,
        traces: Option<Traces>,
    ) -> Self {
        Self { server: Arc::new(server), background, database, traces }
    }

    pub(crate) fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server)
    }

    /// Cancelled when background work has panicked.
    pub(crate) fn broken(&self) -> CancellationToken {
        self.background.broken.clone()
    }

    /// How long calls in flight are waited for.
    pub(crate) fn grace(&self) -> Duration {
        answer_limit(self.server.spec)
    }

    /// Ends everything, in this order: calls that outlived their connection, background work, the audit log,
    /// the database, and what is still to be told of all that.
    pub(crate) async fn finish(self) {
        if tokio::time::timeout(self.grace(), self.server.runner.finished()).await.is_err() {
            tracing::warn!("calls that write were given up");
        }
        self.background.finish().await;
        if let Some(audit) = self.server.audit() {
            audit.finish().await;
        }
        self.server.verifier.finish().await;
        if let Some(database) = self.database
            && tokio::time::timeout(BACKGROUND_GRACE, database.close()).await.is_err()
        {
            tracing::warn!("the database was not closed in time");
        }
        if let Some(traces) = self.traces {
            traces.finish().await;
        }
    }
}

/// How long the answer to a call can take.
pub(crate) fn answer_limit(spec: &ServerSpec) -> Duration {
    Duration::from_secs(spec.limits.call_seconds) + ANSWER_GRACE
}

/// What a process is told to stop with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    /// By what manages it (SIGTERM).
    Terminate,
    /// By somebody at a terminal (SIGINT, Ctrl+C).
    Interrupt,
}

impl Signal {
    /// What a process ends with that this signal has ended, as shells tell it.
    fn status(self) -> i32 {
        match self {
            Self::Terminate => 128 + 15,
            Self::Interrupt => 128 + 2,
        }
    }
}

/// The signals that tell the process to stop.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(not(unix))]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    #[cfg(unix)]
    pub(crate) fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?,
        })
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// When the process cannot listen for signals.
    #[cfg(not(unix))]
    pub(crate) fn listen() -> anyhow::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c().context("cannot listen for Ctrl+C")? })
    }

    /// The next one.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.interrupt.recv() => Signal::Interrupt,
        }
    }

    /// The next one.
    #[cfg(not(unix))]
    pub(crate) async fn next(&mut self) -> Signal {
        self.interrupt.recv().await;
        Signal::Interrupt
    }

    /// Completes when it is time to let nobody in any more: when the process is told to stop, and where what manages
    /// it does so, `drain` later. A balancer needs a while to see that an instance is not ready, and sends
    /// requests until then. Whoever tells it again means at once.
    pub(crate) async fn until_drained(mut self, health: &Health, drain: Duration) {
        let signal = self.next().await;
        health.end();
        if signal == Signal::Terminate && !drain.is_zero() {
            tracing::info!(seconds = drain.as_secs(), "draining");
            // Over or told again, it goes on in the same way.
            let _ = tokio::time::timeout(drain, self.next()).await;
        }
        tracing::info!("shutting down");
        self.end_at_next();
    }

    /// From now on, ends the process when it is told once more: whoever tells it waits for nothing any longer.
    fn end_at_next(mut self) {
        tokio::spawn(async move {
            let signal = self.next().await;
            tracing::warn!("ended at once, whatever is under way");
            std::process::exit(signal.status());
        });
    }
}

/// Completes when the process is told to stop.
///
/// # Errors
/// When the process cannot listen for signals.
pub(crate) fn until_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut signals = Signals::listen()?;
    Ok(async move {
        signals.next().await;
        signals.end_at_next();
    })
}
