//! The audit log: who did what when, with which credential, and whether they were let.
//!
//! Told of are calls, prompts, what completes an argument from a tool, and every refusal; never a credential, a result or
//! what a manifest calls secret. Whoever tells does not wait: the entries go to a [`writer`] with a task of its own. What is
//! refused without a good credential is counted only ([`refusals`]): anybody can cause any number of those.

mod age;
mod arguments;
mod entry;
mod refusals;
mod store;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;
use serde_json::Value;
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use toolwright_core::ErrorCode;

pub(crate) use entry::{Entry, Kind, Verdict, Via};
pub(crate) use store::{AuditStore, Wanted};

use self::{
    refusals::Refusals,
    writer::{WAITING, Writer},
};
use crate::{
    Secrets,
    database::Database,
    observation::{Asked, LateEnd, Observation, ObservedCaller, Outcome, Transport},
    operations::Counter,
    spec::AuditSpec,
};

/// The audit log of a running server. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct Audit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    declared: AuditSpec,
    store: AuditStore,
    entries: mpsc::Sender<Entry>,
    gaps: Arc<Gaps>,
    refusals: Arc<Refusals>,
    ending: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Counts the entries that were not taken, since those before them still wait, or since the database refused them.
#[derive(Debug, Default)]
struct Gaps {
    /// Those that the log itself does not tell of yet.
    untold: AtomicU64,
    since_start: Counter,
}

impl Gaps {
    fn add(&self, entries: u64) {
        self.untold.fetch_add(entries, Ordering::Relaxed);
        self.since_start.inc_by(entries);
    }

    /// How many the log has to tell of, which it then does.
    fn take(&self) -> u64 {
        self.untold.swap(0, Ordering::Relaxed)
    }
}

impl Audit {
    /// Starts to write.
    pub(crate) fn start(declared: AuditSpec, database: &Database) -> Self {
        let (entries, waiting) = mpsc::channel(WAITING);
        let store = AuditStore::new(database);
        let (refusals, gaps) = <(Arc<Refusals>, Arc<Gaps>)>::default();
        let ending = CancellationToken::new();
        let writer = Writer {
            store: store.clone(),
            keep: age::micros(Duration::from_secs(declared.keep_seconds)),
            entries: waiting,
            refusals: Arc::clone(&refusals),
            gaps: Arc::clone(&gaps),
            ending: ending.clone(),
        };
        let writer = Mutex::new(Some(tokio::spawn(writer.run())));
        Self(Arc::new(Inner { declared, store, entries, gaps, refusals, ending, writer }))
    }

    /// For how long it is kept, in seconds.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "for the pages in a browser"))]
    pub(crate) fn keep_seconds(&self) -> u64 {
        self.0.declared.keep_seconds
    }

    /// What was written.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "for the pages in a browser"))]
    pub(crate) fn store(&self) -> &AuditStore {
        &self.0.store
    }

    /// How much the log lacks since the start.
    pub(crate) fn lacks(&self) -> Counter {
        self.0.gaps.since_start.clone()
    }

    /// Records an event. It never waits: where the database takes nothing for long, the log gets a gap, and says so.
    pub(crate) fn record(&self, entry: Entry) {
        if self.0.entries.try_send(entry.storable()).is_err() {
            self.0.gaps.add(1);
        }
    }

    /// The arguments of a call as they are recorded, where the manifest has them recorded. What it omits is out already.
    pub(crate) fn arguments(&self, omitted: impl FnOnce() -> Value, secrets: &Secrets) -> Option<String> {
        self.0.declared.arguments.then(|| arguments::recorded(omitted(), secrets))
    }

    /// Records what became of a request, if it is of those that are recorded.
    pub(crate) fn observe(&self, seen: &Observation) {
        let refused = match seen.outcome {
            Some(Outcome::Refused(code)) => Some(code),
            Some(Outcome::Ok | Outcome::Failed(_) | Outcome::CallerGone) | None => None,
        };
        let via = seen.transport.into();
        let Some(caller) = &seen.caller else {
            if let Some(code) = refused.filter(|code| code.is_denial()) {
                self.0.refusals.count(via, code, seen.status);
            }
            return;
        };
        let kind = match seen.asked {
            Asked::Call => Kind::Call,
            Asked::Prompt => Kind::Prompt,
            Asked::Resource => Kind::Resource,
            Asked::Completion => Kind::Completion,
            Asked::Token => Kind::TokenCreated,
            Asked::Other if refused.is_some() => Kind::Request,
            Asked::Other => return,
        };
        let took = i64::try_from(seen.elapsed().as_micros()).unwrap_or(i64::MAX);
        let began = Timestamp::now().as_microsecond().saturating_sub(took);
        let bytes = |bytes: Option<u64>| bytes.and_then(|bytes| i64::try_from(bytes).ok());
        self.record(Entry {
            operation: seen.operation.clone(),
            verdict: refused.map_or(Verdict::Allowed, verdict),
            // The protocol's library has an answer of its own to what it cannot read.
            outcome: seen.outcome.map_or("unanswered", Outcome::as_str).to_owned(),
            status: seen.status.map(i64::from),
            duration: Some(took),
            request_bytes: bytes(seen.request_bytes),
            response_bytes: bytes(seen.response_bytes),
            arguments: seen.arguments.clone(),
            ..of_caller(Entry::at(began, kind, via), caller)
        });
    }

    /// Records how a call ended that went on without its caller.
    pub(crate) fn observe_end(&self, end: &LateEnd) {
        let took = i64::try_from(end.elapsed.as_micros()).unwrap_or(i64::MAX);
        let began = Timestamp::now().as_microsecond().saturating_sub(took);
        self.record(Entry {
            operation: Some(end.operation.to_owned()),
            outcome: end.outcome.as_str().to_owned(),
            duration: Some(took),
            ..of_caller(Entry::at(began, Kind::CallEnded, Via::Server), &end.caller)
        });
    }

    /// Writes what still waits.
    pub(crate) async fn finish(&self) {
        self.0.ending.cancel();
        let writer = self.0.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the audit log was not written to its end");
        }
    }
}

fn of_caller(entry: Entry, caller: &ObservedCaller) -> Entry {
    let ObservedCaller { credential_id, credential_name, subject, account } = caller;
    Entry {
        credential_id: Some(credential_id.clone()),
        credential_name: Some(credential_name.clone()),
        subject: Some(subject.clone()),
        account: account.clone(),
        ..entry
    }
}

/// What is refused for its form alone was not denied.
fn verdict(refused: ErrorCode) -> Verdict {
    if refused.is_denial() { Verdict::Denied } else { Verdict::Allowed }
}

impl From<Transport> for Via {
    fn from(transport: Transport) -> Self {
        match transport {
            Transport::Http => Self::Http,
            Transport::Stdio => Self::Stdio,
        }
    }
}
