//! What a run reads: the traces in which an agent had a part, page by page, as they are at one moment.

use anyhow::Context as _;
use serde_json::{Map, Value};
use sqlx::{Row as _, SqliteConnection, sqlite::SqliteRow};
use tokio::task::spawn_blocking;
use toolwright_support::sqlite::word;

use super::analysis::{Inference, Recorded, Span, Step};
use crate::{
    error::ApiError,
    traces::{Outcome, SpanKind},
};

/// How many spans a run reads: as many have room in memory. The oldest traces are left out.
const MAX_SPANS: i64 = 400_000;

/// How many traces are read at a time.
const TRACES_AT_A_TIME: usize = 200;

/// What a name stands for that was not recorded.
const UNKNOWN: &str = "unknown";

/// What is read: an agent's part in the traces that began in a window.
#[derive(Debug)]
pub(super) struct Scope {
    pub(super) project: String,
    /// The agent's id.
    pub(super) agent: String,
    pub(super) window_start: i64,
    pub(super) window_end: i64,
}

/// All spans of the traces, and how many traces were left out.
pub(super) async fn spans(view: &mut SqliteConnection, scope: &Scope) -> Result<(Vec<Span>, usize), ApiError> {
    let (traces, left_out) = traces(view, scope).await?;
    let mut spans = Vec::new();
    for traces in traces.chunks(TRACES_AT_A_TIME) {
        let rows = sqlx::query(
            "SELECT spans.trace_id, spans.span_id, spans.parent_span_id, spans.name, spans.kind, spans.agent, spans.model,
                    spans.tool, spans.status, spans.error_type, substr(spans.error_message, 1, 300) AS error_message, spans.started_at, spans.duration, spans.input_tokens,
                    spans.output_tokens, span_details.attributes
             FROM spans JOIN span_details ON span_details.span = spans.id
             WHERE spans.project = ?1 AND spans.trace_id IN (SELECT value FROM json_each(?2))",
        )
        .bind(&scope.project)
        .bind(serde_json::to_string(traces)?)
        .fetch_all(&mut *view)
        .await?;
        let agent = scope.agent.clone();
        // What was said can be long, and all of it is gone through.
        let read = spawn_blocking(move || rows.iter().map(|row| span(row, &agent)).collect::<Result<Vec<_>, _>>());
        spans.append(&mut read.await.context("reading spans")??);
    }
    Ok((spans, left_out))
}

/// The newest traces that are not more than can be read, and how many there are beside them.
async fn traces(view: &mut SqliteConnection, scope: &Scope) -> Result<(Vec<String>, usize), ApiError> {
    // The plus keeps the index of agents out: the few spans of each trace are looked at, not all of the agent.
    let rows = sqlx::query(
        "SELECT trace_id, spans FROM traces WHERE project = ?1 AND started_at >= ?3 AND started_at < ?4
             AND EXISTS (SELECT 1 FROM spans WHERE spans.project = traces.project AND spans.trace_id = traces.trace_id
                 AND +spans.agent = ?2)
         ORDER BY started_at DESC, trace_id",
    )
    .bind(&scope.project)
    .bind(&scope.agent)
    .bind(scope.window_start)
    .bind(scope.window_end)
    .fetch_all(view)
    .await?;
    let (mut traces, mut spans) = (Vec::with_capacity(rows.len()), 0);
    for row in &rows {
        spans += row.try_get::<i64, _>("spans")?;
        if spans > MAX_SPANS {
            break;
        }
        traces.push(row.try_get("trace_id")?);
    }
    let left_out = rows.len() - traces.len();
    Ok((traces, left_out))
}

fn span(row: &SqliteRow, agent: &str) -> Result<Span, sqlx::Error> {
    let attributes: Map<String, Value> =
        serde_json::from_str(row.try_get("attributes")?).map_err(|error| sqlx::Error::Decode(Box::new(error)))?;
    let recorded = Recorded(&attributes);
    let name: String = row.try_get("name")?;
    let named = |column| row.try_get::<Option<String>, _>(column);
    let step = match word(row.try_get("kind")?)? {
        SpanKind::Agent => Step::Agent { has_answer: recorded.has_answer() },
        SpanKind::Inference => Step::Inference(Inference {
            model: named("model")?.unwrap_or_else(|| UNKNOWN.to_owned()),
            input_tokens: row.try_get("input_tokens")?,
            output_tokens: row.try_get("output_tokens")?,
            request: recorded.request(),
            finish: recorded.finish(),
        }),
        SpanKind::Tool => Step::Tool(recorded.tool_call(named("tool")?.unwrap_or_else(|| name.clone()))),
        SpanKind::Other => Step::Other,
    };
    let error = match word(row.try_get("status")?)? {
        Outcome::Ok => None,
        Outcome::Error => Some(named("error_type")?.unwrap_or_else(|| UNKNOWN.to_owned())),
    };
    let started_at: i64 = row.try_get("started_at")?;
    Ok(Span {
        trace_id: row.try_get("trace_id")?,
        started_at,
        span_id: row.try_get("span_id")?,
        parent_span_id: row.try_get("parent_span_id")?,
        ended_at: started_at.saturating_add(row.try_get("duration")?),
        is_own: row.try_get::<Option<&str>, _>("agent")? == Some(agent),
        name,
        step,
        error,
        error_message: named("error_message")?,
    })
}
