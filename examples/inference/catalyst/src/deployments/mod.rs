//! Deployments: models that answer requests under a name.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use crate::{
    access::{Reading, Writing},
    error::ApiError,
    extract::{Body, Id, Query},
    field, id,
    models::Model,
    page::{Length, Page},
    store::Change,
    time,
};

mod chat;

pub(crate) use chat::routes as chat_routes;

const PAGES: Length = Length { default: 20, max: 100 };

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/deployments", get(list).post(create))
        .route("/deployments/{deployment}", get(one).patch(update))
}

/// Whether a deployment answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Running,
    Stopped,
}

impl Status {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
        }
    }
}

/// A deployment, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Deployment {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) model_id: String,
    pub(crate) status: Status,
    requests: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_request_at: Option<String>,
    created_at: String,
    updated_at: String,
}

const COLUMNS: &str =
    "SELECT id, name, model, status, requests, last_request_at, created_at, updated_at FROM deployments";

impl Deployment {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            model_id: row.try_get("model")?,
            status: word(row.try_get("status")?)?,
            requests: row.try_get("requests")?,
            last_request_at: row.try_get::<Option<i64>, _>("last_request_at")?.map(time::rfc3339),
            created_at: time::rfc3339(row.try_get("created_at")?),
            updated_at: time::rfc3339(row.try_get("updated_at")?),
        })
    }

    /// The deployment of a project.
    pub(crate) async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        Self::find(connection, project, "id", id).await
    }

    /// The one whose column has this value.
    async fn find(
        connection: &mut SqliteConnection,
        project: &str,
        column: &'static str,
        value: &str,
    ) -> Result<Self, ApiError> {
        let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
        query.push(" WHERE project = ").push_bind(project).push(" AND ").push(column).push(" = ").push_bind(value);
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("deployment", value))?)
    }

    /// That it answers.
    pub(crate) fn must_run(&self) -> Result<(), ApiError> {
        match self.status {
            Status::Running => Ok(()),
            Status::Stopped => Err(ApiError::WrongState(format!(
                "the deployment `{}` is stopped; set its status to `running` first",
                self.name
            ))),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    status: Option<Status>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Deployments {
    deployments: Vec<Deployment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(listed): Query<Listed>) -> Result<Json<Deployments>, ApiError> {
    let Listed { status, limit, cursor } = listed;
    let page = Page::<String>::of(PAGES, limit, cursor.as_deref())?;
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" WHERE project = ").push_bind(&reading.project);
    if let Some(status) = status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    if let Some(after) = &page.after {
        query.push(" AND name > ").push_bind(after);
    }
    query.push(" ORDER BY name LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(&mut *reading.snapshot().await?).await?;
    let (rows, next_cursor) = page.cut(rows, |row| row.get("name"))?;
    let deployments = rows.iter().map(Deployment::of).collect::<Result<_, _>>()?;
    Ok(Json(Deployments { deployments, next_cursor }))
}

#[derive(Serialize)]
struct DeploymentWithModel {
    deployment: Deployment,
    model: Model,
}

async fn one(reading: Reading, Id(id): Id) -> Result<Json<DeploymentWithModel>, ApiError> {
    let mut view = reading.snapshot().await?;
    let deployment = Deployment::load(&mut view, &reading.project, &id).await?;
    let model = Model::load(&mut view, &reading.project, &deployment.model_id).await?;
    Ok(Json(DeploymentWithModel { deployment, model }))
}

/// A deployment to be made.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewDeployment {
    pub(crate) name: String,
    pub(crate) model_id: String,
}

async fn create(writing: Writing, Body(new): Body<NewDeployment>) -> Result<Json<Deployment>, ApiError> {
    let mut change = writing.change().await?;
    let deployment = insert(&mut change, &id::new("dep"), new).await?;
    change.commit().await?;
    Ok(Json(deployment))
}

/// Makes a deployment in the project of a change, which runs.
pub(crate) async fn insert(change: &mut Change, id: &str, new: NewDeployment) -> Result<Deployment, ApiError> {
    let name = field::name(&new.name)?;
    let project = change.project.clone();
    must_be_trained(&mut change.transaction, &project, &new.model_id).await?;
    let insert = sqlx::query(
        "INSERT INTO deployments (id, project, name, model, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
    )
    .bind(id)
    .bind(&project)
    .bind(&name)
    .bind(&new.model_id)
    .bind(time::now());
    field::must_be_new("deployment", &name, insert.execute(&mut *change.transaction).await)?;
    Deployment::load(&mut change.transaction, &project, id).await
}

/// What to change of a deployment. What is `None` stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    model_id: Option<String>,
    status: Option<Status>,
}

async fn update(writing: Writing, Id(id): Id, Body(update): Body<Update>) -> Result<Json<Deployment>, ApiError> {
    let Update { model_id, status } = update;
    if model_id.is_none() && status.is_none() {
        return Err(ApiError::invalid("body", "give `model_id`, `status` or both"));
    }
    let mut change = writing.change().await?;
    let before = Deployment::load(&mut change.transaction, &writing.project, &id).await?;
    let (model_id, status) = (model_id.unwrap_or(before.model_id.clone()), status.unwrap_or(before.status));
    if (&model_id, status) == (&before.model_id, before.status) {
        return Ok(Json(before));
    }
    must_be_trained(&mut change.transaction, &writing.project, &model_id).await?;
    sqlx::query("UPDATE deployments SET model = ?3, status = ?4, updated_at = ?5 WHERE project = ?1 AND id = ?2")
        .bind(&writing.project)
        .bind(&id)
        .bind(&model_id)
        .bind(status.as_str())
        .bind(time::now())
        .execute(&mut *change.transaction)
        .await?;
    let deployment = Deployment::load(&mut change.transaction, &writing.project, &id).await?;
    change.commit().await?;
    Ok(Json(deployment))
}

/// That a model of the project can be served.
async fn must_be_trained(connection: &mut SqliteConnection, project: &str, model: &str) -> Result<(), ApiError> {
    let trained = "SELECT count(*) FROM models WHERE project = ?1 AND id = ?2";
    let trained: i64 = sqlx::query_scalar(trained).bind(project).bind(model).fetch_one(connection).await?;
    if trained == 1 {
        Ok(())
    } else {
        Err(ApiError::invalid(
            "model_id",
            "name a model of kind `trained`, which a training job of the project has made",
        ))
    }
}
