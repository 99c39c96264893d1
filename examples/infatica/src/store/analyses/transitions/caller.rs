//! The transitions that callers ask for.

use infatica_tools::{Analysis, AnalysisTemplate, RunStatus};
use sqlx::SqliteConnection;

use crate::store::{
    StoreError, WriteStore,
    actor::Actor,
    analyses::{self, AnalysisKey, Kind},
    audit, random_id,
    runs::{self, RunKey},
    time,
};

impl WriteStore {
    /// Queues an analysis of a completed run.
    pub(crate) async fn create_analysis(
        &self,
        actor: Actor<'_>,
        run_id: &str,
        template: AnalysisTemplate,
    ) -> Result<Analysis, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = completed(&mut change, actor.account, run_id).await?;
        let id = random_id("analysis_");
        let key = insert(&mut change, now, actor, Kind::Analysis, &id, template.as_str(), &[run]).await?;
        audit::record(&mut change, now, actor, "analysis.created", &id).await?;
        let created = analyses::load(&mut change, key).await?;
        change.commit().await?;
        self.wakes.analyses.notify_one();
        Ok(created)
    }
}

/// The account's run with this id, if there is something to analyse.
async fn completed(connection: &mut SqliteConnection, account: &str, run_id: &str) -> Result<RunKey, StoreError> {
    let run = runs::find(connection, account, run_id).await?;
    let status = runs::load(connection, run).await?.status;
    let remedy = match status {
        RunStatus::Completed => return Ok(run),
        RunStatus::Queued | RunStatus::Running => "wait until get_run says that it is completed",
        RunStatus::Failed => "nothing was collected; retry_run tries again what failed",
        RunStatus::Cancelled => "take up its items with retry_item, or create a new run",
    };
    Err(StoreError::WrongState(format!("run `{run_id}` is {status}, and only completed runs are analysed: {remedy}")))
}

async fn insert(
    connection: &mut SqliteConnection,
    now: i64,
    actor: Actor<'_>,
    kind: Kind,
    id: &str,
    template: &str,
    runs: &[RunKey],
) -> Result<AnalysisKey, StoreError> {
    let key = sqlx::query_scalar(
        "INSERT INTO analyses (id, account, kind, template, due_at, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
         RETURNING seq",
    )
    .bind(id)
    .bind(actor.account)
    .bind(kind.as_str())
    .bind(template)
    .bind(now)
    .fetch_one(&mut *connection)
    .await?;
    for (position, run) in (0_i64..).zip(runs) {
        sqlx::query("INSERT INTO analysis_runs (analysis, position, run) VALUES (?1, ?2, ?3)")
            .bind(key)
            .bind(position)
            .bind(run.0)
            .execute(&mut *connection)
            .await?;
    }
    Ok(AnalysisKey(key))
}
