//! Schedules: reading them. What changes them is in `transitions`.

use integrate_io_tools::{Schedule, ScheduleDetails};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use super::{StoreError, json, time};

#[cfg(test)]
mod tests;
pub(crate) mod transitions;

/// Which schedules to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) package_id: Option<i64>,
    pub(crate) enabled: Option<bool>,
}

impl Filter {
    /// A query over the account's schedules that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { package_id, enabled } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(" FROM schedules WHERE account = ").push_bind(account.to_owned());
        if let Some(package_id) = package_id {
            select.push(" AND package = ").push_bind(*package_id);
        }
        if let Some(enabled) = enabled {
            select.push(" AND enabled = ").push_bind(*enabled);
        }
        select
    }
}

/// The account's schedules that a filter matches, by name, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Schedule>, i64), StoreError> {
    let select = |columns: &str| filter.select(columns, account);
    Ok(page(connection, select, "*", "name, id", (limit, offset), from_row).await?)
}

/// The account's schedule with this id.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    account: &str,
    schedule_id: i64,
) -> Result<ScheduleDetails, StoreError> {
    let row = sqlx::query("SELECT * FROM schedules WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(schedule_id)
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or(StoreError::NotFound { what: "schedule", id: schedule_id })?;
    Ok(details(&row)?)
}

/// The schedules of all accounts, each with its account.
pub(crate) async fn all(connection: &mut SqliteConnection) -> Result<Vec<(String, ScheduleDetails)>, StoreError> {
    let rows = sqlx::query("SELECT * FROM schedules ORDER BY account, name, id").fetch_all(connection).await?;
    let all = rows.iter().map(|row| Ok::<_, sqlx::Error>((row.try_get("account")?, details(row)?)));
    Ok(all.collect::<Result<_, _>>()?)
}

fn from_row(row: &SqliteRow) -> Result<Schedule, sqlx::Error> {
    Ok(Schedule {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        package_id: row.try_get("package")?,
        cron: row.try_get("cron")?,
        enabled: row.try_get("enabled")?,
        next_run_at: at(row, "next_run_at")?,
    })
}

fn details(row: &SqliteRow) -> Result<ScheduleDetails, sqlx::Error> {
    let Schedule { id, name, package_id, cron, enabled, next_run_at } = from_row(row)?;
    Ok(ScheduleDetails {
        id,
        name,
        package_id,
        cluster_id: row.try_get("cluster")?,
        cron,
        time_zone: row.try_get("time_zone")?,
        variables: json(row.try_get("variables")?)?,
        enabled,
        next_run_at,
        last_run_at: at(row, "last_run_at")?,
        last_run_id: row.try_get("last_run")?,
        last_error: row.try_get("last_error")?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        updated_at: time::rfc3339(row.try_get("updated_at")?)?,
    })
}

fn at(row: &SqliteRow, column: &str) -> Result<Option<String>, sqlx::Error> {
    row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339).transpose()
}
