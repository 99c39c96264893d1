//! Runs: an agent's traces of a window, read once.

use axum::Json;
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use super::{
    agent::{self, Agent},
    conversations,
    request::{Reach, RunBody, prompt},
};
use crate::{
    access::{Reading, Writing},
    error::ApiError,
    extract::{Body, Id, Query},
    id,
    jobs::Status,
    page::{Length, Page},
    store::{Change, Charge},
    time,
};

/// What a run costs.
const CREDITS: i64 = 10;

/// One reading of an agent's traces.
#[derive(Debug, Serialize)]
pub(super) struct Run {
    /// When it was asked for, as the database keeps it.
    #[serde(skip)]
    created: i64,
    id: String,
    conversation_id: String,
    agent: Agent,
    status: Status,
    prompt: String,
    window_start: String,
    window_end: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    findings: Option<i64>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

impl Run {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let time = |column| Ok::<_, sqlx::Error>(row.try_get::<Option<i64>, _>(column)?.map(time::rfc3339));
        let created = row.try_get("created_at")?;
        Ok(Self {
            created,
            id: row.try_get("id")?,
            conversation_id: row.try_get("conversation")?,
            agent: Agent::from_row(row)?,
            status: word(row.try_get("status")?)?,
            prompt: row.try_get("prompt")?,
            window_start: time::rfc3339(row.try_get("window_start")?),
            window_end: time::rfc3339(row.try_get("window_end")?),
            schedule_id: row.try_get("schedule")?,
            findings: row.try_get("number")?,
            created_at: time::rfc3339(created),
            started_at: time("started_at")?,
            completed_at: time("completed_at")?,
            error: row.try_get("error")?,
        })
    }
}

/// A query for the project's runs.
fn select(project: &str) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT halo_runs.*, agents.id AS agent, agents.name AS agent_name, agents.service AS agent_service,
                halo_reports.number
         FROM halo_runs JOIN halo_conversations ON halo_conversations.id = halo_runs.conversation
              JOIN agents ON agents.project = halo_runs.project AND agents.id = halo_conversations.agent
              LEFT JOIN halo_reports ON halo_reports.run = halo_runs.id
         WHERE halo_runs.project = ",
    );
    query.push_bind(project.to_owned());
    query
}

async fn load(connection: &mut SqliteConnection, project: &str, run_id: &str) -> Result<Run, ApiError> {
    let mut query = select(project);
    query.push(" AND halo_runs.id = ").push_bind(run_id);
    let row = query.build().fetch_optional(connection).await?;
    let row = row.ok_or_else(|| ApiError::not_found("HALO run", run_id))?;
    Ok(Run::from_row(&row)?)
}

/// A run to be made.
#[derive(Debug)]
pub(super) struct NewRun<'a> {
    pub(super) conversation: &'a str,
    pub(super) schedule: Option<&'a str>,
    pub(super) prompt: &'a str,
    pub(super) reach: &'a Reach,
    /// When it is asked for, and where its window ends.
    pub(super) now: i64,
}

/// Queues a run that the team can pay for, and gives its id.
pub(super) async fn queue(change: &mut Change, new: NewRun<'_>) -> Result<String, ApiError> {
    let id = id::new("run");
    change.charge(Charge { what: "halo_run", about: &id, credits: CREDITS }).await?;
    insert(change, &id, new).await?;
    Ok(id)
}

/// Queues a run with this id, which is not charged.
pub(super) async fn insert(change: &mut Change, id: &str, new: NewRun<'_>) -> Result<(), ApiError> {
    let NewRun { conversation, schedule, prompt, reach, now } = new;
    sqlx::query(
        "INSERT INTO halo_runs (id, project, conversation, schedule, prompt, window_start, window_end, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )
    .bind(id)
    .bind(&change.project)
    .bind(conversation)
    .bind(schedule)
    .bind(prompt)
    .bind(reach.before(now))
    .bind(now)
    .execute(&mut *change.transaction)
    .await?;
    Ok(())
}

/// Has an agent's traces read now.
pub(super) async fn ask(writing: Writing, Body(body): Body<RunBody>) -> Result<Json<Run>, ApiError> {
    let RunBody { agent, window, prompt: asked } = body;
    let (reach, prompt) = (Reach::of(window.as_deref())?, prompt(asked)?);
    let mut change = writing.change().await?;
    let project = change.project.clone();
    let agent = Agent::meant(&mut change.transaction, &project, &agent).await?;
    let now = time::now();
    let conversation = conversations::begin(&mut change, &agent, &prompt, now).await?;
    let new = NewRun { conversation: &conversation, schedule: None, prompt: &prompt, reach: &reach, now };
    let id = queue(&mut change, new).await?;
    let run = load(&mut change.transaction, &project, &id).await?;
    change.commit().await?;
    writing.wakes().halo_runs.notify_one();
    Ok(Json(run))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    agent: Option<String>,
    status: Option<Status>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Runs {
    runs: Vec<Run>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Runs, newest first.
pub(super) async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<Runs>, ApiError> {
    let ListQuery { agent, status, limit, cursor } = query;
    let page: Page<(i64, String)> = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let mut view = reading.snapshot().await?;
    let mut query = select(&reading.project);
    if let Some(named) = agent {
        let agents = agent::by_id_or_name(&mut view, &reading.project, &named).await?;
        query.push(" AND agents.id IN (SELECT value FROM json_each(").push_bind(agent::ids(&agents)?).push("))");
    }
    if let Some(status) = status {
        query.push(" AND halo_runs.status = ").push_bind(status.as_str());
    }
    if let Some((created, id)) = &page.after {
        query.push(" AND (halo_runs.created_at, halo_runs.id) < (").push_bind(*created).push(", ");
        query.push_bind(id.clone()).push(")");
    }
    query.push(" ORDER BY halo_runs.created_at DESC, halo_runs.id DESC LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(&mut *view).await?;
    let runs = rows.iter().map(Run::from_row).collect::<Result<_, _>>()?;
    let (runs, next_cursor) = page.cut(runs, |run: &Run| (run.created, run.id.clone()))?;
    Ok(Json(Runs { runs, next_cursor }))
}

/// A run, as it stands.
pub(super) async fn one(reading: Reading, Id(run_id): Id) -> Result<Json<Run>, ApiError> {
    Ok(Json(load(&mut *reading.snapshot().await?, &reading.project, &run_id).await?))
}
