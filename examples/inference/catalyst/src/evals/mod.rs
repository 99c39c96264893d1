//! Evals: datasets that are scored against rubrics.

use std::num::NonZeroUsize;

use axum::{Extension, Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use tokio_util::sync::CancellationToken;
use toolwright_support::sqlite::word;

use crate::{
    access::{Reading, Writing},
    datasets::Dataset,
    deployments::Deployment,
    error::ApiError,
    extract::{Body, Id, Query},
    field, id,
    jobs::{self, Status},
    judge::Judge,
    page::{Length, Page},
    rubrics::{Check, Rubric},
    store::{Change, Charge, Store, credits},
    time,
};

mod job;
mod results;

pub(crate) use job::Scoring;

const PAGES: Length = Length { default: 20, max: 100 };

/// How many items are scored for a credit.
const ITEMS_FOR_A_CREDIT: i64 = 100;

/// How many evals are done at a time.
const AT_A_TIME: NonZeroUsize = NonZeroUsize::new(2).expect("two");

/// Whether there is a judge to ask.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HasJudge(pub(crate) bool);

pub(crate) fn routes(has_judge: HasJudge) -> Router {
    Router::new().route("/evals", get(list).post(run)).route("/evals/{eval}", get(one)).layer(Extension(has_judge))
}

/// Works until the service stops.
pub(crate) async fn work(store: &Store, judge: Option<Judge>, shutdown: &CancellationToken) {
    jobs::work(Scoring { store: store.clone(), judge }, AT_A_TIME, shutdown).await;
}

/// An eval, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Eval {
    pub(crate) id: String,
    name: String,
    status: Status,
    dataset_id: String,
    rubric_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deployment_id: Option<String>,
    items: i64,
    scored: i64,
    passed: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

const COLUMNS: &str = "SELECT id, name, status, dataset, rubric, deployment, scored, passed, created_at, started_at,
    completed_at, error, (SELECT items FROM datasets WHERE datasets.id = evals.dataset) AS items FROM evals";

impl Eval {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        let instant = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339));
        let status = word(row.try_get("status")?)?;
        let (items, passed): (i64, i64) = (row.try_get("items")?, row.try_get("passed")?);
        #[expect(clippy::cast_precision_loss, reason = "datasets have thousands of items")]
        let score = (status == Status::Completed).then(|| passed as f64 / items as f64);
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            status,
            dataset_id: row.try_get("dataset")?,
            rubric_id: row.try_get("rubric")?,
            deployment_id: row.try_get("deployment")?,
            items,
            scored: row.try_get("scored")?,
            passed,
            score,
            created_at: time::rfc3339(row.try_get("created_at")?),
            started_at: instant("started_at")?,
            completed_at: instant("completed_at")?,
            error: row.try_get("error")?,
        })
    }

    async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
        query.push(" WHERE project = ").push_bind(project).push(" AND id = ").push_bind(id);
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("eval", id))?)
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
struct Evals {
    evals: Vec<Eval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(listed): Query<Listed>) -> Result<Json<Evals>, ApiError> {
    let Listed { status, limit, cursor } = listed;
    let page = Page::<(i64, String)>::of(PAGES, limit, cursor.as_deref())?;
    let mut query = QueryBuilder::new(COLUMNS);
    query.push(" WHERE project = ").push_bind(&reading.project);
    if let Some(status) = status {
        query.push(" AND status = ").push_bind(status.as_str());
    }
    page.newest_first(&mut query);
    let rows = query.build().fetch_all(&mut *reading.snapshot().await?).await?;
    let (rows, next_cursor) = page.cut(rows, |row| (row.get("created_at"), row.get("id")))?;
    let evals = rows.iter().map(Eval::of).collect::<Result<_, _>>()?;
    Ok(Json(Evals { evals, next_cursor }))
}

/// How many answers that did not pass to tell.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Told {
    failed_items: Option<i64>,
}

/// How many answers that did not pass are told, and how many are where the caller does not say.
const MAX_FAILED_ITEMS: i64 = 50;
const DEFAULT_FAILED_ITEMS: i64 = 10;

#[derive(Serialize)]
struct EvalWithResults {
    eval: Eval,
    checks: Vec<CheckResult>,
    failed_items: Vec<results::FailedItem>,
}

/// How the answers did in one check.
#[derive(Serialize)]
struct CheckResult {
    check: Check,
    passed: i64,
    failed: i64,
}

async fn one(
    reading: Reading,
    Id(id): Id,
    Query(Told { failed_items }): Query<Told>,
) -> Result<Json<EvalWithResults>, ApiError> {
    let limit = failed_items.unwrap_or(DEFAULT_FAILED_ITEMS);
    if !(0..=MAX_FAILED_ITEMS).contains(&limit) {
        return Err(ApiError::invalid("failed_items", format!("write a number from 0 to {MAX_FAILED_ITEMS}")));
    }
    let mut view = reading.snapshot().await?;
    let eval = Eval::load(&mut view, &reading.project, &id).await?;
    let rubric = Rubric::load(&mut view, &reading.project, &eval.rubric_id).await?;
    let failed = results::failed_by_check(&mut view, &id).await?;
    let result = |(number, check)| {
        let failed = failed.get(&number).copied().unwrap_or_default();
        CheckResult { check, passed: eval.scored - failed, failed }
    };
    let checks = (0..).zip(rubric.checks).map(result).collect();
    let failed_items = results::failed_items(&mut view, &eval, limit).await?;
    Ok(Json(EvalWithResults { eval, checks, failed_items }))
}

/// An eval to be run.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewEval {
    pub(crate) dataset_id: String,
    pub(crate) rubric_id: String,
    pub(crate) deployment_id: Option<String>,
    pub(crate) name: Option<String>,
}

async fn run(
    writing: Writing,
    Extension(has_judge): Extension<HasJudge>,
    Body(new): Body<NewEval>,
) -> Result<Json<Eval>, ApiError> {
    let mut change = writing.change().await?;
    let eval = insert(&mut change, &id::new("eval"), new, has_judge).await?;
    let cost = credits(eval.items, ITEMS_FOR_A_CREDIT);
    change.charge(Charge { what: "eval", about: &eval.id, credits: cost }).await?;
    change.commit().await?;
    writing.wakes().evals.notify_one();
    Ok(Json(eval))
}

/// Queues an eval in the project of a change.
pub(crate) async fn insert(
    change: &mut Change,
    id: &str,
    new: NewEval,
    HasJudge(has_judge): HasJudge,
) -> Result<Eval, ApiError> {
    let NewEval { dataset_id, rubric_id, deployment_id, name } = new;
    let project = change.project.clone();
    let connection = &mut *change.transaction;
    let dataset = Dataset::load(connection, &project, &dataset_id).await?;
    let rubric = Rubric::load(connection, &project, &rubric_id).await?;
    if rubric.compiled()?.need_judge() && !has_judge {
        return Err(ApiError::WrongState(format!(
            "the rubric `{}` has a check of type `judge`, and this service is set up without a language model that \
             judges; use a rubric without such a check, or ask whoever runs the service",
            rubric.name
        )));
    }
    let deployment = match &deployment_id {
        None => None,
        Some(id) => Some(Deployment::load(connection, &project, id).await?),
    };
    deployment.as_ref().map_or(Ok(()), Deployment::must_run)?;
    let name = match name {
        Some(name) => field::name(&name)?,
        // Two names are longer than one can be.
        None => format!("{}, {}", dataset.name, rubric.name),
    };
    sqlx::query(
        "INSERT INTO evals (id, project, name, dataset, rubric, deployment, model, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(id)
    .bind(&project)
    .bind(&name)
    .bind(&dataset_id)
    .bind(&rubric_id)
    .bind(&deployment_id)
    .bind(deployment.map(|deployment| deployment.model_id))
    .bind(time::now())
    .execute(&mut *connection)
    .await?;
    Eval::load(connection, &project, id).await
}
