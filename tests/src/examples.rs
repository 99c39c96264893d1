//! The examples that a manifest declares, which clients are never shown.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// The arguments of each example, by tool, of the tools with one of these words as `access`.
///
/// # Panics
/// When a part of the manifest cannot be read, or such a tool has no example.
pub fn examples(tools: &Path, access: &[&str]) -> BTreeMap<String, Vec<Value>> {
    let mut examples = BTreeMap::new();
    for file in fs::read_dir(tools).expect("the manifest") {
        let part = fs::read_to_string(file.expect("a file").path()).expect("a part of the manifest");
        let part: Value = serde_saphyr::from_str(&part).expect("YAML");
        for (name, tool) in part["tools"].as_object().into_iter().flatten() {
            if tool["access"].as_str().is_some_and(|of_tool| access.contains(&of_tool)) {
                let declared = tool["examples"].as_array().unwrap_or_else(|| panic!("{name} has no examples"));
                examples.insert(name.clone(), declared.iter().map(|example| example["input"].clone()).collect());
            }
        }
    }
    examples
}
