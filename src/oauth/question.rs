//! A question that many wait for: asked once, and to the end, whoever of them leaves.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::watch, time::timeout};

/// How long nothing is asked after the issuer did not answer.
const FAILED: Duration = Duration::from_secs(2);

/// What an issuer is asked one at a time. Clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Question(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    asking: Option<Asking>,
    failed: Option<Failed>,
}

/// Why there was no answer, and when that was.
struct Failed {
    at: Instant,
    why: String,
}

/// A question that is under way.
#[derive(Clone)]
pub(super) struct Asking {
    since: Instant,
    /// Closed when there is an answer, or none can come any more.
    over: watch::Receiver<()>,
}

impl Question {
    /// The question that is under way, if there is one.
    pub(super) fn under_way(&self) -> Option<Asking> {
        self.state().asking.clone().filter(|asking| !asking.is_over())
    }

    /// Asks, unless the question is under way already; nothing shortly after it failed. Whoever asks keeps what is
    /// answered. It goes on however many of those who wait for it leave.
    pub(super) fn ask<A>(&self, ask: impl FnOnce() -> A) -> Option<Asking>
    where
        A: Future<Output = Result<(), String>> + Send + 'static,
    {
        let mut state = self.state();
        if let Some(asking) = state.asking.as_ref().filter(|asking| !asking.is_over()) {
            return Some(asking.clone());
        }
        if state.failed.as_ref().is_some_and(|failed| failed.at.elapsed() < FAILED) {
            return None;
        }
        let (ends, over) = watch::channel(());
        let asking = Asking { since: Instant::now(), over };
        state.asking = Some(asking.clone());
        let (question, asked) = (self.clone(), ask());
        tokio::spawn(async move {
            let failed = asked.await.err().map(|why| Failed { at: Instant::now(), why });
            question.state().failed = failed;
            drop(ends);
        });
        Some(asking)
    }

    /// Why there was no answer the last time.
    pub(super) fn failure(&self) -> Option<String> {
        self.state().failed.as_ref().map(|failed| failed.why.clone())
    }

    /// A panic while the lock was held leaves a state that is as good as before.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    fn is_over(&self) -> bool {
        self.over.has_changed().is_err()
    }

    /// Waits until there is an answer or none can come.
    pub(super) async fn over(mut self) {
        // Nothing is ever sent: this is the end.
        let _ = self.over.changed().await;
    }

    /// The same, but no longer than this after it was asked, whoever came when.
    pub(super) async fn over_within(self, limit: Duration) {
        let left = limit.saturating_sub(self.since.elapsed());
        let _ = timeout(left, self.over()).await;
    }
}
