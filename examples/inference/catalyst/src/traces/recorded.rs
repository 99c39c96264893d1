//! What an inference has recorded of what was asked and answered.

use serde_json::{Map, Value};

/// Takes what was asked and what was answered out of the attributes.
pub(crate) fn take(attributes: &mut Map<String, Value>) -> (Option<Value>, Option<Value>) {
    let mut take = |name| attributes.shift_remove(name).map(structured);
    (take("gen_ai.input.messages"), take("gen_ai.output.messages"))
}

/// What was recorded. Where an attribute can have no structure, that is the text of its JSON.
pub(crate) fn structured(value: Value) -> Value {
    match value {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value @ (Value::Object(_) | Value::Array(_))) => value,
            _ => Value::String(text),
        },
        value => value,
    }
}
