//! Clients of other people, as they are shipped, told about the server by what it prints for them.

use serde_json::json;
use toolwright_clients::{Call, Job, Kind, Table, Trial, connect, drive};
use toolwright_tests::{Server, report, rows};

use crate::{account::start, reading::declared_readers, transports::token};

/// What clients are tried with on the account that a first start fills with samples.
fn trial<'a>(server: &'a Server, writer: &'a str, reader: &'a str) -> Trial<'a> {
    Trial {
        server,
        path: "/demo/api/mcp",
        key: "integrateio",
        variable: "INTEGRATE_IO_TOKEN",
        credential: writer,
        lesser: reader,
        tools: rows("integrate-io.tsv").len(),
        call: Call { tool: "get_run", arguments: json!({"run_id": 123_456}), says: "123456" },
        denied: Call { tool: "clone_package", arguments: json!({"package_id": 101}), says: "write" },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_the_documentation_connect_and_call() {
    let server = start();
    let [writer, reader] = ["write", "read"].map(|scope| token(&server, scope, &[scope]));
    let kinds = [Kind::ClaudeDesktop, Kind::ClaudeCode, Kind::Inspector, Kind::Other];
    report(&Table(connect(&trial(&server, &writer, &reader), &kinds).await).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_packages_read_everything() {
    let server = start();
    let [writer, reader] = ["write", "read"].map(|scope| token(&server, scope, &[scope]));
    let readers = declared_readers();
    let calls =
        readers.into_iter().flat_map(|(tool, examples)| examples.into_iter().map(move |one| (tool.clone(), one)));
    let job = Job {
        trial: trial(&server, &writer, &reader),
        arguments: &["stdio", "--account", "demo"],
        environment: &[],
        calls: calls.collect(),
        prompt: None,
    };
    report(&Table(drive(&job).await).to_string());
}
