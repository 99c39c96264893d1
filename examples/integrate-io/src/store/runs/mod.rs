//! Runs: reading them. What changes them is in `transitions`.

use std::collections::BTreeMap;

use integrate_io_tools::{Run, RunStatus};
use serde_json::Value;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use super::{StoreError, json, time, word};

pub(crate) mod log;
pub(crate) mod transitions;

/// Which runs to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) package_id: Option<i64>,
    pub(crate) status: Option<RunStatus>,
    /// Whether runs that retry another one are listed too.
    pub(crate) include_retries: bool,
}

impl Filter {
    /// A query over the account's runs that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { package_id, status, include_retries } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(" FROM runs WHERE account = ").push_bind(account.to_owned());
        if let Some(package_id) = package_id {
            select.push(" AND package = ").push_bind(*package_id);
        }
        if let Some(status) = status {
            select.push(" AND status = ").push_bind(status.as_str());
        }
        if !include_retries {
            select.push(" AND retry_of IS NULL");
        }
        select
    }
}

/// The account's runs that a filter matches, newest first, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Run>, i64), StoreError> {
    let select = |columns: &str| filter.select(columns, account);
    Ok(page(connection, select, "*", "created_at DESC, id DESC", (limit, offset), from_row).await?)
}

/// The account's run with this id.
pub(crate) async fn load(connection: &mut SqliteConnection, account: &str, run_id: i64) -> Result<Run, StoreError> {
    let row = sqlx::query("SELECT * FROM runs WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(run_id)
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(StoreError::NotFound { what: "run", id: run_id })?;
    Ok(from_row(&row)?)
}

/// The values of a run's variables, as far as they are known.
pub(crate) async fn variables(
    connection: &mut SqliteConnection,
    run: &Run,
) -> Result<BTreeMap<String, String>, StoreError> {
    let variables = "SELECT variables FROM runs WHERE id = ?1";
    let variables: String = sqlx::query_scalar(variables).bind(run.id).fetch_one(connection).await?;
    Ok(json(&variables)?)
}

/// The runs that retry a run, oldest first.
pub(crate) async fn retried_by(connection: &mut SqliteConnection, run: &Run) -> Result<Vec<i64>, StoreError> {
    let retries = "SELECT id FROM runs WHERE retry_of = ?1 ORDER BY created_at, id";
    Ok(sqlx::query_scalar(retries).bind(run.id).fetch_all(connection).await?)
}

/// The data flow that a run runs: its package's, in the version of the run.
pub(crate) async fn data_flow(connection: &mut SqliteConnection, run: &Run) -> Result<Value, StoreError> {
    let version = version(connection, run.package_id, run.package_version).await?;
    Ok(version.map(|(data_flow, _)| data_flow).unwrap_or_default())
}

/// The data flow that a package had in a version, and its variables with their defaults.
pub(crate) async fn version(
    connection: &mut SqliteConnection,
    package: i64,
    version: i64,
) -> Result<Option<(Value, BTreeMap<String, String>)>, StoreError> {
    let row = "SELECT data_flow, variables FROM package_versions WHERE package = ?1 AND version = ?2";
    let row: Option<(String, String)> =
        sqlx::query_as(row).bind(package).bind(version).fetch_optional(connection).await?;
    let Some((data_flow, variables)) = row else { return Ok(None) };
    Ok(Some((json(&data_flow)?, json(&variables)?)))
}

fn from_row(row: &SqliteRow) -> Result<Run, sqlx::Error> {
    let started_at: Option<i64> = row.try_get("started_at")?;
    let completed_at: Option<i64> = row.try_get("completed_at")?;
    Ok(Run {
        id: row.try_get("id")?,
        package_id: row.try_get("package")?,
        package_version: row.try_get("package_version")?,
        cluster_id: row.try_get("cluster")?,
        schedule_id: row.try_get("schedule")?,
        retry_of: row.try_get("retry_of")?,
        status: word(row.try_get("status")?)?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        started_at: started_at.map(time::rfc3339).transpose()?,
        completed_at: completed_at.map(time::rfc3339).transpose()?,
        runtime_in_seconds: started_at.map(|started| seconds(started, completed_at.unwrap_or_else(time::now))),
        last_error: row.try_get("error")?,
    })
}

/// How long it is from one instant to another. A clock that was set back makes it none.
fn seconds(from: i64, to: i64) -> f64 {
    std::time::Duration::from_micros(u64::try_from(to - from).unwrap_or(0)).as_secs_f64()
}
