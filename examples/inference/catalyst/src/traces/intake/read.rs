//! From a span of OTLP to what is kept of it, by OpenTelemetry's conventions for generative AI:
//! <https://opentelemetry.io/docs/specs/semconv/gen-ai/>.

use std::sync::Arc;

use serde_json::{Map, Value, json, value::RawValue};

use super::otlp::{self, Integer, Resource, Span};
use crate::{
    time,
    traces::{Outcome, SpanKind, recorded},
};

/// How large a span can be, in bytes of its JSON.
const MAX_SPAN: usize = 4 << 20;

/// How many characters of a name are kept.
const MAX_NAME: usize = 200;

/// How many characters of an error's message are kept beside the attributes, which have it whole.
const MAX_MESSAGE: usize = 2000;

/// How far a clock elsewhere can be ahead, in seconds.
const MAX_AHEAD: i64 = 24 * 3600;

/// What a service is called that does not say it: <https://opentelemetry.io/docs/specs/semconv/resource/#service>.
const UNKNOWN_SERVICE: &str = "unknown_service";

/// A span that is to be kept.
#[derive(Debug)]
pub(super) struct NewSpan {
    pub(super) trace_id: String,
    pub(super) span_id: String,
    pub(super) parent_span_id: Option<String>,
    pub(super) name: String,
    pub(super) kind: SpanKind,
    pub(super) service: Arc<str>,
    /// The name of the agent that it names.
    pub(super) agent_name: Option<String>,
    pub(super) model: Option<String>,
    pub(super) tool: Option<String>,
    pub(super) status: Outcome,
    pub(super) error_type: Option<String>,
    pub(super) error_message: Option<String>,
    pub(super) finish_reason: Option<String>,
    pub(super) started_at: i64,
    pub(super) duration: i64,
    pub(super) input_tokens: Option<i64>,
    pub(super) output_tokens: Option<i64>,
    /// JSON, as it is kept.
    pub(super) attributes: String,
    pub(super) events: String,
}

/// The name of the service that a resource is of.
pub(super) fn service(resource: Option<&RawValue>) -> Result<Arc<str>, String> {
    let resource: Option<Resource> = match resource {
        Some(resource) => serde_json::from_str(resource.get()).map_err(|error| format!("`resource`: {error}"))?,
        None => None,
    };
    let attributes = otlp::object(resource.unwrap_or_default().attributes);
    Ok(name(&attributes, "service.name").as_deref().unwrap_or(UNKNOWN_SERVICE).into())
}

/// What is kept of a span, or why nothing is.
pub(super) fn span(json: &RawValue, service: &Arc<str>) -> Result<NewSpan, String> {
    if json.get().len() > MAX_SPAN {
        return Err(format!("it is larger than {} MiB", MAX_SPAN >> 20));
    }
    let span: Span = serde_json::from_str(json.get()).map_err(|error| error.to_string())?;
    let trace_id = hexadecimal("traceId", span.trace_id, 32)?.ok_or("`traceId` is missing")?;
    let span_id = hexadecimal("spanId", span.span_id, 16)?.ok_or("`spanId` is missing")?;
    let parent_span_id = hexadecimal("parentSpanId", span.parent_span_id, 16)?;
    let started_at = instant("startTimeUnixNano", span.start_time_unix_nano)?;
    let ended_at = instant("endTimeUnixNano", span.end_time_unix_nano)?;

    let attributes = otlp::object(span.attributes);
    let kind = kind(&attributes);
    let events: Vec<(String, Option<Integer>, Map<String, Value>)> = (span.events.unwrap_or_default().into_iter())
        .map(|event| (event.name.unwrap_or_default(), event.time_unix_nano, otlp::object(event.attributes)))
        .collect();
    let exception = events.iter().rev().find(|(name, ..)| name == "exception").map(|(_, _, attributes)| attributes);
    let of_exception = |key| exception.and_then(|attributes| text(attributes, key, MAX_MESSAGE));

    let span_status = span.status.unwrap_or_default();
    let error_type = name(&attributes, "error.type").or_else(|| of_exception("exception.type"));
    let is_error = match &span_status.code {
        Some(code) if code.is_error() => true,
        Some(code) if code.is_ok() => false,
        // Nothing was said, but an error has a type.
        _ => attributes.contains_key("error.type"),
    };
    let message = span_status.message.filter(|message| !message.is_empty()).map(|message| cut(&message, MAX_MESSAGE));
    Ok(NewSpan {
        trace_id,
        span_id,
        parent_span_id,
        name: cut(&span.name.unwrap_or_default(), MAX_NAME),
        kind,
        service: Arc::clone(service),
        agent_name: name(&attributes, "gen_ai.agent.name"),
        model: name(&attributes, "gen_ai.request.model").or_else(|| name(&attributes, "gen_ai.response.model")),
        tool: name(&attributes, "gen_ai.tool.name"),
        status: if is_error { Outcome::Error } else { Outcome::Ok },
        error_type: error_type.filter(|_| is_error),
        error_message: message.or_else(|| of_exception("exception.message")).filter(|_| is_error),
        finish_reason: finish_reason(&attributes),
        started_at,
        // Clocks are set, also between a beginning and its end.
        duration: ended_at.saturating_sub(started_at).max(0),
        input_tokens: tokens(&attributes, "gen_ai.usage.input_tokens"),
        output_tokens: tokens(&attributes, "gen_ai.usage.output_tokens"),
        attributes: Value::Object(attributes).to_string(),
        events: events.into_iter().map(event).collect::<Value>().to_string(),
    })
}

/// An id of so many hexadecimal digits, in lower case. Zeros are none.
fn hexadecimal(field: &str, text: Option<String>, digits: usize) -> Result<Option<String>, String> {
    let Some(mut text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(format!("`{field}` has to be {digits} hexadecimal digits"));
    }
    text.make_ascii_lowercase();
    Ok(Some(text).filter(|text| text.bytes().any(|byte| byte != b'0')))
}

fn instant(field: &str, time: Option<Integer>) -> Result<i64, String> {
    let Some(Integer(nanoseconds)) = time.filter(|time| time.0 != 0) else {
        return Err(format!("`{field}` is missing"));
    };
    let latest = time::now().saturating_add(MAX_AHEAD * 1_000_000_000);
    let kept = i64::try_from(nanoseconds).ok().filter(|nanoseconds| (0..=latest).contains(nanoseconds));
    kept.ok_or_else(|| format!("`{field}` has to be nanoseconds since 1970, and not in the future"))
}

fn kind(attributes: &Map<String, Value>) -> SpanKind {
    match attributes.get("gen_ai.operation.name").and_then(Value::as_str) {
        Some("invoke_agent") => SpanKind::Agent,
        Some("chat" | "text_completion" | "generate_content") => SpanKind::Inference,
        Some("execute_tool") => SpanKind::Tool,
        _ => SpanKind::Other,
    }
}

/// An attribute that is a text and not empty.
fn text(attributes: &Map<String, Value>, key: &str, characters: usize) -> Option<String> {
    attributes.get(key)?.as_str().filter(|text| !text.is_empty()).map(|text| cut(text, characters))
}

fn name(attributes: &Map<String, Value>, key: &str) -> Option<String> {
    text(attributes, key, MAX_NAME)
}

fn tokens(attributes: &Map<String, Value>, key: &str) -> Option<i64> {
    // Sums of what fits in 32 bits cannot overflow.
    attributes.get(key)?.as_i64().filter(|tokens| (0..=i64::from(u32::MAX)).contains(tokens))
}

fn finish_reason(attributes: &Map<String, Value>) -> Option<String> {
    let reasons = recorded::structured(attributes.get("gen_ai.response.finish_reasons")?.clone());
    reasons.get(0)?.as_str().map(|reason| cut(reason, MAX_NAME))
}

fn cut(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

fn event((name, at, attributes): (String, Option<Integer>, Map<String, Value>)) -> Value {
    let nanoseconds = at.and_then(|Integer(nanoseconds)| i64::try_from(nanoseconds).ok());
    json!({"name": name, "time": nanoseconds.map(time::rfc3339), "attributes": attributes})
}
