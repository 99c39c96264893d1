//! What a span has recorded of what was asked and answered.

use serde_json::{Map, Value};

use super::SpanKind;

/// The attributes that have what was asked, and what was answered.
fn keys(kind: SpanKind) -> (&'static str, &'static str) {
    match kind {
        SpanKind::Tool => ("gen_ai.tool.call.arguments", "gen_ai.tool.call.result"),
        SpanKind::Agent | SpanKind::Inference | SpanKind::Other => ("gen_ai.input.messages", "gen_ai.output.messages"),
    }
}

/// What was asked, as JSON. Where an attribute can have no structure, its JSON was recorded as a text.
pub(crate) fn input(kind: SpanKind, attributes: &Map<String, Value>) -> Option<Value> {
    attributes.get(keys(kind).0).cloned().map(structured)
}

/// Takes what was asked and what was answered out of the attributes.
pub(crate) fn take(kind: SpanKind, attributes: &mut Map<String, Value>) -> (Option<Value>, Option<Value>) {
    let (input, output) = keys(kind);
    (attributes.shift_remove(input).map(structured), attributes.shift_remove(output).map(structured))
}

/// What was recorded, also where it was as the text of its JSON.
pub(crate) fn structured(value: Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::String(text),
        },
        value => value,
    }
}
