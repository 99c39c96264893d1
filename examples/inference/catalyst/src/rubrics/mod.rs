//! Rubrics: what a good answer is.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};

use crate::{
    access::{Reading, Writing},
    error::ApiError,
    extract::{Body, Id, Query},
    field, id,
    page::{Length, Page},
    store::Change,
    time,
};

mod checks;
mod schema;

pub(crate) use checks::{Answer, BadCheck, Check, Checks, Finding};

const PAGES: Length = Length { default: 20, max: 100 };

pub(crate) fn routes() -> Router {
    Router::new().route("/rubrics", get(list).post(create)).route("/rubrics/{rubric}", get(one))
}

/// A rubric, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Rubric {
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    pub(crate) checks: Vec<Check>,
    created_at: String,
}

const COLUMNS: &str = "SELECT id, name, description, checks, created_at FROM rubrics";

impl Rubric {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            description: row.try_get("description")?,
            checks: serde_json::from_str(row.try_get("checks")?)?,
            created_at: time::rfc3339(row.try_get("created_at")?),
        })
    }

    /// The rubric of a project.
    pub(crate) async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        let mut query = sqlx::QueryBuilder::new(COLUMNS);
        query.push(" WHERE project = ").push_bind(project).push(" AND id = ").push_bind(id);
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("rubric", id))?)
    }

    /// Its checks, ready to be made.
    pub(crate) fn compiled(&self) -> Result<Checks, ApiError> {
        Checks::compile(&self.checks).map_err(ApiError::from)
    }
}

impl From<BadCheck> for ApiError {
    fn from(BadCheck { field, why }: BadCheck) -> Self {
        Self::invalid(field, why)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Rubrics {
    rubrics: Vec<Rubric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(Listed { limit, cursor }): Query<Listed>) -> Result<Json<Rubrics>, ApiError> {
    let page = Page::<(i64, String)>::of(PAGES, limit, cursor.as_deref())?;
    let mut query = sqlx::QueryBuilder::new(COLUMNS);
    query.push(" WHERE project = ").push_bind(&reading.project);
    page.newest_first(&mut query);
    let rows = query.build().fetch_all(&mut *reading.snapshot().await?).await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.get("created_at"), row.get("id")))?;
    let rubrics = rows.iter().map(Rubric::of).collect::<Result<_, _>>()?;
    Ok(Json(Rubrics { rubrics, next_cursor }))
}

async fn one(reading: Reading, Id(id): Id) -> Result<Json<Rubric>, ApiError> {
    Ok(Json(Rubric::load(&mut *reading.snapshot().await?, &reading.project, &id).await?))
}

/// A rubric to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRubric {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) checks: Vec<Check>,
}

async fn create(writing: Writing, Body(new): Body<NewRubric>) -> Result<Json<Rubric>, ApiError> {
    let mut change = writing.change().await?;
    let rubric = insert(&mut change, &id::new("rub"), new).await?;
    change.commit().await?;
    Ok(Json(rubric))
}

/// Makes a rubric in the project of a change.
pub(crate) async fn insert(change: &mut Change, id: &str, new: NewRubric) -> Result<Rubric, ApiError> {
    let NewRubric { name, description, checks } = new;
    let (name, description) = (field::name(&name)?, field::description(description)?);
    Checks::compile(&checks)?;
    let insert = sqlx::query(
        "INSERT INTO rubrics (id, project, name, description, checks, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )
    .bind(id)
    .bind(&change.project)
    .bind(&name)
    .bind(&description)
    .bind(serde_json::to_string(&checks)?)
    .bind(time::now());
    field::must_be_new("rubric", &name, insert.execute(&mut *change.transaction).await)?;
    Rubric::load(&mut change.transaction, &change.project.clone(), id).await
}
