//! The words for what is wrong with an argument.

use jsonschema::{
    ErrorIterator, JsonType, ValidationError,
    error::{TypeKind, ValidationErrorKind as Kind},
};
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use super::{omit::OMITTED, place};
use crate::nearest::nearest;

/// How much of a value a message repeats.
const SHOWN: usize = 60;

/// Every fault, one line each: first what came, then what should not have, then what did not. Of arguments of which something
/// is omitted, only what is left is repeated.
pub(super) fn faults(
    errors: ErrorIterator<'_>,
    schema: &Value,
    arguments: &Value,
    omitted: Option<&Value>,
) -> Vec<String> {
    let explainer = Explainer { schema, arguments, omitted };
    let mut faults = Vec::new();
    errors.for_each(|error| explainer.explain(&error, &mut faults));
    let listed: Vec<_> =
        faults.iter().filter(|fault| fault.about == About::Choice).map(|fault| fault.place.clone()).collect();
    // The values to choose from say more than their type does.
    faults.retain(|fault| fault.about != About::Type || !listed.contains(&fault.place));
    faults.sort_by_key(|fault| fault.about.order());
    faults.iter().map(Fault::line).collect()
}

/// What is said of a value that is not repeated.
const NOT_SHOWN: &str = "what came is a secret, and is not shown";

/// One fault in the arguments.
struct Fault {
    place: String,
    about: About,
    what: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Type,
    Choice,
    Value,
    UnknownName,
    MissingName,
}

impl About {
    fn order(self) -> usize {
        match self {
            Self::Type | Self::Choice | Self::Value => 0,
            Self::UnknownName => 1,
            Self::MissingName => 2,
        }
    }
}

impl Fault {
    fn line(&self) -> String {
        line(&self.place, &self.what)
    }
}

/// A fault that the schema allows and the type does not.
pub(super) fn narrower(path: &Path, message: &str, arguments: &Value) -> String {
    let mut place = String::new();
    let mut at = Some(arguments);
    for segment in path {
        at = match segment {
            Segment::Seq { index } => {
                place::push_index(&mut place, index);
                at.and_then(|value| value.get(index))
            }
            Segment::Map { key } | Segment::Enum { variant: key } => {
                place::push_key(&mut place, key);
                at.and_then(|value| value.get(key))
            }
            Segment::Unknown => None,
        };
    }
    match at {
        Some(number @ Value::Number(_)) => {
            line(&place, &format!("expected a whole number from {} to {}, got {number}", i64::MIN, i64::MAX))
        }
        _ => line(&place, message),
    }
}

struct Explainer<'a> {
    schema: &'a Value,
    arguments: &'a Value,
    omitted: Option<&'a Value>,
}

impl Explainer<'_> {
    fn explain(&self, error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
        let place = place::of_pointer(error.instance_path().as_str(), self.arguments);
        let about = match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let known = self.known_names(error.schema_path().as_str());
                faults.extend(unexpected.iter().map(|name| Fault {
                    place: place::member(&place, name),
                    about: About::UnknownName,
                    what: unknown(name, &known),
                }));
                return;
            }
            Kind::Required { property } => {
                let place = place::member(&place, property.as_str().unwrap_or_default());
                faults.push(Fault { place, about: About::MissingName, what: "missing, and required".to_owned() });
                return;
            }
            Kind::AnyOf { context } => {
                self.explain_alternatives(error, place, context, faults);
                return;
            }
            Kind::Type { .. } => About::Type,
            Kind::Enum { .. } => About::Choice,
            _ => About::Value,
        };
        let instance = self.instance(error);
        let what = match (expected(error.kind(), instance.unwrap_or(&Value::Null)), instance) {
            (Some(expected), Some(came_here)) => format!("expected {expected}, got {}", came(error.kind(), came_here)),
            (Some(expected), None) => format!("expected {expected}; {NOT_SHOWN}"),
            (None, Some(_)) => shortened(&error.to_string()),
            (None, None) => format!("it does not fit; {NOT_SHOWN}"),
        };
        faults.push(Fault { place, about, what });
    }

    /// Of several alternatives, the one that was meant: not of another type.
    fn explain_alternatives(
        &self,
        error: &ValidationError<'_>,
        place: String,
        alternatives: &[Vec<ValidationError<'static>>],
        faults: &mut Vec<Fault>,
    ) {
        let here = error.instance_path().as_str();
        let is_meant = |errors: &&Vec<ValidationError<'static>>| !errors.iter().any(|error| rules_out(error, here));
        let meant: Vec<_> = alternatives.iter().filter(is_meant).collect();
        if let [only] = meant.as_slice() {
            for error in *only {
                self.explain(error, faults);
            }
            return;
        }
        let nothing = Value::Null;
        let types = alternatives
            .iter()
            .flatten()
            .filter_map(|error| expected(error.kind(), self.instance(error).unwrap_or(&nothing)));
        let mut types: Vec<_> = types.collect();
        types.dedup();
        let expected = if types.is_empty() { "one of the declared shapes".to_owned() } else { types.join(" or ") };
        let what = match self.instance(error) {
            Some(came) => format!("expected {expected}, got {}", shown(came)),
            None => format!("expected {expected}; {NOT_SHOWN}"),
        };
        faults.push(Fault { place, about: About::Type, what });
    }

    /// What came, as far as it may be repeated.
    fn instance<'e>(&'e self, error: &'e ValidationError<'_>) -> Option<&'e Value> {
        match self.omitted {
            None => Some(error.instance()),
            Some(omitted) => omitted.pointer(error.instance_path().as_str()).filter(|came| *came != OMITTED),
        }
    }

    /// The names that the object may have whose schema has the keyword at `keyword`.
    fn known_names(&self, keyword: &str) -> Vec<&str> {
        let object = keyword.rsplit_once('/').map_or("", |(object, _)| object);
        let properties = self.schema.pointer(object).and_then(|schema| schema.get("properties"));
        properties.and_then(Value::as_object).into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
}

/// Whether a fault says that another alternative was meant.
fn rules_out(fault: &ValidationError<'_>, here: &str) -> bool {
    matches!(fault.kind(), Kind::Type { .. }) && fault.instance_path().as_str() == here
}

fn line(place: &str, what: &str) -> String {
    if place.is_empty() { format!("the arguments: {what}") } else { format!("`{place}`: {what}") }
}

fn unknown(name: &str, known: &[&str]) -> String {
    match (nearest(name, known.iter().copied()), known) {
        (Some(near), _) => format!("unknown; did you mean `{near}`?"),
        (None, []) => "unknown; the tool takes no arguments".to_owned(),
        (None, known) => format!("unknown; there are {}", known.join(", ")),
    }
}

fn expected(kind: &Kind, instance: &Value) -> Option<String> {
    Some(match kind {
        Kind::Type { kind: TypeKind::Single(name) } => type_name(*name).to_owned(),
        Kind::Type { kind: TypeKind::Multiple(names) } => {
            names.into_iter().map(type_name).collect::<Vec<_>>().join(" or ")
        }
        Kind::Enum { options } => {
            let names: Vec<_> = options.as_array().into_iter().flatten().map(plain).collect();
            let near = instance.as_str().and_then(|came| nearest(came, names.iter().map(String::as_str)));
            let listed = one_of(names.iter().map(String::as_str));
            near.map_or(listed.clone(), |near| format!("{listed} (did you mean {near}?)"))
        }
        Kind::Constant { expected_value } => plain(expected_value),
        Kind::Minimum { limit } => format!("at least {limit}"),
        Kind::Maximum { limit } => format!("at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("more than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("at least {}", count(*limit, "character")),
        Kind::MaxLength { limit } => format!("at most {}", count(*limit, "character")),
        Kind::MinItems { limit } => format!("at least {}", count(*limit, "item")),
        Kind::MaxItems { limit } => format!("at most {}", count(*limit, "item")),
        Kind::MinProperties { limit } => format!("at least {}", count(*limit, "member")),
        Kind::MaxProperties { limit } => format!("at most {}", count(*limit, "member")),
        Kind::UniqueItems => "items that differ from one another".to_owned(),
        Kind::Pattern { pattern } => format!("text that matches {pattern}"),
        Kind::Format { format } => format_name(format),
        _ => return None,
    })
}

/// What came, measured as the bound is.
fn came(kind: &Kind, instance: &Value) -> String {
    let measure = match (kind, instance) {
        (Kind::MinLength { .. } | Kind::MaxLength { .. }, Value::String(text)) => {
            Some((text.chars().count(), "character"))
        }
        (Kind::MinItems { .. } | Kind::MaxItems { .. }, Value::Array(items)) => Some((items.len(), "item")),
        (Kind::MinProperties { .. } | Kind::MaxProperties { .. }, Value::Object(members)) => {
            Some((members.len(), "member"))
        }
        _ => None,
    };
    measure.map_or_else(|| shown(instance), |(number, noun)| count(number as u64, noun))
}

fn count(number: u64, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn one_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    format!("one of {}", names.collect::<Vec<_>>().join(", "))
}

fn type_name(name: JsonType) -> &'static str {
    match name {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "an array",
        JsonType::Object => "an object",
    }
}

fn format_name(format: &str) -> String {
    let known = match format {
        "date-time" => "a date and time such as 2026-03-01T12:00:00Z",
        "date" => "a date such as 2026-03-01",
        "time" => "a time such as 12:00:00Z",
        "duration" => "a duration such as PT15M",
        "uri" => "a URI such as https://example.com/page",
        "email" => "an e-mail address such as name@example.com",
        "hostname" => "a host name such as www.example.com",
        "uuid" => "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
        "regex" => "a regular expression",
        other => return format!("the format {other}"),
    };
    known.to_owned()
}

/// A declared value as a person names it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn shown(value: &Value) -> String {
    shortened(&value.to_string())
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
