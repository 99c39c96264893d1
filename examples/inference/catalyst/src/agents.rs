//! Agents: who did what the spans tell of.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    access::Reading,
    error::ApiError,
    extract::Query,
    page::{Length, Page},
    time,
    traces::Window,
};

pub(crate) fn routes() -> Router {
    Router::new().route("/agents", get(list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    name: Option<String>,
    since: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Agents {
    agents: Vec<Agent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// An agent, and how often it ran.
#[derive(Debug, Serialize)]
struct Agent {
    id: String,
    name: String,
    service: String,
    executions: i64,
    errors: i64,
    average_duration_ms: f64,
    input_tokens: i64,
    output_tokens: i64,
    first_seen_at: String,
    last_seen_at: String,
}

impl Agent {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("id")?,
            name: row.try_get("name")?,
            service: row.try_get("service")?,
            executions: row.try_get("executions")?,
            errors: row.try_get("errors")?,
            average_duration_ms: row.try_get::<f64, _>("average_duration")? / 1e6,
            input_tokens: row.try_get("input_tokens")?,
            output_tokens: row.try_get("output_tokens")?,
            first_seen_at: time::rfc3339(row.try_get("first_at")?),
            last_seen_at: time::rfc3339(row.try_get("last_at")?),
        })
    }
}

async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<Agents>, ApiError> {
    let ListQuery { name, since, limit, cursor } = query;
    let page = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let window = Window::of(Some(since.as_deref().unwrap_or("30d")), None)?;
    let agents = busiest(&mut *reading.snapshot().await?, &reading.project, name.as_deref(), window, &page).await?;
    let (agents, next_cursor) = page.cut(agents, |agent| (agent.executions, agent.id.clone()))?;
    Ok(Json(Agents { agents, next_cursor }))
}

/// The agents that ran in a window, the busiest first.
async fn busiest(
    connection: &mut SqliteConnection,
    project: &str,
    name: Option<&str>,
    window: Window,
    page: &Page<(i64, String)>,
) -> Result<Vec<Agent>, ApiError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(
        "SELECT agents.id, agents.name, agents.service, counted.* FROM (
            SELECT agent, count(*) FILTER (WHERE is_execution) AS executions,
                count(*) FILTER (WHERE is_execution AND status = 'error') AS errors,
                avg(duration) FILTER (WHERE is_execution) AS average_duration,
                ifnull(sum(input_tokens) FILTER (WHERE kind = 'inference'), 0) AS input_tokens,
                ifnull(sum(output_tokens) FILTER (WHERE kind = 'inference'), 0) AS output_tokens,
                min(started_at) FILTER (WHERE is_execution) AS first_at,
                max(started_at) FILTER (WHERE is_execution) AS last_at
            FROM spans WHERE agent IS NOT NULL AND project = ",
    );
    query.push_bind(project);
    window.push(&mut query, "spans");
    query.push(" GROUP BY agent) AS counted JOIN agents ON agents.id = counted.agent AND agents.project = ");
    query.push_bind(project).push(" WHERE executions > 0");
    if let Some(name) = name {
        query.push(" AND instr(folded_name, ").push_bind(name.to_lowercase()).push(") > 0");
    }
    if let Some((executions, id)) = &page.after {
        // SQLite negates, where no number is too small for it: a caller can have written the cursor.
        query.push(" AND (-executions, id) > (-").push_bind(*executions).push(", ").push_bind(id).push(")");
    }
    query.push(" ORDER BY executions DESC, id LIMIT ").push_bind(page.rows());
    let rows = query.build().fetch_all(connection).await?;
    Ok(rows.iter().map(Agent::from_row).collect::<Result<_, _>>()?)
}
