//! Constraints: whether they say something about their type, can be met, and how to say them.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value, json};

use super::Faults;
use crate::{
    diagnostic::{Code, Diagnostic, in_sentence, listed, quoted},
    manifest::fields::Typed,
    source::{Place, Spanned},
    tree::{Node, Tree},
};

/// What a constraint can be about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Array,
    Map,
    Json,
    Named,
}

impl Kind {
    fn in_words(self) -> &'static str {
        match self {
            Self::String => "a string",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Array => "an array",
            Self::Map => "a map",
            Self::Json => "any JSON",
            Self::Named => "a named type",
        }
    }
}

const TEXTS: &[Kind] = &[Kind::String];
const NUMBERS: &[Kind] = &[Kind::Integer, Kind::Number];
const SCALARS: &[Kind] = &[Kind::String, Kind::Integer, Kind::Number];
const ARRAYS: &[Kind] = &[Kind::Array];
const MAPS: &[Kind] = &[Kind::Map];

/// A constraint that is written: its key, its place, and what it can be about.
pub(crate) type Given = (&'static str, Place, &'static [Kind]);

/// Every constraint that is written, in the order of the grammar.
pub(crate) fn given(typed: &Typed<'_>) -> Vec<Given> {
    fn at<T>(value: Option<&Spanned<T>>) -> Option<Place> {
        value.map(|value| value.at)
    }
    [
        ("enum", at(typed.one_of), SCALARS),
        ("minimum", at(typed.minimum), NUMBERS),
        ("maximum", at(typed.maximum), NUMBERS),
        ("exclusiveMinimum", at(typed.exclusive_minimum), NUMBERS),
        ("exclusiveMaximum", at(typed.exclusive_maximum), NUMBERS),
        ("multipleOf", at(typed.multiple_of), NUMBERS),
        ("minLength", at(typed.min_length), TEXTS),
        ("maxLength", at(typed.max_length), TEXTS),
        ("pattern", at(typed.pattern), TEXTS),
        ("format", at(typed.format), TEXTS),
        ("minItems", at(typed.min_items), ARRAYS),
        ("maxItems", at(typed.max_items), ARRAYS),
        ("uniqueItems", at(typed.unique_items), ARRAYS),
        ("minProperties", at(typed.min_properties), MAPS),
        ("maxProperties", at(typed.max_properties), MAPS),
    ]
    .into_iter()
    .filter_map(|(key, at, kinds)| Some((key, at?, kinds)))
    .collect()
}

/// Constraints as JSON Schema and in words.
#[derive(Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) schema: Map<String, Value>,
    pub(crate) words: Vec<String>,
}

impl Bounds {
    fn keyword(&mut self, key: &str, value: impl Into<Value>) {
        self.schema.insert(key.to_owned(), value.into());
    }
}

/// Checks the constraints of one type.
pub(crate) fn resolve(typed: &Typed<'_>, kind: Kind, faults: &mut Faults) -> Bounds {
    for (key, at, kinds) in given(typed) {
        if !kinds.contains(&kind) {
            let title = format!("`{key}` says nothing about {}", kind.in_words());
            let about: Vec<&str> = kinds.iter().map(|kind| kind.in_words()).collect();
            let help = format!("it is about {}; remove it or change the type", in_sentence(&about, "or"));
            faults.push(Diagnostic::new(Code::MisplacedConstraint, at, title).help(help));
        }
    }
    let mut bounds = Bounds::default();
    match kind {
        Kind::String => texts(typed, &mut bounds, faults),
        Kind::Integer | Kind::Number => numbers(typed, kind, &mut bounds, faults),
        Kind::Array => {
            sizes(["minItems", "maxItems"], "item", [typed.min_items, typed.max_items], &mut bounds, faults);
            match typed.unique_items {
                Some(unique) if unique.value => {
                    bounds.keyword("uniqueItems", true);
                    bounds.words.push("all different".into());
                }
                Some(unique) => faults.push(idle("uniqueItems", unique.at)),
                None => {}
            }
        }
        Kind::Map => {
            let keys = ["minProperties", "maxProperties"];
            sizes(keys, "entry", [typed.min_properties, typed.max_properties], &mut bounds, faults);
        }
        Kind::Boolean | Kind::Json | Kind::Named => {}
    }
    if SCALARS.contains(&kind) {
        choice(typed, kind, &mut bounds, faults);
    }
    bounds
}

fn invalid(at: Place, title: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::InvalidConstraint, at, title)
}

fn texts(typed: &Typed<'_>, bounds: &mut Bounds, faults: &mut Faults) {
    sizes(["minLength", "maxLength"], "character", [typed.min_length, typed.max_length], bounds, faults);
    if let Some(pattern) = typed.pattern {
        if jsonschema::draft202012::new(&json!({"pattern": pattern.value})).is_err() {
            let title = format!("{} is no regular expression", quoted(pattern));
            faults.push(
                invalid(pattern.at, title)
                    .help("use the syntax of ECMA-262, and escape what stands for itself with `\\`"),
            );
        } else {
            bounds.keyword("pattern", pattern.value.as_str());
            bounds.words.push(format!("matches `{}`", pattern.value));
        }
    }
    if let Some(format) = typed.format {
        bounds.keyword("format", format.as_str());
        bounds.words.push(format.in_words().to_owned());
    }
}

/// A smallest and a largest count.
fn sizes(
    keys: [&'static str; 2],
    what: &str,
    [least, most]: [Option<&Spanned<u64>>; 2],
    bounds: &mut Bounds,
    faults: &mut Faults,
) {
    if let (Some(least), Some(most)) = (least, most)
        && least.value > most.value
    {
        faults.push(crossed(keys, least.at, most.at));
        return;
    }
    if let Some(least) = least.filter(|least| least.value == 0) {
        faults.push(idle(keys[0], least.at));
    }
    for (key, bound) in keys.into_iter().zip([least, most]) {
        if let Some(bound) = bound {
            bounds.keyword(key, bound.value);
        }
    }
    let counted = |count: u64| match (count, what) {
        (1, _) => format!("1 {what}"),
        (_, "entry") => format!("{count} entries"),
        _ => format!("{count} {what}s"),
    };
    let words = match (least.map(|bound| bound.value), most.map(|bound| bound.value)) {
        (Some(least), Some(most)) if least == most => format!("exactly {}", counted(least)),
        (Some(least), Some(most)) => format!("{least} to {}", counted(most)),
        (Some(least), None) => format!("at least {}", counted(least)),
        (None, Some(most)) => format!("at most {}", counted(most)),
        (None, None) => return,
    };
    bounds.words.push(words);
}

fn idle(key: &str, at: Place) -> Diagnostic {
    invalid(at, format!("every value meets this `{key}`")).help("remove it")
}

pub(super) fn crossed([least_key, most_key]: [&str; 2], least: Place, most: Place) -> Diagnostic {
    invalid(least, format!("no value is within `{least_key}` and `{most_key}`"))
        .and(most, format!("`{most_key}` is below"))
        .help("swap the two, or correct one")
}

fn numbers(typed: &Typed<'_>, kind: Kind, bounds: &mut Bounds, faults: &mut Faults) {
    let all = [
        ("minimum", typed.minimum),
        ("maximum", typed.maximum),
        ("exclusiveMinimum", typed.exclusive_minimum),
        ("exclusiveMaximum", typed.exclusive_maximum),
        ("multipleOf", typed.multiple_of),
    ];
    let mut sound = true;
    for (key, number) in all.iter().filter_map(|(key, number)| Some((key, (*number)?))) {
        if kind == Kind::Integer && number.as_i64().is_none() {
            let title = format!("`{key}` of an integer is {}, which is not whole", number.value);
            faults.push(invalid(number.at, title).help("use a whole number, or the type `number`"));
            sound = false;
        }
    }
    if let Some(step) = typed.multiple_of
        && step.as_f64().is_none_or(|step| step <= 0.0)
    {
        faults.push(invalid(step.at, "`multipleOf` is not above zero").help("use a number above zero"));
        sound = false;
    }
    if !sound || !in_order(typed, faults) {
        return;
    }
    for (key, number) in all {
        if let Some(number) = number {
            bounds.keyword(key, number.value.clone());
        }
    }
    let [minimum, maximum, above, below, step] = all.map(|(_, number)| number.map(|number| &number.value));
    match (minimum, maximum) {
        (Some(least), Some(most)) => bounds.words.push(format!("{least} to {most}")),
        (Some(least), None) => bounds.words.push(format!("at least {least}")),
        (None, Some(most)) => bounds.words.push(format!("at most {most}")),
        (None, None) => {}
    }
    bounds.words.extend(above.map(|above| format!("above {above}")));
    bounds.words.extend(below.map(|below| format!("below {below}")));
    bounds.words.extend(step.map(|step| format!("a multiple of {step}")));
}

/// Whether a number can lie within the bounds, and each side has one bound.
fn in_order(typed: &Typed<'_>, faults: &mut Faults) -> bool {
    let mut sound = true;
    for (pair, keys) in [
        ((typed.minimum, typed.exclusive_minimum), ["minimum", "exclusiveMinimum"]),
        ((typed.maximum, typed.exclusive_maximum), ["maximum", "exclusiveMaximum"]),
    ] {
        if let (Some(one), Some(other)) = pair {
            let title = format!("`{}` and `{}` bound the same side", keys[0], keys[1]);
            faults.push(invalid(one.at, title).and(other.at, "the other").help("keep one of the two"));
            sound = false;
        }
    }
    let lower = [(typed.minimum, "minimum", false), (typed.exclusive_minimum, "exclusiveMinimum", true)];
    let upper = [(typed.maximum, "maximum", false), (typed.exclusive_maximum, "exclusiveMaximum", true)];
    for (least, least_key, least_open) in lower {
        for (most, most_key, most_open) in upper {
            let (Some(least), Some(most)) = (least, most) else { continue };
            let order = compare(&least.value, &most.value);
            if order == Ordering::Greater || (order == Ordering::Equal && (least_open || most_open)) {
                faults.push(crossed([least_key, most_key], least.at, most.at));
                sound = false;
            }
        }
    }
    sound
}

fn compare(a: &Number, b: &Number) -> Ordering {
    match (a.as_i64(), b.as_i64()) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => a.as_f64().partial_cmp(&b.as_f64()).unwrap_or(Ordering::Equal),
    }
}

/// The values of `enum`: of the type, within the other constraints, each once.
fn choice(typed: &Typed<'_>, kind: Kind, bounds: &mut Bounds, faults: &mut Faults) {
    let Some(values) = typed.one_of else { return };
    let rest = Value::Object(bounds.schema.clone());
    let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&rest).ok();
    for value in &values.value {
        let json = value.to_json();
        if !is_of(kind, value) {
            let title = format!("{json} is not {}", kind.in_words());
            faults.push(invalid(value.at, title).help("use a value of the field's type"));
        } else if let Some(validator) = &validator
            && let Err(error) = validator.validate(&json)
        {
            faults.push(invalid(value.at, format!("the field's other constraints refuse this: {error}")));
        }
    }
    let places = values.iter().map(|value| value.at);
    let values: Vec<Value> = values.iter().map(Tree::to_json).collect();
    let words: Vec<String> =
        values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
    faults.check_once(words.iter().map(String::as_str).zip(places));
    bounds.words.push(format!("one of {}", listed(words.iter().map(String::as_str), "or")));
    bounds.keyword("enum", values);
}

fn is_of(kind: Kind, value: &Tree) -> bool {
    match (&value.value, kind) {
        (Node::Text(_), Kind::String) | (Node::Number(_), Kind::Number) => true,
        (Node::Number(number), Kind::Integer) => number.is_i64(),
        _ => false,
    }
}
