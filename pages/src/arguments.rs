//! What a tool takes, in words: read from its input schema, which generator and runtime both have.

use serde::Serialize;
use serde_json::Value;

/// An argument of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Argument {
    /// Name on the wire.
    pub name: String,
    /// Its type in words (`array of strings`).
    pub of: String,
    /// The words that it can be, where it is a choice.
    pub words: Vec<String>,
    /// Whether it must be there.
    pub required: bool,
    /// Its value when it is left out, as JSON.
    pub default: Option<String>,
    /// What it is.
    pub description: String,
}

/// The arguments that a tool's input schema declares, in its order.
pub fn arguments(schema: &Value) -> Vec<Argument> {
    let required = schema["required"].as_array();
    let argument = |(name, property): (&String, &Value)| Argument {
        name: name.clone(),
        of: in_words(schema, property),
        words: words(schema, property),
        required: required.is_some_and(|required| required.iter().any(|required| required == name)),
        default: property.get("default").map(Value::to_string),
        description: property["description"].as_str().unwrap_or_default().to_owned(),
    };
    schema["properties"].as_object().into_iter().flatten().map(argument).collect()
}

/// What a reference leads to, and its name.
fn followed<'a>(root: &'a Value, schema: &'a Value) -> Option<(&'a str, &'a Value)> {
    let name = schema["$ref"].as_str()?.strip_prefix("#/$defs/")?;
    Some((name, &root["$defs"][name]))
}

fn words(root: &Value, schema: &Value) -> Vec<String> {
    let schema = followed(root, schema).map_or(schema, |(_, schema)| schema);
    let alternatives = schema["anyOf"].as_array().into_iter().flatten().flat_map(|schema| words(root, schema));
    let own = schema["enum"].as_array().into_iter().flatten();
    own.map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).chain(alternatives).collect()
}

fn in_words(root: &Value, schema: &Value) -> String {
    if let Some((name, named)) = followed(root, schema) {
        return if named.get("enum").is_some() { in_words(root, named) } else { name.to_owned() };
    }
    if let Some(alternatives) = schema["anyOf"].as_array() {
        let words: Vec<_> = alternatives.iter().map(|schema| in_words(root, schema)).collect();
        return words.join(" or ");
    }
    match &schema["type"] {
        Value::String(word) => single(root, schema, word),
        Value::Array(types) => {
            let words = types.iter().filter_map(Value::as_str).map(|word| single(root, schema, word));
            words.collect::<Vec<_>>().join(" or ")
        }
        _ => "any JSON".to_owned(),
    }
}

fn single(root: &Value, schema: &Value, word: &str) -> String {
    match word {
        "array" if schema.get("items").is_some() => format!("array of {}", in_words(root, &schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("object with values of {}", in_words(root, &schema["additionalProperties"]))
        }
        "string" => schema["format"].as_str().map_or_else(|| word.to_owned(), |format| format!("{word} ({format})")),
        _ => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_told_in_words() {
        let defs = json!({"Kind": {"type": "string", "enum": ["a", "b"]}, "Row": {"type": "object"}});
        for (schema, of, words) in [
            (json!({"type": "string"}), "string", vec![]),
            (json!({"type": "string", "format": "date"}), "string (date)", vec![]),
            (json!({"type": "integer", "format": "int64"}), "integer", vec![]),
            (json!({"type": "array", "items": {"$ref": "#/$defs/Row"}}), "array of Row", vec![]),
            (
                json!({"type": "object", "additionalProperties": {"type": "number"}}),
                "object with values of number",
                vec![],
            ),
            (json!({"type": ["string", "null"]}), "string or null", vec![]),
            (json!({"$ref": "#/$defs/Kind"}), "string", vec!["a", "b"]),
            (json!({"anyOf": [{"$ref": "#/$defs/Kind"}, {"type": "null"}]}), "string or null", vec!["a", "b"]),
            (json!({"$ref": "#/$defs/Absent"}), "Absent", vec![]),
            (json!({}), "any JSON", vec![]),
        ] {
            let root = json!({"properties": {"x": schema}, "$defs": defs});
            let [Argument { of: told, words: choice, .. }] = &arguments(&root)[..] else { panic!("one argument") };
            assert_eq!(told, of, "{root}");
            assert_eq!(choice, &words, "{root}");
        }
    }

    #[test]
    fn what_must_be_there_and_what_is_there_otherwise_is_told() {
        let schema = json!({
            "properties": {
                "id": {"type": "string", "description": "Which."},
                "limit": {"type": "integer", "default": 20, "description": "How many."},
            },
            "required": ["id"],
        });
        let told: Vec<_> = arguments(&schema).into_iter().map(|a| (a.name, a.required, a.default)).collect();
        assert_eq!(told, [("id".into(), true, None), ("limit".into(), false, Some("20".into()))]);
        assert_eq!(arguments(&json!({"type": "object"})), []);
    }
}
