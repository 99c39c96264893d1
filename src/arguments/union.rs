//! Unions whose variants are told apart by a tag.
//!
//! A validator tries each alternative of a `oneOf`, and a union that contains itself multiplies these
//! attempts at every level. The tag alone decides, so only the variant that it names is looked at.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

/// A `oneOf` of objects that all require the same property, each with its own word there.
pub(super) struct TaggedUnion<'a> {
    tag: &'a str,
    variants: Vec<(&'a str, &'a Value)>,
}

impl<'a> TaggedUnion<'a> {
    /// The union that a schema is, if it is one and nothing else.
    pub(super) fn of(schema: &'a Value) -> Option<Self> {
        let schema = schema.as_object()?;
        let variants = schema.get("oneOf")?.as_array()?;
        if schema.keys().any(|key| !matches!(key.as_str(), "oneOf" | "description")) {
            return None;
        }
        let properties = variants.first()?.get("properties")?.as_object()?;
        properties.keys().find_map(|tag| Self::told_apart_by(tag, variants))
    }

    fn told_apart_by(tag: &'a str, variants: &'a [Value]) -> Option<Self> {
        let mut words = HashSet::new();
        let named = |variant| word(variant, tag).filter(|word| words.insert(*word)).map(|word| (word, variant));
        let variants = variants.iter().map(named).collect::<Option<_>>()?;
        Some(Self { tag, variants })
    }

    /// The schema of the variant that an instance says it is.
    pub(super) fn variant_of(&self, instance: &Value) -> Option<&'a Value> {
        let came = instance.get(self.tag)?.as_str()?;
        self.variants.iter().find(|(word, _)| *word == came).map(|(_, variant)| *variant)
    }

    /// A schema that accepts the same, and checks one variant.
    fn as_conditions(&self) -> Value {
        let tag = self.tag;
        let words: Vec<_> = self.variants.iter().map(|(word, _)| word).collect();
        let chosen = |(word, variant): &(&str, &Value)| {
            json!({
                "if": {"type": "object", "properties": {tag: {"const": word}}, "required": [tag]},
                "then": variant,
            })
        };
        json!({
            "type": "object",
            "properties": {tag: {"enum": words}},
            "allOf": self.variants.iter().map(chosen).collect::<Vec<_>>(),
            "if": {"required": [tag]},
            // Without a tag, what every variant requires is known to be missing as well.
            "else": {"required": self.required_by_all()},
        })
    }

    fn required_by_all(&self) -> Vec<&'a str> {
        let Some(((_, first), others)) = self.variants.split_first() else { return Vec::new() };
        let by_others = |name: &&str| others.iter().all(|(_, variant)| required(variant).any(|other| other == *name));
        required(first).filter(by_others).collect()
    }
}

/// A copy of a schema in which the tag decides what a union is checked against.
///
/// Unions are named types, so all of them are among the definitions.
pub(super) fn decided_by_tag(schema: &Value) -> Value {
    let mut schema = schema.clone();
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    for definition in definitions.into_iter().flat_map(Map::values_mut) {
        if let Some(conditions) = TaggedUnion::of(definition).map(|union| union.as_conditions()) {
            *definition = conditions;
        }
    }
    schema
}

/// The only text that a variant allows in its tag.
fn word<'a>(variant: &'a Value, tag: &str) -> Option<&'a str> {
    let is_object = variant.get("type")? == "object";
    let word = variant.get("properties")?.get(tag)?.get("const")?.as_str()?;
    (is_object && required(variant).any(|name| name == tag)).then_some(word)
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}
