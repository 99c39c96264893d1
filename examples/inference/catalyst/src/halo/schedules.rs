//! Schedules: what has HALO run again and again.
//!
//! ```text
//! active ───→ paused        pause; what comes due until it is resumed is missed
//! paused ───→ active        resume
//! active ───→ active        it fires: a run is queued, or it says why none was
//! any ──────→ archived      archive; nothing leads back
//! ```
//!
//! An active schedule knows when it is due, and the next time is computed from the moment at which it fires. So what was
//! missed is one firing, and a clock that is set back fires nothing twice. A firing is one transaction: the run is paid
//! for and queued, and the next time is set, or none of it.

use axum::Json;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::{Timing, scheduler::Due, sqlite::word, timing::Unfit};

use super::{
    agent::{self, Agent},
    conversations,
    request::{Reach, prompt},
    runs::{self, NewRun},
};
use crate::{
    access::{Reading, Writing},
    error::ApiError,
    extract::{Body, Id, Query},
    id,
    page::{Length, Page},
    store::{Change, Store},
    time,
};

/// How many of the next times are told.
const UPCOMING: usize = 3;

/// How many schedules that are not archived a project can have: each makes runs without end.
const MAX_SCHEDULES: i64 = 100;

/// Whether a schedule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    Paused,
    Archived,
}

/// What has HALO run again and again.
#[derive(Debug, Serialize)]
pub(super) struct Schedule {
    /// As the database keeps it.
    #[serde(skip)]
    created: i64,
    id: String,
    conversation_id: String,
    agent: Agent,
    cron: String,
    time_zone: String,
    window: String,
    prompt: String,
    status: Status,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
    upcoming: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error: Option<String>,
    created_at: String,
}

impl Schedule {
    fn from_row(row: &SqliteRow, now: Timestamp) -> Result<Self, sqlx::Error> {
        let created = row.try_get("created_at")?;
        let (cron, time_zone): (String, String) = (row.try_get("cron")?, row.try_get("time_zone")?);
        let next = row.try_get::<Option<i64>, _>("next_at")?.map(time::instant);
        Ok(Self {
            created,
            id: row.try_get("id")?,
            conversation_id: row.try_get("conversation")?,
            agent: Agent::from_row(row)?,
            upcoming: next.map(|next| upcoming(&cron, &time_zone, next, now)).unwrap_or_default(),
            cron,
            time_zone,
            window: row.try_get("reach")?,
            prompt: row.try_get("prompt")?,
            status: word(row.try_get("status")?)?,
            next_at: next.map(|next| next.to_string()),
            last_run_id: row.try_get("last_run")?,
            last_error: row.try_get("last_error")?,
            created_at: time::rfc3339(created),
        })
    }
}

/// The times to fire from the next one on. What was missed is not made up for.
fn upcoming(cron: &str, time_zone: &str, next: Timestamp, now: Timestamp) -> Vec<String> {
    let Ok(timing) = Timing::new(cron, time_zone) else { return Vec::new() };
    std::iter::successors(Some(next), |last| timing.next_after(now.max(*last)))
        .take(UPCOMING)
        .map(|instant| timing.local(instant))
        .collect()
}

/// A query for the project's schedules.
fn select(project: &str) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new(
        "SELECT halo_schedules.*, agents.id AS agent, agents.name AS agent_name, agents.service AS agent_service,
                (SELECT id FROM halo_runs WHERE schedule = halo_schedules.id ORDER BY created_at DESC, id DESC LIMIT 1)
                    AS last_run
         FROM halo_schedules JOIN halo_conversations ON halo_conversations.id = halo_schedules.conversation
              JOIN agents ON agents.project = halo_schedules.project AND agents.id = halo_conversations.agent
         WHERE halo_schedules.project = ",
    );
    query.push_bind(project.to_owned());
    query
}

async fn load(
    connection: &mut SqliteConnection,
    project: &str,
    id: &str,
    now: Timestamp,
) -> Result<Schedule, ApiError> {
    let mut query = select(project);
    query.push(" AND halo_schedules.id = ").push_bind(id);
    let row = query.build().fetch_optional(connection).await?;
    let row = row.ok_or_else(|| ApiError::not_found("HALO schedule", id))?;
    Ok(Schedule::from_row(&row, now)?)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    agent: Option<String>,
    include_archived: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct List {
    schedules: Vec<Schedule>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Schedules, newest first.
pub(super) async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<List>, ApiError> {
    let ListQuery { agent, include_archived, limit, cursor } = query;
    let page: Page<(i64, String)> = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let mut view = reading.snapshot().await?;
    let mut query = select(&reading.project);
    if let Some(named) = agent {
        let agents = agent::by_id_or_name(&mut view, &reading.project, &named).await?;
        query.push(" AND agents.id IN (SELECT value FROM json_each(").push_bind(agent::ids(&agents)?).push("))");
    }
    if !include_archived.unwrap_or_default() {
        query.push(" AND halo_schedules.status <> 'archived'");
    }
    if let Some((created, id)) = &page.after {
        query.push(" AND (halo_schedules.created_at, halo_schedules.id) < (").push_bind(*created).push(", ");
        query.push_bind(id.clone()).push(")");
    }
    query.push(" ORDER BY halo_schedules.created_at DESC, halo_schedules.id DESC LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(&mut *view).await?;
    let now = Timestamp::now();
    let schedules = rows.iter().map(|row| Schedule::from_row(row, now)).collect::<Result<_, _>>()?;
    let (schedules, next_cursor) = page.cut(schedules, |one: &Schedule| (one.created, one.id.clone()))?;
    Ok(Json(List { schedules, next_cursor }))
}

/// The body of what makes a schedule.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSchedule {
    pub(super) agent: String,
    pub(super) cron: String,
    pub(super) time_zone: Option<String>,
    pub(super) window: Option<String>,
    pub(super) prompt: Option<String>,
}

/// Makes a schedule.
pub(super) async fn create(writing: Writing, Body(body): Body<NewSchedule>) -> Result<Json<Schedule>, ApiError> {
    let mut change = writing.change().await?;
    let schedule = insert(&mut change, &id::new("sched"), body, Timestamp::now()).await?;
    change.commit().await?;
    writing.wakes().halo_schedules.notify_one();
    Ok(Json(schedule))
}

/// Makes a schedule with this id.
pub(super) async fn insert(
    change: &mut Change,
    id: &str,
    body: NewSchedule,
    now: Timestamp,
) -> Result<Schedule, ApiError> {
    let NewSchedule { agent, cron, time_zone, window, prompt: asked } = body;
    let (reach, prompt) = (Reach::of(window.as_deref())?, prompt(asked)?);
    let timing = Timing::new(&cron, time_zone.as_deref().unwrap_or("UTC")).and_then(|timing| timing.checked(now));
    let timing = timing.map_err(|unfit| match unfit {
        Unfit::Cron(why) => ApiError::invalid("cron", why),
        Unfit::TimeZone(why) => ApiError::invalid("time_zone", why),
    })?;
    let project = change.project.clone();
    let agent = Agent::meant(&mut change.transaction, &project, &agent).await?;
    check_room(&mut change.transaction, &project).await?;
    let created = time::nanoseconds(now);
    let conversation = conversations::begin(change, &agent, &prompt, created).await?;
    sqlx::query(
        "INSERT INTO halo_schedules (id, project, conversation, cron, time_zone, reach, prompt, status, next_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'active', ?8, ?9)",
    )
    .bind(id)
    .bind(&project)
    .bind(conversation)
    .bind(timing.expression())
    .bind(timing.time_zone())
    .bind(reach.as_str())
    .bind(prompt)
    .bind(timing.next_after(now).map(time::nanoseconds))
    .bind(created)
    .execute(&mut *change.transaction)
    .await?;
    load(&mut change.transaction, &project, id, now).await
}

/// Refuses one more schedule to a project that has as many as it can have.
async fn check_room(connection: &mut SqliteConnection, project: &str) -> Result<(), ApiError> {
    let count = "SELECT count(*) FROM halo_schedules WHERE project = ?1 AND status <> 'archived'";
    let count: i64 = sqlx::query_scalar(count).bind(project).fetch_one(connection).await?;
    if count < MAX_SCHEDULES {
        return Ok(());
    }
    Err(ApiError::WrongState(format!(
        "the project has {count} schedules, which is the most that it can have: archive one"
    )))
}

/// Stops a schedule from firing.
pub(super) async fn pause(writing: Writing, Id(id): Id) -> Result<Json<Schedule>, ApiError> {
    turn(&writing, &id, Status::Paused).await
}

/// Has a schedule fire again from now on.
pub(super) async fn resume(writing: Writing, Id(id): Id) -> Result<Json<Schedule>, ApiError> {
    turn(&writing, &id, Status::Active).await
}

/// Stops a schedule for good.
pub(super) async fn archive(writing: Writing, Id(id): Id) -> Result<Json<Schedule>, ApiError> {
    turn(&writing, &id, Status::Archived).await
}

async fn turn(writing: &Writing, id: &str, status: Status) -> Result<Json<Schedule>, ApiError> {
    let mut change = writing.change().await?;
    let schedule = set(&mut change, id, status, Timestamp::now()).await?;
    change.commit().await?;
    writing.wakes().halo_schedules.notify_one();
    Ok(Json(schedule))
}

/// Has a schedule be as it is wanted, which it can be already.
pub(super) async fn set(change: &mut Change, id: &str, status: Status, now: Timestamp) -> Result<Schedule, ApiError> {
    let project = change.project.clone();
    let found = load(&mut change.transaction, &project, id, now).await?;
    if found.status == status {
        return Ok(found);
    }
    let next_at = match (found.status, status) {
        (Status::Archived, _) => {
            return Err(ApiError::WrongState(format!("the schedule `{id}` is archived for good: create another one")));
        }
        (_, Status::Active) => timing(id, &found.cron, &found.time_zone).and_then(|timing| timing.next_after(now)),
        (_, Status::Paused | Status::Archived) => None,
    };
    let word = match status {
        Status::Active => "active",
        Status::Paused => "paused",
        Status::Archived => "archived",
    };
    sqlx::query("UPDATE halo_schedules SET status = ?2, next_at = ?3 WHERE id = ?1")
        .bind(id)
        .bind(word)
        .bind(next_at.map(time::nanoseconds))
        .execute(&mut *change.transaction)
        .await?;
    load(&mut change.transaction, &project, id, now).await
}

/// The times of a schedule. They were understood when it was made: a time zone can be gone from the machine.
fn timing(id: &str, cron: &str, time_zone: &str) -> Option<Timing> {
    let timing = Timing::new(cron, time_zone);
    timing.inspect_err(|error| tracing::error!(%error, schedule = id, "a schedule fires no more")).ok()
}

/// The schedules of a store, as the scheduler fires them.
#[derive(Debug, Clone)]
pub(super) struct Schedules(pub(super) Store);

impl Due for Schedules {
    type Error = ApiError;

    async fn next_firing(&self) -> Result<Option<Timestamp>, ApiError> {
        let next = "SELECT min(next_at) FROM halo_schedules WHERE next_at IS NOT NULL";
        let next: Option<i64> = sqlx::query_scalar(next).fetch_one(self.0.read()).await?;
        Ok(next.map(time::instant))
    }

    /// Queues the run of a schedule that is due, if there is one.
    async fn fire(&self, now: Timestamp) -> Result<(), ApiError> {
        let instant = time::nanoseconds(now);
        let due = "SELECT id, project FROM halo_schedules WHERE next_at <= ?1 ORDER BY next_at, id LIMIT 1";
        let Some(row) = sqlx::query(due).bind(instant).fetch_optional(self.0.read()).await? else { return Ok(()) };
        let (id, project): (String, String) = (row.try_get("id")?, row.try_get("project")?);
        let mut change = self.0.change_in(&project).await?;
        // It can have been paused meanwhile.
        let schedule = "SELECT * FROM halo_schedules WHERE id = ?1 AND next_at <= ?2";
        let schedule = sqlx::query(schedule).bind(&id).bind(instant).fetch_optional(&mut *change.transaction).await?;
        let Some(row) = schedule else { return Ok(()) };
        let next_at = timing(&id, row.try_get("cron")?, row.try_get("time_zone")?);
        let next_at = next_at.and_then(|timing| timing.next_after(now));
        let reach = Reach::of(Some(row.try_get("reach")?))?;
        let (conversation, prompt) = (row.try_get("conversation")?, row.try_get("prompt")?);
        let new = NewRun { conversation, schedule: Some(&id), prompt, reach: &reach, now: instant };
        let last_error = match runs::queue(&mut change, new).await {
            Ok(_) => None,
            Err(error @ ApiError::InsufficientCredits { .. }) => Some(error.to_string()),
            Err(error) => return Err(error),
        };
        sqlx::query("UPDATE halo_schedules SET next_at = ?2, last_error = ?3 WHERE id = ?1")
            .bind(&id)
            .bind(next_at.map(time::nanoseconds))
            .bind(&last_error)
            .execute(&mut *change.transaction)
            .await?;
        change.commit().await?;
        match last_error {
            Some(error) => tracing::warn!(error, schedule = id, "a schedule made no run"),
            None => self.0.wakes().halo_runs.notify_one(),
        }
        Ok(())
    }

    async fn changed(&self) {
        self.0.wakes().halo_schedules.notified().await;
    }
}

#[cfg(test)]
mod tests;
