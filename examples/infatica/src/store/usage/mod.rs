//! Usage: the requests to other servers that were made for an account, and what they cost.

use infatica_tools::{Engine, UsageKind, UsageOutcome};
use sqlx::SqliteConnection;

use super::{
    StoreError,
    ledger::{self, Entry},
    random_id,
    runs::RunKey,
};

pub(crate) mod events;
mod prices;
pub(crate) mod summary;

/// A request that is over.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) account: &'a str,
    pub(crate) request: Request<'a>,
    pub(crate) outcome: UsageOutcome,
    /// Size of the answer that was used; 0 without one.
    pub(crate) bytes: i64,
}

/// What a request was for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Request<'a> {
    /// One attempt at a page of a run.
    Item { run: RunKey, task: i64, attempt: i64, engine: Engine },
    /// One attempt at the sitemap or feed of a run.
    Source { run: RunKey, task: i64, attempt: i64 },
    /// One question to a language model, for the analysis or comparison with this id; of one run, or
    /// of several.
    Analysis { id: &'a str, run: Option<RunKey> },
}

/// Records a request and charges the account for it, in the transaction that keeps what came of it:
/// nothing is counted twice, and nothing is lost.
pub(super) async fn record(connection: &mut SqliteConnection, now: i64, event: &Event<'_>) -> Result<(), StoreError> {
    let &Event { account, request, outcome, bytes } = event;
    let (kind, run, task, attempt, engine, analysis) = match request {
        Request::Item { run, task, attempt, engine } => {
            (UsageKind::Item, Some(run), Some(task), Some(attempt), Some(engine), None)
        }
        Request::Source { run, task, attempt } => (UsageKind::Source, Some(run), Some(task), Some(attempt), None, None),
        Request::Analysis { id, run } => (UsageKind::Analysis, run, None, None, None, Some(id)),
    };
    let credits = prices::of(request, outcome);
    let usage = sqlx::query_scalar(
        "INSERT INTO usage (id, account, at, kind, run, task, attempt, engine, analysis, outcome, bytes, credits)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING seq",
    )
    .bind(random_id("usage_"))
    .bind(account)
    .bind(now)
    .bind(kind.as_str())
    .bind(run.map(|run| run.0))
    .bind(task)
    .bind(attempt)
    .bind(engine.map(Engine::as_str))
    .bind(analysis)
    .bind(outcome.as_str())
    .bind(bytes)
    .bind(credits)
    .fetch_one(&mut *connection)
    .await?;
    if credits > 0 {
        ledger::add(connection, now, account, Entry::Charge { usage, credits }).await?;
    }
    Ok(())
}
