//! Bulk runs: reading them. What changes them is in `transitions`.
//!
//! A bulk run is what its child runs have in common. Where it stands is nowhere but in those.

use infatica_tools::{BulkRun, BulkRunStatus, Run, RunStatus};
use sqlx::SqliteConnection;

use super::{
    StoreError,
    runs::{self, RunKey},
    time,
};

pub(crate) mod transitions;

/// A bulk run that a caller may see: whoever has one has passed [`find`], or made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BulkRunKey(i64);

/// The account's bulk run with this id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    account: &str,
    bulk_run_id: &str,
) -> Result<BulkRunKey, StoreError> {
    let key = sqlx::query_scalar("SELECT seq FROM bulk_runs WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(bulk_run_id)
        .fetch_optional(connection)
        .await?;
    key.map(BulkRunKey).ok_or_else(|| StoreError::NotFound { what: "bulk run", id: bulk_run_id.to_owned() })
}

/// A bulk run and its child runs as they stand.
pub(crate) async fn load(connection: &mut SqliteConnection, bulk_run: BulkRunKey) -> Result<BulkRun, StoreError> {
    let (id, name, created_at): (String, String, i64) =
        sqlx::query_as("SELECT id, name, created_at FROM bulk_runs WHERE seq = ?1")
            .bind(bulk_run.0)
            .fetch_one(&mut *connection)
            .await?;
    let mut runs = Vec::new();
    for run in children(connection, bulk_run).await? {
        runs.push(runs::load(connection, run).await?);
    }
    Ok(BulkRun { id, name, status: status(&runs), created_at: time::rfc3339(created_at)?, runs })
}

/// The child runs, in the order of the bulk run.
async fn children(connection: &mut SqliteConnection, bulk_run: BulkRunKey) -> Result<Vec<RunKey>, StoreError> {
    let children = sqlx::query_scalar("SELECT seq FROM runs WHERE bulk_run = ?1 ORDER BY seq").bind(bulk_run.0);
    Ok(children.fetch_all(connection).await?.into_iter().map(RunKey).collect())
}

/// Where a bulk run stands whose child runs stand like this.
fn status(runs: &[Run]) -> BulkRunStatus {
    let all = |status| runs.iter().all(|run| run.status == status);
    let any = |status| runs.iter().any(|run| run.status == status);
    if all(RunStatus::Queued) {
        BulkRunStatus::Queued
    } else if any(RunStatus::Queued) || any(RunStatus::Running) {
        BulkRunStatus::Running
    } else if any(RunStatus::Completed) {
        BulkRunStatus::Completed
    } else if any(RunStatus::Failed) {
        BulkRunStatus::Failed
    } else {
        BulkRunStatus::Cancelled
    }
}
