//! Clients of other people, as they are shipped, told about the server by what it prints for them.

use std::path::Path;

use serde_json::json;
use toolwright_clients::{Call, Job, Kind, Table, Trial, connect, drive};
use toolwright_tests::{examples, report, rows};

use crate::place::Place;

/// What clients are tried with on the samples of a first start.
fn trial<'a>(place: &'a Place, writer: &'a str, reader: &'a str) -> Trial<'a> {
    let arguments = json!({"dataset_id": "ds_support00001"});
    Trial {
        server: &place.server,
        path: "/mcp",
        key: "inference",
        variable: "INFERENCE_API_KEY",
        credential: writer,
        lesser: reader,
        tools: rows("inference.tsv").len(),
        call: Call { tool: "get_dataset", arguments, says: "ds_support00001" },
        denied: Call { tool: "create_dataset", arguments: json!({"name": "Refused"}), says: "write" },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_the_documentation_connect_and_call() {
    let place = Place::start();
    let [writer, reader] = ["--write", "--read"].map(|grant| place.key(&[grant, "demo"]));
    let kinds = [Kind::Codex, Kind::Opencode, Kind::GeminiCli, Kind::ClaudeCode, Kind::Other];
    report(&Table(connect(&trial(&place, &writer, &reader), &kinds).await).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_packages_read_everything() {
    let place = Place::start();
    let [writer, reader] = ["--write", "--read"].map(|grant| place.key(&[grant, "demo"]));
    let declared = examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"), &["read"]);
    let calls =
        declared.into_iter().flat_map(|(tool, examples)| examples.into_iter().map(move |one| (tool.clone(), one)));
    let job = Job {
        trial: trial(&place, &writer, &reader),
        arguments: &["stdio"],
        environment: &[("CATALYST_BASE_URL", &place.api)],
        calls: calls.collect(),
        prompt: None,
    };
    report(&Table(drive(&job).await).to_string());
}
