//! The state machine of runs and tasks, and the only code that writes.
//!
//! A task is one thing for the worker to do: a page of a run, which callers know as an item, or the
//! sitemap or feed that a run's pages come from.
//!
//! ```text
//! task  queued ─────────────→ running        the worker starts an attempt
//!       running ────────────→ completed      its result is stored, in the same transaction
//!       running ────────────→ failed         a fault that stays, or one too many
//!       running ────────────→ queued         a fault that may pass, or the server stopped
//!       queued, running ────→ cancelled      with its run
//!       failed ─────────────→ queued         retry_run, retry_bulk_run, retry_item
//!       cancelled ──────────→ queued         retry_item
//!
//! run   queued ─────────────→ running        its first task starts
//!       running ────────────→ completed      no task is left, and a page was collected
//!       running ────────────→ failed         no task is left, and no page was collected
//!       queued, running ────→ cancelled      cancel_run
//!       completed, failed ──→ queued         retry_run, when a task failed
//!       failed ─────────────→ queued         retry_bulk_run
//!       any that is over ───→ queued         retry_item
//! ```
//!
//! A run that was cancelled and is taken up again by `retry_item` ends like any other, by what was
//! collected; its other items stay cancelled.
//!
//! Every transition is one transaction, and leaves an event in the run's log. Transitions out of
//! `running` name the attempt that they end, so that the late answer of an attempt that was
//! cancelled or put back changes nothing.

use infatica_tools::{ItemCounts, RunStatus};
use serde::Deserialize;
use sqlx::SqliteConnection;

use crate::store::{
    StoreError, random_id,
    runs::{self, RunKey},
};

mod caller;
mod log;
mod worker;

pub(crate) use caller::{NewRun, Origin};
pub(in crate::store) use caller::{insert_run, retry_failed};
use log::Event;
pub(crate) use worker::{Claim, Outcome};

/// What a task is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Read the sitemap or feed that a run's pages come from.
    Source,
    /// Collect a page.
    Page,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Page => "page",
        }
    }
}

async fn insert_task(
    connection: &mut SqliteConnection,
    now: i64,
    run: RunKey,
    role: Role,
    url: &str,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO tasks (id, run, role, url, due_at) VALUES (?1, ?2, ?3, ?4, ?5)")
        .bind(random_id("item_"))
        .bind(run.0)
        .bind(role.as_str())
        .bind(url)
        .bind(now)
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends a run that has no task left.
async fn settle(connection: &mut SqliteConnection, now: i64, run: RunKey) -> Result<(), StoreError> {
    let unfinished = "SELECT EXISTS (SELECT 1 FROM tasks WHERE run = ?1 AND status IN ('queued', 'running'))";
    if sqlx::query_scalar(unfinished).bind(run.0).fetch_one(&mut *connection).await? {
        return Ok(());
    }
    let counts = runs::counts(connection, run).await?;
    let source_error = "SELECT error FROM tasks WHERE run = ?1 AND role = 'source' AND status = 'failed'";
    let source_error: Option<String> =
        sqlx::query_scalar(source_error).bind(run.0).fetch_optional(&mut *connection).await?;
    let (status, error) = verdict(&counts, source_error);
    sqlx::query("UPDATE runs SET status = ?2, error = ?3, finished_at = ?4 WHERE seq = ?1 AND status = 'running'")
        .bind(run.0)
        .bind(status.as_str())
        .bind(&error)
        .bind(now)
        .execute(&mut *connection)
        .await?;
    let summary = format!(
        "{} items: {} completed, {} failed, {} cancelled",
        counts.total, counts.completed, counts.failed, counts.cancelled
    );
    let detail = error.as_deref().unwrap_or(&summary);
    Event::of_run(run, status.as_str()).detail(detail).record(connection, now).await
}

/// How a run without a task left has ended, and why it failed when it did.
fn verdict(counts: &ItemCounts, source_error: Option<String>) -> (RunStatus, Option<String>) {
    if counts.completed > 0 {
        return (RunStatus::Completed, None);
    }
    let error = match source_error {
        Some(error) => format!("the sitemap or feed could not be read: {error}"),
        None if counts.total == 1 => "its only item was not collected".to_owned(),
        None => format!("none of its {} items was collected", counts.total),
    };
    (RunStatus::Failed, Some(error))
}
