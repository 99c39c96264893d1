//! Bulk runs: the same items for several engines, and what becomes of them together.

use serde_json::{Value, json};

use crate::{
    account::{Account, items, start, text},
    site::Site,
    store,
};

/// Collects a bulk run to the end, and answers with it.
pub(crate) async fn collect(account: &mut Account, arguments: Value) -> Value {
    let created = account.call("create_bulk_run", arguments).await;
    over(account, &created).await
}

/// A bulk run when all of its child runs are over.
async fn over(account: &mut Account, bulk_run: &Value) -> Value {
    for run_id in ids(bulk_run) {
        account.over(&run_id).await;
    }
    get(account, bulk_run).await
}

async fn get(account: &mut Account, bulk_run: &Value) -> Value {
    account.call("get_bulk_run", named(bulk_run)).await
}

/// The arguments that name a bulk run.
fn named(bulk_run: &Value) -> Value {
    json!({"bulk_run_id": bulk_run["id"]})
}

fn ids(bulk_run: &Value) -> Vec<String> {
    runs(bulk_run, "id").into_iter().map(str::to_owned).collect()
}

/// One field of each child run.
fn runs<'a>(bulk_run: &'a Value, field: &str) -> Vec<&'a str> {
    let runs = bulk_run["runs"].as_array().expect("runs");
    runs.iter().map(|run| run[field].as_str().unwrap_or_default()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_engine_has_a_run_that_is_like_any_other() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let alone = account.collect("text", &site.urls(&["/page/0"])).await;
    assert_eq!(alone["run"].get("bulk_run_id"), None);

    let urls = site.urls(&["/page/1", "/status/404"]);
    let arguments = json!({"name": "Two ways", "engines": ["metadata", "raw", "text"], "urls": urls});
    let created = account.call("create_bulk_run", arguments).await;
    let bulk_run_id = text(&created["id"]);
    assert!(bulk_run_id.starts_with("bulk_") && bulk_run_id.len() == 29, "{bulk_run_id}");
    assert_eq!((&created["status"], &created["name"]), (&json!("queued"), &json!("Two ways")));
    assert_eq!(runs(&created, "engine"), ["metadata", "raw", "text"]);
    assert_eq!(runs(&created, "status"), ["queued"; 3]);
    assert_eq!(runs(&created, "created_at"), [created["created_at"].as_str().expect("a time"); 3]);

    let bulk_run = over(&mut account, &created).await;
    assert_eq!((&bulk_run["status"], &bulk_run["id"]), (&json!("completed"), &created["id"]));
    assert_eq!(ids(&bulk_run), ids(&created));
    let listed = account.call("list_runs", json!({})).await;
    let mut newest_first = bulk_run["runs"].as_array().expect("runs").clone();
    newest_first.reverse();
    assert_eq!(listed["runs"], json!([&newest_first[0], &newest_first[1], &newest_first[2], &alone["run"]]));
    for run in &newest_first {
        assert_eq!((&run["bulk_run_id"], &run["name"]), (&created["id"], &json!("Two ways")));
        let details = account.get(&text(&run["id"])).await;
        assert_eq!(details["run"], *run);
        assert_eq!(
            (items(&details, "url"), items(&details, "status")),
            (vec![&*urls[0], &urls[1]], vec!["completed", "failed"])
        );
        let log = account.events(&text(&run["id"])).await;
        assert_eq!((&log[0]["event"], &log[0]["by"]), (&json!("run.created"), &json!("token of local")));
    }
    // Each engine has fetched for itself, and has kept what it keeps.
    assert_eq!((site.hits("/page/1"), site.hits("/status/404")), (3, 3));
    let mut kept = Vec::new();
    for run_id in ids(&bulk_run) {
        kept.push(text(&account.exported(&run_id).await[0]["content"]));
    }
    assert!(kept[0].contains("\"title\": \"/page/1\""), "{}", kept[0]);
    assert!(kept[1].starts_with("<!DOCTYPE html>"), "{}", kept[1]);
    assert_eq!(kept[2], "This is /page/1.");
    assert_eq!(account.call("get_run_stats", json!({})).await["total_runs"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_read_by_each_run_and_read_again_when_it_is_retried() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let arguments = json!({
        "engines": ["text", "metadata"], "type": "feed", "source_url": site.url("/late.xml"), "max_items": 2
    });
    let bulk_run = collect(&mut account, arguments).await;
    assert_eq!((&bulk_run["status"], runs(&bulk_run, "status")), (&json!("failed"), vec!["failed"; 2]));
    assert_eq!((&bulk_run["name"], site.hits("/late.xml")), (&json!(site.url("/late.xml")), 2));

    let page = |number: u8| format!("<url><loc>/page/{number}</loc></url>");
    site.publish("/late.xml", "application/xml", format!("<urlset>{}{}{}</urlset>", page(1), page(2), page(3)));
    let retried = account.call("retry_bulk_run", named(&bulk_run)).await;
    assert_eq!(retried["retried"], json!(ids(&bulk_run)));
    assert_eq!(retried["bulk_run"]["status"], "queued");

    let bulk_run = over(&mut account, &bulk_run).await;
    assert_eq!((&bulk_run["status"], site.hits("/late.xml")), (&json!("completed"), 4));
    for run_id in ids(&bulk_run) {
        assert_eq!(items(&account.get(&run_id).await, "url"), site.urls(&["/page/1", "/page/2"]));
    }
    assert_eq!((site.hits("/page/1"), site.hits("/page/2"), site.hits("/page/3")), (2, 2, 0));
}

/// Where child runs stand, and where the bulk run stands then.
const STATUSES: &[(&[&str], &str)] = &[
    (&["queued"], "queued"),
    (&["running"], "running"),
    (&["completed"], "completed"),
    (&["failed"], "failed"),
    (&["cancelled"], "cancelled"),
    (&["queued", "queued", "queued"], "queued"),
    (&["queued", "queued", "running"], "running"),
    (&["queued", "completed", "completed"], "running"),
    (&["failed", "queued", "failed"], "running"),
    (&["cancelled", "cancelled", "queued"], "running"),
    (&["completed", "failed", "running"], "running"),
    (&["cancelled", "running", "cancelled"], "running"),
    (&["completed", "completed", "completed"], "completed"),
    (&["failed", "failed", "completed"], "completed"),
    (&["cancelled", "completed", "cancelled"], "completed"),
    (&["failed", "completed", "cancelled"], "completed"),
    (&["failed", "failed", "failed"], "failed"),
    (&["cancelled", "failed", "cancelled"], "failed"),
    (&["cancelled", "cancelled", "cancelled"], "cancelled"),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_run_stands_where_its_runs_stand() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let mut database = store::open(&server).await;
    for (standing, expected) in STATUSES {
        let engines = &["raw", "text", "metadata"][..standing.len()];
        let bulk_run = collect(&mut account, json!({"engines": engines, "urls": site.urls(&["/page/1"])})).await;
        for (run_id, status) in ids(&bulk_run).iter().zip(*standing) {
            let stand =
                "UPDATE runs SET status = ?2, finished_at = iif(?2 IN ('queued', 'running'), NULL, 1) WHERE id = ?1";
            sqlx::query(stand).bind(run_id).bind(status).execute(&mut database).await.expect("another status");
        }
        let bulk_run = get(&mut account, &bulk_run).await;
        assert_eq!(runs(&bulk_run, "status"), *standing);
        assert_eq!(bulk_run["status"], *expected, "{standing:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retrying_takes_up_the_runs_that_failed_and_no_others() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let urls = site.urls(&["/late/1", "/late/2", "/status/404"]);
    let bulk_run = collect(&mut account, json!({"engines": ["raw", "text", "metadata"], "urls": urls})).await;
    assert_eq!(runs(&bulk_run, "status"), ["failed"; 3]);
    let run_ids = ids(&bulk_run);
    // One run is completed and has failed items, another waits for its turn.
    site.publish("/late/1", "text/plain", "late");
    account.call("retry_run", json!({"run_id": run_ids[0]})).await;
    let completed = account.over(&run_ids[0]).await;
    assert_eq!(items(&completed, "status"), ["completed", "failed", "failed"]);
    let stuck = account.create(json!({"urls": site.urls(&["/gate/1"])})).await;
    account.when(&stuck, |run| items(run, "status") == ["running"]).await;
    account.call("retry_run", json!({"run_id": run_ids[1]})).await;
    let (waiting, waiting_log) = (account.get(&run_ids[1]).await, account.events(&run_ids[1]).await);
    assert_eq!(get(&mut account, &bulk_run).await["status"], "running");

    let retried = account.call("retry_bulk_run", named(&bulk_run)).await;
    assert_eq!(retried["retried"], json!([run_ids[2]]));
    assert_eq!(runs(&retried["bulk_run"], "status"), ["completed", "queued", "queued"]);
    assert_eq!(get(&mut account, &bulk_run).await, retried["bulk_run"]);
    assert_eq!(account.get(&run_ids[0]).await, completed);
    assert_eq!((account.get(&run_ids[1]).await, account.events(&run_ids[1]).await), (waiting, waiting_log));
    assert_eq!(items(&account.get(&run_ids[2]).await, "status"), ["queued"; 3]);
    let log = account.events(&run_ids[2]).await;
    let asked_for: Vec<&Value> = log.iter().filter(|event| event["by"] == "token of local").collect();
    let names: Vec<&str> = asked_for.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["run.created", "item.retried", "item.retried", "item.retried", "run.retried"]);

    site.open_gate();
    let bulk_run = over(&mut account, &bulk_run).await;
    assert_eq!((&bulk_run["status"], runs(&bulk_run, "status")), (&json!("completed"), vec!["completed"; 3]));
    assert_eq!(items(&account.get(&run_ids[2]).await, "status"), ["completed", "failed", "failed"]);
    assert_eq!((site.hits("/late/1"), site.hits("/late/2")), (6, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_run_has_failed_there_is_nothing_to_retry() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let bulk = |path: &str| json!({"engines": ["raw", "text"], "urls": site.urls(&[path, "/status/404"])});
    let completed = collect(&mut account, bulk("/page/1")).await;
    let cancelled = account.call("create_bulk_run", bulk("/gate/1")).await;
    for run_id in ids(&cancelled) {
        account.call("cancel_run", json!({"run_id": run_id})).await;
    }
    let half = account.call("create_bulk_run", bulk("/gate/2")).await;
    account.call("cancel_run", json!({"run_id": ids(&half)[1]})).await;
    account.when(&ids(&half)[0], |run| run["run"]["status"] == "running").await;
    let queued = account.call("create_bulk_run", bulk("/gate/3")).await;

    let before = store::dump(&server).await;
    for (bulk_run, status, remedy) in [
        (&completed, "completed", "retry_run takes up failed items of a completed child run"),
        (&cancelled, "cancelled", "take up single items with retry_item, or create a new bulk run"),
        (&half, "running", "wait until its child runs are over"),
        (&queued, "queued", "wait until its child runs are over"),
    ] {
        let id = text(&bulk_run["id"]);
        let refusal = account.refusal("retry_bulk_run", named(bulk_run)).await;
        let expected = format!("wrong_state: bulk run `{id}` is {status}, and no child run has failed: {remedy}");
        assert_eq!(refusal, expected);
    }
    assert!(store::dump(&server).await == before, "a refused call has changed something");
    // What remains of a bulk run whose other runs were cancelled decides.
    site.open_gate();
    let half = over(&mut account, &half).await;
    assert_eq!((&half["status"], runs(&half, "status")), (&json!("completed"), vec!["completed", "cancelled"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_another_account_or_what_does_not_exist() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let failed = collect(&mut owner, json!({"engines": ["raw", "text"], "urls": site.urls(&["/status/404"])})).await;
    for tool in ["get_bulk_run", "retry_bulk_run"] {
        // A run is no bulk run.
        for (account, id) in [
            ("stranger", text(&failed["id"])),
            ("owner", ids(&failed)[0].clone()),
            ("owner", "bulk_nothing".to_owned()),
        ] {
            let account = if account == "owner" { &mut owner } else { &mut stranger };
            let refusal = account.refusal(tool, json!({"bulk_run_id": id})).await;
            let expected = format!("not_found: there is no bulk run `{id}` in your account");
            assert!(refusal.starts_with(&expected), "{tool}: {refusal}");
        }
    }
    assert_eq!(get(&mut owner, &failed).await, failed);
    assert_eq!(stranger.call("list_runs", json!({})).await["total"], 0);
}
