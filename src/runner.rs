//! Runs one authorized call within its limits.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::task::{JoinError, JoinHandle};
use tokio_util::{
    sync::CancellationToken,
    task::{AbortOnDropHandle, TaskTracker},
};
use toolwright_core::{Access, ErrorCode};

use crate::{
    Call, Handlers, ServerSpec, ToolError,
    changes::Changes,
    confirmation::Confirmed,
    conversation::Conversation,
    limits::Slot,
    observation::{LateEnd, ObservedCaller, Observers, Outcome},
    operations::traces::Parent,
    refusal::fill,
};

/// Runs calls, each in a task of its own: a handler that panics or blocks its thread takes down
/// neither its caller's connection nor its own time limit.
#[derive(Debug)]
pub(crate) struct Runner {
    spec: &'static ServerSpec,
    handlers: Handlers,
    observers: Arc<Observers>,
    changes: Arc<Changes>,
    limit: Duration,
    tasks: TaskTracker,
}

impl Runner {
    pub(crate) fn new(
        spec: &'static ServerSpec,
        handlers: Handlers,
        observers: Arc<Observers>,
        changes: Arc<Changes>,
    ) -> Self {
        Self {
            spec,
            handlers,
            observers,
            changes,
            limit: Duration::from_secs(spec.limits.call_seconds),
            tasks: TaskTracker::new(),
        }
    }

    /// Runs a call whose arguments are valid, and which has been agreed to where its tool asks.
    ///
    /// A call that only reads ends when its time is over or its caller has gone; what it has recorded by
    /// then stays. One that writes goes on in either case, so that it never stops half-way; past its time the caller is told
    /// that its outcome is unknown.
    ///
    /// Nothing comes of a call that ended because its caller has gone.
    pub(crate) async fn run(
        &self,
        call: Confirmed,
        conversation: Arc<Conversation>,
        slot: Slot,
        trace: Parent,
        cancelled: CancellationToken,
    ) -> Option<Result<Value, ToolError>> {
        let (admitted, arguments) = call.into_parts();
        let access = admitted.operation().access;
        let call = Call::new(admitted, conversation, cancelled.clone(), Arc::clone(&self.changes));
        let task = self.start(call, arguments, slot, trace, cancelled.clone());
        match access {
            Access::Read => {
                let task = AbortOnDropHandle::new(task);
                tokio::select! {
                    joined = tokio::time::timeout(self.limit, task) => {
                        Some(joined.map_or_else(|_| Err(self.overdue(ErrorCode::TimedOut)), answer))
                    }
                    () = cancelled.cancelled() => None,
                }
            }
            Access::Write | Access::Destructive => {
                let joined = tokio::time::timeout(self.limit, task).await;
                Some(joined.map_or_else(|_| Err(self.overdue(ErrorCode::OutcomeUnknown)), answer))
            }
        }
    }

    fn start(
        &self,
        call: Call,
        arguments: Value,
        slot: Slot,
        trace: Parent,
        cancelled: CancellationToken,
    ) -> JoinHandle<Result<Value, ToolError>> {
        let handlers = self.handlers.clone();
        let observers = Arc::clone(&self.observers);
        let limit = self.limit;
        self.tasks.spawn(async move {
            let started = Instant::now();
            let (operation, caller) = (call.tool().name, ObservedCaller::from(call.about()));
            let handled = handlers.0.dispatch(call, arguments);
            let result = trace.handle(operation, handled).await;
            // Free before the answer goes out: whoever reads it can call again.
            drop(slot);
            let elapsed = started.elapsed();
            if elapsed > limit || cancelled.is_cancelled() {
                let outcome = result.as_ref().map_or_else(|error| Outcome::Failed(error.code()), |_| Outcome::Ok);
                observers.tell_end(&LateEnd { operation, caller, outcome, elapsed });
            }
            result
        })
    }

    fn overdue(&self, code: ErrorCode) -> ToolError {
        let entry = code.entry();
        ToolError::new(code, fill(&format!("{} {}", entry.cause, entry.fix), self.spec))
    }

    /// Waits for the calls that still run.
    pub(crate) async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn answer(joined: Result<Result<Value, ToolError>, JoinError>) -> Result<Value, ToolError> {
    joined.unwrap_or_else(|error| {
        // The panic itself is in the log already, with its place.
        Err(ToolError::internal(if error.is_panic() { "the handler panicked" } else { "the handler was stopped" }))
    })
}
