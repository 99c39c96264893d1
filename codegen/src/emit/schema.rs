//! The grammar of the manifest: as JSON Schema for editors, and as a page for people. Both come from
//! the shapes that the manifest is read into.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{COMMAND, File, markdown, template, wording};
use crate::{diagnostic::Code, manifest::schema, names};

/// A manifest that has every part that a server needs.
const EXAMPLE: &str = include_str!("../../templates/docs/manifest.example.yaml");

/// The schema and the page.
pub(super) fn files() -> Vec<File> {
    let mut schema = serde_json::to_string_pretty(&schema::for_editors()).unwrap_or_default();
    schema.push('\n');
    vec![
        File::new("manifest.schema.json", schema),
        File::new("manifest.md", template::render("docs/manifest.md", &page())),
    ]
}

#[derive(Serialize)]
struct Page {
    command: &'static str,
    example: String,
    sections: Vec<Section>,
    codes: Vec<[&'static str; 2]>,
}

/// One shape of the grammar.
#[derive(Serialize)]
struct Section {
    heading: String,
    about: String,
    keys: Vec<Key>,
    words: Vec<Word>,
}

/// A key of a mapping.
#[derive(Serialize)]
struct Key {
    name: String,
    needed: bool,
    /// The type of its value, as Markdown.
    of: String,
    about: String,
}

/// A word of a choice.
#[derive(Serialize)]
struct Word {
    name: String,
    about: String,
}

fn page() -> Page {
    let sections = schema::definitions().iter().map(|(name, schema)| section(name, schema)).collect();
    Page {
        command: COMMAND,
        example: markdown::block("yaml", &EXAMPLE.replace("\r\n", "\n")),
        sections,
        codes: Code::ALL.iter().map(|code| [code.as_str(), code.meaning().trim()]).collect(),
    }
}

fn section(name: &str, schema: &Value) -> Section {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let keys = schema["properties"].as_object().into_iter().flatten().map(|(key, schema)| Key {
        name: key.clone(),
        needed: required.contains(&key.as_str()),
        of: value_type(schema),
        about: about(schema),
    });
    let words = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|schema| Some(Word { name: schema["const"].as_str()?.to_owned(), about: about(schema) }));
    Section { heading: names::heading(name), about: about(schema), keys: keys.collect(), words: words.collect() }
}

fn about(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().to_owned()
}

/// The type of a value, as Markdown that links to what is described elsewhere.
fn value_type(schema: &Value) -> String {
    let Some(keywords) = schema.as_object() else { return "any value".into() };
    if let Some(reference) = keywords.get("$ref").and_then(Value::as_str) {
        let heading = names::heading(reference.rsplit('/').next().unwrap_or_default());
        return format!("[{}](#{})", heading.to_lowercase(), names::anchor(&heading));
    }
    if let Some(value) = keywords.get("const") {
        return markdown::code(&value.to_string());
    }
    if let Some(alternatives) = keywords.get("anyOf").and_then(Value::as_array) {
        let alternatives: Vec<String> = alternatives.iter().map(value_type).collect();
        return wording::list(&alternatives, "or");
    }
    match keywords.get("type").and_then(Value::as_str) {
        Some("string") => "text".into(),
        Some("boolean") => "`true` or `false`".into(),
        Some("integer") => format!("integer{}", bounds(keywords)),
        Some("number") => "number".into(),
        Some("array") if keywords["items"].get("anyOf").is_some() => {
            format!("list of ({})", value_type(&keywords["items"]))
        }
        Some("array") => format!("list of {}", value_type(&keywords["items"])),
        Some("object") => match keywords.get("additionalProperties") {
            Some(values @ Value::Object(_)) => format!("mapping from names to {}", value_type(values)),
            _ => "mapping".into(),
        },
        _ => "any value".into(),
    }
}

fn bounds(keywords: &Map<String, Value>) -> String {
    match (keywords.get("minimum").filter(|least| **least != 0), keywords.get("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use super::*;

    fn content(path: &str) -> String {
        files().into_iter().find(|file| file.path == path).expect("a file").content
    }

    #[test]
    fn the_example_has_no_fault() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("tools.yaml"), EXAMPLE).expect("a manifest");
        let loaded = crate::load::load(folder.path(), "tools.yaml".as_ref());
        loaded.unwrap_or_else(|report| panic!("{report}"));
    }

    #[test]
    fn every_link_of_the_page_leads_to_one_heading() {
        let page = content("manifest.md");
        let headings: Vec<String> =
            page.lines().filter_map(|line| line.strip_prefix("## ")).map(names::anchor).collect();
        let unique: BTreeSet<&String> = headings.iter().collect();
        assert_eq!(unique.len(), headings.len(), "two headings have one anchor: {headings:?}");
        let links: Vec<&str> = page.split("](#").skip(1).filter_map(|rest| rest.split(')').next()).collect();
        assert!(links.len() > 20, "{links:?}");
        for link in links {
            assert!(headings.iter().any(|heading| heading == link), "{link}");
        }
    }

    #[test]
    fn every_shape_and_key_says_what_it_is() {
        for section in page().sections {
            assert!(!section.about.is_empty(), "{}", section.heading);
            assert_ne!(section.keys.is_empty(), section.words.is_empty(), "{}", section.heading);
            let keys = section.keys.iter().map(|key| (&key.name, &key.about));
            for (name, about) in keys.chain(section.words.iter().map(|word| (&word.name, &word.about))) {
                assert!(!about.is_empty(), "{}: {name}", section.heading);
            }
        }
    }

    #[test]
    fn the_schema_is_a_schema() {
        let schema: Value = serde_json::from_str(&content("manifest.schema.json")).expect("JSON");
        jsonschema::draft202012::meta::validate(&schema).expect("a schema");
    }
}
