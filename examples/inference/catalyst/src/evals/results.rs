//! What evals have found.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sqlx::{Row as _, Sqlite, SqliteConnection, Transaction};

use super::Eval;
use crate::{error::ApiError, jobs::Claim};

/// What was found of an item.
#[derive(Debug)]
pub(super) struct Scored {
    /// The item's place in its dataset.
    pub(super) index: i64,
    pub(super) output: String,
    /// The checks that it has not passed.
    pub(super) failures: Vec<Failure>,
}

/// A check that an answer has not passed.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    /// The check's number in its rubric, from 0.
    pub(super) check: i64,
    pub(super) reason: String,
}

/// Keeps what was found of the next items, unless the eval is not wanted any more.
pub(super) async fn keep(
    transaction: &mut Transaction<'static, Sqlite>,
    claim: &Claim,
    scored: &[Scored],
) -> Result<(), ApiError> {
    let passed = scored.iter().filter(|scored| scored.failures.is_empty()).count();
    let counted =
        sqlx::query("UPDATE evals SET scored = scored + ?2, passed = passed + ?3 WHERE id = ?1 AND status = 'running'")
            .bind(&claim.id)
            .bind(i64::try_from(scored.len()).unwrap_or(i64::MAX))
            .bind(i64::try_from(passed).unwrap_or(i64::MAX))
            .execute(&mut **transaction)
            .await?;
    if counted.rows_affected() == 0 {
        return Ok(());
    }
    for Scored { index, output, failures } in scored.iter().filter(|scored| !scored.failures.is_empty()) {
        sqlx::query("INSERT INTO eval_failures (eval, position, output, failures) VALUES (?1, ?2, ?3, ?4)")
            .bind(&claim.id)
            .bind(index)
            .bind(output)
            .bind(serde_json::to_string(failures)?)
            .execute(&mut **transaction)
            .await?;
    }
    Ok(())
}

/// How many answers have not passed each check, by its number.
pub(super) async fn failed_by_check(
    connection: &mut SqliteConnection,
    eval: &str,
) -> Result<HashMap<i64, i64>, ApiError> {
    let failed = sqlx::query_as(
        "SELECT json_extract(failure.value, '$.check'), count(*)
         FROM eval_failures, json_each(eval_failures.failures) AS failure WHERE eval = ?1 GROUP BY 1",
    );
    let failed: Vec<(i64, i64)> = failed.bind(eval).fetch_all(connection).await?;
    Ok(failed.into_iter().collect())
}

/// An answer that did not pass.
#[derive(Debug, Serialize)]
pub(super) struct FailedItem {
    index: i64,
    input: String,
    output: String,
    reasons: Vec<String>,
}

/// The first answers that did not pass.
pub(super) async fn failed_items(
    connection: &mut SqliteConnection,
    eval: &Eval,
    limit: i64,
) -> Result<Vec<FailedItem>, ApiError> {
    let rows = sqlx::query(
        "SELECT eval_failures.position, dataset_items.input, eval_failures.output, eval_failures.failures
         FROM eval_failures
              JOIN dataset_items ON dataset_items.dataset = ?2 AND dataset_items.position = eval_failures.position
         WHERE eval_failures.eval = ?1 ORDER BY eval_failures.position LIMIT ?3",
    )
    .bind(&eval.id)
    .bind(&eval.dataset_id)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let item = |row: &sqlx::sqlite::SqliteRow| {
        let failures: Vec<Failure> = serde_json::from_str(row.try_get("failures")?)?;
        Ok(FailedItem {
            index: row.try_get("position")?,
            input: row.try_get("input")?,
            output: row.try_get("output")?,
            reasons: failures.into_iter().map(|failure| failure.reason).collect(),
        })
    };
    rows.iter().map(item).collect()
}
