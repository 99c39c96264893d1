//! Analyses of a run, and in `comparisons` those of several: reading them. What changes them is in
//! `transitions`. To the store, a comparison is an analysis of more than one run.

use infatica_tools::{Analysis, Attempt};
use serde::de::DeserializeOwned;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{StoreError, runs::RunKey, time, word};

pub(crate) mod comparisons;
pub(crate) mod transitions;

/// What an account's analyses are parted into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Analysis,
    Comparison,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Analysis => "analysis",
            Self::Comparison => "comparison",
        }
    }
}

/// An analysis that a caller may see, or that the analyst works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AnalysisKey(i64);

/// The account's analysis of this kind with this id.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    account: &str,
    kind: Kind,
    id: &str,
) -> Result<AnalysisKey, StoreError> {
    let key = sqlx::query_scalar("SELECT seq FROM analyses WHERE account = ?1 AND kind = ?2 AND id = ?3")
        .bind(account)
        .bind(kind.as_str())
        .bind(id)
        .fetch_optional(connection)
        .await?;
    key.map(AnalysisKey).ok_or_else(|| StoreError::NotFound { what: kind.as_str(), id: id.to_owned() })
}

/// An analysis of a run as it stands, with its log and its result.
pub(crate) async fn load(connection: &mut SqliteConnection, key: AnalysisKey) -> Result<Analysis, StoreError> {
    let row = sqlx::query("SELECT * FROM analyses WHERE seq = ?1").bind(key.0).fetch_one(&mut *connection).await?;
    let analysis = from_row(connection, &row).await?;
    let (log, result) = (Some(log(connection, key).await?), result(&row)?);
    Ok(Analysis { log, result, ..analysis })
}

/// The analyses of a run, newest first, and how many there are in all; without their logs and results.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    run: RunKey,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Analysis>, i64), StoreError> {
    let total = sqlx::query_scalar(
        "SELECT count(*) FROM analyses JOIN analysis_runs ON analysis = seq WHERE run = ?1 AND kind = 'analysis'",
    );
    let total = total.bind(run.0).fetch_one(&mut *connection).await?;
    let rows = sqlx::query(
        "SELECT analyses.* FROM analyses JOIN analysis_runs ON analysis = seq WHERE run = ?1 AND kind = 'analysis'
         ORDER BY seq DESC LIMIT ?2 OFFSET ?3",
    )
    .bind(run.0)
    .bind(limit)
    .bind(offset)
    .fetch_all(&mut *connection)
    .await?;
    let mut analyses = Vec::with_capacity(rows.len());
    for row in &rows {
        analyses.push(from_row(connection, row).await?);
    }
    Ok((analyses, total))
}

async fn from_row(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Analysis, StoreError> {
    let runs = run_ids(connection, AnalysisKey(row.try_get("seq")?)).await?;
    Ok(Analysis {
        id: row.try_get("id")?,
        run_id: runs.into_iter().next().unwrap_or_default(),
        template: word(row.try_get("template")?)?,
        instructions: row.try_get("instructions")?,
        status: word(row.try_get("status")?)?,
        attempts: row.try_get("attempts")?,
        error: row.try_get("error")?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        started_at: row.try_get::<Option<i64>, _>("started_at")?.map(time::rfc3339).transpose()?,
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(time::rfc3339).transpose()?,
        log: None,
        result: None,
    })
}

/// The ids of the runs that an analysis is about, in the order in which they were given.
async fn run_ids(connection: &mut SqliteConnection, key: AnalysisKey) -> Result<Vec<String>, StoreError> {
    let ids = sqlx::query_scalar(
        "SELECT id FROM analysis_runs JOIN runs ON runs.seq = run WHERE analysis = ?1 ORDER BY position",
    );
    Ok(ids.bind(key.0).fetch_all(connection).await?)
}

/// The result of an analysis, when it is completed.
fn result<T: DeserializeOwned>(row: &SqliteRow) -> Result<Option<T>, sqlx::Error> {
    let result: Option<&str> = row.try_get("result")?;
    let result = result.map(serde_json::from_str).transpose();
    result.map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The attempts at an analysis, oldest first.
async fn log(connection: &mut SqliteConnection, key: AnalysisKey) -> Result<Vec<Attempt>, StoreError> {
    let rows = sqlx::query("SELECT * FROM analysis_attempts WHERE analysis = ?1 ORDER BY number");
    let rows = rows.bind(key.0).fetch_all(connection).await?;
    let attempts = rows.iter().map(|row| {
        Ok::<_, sqlx::Error>(Attempt {
            started_at: time::rfc3339(row.try_get("started_at")?)?,
            ended_at: row.try_get::<Option<i64>, _>("ended_at")?.map(time::rfc3339).transpose()?,
            outcome: word(row.try_get("outcome")?)?,
            detail: row.try_get("detail")?,
        })
    });
    Ok(attempts.collect::<Result<_, _>>()?)
}
