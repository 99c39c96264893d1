//! Reading the items of a run, and what was collected for them.

use infatica_tools::Item;
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use super::RunKey;
use crate::store::{StoreError, time, word};

/// Some of a run's items, in the order of the run.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    run: RunKey,
    limit: i64,
    offset: i64,
) -> Result<Vec<Item>, StoreError> {
    let rows = sqlx::query("SELECT * FROM items WHERE run = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3")
        .bind(run.0)
        .bind(limit)
        .bind(offset)
        .fetch_all(connection)
        .await?;
    Ok(rows.iter().map(from_row).collect::<Result<_, _>>()?)
}

/// The item of a run with this id, and the number of its task.
pub(crate) async fn find(
    connection: &mut SqliteConnection,
    run: RunKey,
    item_id: &str,
) -> Result<(i64, Item), StoreError> {
    let row = sqlx::query("SELECT * FROM items WHERE run = ?1 AND id = ?2")
        .bind(run.0)
        .bind(item_id)
        .fetch_optional(connection)
        .await?;
    let row = row.ok_or_else(|| StoreError::NotFound { what: "item", id: item_id.to_owned() })?;
    Ok((row.try_get("seq")?, from_row(&row)?))
}

/// An item with what was collected for it.
#[derive(Debug)]
pub(crate) struct Collected {
    pub(crate) item: Item,
    pub(crate) media_type: Option<String>,
    pub(crate) content: Option<String>,
}

/// Size in bytes of what was collected for some of a run's items.
pub(crate) async fn content_bytes(
    connection: &mut SqliteConnection,
    run: RunKey,
    limit: i64,
    offset: i64,
) -> Result<i64, StoreError> {
    let bytes = sqlx::query_scalar(
        "SELECT ifnull(sum(octet_length(content)), 0) FROM results WHERE task IN
         (SELECT seq FROM items WHERE run = ?1 ORDER BY seq LIMIT ?2 OFFSET ?3)",
    );
    Ok(bytes.bind(run.0).bind(limit).bind(offset).fetch_one(connection).await?)
}

/// Some of a run's items with what was collected, in the order of the run.
pub(crate) async fn collected(
    connection: &mut SqliteConnection,
    run: RunKey,
    limit: i64,
    offset: i64,
) -> Result<Vec<Collected>, StoreError> {
    let rows = sqlx::query(
        "SELECT items.*, media_type, content FROM items LEFT JOIN results ON results.task = items.seq
         WHERE run = ?1 ORDER BY items.seq LIMIT ?2 OFFSET ?3",
    )
    .bind(run.0)
    .bind(limit)
    .bind(offset)
    .fetch_all(connection)
    .await?;
    let collected = rows.iter().map(|row| {
        Ok::<_, sqlx::Error>(Collected {
            item: from_row(row)?,
            media_type: row.try_get("media_type")?,
            content: row.try_get("content")?,
        })
    });
    Ok(collected.collect::<Result<_, _>>()?)
}

/// Sizes in bytes of what was collected for each completed item of a run.
pub(crate) async fn sizes(connection: &mut SqliteConnection, run: RunKey) -> Result<Vec<usize>, StoreError> {
    let sizes = "SELECT octet_length(content) FROM results JOIN tasks ON tasks.seq = task WHERE run = ?1";
    let sizes: Vec<i64> = sqlx::query_scalar(sizes).bind(run.0).fetch_all(connection).await?;
    Ok(sizes.into_iter().filter_map(|size| usize::try_from(size).ok()).collect())
}

/// What was collected for an item.
pub(crate) async fn content(
    connection: &mut SqliteConnection,
    run: RunKey,
    item_id: &str,
) -> Result<String, StoreError> {
    let content = "SELECT content FROM results JOIN items ON items.seq = task WHERE run = ?1 AND id = ?2";
    Ok(sqlx::query_scalar(content).bind(run.0).bind(item_id).fetch_one(connection).await?)
}

fn from_row(row: &SqliteRow) -> Result<Item, sqlx::Error> {
    Ok(Item {
        id: row.try_get("id")?,
        url: row.try_get("url")?,
        status: word(row.try_get("status")?)?,
        attempts: row.try_get("attempts")?,
        http_status: row.try_get("http_status")?,
        final_url: row.try_get("final_url")?,
        bytes: row.try_get("bytes")?,
        error: row.try_get("error")?,
        finished_at: row.try_get::<Option<i64>, _>("finished_at")?.map(time::rfc3339).transpose()?,
    })
}
