//! Forms that are declared as a JSON Schema: whether the protocol has one like it, and whether it can be filled in.

use serde_json::{Value, json};

use super::{Faults, bounds, constants, forms::check_secret};
use crate::{
    api::Type,
    diagnostic::{Code, Diagnostic, quoted},
    names,
    source::Place,
    tree::{Node, Tree},
};

/// Checks a form that is declared as a schema.
pub(super) fn check(schema: &Tree, faults: &mut Faults) {
    let json = schema.to_json();
    if json["type"] != "object" {
        faults.push(invalid(schema.at, "the schema of a form is of an object".into()).help("add `type: object`"));
    }
    let Some((_, Tree { value: Node::Map(properties), .. })) = schema.entry("properties") else {
        faults.push(
            invalid(schema.at, "the schema of a form says which properties there are".into()).help("add `properties`"),
        );
        return;
    };
    let primitive = jsonschema::draft202012::new(&primitive()).ok();
    for (name, property) in properties {
        if let Err(refusal) = names::field(name) {
            faults.refuse(name, refusal);
        }
        if primitive.as_ref().is_some_and(|primitive| !primitive.is_valid(&property.to_json())) {
            let title = format!("the protocol has no form for the property {}", quoted(name));
            faults.push(invalid(name.at, title).help(
                "it is a `string`, an `integer`, a `number`, a `boolean`, or an `array` of words, with the keywords that the protocol has for it",
            ));
        } else {
            check_values(property, faults);
        }
        if json["properties"][&name.value]["type"] == "string" {
            check_secret(name, &Type::String, faults);
        }
    }
    if let Some((_, required)) = schema.entry("required") {
        let Node::List(names) = &required.value else {
            faults.push(invalid(required.at, "`required` lists the properties that must be there".into()));
            return;
        };
        for name in names {
            let is_property = |text: &str| properties.iter().any(|(property, _)| property.value == text);
            if !matches!(&name.value, Node::Text(text) if is_property(text)) {
                let title = format!("there is no property {}", quoted(&name.to_json().to_string()));
                faults.push(invalid(name.at, title).help("name one of `properties`"));
            }
        }
        faults.check_once(texts(names));
    }
    if let Some((_, dialect)) = schema.entry("$schema").filter(|(_, dialect)| dialect.to_json() != DIALECT) {
        let help = format!("write `{DIALECT}`, or leave it out");
        faults.push(invalid(dialect.at, "the schema of a form is one of another dialect".into()).help(help));
    }
    if let Node::Map(entries) = &schema.value {
        for (key, _) in entries.iter().filter(|(key, _)| !KEYWORDS.contains(&key.value.as_str())) {
            let title = format!("the schema of a form has no keyword {}", quoted(key));
            faults.push(invalid(key.at, title).help("remove it"));
        }
    }
}

fn invalid(at: Place, title: String) -> Diagnostic {
    Diagnostic::new(Code::InvalidForm, at, title)
}

/// The texts of a list, with their places.
fn texts(list: &[Tree]) -> impl Iterator<Item = (&str, Place)> {
    list.iter().filter_map(|item| match &item.value {
        Node::Text(text) => Some((text.as_str(), item.at)),
        _ => None,
    })
}

/// Whether a property has values, each of them once, and whether its default is one.
fn check_values(property: &Tree, faults: &mut Faults) {
    let json = property.to_json();
    let number = |key: &str| {
        let (_, bound) = property.entry(key)?;
        let Node::Number(number) = &bound.value else { return None };
        Some((number, bound.at))
    };
    let is_integer = json["type"] == "integer";
    let of_integers = ["minimum", "maximum"].into_iter().filter(|_| is_integer);
    for key in of_integers.chain(["minLength", "maxLength", "minItems", "maxItems"]) {
        if let Some((number, at)) = number(key).filter(|(number, _)| !number.is_i64()) {
            let title = format!("`{key}` is {number}, which is not written as an integer");
            faults.push(invalid(at, title).help("leave out the fraction"));
        }
    }
    for keys in [["minimum", "maximum"], ["minLength", "maxLength"], ["minItems", "maxItems"]] {
        if let [Some((least, least_at)), Some((most, most_at))] = keys.map(number)
            && least.as_f64() > most.as_f64()
        {
            faults.push(bounds::crossed(keys, least_at, most_at));
        }
    }
    let lists = |of: &'static str| {
        let items = property.entry("items").and_then(|(_, items)| items.entry(of));
        property.entry(of).into_iter().chain(items).filter_map(|(_, words)| match &words.value {
            Node::List(words) => Some(words),
            _ => None,
        })
    };
    for words in lists("enum") {
        faults.check_once(texts(words));
    }
    for words in lists("oneOf").chain(lists("anyOf")) {
        let words = words.iter().filter_map(|word| word.entry("const")).map(|(_, word)| word);
        faults.check_once(words.flat_map(|word| texts(std::slice::from_ref(word))));
    }
    if let (Some(words), Some((key, names))) = (json["enum"].as_array(), property.entry("enumNames"))
        && json["enumNames"].as_array().is_some_and(|names| names.len() != words.len())
    {
        let title = format!("there are {} words, and another number of names for them", words.len());
        faults.push(invalid(names.at, title).label(key.value.clone()).help("name each word, in the same order"));
    }
    if let Some((_, default)) = property.entry("default") {
        let of = if is_integer { Type::Integer } else { Type::Json };
        constants::check_value(default, &json, &of, faults);
    }
}

/// The one dialect that forms are read in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// What the schema of a form can have beside what its properties have.
const KEYWORDS: &[&str] = &["$schema", "type", "properties", "required"];

/// What a property of a form can be: `PrimitiveSchemaDefinition` of the protocol, revision 2026-07-28.
fn primitive() -> Value {
    let text = || json!({"type": "string"});
    let count = || json!({"type": "integer", "minimum": 0, "maximum": u32::MAX});
    let texts = || json!({"type": "array", "items": {"type": "string"}, "minItems": 1});
    let titled = || {
        let word = json!({"type": "object", "properties": {"const": text(), "title": text()}, "required": ["const", "title"], "additionalProperties": false});
        json!({"type": "array", "items": word, "minItems": 1})
    };
    let shape = |of: Value, own: Value| {
        let mut properties = json!({"type": of, "title": text(), "description": text()});
        if let (Some(properties), Value::Object(own)) = (properties.as_object_mut(), own) {
            properties.extend(own);
        }
        json!({"type": "object", "properties": properties, "required": ["type"], "additionalProperties": false})
    };
    let formats = json!({"enum": ["email", "uri", "date", "date-time"]});
    let number = || json!({"type": "number"});
    let words = json!({"anyOf": [
        {"type": "object", "properties": {"type": {"const": "string"}, "enum": texts()}, "required": ["type", "enum"], "additionalProperties": false},
        {"type": "object", "properties": {"anyOf": titled()}, "required": ["anyOf"], "additionalProperties": false},
    ]});
    let mut array = shape(
        json!({"const": "array"}),
        json!({"items": words, "minItems": count(), "maxItems": count(), "default": {"type": "array", "items": text()}}),
    );
    array["required"] = json!(["type", "items"]);
    json!({"anyOf": [
        shape(json!({"const": "string"}), json!({"minLength": count(), "maxLength": count(), "format": formats, "default": text()})),
        shape(json!({"const": "string"}), json!({"enum": texts(), "enumNames": texts(), "default": text()})),
        shape(json!({"const": "string"}), json!({"oneOf": titled(), "default": text()})),
        shape(json!({"enum": ["integer", "number"]}), json!({"minimum": number(), "maximum": number(), "default": number()})),
        shape(json!({"const": "boolean"}), json!({"default": {"type": "boolean"}})),
        array,
    ]})
}
