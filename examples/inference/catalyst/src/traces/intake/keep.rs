//! Keeping spans: those that are new, with what they change for others of their traces that came in before.

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteConnection, sqlite::SqliteRow};
use toolwright_support::sqlite::word;

use super::{
    lineage::{self, Node, Place},
    read::NewSpan,
};
use crate::{error::ApiError, id, store::Change};

/// How many rows a statement adds. SQLite takes 32,766 values in one.
const ROWS: usize = 250;

/// How many spans a trace can have. All of them are looked at whenever some come in.
const MAX_SPANS: usize = 20_000;

/// A trace that spans came in for.
#[derive(Debug, Default)]
struct Trace {
    /// All of its spans: first those that are stored, then the new ones.
    nodes: Vec<Node>,
    stored: Vec<Stored>,
    new: Vec<NewSpan>,
}

/// A span that is in the database already.
#[derive(Debug)]
struct Stored {
    id: i64,
    place: Place,
}

/// The agents that new spans name, by id.
type Agents = BTreeMap<String, (String, String)>;

/// Keeps the spans that are not there yet, and says why it did not keep some. Of two with the same ids the first stays,
/// so that what is sent again changes nothing.
pub(super) async fn keep(change: &mut Change, spans: Vec<NewSpan>) -> Result<Option<Refused>, ApiError> {
    let project = change.project.clone();
    let connection = &mut *change.transaction;
    let mut traces = stored(connection, &project, &spans).await?;
    let (agents, refused) = add(&mut traces, spans);
    traces.retain(|_, trace| !trace.new.is_empty());

    for (id, (service, name)) in &agents {
        sqlx::query(
            "INSERT INTO agents (project, id, service, name, folded_name) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )
        .bind(&project)
        .bind(id)
        .bind(service)
        .bind(name)
        .bind(name.to_lowercase())
        .execute(&mut *connection)
        .await?;
    }
    let mut rows = Vec::new();
    let mut last: i64 = sqlx::query_scalar("SELECT ifnull(max(id), 0) FROM spans").fetch_one(&mut *connection).await?;
    for (trace_id, Trace { mut nodes, stored, new }) in traces {
        summarize(connection, &project, &trace_id, &nodes).await?;
        let mut places = lineage::places(&nodes);
        let (new_places, new_nodes) = (places.split_off(stored.len()), nodes.split_off(stored.len()));
        for (Stored { id, place: before }, place) in stored.into_iter().zip(places) {
            if before != place {
                sqlx::query("UPDATE spans SET agent = ?2, is_execution = ?3 WHERE id = ?1")
                    .bind(id)
                    .bind(place.agent)
                    .bind(place.is_execution)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        for ((span, node), place) in new.into_iter().zip(new_nodes).zip(new_places) {
            last += 1;
            rows.push(Row { id: last, span, place, own_agent: node.own_agent });
        }
    }
    for rows in rows.chunks(ROWS) {
        insert(connection, &project, rows).await?;
    }
    Ok(refused)
}

/// Spans that were not kept.
pub(super) struct Refused {
    pub(super) spans: u64,
    /// Why the first of them was not.
    pub(super) why: String,
}

struct Row {
    id: i64,
    span: NewSpan,
    place: Place,
    own_agent: Option<String>,
}

/// What is stored of the traces that the spans belong to.
async fn stored(
    connection: &mut SqliteConnection,
    project: &str,
    spans: &[NewSpan],
) -> Result<HashMap<String, Trace>, ApiError> {
    let ids: HashSet<&str> = spans.iter().map(|span| span.trace_id.as_str()).collect();
    let rows = sqlx::query(
        "SELECT id, trace_id, span_id, parent_span_id, name, kind, service, own_agent, agent, is_execution, status,
                started_at, duration, input_tokens, output_tokens
         FROM spans WHERE project = ?1 AND trace_id IN (SELECT value FROM json_each(?2)) ORDER BY id",
    )
    .bind(project)
    .bind(serde_json::to_string(&ids)?)
    .fetch_all(connection)
    .await?;
    let mut traces: HashMap<String, Trace> = HashMap::new();
    for row in &rows {
        let trace = traces.entry(row.try_get("trace_id")?).or_default();
        let place = Place { agent: row.try_get("agent")?, is_execution: row.try_get("is_execution")? };
        trace.stored.push(Stored { id: row.try_get("id")?, place });
        trace.nodes.push(node(row)?);
    }
    Ok(traces)
}

fn node(row: &SqliteRow) -> Result<Node, sqlx::Error> {
    Ok(Node {
        span_id: row.try_get("span_id")?,
        parent_span_id: row.try_get("parent_span_id")?,
        name: row.try_get("name")?,
        kind: word(row.try_get("kind")?)?,
        service: row.try_get("service")?,
        own_agent: row.try_get("own_agent")?,
        status: word(row.try_get("status")?)?,
        started_at: row.try_get("started_at")?,
        duration: row.try_get("duration")?,
        input_tokens: row.try_get("input_tokens")?,
        output_tokens: row.try_get("output_tokens")?,
    })
}

/// Adds the spans to their traces, those that are not there, and says which agents they name.
fn add(traces: &mut HashMap<String, Trace>, spans: Vec<NewSpan>) -> (Agents, Option<Refused>) {
    let (mut agents, mut refused) = (Agents::new(), None);
    let key = |trace_id: &str, span_id: &str| (trace_id.to_owned(), span_id.to_owned());
    let stored = traces.iter().flat_map(|(id, trace)| trace.nodes.iter().map(move |node| key(id, &node.span_id)));
    let mut known: HashSet<(String, String)> = stored.collect();
    for span in spans {
        if !known.insert(key(&span.trace_id, &span.span_id)) {
            continue;
        }
        let trace = traces.entry(span.trace_id.clone()).or_default();
        if trace.nodes.len() >= MAX_SPANS {
            let why = format!("the trace `{}` has {MAX_SPANS} spans, which is all that it can have", span.trace_id);
            refused.get_or_insert(Refused { spans: 0, why }).spans += 1;
            continue;
        }
        let own_agent = span.agent_name.as_ref().map(|name| {
            let id = agent_id(&span.service, name);
            agents.entry(id.clone()).or_insert_with(|| (span.service.to_string(), name.clone()));
            id
        });
        trace.nodes.push(Node {
            span_id: span.span_id.clone(),
            parent_span_id: span.parent_span_id.clone(),
            name: span.name.clone(),
            kind: span.kind,
            service: span.service.to_string(),
            own_agent,
            status: span.status,
            started_at: span.started_at,
            duration: span.duration,
            input_tokens: span.input_tokens,
            output_tokens: span.output_tokens,
        });
        trace.new.push(span);
    }
    (agents, refused)
}

/// The id of an agent: the same for the same name in the same service.
fn agent_id(service: &str, name: &str) -> String {
    format!("agt_{}", &id::fingerprint(&format!("{service}\0{name}"))[..12])
}

/// Says anew what a trace comes to.
async fn summarize(
    connection: &mut SqliteConnection,
    project: &str,
    trace_id: &str,
    nodes: &[Node],
) -> Result<(), ApiError> {
    let Some(summary) = lineage::summary(nodes) else { return Ok(()) };
    sqlx::query(
        "INSERT INTO traces (project, trace_id, name, service, status, agent, started_at, duration, spans, errors,
                             input_tokens, output_tokens)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT DO UPDATE SET name = excluded.name, service = excluded.service, status = excluded.status,
             agent = excluded.agent, started_at = excluded.started_at, duration = excluded.duration,
             spans = excluded.spans, errors = excluded.errors, input_tokens = excluded.input_tokens,
             output_tokens = excluded.output_tokens",
    )
    .bind(project)
    .bind(trace_id)
    .bind(&summary.root.name)
    .bind(&summary.root.service)
    .bind(summary.root.status.as_str())
    .bind(summary.agent)
    .bind(summary.started_at)
    .bind(summary.duration)
    .bind(i64::try_from(summary.spans).unwrap_or(i64::MAX))
    .bind(i64::try_from(summary.errors).unwrap_or(i64::MAX))
    .bind(summary.input_tokens)
    .bind(summary.output_tokens)
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds rows, with many in a statement: each statement is a way to the database and back.
async fn insert(connection: &mut SqliteConnection, project: &str, rows: &[Row]) -> Result<(), ApiError> {
    // One that is not full has a text of its own, which is not worth keeping.
    let is_full = rows.len() == ROWS;
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new(
        "INSERT INTO spans (id, project, trace_id, span_id, parent_span_id, name, kind, service, own_agent, agent,
                            is_execution, model, tool, status, error_type, error_message, finish_reason, started_at,
                            duration, input_tokens, output_tokens) ",
    );
    insert.push_values(rows, |mut values, Row { id, span, place, own_agent }| {
        values.push_bind(id).push_bind(project).push_bind(&span.trace_id).push_bind(&span.span_id);
        values.push_bind(&span.parent_span_id).push_bind(&span.name).push_bind(span.kind.as_str());
        values.push_bind(&*span.service).push_bind(own_agent).push_bind(&place.agent).push_bind(place.is_execution);
        values.push_bind(&span.model).push_bind(&span.tool).push_bind(span.status.as_str());
        values.push_bind(&span.error_type).push_bind(&span.error_message).push_bind(&span.finish_reason);
        values.push_bind(span.started_at).push_bind(span.duration);
        values.push_bind(span.input_tokens).push_bind(span.output_tokens);
    });
    insert.build().persistent(is_full).execute(&mut *connection).await?;
    let mut insert: QueryBuilder<Sqlite> = QueryBuilder::new("INSERT INTO span_details (span, attributes, events) ");
    insert.push_values(rows, |mut values, Row { id, span, .. }| {
        values.push_bind(id).push_bind(&span.attributes).push_bind(&span.events);
    });
    insert.build().persistent(is_full).execute(connection).await?;
    Ok(())
}
