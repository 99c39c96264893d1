//! Comparisons of runs: reading them.

use infatica_tools::Comparison;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::{AnalysisKey, log, result, run_ids};
use crate::store::{StoreError, time, word};

/// A comparison as it stands, with its log and its result.
pub(crate) async fn load(connection: &mut SqliteConnection, key: AnalysisKey) -> Result<Comparison, StoreError> {
    let row = sqlx::query("SELECT * FROM analyses WHERE seq = ?1").bind(key.0).fetch_one(&mut *connection).await?;
    let comparison = from_row(connection, &row).await?;
    let (log, result) = (Some(log(connection, key).await?), result(&row)?);
    Ok(Comparison { log, result, ..comparison })
}

/// An account's comparisons, newest first, and how many there are in all; without their logs and results.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Comparison>, i64), StoreError> {
    let total = sqlx::query_scalar("SELECT count(*) FROM analyses WHERE account = ?1 AND kind = 'comparison'");
    let total = total.bind(account).fetch_one(&mut *connection).await?;
    let rows = sqlx::query(
        "SELECT * FROM analyses WHERE account = ?1 AND kind = 'comparison' ORDER BY seq DESC LIMIT ?2 OFFSET ?3",
    )
    .bind(account)
    .bind(limit)
    .bind(offset)
    .fetch_all(&mut *connection)
    .await?;
    let mut comparisons = Vec::with_capacity(rows.len());
    for row in &rows {
        comparisons.push(from_row(connection, row).await?);
    }
    Ok((comparisons, total))
}

async fn from_row(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Comparison, StoreError> {
    Ok(Comparison {
        id: row.try_get("id")?,
        run_ids: run_ids(connection, AnalysisKey(row.try_get("seq")?)).await?,
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
