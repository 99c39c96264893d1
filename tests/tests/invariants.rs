//! What ARCHITECTURE.md says of where things may be named.

use std::{fs, path::Path};

use toolwright_tests::workspace;

/// A word, the folders that are searched for it, and the places that may have it.
const RULES: &[(&str, &[&str], &[&str])] = &[
    ("rmcp::", &["core", "freshness", "codegen", "macros", "support", "generated", "examples", "tests/acme"], &[]),
    ("saphyr_parser", &["codegen", "src", "core", "examples"], &["codegen/src/tree.rs", "codegen/src/tree/"]),
    ("annotate_snippets", &["codegen", "src", "core", "examples"], &["codegen/src/diagnostic.rs"]),
    ("machinery::", &["codegen", "src", "core", "examples"], &["codegen/src/resolve/templates.rs"]),
    (
        "authorize(",
        &["src", "codegen/src", "macros", "examples", "generated"],
        &["src/gate.rs", "codegen/src/emit/docs/"],
    ),
    ("to_uppercase", &["codegen/src"], &["codegen/src/names.rs"]),
    ("to_ascii_uppercase", &["codegen/src"], &["codegen/src/names.rs"]),
];

fn rust_files(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            rust_files(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let relative = entry.strip_prefix(workspace()).expect("a file of the workspace");
            found.push(relative.to_string_lossy().replace('\\', "/"));
        }
    }
}

#[test]
fn words_stand_only_where_they_may() {
    for (word, folders, allowed) in RULES {
        let mut files = Vec::new();
        for folder in *folders {
            rust_files(&workspace().join(folder), &mut files);
        }
        assert!(!files.is_empty());
        for file in files.iter().filter(|file| !allowed.iter().any(|place| file.starts_with(place))) {
            let text = fs::read_to_string(workspace().join(file)).expect("a text");
            assert!(!text.contains(word), "{file} names `{word}`, which belongs to {allowed:?}");
        }
    }
}
