//! The tools of the area Execution and recovery, on real rows.

use std::time::Duration;

use serde_json::{Value, json};
use toolwright_tests::Server;

use crate::{
    account::{Account, each, server},
    shop::{self, change, column, kept},
    store,
};

const LARGE: i64 = 7101;
const ENDLESS: i64 = 7102;
const NOWHERE: i64 = 7103;

#[tokio::test(flavor = "multi_thread")]
async fn a_package_runs_and_its_rows_are_there() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    let run = mine.run(json!({"package_id": LARGE})).await;
    let over = mine.when(run, "completed").await;
    assert_eq!(kept(&server).await, [2, 3, 5]);
    assert_eq!(over["variables"], json!({"threshold": "1000"}));
    let summary = &over["run"];
    assert_eq!(
        (&summary["package_id"], &summary["package_version"], &summary["cluster_id"]),
        (&json!(LARGE), &json!(1), &json!(7201))
    );
    assert!(summary["runtime_in_seconds"].as_f64().is_some_and(|seconds| seconds > 0.0), "{summary}");
    assert_eq!((summary.get("last_error"), summary.get("retry_of"), summary.get("schedule_id")), (None, None, None));
    let log = over["log_tail"].as_array().expect("lines");
    assert_eq!((&log[0], log.last()), (&json!("started"), Some(&json!("completed"))));
    assert!(log.contains(&json!("3 rows written")), "{log:?}");
    assert_eq!(over["log_lines"], json!(log.len()));
    assert!(theirs.refusal("get_run", json!({"run_id": run})).await.contains("there is no run"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_and_its_validation_say_the_same_of_a_connection_that_is_gone() {
    let (_server, mut mine, _theirs) = shop::open(&[]).await;
    let gone = |name| json!({"component_name": name, "updates": {"connection_id": 999}});
    let edits = json!({"package_id": LARGE, "components": [gone("orders"), gone("kept")]});
    mine.call("update_package_components", edits).await;
    let run = mine.run(json!({"package_id": LARGE})).await;
    let failed = mine.when(run, "failed").await;
    let validation = mine.call("validate_package", json!({"package_id": LARGE})).await;
    let fault = validation["errors"][0]["message"].as_str().expect("a fault");
    assert_eq!(fault, "connection not found, or not a database connection");
    assert_eq!(failed["run"]["last_error"], format!("component `orders`, `connection_id`: {fault}"));
}

/// Arguments of a run, the orders that it keeps, and the threshold as it was used.
const THRESHOLDS: &[(&str, &[i64], &str)] = &[
    (r#"{"variables": {"threshold": "2000"}}"#, &[3, 5], "2000"),
    (r#"{"variables": {"threshold": "3000"}}"#, &[], "3000"),
    (r#"{"dynamic_variables": {"threshold": "1000 + 500"}}"#, &[3, 5], "1500"),
    (r#"{"dynamic_variables": {"threshold": "length('abc') * 30"}}"#, &[1, 2, 3, 4, 5], "90"),
    (r#"{"cluster_id": 7202}"#, &[2, 3, 5], "1000"),
];

#[tokio::test(flavor = "multi_thread")]
async fn variables_replace_defaults_and_dynamic_ones_are_computed() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    for (arguments, expected, threshold) in THRESHOLDS {
        let mut arguments: Value = serde_json::from_str(arguments).expect("arguments");
        arguments["package_id"] = json!(LARGE);
        let run = mine.run(arguments.clone()).await;
        let over = mine.when(run, "completed").await;
        assert_eq!((kept(&server).await.as_slice(), &over["variables"]["threshold"]), (*expected, &json!(threshold)));
        assert_eq!(over["run"]["cluster_id"], arguments.get("cluster_id").cloned().unwrap_or(json!(7201)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_runs_its_packages_one_after_the_other() {
    let (server, mut mine, _theirs) = shop::open(&[]).await;
    let run = mine.run(json!({"package_id": 7106})).await;
    mine.when(run, "completed").await;
    assert_eq!(kept(&server).await, [3, 5]);
    assert_eq!(column(&server, "SELECT total FROM totals ORDER BY region").await, [3000, 2500]);
}

/// What run_package refuses, and with which words.
const REFUSALS: &[(&str, &[&str])] = &[
    (r#"{"package_id": 777777}"#, &["there is no package `777777`"]),
    (r#"{"package_id": 7107}"#, &["there is no package `7107`"]),
    (r#"{"package_id": 7104}"#, &["package `7104` is archived", "clone_package"]),
    (
        r#"{"package_id": 7101, "variables": {"treshold": "1"}}"#,
        &["`variables`", "no variable `treshold`", "it has `threshold`"],
    ),
    (r#"{"package_id": 7103, "dynamic_variables": {"x": "1"}}"#, &["`dynamic_variables`", "it has `label`, `other`"]),
    (
        r#"{"package_id": 7101, "variables": {"threshold": "1"}, "dynamic_variables": {"threshold": "1"}}"#,
        &["`threshold` is given in `variables` too"],
    ),
    (
        r#"{"package_id": 7101, "dynamic_variables": {"threshold": "1 +"}}"#,
        &["`dynamic_variables.threshold`", "no expression"],
    ),
    (
        r#"{"package_id": 7101, "dynamic_variables": {"threshold": "(SELECT 1)"}}"#,
        &["`dynamic_variables.threshold`", "a subquery is not allowed"],
    ),
    (r#"{"package_id": 7101, "cluster_id": 777777}"#, &["there is no cluster `777777`"]),
    (r#"{"package_id": 7101, "cluster_id": 7204}"#, &["there is no cluster `7204`"]),
    (r#"{"package_id": 7101, "cluster_id": 7203}"#, &["cluster `7203` is terminated", "list_clusters"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_at_once() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    for (arguments, said) in REFUSALS {
        let refusal = mine.refusal("run_package", serde_json::from_str(arguments).expect("arguments")).await;
        for words in *said {
            assert!(refusal.contains(words), "{arguments}: {refusal}");
        }
    }
    let refusal = theirs.refusal("run_package", json!({"package_id": 7107})).await;
    assert!(refusal.contains("no cluster of your account is available"), "{refusal}");
    assert_eq!(mine.call("list_runs", json!({})).await["total"], 0);
    assert_eq!(kept(&server).await, [77]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_so_many_runs_at_a_time() {
    let (server, mut mine, theirs) = shop::open(&["--run-concurrency=1"]).await;
    let endless = mine.run(json!({"package_id": ENDLESS})).await;
    mine.when(endless, "running").await;
    let many =
        "INSERT INTO runs (account, package, package_version, status, variables, dynamic_variables, actor, created_at)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
                SELECT MINE, 7101, 1, 'pending', '{}', '{}', 'a test', 0 FROM n";
    store::execute(&server, many, &mine.id, &theirs.id).await;
    let refusal = mine.refusal("run_package", json!({"package_id": LARGE})).await;
    assert!(refusal.contains("100 runs that are pending or running") && refusal.contains("cancel_job"), "{refusal}");
    let pending = mine.call("list_runs", json!({"status": "pending", "limit": 1})).await;
    mine.call("cancel_job", json!({"run_id": pending["runs"][0]["id"]})).await;
    mine.run(json!({"package_id": LARGE})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_cancelled_stops_and_leaves_nothing() {
    let (server, mut mine, mut theirs) = shop::open(&["--run-concurrency=1"]).await;
    let running = mine.run(json!({"package_id": ENDLESS})).await;
    let seen = mine.when(running, "running").await;
    // It is at work, and its time is counted.
    let later = mine
        .until("get_run", json!({"run_id": running}), |answer| {
            answer["run"]["runtime_in_seconds"].as_f64() > seen["run"]["runtime_in_seconds"].as_f64()
        })
        .await;
    assert_eq!(later["run"].get("completed_at"), None);
    let dynamic = json!({"package_id": LARGE, "dynamic_variables": {"threshold": "1 + 1"}});
    let pending = mine.run(dynamic).await;
    let waiting = mine.call("get_run", json!({"run_id": pending})).await;
    assert_eq!((&waiting["run"]["status"], &waiting["variables"]), (&json!("pending"), &json!({})));
    assert!(theirs.refusal("cancel_job", json!({"run_id": pending})).await.contains("there is no run"));

    let cancelled = mine.call("cancel_job", json!({"run_id": pending})).await;
    assert_eq!((&cancelled["cancelled"], &cancelled["run"]["status"]), (&json!(true), &json!("cancelled")));
    assert_eq!(cancelled["run"].get("started_at"), None);
    let cancelled = mine.call("cancel_job", json!({"run_id": running})).await;
    assert_eq!((&cancelled["cancelled"], &cancelled["run"]["status"]), (&json!(true), &json!("cancelled")));
    // Nobody writes to the shop any more, and there is room for another run.
    change(&server, "INSERT INTO orders VALUES (6, 'west', 5000)").await;
    assert_eq!(kept(&server).await, [77]);
    let next = mine.run(json!({"package_id": LARGE})).await;
    mine.when(next, "completed").await;
    assert_eq!(kept(&server).await, [2, 3, 5, 6]);

    // To cancel again changes nothing, nor does it for a run that is over.
    let log = mine
        .until("get_run", json!({"run_id": running}), |answer| answer.to_string().contains("stopped, and undone"))
        .await;
    assert!(log["log_tail"].to_string().contains("cancelled by `"), "{log}");
    for (run, status) in [(running, "cancelled"), (pending, "cancelled"), (next, "completed")] {
        let before = mine.call("get_run", json!({"run_id": run})).await;
        let again = mine.call("cancel_job", json!({"run_id": run})).await;
        assert_eq!((&again["cancelled"], &again["run"]["status"]), (&json!(false), &json!(status)));
        assert_eq!(mine.call("get_run", json!({"run_id": run})).await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_failed_is_retried_as_another_one() {
    let (server, mut mine, mut theirs) = shop::open(&[]).await;
    let arguments = json!({"package_id": NOWHERE, "variables": {"label": "x"}, "dynamic_variables": {"other": "1 + 1"},
                           "cluster_id": 7202});
    let first = mine.run(arguments).await;
    let failed = mine.when(first, "failed").await;
    let error = failed["run"]["last_error"].as_str().expect("an error").to_owned();
    assert!(error.contains("copied_orders") && error.contains("kept"), "{error}");
    let explained = mine.call("explain_job_failure", json!({"run_id": first})).await;
    assert_eq!((&explained["primary_error"], &explained["patterns"][0]["class"]), (&json!(error), &json!("schema")));
    assert!(
        explained["next_steps"][0].as_str().is_some_and(|step| {
            step.contains("discover_schema (connection_id 7042)") && step.contains("component `kept`")
        }),
        "{explained}"
    );
    assert!(theirs.refusal("retry_job", json!({"run_id": first})).await.contains("there is no run"));

    change(&server, "CREATE TABLE copied_orders (id INTEGER, region TEXT, amount INTEGER)").await;
    let retry = mine.call("retry_job", json!({"run_id": first})).await;
    let second = retry["run_id"].as_i64().expect("an id");
    assert_eq!((&retry["run"]["retry_of"], &retry["run"]["cluster_id"]), (&json!(first), &json!(7202)));
    let over = mine.when(second, "completed").await;
    assert_eq!(over["variables"], json!({"label": "x", "other": "2"}));
    assert_eq!(column(&server, "SELECT id FROM copied_orders ORDER BY id").await, [1, 2, 3, 4, 5]);
    // The first one stays as it was, and names the second.
    let stayed = mine.call("get_run", json!({"run_id": first, "log_tail_lines": 200})).await;
    assert_eq!((&stayed["run"], &stayed["retried_by"]), (&failed["run"], &json!([second])));

    // A retry of a retry is one of the run that was named, by the package as it is now.
    change(&server, "DROP TABLE copied_orders").await;
    let third =
        mine.call("retry_job", json!({"run_id": first, "cluster_id": 7201})).await["run_id"].as_i64().expect("an id");
    assert_eq!(mine.when(third, "failed").await["run"]["cluster_id"], 7201);
    let edit = r#"UPDATE packages SET version = 2, variables = '{"label": "new", "third": "c"}' WHERE id = 7103;
                  INSERT INTO package_versions SELECT id, version, data_flow, variables, 'edited', 'a test', 0 FROM packages WHERE id = 7103"#;
    store::execute(&server, edit, &mine.id, &theirs.id).await;
    let fourth = mine.call("retry_job", json!({"run_id": third})).await;
    assert_eq!((&fourth["run"]["retry_of"], &fourth["run"]["package_version"]), (&json!(third), &json!(2)));
    let fourth = mine.when(fourth["run_id"].as_i64().expect("an id"), "failed").await;
    assert_eq!(fourth["variables"], json!({"label": "x", "third": "c"}));

    assert_eq!(each(&mine.call("list_runs", json!({})).await["runs"], "id"), [&json!(first)]);
    assert_eq!(mine.call("list_runs", json!({"include_retries": true})).await["total"], 4);
    let refusal = mine.refusal("retry_job", json!({"run_id": second})).await;
    assert!(refusal.contains("is completed") && refusal.contains("run_package"), "{refusal}");
    let refusal = mine.refusal("retry_job", json!({"run_id": first, "cluster_id": 7203})).await;
    assert!(refusal.contains("cluster `7203` is terminated"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_takes_too_long_fails_and_leaves_nothing() {
    let (server, mut mine, _theirs) = shop::open(&["--run-seconds=1"]).await;
    let run = mine.run(json!({"package_id": ENDLESS})).await;
    assert!(mine.refusal("retry_job", json!({"run_id": run})).await.contains("cancel_job"));
    let failed = mine.when(run, "failed").await;
    let error = failed["run"]["last_error"].as_str().expect("an error");
    assert!(error.contains("longer than 1 s"), "{error}");
    change(&server, "INSERT INTO orders VALUES (6, 'west', 5000)").await;
    assert_eq!(kept(&server).await, [77]);
}

/// Starts a server on the data of another.
fn again(first: &Server) -> Server {
    server().folder(first.folder()).start()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_ran_has_failed_and_what_waited_runs() {
    let (mut server, mut mine, _theirs) = shop::open(&["--run-concurrency=1"]).await;
    let running = mine.run(json!({"package_id": ENDLESS})).await;
    mine.when(running, "running").await;
    let pending = mine.run(json!({"package_id": LARGE})).await;
    server.kill();

    let server = again(&server);
    let mut mine = Account::named(&server, "mine");
    let failed = mine.when(running, "failed").await;
    assert_eq!(failed["run"]["last_error"], "the server stopped while it ran");
    mine.when(pending, "completed").await;
    assert_eq!(kept(&server).await, [2, 3, 5]);
    let explained = mine.call("explain_job_failure", json!({"run_id": running})).await;
    assert!(explained["next_steps"][0].as_str().is_some_and(|step| step.contains("preview_data")), "{explained}");
    mine.call("retry_job", json!({"run_id": running})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_server_ran_has_failed_and_left_nothing() {
    let (mut server, mut mine, _theirs) = shop::open(&["--run-concurrency=1"]).await;
    let running = mine.run(json!({"package_id": ENDLESS})).await;
    mine.when(running, "running").await;
    server.terminate();
    let stopped = tokio::task::spawn_blocking(move || {
        assert!(server.wait(Duration::from_secs(20)).success());
        server
    });
    let server = stopped.await.expect("a stopped server");
    let status = "SELECT status || ': ' || error FROM runs WHERE error IS NOT NULL AND package > 7000";
    let status: Vec<String> =
        sqlx::query_scalar(status).fetch_all(&mut store::open(&server).await).await.expect("runs");
    assert_eq!(status, ["failed: the server stopped while it ran"]);
    assert_eq!(kept(&server).await, [77]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_runs_its_package_when_it_is_due() {
    let (server, mut mine, theirs) = shop::open(&[]).await;
    let add = [
        "schedule",
        "add",
        "--account",
        &mine.id,
        "--package",
        "7101",
        "--name",
        "nightly",
        "--cron",
        "0 0 1 1 *",
        "--time-zone",
        "Europe/Berlin",
        "--variable",
        "threshold=2000",
    ];
    let ran = server.command(&add);
    assert!(ran.status.success(), "{}", ran.stderr);
    let listed = mine.call("list_schedules", json!({})).await;
    let id = listed["schedules"][0]["id"].as_i64().expect("an id");
    assert!(ran.stderr.contains(&format!("added schedule {id} `nightly`")), "{}", ran.stderr);

    let due = format!("UPDATE schedules SET next_run_at = 1 WHERE id = {id}");
    store::execute(&server, &due, &mine.id, &theirs.id).await;
    let listed = mine.until("list_runs", json!({}), |list| list["total"] == 1).await;
    let run = mine.when(listed["runs"][0]["id"].as_i64().expect("an id"), "completed").await;
    assert_eq!((&run["run"]["schedule_id"], &run["variables"]), (&json!(id), &json!({"threshold": "2000"})));
    assert_eq!(kept(&server).await, [3, 5]);
    let schedule = mine.call("get_schedule", json!({"schedule_id": id})).await;
    assert_eq!((&schedule["last_run_id"], &schedule["time_zone"]), (&run["run"]["id"], &json!("Europe/Berlin")));
    assert!(schedule["next_run_at"].as_str().is_some_and(|at| at.ends_with("-12-31T23:00:00.000000Z")), "{schedule}");

    let ran = server.command(&["schedule", "list"]);
    assert!(ran.stdout.contains("nightly") && ran.stdout.contains("Europe/Berlin"), "{}", ran.stdout);
    let id = id.to_string();
    assert!(!server.command(&["schedule", "remove", &id, "--account", &theirs.id]).status.success());
    assert!(server.command(&["schedule", "remove", &id, "--account", &mine.id]).status.success());
    assert_eq!(mine.call("list_schedules", json!({})).await["total"], 0);
    assert_eq!(mine.call("list_runs", json!({})).await["total"], 1);
}

/// What `schedule add` refuses, beside `--package 7101 --name n`, and with which words.
const UNFIT: &[(&[&str], &str)] = &[
    (&["--cron", "61 * * * *"], "61"),
    (&["--cron", "0 0 31 2 *"], "never fires"),
    (&["--cron", "0 0 * * *", "--time-zone", "Nowhere/Gone"], "there is no time zone `Nowhere/Gone`"),
    (&["--cron", "0 0 * * *", "--variable", "treshold=1"], "no variable `treshold`"),
    (&["--cron", "0 0 * * *", "--variable", "threshold"], "NAME=VALUE"),
    (&["--cron", "0 0 * * *", "--cluster", "7204"], "there is no cluster `7204`"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_that_would_never_run_is_not_added() {
    let (server, mut mine, theirs) = shop::open(&[]).await;
    for (arguments, said) in UNFIT {
        let mut add = vec!["schedule", "add", "--account", &mine.id, "--package", "7101", "--name", "n"];
        add.extend(*arguments);
        let ran = server.command(&add);
        assert!(!ran.status.success() && ran.stderr.contains(said), "{arguments:?}: {}", ran.stderr);
    }
    let of_others =
        ["schedule", "add", "--account", &theirs.id, "--package", "7101", "--name", "n", "--cron", "0 0 * * *"];
    assert!(server.command(&of_others).stderr.contains("there is no package `7101`"));
    let by_subdomain =
        ["schedule", "add", "--account", "mine", "--package", "7101", "--name", "n", "--cron", "0 0 * * *"];
    assert!(server.command(&by_subdomain).stderr.contains("write the account's id, a number"));
    assert_eq!(mine.call("list_schedules", json!({})).await["total"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_an_account_that_was_disabled_does_not_run() {
    let (server, mut mine, _theirs) = shop::open(&["--run-concurrency=1", "--run-seconds=2"]).await;
    let endless = mine.run(json!({"package_id": ENDLESS})).await;
    mine.when(endless, "running").await;
    let waiting = mine.run(json!({"package_id": LARGE})).await;
    server.succeed(&["account", "disable", &mine.id, "ptp_mcp_server"]);
    store::until(&server, &format!("SELECT count(*) FROM runs WHERE id = {waiting} AND status = 'failed'"), 1).await;
    server.succeed(&["account", "enable", &mine.id, "ptp_mcp_server"]);
    let failed = mine.call("get_run", json!({"run_id": waiting})).await;
    let why = "the account is not there any more, or not enabled: nothing runs for it";
    assert_eq!(failed["run"]["last_error"], why);
    assert_eq!(kept(&server).await, [77]);
    let again = mine.run(json!({"package_id": LARGE})).await;
    mine.when(again, "completed").await;
}
