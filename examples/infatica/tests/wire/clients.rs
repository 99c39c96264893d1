//! Clients of other people, as they are shipped, told about the server by what it prints for them.

use serde_json::json;
use toolwright_clients::{Call, Job, Kind, Table, Trial, connect, drive};
use toolwright_tests::{Server, report, rows};

use crate::{
    account::{Account, start, token},
    everything,
    reading::declared_readers,
    site::Site,
};

/// What clients of a server are tried with that has something of everything.
fn trial<'a>(server: &'a Server, everything: &'a str, reader: &'a str) -> Trial<'a> {
    Trial {
        server,
        path: "/mcp",
        key: "infatica",
        variable: "INFATICA_PAT",
        credential: everything,
        lesser: reader,
        tools: rows("infatica.tsv").len(),
        call: Call { tool: "get_run", arguments: json!({"run_id": "run_example"}), says: "run_example" },
        denied: Call { tool: "cancel_run", arguments: json!({"run_id": "run_example"}), says: "runs:write" },
    }
}

async fn furnished() -> (Server, [String; 2]) {
    let site = Site::start().await;
    let server = start(&[]);
    everything::make(&mut Account::of(&server), &site).await;
    everything::rename_as_in_the_manifest(&server).await;
    let credentials = [token(&server, "local", "everything"), server.token("reader", &["runs:read"])];
    (server, credentials)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_of_the_documentation_connect_and_call() {
    let (server, [everything, reader]) = furnished().await;
    let kinds = [Kind::Inspector, Kind::Other, Kind::ClaudeDesktop, Kind::ClaudeCode];
    report(&Table(connect(&trial(&server, &everything, &reader), &kinds).await).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_official_packages_read_everything() {
    let (server, [everything, reader]) = furnished().await;
    let readers = declared_readers();
    let calls =
        readers.into_iter().flat_map(|(tool, examples)| examples.into_iter().map(move |one| (tool.clone(), one)));
    let job = Job {
        trial: trial(&server, &everything, &reader),
        arguments: &["stdio", "--allow-private-targets=127.0.0.1"],
        calls: calls.collect(),
        prompt: Some(("run_status", json!({"run_id": "run_example"}), "run_example")),
        environment: &[],
    };
    report(&Table(drive(&job).await).to_string());
}
