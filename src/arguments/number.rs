//! Whole numbers that were written as fractions.
//!
//! For JSON Schema `1.0` is an integer; for a Rust integer it is none. So where the schema asks for
//! an integer, `1.0` becomes `1` before the arguments become a type.

use serde_json::{Number, Value};

use super::union::TaggedUnion;

/// Rewrites the whole numbers of an instance wherever its schema asks for an integer.
pub(super) fn make_whole(instance: &mut Value, schema: &Value) {
    walk(instance, vec![schema], schema);
}

/// Each schema is in `layers` once, so that an instance is walked once however many ways lead to it.
fn walk<'a>(instance: &mut Value, mut layers: Vec<&'a Value>, root: &'a Value) {
    let mut looked_at = 0;
    while let Some(layer) = layers.get(looked_at).copied() {
        looked_at += 1;
        add(&mut layers, beneath(layer, instance, root));
    }
    match instance {
        Value::Number(_) if layers.iter().any(|layer| asks_for_integer(layer)) => rewrite(instance),
        Value::Array(items) => {
            let mut below = Vec::new();
            add(&mut below, layers.iter().filter_map(|layer| layer.get("items")));
            for item in items {
                walk(item, below.clone(), root);
            }
        }
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                let mut below = Vec::new();
                add(&mut below, layers.iter().filter_map(|layer| of_member(layer, key)));
                walk(member, below, root);
            }
        }
        _ => {}
    }
}

/// What applies at the same place as a schema: what it refers to, and its alternatives.
fn beneath<'a>(schema: &'a Value, instance: &Value, root: &'a Value) -> Vec<&'a Value> {
    if let Some(union) = TaggedUnion::of(schema) {
        return union.variant_of(instance).into_iter().collect();
    }
    let referred = schema.get("$ref").and_then(Value::as_str).and_then(|to| root.pointer(to.strip_prefix('#')?));
    let alternatives =
        ["oneOf", "anyOf", "allOf"].iter().filter_map(|key| schema.get(*key)).filter_map(Value::as_array).flatten();
    referred.into_iter().chain(alternatives).collect()
}

fn add<'a>(layers: &mut Vec<&'a Value>, schemas: impl IntoIterator<Item = &'a Value>) {
    for schema in schemas {
        if !layers.iter().any(|known| std::ptr::eq(*known, schema)) {
            layers.push(schema);
        }
    }
}

fn of_member<'a>(schema: &'a Value, key: &str) -> Option<&'a Value> {
    let declared = schema.get("properties").and_then(|declared| declared.get(key));
    declared.or_else(|| schema.get("additionalProperties"))
}

fn asks_for_integer(schema: &Value) -> bool {
    match schema.get("type") {
        Some(Value::String(name)) => name == "integer",
        Some(Value::Array(names)) => names.iter().any(|name| name == "integer"),
        _ => false,
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
