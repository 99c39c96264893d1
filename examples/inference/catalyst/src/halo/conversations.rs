//! Conversations: runs that belong together, and what the newest of them has found.

use axum::Json;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use super::agent::{self, Agent};
use crate::{
    access::Reading,
    error::ApiError,
    extract::{Id, Query},
    id,
    page::{Length, Page},
    store::Change,
    time,
};

/// How much of a prompt is a title, in characters.
const MAX_TITLE: usize = 80;

/// Runs of HALO that belong together.
#[derive(Debug, Serialize)]
pub(super) struct Conversation {
    /// What conversations are ordered by: when the newest report was written, or 0 without one.
    #[serde(skip)]
    newest: i64,
    id: String,
    agent: Agent,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_id: Option<String>,
    runs: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_report_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_findings: Option<i64>,
    created_at: String,
}

impl Conversation {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            newest: row.try_get("newest")?,
            id: row.try_get("id")?,
            agent: Agent::from_row(row)?,
            title: row.try_get("title")?,
            schedule_id: row.try_get("schedule")?,
            runs: row.try_get("runs")?,
            latest_run_id: row.try_get("run")?,
            latest_report_at: row.try_get::<Option<i64>, _>("report_at")?.map(time::rfc3339),
            latest_findings: row.try_get("number")?,
            created_at: time::rfc3339(row.try_get("created_at")?),
        })
    }
}

/// Begins a conversation about an agent, and gives its id.
pub(super) async fn begin(change: &mut Change, agent: &Agent, prompt: &str, now: i64) -> Result<String, ApiError> {
    let id = id::new("conv");
    insert(change, &id, agent, prompt, now).await?;
    Ok(id)
}

/// Begins a conversation with this id.
pub(super) async fn insert(
    change: &mut Change,
    id: &str,
    agent: &Agent,
    prompt: &str,
    now: i64,
) -> Result<(), ApiError> {
    let insert = "INSERT INTO halo_conversations (id, project, agent, title, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    sqlx::query(insert)
        .bind(id)
        .bind(&change.project)
        .bind(&agent.id)
        .bind(title(prompt))
        .bind(now)
        .execute(&mut *change.transaction)
        .await?;
    Ok(())
}

/// What a conversation is about, in a line: how its prompt begins.
fn title(prompt: &str) -> String {
    let line: Vec<&str> = prompt.split_whitespace().collect();
    let line = line.join(" ");
    match line.char_indices().nth(MAX_TITLE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    agent: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Conversations {
    /// The agents that were meant.
    agents: Vec<Agent>,
    conversations: Vec<Conversation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Conversations, those with the newest report first.
pub(super) async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<Conversations>, ApiError> {
    let ListQuery { agent, limit, cursor } = query;
    let page: Page<(i64, String)> = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let mut view = reading.snapshot().await?;
    let agents = match &agent {
        Some(named) => agent::by_part(&mut view, &reading.project, named).await?,
        None => Vec::new(),
    };
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
        "SELECT * FROM (
            SELECT halo_conversations.*, agents.name AS agent_name, agents.service AS agent_service,
                halo_schedules.id AS schedule, halo_reports.run, halo_reports.number,
                halo_reports.created_at AS report_at, ifnull(halo_reports.created_at, 0) AS newest,
                (SELECT count(*) FROM halo_runs WHERE conversation = halo_conversations.id) AS runs
            FROM halo_conversations
                JOIN agents ON agents.project = halo_conversations.project AND agents.id = halo_conversations.agent
                LEFT JOIN halo_schedules ON halo_schedules.conversation = halo_conversations.id
                LEFT JOIN halo_reports ON halo_reports.run = (SELECT run FROM halo_reports AS newest
                    WHERE newest.conversation = halo_conversations.id ORDER BY created_at DESC, run DESC LIMIT 1)
            WHERE halo_conversations.project = ",
    );
    query.push_bind(reading.project.clone()).push(") WHERE true");
    if agent.is_some() {
        query.push(" AND agent IN (SELECT value FROM json_each(").push_bind(agent::ids(&agents)?).push("))");
    }
    if let Some((newest, id)) = &page.after {
        query.push(" AND (newest, id) < (").push_bind(*newest).push(", ").push_bind(id.clone()).push(")");
    }
    query.push(" ORDER BY newest DESC, id DESC LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(&mut *view).await?;
    let conversations = rows.iter().map(Conversation::from_row).collect::<Result<_, _>>()?;
    let (conversations, next_cursor) = page.cut(conversations, |one: &Conversation| (one.newest, one.id.clone()))?;
    Ok(Json(Conversations { agents, conversations, next_cursor }))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReportQuery {
    run_id: Option<String>,
}

/// What a run has found.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    run_id: String,
    conversation_id: String,
    agent: Agent,
    prompt: String,
    window_start: String,
    window_end: String,
    traces: i64,
    spans: i64,
    summary: String,
    findings: Box<RawValue>,
    created_at: String,
}

/// The newest report of a conversation, or that of one of its runs.
pub(super) async fn report(
    reading: Reading,
    Id(conversation_id): Id,
    Query(ReportQuery { run_id }): Query<ReportQuery>,
) -> Result<Json<Report>, ApiError> {
    let mut view = reading.snapshot().await?;
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
        "SELECT halo_reports.*, halo_runs.prompt, halo_runs.window_start, halo_runs.window_end, agents.id AS agent,
                agents.name AS agent_name, agents.service AS agent_service
         FROM halo_reports JOIN halo_runs ON halo_runs.id = halo_reports.run
              JOIN halo_conversations ON halo_conversations.id = halo_reports.conversation
              JOIN agents ON agents.project = halo_runs.project AND agents.id = halo_conversations.agent
         WHERE halo_runs.project = ",
    );
    query.push_bind(reading.project.clone()).push(" AND halo_reports.conversation = ").push_bind(&conversation_id);
    if let Some(run_id) = &run_id {
        query.push(" AND halo_reports.run = ").push_bind(run_id);
    }
    query.push(" ORDER BY halo_reports.created_at DESC, halo_reports.run DESC LIMIT 1");
    let Some(row) = query.build().fetch_optional(&mut *view).await? else {
        return Err(absent(&mut view, &reading.project, &conversation_id, run_id.as_deref()).await?);
    };
    let findings = RawValue::from_string(row.try_get("findings")?)?;
    Ok(Json(Report {
        run_id: row.try_get("run")?,
        conversation_id,
        agent: Agent::from_row(&row)?,
        prompt: row.try_get("prompt")?,
        window_start: time::rfc3339(row.try_get("window_start")?),
        window_end: time::rfc3339(row.try_get("window_end")?),
        traces: row.try_get("traces")?,
        spans: row.try_get("spans")?,
        summary: row.try_get("summary")?,
        findings,
        created_at: time::rfc3339(row.try_get("created_at")?),
    }))
}

/// Why there is no such report.
async fn absent(
    view: &mut SqliteConnection,
    project: &str,
    conversation_id: &str,
    run_id: Option<&str>,
) -> Result<ApiError, ApiError> {
    let exists = "SELECT EXISTS (SELECT 1 FROM halo_conversations WHERE project = ?1 AND id = ?2)";
    if !sqlx::query_scalar(exists).bind(project).bind(conversation_id).fetch_one(&mut *view).await? {
        return Ok(ApiError::not_found("HALO conversation", conversation_id));
    }
    let newest = sqlx::query(
        "SELECT id, status FROM halo_runs WHERE conversation = ?1 AND (?2 IS NULL OR id = ?2)
         ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(conversation_id)
    .bind(run_id)
    .fetch_optional(view)
    .await?;
    let Some(run) = newest else {
        return Ok(match run_id {
            Some(run_id) => ApiError::not_found("HALO run in this conversation", run_id),
            None => ApiError::WrongState("the conversation has no runs yet: its schedule was not due".to_owned()),
        });
    };
    let (id, status): (&str, &str) = (run.try_get("id")?, run.try_get("status")?);
    Ok(ApiError::WrongState(format!("the run `{id}` is {status}, and a report is there once one is completed")))
}
