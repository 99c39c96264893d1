//! Schedules at work: when they are due, a run is made.

use std::time::Duration;

use serde_json::{Value, json};
use toolwright_tests::Server;

use crate::{
    account::{Account, again, items, start, text},
    site::Site,
    store,
};

/// Creates a schedule that is not due for months, and answers with its id.
async fn create(account: &mut Account, urls: &[String]) -> String {
    let created = account.call("create_schedule", json!({"urls": urls, "cron": "0 0 1 1 *"})).await;
    text(&created["id"])
}

/// Has an active schedule come due a while ago, behind the back of the server.
async fn overdue(server: &Server, id: &str) {
    let moved = sqlx::query("UPDATE schedules SET next_at = ?2 WHERE id = ?1 AND next_at IS NOT NULL")
        .bind(id)
        .bind((jiff::Timestamp::now() - Duration::from_hours(5)).as_microsecond())
        .execute(&mut store::open(server).await)
        .await
        .expect("another time");
    assert_eq!(moved.rows_affected(), 1);
}

/// Has a schedule come due, and the server look at it.
async fn fire(server: &Server, account: &mut Account, id: &str) {
    overdue(server, id).await;
    account.call("update_schedule", json!({"schedule_id": id})).await;
}

/// A schedule as soon as it has fired so often.
async fn fired(account: &mut Account, id: &str, times: usize) -> Value {
    let of = |list: &Value| {
        list["schedules"].as_array().expect("schedules").iter().find(|schedule| schedule["id"] == id).cloned()
    };
    let list = account.until("list_schedules", json!({}), |list| of(list).expect("it")["fired"] == times).await;
    of(&list).expect("it")
}

/// Stops a server as a service manager does.
async fn stop(mut server: Server) -> Server {
    server.terminate();
    let stopped = tokio::task::spawn_blocking(move || {
        assert!(server.wait(Duration::from_secs(20)).success());
        server
    });
    stopped.await.expect("a stopped server")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_due_while_the_server_was_down_fires_once() {
    let site = Site::start().await;
    let server = start(&[]);
    let token = server.token("owner", &["runs:read", "runs:write", "schedules:write"]);
    let mut account = Account::with_token(&server, &token);
    let missed = create(&mut account, &site.urls(&["/page/1", "/page/2"])).await;
    let paused = create(&mut account, &site.urls(&["/page/3"])).await;
    account.call("update_schedule", json!({"schedule_id": paused, "status": "paused"})).await;

    let server = stop(server).await;
    overdue(&server, &missed).await;
    let before = jiff::Timestamp::now();
    let server = again(&server, &[]);
    let mut account = Account::with_token(&server, &token);
    let schedule = fired(&mut account, &missed, 1).await;

    // The run is like any other, and says where it comes from.
    let run_id = text(&schedule["last_run_id"]);
    let run = account.over(&run_id).await;
    assert_eq!(run["run"]["schedule_id"], json!(missed));
    assert_eq!(run["run"]["name"], schedule["name"]);
    assert_eq!(items(&run, "url"), site.urls(&["/page/1", "/page/2"]));
    assert_eq!(items(&run, "status"), ["completed"; 2]);
    let events = account.events(&run_id).await;
    assert_eq!((&events[0]["event"], &events[0]["by"]), (&json!("run.created"), &json!(missed)));
    assert!(events[1..].iter().all(|event| event.get("by").is_none()), "{events:?}");
    let audit = "SELECT via || ' ' || actor || ' ' || action || ' ' || object FROM audit WHERE via <> 'token'";
    assert_eq!(store::column(&server, audit).await, [format!("schedule {missed} run.created {run_id}")]);

    // It fired now, and goes on from now.
    assert_eq!(schedule["last_at"], run["run"]["created_at"]);
    let instant = |field: &str| text(&schedule[field]).parse::<jiff::Timestamp>().expect("a time");
    assert!(instant("last_at") >= before && instant("next_at") > instant("last_at"), "{schedule}");
    assert!(text(&schedule["next_at"]).ends_with("-01-01T00:00:00.000000Z"), "{schedule}");

    // When a later one has fired, an earlier one would have fired again.
    let barrier = create(&mut account, &site.urls(&["/page/4"])).await;
    fire(&server, &mut account, &barrier).await;
    fired(&mut account, &barrier, 1).await;
    assert_eq!(account.call("list_runs", json!({})).await["total"], 2);
    assert_eq!((site.hits("/page/1"), site.hits("/page/3")), (1, 0));

    // A run that a caller makes comes from no schedule.
    let own = account.collect("text", &site.urls(&["/page/5"])).await;
    assert_eq!(own["run"].get("schedule_id"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_also_while_its_last_run_is_not_over() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let id = create(&mut account, &site.urls(&["/gate/1"])).await;
    fire(&server, &mut account, &id).await;
    let first = text(&fired(&mut account, &id, 1).await["last_run_id"]);
    account.when(&first, |run| items(run, "status") == ["running"]).await;

    // A change that leaves its times alone does not undo that it is due.
    overdue(&server, &id).await;
    account.call("update_schedule", json!({"schedule_id": id, "name": "Second"})).await;
    let second = text(&fired(&mut account, &id, 2).await["last_run_id"]);
    assert_ne!(first, second);
    assert_eq!(items(&account.get(&first).await, "status"), ["running"]);
    site.open_gate();
    for run_id in [first, second] {
        assert_eq!(items(&account.over(&run_id).await, "status"), ["completed"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_counts_from_the_next_firing_on() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let id = create(&mut account, &site.urls(&["/page/1"])).await;
    fire(&server, &mut account, &id).await;
    let first = text(&fired(&mut account, &id, 1).await["last_run_id"]);
    account.over(&first).await;

    let feed = json!({"schedule_id": id, "type": "feed", "source_url": site.url("/feed.xml"), "max_items": 1,
                      "engine": "metadata", "name": "Changed"});
    site.publish(
        "/feed.xml",
        "application/xml",
        "<urlset><url><loc>/page/2</loc></url><url><loc>/page/3</loc></url></urlset>",
    );
    account.call("update_schedule", feed).await;
    fire(&server, &mut account, &id).await;
    let second = text(&fired(&mut account, &id, 2).await["last_run_id"]);
    let run = account.over(&second).await;
    let what = ["name", "type", "engine"].map(|field| text(&run["run"][field]));
    assert_eq!(what, ["Changed", "feed", "metadata"]);
    assert_eq!(items(&run, "url"), [site.url("/page/2")]);
    let first = account.get(&first).await;
    assert_eq!((&first["run"]["type"], &first["run"]["schedule_id"]), (&json!("urls"), &json!(id)));

    // The runs stay when their schedule is deleted.
    account.call("delete_schedule", json!({"schedule_id": id})).await;
    assert_eq!(account.call("list_runs", json!({})).await["total"], 2);
    assert_eq!(account.get(&second).await["run"]["schedule_id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_whose_time_zone_is_gone_fires_once_more_and_is_mended_by_another() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let id = create(&mut account, &site.urls(&["/page/1"])).await;
    let rename = "UPDATE schedules SET time_zone = 'Nowhere/Gone'";
    sqlx::query(rename).execute(&mut store::open(&server).await).await.expect("another zone");
    overdue(&server, &id).await;
    for change in [json!({"status": "active"}), json!({"preset": "daily"})] {
        let mut arguments = change;
        arguments["schedule_id"] = json!(id);
        let refusal = account.refusal("update_schedule", arguments).await;
        assert!(refusal.contains("`time_zone`: there is no time zone `Nowhere/Gone`"), "{refusal}");
    }
    // What does not ask for other times is changed; and the server looks at what is due.
    let renamed = account.call("update_schedule", json!({"schedule_id": id, "name": "Second"})).await;
    assert_eq!((&renamed["name"], &renamed["time_zone"]), (&json!("Second"), &json!("Nowhere/Gone")));

    let schedule = fired(&mut account, &id, 1).await;
    assert_eq!((schedule.get("next_at"), &schedule["upcoming"]), (None, &json!([])));
    server.wait_for_line(&["a schedule fires no more", "Nowhere/Gone"]);
    let mended = account.call("update_schedule", json!({"schedule_id": id, "time_zone": "UTC"})).await;
    assert!(text(&mended["next_at"]).ends_with("-01-01T00:00:00.000000Z"), "{mended}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_whose_time_zone_is_gone_can_be_paused_but_not_made_active() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let id = create(&mut account, &["https://example.com/".to_owned()]).await;
    let rename = "UPDATE schedules SET time_zone = 'Nowhere/Gone'";
    sqlx::query(rename).execute(&mut store::open(&server).await).await.expect("another zone");
    let paused = account.call("update_schedule", json!({"schedule_id": id, "status": "paused"})).await;
    assert_eq!((&paused["status"], paused.get("next_at")), (&json!("paused"), None));
    let refusal = account.refusal("update_schedule", json!({"schedule_id": id, "status": "active"})).await;
    assert!(refusal.contains("`time_zone`: there is no time zone `Nowhere/Gone`"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_fails_loses_no_firing() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let id = create(&mut account, &site.urls(&["/page/1"])).await;
    let mut database = store::open(&server).await;
    // The run is there when its first task cannot be added.
    let fail = "CREATE TRIGGER fail BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    sqlx::query(fail).execute(&mut database).await.expect("a trigger");
    fire(&server, &mut account, &id).await;
    server.wait_for_line(&["the store failed", "the disk is full"]);
    assert_eq!(account.call("list_runs", json!({})).await["total"], 0);

    sqlx::query("DROP TRIGGER fail").execute(&mut database).await.expect("no trigger");
    let schedule = fired(&mut account, &id, 1).await;
    account.over(&text(&schedule["last_run_id"])).await;
    assert_eq!(account.call("list_runs", json!({})).await["total"], 1);
    assert_eq!(site.hits("/page/1"), 1);
}
