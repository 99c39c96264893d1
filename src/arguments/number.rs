//! Whole numbers that were written as fractions.
//!
//! For JSON Schema `1.0` is an integer; for a Rust integer it is none. So where the schema asks for
//! an integer, `1.0` becomes `1` before the arguments become a type.

use serde_json::{Map, Number, Value};

/// Rewrites the whole numbers of an instance wherever its schema asks for an integer.
pub(super) fn make_whole(instance: &mut Value, schema: &Value) {
    walk(instance, schema, schema);
}

fn walk(instance: &mut Value, schema: &Value, root: &Value) {
    let Value::Object(schema) = schema else { return };
    if instance.is_number() {
        if asks_for_integer(schema, root, MAX_HOPS) {
            rewrite(instance);
        }
        return;
    }
    if !(instance.is_object() || instance.is_array()) {
        return;
    }
    each_layer(schema, root, MAX_HOPS, &mut |layer| children(instance, layer, root));
}

/// How many references and alternatives may lie over one another at one place.
const MAX_HOPS: usize = 16;

/// A schema and all that apply at the same place: what it refers to, and its alternatives.
fn each_layer(schema: &Map<String, Value>, root: &Value, hops: usize, visit: &mut dyn FnMut(&Map<String, Value>)) {
    visit(schema);
    if hops == 0 {
        return;
    }
    let referred = schema.get("$ref").and_then(Value::as_str).and_then(|to| root.pointer(to.strip_prefix('#')?));
    let alternatives =
        ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema.get(*key)).filter_map(Value::as_array).flatten();
    for layer in referred.into_iter().chain(alternatives).filter_map(Value::as_object) {
        each_layer(layer, root, hops - 1, visit);
    }
}

fn asks_for_integer(schema: &Map<String, Value>, root: &Value, hops: usize) -> bool {
    let mut asks = false;
    each_layer(schema, root, hops, &mut |layer| {
        asks |= match layer.get("type") {
            Some(Value::String(name)) => name == "integer",
            Some(Value::Array(names)) => names.iter().any(|name| name == "integer"),
            _ => false,
        };
    });
    asks
}

fn children(instance: &mut Value, schema: &Map<String, Value>, root: &Value) {
    match instance {
        Value::Array(items) => {
            if let Some(schema) = schema.get("items") {
                for item in items {
                    walk(item, schema, root);
                }
            }
        }
        Value::Object(members) => {
            let declared = schema.get("properties").and_then(Value::as_object);
            let others = schema.get("additionalProperties");
            for (key, member) in members.iter_mut() {
                if let Some(schema) = declared.and_then(|declared| declared.get(key)).or(others) {
                    walk(member, schema, root);
                }
            }
        }
        _ => {}
    }
}

/// 2⁶³: the first float that is too large for a 64-bit integer.
const LIMIT: f64 = 9_223_372_036_854_775_808.0;

fn rewrite(number: &mut Value) {
    let Some(float) = number.as_f64().filter(|_| number.is_f64()) else { return };
    if float.fract() == 0.0 && (-LIMIT..LIMIT).contains(&float) {
        #[allow(clippy::cast_possible_truncation, reason = "whole, and within the bounds of the type")]
        let whole = float as i64;
        *number = Value::Number(Number::from(whole));
    }
}
