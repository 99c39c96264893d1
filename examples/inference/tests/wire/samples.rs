//! What the manifest declares as examples is answered on the project that a first start makes.

use std::{collections::BTreeSet, path::Path};

use serde_json::json;
use toolwright_tests::examples;

use crate::{place::Place, reading::tools};

/// What has nothing in it by nature: a span in which nothing happened, and the agents that no name means.
const EMPTY: [(&str, &str); 2] = [("get_span", "events"), ("list_halo_conversations", "agents")];

#[tokio::test(flavor = "multi_thread")]
async fn every_example_that_reads_finds_something() {
    let place = Place::start();
    let mut caller = place.caller(&place.key(&["--read", "demo"])).await;
    let examples = examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"), &["read"]);
    assert_eq!(examples.keys().map(String::as_str).collect::<BTreeSet<_>>(), tools(&["read"]));
    let mut empty = Vec::new();
    for (tool, declared) in examples {
        for arguments in declared {
            let answer = caller.call(&tool, arguments.clone()).await;
            for (field, value) in answer.as_object().expect("an object") {
                if value == &json!([]) && !EMPTY.contains(&(&tool, field)) {
                    empty.push(format!("{tool} {arguments}: no {field}"));
                }
            }
        }
    }
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}
