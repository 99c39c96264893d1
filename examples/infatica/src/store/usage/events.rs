//! Reading single events.

use infatica_tools::{UsageEvent, UsageKind};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use crate::store::{StoreError, runs::RunKey, time, word};

/// Which events to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) run: Option<RunKey>,
    pub(crate) kind: Option<UsageKind>,
}

impl Filter {
    /// A query over the account's events that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { since, until, run, kind } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(
            " FROM usage LEFT JOIN runs ON runs.seq = usage.run LEFT JOIN tasks ON tasks.seq = usage.task
             WHERE usage.account = ",
        );
        select.push_bind(account.to_owned());
        if let Some(instant) = since {
            select.push(" AND usage.at >= ").push_bind(time::not_before(*instant));
        }
        if let Some(instant) = until {
            select.push(" AND usage.at < ").push_bind(time::not_before(*instant));
        }
        if let Some(run) = run {
            select.push(" AND usage.run = ").push_bind(run.0);
        }
        if let Some(kind) = kind {
            select.push(" AND usage.kind = ").push_bind(kind.as_str());
        }
        select
    }
}

/// The account's events that a filter matches, newest first, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    filter: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<UsageEvent>, i64), StoreError> {
    let columns = "usage.*, runs.id AS run_id, tasks.id AS task_id, tasks.url";
    let select = |columns: &str| filter.select(columns, account);
    Ok(page(connection, select, columns, "usage.at DESC, usage.seq DESC", (limit, offset), from_row).await?)
}

fn from_row(row: &SqliteRow) -> Result<UsageEvent, sqlx::Error> {
    let kind = word(row.try_get("kind")?)?;
    // A sitemap or feed is no item, and its task no business of callers.
    let item_id = if kind == UsageKind::Item { row.try_get("task_id")? } else { None };
    Ok(UsageEvent {
        id: row.try_get("id")?,
        at: time::rfc3339(row.try_get("at")?)?,
        kind,
        run_id: row.try_get("run_id")?,
        item_id,
        analysis_id: row.try_get("analysis")?,
        url: row.try_get("url")?,
        attempt: row.try_get("attempt")?,
        engine: row.try_get::<Option<&str>, _>("engine")?.map(word).transpose()?,
        outcome: word(row.try_get("outcome")?)?,
        bytes: row.try_get("bytes")?,
        credits: row.try_get("credits")?,
    })
}
