//! What requests cost, in credits. The manifest says the same to customers.

use infatica_tools::{Engine, UsageOutcome};

use super::Request;

/// An answer that could not be used, whatever was asked for.
const FAILED: i64 = 1;

/// What a request costs.
pub(super) const fn of(request: Request<'_>, outcome: UsageOutcome) -> i64 {
    match outcome {
        UsageOutcome::Completed => completed(request),
        UsageOutcome::Failed => FAILED,
        UsageOutcome::Unanswered => 0,
    }
}

const fn completed(request: Request<'_>) -> i64 {
    match request {
        Request::Source { .. } | Request::Item { engine: Engine::Raw, .. } => 1,
        Request::Item { engine: Engine::Text | Engine::Metadata, .. } => 2,
        Request::Analysis { .. } => 10,
    }
}
