//! Spans as exporters send them: OTLP, as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Span;

/// A request for `/v1/traces` with these spans, by the services that they are of.
pub fn otlp<'a>(spans: impl IntoIterator<Item = &'a Span>) -> Value {
    let mut services: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for span in spans {
        services.entry(&span.service).or_default().push(told(span));
    }
    let resource_spans = services.into_iter().map(|(service, spans)| {
        json!({
            "resource": {"attributes": [attribute("service.name", &json!(service))]},
            "scopeSpans": [{"scope": {"name": "catalyst.traffic"}, "spans": spans}],
        })
    });
    json!({"resourceSpans": resource_spans.collect::<Vec<_>>()})
}

fn told(span: &Span) -> Value {
    let mut attributes: Vec<Value> = span.attributes.iter().map(|(name, value)| attribute(name, value)).collect();
    let mut status = json!({});
    if let Some((kind, message)) = &span.error {
        attributes.push(attribute("error.type", &json!(kind)));
        // STATUS_CODE_ERROR: enums are numbers in OTLP's JSON.
        status = json!({"code": 2, "message": message});
    }
    let mut told = json!({
        "traceId": span.trace_id,
        "spanId": span.span_id,
        "name": span.name,
        "kind": 1,
        // Numbers of 64 bits are text in OTLP's JSON.
        "startTimeUnixNano": span.started_at.to_string(),
        "endTimeUnixNano": span.ended_at.to_string(),
        "attributes": attributes,
        "status": status,
    });
    if let Some(parent) = &span.parent_span_id {
        told["parentSpanId"] = json!(parent);
    }
    told
}

fn attribute(name: &str, value: &Value) -> Value {
    json!({"key": name, "value": any_value(value)})
}

/// What is nested is sent as JSON in a text, as instrumentations do.
fn any_value(value: &Value) -> Value {
    match value {
        Value::Bool(value) => json!({"boolValue": value}),
        Value::Number(number) if number.is_i64() => json!({"intValue": number.to_string()}),
        Value::Number(number) => json!({"doubleValue": number}),
        Value::String(text) => json!({"stringValue": text}),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            json!({"arrayValue": {"values": items.iter().map(any_value).collect::<Vec<_>>()}})
        }
        other => json!({"stringValue": other.to_string()}),
    }
}
