//! What each tool does, read back through another.

use serde_json::json;

use crate::{
    account::{Account, items, start, text},
    site::Site,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_created_run_is_listed_collected_and_logged() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let urls = site.urls(&["/page/1", "/status/404"]);
    let created = account.call("create_run", json!({"name": "Two pages", "urls": urls})).await;
    assert_eq!((&created["status"], &created["items"]["total"]), (&json!("queued"), &json!(2)));
    let run_id = text(&created["id"]);
    assert!(run_id.starts_with("run_") && run_id.len() == 28, "{run_id}");

    let run = account.over(&run_id).await;
    assert_eq!(items(&run, "url"), urls);
    assert_eq!(items(&run, "status"), ["completed", "failed"]);
    assert_eq!(
        run["run"]["items"],
        json!({"total": 2, "queued": 0, "running": 0, "completed": 1, "failed": 1, "cancelled": 0})
    );
    let listed = account.call("list_runs", json!({})).await;
    assert_eq!(listed, json!({"runs": [run["run"]], "total": 1}));
    assert_eq!(account.exported(&run_id).await[0]["content"], "This is /page/1.");
    let stats = account.call("get_run_stats", json!({})).await;
    assert_eq!((&stats["total_runs"], &stats["completed_items"]), (&json!(1), &json!(1)));

    let events = account.events(&run_id).await;
    let names: Vec<&str> = events.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!((names[0], names[1], names[names.len() - 1]), ("run.created", "run.started", "run.completed"));
    assert_eq!(events[0]["by"], "token of local");
    assert!(events[1..].iter().all(|event| event.get("by").is_none()), "{events:?}");
    let of_items: Vec<_> = events.iter().filter_map(|event| event["item_id"].as_str()).collect();
    assert_eq!(of_items.len(), 4);
    assert!(of_items.iter().all(|id| items(&run, "id").contains(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_named_after_its_first_address() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let long = site.url(&format!("/page/{}", "x".repeat(200)));
    let run = account.call("create_run", json!({"urls": [long, site.url("/page/2")]})).await;
    assert_eq!(run["name"].as_str(), long.get(..120));
    let run = account.call("create_run", json!({"type": "feed", "source_url": site.url("/f")})).await;
    assert_eq!(run["name"], site.url("/f"));
}

#[tokio::test(flavor = "multi_thread")]
async fn retrying_a_run_collects_what_failed_and_keeps_the_rest() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/page/1", "/late/1", "/late/2", "/status/404"])).await;
    assert_eq!(items(&run, "status"), ["completed", "failed", "failed", "failed"]);
    let run_id = text(&run["run"]["id"]);
    site.publish("/late/1", "text/plain", "late");
    site.publish("/late/2", "text/plain", "later");

    let retried = account.call("retry_run", json!({"run_id": run_id})).await;
    assert_eq!(retried["retried"], 3);
    assert_eq!((&retried["run"]["status"], &retried["run"]["items"]["queued"]), (&json!("queued"), &json!(3)));
    assert_eq!(retried["run"].get("finished_at"), None);

    let again = account.over(&run_id).await;
    assert_eq!(items(&again, "status"), ["completed", "completed", "completed", "failed"]);
    assert_eq!(again["items"][0], run["items"][0]);
    assert_eq!(again["items"][1]["attempts"], 2);
    assert_eq!(again["items"][1].get("error"), None);
    assert_eq!(
        (&again["run"]["created_at"], &again["run"]["started_at"]),
        (&run["run"]["created_at"], &run["run"]["started_at"])
    );
    assert_eq!((site.hits("/page/1"), site.hits("/late/1"), site.hits("/status/404")), (1, 2, 2));
    let by: Vec<_> = account.events(&run_id).await.into_iter().filter(|event| event.get("by").is_some()).collect();
    let names: Vec<&str> = by.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(names, ["run.created", "item.retried", "item.retried", "item.retried", "run.retried"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_item_is_tried_as_often_as_a_new_one() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/flaky/4/a"])).await;
    assert_eq!((&run["run"]["status"], &run["items"][0]["attempts"]), (&json!("failed"), &json!(3)));
    account.call("retry_run", json!({"run_id": run["run"]["id"]})).await;
    let run = account.over(&text(&run["run"]["id"])).await;
    assert_eq!((&run["run"]["status"], &run["items"][0]["attempts"]), (&json!("completed"), &json!(5)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_collected_item_has_failed_until_it_is_retried() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/late/1", "/late/2"])).await;
    assert_eq!(
        (&run["run"]["status"], &run["run"]["error"]),
        (&json!("failed"), &json!("none of its 2 items was collected"))
    );
    let run_id = text(&run["run"]["id"]);
    site.publish("/late/2", "text/plain", "late");
    account.call("retry_run", json!({"run_id": run_id})).await;
    let run = account.over(&run_id).await;
    assert_eq!((&run["run"]["status"], run["run"].get("error")), (&json!("completed"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn retrying_an_item_collects_it_alone() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("text", &site.urls(&["/late/1", "/late/2", "/page/1"])).await;
    let run_id = text(&run["run"]["id"]);
    let item_id = items(&run, "id")[1].to_owned();
    site.publish("/late/2", "text/plain", "late");
    let retried = account.call("retry_item", json!({"run_id": run_id, "item_id": item_id})).await;
    assert_eq!((&retried["run"]["status"], &retried["item"]["status"]), (&json!("queued"), &json!("queued")));
    assert_eq!((&retried["item"]["id"], retried["item"].get("error")), (&json!(item_id), None));

    let run = account.over(&run_id).await;
    assert_eq!(items(&run, "status"), ["failed", "completed", "completed"]);
    assert_eq!((site.hits("/late/1"), site.hits("/late/2"), site.hits("/page/1")), (1, 2, 1));
    let log = account.events(&run_id).await;
    let retried: Vec<_> = log.iter().filter(|event| event["event"] == "item.retried").collect();
    assert_eq!(retried.len(), 1);
    assert_eq!((&retried[0]["item_id"], &retried[0]["by"]), (&json!(item_id), &json!("token of local")));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_is_retried_while_its_run_goes_on() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"urls": site.urls(&["/late/1", "/gate/1"])})).await;
    let run = account.when(&run_id, |run| items(run, "status") == ["failed", "running"]).await;
    site.publish("/late/1", "text/plain", "late");
    let arguments = json!({"run_id": run_id, "item_id": items(&run, "id")[0]});
    let retried = account.call("retry_item", arguments).await;
    assert_eq!(retried["run"]["status"], "running");
    site.open_gate();
    let run = account.over(&run_id).await;
    assert_eq!(items(&run, "status"), ["completed", "completed"]);
    assert!(!account.event_names(&run_id).await.contains(&"run.retried".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_stops_what_is_queued() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"urls": site.urls(&["/gate/1", "/page/1"])})).await;
    let cancelled = account.call("cancel_run", json!({"run_id": run_id})).await;
    assert_eq!((&cancelled["status"], &cancelled["items"]["cancelled"]), (&json!("cancelled"), &json!(2)));
    let run = account.get(&run_id).await;
    assert_eq!(run["run"], cancelled);
    assert_eq!(items(&run, "status"), ["cancelled"; 2]);
    assert_eq!(account.call("list_runs", json!({"status": "cancelled"})).await["total"], 1);
    let log = account.events(&run_id).await;
    assert_eq!(
        (&log[log.len() - 1]["event"], &log[log.len() - 1]["by"]),
        (&json!("run.cancelled"), &json!("token of local"))
    );
}
