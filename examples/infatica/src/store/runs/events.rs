//! Reading the event log. It is written by `transitions`, with what it records.

use infatica_tools::LogEvent;
use sqlx::{Row as _, SqliteConnection};

use super::RunKey;
use crate::store::{StoreError, time};

/// Some of a run's events, oldest first, and how many there are in all.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    run: RunKey,
    limit: i64,
    offset: i64,
) -> Result<(Vec<LogEvent>, i64), StoreError> {
    let total = sqlx::query_scalar("SELECT count(*) FROM events WHERE run = ?1").bind(run.0);
    let total = total.fetch_one(&mut *connection).await?;
    let rows = sqlx::query(
        "SELECT at, event, items.id AS item_id, detail, actor FROM events LEFT JOIN items ON items.seq = events.task
         WHERE events.run = ?1 ORDER BY events.seq LIMIT ?2 OFFSET ?3",
    )
    .bind(run.0)
    .bind(limit)
    .bind(offset)
    .fetch_all(connection)
    .await?;
    let events = rows.iter().map(|row| {
        Ok::<_, sqlx::Error>(LogEvent {
            at: time::rfc3339(row.try_get("at")?)?,
            event: row.try_get("event")?,
            item_id: row.try_get("item_id")?,
            detail: row.try_get("detail")?,
            by: row.try_get("actor")?,
        })
    });
    Ok((events.collect::<Result<_, _>>()?, total))
}
