//! Training jobs: models that are made of datasets.

use std::num::NonZeroUsize;

use axum::{
    Json, Router,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use tokio_util::sync::CancellationToken;
use toolwright_support::sqlite::word;

use crate::{
    access::{Reading, Writing},
    classifier::{self, Epoch, Metrics},
    datasets::Dataset,
    error::ApiError,
    extract::{Body, Id, Query},
    field, id,
    jobs::{self, Status},
    models::BASE_MODEL,
    page::{Length, Page},
    store::{Change, Charge, Store, credits},
    time,
};

mod job;

pub(crate) use job::Training;

const PAGES: Length = Length { default: 20, max: 100 };

/// How many passes over the items a job can make, and how many it makes where the caller does not say.
const MAX_EPOCHS: u32 = 100;
const DEFAULT_EPOCHS: u32 = 10;

/// Which share of the items can be measured on, and which is where the caller does not say.
const VALIDATION_SHARES: std::ops::RangeInclusive<f64> = 0.05..=0.5;
const DEFAULT_VALIDATION_SHARE: f64 = 0.2;

/// How many items, times the passes over them, are trained on for a credit.
const ITEMS_FOR_A_CREDIT: i64 = 1_000;

/// How many jobs are done at a time: each takes a core.
const AT_A_TIME: NonZeroUsize = NonZeroUsize::MIN;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/training-jobs", get(list).post(launch))
        .route("/training-jobs/{job}", get(one))
        .route("/training-jobs/{job}/cancel", post(cancel))
}

/// Works until the service stops.
pub(crate) async fn work(store: &Store, shutdown: &CancellationToken) {
    jobs::work(Training { store: store.clone() }, AT_A_TIME, shutdown).await;
}

/// A training job, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct TrainingJob {
    pub(crate) id: String,
    name: String,
    status: Status,
    dataset_id: String,
    base_model: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_id: Option<String>,
    epochs: u32,
    epochs_done: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics: Option<Metrics>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// How many credits it costs.
    #[serde(skip)]
    cost: i64,
}

const COLUMNS: &str =
    "SELECT id, name, status, dataset, base_model, epochs, metrics, created_at, started_at, completed_at,
    error, (SELECT items FROM datasets WHERE datasets.id = training_jobs.dataset) AS items,
    (SELECT models.id FROM models WHERE models.job = training_jobs.id) AS model,
    (SELECT count(*) FROM training_epochs WHERE training_epochs.job = training_jobs.id) AS epochs_done
    FROM training_jobs";

impl TrainingJob {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        let instant = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339));
        let metrics: Option<&str> = row.try_get("metrics")?;
        let (items, epochs): (i64, u32) = (row.try_get("items")?, row.try_get("epochs")?);
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            status: word(row.try_get("status")?)?,
            dataset_id: row.try_get("dataset")?,
            base_model: row.try_get("base_model")?,
            model_id: row.try_get("model")?,
            epochs,
            epochs_done: row.try_get("epochs_done")?,
            metrics: metrics.map(serde_json::from_str).transpose()?,
            created_at: time::rfc3339(row.try_get("created_at")?),
            started_at: instant("started_at")?,
            completed_at: instant("completed_at")?,
            error: row.try_get("error")?,
            cost: credits(items * i64::from(epochs), ITEMS_FOR_A_CREDIT),
        })
    }

    async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        let mut query = QueryBuilder::<Sqlite>::new(COLUMNS);
        query.push(" WHERE project = ").push_bind(project).push(" AND id = ").push_bind(id);
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("training job", id))?)
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
struct TrainingJobs {
    training_jobs: Vec<TrainingJob>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(listed): Query<Listed>) -> Result<Json<TrainingJobs>, ApiError> {
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
    let training_jobs = rows.iter().map(TrainingJob::of).collect::<Result<_, _>>()?;
    Ok(Json(TrainingJobs { training_jobs, next_cursor }))
}

#[derive(Serialize)]
struct JobWithHistory {
    training_job: TrainingJob,
    history: Vec<Epoch>,
}

async fn one(reading: Reading, Id(id): Id) -> Result<Json<JobWithHistory>, ApiError> {
    let mut view = reading.snapshot().await?;
    let training_job = TrainingJob::load(&mut view, &reading.project, &id).await?;
    let rows = sqlx::query(
        "SELECT epoch, training_loss, validation_loss, validation_accuracy FROM training_epochs
         WHERE job = ?1 ORDER BY epoch",
    );
    let rows = rows.bind(&id).fetch_all(&mut *view).await?;
    let epoch = |row: &SqliteRow| {
        Ok::<_, sqlx::Error>(Epoch {
            epoch: row.try_get("epoch")?,
            training_loss: row.try_get("training_loss")?,
            validation_loss: row.try_get("validation_loss")?,
            validation_accuracy: row.try_get("validation_accuracy")?,
        })
    };
    let history = rows.iter().map(epoch).collect::<Result<_, _>>()?;
    Ok(Json(JobWithHistory { training_job, history }))
}

/// A training job to be launched.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTrainingJob {
    pub(crate) dataset_id: String,
    pub(crate) base_model: Option<String>,
    pub(crate) epochs: Option<u32>,
    pub(crate) validation_share: Option<f64>,
    pub(crate) name: Option<String>,
}

async fn launch(writing: Writing, Body(new): Body<NewTrainingJob>) -> Result<Json<TrainingJob>, ApiError> {
    let mut change = writing.change().await?;
    let job = insert(&mut change, &id::new("job"), new).await?;
    change.charge(Charge { what: "training_job", about: &job.id, credits: job.cost }).await?;
    change.commit().await?;
    writing.wakes().training_jobs.notify_one();
    Ok(Json(job))
}

/// Queues a training job in the project of a change. What cannot be trained on is refused here, before anything is paid.
pub(crate) async fn insert(change: &mut Change, id: &str, new: NewTrainingJob) -> Result<TrainingJob, ApiError> {
    let epochs = new.epochs.unwrap_or(DEFAULT_EPOCHS);
    if !(1..=MAX_EPOCHS).contains(&epochs) {
        return Err(ApiError::invalid("epochs", format!("write a number from 1 to {MAX_EPOCHS}")));
    }
    let validation_share = new.validation_share.unwrap_or(DEFAULT_VALIDATION_SHARE);
    if !VALIDATION_SHARES.contains(&validation_share) {
        let (least, most) = VALIDATION_SHARES.into_inner();
        return Err(ApiError::invalid("validation_share", format!("write a number from {least} to {most}")));
    }
    let base_model = new.base_model.unwrap_or_else(|| BASE_MODEL.to_owned());
    if base_model != BASE_MODEL {
        return Err(ApiError::invalid("base_model", format!("the only model to train from is `{BASE_MODEL}`")));
    }
    let project = change.project.clone();
    let dataset = Dataset::load(&mut change.transaction, &project, &new.dataset_id).await?;
    let name = field::name(new.name.as_deref().unwrap_or(&dataset.name))?;
    must_be_trainable(&mut change.transaction, &dataset.id).await?;

    sqlx::query(
        "INSERT INTO training_jobs (id, project, name, dataset, base_model, epochs, validation_share, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(id)
    .bind(&project)
    .bind(&name)
    .bind(&dataset.id)
    .bind(&base_model)
    .bind(epochs)
    .bind(validation_share)
    .bind(time::now())
    .execute(&mut *change.transaction)
    .await?;
    TrainingJob::load(&mut change.transaction, &project, id).await
}

async fn must_be_trainable(connection: &mut SqliteConnection, dataset: &str) -> Result<(), ApiError> {
    let labels = "SELECT count(*) FROM dataset_items WHERE dataset = ?1 GROUP BY ifnull(expected, output)";
    let labels: Vec<i64> = sqlx::query_scalar(labels).bind(dataset).fetch_all(connection).await?;
    let counts = labels.into_iter().map(|items| usize::try_from(items).unwrap_or_default());
    classifier::can_train(counts).map_err(ApiError::from)
}

impl From<classifier::Untrainable> for ApiError {
    fn from(why: classifier::Untrainable) -> Self {
        Self::invalid("dataset_id", format!("the dataset cannot be trained on: {why}"))
    }
}

#[derive(Serialize)]
struct Cancelled {
    training_job: TrainingJob,
    cancelled: bool,
}

async fn cancel(writing: Writing, Id(id): Id) -> Result<Json<Cancelled>, ApiError> {
    let mut change = writing.change().await?;
    let cancelled = sqlx::query(
        "UPDATE training_jobs SET status = 'cancelled', completed_at = ?3
         WHERE project = ?1 AND id = ?2 AND status IN ('queued', 'running')",
    )
    .bind(&writing.project)
    .bind(&id)
    .bind(time::now())
    .execute(&mut *change.transaction)
    .await?;
    let training_job = TrainingJob::load(&mut change.transaction, &writing.project, &id).await?;
    change.commit().await?;
    writing.wakes().training_jobs.notify_one();
    Ok(Json(Cancelled { training_job, cancelled: cancelled.rows_affected() == 1 }))
}
