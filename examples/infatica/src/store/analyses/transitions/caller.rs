//! The transitions that callers ask for.

use infatica_tools::{Analysis, AnalysisStatus, AnalysisTemplate, Comparison, ComparisonTemplate, RunStatus};
use sqlx::SqliteConnection;

use crate::store::{
    StoreError, WriteStore,
    actor::Actor,
    analyses::{self, AnalysisKey, Kind, comparisons},
    audit, random_id,
    runs::{self, RunKey},
    time,
};

/// What is looked for.
#[derive(Debug)]
pub(crate) struct Wish<Template> {
    pub(crate) template: Template,
    /// What a language model is to mind beside the template.
    pub(crate) instructions: Option<String>,
}

impl WriteStore {
    /// Queues an analysis of a completed run.
    pub(crate) async fn create_analysis(
        &self,
        actor: Actor<'_>,
        run_id: &str,
        wish: Wish<AnalysisTemplate>,
    ) -> Result<Analysis, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let run = completed(&mut change, actor.account, run_id).await?;
        let id = random_id("analysis_");
        let wish = Wish { template: wish.template.as_str(), instructions: wish.instructions };
        let key = insert(&mut change, now, Kind::Analysis, actor.account, &id, &wish, &[run]).await?;
        audit::record(&mut change, now, actor, "analysis.created", &id).await?;
        let created = analyses::load(&mut change, key).await?;
        change.commit().await?;
        self.wakes.analyses.notify_one();
        Ok(created)
    }

    /// Queues a comparison of completed runs.
    pub(crate) async fn compare_runs(
        &self,
        actor: Actor<'_>,
        run_ids: &[String],
        wish: Wish<ComparisonTemplate>,
    ) -> Result<Comparison, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let runs = comparable(&mut change, actor.account, run_ids, wish.template).await?;
        let id = random_id("comparison_");
        let wish = Wish { template: wish.template.as_str(), instructions: wish.instructions };
        let key = insert(&mut change, now, Kind::Comparison, actor.account, &id, &wish, &runs).await?;
        audit::record(&mut change, now, actor, "comparison.created", &id).await?;
        let created = comparisons::load(&mut change, key).await?;
        change.commit().await?;
        self.wakes.analyses.notify_one();
        Ok(created)
    }

    /// Queues a failed comparison as if it was new, but for the count of its attempts.
    pub(crate) async fn retry_comparison(&self, actor: Actor<'_>, id: &str) -> Result<Comparison, StoreError> {
        let now = time::now();
        let mut change = self.change().await?;
        let key = analyses::find(&mut change, actor.account, Kind::Comparison, id).await?;
        let found = comparisons::load(&mut change, key).await?;
        let refusal = match found.status {
            AnalysisStatus::Failed => None,
            AnalysisStatus::Queued | AnalysisStatus::Running => Some("it is going to be made anyway"),
            AnalysisStatus::Completed => {
                Some("list_comparisons has its result; compare_runs compares what the runs have by now")
            }
        };
        if let Some(remedy) = refusal {
            let status = found.status;
            return Err(StoreError::WrongState(format!("comparison `{id}` is {status}: {remedy}")));
        }
        comparable(&mut change, actor.account, &found.run_ids, found.template).await?;
        sqlx::query(
            "UPDATE analyses SET status = 'queued', faults = 0, due_at = ?2, error = NULL, finished_at = NULL
             WHERE seq = ?1",
        )
        .bind(key.0)
        .bind(now)
        .execute(&mut *change)
        .await?;
        audit::record(&mut change, now, actor, "comparison.retried", id).await?;
        let retrying = comparisons::load(&mut change, key).await?;
        change.commit().await?;
        self.wakes.analyses.notify_one();
        Ok(retrying)
    }
}

/// The account's runs with these ids, if each has something to compare, and it is of one kind.
async fn comparable(
    connection: &mut SqliteConnection,
    account: &str,
    run_ids: &[String],
    template: ComparisonTemplate,
) -> Result<Vec<RunKey>, StoreError> {
    let mut runs = Vec::with_capacity(run_ids.len());
    let mut first = None;
    for run_id in run_ids {
        let run = completed(connection, account, run_id).await?;
        let engine = runs::load(connection, run).await?.engine;
        let (first_id, first_engine) = *first.get_or_insert((run_id, engine));
        if template == ComparisonTemplate::Differences && engine != first_engine {
            return Err(StoreError::WrongState(format!(
                "run `{first_id}` is of engine `{first_engine}` and run `{run_id}` of `{engine}`, so that all their \
                 pages differ: compare runs of one engine, or choose another template"
            )));
        }
        runs.push(run);
    }
    Ok(runs)
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
    kind: Kind,
    account: &str,
    id: &str,
    wish: &Wish<&str>,
    runs: &[RunKey],
) -> Result<AnalysisKey, StoreError> {
    let key = sqlx::query_scalar(
        "INSERT INTO analyses (id, account, kind, template, instructions, due_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) RETURNING seq",
    )
    .bind(id)
    .bind(account)
    .bind(kind.as_str())
    .bind(wish.template)
    .bind(&wish.instructions)
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
