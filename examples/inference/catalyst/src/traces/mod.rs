//! Traces and their spans.

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::SqliteConnection;

use crate::{
    access::Reading,
    error::ApiError,
    extract::{Id, Query},
    page::{Length, Page},
};

pub(crate) mod intake;
pub(crate) mod recorded;
mod span;
mod trace;

pub(crate) use span::{Filter, Outcome, Span, SpanKind, Window, details, load, push_agent};
use trace::Trace;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/traces", get(list))
        .route("/traces/slowest", get(slowest))
        .route("/traces/{trace_id}", get(one))
        .route("/traces/{trace_id}/spans/{span_id}", get(one_span))
        .route("/spans", get(list_spans))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    agent: Option<String>,
    status: Option<Outcome>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Traces {
    traces: Vec<Trace>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<Traces>, ApiError> {
    let ListQuery { agent, status, since, until, limit, cursor } = query;
    let page = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let filter = trace::Filter { agent, status, window: Window::of(since.as_deref(), until.as_deref())? };
    let traces = trace::newest(&mut *reading.snapshot().await?, &reading.project, &filter, &page).await?;
    let (traces, next_cursor) = page.cut(traces, Trace::key)?;
    Ok(Json(Traces { traces, next_cursor }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SlowestQuery {
    agent: Option<String>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<i64>,
}

async fn slowest(reading: Reading, Query(query): Query<SlowestQuery>) -> Result<Json<Traces>, ApiError> {
    let SlowestQuery { agent, since, until, limit } = query;
    let limit = Length { default: 10, max: 50 }.of(limit)?;
    let window = Window::of(Some(since.as_deref().unwrap_or("24h")), until.as_deref())?;
    let filter = trace::Filter { agent, status: None, window };
    let traces = trace::slowest(&mut *reading.snapshot().await?, &reading.project, &filter, limit).await?;
    Ok(Json(Traces { traces, next_cursor: None }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneQuery {
    limit: Option<i64>,
}

#[derive(Serialize)]
struct WholeTrace {
    trace: Trace,
    spans: Vec<Span>,
    is_complete: bool,
}

async fn one(
    reading: Reading,
    Id(trace_id): Id,
    Query(OneQuery { limit }): Query<OneQuery>,
) -> Result<Json<WholeTrace>, ApiError> {
    let limit = usize::try_from(Length { default: 200, max: 500 }.of(limit)?).unwrap_or_default();
    let mut snapshot = reading.snapshot().await?;
    let trace = trace::load(&mut snapshot, &reading.project, &trace_id).await?;
    let (spans, is_complete) = trace::spans_in_order(&mut snapshot, &reading.project, &trace_id, limit).await?;
    Ok(Json(WholeTrace { trace, spans, is_complete }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SpansQuery {
    trace_id: Option<String>,
    agent: Option<String>,
    kind: Option<SpanKind>,
    tool: Option<String>,
    status: Option<Outcome>,
    min_duration_ms: Option<i64>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Spans {
    spans: Vec<Span>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list_spans(reading: Reading, Query(query): Query<SpansQuery>) -> Result<Json<Spans>, ApiError> {
    let SpansQuery { trace_id, agent, kind, tool, status, min_duration_ms, since, until, limit, cursor } = query;
    let page = Page::of(Length { default: 50, max: 200 }, limit, cursor.as_deref())?;
    let window = Window::of(since.as_deref(), until.as_deref())?;
    let filter = Filter { trace_id, agent, kind, model: None, tool, status, min_duration_ms, window };
    let spans = spans(&mut *reading.snapshot().await?, &reading.project, &filter, &page).await?;
    let (spans, next_cursor) = page.cut(spans, Span::key)?;
    Ok(Json(Spans { spans, next_cursor }))
}

/// Spans that a filter matches: those of one trace oldest first, else newest first.
pub(crate) async fn spans(
    connection: &mut SqliteConnection,
    project: &str,
    filter: &Filter,
    page: &Page<(i64, i64)>,
) -> Result<Vec<Span>, ApiError> {
    let (follows, order) = match filter.trace_id {
        Some(_) => (">", "ASC"),
        None => ("<", "DESC"),
    };
    let mut query = filter.select(project);
    if let Some((started_at, id)) = page.after {
        query.push(format_args!(" AND (spans.started_at, spans.id) {follows} ("));
        query.push_bind(started_at).push(", ").push_bind(id).push(")");
    }
    query.push(format_args!(" ORDER BY spans.started_at {order}, spans.id {order} LIMIT ")).push_bind(page.rows());
    let rows = query.build().fetch_all(connection).await?;
    Ok(rows.iter().map(Span::from_row).collect::<Result<_, _>>()?)
}

#[derive(Serialize)]
struct WholeSpan {
    span: Span,
    attributes: Map<String, Value>,
    events: Vec<Value>,
}

async fn one_span(
    reading: Reading,
    axum::extract::Path((_, trace_id, span_id)): axum::extract::Path<(String, String, String)>,
) -> Result<Json<WholeSpan>, ApiError> {
    let mut snapshot = reading.snapshot().await?;
    let span = load(&mut snapshot, &reading.project, &trace_id, &span_id).await?;
    let span = span.ok_or_else(|| ApiError::not_found("span", &span_id))?;
    let (attributes, events) = details(&mut snapshot, &span).await?;
    Ok(Json(WholeSpan { span, attributes, events }))
}
