//! Datasets: inputs with answers, to score or to train on.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    access::Reading,
    error::ApiError,
    extract::{Id, Query},
    field,
    page::{Length, Page},
    store::Change,
    time,
};

mod traffic;

pub(crate) use traffic::{NewDataset, collect};

const PAGES: Length = Length { default: 20, max: 100 };

/// How many items a dataset can have.
const MAX_ITEMS: i64 = 10_000;

/// How many items are told at a time.
const MAX_TOLD: i64 = 100;

pub(crate) fn routes() -> Router {
    Router::new().route("/datasets", get(list).post(traffic::create)).route("/datasets/{dataset}", get(one))
}

/// A dataset, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Dataset {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    pub(crate) items: i64,
    created_at: String,
}

const COLUMNS: &str = "SELECT id, name, description, items, created_at FROM datasets";

impl Dataset {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            items: row.try_get("items")?,
            created_at: time::rfc3339(row.try_get("created_at")?),
        })
    }

    /// The dataset of a project.
    pub(crate) async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        let mut query = sqlx::QueryBuilder::new(COLUMNS);
        query.push(" WHERE project = ").push_bind(project).push(" AND id = ").push_bind(id);
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("dataset", id))?)
    }
}

/// An input and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    /// Its place in the dataset, from 0.
    pub(crate) index: i64,
    pub(crate) input: String,
    pub(crate) output: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expected: Option<String>,
    pub(crate) inference_id: String,
}

impl Item {
    fn of(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            index: row.try_get("position")?,
            input: row.try_get("input")?,
            output: row.try_get("output")?,
            expected: row.try_get("expected")?,
            inference_id: row.try_get("inference")?,
        })
    }

    /// What should be answered: what was expected, or else what was answered.
    pub(crate) fn wanted(&self) -> &str {
        self.expected.as_deref().unwrap_or(&self.output)
    }
}

/// Items of a dataset in their order, `limit` of them after the first `offset`.
pub(crate) async fn items(
    connection: &mut SqliteConnection,
    dataset: &str,
    offset: i64,
    limit: i64,
) -> Result<Vec<Item>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT position, input, output, expected, inference FROM dataset_items
         WHERE dataset = ?1 AND position >= ?2 ORDER BY position LIMIT ?3",
    )
    .bind(dataset)
    .bind(offset)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    rows.iter().map(Item::of).collect()
}

/// Makes a dataset of items, in the project of a change. Their `index` is their place among them.
pub(crate) async fn insert(
    change: &mut Change,
    id: &str,
    name: &str,
    description: Option<String>,
    items: &[Item],
) -> Result<Dataset, ApiError> {
    let (name, description) = (field::name(name)?, field::description(description)?);
    let insert = sqlx::query(
        "INSERT INTO datasets (id, project, name, description, items, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(id)
    .bind(&change.project)
    .bind(&name)
    .bind(&description)
    .bind(i64::try_from(items.len()).unwrap_or(i64::MAX))
    .bind(time::now());
    field::must_be_new("dataset", &name, insert.execute(&mut *change.transaction).await)?;
    for Item { index, input, output, expected, inference_id } in items {
        sqlx::query(
            "INSERT INTO dataset_items (dataset, position, input, output, expected, inference)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(id)
        .bind(index)
        .bind(input)
        .bind(output)
        .bind(expected)
        .bind(inference_id)
        .execute(&mut *change.transaction)
        .await?;
    }
    Dataset::load(&mut change.transaction, &change.project, id).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Datasets {
    datasets: Vec<Dataset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(Listed { limit, cursor }): Query<Listed>) -> Result<Json<Datasets>, ApiError> {
    let page = Page::<(i64, String)>::of(PAGES, limit, cursor.as_deref())?;
    let mut query = sqlx::QueryBuilder::new(COLUMNS);
    query.push(" WHERE project = ").push_bind(&reading.project);
    page.newest_first(&mut query);
    let rows = query.build().fetch_all(&mut *reading.snapshot().await?).await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.get("created_at"), row.get("id")))?;
    let datasets = rows.iter().map(Dataset::of).collect::<Result<_, _>>()?;
    Ok(Json(Datasets { datasets, next_cursor }))
}

/// Which items to tell.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    #[serde(default)]
    offset: i64,
    limit: Option<i64>,
}

#[derive(Serialize)]
struct DatasetWithItems {
    dataset: Dataset,
    items: Vec<Item>,
}

async fn one(
    reading: Reading,
    Id(id): Id,
    Query(Told { offset, limit }): Query<Told>,
) -> Result<Json<DatasetWithItems>, ApiError> {
    let limit = limit.unwrap_or(10);
    if !(0..=MAX_TOLD).contains(&limit) {
        return Err(ApiError::invalid("limit", format!("write a number from 0 to {MAX_TOLD}")));
    }
    if offset < 0 {
        return Err(ApiError::invalid("offset", "write 0 or more"));
    }
    let mut view = reading.snapshot().await?;
    let dataset = Dataset::load(&mut view, &reading.project, &id).await?;
    let items = items(&mut view, &id, offset, limit).await?;
    Ok(Json(DatasetWithItems { dataset, items }))
}
