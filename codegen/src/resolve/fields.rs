//! Fields: their names, their types and what they accept.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{
    Faults,
    bounds::{self, Kind},
    secrets,
    types::{Lookup, TypeIndex},
};
use crate::{
    api::{self, Type},
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::{
        Element, Entries, Field, Name,
        fields::{Format, Typed},
    },
    names,
    source::Place,
    types::{Property, reference},
};

/// The types that need no declaration.
pub(super) const BUILT_IN: &[&str] = &["string", "integer", "number", "boolean", "array", "map", "json"];

/// What other languages call some of them.
const ELSEWHERE: &[(&str, &str)] = &[
    ("str", "string"),
    ("text", "string"),
    ("int", "integer"),
    ("int64", "integer"),
    ("long", "integer"),
    ("float", "number"),
    ("double", "number"),
    ("decimal", "number"),
    ("bool", "boolean"),
    ("list", "array"),
    ("dict", "map"),
    ("any", "json"),
];

/// A field that was checked by itself.
pub(crate) struct ResolvedField<'m> {
    pub(crate) name: &'m Name,
    pub(crate) declared: &'m Field,
    pub(crate) api: api::Field,
    pub(crate) property: Property,
}

/// Checks the fields of one object.
pub(crate) fn resolve<'m>(
    fields: &'m Entries<Field>,
    types: &TypeIndex<'_>,
    faults: &mut Faults,
) -> Vec<ResolvedField<'m>> {
    let mut rust_names: HashMap<String, &Name> = HashMap::new();
    let mut resolved = Vec::new();
    for (name, field) in fields.iter() {
        let rust = match names::field(name) {
            Ok(rust) => rust,
            Err(refusal) => {
                faults.refuse(name, refusal);
                name.value.clone()
            }
        };
        if let Some(first) = rust_names.insert(rust.clone(), name) {
            faults.push(collision("fields", first, name, &rust));
        }
        resolved.push(one(name, field, rust, types, faults));
    }
    resolved
}

/// Two names that would be one in Rust.
pub(crate) fn collision(what: &str, first: &Name, again: &Name, rust: &str) -> Diagnostic {
    let title = format!("the {what} {} and {} would both be `{rust}` in Rust", quoted(first), quoted(again));
    Diagnostic::new(Code::NameCollision, again.at, title).and(first.at, "the other").help("rename one of the two")
}

fn one<'m>(
    name: &'m Name,
    field: &'m Field,
    rust: String,
    types: &TypeIndex<'_>,
    faults: &mut Faults,
) -> ResolvedField<'m> {
    let Checked { of, schema, mut bounds } = check_type(&field.typed(), types, faults);
    let is_omitted = secrets::is_omitted(name, field, &of, faults);
    let of = secrets::redacted(name, field, of, faults);
    if let (true, Some(default)) = (field.required, &field.default) {
        let title = format!("{} is required, so that its default is never used", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidDefault, default.at, title).help("remove `default`, or `required: true`"),
        );
    }
    let default = field.default.as_ref().map(crate::tree::Tree::to_json);
    let mut schema = if field.nullable { nullable(schema) } else { schema };
    if is_omitted {
        schema.insert("writeOnly".into(), true.into());
        bounds.push_str(if bounds.is_empty() { "a secret" } else { "; a secret" });
    }
    schema.insert("description".into(), field.description.value.as_str().into());
    if let Some(default) = &default {
        schema.insert("default".into(), default.clone());
    }
    ResolvedField {
        name,
        declared: field,
        property: Property {
            wire: name.value.clone(),
            of: of.clone(),
            required: field.required,
            schema: Value::Object(schema),
        },
        api: api::Field {
            wire: name.value.clone(),
            rust,
            description: field.description.value.clone(),
            of,
            required: field.required,
            nullable: field.nullable,
            default,
            boxed: false,
            bounds,
        },
    }
}

/// A type with its constraints, checked.
struct Checked {
    of: Type,
    schema: Map<String, Value>,
    bounds: String,
}

impl Checked {
    /// What stands for a type that is a fault: anything, so that nothing else is reported of it.
    fn anything() -> Self {
        Self { of: Type::Json, schema: Map::new(), bounds: String::new() }
    }
}

fn check_type(typed: &Typed<'_>, index: &TypeIndex<'_>, faults: &mut Faults) -> Checked {
    check_parts(typed, faults);
    let (kind, of, mut schema) = match typed.of.value.as_str() {
        "string" => (Kind::String, Type::String, keyword("type", "string")),
        "number" => (Kind::Number, Type::Number, keyword("type", "number")),
        "boolean" => (Kind::Boolean, Type::Boolean, keyword("type", "boolean")),
        "json" => (Kind::Json, Type::Json, Map::new()),
        "integer" => {
            let mut schema = keyword("type", "integer");
            schema.insert("format".into(), "int64".into());
            (Kind::Integer, Type::Integer, schema)
        }
        "array" => return container(typed, typed.items, Kind::Array, index, faults),
        "map" => return container(typed, typed.values, Kind::Map, index, faults),
        _ => match named(typed.of, index, faults) {
            Some((of, schema)) => (Kind::Named, of, schema),
            None => return Checked::anything(),
        },
    };
    let bounds = bounds::resolve(typed, kind, faults);
    schema.extend(bounds.schema);
    Checked { of, schema, bounds: bounds.words.join(", ") }
}

/// `items` belongs to arrays and `values` to maps.
fn check_parts(typed: &Typed<'_>, faults: &mut Faults) {
    for (key, part, owner) in [("items", typed.items, "array"), ("values", typed.values, "map")] {
        if let Some(part) = part.filter(|_| typed.of.value != owner) {
            let title = format!("`{key}` belongs to the type `{owner}`");
            faults.push(
                Diagnostic::new(Code::MisplacedConstraint, part.of.at, title)
                    .and(typed.of.at, "the type is another")
                    .help(format!("remove `{key}`, or use the type `{owner}`")),
            );
        }
    }
}

fn container(
    outer: &Typed<'_>,
    part: Option<&Element>,
    kind: Kind,
    index: &TypeIndex<'_>,
    faults: &mut Faults,
) -> Checked {
    let bounds = bounds::resolve(outer, kind, faults);
    let (key, keyword_name, type_name) = match kind {
        Kind::Map => ("values", "additionalProperties", "object"),
        _ => ("items", "items", "array"),
    };
    let Some(part) = part else {
        let title = format!("this {} does not say what is in it", outer.of.value);
        faults.push(
            Diagnostic::new(Code::MissingKey, outer.of.at, title)
                .help(format!("add `{key}`, as `{key}: {{type: string}}`")),
        );
        return Checked::anything();
    };
    let inner = check_type(&part.typed(), index, faults);
    let mut schema = keyword("type", type_name);
    schema.insert(keyword_name.into(), Value::Object(inner.schema));
    schema.extend(bounds.schema);
    let mut words = bounds.words.join(", ");
    if !inner.bounds.is_empty() {
        let joint = if words.is_empty() { "" } else { "; " };
        words = format!("{words}{joint}each: {}", inner.bounds);
    }
    let of = match kind {
        Kind::Map => Type::Map(Box::new(inner.of)),
        _ => Type::Array(Box::new(inner.of)),
    };
    Checked { of, schema, bounds: words }
}

fn named(name: &Name, types: &TypeIndex<'_>, faults: &mut Faults) -> Option<(Type, Map<String, Value>)> {
    match types.lookup(name) {
        Lookup::Type(at) => match reference(name) {
            Value::Object(schema) => Some((Type::Named(at), schema)),
            _ => None,
        },
        Lookup::Faulty => None,
        Lookup::Unknown => {
            faults.push(unknown_type(name, name.at, types));
            None
        }
    }
}

/// A type that is not declared.
pub(crate) fn unknown_type(name: &str, at: Place, types: &TypeIndex<'_>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::UnknownType, at, format!("there is no type {}", quoted(name)));
    if name == "object" {
        return diagnostic
            .help("declare a named type with `properties`; use `map` for free keys, `json` for any value");
    }
    if let Some(format) = Format::ALL.iter().find(|format| format.as_str() == name) {
        return diagnostic.help(format!("write `type: string, format: {}`", format.as_str()));
    }
    if let Some((_, known)) = ELSEWHERE.iter().find(|(other, _)| *other == name.to_lowercase()) {
        return diagnostic.help(format!("did you mean `{known}`?"));
    }
    diagnostic.maybe_help(suggestion(name, BUILT_IN.iter().copied().chain(types.names())))
}

fn keyword(key: &str, value: &str) -> Map<String, Value> {
    std::iter::once((key.to_owned(), Value::from(value))).collect()
}

/// The same values and `null`.
fn nullable(mut schema: Map<String, Value>) -> Map<String, Value> {
    if schema.contains_key("$ref") {
        let alternatives = json!([Value::Object(schema), {"type": "null"}]);
        return std::iter::once(("anyOf".to_owned(), alternatives)).collect();
    }
    if let Some(of) = schema.get("type").cloned() {
        schema.insert("type".into(), json!([of, "null"]));
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.push(Value::Null);
    }
    schema
}
