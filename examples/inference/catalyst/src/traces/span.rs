//! Spans, as the API shows them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use crate::{error::ApiError, time};

/// What a span stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SpanKind {
    /// A run of an agent.
    Agent,
    /// A request to a model.
    Inference,
    /// A call of a tool.
    Tool,
    Other,
}

impl SpanKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Inference => "inference",
            Self::Tool => "tool",
            Self::Other => "other",
        }
    }
}

/// Whether something went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Outcome {
    Ok,
    Error,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// One step of a trace.
#[derive(Debug, Serialize)]
pub(crate) struct Span {
    /// Which row it is.
    #[serde(skip)]
    pub(crate) id: i64,
    /// Nanoseconds since 1970.
    #[serde(skip)]
    pub(crate) began: i64,
    pub(crate) trace_id: String,
    pub(crate) span_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent_span_id: Option<String>,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) service: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) model: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tool: Option<String>,
    pub(crate) status: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
    #[serde(skip)]
    pub(crate) finish_reason: Option<String>,
    pub(crate) started_at: String,
    pub(crate) duration_ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) input_tokens: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) output_tokens: Option<i64>,
}

/// What to read spans with: a query that goes on after this has them as `spans`.
pub(crate) const SELECT: &str = "SELECT spans.*, agents.name AS agent_name FROM spans
    LEFT JOIN agents ON agents.project = spans.project AND agents.id = spans.agent ";

impl Span {
    pub(crate) fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let began = row.try_get("started_at")?;
        Ok(Self {
            id: row.try_get("id")?,
            began,
            trace_id: row.try_get("trace_id")?,
            span_id: row.try_get("span_id")?,
            parent_span_id: row.try_get("parent_span_id")?,
            name: row.try_get("name")?,
            kind: word(row.try_get("kind")?)?,
            service: row.try_get("service")?,
            agent: row.try_get("agent_name")?,
            model: row.try_get("model")?,
            tool: row.try_get("tool")?,
            status: word(row.try_get("status")?)?,
            error_type: row.try_get("error_type")?,
            error_message: row.try_get("error_message")?,
            finish_reason: row.try_get("finish_reason")?,
            started_at: time::rfc3339(began),
            duration_ms: time::milliseconds(row.try_get("duration")?),
            input_tokens: row.try_get("input_tokens")?,
            output_tokens: row.try_get("output_tokens")?,
        })
    }

    /// What spans are ordered by.
    pub(crate) fn key(&self) -> (i64, i64) {
        (self.began, self.id)
    }
}

/// When something began, as a query filters by it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Window {
    since: Option<i64>,
    until: Option<i64>,
}

impl Window {
    pub(crate) fn of(since: Option<&str>, until: Option<&str>) -> Result<Self, ApiError> {
        let named = |field, text: Option<&str>| text.map(|text| time::parse(field, text)).transpose();
        Ok(Self { since: named("since", since)?, until: named("until", until)? })
    }

    /// Goes on with a query over what has a `started_at`.
    pub(crate) fn push(self, query: &mut QueryBuilder<Sqlite>, table: &str) {
        if let Some(since) = self.since {
            query.push(format_args!(" AND {table}.started_at >= ")).push_bind(since);
        }
        if let Some(until) = self.until {
            query.push(format_args!(" AND {table}.started_at < ")).push_bind(until);
        }
    }
}

/// Goes on with a query over what has an agent: only that of agents with this name or id.
pub(crate) fn push_agent(query: &mut QueryBuilder<Sqlite>, project: &str, agent: &str) {
    query.push(" AND spans.agent");
    push_named(query, project, agent);
}

/// Goes on with a query after a column: it is the id of an agent with this name or id.
pub(super) fn push_named(query: &mut QueryBuilder<Sqlite>, project: &str, agent: &str) {
    query.push(" IN (SELECT id FROM agents WHERE project = ").push_bind(project.to_owned());
    query.push(" AND (id = ").push_bind(agent.to_owned()).push(" OR name = ").push_bind(agent.to_owned()).push("))");
}

/// Which spans to list. What is `None` filters nothing.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) trace_id: Option<String>,
    pub(crate) agent: Option<String>,
    pub(crate) kind: Option<SpanKind>,
    pub(crate) model: Option<String>,
    pub(crate) tool: Option<String>,
    pub(crate) status: Option<Outcome>,
    pub(crate) min_duration_ms: Option<i64>,
    pub(crate) window: Window,
}

impl Filter {
    /// A query over the project's spans that the filter matches.
    pub(crate) fn select(&self, project: &str) -> QueryBuilder<Sqlite> {
        let Self { trace_id, agent, kind, model, tool, status, min_duration_ms, window } = self;
        let mut query = QueryBuilder::new(SELECT);
        query.push("WHERE spans.project = ").push_bind(project.to_owned());
        let texts = [
            ("trace_id", trace_id.as_deref()),
            ("kind", kind.map(SpanKind::as_str)),
            ("model", model.as_deref()),
            ("tool", tool.as_deref()),
            ("status", status.map(Outcome::as_str)),
        ];
        for (column, text) in texts {
            if let Some(text) = text {
                query.push(format_args!(" AND spans.{column} = ")).push_bind(text.to_owned());
            }
        }
        if let Some(agent) = agent {
            push_agent(&mut query, project, agent);
        }
        if let Some(milliseconds) = min_duration_ms {
            query.push(" AND spans.duration >= ").push_bind(milliseconds.saturating_mul(1_000_000));
        }
        window.push(&mut query, "spans");
        query
    }
}

/// The project's span with these ids, if there is one.
pub(crate) async fn load(
    connection: &mut SqliteConnection,
    project: &str,
    trace_id: &str,
    span_id: &str,
) -> Result<Option<Span>, ApiError> {
    let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(SELECT);
    query.push("WHERE spans.project = ").push_bind(project);
    query.push(" AND spans.trace_id = ").push_bind(trace_id);
    query.push(" AND spans.span_id = ").push_bind(span_id);
    let row = query.build().fetch_optional(connection).await?;
    Ok(row.as_ref().map(Span::from_row).transpose()?)
}

/// What else was recorded of a span: its attributes, and its events.
pub(crate) async fn details(
    connection: &mut SqliteConnection,
    span: &Span,
) -> Result<(Map<String, Value>, Vec<Value>), ApiError> {
    let details = "SELECT attributes, events FROM span_details WHERE span = ?1";
    let (attributes, events): (String, String) = sqlx::query_as(details).bind(span.id).fetch_one(connection).await?;
    Ok((serde_json::from_str(&attributes)?, serde_json::from_str(&events)?))
}
