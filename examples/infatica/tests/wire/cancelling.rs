//! Cancelling while the worker is at it.

use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;

use crate::{
    account::{Account, again, items, start},
    site::Site,
    store,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_arrives_after_its_run_was_cancelled_is_not_kept() {
    let site = Site::start().await;
    let server = start(&["--concurrency=2"]);
    let mut account = Account::of(&server);
    let urls = site.urls(&["/page/1", "/gate/1", "/gate/2", "/page/2"]);
    let run_id = account.create(json!({"urls": urls})).await;
    account.when(&run_id, |run| items(run, "status") == ["completed", "running", "running", "queued"]).await;

    let cancelled = account.call("cancel_run", json!({"run_id": run_id})).await;
    assert_eq!(cancelled["status"], "cancelled");
    site.open_gate();
    // Both workers are free again, and what they had in their hands is dropped.
    let other = account.collect("text", &site.urls(&["/page/3", "/page/4", "/page/5"])).await;
    assert_eq!(items(&other, "status"), ["completed"; 3]);

    let run = account.get(&run_id).await;
    assert_eq!(items(&run, "status"), ["completed", "cancelled", "cancelled", "cancelled"]);
    assert_eq!(run["run"]["status"], "cancelled");
    assert_eq!(site.hits("/page/2"), 0);
    let kept = "SELECT url FROM results JOIN tasks ON tasks.seq = results.task WHERE run = 1";
    assert_eq!(store::column(&server, kept).await, [site.url("/page/1")]);
    let names = account.event_names(&run_id).await;
    assert_eq!(names.last().map(String::as_str), Some("run.cancelled"));
    assert_eq!(names.iter().filter(|name| *name == "item.cancelled").count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_process_cancelled_is_not_kept_either() {
    let site = Site::start().await;
    let server = start(&[]);
    let token = server.token("owner", &["runs:read", "runs:write"]);
    let mut account = Account::with_token(&server, &token);
    let run_id = account.create(json!({"urls": site.urls(&["/gate/1", "/gate/2"])})).await;
    account.when(&run_id, |run| items(run, "status") == ["running"; 2]).await;

    // Nobody tells the worker, so that the pages arrive: the store alone keeps them out.
    let other = again(&server, &[]);
    Account::with_token(&other, &token).call("cancel_run", json!({"run_id": run_id})).await;
    site.open_gate();
    let next = account.collect("text", &site.urls(&["/page/1"])).await;
    assert_eq!(items(&next, "status"), ["completed"]);

    let run = account.get(&run_id).await;
    assert_eq!((&run["run"]["status"], items(&run, "status")), (&json!("cancelled"), vec!["cancelled"; 2]));
    assert_eq!(
        store::column(&server, "SELECT url FROM results JOIN tasks ON seq = task").await,
        site.urls(&["/page/1"])
    );
    assert!(!account.event_names(&run_id).await.contains(&"item.completed".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_run_makes_room_at_once() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1", "--page-seconds=600"]);
    let mut account = Account::of(&server);
    let stuck = account.create(json!({"urls": [site.url("/gate/1")]})).await;
    account.when(&stuck, |run| items(run, "status") == ["running"]).await;
    account.call("cancel_run", json!({"run_id": stuck})).await;
    // The gate is still closed.
    let other = account.collect("text", &site.urls(&["/page/1"])).await;
    assert_eq!(items(&other, "status"), ["completed"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_arrives_after_its_run_was_cancelled_adds_nothing() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"type": "feed", "source_url": site.url("/gate/1")})).await;
    account.when(&run_id, |run| run["run"]["status"] == "running").await;
    account.call("cancel_run", json!({"run_id": run_id})).await;
    site.open_gate();
    sleep(Duration::from_millis(300)).await;

    let run = account.get(&run_id).await;
    assert_eq!((&run["run"]["status"], &run["items"]), (&json!("cancelled"), &json!([])));
    let names = account.event_names(&run_id).await;
    assert_eq!(names, ["run.created", "run.started", "source.started", "source.cancelled", "run.cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_item_can_be_taken_up_and_its_run_ends_by_what_it_has() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let run_id = account.create(json!({"urls": site.urls(&["/gate/1", "/page/1", "/status/404"])})).await;
    let run = account.when(&run_id, |run| items(run, "status")[0] == "running").await;
    let ids: Vec<String> = items(&run, "id").into_iter().map(str::to_owned).collect();
    account.call("cancel_run", json!({"run_id": run_id})).await;

    // The only item that is taken up fails: nothing was collected, and the run has failed.
    let taken_up = account.call("retry_item", json!({"run_id": run_id, "item_id": ids[2]})).await;
    assert_eq!((&taken_up["run"]["status"], &taken_up["item"]["status"]), (&json!("queued"), &json!("queued")));
    let run = account.over(&run_id).await;
    assert_eq!(run["run"]["status"], "failed");
    assert_eq!(items(&run, "status"), ["cancelled", "cancelled", "failed"]);

    // Another is collected: the run is completed, and its other items stay as they are.
    account.call("retry_item", json!({"run_id": run_id, "item_id": ids[1]})).await;
    let run = account.over(&run_id).await;
    assert_eq!(run["run"]["status"], "completed");
    assert_eq!(run["run"].get("error"), None);
    assert_eq!(items(&run, "status"), ["cancelled", "completed", "failed"]);
}
