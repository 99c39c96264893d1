//! The samples: what an account has after the first start, and what the command gives to another.

use std::fs;

use serde_json::{Value, json};
use toolwright_tests::{Ran, Server, run, workspace};

use crate::{
    account::{Account, each, server, start},
    connections::BINARY,
};

fn samples(server: &Server, account: &str) -> Ran {
    run(BINARY, server.folder(), &["samples", account])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_s_calls_answer_after_a_first_start() {
    let server = start();
    let mut first = Account::first(&server);
    let packages = first.call("list_packages", json!({"status": "active", "limit": 10})).await;
    assert_eq!(packages["total"], 4);
    let arguments = json!({"run_id": 123_456, "log_tail_lines": 100});
    let explained = first.call("explain_job_failure", arguments).await;
    assert_eq!((&explained["run"]["status"], &explained["log_lines"]), (&json!("failed"), &json!(5)));
    let step = explained["next_steps"][0].as_str().unwrap_or_default();
    assert!(step.contains("`returns`"), "{explained}");
    let log = explained["log_tail"].to_string();
    assert!(log.contains("[redacted]") && !log.contains("Wm7"), "{log}");
    let arguments = json!({"connection_id": 42, "table": "orders", "row_count": 20, "where_clause": "amount > 1000"});
    let preview = first.call("preview_data", arguments).await;
    let rows = preview["rows"].as_array().expect("rows");
    assert!(rows.len() == 20 && rows.iter().all(|row| row["amount"].as_f64() > Some(1000.0)), "{rows:?}");
}

/// The examples that the documentation gives, each with its tool.
fn examples() -> Vec<(String, Value)> {
    let folder = workspace().join("generated/integrate-io/docs/tools");
    let pages = fs::read_dir(folder).expect("pages").map(|page| page.expect("a page").path());
    let pages: Vec<String> = pages.map(|page| fs::read_to_string(page).expect("a page")).collect();
    let tools = pages.iter().flat_map(|page| page.split("\n## `").skip(1));
    let blocks = tools.flat_map(|tool| {
        let (name, text) = tool.split_once('`').expect("a name");
        let (_, examples) = text.split_once("**Examples**").unwrap_or_else(|| panic!("{name} has no example"));
        examples.split("```json\n").skip(1).map(move |block| (name, block.split("```").next().unwrap_or_default()))
    });
    blocks.map(|(name, block)| (name.to_owned(), serde_json::from_str(block).expect("JSON"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_example_of_the_documentation_answers_after_a_first_start() {
    let server = start();
    let mut first = Account::first(&server);
    let examples = examples();
    assert!(examples.len() >= 22, "{} examples", examples.len());
    for (tool, arguments) in examples {
        let reply = first.ask(&tool, arguments.clone()).await;
        assert!(!reply.is_tool_error(), "{tool} {arguments}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_account_has_something_of_everything() {
    let server = start();
    let mut first = Account::first(&server);
    let workspaces = first.call("list_workspaces", json!({})).await;
    assert_eq!(each(&workspaces["workspaces"], "name"), ["Experiments", "Finance", "Sales"]);
    assert_eq!(each(&workspaces["workspaces"], "package_count"), [&json!(0), &json!(2), &json!(2)]);
    assert_eq!(each(&workspaces["workspaces"], "last_failed_jobs_count"), [&json!(0), &json!(2), &json!(0)]);
    assert_eq!(each(&workspaces["workspaces"], "last_completed_jobs_count"), [&json!(0), &json!(0), &json!(2)]);
    assert_eq!(first.call("list_clusters", json!({})).await["total"], 3);
    let connections = first.call("list_connections", json!({})).await;
    assert_eq!(each(&connections["connections"], "id"), [&json!(42), &json!(42), &json!(43)]);
    let runs = first.call("list_runs", json!({})).await;
    assert_eq!(each(&runs["runs"], "id"), [&json!(123_458), &json!(123_456), &json!(123_455), &json!(123_454)]);
    assert_eq!(first.call("get_run", json!({"run_id": 123_456})).await["retried_by"], json!([123_457]));
    let schedules = first.call("list_schedules", json!({})).await;
    assert_eq!(each(&schedules["schedules"], "id"), [&json!(301), &json!(302)]);
    assert!(schedules["schedules"][0]["next_run_at"].is_string() && schedules["schedules"][1]["next_run_at"].is_null());
    let tables = first.call("discover_schema", json!({"connection_id": 42})).await;
    assert_eq!(each(&tables["tables"], "name"), ["customers", "large_orders", "orders", "paid_orders"]);
    let leads_nowhere = first.call("test_connection", json!({"connection_id": 43})).await;
    assert_eq!(leads_nowhere["success"], false);
    let details = first.call("get_connection", json!({"connection_id": 42, "connection_type": "database"})).await;
    assert_eq!(details["database"], "integrate-io-demo.db");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_was_made_before() {
    let server = start();
    let mut first = Account::first(&server);
    let runs = first.call("list_runs", json!({"include_retries": true})).await;
    for run in runs["runs"].as_array().expect("runs") {
        let package = first.call("get_package", json!({"package_id": run["package_id"]})).await;
        let clusters = first.call("list_clusters", json!({})).await;
        let mut clusters = clusters["clusters"].as_array().expect("clusters").iter();
        let cluster = clusters.find(|cluster| cluster["id"] == run["cluster_id"]).expect("a cluster");
        for made in [&package["package"]["created_at"], &cluster["available_since"]] {
            assert!(made.is_string() && made.as_str() < run["started_at"].as_str(), "{run} ran before {made}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_start_changes_nothing() {
    let mut server = start();
    let listed = Account::first(&server).call("list_runs", json!({})).await;
    server.kill();
    let again = crate::account::server().folder(server.folder()).start();
    assert_eq!(Account::first(&again).call("list_runs", json!({})).await, listed);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_account_gets_samples_of_its_own_once() {
    let server = server().start();
    let mut other = Account::named(&server, "other");
    let ran = samples(&server, &other.id);
    assert!(ran.status.success(), "{}", ran.stderr);
    let refused = samples(&server, &other.id);
    let expected = "has something already: samples are for one that has nothing\n";
    assert!(refused.status.code() == Some(1) && refused.stderr.ends_with(expected), "{}", refused.stderr);

    let packages = other.call("list_packages", json!({"status": "active"})).await;
    let ids: Vec<i64> = each(&packages["packages"], "id").into_iter().filter_map(Value::as_i64).collect();
    assert_eq!(ids, [109, 108, 107, 106]);
    // What they name is the account's own.
    let databases = other.call("list_connections", json!({"connection_type_filter": "sqlite"})).await;
    let demo = &databases["connections"][0]["id"];
    assert_eq!(demo, 44);
    for package in &ids {
        let arguments = json!({"package_id": package, "include_full_graph": true});
        let package = other.call("get_package", arguments).await;
        for component in package["data_flow_json"]["components"].as_array().expect("components") {
            assert!(component["connection_id"].is_null() || component["connection_id"] == *demo, "{component}");
            assert!(component["package_id"].as_i64().is_none_or(|id| ids.contains(&id)), "{component}");
        }
    }
    let runs = other.call("list_runs", json!({})).await;
    assert_eq!(runs["total"], 4);
    assert!(each(&runs["runs"], "id").into_iter().all(|id| id.as_i64() > Some(123_458)), "{runs}");
    let details = other.call("get_connection", json!({"connection_id": demo, "connection_type": "database"})).await;
    assert_eq!(details["database"], format!("integrate-io-demo-{}.db", other.id));
    assert_eq!(
        other.call("test_connection", json!({"connection_id": demo, "connection_type": "database"})).await["success"],
        true
    );
    assert_eq!(Account::first(&server).call("list_packages", json!({})).await["total"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_packages_of_the_samples_run_and_one_fails_as_its_log_says() {
    let server = start();
    let mut first = Account::first(&server);
    for (package, status) in [(101, "completed"), (103, "completed"), (104, "completed"), (102, "failed")] {
        let run = first.run(json!({"package_id": package})).await;
        first.when(run, status).await;
    }
    for (table, rows) in [("large_orders", 4), ("paid_orders", 200)] {
        let preview = first.call("preview_data", json!({"connection_id": 42, "table": table, "row_count": 200})).await;
        assert_eq!(preview["rows"].as_array().map(Vec::len), Some(rows), "{table}");
    }
}
