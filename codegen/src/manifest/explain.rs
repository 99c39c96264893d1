//! What a violation of the schema means to the person who wrote the manifest.

use std::collections::HashSet;

use jsonschema::{
    ValidationError,
    error::{TypeKind, ValidationErrorKind},
    paths::{Location, LocationSegment},
};
use serde_json::Value;

use super::schema::NOT_BLANK;
use crate::{
    diagnostic::{Code, Diagnostic, in_sentence, listed, nearest, quoted, suggestion},
    source::Place,
    tree::{Found, Node, Step, Tree},
};

/// Explains violations of one schema in one tree.
pub(super) struct Explainer<'a> {
    schema: &'a Value,
    tree: &'a Tree,
}

impl<'a> Explainer<'a> {
    pub(super) fn new(schema: &'a Value, tree: &'a Tree) -> Self {
        Self { schema, tree }
    }

    /// The faults that a violation stands for.
    pub(super) fn explain(&self, error: &ValidationError<'_>) -> Vec<Diagnostic> {
        let found = self.tree.follow(&steps(error.instance_path()));
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => self.unknown_keys(error, found, unexpected),
            ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
                self.no_alternative(error, found, context)
            }
            kind => vec![self.single(error, kind, found)],
        }
    }

    fn single(&self, error: &ValidationError<'_>, kind: &ValidationErrorKind, found: Found<'_>) -> Diagnostic {
        let at = found.at();
        let out_of_bounds = |title: String| Diagnostic::new(Code::OutOfBounds, at, title);
        match kind {
            ValidationErrorKind::Required { property: Value::String(key) } => self.missing_key(error, found, key),
            ValidationErrorKind::Type { kind } => {
                let key = match steps(error.instance_path()).pop() {
                    Some(Step::Key(key)) => key,
                    _ => String::new(),
                };
                self.wrong_type_at(&key, error.schema_path(), found, &type_names(kind))
            }
            ValidationErrorKind::Constant { expected_value } => {
                unknown_word(found, std::slice::from_ref(expected_value.as_ref()))
            }
            ValidationErrorKind::Enum { options } => {
                unknown_word(found, options.as_array().map(Vec::as_slice).unwrap_or_default())
            }
            ValidationErrorKind::Pattern { pattern } if pattern == NOT_BLANK => {
                Diagnostic::new(Code::EmptyText, at, "this text is empty").help("say something, or leave the key out")
            }
            ValidationErrorKind::Minimum { limit } => {
                out_of_bounds(format!("{} is below the least that can be, {limit}", error.instance()))
            }
            ValidationErrorKind::Maximum { limit } => {
                out_of_bounds(format!("{} is above the most that can be, {limit}", error.instance()))
            }
            ValidationErrorKind::MinItems { limit: 1 } => {
                out_of_bounds("this list is empty".into()).help("list something, or leave the key out")
            }
            ValidationErrorKind::MinItems { limit } => {
                out_of_bounds(format!("this list has too few items: {limit} are the fewest"))
            }
            ValidationErrorKind::MaxItems { limit } => {
                out_of_bounds(format!("this list has too many items: {limit} are the most"))
            }
            _ => Diagnostic::new(Code::WrongType, at, error.masked_with("this").to_string()),
        }
    }

    fn unknown_keys(&self, error: &ValidationError<'_>, found: Found<'_>, unexpected: &[String]) -> Vec<Diagnostic> {
        let known: Vec<&str> = self
            .parent(error.schema_path())
            .and_then(|schema| schema.get("properties")?.as_object())
            .map(|properties| properties.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let Node::Map(entries) = &found.tree.value else { return Vec::new() };
        let unexpected: HashSet<&str> = unexpected.iter().map(String::as_str).collect();
        let unexpected = entries.iter().filter(|(key, _)| unexpected.contains(key.value.as_str()));
        unexpected
            .map(|(key, value)| {
                let help = if matches!(value.value, Node::Null) && key.contains(' ') {
                    Some("if this belongs to the text before it, put the whole text into quotes: inside braces, a comma ends it".into())
                } else {
                    suggestion(key, known.iter().copied())
                };
                Diagnostic::new(Code::UnknownKey, key.at, format!("there is no key {} here", quoted(key)))
                    .label("unknown key")
                    .maybe_help(help)
            })
            .collect()
    }

    fn missing_key(&self, error: &ValidationError<'_>, found: Found<'_>, key: &str) -> Diagnostic {
        let description = self
            .parent(error.schema_path())
            .and_then(|schema| schema.get("properties")?.get(key)?.get("description")?.as_str());
        let diagnostic = Diagnostic::new(Code::MissingKey, found.at(), format!("{} is missing", quoted(key)))
            .label(format!("this has no {}", quoted(key)));
        match description {
            Some(description) => diagnostic.help(format!("add {}: {description}", quoted(key))),
            None => diagnostic,
        }
    }

    /// A value of another type, where people who know JSON Schema write what it would have there.
    fn wrong_type_at(&self, key: &str, keyword: &Location, found: Found<'_>, expected: &[&str]) -> Diagnostic {
        let is_field = self.parent(keyword) == self.schema.pointer("/$defs/Field");
        match (key, &found.tree.value) {
            ("anyOf" | "oneOf" | "allOf", Node::List(_)) if is_field => {
                let title = format!("an input or output is one object, and cannot be {} several", quoted(key));
                Diagnostic::new(Code::SchemaRoot, found.at(), title)
                    .help("name its properties here; a property can have the type of a declared union")
            }
            ("type", Node::Text(_)) if is_field => wrong_type(found, expected)
                .help("name the properties right here: that this is an object goes without saying"),
            (_, Node::Text(_)) if is_field => wrong_type(found, expected)
                .help("a field is written as `{type: string, required: true, description: …}`"),
            _ => wrong_type(found, expected),
        }
    }

    /// Of several alternatives the person meant the one whose type is right; where each is a word,
    /// one of them.
    fn no_alternative(
        &self,
        error: &ValidationError<'_>,
        found: Found<'_>,
        context: &[Vec<ValidationError<'static>>],
    ) -> Vec<Diagnostic> {
        let alternatives = self
            .schema
            .pointer(error.schema_path().as_str())
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let words: Vec<Value> = alternatives.iter().filter_map(|schema| schema.get("const")).cloned().collect();
        if !words.is_empty() && words.len() == alternatives.len() {
            return vec![unknown_word(found, &words)];
        }
        let of_another_type = |errors: &&Vec<ValidationError<'static>>| {
            errors.iter().any(|inner| {
                matches!(inner.kind(), ValidationErrorKind::Type { .. })
                    && inner.instance_path() == error.instance_path()
            })
        };
        if let Some(meant) = context.iter().find(|errors| !of_another_type(errors)) {
            return meant.iter().flat_map(|inner| self.explain(inner)).collect();
        }
        let expected: Vec<&str> = context
            .iter()
            .flatten()
            .filter_map(|inner| match inner.kind() {
                ValidationErrorKind::Type { kind } => Some(type_names(kind)),
                _ => None,
            })
            .flatten()
            .collect();
        vec![wrong_type(found, &expected)]
    }

    /// The part of the schema that holds the violated keyword.
    fn parent(&self, keyword: &Location) -> Option<&'a Value> {
        let (parent, _) = keyword.as_str().rsplit_once('/')?;
        self.schema.pointer(parent)
    }
}

/// A place in an instance, as steps into its tree.
pub(crate) fn steps(location: &Location) -> Vec<Step> {
    location
        .iter()
        .map(|segment| match segment {
            LocationSegment::Property(key) => Step::Key(key.into_owned()),
            LocationSegment::Index(at) => Step::Item(at),
        })
        .collect()
}

fn unknown_word(found: Found<'_>, words: &[Value]) -> Diagnostic {
    let known: Vec<String> =
        words.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect();
    let names = || known.iter().map(String::as_str);
    let Node::Text(written) = &found.tree.value else {
        let title = format!("expected {}, found {}", listed(names(), "or"), describe(found.tree));
        return Diagnostic::new(Code::UnknownWord, found.at(), title);
    };
    Diagnostic::new(Code::UnknownWord, found.at(), format!("{} is not a word that can stand here", quoted(written)))
        .label(format!("expected {}", listed(names(), "or")))
        .maybe_help(nearest(written, names()).map(|near| format!("did you mean {}?", quoted(near))))
}

fn wrong_type(found: Found<'_>, expected: &[&str]) -> Diagnostic {
    let at: Place = found.at();
    let expected_words: Vec<&str> = expected.iter().map(|name| in_words(name)).collect();
    let expected_words = in_sentence(&expected_words, "or");
    let title = format!("expected {expected_words}, found {}", describe(found.tree));
    let diagnostic = Diagnostic::new(Code::WrongType, at, title).label(format!("expected {expected_words}"));
    match &found.tree.value {
        Node::Bool(_) | Node::Number(_) if expected.contains(&"string") => {
            diagnostic.help("put it into quotes to make it text")
        }
        Node::Null => diagnostic.help("write a value, or leave the key out"),
        _ => diagnostic,
    }
}

fn type_names(kind: &TypeKind) -> Vec<&'static str> {
    match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(several) => several.iter().map(jsonschema::JsonType::as_str).collect(),
    }
}

fn in_words(type_name: &str) -> &str {
    match type_name {
        "string" => "text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a mapping",
        "null" => "nothing",
        other => other,
    }
}

/// What came, in words.
fn describe(tree: &Tree) -> String {
    match &tree.value {
        Node::Null => "nothing".to_owned(),
        Node::Bool(value) => format!("the boolean `{value}`"),
        Node::Number(value) => format!("the number `{value}`"),
        Node::Text(text) => format!("the text {}", quoted(text)),
        Node::List(_) => "a list".to_owned(),
        Node::Map(_) => "a mapping".to_owned(),
    }
}
