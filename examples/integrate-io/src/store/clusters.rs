//! Clusters: reading them.

use integrate_io_tools::{Cluster, ClusterStatus};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::page;

use super::{StoreError, time, word};

fn select(columns: &str, account: &str, status: Option<ClusterStatus>) -> QueryBuilder<Sqlite> {
    let mut select = QueryBuilder::new("SELECT ");
    select.push(columns).push(" FROM clusters WHERE account = ").push_bind(account.to_owned());
    if let Some(status) = status {
        select.push(" AND status = ").push_bind(status.as_str());
    }
    select
}

/// The account's clusters, those with a status where one is given, newest first, and how many there are
/// in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    account: &str,
    status: Option<ClusterStatus>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<Cluster>, i64), StoreError> {
    let select = |columns: &str| select(columns, account, status);
    Ok(page(connection, select, "*", "created_at DESC, id DESC", (limit, offset), from_row).await?)
}

fn from_row(row: &SqliteRow) -> Result<Cluster, sqlx::Error> {
    let instant = |column: &str| row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339).transpose();
    Ok(Cluster {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        r#type: word(row.try_get("type")?)?,
        status: word(row.try_get("status")?)?,
        nodes: row.try_get("nodes")?,
        region: row.try_get("region")?,
        terminate_on_idle: row.try_get("terminate_on_idle")?,
        created_at: time::rfc3339(row.try_get("created_at")?)?,
        available_since: instant("available_since")?,
        terminated_at: instant("terminated_at")?,
    })
}
