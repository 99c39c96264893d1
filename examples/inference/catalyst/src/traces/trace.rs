//! Traces, as the API shows them.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use super::{
    Outcome, Span, Window,
    span::{self, push_named},
};
use crate::{error::ApiError, page::Page, time};

/// Everything that one run led to.
#[derive(Debug, Serialize)]
pub(crate) struct Trace {
    #[serde(skip)]
    began: i64,
    trace_id: String,
    name: String,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    status: Outcome,
    started_at: String,
    duration_ms: f64,
    spans: i64,
    errors: i64,
    input_tokens: i64,
    output_tokens: i64,
}

const SELECT: &str = "SELECT traces.*, agents.name AS agent_name FROM traces
    LEFT JOIN agents ON agents.project = traces.project AND agents.id = traces.agent ";

impl Trace {
    fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let began = row.try_get("started_at")?;
        Ok(Self {
            began,
            trace_id: row.try_get("trace_id")?,
            name: row.try_get("name")?,
            service: row.try_get("service")?,
            agent: row.try_get("agent_name")?,
            status: word(row.try_get("status")?)?,
            started_at: time::rfc3339(began),
            duration_ms: time::milliseconds(row.try_get("duration")?),
            spans: row.try_get("spans")?,
            errors: row.try_get("errors")?,
            input_tokens: row.try_get("input_tokens")?,
            output_tokens: row.try_get("output_tokens")?,
        })
    }

    /// What traces are ordered by.
    pub(super) fn key(&self) -> (i64, String) {
        (self.began, self.trace_id.clone())
    }
}

/// Which traces to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// Only traces that have a span of the agents with this name or id.
    pub(super) agent: Option<String>,
    pub(super) status: Option<Outcome>,
    pub(super) window: Window,
}

impl Filter {
    fn select(&self, project: &str) -> QueryBuilder<Sqlite> {
        let Self { agent, status, window } = self;
        let mut query = QueryBuilder::new(SELECT);
        query.push("WHERE traces.project = ").push_bind(project.to_owned());
        if let Some(status) = status {
            query.push(" AND traces.status = ").push_bind(status.as_str());
        }
        window.push(&mut query, "traces");
        if let Some(agent) = agent {
            query.push(" AND EXISTS (SELECT 1 FROM spans WHERE spans.project = traces.project");
            // The plus keeps the index of agents out: the few spans of each trace are looked at, not all of the agent.
            query.push(" AND spans.trace_id = traces.trace_id AND +spans.agent");
            push_named(&mut query, project, agent);
            query.push(")");
        }
        query
    }
}

/// The newest traces that a filter matches.
pub(super) async fn newest(
    connection: &mut SqliteConnection,
    project: &str,
    filter: &Filter,
    page: &Page<(i64, String)>,
) -> Result<Vec<Trace>, ApiError> {
    let mut query = filter.select(project);
    if let Some((started_at, trace_id)) = &page.after {
        query.push(" AND (traces.started_at, traces.trace_id) < (").push_bind(*started_at);
        query.push(", ").push_bind(trace_id.clone()).push(")");
    }
    query.push(" ORDER BY traces.started_at DESC, traces.trace_id DESC LIMIT ").push_bind(page.rows());
    fetch(connection, query).await
}

/// Of the traces that a filter matches, those that took longest.
pub(super) async fn slowest(
    connection: &mut SqliteConnection,
    project: &str,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Trace>, ApiError> {
    let mut query = filter.select(project);
    query.push(" ORDER BY traces.duration DESC, traces.started_at DESC, traces.trace_id LIMIT ").push_bind(limit);
    fetch(connection, query).await
}

async fn fetch(connection: &mut SqliteConnection, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Trace>, ApiError> {
    let rows = query.build().fetch_all(connection).await?;
    Ok(rows.iter().map(Trace::from_row).collect::<Result<_, _>>()?)
}

/// The project's trace with this id.
pub(super) async fn load(connection: &mut SqliteConnection, project: &str, trace_id: &str) -> Result<Trace, ApiError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(SELECT);
    query.push("WHERE traces.project = ").push_bind(project).push(" AND traces.trace_id = ").push_bind(trace_id);
    let row = query.build().fetch_optional(connection).await?;
    let row = row.ok_or_else(|| ApiError::not_found("trace", trace_id))?;
    Ok(Trace::from_row(&row)?)
}

/// The first spans of a trace, each after the one that it is part of, and the earlier first; and whether these are all.
pub(super) async fn spans_in_order(
    connection: &mut SqliteConnection,
    project: &str,
    trace_id: &str,
    limit: usize,
) -> Result<(Vec<Span>, bool), ApiError> {
    // The order takes all of them, but little of each.
    let ids =
        "SELECT id, span_id, parent_span_id FROM spans WHERE project = ?1 AND trace_id = ?2 ORDER BY started_at, id";
    let ids: Vec<(i64, String, Option<String>)> =
        sqlx::query_as(ids).bind(project).bind(trace_id).fetch_all(&mut *connection).await?;
    let order = in_order(&ids);
    let first: Vec<i64> = order.iter().take(limit).map(|at| ids[*at].0).collect();
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(span::SELECT);
    query.push("WHERE spans.id IN (SELECT value FROM json_each(").push_bind(serde_json::to_string(&first)?).push("))");
    let rows = query.build().fetch_all(connection).await?;
    let spans = rows.iter().map(|row| Span::from_row(row).map(|span| (span.id, span)));
    let mut spans: HashMap<i64, Span> = spans.collect::<Result<_, _>>()?;
    Ok((first.iter().filter_map(|id| spans.remove(id)).collect(), ids.len() <= limit))
}

/// The order of spans, which come by their times with their own ids and their parents': each after its parent. Those of
/// a circle come last, from the earliest of it on.
fn in_order(spans: &[(i64, String, Option<String>)]) -> Vec<usize> {
    let by_id: HashMap<&str, usize> = spans.iter().enumerate().map(|(at, (_, id, _))| (id.as_str(), at)).collect();
    let parents: Vec<Option<usize>> =
        spans.iter().map(|(_, _, parent)| by_id.get(parent.as_deref()?).copied()).collect();
    let mut children = vec![Vec::new(); spans.len()];
    for (at, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            children[*parent].push(at);
        }
    }
    let roots = (0..spans.len()).filter(|at| parents[*at].is_none());
    let mut is_ordered = vec![false; spans.len()];
    let mut ordered = Vec::with_capacity(spans.len());
    // What no root leads to follows in the second part.
    for first in roots.chain(0..spans.len()) {
        let mut waiting = vec![first];
        while let Some(at) = waiting.pop() {
            if !std::mem::replace(&mut is_ordered[at], true) {
                ordered.push(at);
                waiting.extend(children[at].iter().rev());
            }
        }
    }
    ordered
}
