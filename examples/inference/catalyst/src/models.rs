//! Models: those to train from, those that training has made, and those that traffic tells of.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use crate::{
    access::Reading,
    classifier::Classifier,
    error::ApiError,
    extract::Query,
    page::{Length, Page},
};

/// The model that training jobs start from.
pub(crate) const BASE_MODEL: &str = "text-classifier";

const ABOUT_BASE_MODEL: &str = "Multinomial logistic regression on words, pairs of words and sequences of characters: gives \
                                a text one of a few answers. It learns them from a dataset.";

const PAGES: Length = Length { default: 50, max: 100 };

pub(crate) fn routes() -> Router {
    Router::new().route("/models", get(list))
}

/// The id of the model that a training job makes.
pub(crate) fn id_of_job(job: &str) -> String {
    format!("ft-{}", job.strip_prefix("job_").unwrap_or(job))
}

/// Where a model comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Base,
    Trained,
    Observed,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Trained => "trained",
            Self::Observed => "observed",
        }
    }
}

/// A model, as the API tells it.
#[derive(Debug, Serialize)]
pub(crate) struct Model {
    id: String,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    training_job_id: Option<String>,
    inferences: i64,
    deployments: Vec<String>,
}

impl Model {
    fn of(row: &SqliteRow) -> Result<Self, ApiError> {
        let kind = word(row.try_get("kind")?)?;
        let description = match kind {
            Kind::Base => Some(ABOUT_BASE_MODEL.to_owned()),
            Kind::Trained => {
                Some(format!("A {BASE_MODEL}, trained on the dataset `{}`.", row.try_get::<&str, _>("dataset")?))
            }
            Kind::Observed => None,
        };
        Ok(Self {
            id: row.try_get("id")?,
            kind,
            description,
            training_job_id: row.try_get("job")?,
            inferences: row.try_get("inferences")?,
            deployments: serde_json::from_str(row.try_get("deployments")?)?,
        })
    }

    /// The model of a project.
    pub(crate) async fn load(connection: &mut SqliteConnection, project: &str, id: &str) -> Result<Self, ApiError> {
        let mut query = all(project);
        query.push(" AND id = ").push_bind(id.to_owned());
        let row = query.build().fetch_optional(connection).await?;
        Self::of(&row.ok_or_else(|| ApiError::not_found("model", id))?)
    }
}

/// What a trained model computes with.
pub(crate) async fn classifier(connection: &mut SqliteConnection, id: &str) -> Result<Classifier, ApiError> {
    let stored = "SELECT classifier FROM models WHERE id = ?1";
    let stored: Vec<u8> = sqlx::query_scalar(stored).bind(id).fetch_one(connection).await?;
    Ok(serde_json::from_slice(&stored)?)
}

/// All models of a project. Further conditions can follow.
fn all(project: &str) -> QueryBuilder<Sqlite> {
    let project = || project.to_owned();
    let mut query = QueryBuilder::new("WITH known (id, kind, job, dataset) AS (SELECT ");
    query.push_bind(BASE_MODEL).push(", 'base', NULL, NULL UNION ALL SELECT models.id, 'trained', models.job, ");
    query.push("training_jobs.dataset FROM models JOIN training_jobs ON training_jobs.id = models.job");
    query.push(" WHERE models.project = ").push_bind(project());
    query.push("), seen (id, inferences) AS (SELECT model, count(*) FROM spans WHERE kind = 'inference'");
    query.push(" AND model IS NOT NULL AND project = ").push_bind(project());
    query.push(" GROUP BY model), models_of_project (id, kind, job, dataset) AS (SELECT * FROM known UNION ALL");
    query.push(" SELECT id, 'observed', NULL, NULL FROM seen WHERE id NOT IN (SELECT id FROM known))");
    query.push(" SELECT id, kind, job, dataset,");
    query.push(" ifnull((SELECT inferences FROM seen WHERE seen.id = models_of_project.id), 0) AS inferences,");
    query.push(" (SELECT json_group_array(deployments.id ORDER BY deployments.name) FROM deployments");
    query.push("  WHERE deployments.model = models_of_project.id AND deployments.project = ").push_bind(project());
    query.push(") AS deployments FROM models_of_project WHERE true");
    query
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    kind: Option<Kind>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Models {
    models: Vec<Model>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(listed): Query<Listed>) -> Result<Json<Models>, ApiError> {
    let Listed { kind, limit, cursor } = listed;
    let page = Page::<String>::of(PAGES, limit, cursor.as_deref())?;
    let mut query = all(&reading.project);
    if let Some(kind) = kind {
        query.push(" AND kind = ").push_bind(kind.as_str());
    }
    if let Some(after) = &page.after {
        query.push(" AND id > ").push_bind(after);
    }
    query.push(" ORDER BY id LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(&mut *reading.snapshot().await?).await?;
    let (rows, next_cursor) = page.cut(rows, |row| row.get("id"))?;
    let models = rows.iter().map(Model::of).collect::<Result<_, _>>()?;
    Ok(Json(Models { models, next_cursor }))
}
