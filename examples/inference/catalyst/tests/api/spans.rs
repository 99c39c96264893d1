//! Spans of tests, as OTLP.

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Map, Value, json};

/// The beginning of every trace of a test, in nanoseconds since 1970: an hour before the first of them.
static HOUR_AGO: LazyLock<u64> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_nanos()).unwrap() - 3_600_000_000_000
});

pub(crate) fn hour_ago() -> u64 {
    *HOUR_AGO
}

/// A trace id that ends with a number.
pub(crate) fn trace_id(number: u32) -> String {
    format!("{:024x}{number:08x}", 0xabc)
}

/// A span id that ends with a number.
pub(crate) fn span_id(number: u32) -> String {
    format!("{:08x}{number:08x}", 0xdef)
}

/// A span of a trace, below another one or none, that begins so many milliseconds after an hour ago and takes 100.
pub(crate) fn span(trace: u32, id: u32, parent: Option<u32>, after: u64, attributes: Value) -> Value {
    let started_at = hour_ago() + after * 1_000_000;
    json!({
        "traceId": trace_id(trace),
        "spanId": span_id(id),
        "parentSpanId": parent.map(span_id).unwrap_or_default(),
        "name": format!("span {id}"),
        "kind": 1,
        "startTimeUnixNano": started_at.to_string(),
        "endTimeUnixNano": (started_at + 100_000_000).to_string(),
        "attributes": attributes_of(attributes),
        "status": {},
    })
}

/// A span with other fields as well.
pub(crate) fn with(mut span: Value, fields: Value) -> Value {
    let Value::Object(fields) = fields else { panic!("{fields}") };
    span.as_object_mut().unwrap().extend(fields);
    span
}

/// Attributes as OTLP has them, from an object.
pub(crate) fn attributes_of(object: Value) -> Value {
    let Value::Object(object) = object else { panic!("{object}") };
    object.into_iter().map(|(key, value)| json!({"key": key, "value": value_of(value)})).collect()
}

fn value_of(value: Value) -> Value {
    match value {
        Value::Null => json!({}),
        Value::Bool(truth) => json!({"boolValue": truth}),
        Value::Number(number) if number.is_f64() => json!({"doubleValue": number}),
        Value::Number(number) => json!({"intValue": number.to_string()}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(values) => json!({"arrayValue": {"values": values.into_iter().map(value_of).collect::<Value>()}}),
        object @ Value::Object(_) => json!({"kvlistValue": {"values": attributes_of(object)}}),
    }
}

/// What a service exports.
pub(crate) fn export(service: &str, spans: &[Value]) -> Value {
    let resource = json!({"attributes": attributes_of(json!({"service.name": service}))});
    json!({"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "test"}, "spans": spans}]}]})
}

/// Of each object in a list these fields, as a table.
pub(crate) fn table(list: &Value, fields: &[&str]) -> Value {
    let row = |object: &Map<String, Value>| -> Value {
        fields.iter().map(|field| object.get(*field).cloned().unwrap_or_default()).collect()
    };
    list.as_array().unwrap().iter().map(|object| row(object.as_object().unwrap())).collect()
}
