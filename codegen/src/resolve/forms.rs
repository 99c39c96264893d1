//! Forms that a person fills in: whether the protocol has one like it, and no secret in it.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value, json};

use super::{
    Faults,
    bounds::{self, Kind},
    constants,
    fields::{collision, unknown_type},
    outputs::looks_secret,
    server::check_line,
    types::{Lookup, ResolvedShape, ResolvedTypes},
};
use crate::{
    api::{self, Type},
    diagnostic::{Code, Diagnostic, quoted},
    manifest::{
        Entries, FormField, Name,
        fields::{Format, Typed},
    },
    names::Refusal,
    source::Spanned,
    tree::Tree,
};

const FIELDS: &str = "a field is a `string`, an `integer`, a `number`, a `boolean`, a type that is a choice of words, or an \
                      `array` of such words";

/// A form that was checked.
pub(super) struct ResolvedForm {
    pub(super) fields: Vec<api::FormField>,
    /// The form as the protocol has it.
    pub(super) schema: Value,
    /// The named types that its fields have.
    pub(super) types: BTreeSet<usize>,
}

/// Checks a form. `rust` gives the name of a field in the code.
pub(super) fn resolve(
    form: &Entries<FormField>,
    rust: fn(&str) -> Result<String, Refusal>,
    types: &ResolvedTypes<'_>,
    faults: &mut Faults,
) -> ResolvedForm {
    let mut resolved = ResolvedForm { fields: Vec::new(), schema: Value::Null, types: BTreeSet::new() };
    let mut properties = Map::new();
    let mut seen: HashMap<String, &Name> = HashMap::new();
    for (name, field) in form.iter() {
        let rust = rust(name).unwrap_or_else(|refusal| {
            faults.refuse(name, refusal);
            name.value.clone()
        });
        if let Some(first) = seen.insert(rust.clone(), name) {
            faults.push(collision("fields", first, name, &rust));
        }
        let Some(checked) = check_type(field, types, faults) else { continue };
        check_secret(name, &checked.of, faults);
        if let Type::Named(at) = innermost(&checked.of) {
            resolved.types.insert(*at);
        }
        let schema = described(field, checked.schema, faults);
        if let Some(default) = &field.default {
            constants::check_value(default, &schema, &checked.of, faults);
        }
        let default = field.default.as_ref().map(Tree::to_json);
        properties.insert(name.value.clone(), schema);
        resolved.fields.push(api::FormField {
            title: field.title.as_ref().map(|title| title.value.clone()),
            field: api::Field {
                wire: name.value.clone(),
                rust,
                description: field.description.value.clone(),
                of: checked.of,
                required: field.required,
                nullable: false,
                default,
                boxed: false,
                bounds: checked.bounds,
            },
        });
    }
    let required: Vec<&str> =
        form.iter().filter(|(_, field)| field.required).map(|(name, _)| name.value.as_str()).collect();
    resolved.schema = json!({"type": "object", "properties": properties});
    if !required.is_empty() {
        resolved.schema["required"] = required.into();
    }
    resolved
}

/// A field's schema with all that a person reads of it, in the protocol's order.
fn described(field: &FormField, mut typed: Map<String, Value>, faults: &mut Faults) -> Value {
    let mut schema = Map::new();
    schema.extend(typed.shift_remove_entry("type"));
    if let Some(title) = &field.title {
        check_line(title, faults);
        schema.insert("title".into(), title.value.as_str().into());
    }
    schema.insert("description".into(), field.description.value.as_str().into());
    schema.extend(typed);
    if let Some(default) = &field.default {
        schema.insert("default".into(), default.to_json());
    }
    Value::Object(schema)
}

/// A type with its constraints, checked.
struct Checked {
    of: Type,
    schema: Map<String, Value>,
    bounds: String,
}

fn check_type(field: &FormField, types: &ResolvedTypes<'_>, faults: &mut Faults) -> Option<Checked> {
    let format = field.format.as_ref().map(|format| Spanned { value: Format::from(format.value), at: format.at });
    let declared = Typed {
        one_of: field.one_of.as_ref(),
        minimum: field.minimum.as_ref(),
        maximum: field.maximum.as_ref(),
        min_length: field.min_length.as_ref(),
        max_length: field.max_length.as_ref(),
        format: format.as_ref(),
        min_items: field.min_items.as_ref(),
        max_items: field.max_items.as_ref(),
        ..bare(&field.of)
    };
    if let Some(items) = field.items.as_ref().filter(|_| field.of.value != "array") {
        faults.push(
            Diagnostic::new(Code::MisplacedConstraint, items.of.at, "`items` belongs to the type `array`")
                .and(field.of.at, "the type is another")
                .help("remove `items`, or use the type `array`"),
        );
    }
    let (kind, of) = match field.of.value.as_str() {
        "string" => (Kind::String, Type::String),
        "integer" => (Kind::Integer, Type::Integer),
        "number" => (Kind::Number, Type::Number),
        "boolean" => (Kind::Boolean, Type::Boolean),
        "array" => return several(field, &declared, types, faults),
        _ => {
            bounds::resolve(&declared, Kind::Named, faults);
            let (at, words) = choice(&field.of, types, faults)?;
            return Some(Checked { of: Type::Named(at), schema: words.one(), bounds: String::new() });
        }
    };
    if let (Kind::Integer | Kind::Number, Some(values)) = (kind, &field.one_of) {
        faults.push(
            Diagnostic::new(Code::InvalidForm, values.at, "a form has choices of words, and none of numbers")
                .and(field.of.at, "the type")
                .help("bound the number with `minimum` and `maximum`, or use the type `string`"),
        );
    }
    let lengths = [("minLength", &field.min_length), ("maxLength", &field.max_length)];
    let lengths = lengths.into_iter().filter_map(|(key, bound)| Some((key, bound.as_ref()?.at)));
    let others = lengths.chain(field.format.as_ref().map(|format| ("format", format.at)));
    if let (Kind::String, Some(values)) = (kind, &field.one_of) {
        for (key, at) in others {
            let title = format!("a choice of words has no `{key}` in a form");
            faults.push(Diagnostic::new(Code::InvalidForm, at, title).and(values.at, "the words").help("remove it"));
        }
    }
    let mut schema = Map::from_iter([("type".to_owned(), Value::from(field.of.value.as_str()))]);
    let bounds = bounds::resolve(&declared, kind, faults);
    schema.extend(bounds.schema);
    Some(Checked { of, schema, bounds: bounds.words.join(", ") })
}

fn bare(of: &Name) -> Typed<'_> {
    Typed {
        of,
        items: None,
        values: None,
        one_of: None,
        minimum: None,
        maximum: None,
        exclusive_minimum: None,
        exclusive_maximum: None,
        multiple_of: None,
        min_length: None,
        max_length: None,
        pattern: None,
        format: None,
        min_items: None,
        max_items: None,
        unique_items: None,
        min_properties: None,
        max_properties: None,
    }
}

/// Several of some words.
fn several(field: &FormField, declared: &Typed<'_>, types: &ResolvedTypes<'_>, faults: &mut Faults) -> Option<Checked> {
    let outer = bounds::resolve(declared, Kind::Array, faults);
    let Some(items) = &field.items else {
        faults.push(
            Diagnostic::new(Code::MissingKey, field.of.at, "this array does not say what is in it")
                .help("add `items`, as `items: {type: string, enum: [one, other]}`"),
        );
        return None;
    };
    let (of, words, inner) = if items.of.value == "string" {
        let Some(one_of) = &items.one_of else {
            faults.push(
                Diagnostic::new(Code::InvalidForm, items.of.at, "a form has no list of free texts")
                    .help("list the words with `enum`, name a type that is a choice of words, or ask for one text"),
            );
            return None;
        };
        let bounds = bounds::resolve(&Typed { one_of: Some(one_of), ..bare(&items.of) }, Kind::String, faults);
        let mut schema = Map::from_iter([("type".to_owned(), Value::from("string"))]);
        schema.extend(bounds.schema);
        (Type::String, schema, bounds.words)
    } else {
        bounds::resolve(&Typed { one_of: items.one_of.as_ref(), ..bare(&items.of) }, Kind::Named, faults);
        let (at, words) = choice(&items.of, types, faults)?;
        (Type::Named(at), words.several(), Vec::new())
    };
    let mut schema = Map::from_iter([("type".to_owned(), Value::from("array"))]);
    schema.extend(outer.schema);
    schema.insert("items".into(), Value::Object(words));
    let inner = inner.into_iter().map(|words| format!("each: {words}"));
    let bounds: Vec<String> = outer.words.into_iter().chain(inner).collect();
    Some(Checked { of: Type::Array(Box::new(of)), schema, bounds: bounds.join("; ") })
}

/// The words of a choice, each with what a person reads in its place.
struct Words(Vec<(String, Option<String>)>);

impl Words {
    /// One of them.
    fn one(&self) -> Map<String, Value> {
        self.schema("oneOf", true)
    }

    /// Each of several.
    fn several(&self) -> Map<String, Value> {
        self.schema("anyOf", false)
    }

    fn schema(&self, titled: &str, is_typed: bool) -> Map<String, Value> {
        let text = ("type".to_owned(), Value::from("string"));
        if self.0.iter().all(|(_, meaning)| meaning.is_none()) {
            let words = self.0.iter().map(|(word, _)| word.as_str()).collect();
            return Map::from_iter([text, ("enum".to_owned(), words)]);
        }
        let words =
            self.0.iter().map(|(word, meaning)| json!({"const": word, "title": meaning.as_ref().unwrap_or(word)}));
        let words = (titled.to_owned(), words.collect());
        is_typed.then_some(text).into_iter().chain([words]).collect()
    }
}

/// The place of a type that is a choice of words, and the words.
fn choice(name: &Name, types: &ResolvedTypes<'_>, faults: &mut Faults) -> Option<(usize, Words)> {
    let no_form = || {
        let title = format!("the protocol has no form for {}", quoted(name));
        Diagnostic::new(Code::InvalidForm, name.at, title).help(FIELDS)
    };
    match types.index.lookup(name) {
        Lookup::Faulty => None,
        Lookup::Unknown if super::fields::BUILT_IN.contains(&name.value.as_str()) => {
            faults.push(no_form());
            None
        }
        Lookup::Unknown => {
            faults.push(unknown_type(name, name.at, &types.index));
            None
        }
        Lookup::Type(at) => match &types.list[at].shape {
            ResolvedShape::Enum(words) => {
                let words = words.iter().map(|word| (word.wire.clone(), word.description.clone()));
                Some((at, Words(words.collect())))
            }
            ResolvedShape::Object(_) | ResolvedShape::Union { .. } => {
                faults.push(no_form().and(types.list[at].name.at, "declared here"));
                None
            }
        },
    }
}

fn innermost(of: &Type) -> &Type {
    match of {
        Type::Array(of) | Type::Map(of) => innermost(of),
        of => of,
    }
}

/// What a person types into a form, the client reads, and with it whoever keeps its records.
pub(super) fn check_secret(name: &Name, of: &Type, faults: &mut Faults) {
    if *of == Type::String && looks_secret(&name.value) {
        let title =
            format!("the field {} looks like a secret, which the protocol forbids to ask for in a form", quoted(name));
        faults.push(Diagnostic::new(Code::SecretForm, name.at, title).help(
            "have a person store it where no model and no client reads it; if it is none, rename it, as `token_name` or `token_count`",
        ));
    }
}
