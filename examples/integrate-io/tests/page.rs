//! The documentation and the clients' files have every fact of the vendor's page, and the tools the arguments that it names.

use std::collections::{BTreeMap, BTreeSet};

use integrate_io_tools::SERVER;
use serde_json::Value;
use toolwright_tests::{missing_facts, rows};

#[test]
fn every_fact_of_the_vendors_page_is_in_the_documentation() {
    let missing = missing_facts("integrate-io", "integrate-io-page.tsv");
    assert!(missing.is_empty(), "{} facts are missing:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_tool_has_its_fact() {
    let facts: BTreeSet<String> = rows("integrate-io-page.tsv").into_iter().map(|row| row[0].clone()).collect();
    for row in rows("integrate-io.tsv") {
        assert!(facts.contains(&row[0]), "integrate-io-page.tsv has no row for {}", row[0]);
    }
}

/// The schema that `$ref` leads to.
fn followed<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => root.pointer(reference.trim_start_matches('#')).expect("what a reference leads to"),
        None => schema,
    }
}

/// The property at a path such as `components.updates`; lists on the way are gone through.
fn property<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(root, |schema, name| {
        let schema = if schema["type"] == "array" { followed(root, &schema["items"]) } else { schema };
        schema["properties"].get(name).map(|property| followed(root, property))
    })
}

#[test]
fn the_tools_take_the_arguments_of_the_page_with_its_defaults_and_maxima() {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("the generated list");
    let tools: BTreeMap<&str, &Value> = list.iter().filter_map(|tool| Some((tool["name"].as_str()?, tool))).collect();
    for row in rows("integrate-io-arguments.tsv") {
        let [tool, argument, kind, default, maximum] = row.as_slice() else { panic!("five columns: {row:?}") };
        let root = &tools[tool.as_str()]["inputSchema"];
        let found = property(root, argument).unwrap_or_else(|| panic!("{tool} does not take {argument}"));
        if kind.contains('|') {
            let words: Vec<&str> = found["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(words.join("|"), *kind, "{tool}, {argument}");
        } else {
            assert_eq!(found["type"], **kind, "{tool}, {argument}");
        }
        let outer = argument.split('.').next().and_then(|name| root["properties"].get(name)).expect("the argument");
        for (key, said) in [("default", default), ("maximum", maximum)] {
            if said != "-" {
                assert_eq!(outer[key].to_string(), *said, "{tool}, {argument}: {key}");
            }
        }
    }
}
