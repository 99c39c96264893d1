//! Runs: reading them. What changes them is in `transitions`.

use infatica_tools::{ItemCounts, ItemStatus, Run, RunStatus, RunType};
use jiff::Timestamp;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::{StoreError, time, word};

pub(crate) mod events;
pub(crate) mod items;
pub(crate) mod stats;
pub(crate) mod transitions;

/// A run that a caller may see, or that the worker works on: whoever has one has passed [`find`],
/// made the run, or is the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunKey(pub(in crate::store) i64);

/// What [`from_row`] needs of a run.
const COLUMNS: &str = "runs.*, (SELECT id FROM bulk_runs WHERE seq = bulk_run) AS bulk_run_id,
    (SELECT id FROM schedules WHERE seq = schedule) AS schedule_id";

/// The account's run with this id.
pub(crate) async fn find(connection: &mut SqliteConnection, account: &str, run_id: &str) -> Result<RunKey, StoreError> {
    let key = sqlx::query_scalar("SELECT seq FROM runs WHERE account = ?1 AND id = ?2")
        .bind(account)
        .bind(run_id)
        .fetch_optional(connection)
        .await?;
    key.map(RunKey).ok_or_else(|| StoreError::NotFound { what: "run", id: run_id.to_owned() })
}

/// A run as it stands.
pub(crate) async fn load(connection: &mut SqliteConnection, run: RunKey) -> Result<Run, StoreError> {
    let mut select = QueryBuilder::<Sqlite>::new("SELECT ");
    select.push(COLUMNS).push(" FROM runs WHERE seq = ").push_bind(run.0);
    let row = select.build().fetch_one(&mut *connection).await?;
    from_row(connection, &row).await
}

/// Which runs to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) of_type: Option<RunType>,
    pub(crate) status: Option<RunStatus>,
    pub(crate) query: Option<String>,
    pub(crate) created_after: Option<Timestamp>,
    pub(crate) created_before: Option<Timestamp>,
}

impl Filter {
    /// A query over the account's runs that the filter matches.
    fn select(&self, columns: &str, account: &str) -> QueryBuilder<Sqlite> {
        let Self { of_type, status, query, created_after, created_before } = self;
        let mut select = QueryBuilder::new("SELECT ");
        select.push(columns).push(" FROM runs WHERE account = ").push_bind(account.to_owned());
        if let Some(of_type) = of_type {
            select.push(" AND type = ").push_bind(of_type.as_str());
        }
        if let Some(status) = status {
            select.push(" AND status = ").push_bind(status.as_str());
        }
        if let Some(query) = query {
            // `instr` and not LIKE, so that no character is a wildcard. URLs are ASCII, names need not be.
            let query = query.to_lowercase();
            select.push(" AND (instr(folded_name, ").push_bind(query.clone());
            select.push(") OR EXISTS (SELECT 1 FROM tasks WHERE run = runs.seq AND instr(lower(url), ");
            select.push_bind(query).push(")))");
        }
        if let Some(instant) = created_after {
            select.push(" AND created_at >= ").push_bind(time::not_before(*instant));
        }
        if let Some(instant) = created_before {
            select.push(" AND created_at < ").push_bind(time::not_before(*instant));
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
    let total = filter.select("count(*)", account).build_query_scalar().fetch_one(&mut *connection).await?;

    let mut page = filter.select(COLUMNS, account);
    page.push(" ORDER BY created_at DESC, seq DESC LIMIT ").push_bind(limit).push(" OFFSET ").push_bind(offset);
    let rows = page.build().fetch_all(&mut *connection).await?;
    let mut runs = Vec::with_capacity(rows.len());
    for row in &rows {
        runs.push(from_row(connection, row).await?);
    }
    Ok((runs, total))
}

async fn from_row(connection: &mut SqliteConnection, row: &SqliteRow) -> Result<Run, StoreError> {
    Ok(Run {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        r#type: word(row.try_get("type")?)?,
        engine: word(row.try_get("engine")?)?,
        source_url: row.try_get("source_url")?,
        bulk_run_id: row.try_get("bulk_run_id")?,
        schedule_id: row.try_get("schedule_id")?,
        status: word(row.try_get("status")?)?,
        items: counts(connection, RunKey(row.try_get("seq")?)).await?,
        error: row.try_get("error")?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        started_at: row.try_get::<Option<i64>, _>("started_at")?.map(time::rfc3339).transpose()?,
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(time::rfc3339).transpose()?,
    })
}

/// How many of a run's items stand where.
pub(crate) async fn counts(connection: &mut SqliteConnection, run: RunKey) -> Result<ItemCounts, StoreError> {
    let rows: Vec<(String, i64)> =
        sqlx::query_as("SELECT status, count(*) FROM tasks WHERE run = ?1 AND role = 'page' GROUP BY status")
            .bind(run.0)
            .fetch_all(connection)
            .await?;
    let mut counts = ItemCounts { total: 0, queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0 };
    for (status, count) in rows {
        counts.total += count;
        match word(&status)? {
            ItemStatus::Queued => counts.queued = count,
            ItemStatus::Running => counts.running = count,
            ItemStatus::Completed => counts.completed = count,
            ItemStatus::Failed => counts.failed = count,
            ItemStatus::Cancelled => counts.cancelled = count,
        }
    }
    Ok(counts)
}
