//! What the agents of a test have done, as an exporter sends it: OTLP in JSON.

use std::{
    sync::LazyLock,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

/// Seconds since 1970 at which the first trace of a test begins: an hour ago.
pub(crate) static BEGIN: LazyLock<u64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock that goes").as_secs() - 3600);

pub(crate) fn trace_id(number: u64) -> String {
    format!("{:016x}{number:016x}", 0xa11ce)
}

pub(crate) fn span_id(number: u64) -> String {
    format!("{:08x}{number:08x}", 0xb0b)
}

/// A span of a trace, below another one if it is not the first, from so many milliseconds after the beginning on.
pub(crate) fn span(trace: u64, id: u64, (after, milliseconds): (u64, u64), attributes: Value) -> Value {
    let begun = *BEGIN * 1_000 + after;
    json!({
        "traceId": trace_id(trace),
        "spanId": span_id(id),
        "parentSpanId": if id == 1 { String::new() } else { span_id(1) },
        "name": format!("step {id}"),
        "kind": 1,
        "startTimeUnixNano": (begun * 1_000_000).to_string(),
        "endTimeUnixNano": ((begun + milliseconds) * 1_000_000).to_string(),
        "attributes": attributes_of(attributes),
        "status": {},
    })
}

/// The run of an agent.
pub(crate) fn run(agent: &str) -> Value {
    json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": agent})
}

/// A request to a model, and its answer.
pub(crate) fn chat(model: &str, question: &str, answer: &str) -> Value {
    let message = |role, text| json!([{"role": role, "parts": [{"type": "text", "content": text}]}]);
    json!({
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": model,
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.input.messages": message("user", question).to_string(),
        "gen_ai.output.messages": message("assistant", answer).to_string(),
    })
}

/// A call of a tool.
pub(crate) fn tool(name: &str, arguments: &Value, result: &Value) -> Value {
    json!({
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": name,
        "gen_ai.tool.call.arguments": arguments.to_string(),
        "gen_ai.tool.call.result": result.to_string(),
    })
}

/// Attributes with others.
pub(crate) fn with(mut attributes: Value, others: Value) -> Value {
    let (Value::Object(all), Value::Object(others)) = (&mut attributes, others) else { panic!("two objects") };
    all.extend(others);
    attributes
}

/// A span that went wrong.
pub(crate) fn failed(mut span: Value, kind: &str, message: &str) -> Value {
    let attributes = span["attributes"].as_array_mut().expect("a list");
    attributes.push(json!({"key": "error.type", "value": {"stringValue": kind}}));
    span["status"] = json!({"code": 2, "message": message});
    span
}

/// What services export.
pub(crate) fn export(services: &[(&str, Vec<Value>)]) -> Value {
    let resources = services.iter().map(|(service, spans)| {
        let attributes = attributes_of(json!({"service.name": service}));
        json!({"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "a test"}, "spans": spans}]})
    });
    json!({"resourceSpans": resources.collect::<Value>()})
}

fn attributes_of(object: Value) -> Value {
    let Value::Object(object) = object else { panic!("no object: {object}") };
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
