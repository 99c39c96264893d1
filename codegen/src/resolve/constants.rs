//! Values in the manifest that have to fit what it declares: defaults and examples.

use jsonschema::{ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use super::{
    Faults,
    fields::ResolvedField,
    tools::ResolvedTool,
    types::{ResolvedShape, ResolvedTypes},
};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted, suggestion},
    manifest::Name,
    tree::{Found, Node, Tree},
};

/// Checks every default and every example.
pub(crate) fn check(types: &ResolvedTypes<'_>, tools: &[ResolvedTool<'_>], faults: &mut Faults) {
    for named in &types.list {
        named.shape.objects().into_iter().flatten().for_each(|field| check_default(field, types, faults));
    }
    for tool in tools {
        tool.input.iter().for_each(|field| check_default(field, types, faults));
        check_examples(tool, faults);
    }
}

fn check_default(field: &ResolvedField<'_>, types: &ResolvedTypes<'_>, faults: &mut Faults) {
    let Some(default) = &field.declared.default else { return };
    if let Some(name) = object_in(&field.api.of, default, types) {
        let title = format!("a default cannot be a value of {}, which is an object", quoted(name));
        faults.push(
            Diagnostic::new(Code::InvalidDefault, default.at, title)
                .and(name.at, "declared here")
                .help("make the property optional, and say in its description what its absence means"),
        );
        return;
    }
    check_value(default, &types.definitions.value(&field.property.schema, &field.api.of), &field.api.of, faults);
}

/// A default is what its own schema accepts.
pub(super) fn check_value(default: &Tree, schema: &Value, of: &Type, faults: &mut Faults) {
    let Some(validator) = validator(schema) else { return };
    for error in validator.iter_errors(&default.to_json()) {
        let found = default.follow(&crate::manifest::steps(error.instance_path()));
        faults.push(refused(Code::InvalidDefault, "the default", &error, found, schema));
    }
    check_whole(of, default, faults);
}

/// JSON Schema takes `1.0` for an integer; the code does not.
fn check_whole(of: &Type, value: &Tree, faults: &mut Faults) {
    match (of, &value.value) {
        (Type::Integer, Node::Number(number)) if !number.is_i64() => {
            let title = format!("`{number}` is not written as an integer");
            faults.push(Diagnostic::new(Code::InvalidDefault, value.at, title).help("leave out the fraction"));
        }
        (Type::Array(inner), Node::List(items)) => items.iter().for_each(|item| check_whole(inner, item, faults)),
        (Type::Map(inner), Node::Map(entries)) => {
            for (_, item) in entries {
                check_whole(inner, item, faults);
            }
        }
        _ => {}
    }
}

/// The declared object of which a value holds one.
fn object_in<'t>(of: &Type, value: &Tree, types: &'t ResolvedTypes<'_>) -> Option<&'t Name> {
    match (of, &value.value) {
        (Type::Named(at), _) => {
            let named = types.list.get(*at)?;
            (!matches!(named.shape, ResolvedShape::Enum(_)) && !matches!(value.value, Node::Null)).then_some(named.name)
        }
        (Type::Array(inner), Node::List(items)) => items.iter().find_map(|item| object_in(inner, item, types)),
        (Type::Map(inner), Node::Map(entries)) => entries.iter().find_map(|(_, item)| object_in(inner, item, types)),
        _ => None,
    }
}

fn check_examples(tool: &ResolvedTool<'_>, faults: &mut Faults) {
    for example in &tool.declared.examples {
        super::server::check_line(&example.title, faults);
        for fault in refusals(Code::InvalidExample, "the example", &example.input, &tool.api.input_schema) {
            faults.push(fault.and(tool.name.at, "an example of this tool"));
        }
    }
}

/// Why the input schema of a tool does not take an input.
pub(super) fn refusals(code: Code, what: &str, input: &Tree, schema: &Value) -> Vec<Diagnostic> {
    let Some(validator) = validator(schema) else { return Vec::new() };
    let refusals = |error: ValidationError<'_>| {
        let found = input.follow(&crate::manifest::steps(error.instance_path()));
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected } => {
                unknown_arguments(code, what, unexpected, &error, found, schema)
            }
            _ => vec![refused(code, what, &error, found, schema)],
        }
    };
    validator.iter_errors(&input.to_json()).flat_map(refusals).collect()
}

fn unknown_arguments(
    code: Code,
    what: &str,
    unexpected: &[String],
    error: &ValidationError<'_>,
    found: Found<'_>,
    schema: &Value,
) -> Vec<Diagnostic> {
    let parent = error.schema_path().as_str().rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
    let known: Vec<&str> = schema
        .pointer(&format!("{parent}/properties"))
        .and_then(Value::as_object)
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    unexpected
        .iter()
        .map(|key| {
            let at = found.tree.entry(key).map_or_else(|| found.at(), |(key, _)| key.at);
            Diagnostic::new(code, at, format!("{what} has an argument {} that does not exist", quoted(key)))
                .maybe_help(suggestion(key, known.iter().copied()))
        })
        .collect()
}

fn refused(code: Code, what: &str, error: &ValidationError<'_>, found: Found<'_>, schema: &Value) -> Diagnostic {
    let bound = || schema.pointer(error.schema_path().as_str()).map(Value::to_string).unwrap_or_default();
    let came = quoted(&found.tree.to_json().to_string());
    let title = match error.kind() {
        ValidationErrorKind::Required { property } => {
            format!("{what} lacks {}", quoted(property.as_str().unwrap_or_default()))
        }
        ValidationErrorKind::Type { .. } => format!("{what} has {came}, which is not of the type {}", bound()),
        ValidationErrorKind::Format { format } => format!("{what} has {came}, which is no {format}"),
        ValidationErrorKind::Enum { .. } => format!("{what} has {came}, which is none of {}", bound()),
        ValidationErrorKind::OneOfNotValid { .. } | ValidationErrorKind::AnyOf { .. } => {
            format!("{what} has {came}, which is none of the alternatives")
        }
        kind => format!("{what} has {came}, and the declaration says `{}: {}`", kind.keyword(), bound()),
    };
    Diagnostic::new(code, found.at(), title).help("correct the value or the declaration")
}

/// A schema ready to check with, formats included; `None` when a fault in it is reported already.
fn validator(schema: &Value) -> Option<Validator> {
    jsonschema::draft202012::options().should_validate_formats(true).build(schema).ok()
}
