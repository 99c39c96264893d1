//! Workspaces: reading them.

use integrate_io_tools::Workspace;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::StoreError;

/// The account's workspaces by name, with the runs of their packages that ended at an instant or later,
/// and how many workspaces there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    ended_since: i64,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Workspace>, i64), StoreError> {
    let total = sqlx::query_scalar("SELECT count(*) FROM workspaces WHERE account = ?1")
        .bind(account)
        .fetch_one(&mut *connection)
        .await?;
    let rows = sqlx::query(
        "WITH page AS (
             SELECT * FROM workspaces WHERE account = ?1 ORDER BY name COLLATE NOCASE, id LIMIT ?3 OFFSET ?4
         ), ended AS (
             SELECT packages.workspace, runs.status FROM runs JOIN packages ON packages.id = runs.package
             WHERE runs.account = ?1 AND runs.completed_at >= ?2
         )
         SELECT id, name, description,
                (SELECT count(*) FROM packages WHERE workspace = page.id AND status = 'active') AS packages,
                (SELECT count(*) FROM ended WHERE workspace = page.id AND status = 'failed') AS failed,
                (SELECT count(*) FROM ended WHERE workspace = page.id AND status = 'completed') AS completed
         FROM page ORDER BY name COLLATE NOCASE, id",
    )
    .bind(account)
    .bind(ended_since)
    .bind(limit)
    .bind(offset)
    .fetch_all(connection)
    .await?;
    let workspaces: Result<_, sqlx::Error> = rows.iter().map(from_row).collect();
    Ok((workspaces?, total))
}

fn from_row(row: &SqliteRow) -> Result<Workspace, sqlx::Error> {
    Ok(Workspace {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        package_count: row.try_get("packages")?,
        last_failed_jobs_count: row.try_get("failed")?,
        last_completed_jobs_count: row.try_get("completed")?,
    })
}
