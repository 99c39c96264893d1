//! Declared types as JSON Schema 2020-12.
//!
//! An input is closed, so that a misspelled argument is an error, and an output is open, so that a
//! later version can add a property. Named types come along under `$defs`, in the order of their
//! declaration, and only those that are reached.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::api::Type;

/// Which side of a call a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What a caller sends.
    Input,
    /// What a caller gets.
    Output,
}

/// A property of an object, as its schema needs it.
#[derive(Debug, Clone)]
pub struct Property {
    /// On the wire.
    pub wire: String,
    /// The type of its values.
    pub of: Type,
    /// Whether it must be there.
    pub required: bool,
    /// The schema of its values; it is the same on either side.
    pub schema: Value,
}

/// A named type, as its schema needs it.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// What it stands for.
    pub description: Option<String>,
    /// What it is.
    pub shape: DefinitionShape,
}

/// What a named type is.
#[derive(Debug, Clone)]
pub enum DefinitionShape {
    /// One of several words, each with what it means.
    Enum(Vec<(String, Option<String>)>),
    /// An object.
    Object(Vec<Property>),
    /// One of several objects.
    Union {
        /// The property that tells them apart.
        tag: String,
        /// The value of the tag, what the object stands for, and its properties beside the tag.
        variants: Vec<(String, Option<String>, Vec<Property>)>,
    },
}

impl DefinitionShape {
    /// Every property, of every variant.
    pub fn properties(&self) -> impl Iterator<Item = &Property> {
        let (own, variants): (&[Property], &[_]) = match self {
            Self::Enum(_) => (&[], &[]),
            Self::Object(properties) => (properties, &[]),
            Self::Union { variants, .. } => (&[], variants),
        };
        own.iter().chain(variants.iter().flat_map(|(_, _, properties)| properties))
    }
}

/// The named types that a type is made of, without those that these are made of.
pub fn mentioned(of: &Type) -> Option<usize> {
    match of {
        Type::Array(inner) | Type::Map(inner) => mentioned(inner),
        Type::Named(at) => Some(*at),
        Type::Redacted | Type::String | Type::Integer | Type::Number | Type::Boolean | Type::Json => None,
    }
}

/// The schema of a reference to a named type.
pub fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// All named types of a server, by their place in [`crate::api::Api::types`].
#[derive(Debug, Default)]
pub struct Definitions(pub Vec<Definition>);

impl Definitions {
    /// The complete schema of an object with these properties.
    pub fn object(&self, properties: &[Property], side: Side) -> Value {
        self.complete(object(None, properties, side), properties, side)
    }

    /// The complete schema of a named type that is an object; `None` for another.
    pub fn named(&self, at: usize, side: Side) -> Option<Value> {
        let definition = self.0.get(at)?;
        let DefinitionShape::Object(properties) = &definition.shape else { return None };
        Some(self.complete(object(definition.description.as_deref(), properties, side), properties, side))
    }

    /// The complete schema of a value, for checking one.
    pub fn value(&self, schema: &Value, of: &Type) -> Value {
        let Value::Object(mut root) = schema.clone() else { return schema.clone() };
        self.define(&mut root, self.reached(mentioned(of)), Side::Input);
        Value::Object(root)
    }

    /// Every named type that is reached from some, themselves included.
    pub fn reached(&self, from: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let mut open: Vec<usize> = from.into_iter().collect();
        let mut reached = BTreeSet::new();
        while let Some(at) = open.pop() {
            let Some(definition) = self.0.get(at) else { continue };
            if reached.insert(at) {
                open.extend(definition.shape.properties().filter_map(|property| mentioned(&property.of)));
            }
        }
        reached
    }

    fn complete(&self, mut root: Map<String, Value>, properties: &[Property], side: Side) -> Value {
        let reached = self.reached(properties.iter().filter_map(|property| mentioned(&property.of)));
        self.define(&mut root, reached, side);
        Value::Object(root)
    }

    fn define(&self, root: &mut Map<String, Value>, reached: BTreeSet<usize>, side: Side) {
        if reached.is_empty() {
            return;
        }
        let definitions =
            reached.into_iter().map(|at| (self.0[at].name.clone(), definition(&self.0[at], side))).collect();
        root.insert("$defs".into(), Value::Object(definitions));
    }
}

fn definition(definition: &Definition, side: Side) -> Value {
    let description = definition.description.as_deref();
    match &definition.shape {
        DefinitionShape::Enum(words) => choice(description, words),
        DefinitionShape::Object(properties) => Value::Object(object(description, properties, side)),
        DefinitionShape::Union { tag, variants } => {
            let mut schema = described(description);
            let variants: Vec<Value> = variants
                .iter()
                .map(|(word, description, properties)| {
                    Value::Object(variant(tag, word, description.as_deref(), properties, side))
                })
                .collect();
            schema.insert("oneOf".into(), variants.into());
            Value::Object(schema)
        }
    }
}

/// A choice of words; what they mean stands in the description, where a model reads it.
fn choice(description: Option<&str>, words: &[(String, Option<String>)]) -> Value {
    let meanings = words.iter().filter_map(|(word, meaning)| Some(format!("- `{word}`: {}", meaning.as_ref()?)));
    let text: Vec<String> = description.map(str::to_owned).into_iter().chain(meanings).collect();
    let mut schema = described((!text.is_empty()).then(|| text.join("\n")).as_deref());
    schema.insert("type".into(), "string".into());
    schema.insert("enum".into(), words.iter().map(|(word, _)| word.as_str()).collect());
    Value::Object(schema)
}

fn variant(
    tag: &str,
    word: &str,
    description: Option<&str>,
    properties: &[Property],
    side: Side,
) -> Map<String, Value> {
    let tag = Property {
        wire: tag.to_owned(),
        of: Type::String,
        required: true,
        schema: json!({"type": "string", "const": word}),
    };
    let properties: Vec<Property> = std::iter::once(tag).chain(properties.iter().cloned()).collect();
    object(description, &properties, side)
}

fn object(description: Option<&str>, properties: &[Property], side: Side) -> Map<String, Value> {
    let mut schema = described(description);
    schema.insert("type".into(), "object".into());
    let members = properties.iter().map(|property| (property.wire.clone(), property.schema.clone())).collect();
    schema.insert("properties".into(), Value::Object(members));
    let required: Vec<&str> =
        properties.iter().filter(|property| property.required).map(|property| property.wire.as_str()).collect();
    if !required.is_empty() {
        schema.insert("required".into(), required.into());
    }
    if side == Side::Input {
        schema.insert("additionalProperties".into(), false.into());
    }
    schema
}

fn described(description: Option<&str>) -> Map<String, Value> {
    description.map(|text| ("description".to_owned(), text.into())).into_iter().collect()
}
