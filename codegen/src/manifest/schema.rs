//! The JSON Schema of the manifest, from its shapes.

use schemars::{
    Schema, SchemaGenerator,
    generate::SchemaSettings,
    json_schema,
    transform::{Transform, transform_subschemas},
};
use serde_json::{Map, Value, json};

use super::{IncludedFile, ServerManifest, WorkspaceManifest};

/// Pattern of a text with something in it.
pub const NOT_BLANK: &str = "\\S";

/// The kinds of files, by what they hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Lists servers.
    Workspace,
    /// Declares a server.
    Server,
    /// Holds declarations of a server that includes it.
    Included,
}

impl Kind {
    /// The name of its schema.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Workspace => "WorkspaceManifest",
            Self::Server => "ServerManifest",
            Self::Included => "IncludedFile",
        }
    }
}

/// The schema of every kind of file, and of what they are made of, by name.
pub fn definitions() -> Map<String, Value> {
    let mut generator = SchemaSettings::draft2020_12().with_transform(AsWritten).into_generator();
    generator.subschema_for::<WorkspaceManifest>();
    generator.subschema_for::<ServerManifest>();
    generator.subschema_for::<IncludedFile>();
    generator.take_definitions(true)
}

/// The schema of one kind of file.
pub fn of(kind: Kind) -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": format!("#/$defs/{}", kind.definition()),
        "$defs": definitions(),
    })
}

/// One schema for all kinds, which an editor can use without knowing the kind: the key that is
/// there decides, so that each fault is reported against one kind only.
pub fn for_editors() -> Value {
    let reference = |kind: Kind| json!({"$ref": format!("#/$defs/{}", kind.definition())});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of toolwright",
        "if": {"required": ["servers"]},
        "then": reference(Kind::Workspace),
        "else": {
            "if": {"required": ["server"]},
            "then": reference(Kind::Server),
            "else": reference(Kind::Included),
        },
        "$defs": definitions(),
    })
}

pub(super) fn grammar_version(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"const": 1})
}

pub(super) fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object"})
}

/// What the derived schema says otherwise than the manifest means it: an optional key is left out and
/// never null, so that a key whose value was forgotten is a fault; a size of Rust's integers says
/// nothing to an editor, and the line breaks of a doc comment neither.
#[derive(Debug, Clone)]
struct AsWritten;

impl Transform for AsWritten {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else { return };
        object.remove("format");
        if let Some(Value::String(description)) = object.get_mut("description") {
            *description = description.replace('\n', " ");
        }
        if object.get("default").is_some_and(|value| value.is_null() || value == &json!([]) || value == &json!({})) {
            object.remove("default");
        }
        drop_null_type(object);
        drop_null_alternative(object);
    }
}

/// `{type: [T, null]}` becomes `{type: T}`.
fn drop_null_type(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get_mut("type") else { return };
    types.retain(|name| name != "null");
    if let [one] = types.as_slice() {
        let one = one.clone();
        object.insert("type".into(), one);
    }
}

/// `{anyOf: [S, null]}` becomes `S`.
fn drop_null_alternative(object: &mut Map<String, Value>) {
    let Some(Value::Array(alternatives)) = object.get_mut("anyOf") else { return };
    let before = alternatives.len();
    alternatives.retain(|schema| schema != &json!({"type": "null"}));
    if alternatives.len() == before {
        return;
    }
    if let [Value::Object(one)] = alternatives.as_mut_slice() {
        let one = std::mem::take(one);
        object.remove("anyOf");
        // What the key means comes before what its type is.
        for (keyword, value) in one {
            object.entry(keyword).or_insert(value);
        }
    }
}
