//! Inferences: the requests to models that spans tell of.

use std::collections::BTreeSet;

use axum::{Json, Router, routing::get};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    access::Reading,
    error::ApiError,
    extract::{Id, Query},
    page::{Length, Page},
    traces::{self, Filter, Outcome, Span, SpanKind, Window, recorded},
};

/// How many examples a group of errors has.
const EXAMPLES: usize = 5;

/// What an error is called that does not say its kind.
const UNKNOWN: &str = "unknown";

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/inferences", get(list))
        .route("/inferences/errors", get(errors))
        .route("/inferences/{inference_id}", get(one))
}

/// One request to a model, and its answer.
#[derive(Debug, Serialize)]
struct Inference {
    id: String,
    trace_id: String,
    span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    status: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<String>,
    started_at: String,
    duration_ms: f64,
    input_tokens: i64,
    output_tokens: i64,
}

impl From<Span> for Inference {
    fn from(span: Span) -> Self {
        Self {
            id: id(&span),
            trace_id: span.trace_id,
            span_id: span.span_id,
            agent: span.agent,
            service: span.service,
            model: span.model,
            status: span.status,
            error_type: span.error_type,
            error_message: span.error_message,
            finish_reason: span.finish_reason,
            started_at: span.started_at,
            duration_ms: span.duration_ms,
            input_tokens: span.input_tokens.unwrap_or_default(),
            output_tokens: span.output_tokens.unwrap_or_default(),
        }
    }
}

/// The id of the inference that a span is.
fn id(span: &Span) -> String {
    format!("{}-{}", span.trace_id, span.span_id)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    agent: Option<String>,
    model: Option<String>,
    status: Option<Outcome>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct Inferences {
    inferences: Vec<Inference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

async fn list(reading: Reading, Query(query): Query<ListQuery>) -> Result<Json<Inferences>, ApiError> {
    let ListQuery { agent, model, status, since, until, limit, cursor } = query;
    let page = Page::of(Length { default: 20, max: 100 }, limit, cursor.as_deref())?;
    let window = Window::of(since.as_deref(), until.as_deref())?;
    let filter = Filter { agent, model, status, window, kind: Some(SpanKind::Inference), ..Filter::default() };
    let spans = traces::spans(&mut *reading.snapshot().await?, &reading.project, &filter, &page).await?;
    let (spans, next_cursor) = page.cut(spans, Span::key)?;
    Ok(Json(Inferences { inferences: spans.into_iter().map(Inference::from).collect(), next_cursor }))
}

#[derive(Serialize)]
struct WholeInference {
    inference: Inference,
    input: Option<Value>,
    output: Option<Value>,
    attributes: Map<String, Value>,
}

async fn one(reading: Reading, Id(inference_id): Id) -> Result<Json<WholeInference>, ApiError> {
    let mut snapshot = reading.snapshot().await?;
    let absent = || ApiError::not_found("inference", &inference_id);
    let (trace_id, span_id) = inference_id.split_once('-').ok_or_else(absent)?;
    let span = traces::load(&mut snapshot, &reading.project, trace_id, span_id).await?;
    let span = span.filter(|span| span.kind == SpanKind::Inference).ok_or_else(absent)?;
    let (mut attributes, _) = traces::details(&mut snapshot, &span).await?;
    let (input, output) = recorded::take(&mut attributes);
    Ok(Json(WholeInference { inference: span.into(), input, output, attributes }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorsQuery {
    last: Option<i64>,
    agent: Option<String>,
    model: Option<String>,
}

#[derive(Serialize)]
struct Errors {
    inferences: usize,
    errors: usize,
    groups: Vec<ErrorGroup>,
}

/// Errors of one kind.
#[derive(Debug, Serialize)]
struct ErrorGroup {
    error_type: String,
    message: String,
    count: usize,
    models: BTreeSet<String>,
    agents: BTreeSet<String>,
    first_at: String,
    last_at: String,
    inference_ids: Vec<String>,
}

async fn errors(reading: Reading, Query(query): Query<ErrorsQuery>) -> Result<Json<Errors>, ApiError> {
    let ErrorsQuery { last, agent, model } = query;
    let page = Page::of(Length { default: 50, max: 1000 }, last, None)?;
    let filter = Filter { agent, model, kind: Some(SpanKind::Inference), ..Filter::default() };
    let spans = traces::spans(&mut *reading.snapshot().await?, &reading.project, &filter, &page).await?;
    let (spans, _) = page.cut(spans, Span::key)?;
    let inferences = spans.len();
    let failed: Vec<Span> = spans.into_iter().filter(|span| span.status == Outcome::Error).collect();
    Ok(Json(Errors { inferences, errors: failed.len(), groups: groups(failed) }))
}

/// The kinds of errors that inferences had, which are given newest first.
fn groups(failed: Vec<Span>) -> Vec<ErrorGroup> {
    let mut groups: Vec<ErrorGroup> = Vec::new();
    for span in failed {
        let id = id(&span);
        let error_type = span.error_type.unwrap_or_else(|| UNKNOWN.to_owned());
        let known = groups.iter().position(|group| group.error_type == error_type);
        let at = known.unwrap_or(groups.len());
        if known.is_none() {
            groups.push(ErrorGroup {
                error_type,
                message: span.error_message.unwrap_or_default(),
                count: 0,
                models: BTreeSet::new(),
                agents: BTreeSet::new(),
                first_at: String::new(),
                last_at: span.started_at.clone(),
                inference_ids: Vec::new(),
            });
        }
        let group = &mut groups[at];
        group.count += 1;
        group.models.extend(span.model);
        group.agents.extend(span.agent);
        group.first_at = span.started_at;
        if group.inference_ids.len() < EXAMPLES {
            group.inference_ids.push(id);
        }
    }
    // Those of which there are as many stay with the newest first.
    groups.sort_by_key(|group| std::cmp::Reverse(group.count));
    groups
}
