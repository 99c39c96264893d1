//! A server that is killed, or told to stop, and started again on the same data.

use std::{collections::HashSet, time::Duration};

use serde_json::json;

use crate::{
    account::{Account, again, items, start},
    site::Site,
    store,
};

const PAGES: usize = 300;
const CONCURRENCY: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_goes_on_and_fetches_nothing_twice() {
    let site = Site::start().await;
    let concurrency = format!("--concurrency={CONCURRENCY}");
    let mut server = start(&[&concurrency]);
    let token = server.token("owner", &["runs:read", "runs:write"]);
    let mut account = Account::with_token(&server, &token);
    let paths: Vec<String> = (0..PAGES).map(|page| format!("/slow/15/{page}")).collect();
    let urls: Vec<String> = paths.iter().map(|path| site.url(path)).collect();
    let run_id = account.create(json!({"urls": urls})).await;
    account.when(&run_id, |run| run["run"]["items"]["completed"].as_u64() >= Some(100)).await;
    server.kill();

    let finished = store::column(&server, "SELECT url FROM tasks WHERE status = 'completed'").await;
    let in_flight = store::column(&server, "SELECT url FROM tasks WHERE status = 'running'").await;
    assert!((100..PAGES).contains(&finished.len()), "{}", finished.len());
    assert!(in_flight.len() <= CONCURRENCY, "{in_flight:?}");

    let server = again(&server, &[&concurrency]);
    let mut account = Account::with_token(&server, &token);
    let run = account.over(&run_id).await;
    assert_eq!(run["run"]["status"], "completed");
    assert_eq!(run["run"]["items"]["completed"], PAGES);

    let stored = store::column(&server, "SELECT url FROM results JOIN tasks ON tasks.seq = results.task").await;
    assert_eq!(stored.len(), PAGES);
    assert_eq!(stored.iter().collect::<HashSet<_>>(), urls.iter().collect::<HashSet<_>>());
    for path in &paths {
        let most = if in_flight.contains(&site.url(path)) { 2 } else { 1 };
        assert!((1..=most).contains(&site.hits(path)), "{path}: {} hits, at most {most}", site.hits(path));
    }
    for url in &finished {
        let path = url.strip_prefix(&site.url("")).expect("the site's");
        assert_eq!(site.hits(path), 1, "{path} was finished before, and was fetched again");
    }
    let names = account.event_names(&run_id).await;
    assert_eq!(names.iter().filter(|name| *name == "item.interrupted").count(), in_flight.len());
    assert_eq!(names.iter().filter(|name| *name == "run.completed").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_server_ends_what_it_can_and_puts_the_rest_back() {
    let site = Site::start().await;
    let mut server = start(&["--concurrency=2"]);
    let token = server.token("owner", &["runs:read", "runs:write"]);
    let mut account = Account::with_token(&server, &token);
    let run_id = account.create(json!({"urls": site.urls(&["/slow/1000/a", "/gate/1", "/page/1"])})).await;
    account.when(&run_id, |run| items(run, "status") == ["running", "running", "queued"]).await;
    server.terminate();
    let status = tokio::task::spawn_blocking(move || {
        let status = server.wait(Duration::from_secs(20));
        (server, status)
    });
    let (server, status) = status.await.expect("a status");
    assert!(status.success(), "{status}: {}", server.log());

    // All is in the one file: the write-ahead log went with the last connection.
    let store = store::path(&server);
    assert!(!store.with_extension("db-wal").exists());
    let stored = store::column(&server, "SELECT status FROM tasks ORDER BY seq").await;
    assert_eq!(stored, ["completed", "queued", "queued"]);

    site.open_gate();
    let server = again(&server, &[]);
    let mut account = Account::with_token(&server, &token);
    let run = account.over(&run_id).await;
    assert_eq!(items(&run, "status"), ["completed"; 3]);
    assert_eq!((site.hits("/slow/1000/a"), site.hits("/page/1")), (1, 1));
    let names = account.event_names(&run_id).await;
    assert_eq!(names.iter().filter(|name| *name == "item.interrupted").count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_store_takes_nothing_away() {
    let site = Site::start().await;
    let mut first = start(&["--concurrency=2"]);
    let token = first.token("owner", &["runs:read", "runs:write"]);
    let mut account = Account::with_token(&first, &token);
    let run_id = account.create(json!({"urls": site.urls(&["/gate/1", "/gate/2"])})).await;
    account.when(&run_id, |run| items(run, "status") == ["running", "running"]).await;

    let second = again(&first, &[]);
    let mut other = Account::with_token(&second, &token);
    // What the second process is asked for is done by the first one.
    let queued = other.create(json!({"urls": site.urls(&["/page/1"])})).await;
    site.open_gate();
    assert_eq!(items(&other.over(&queued).await, "status"), ["completed"]);
    assert_eq!(items(&other.over(&run_id).await, "status"), ["completed"; 2]);
    assert_eq!((site.hits("/gate/1"), site.hits("/gate/2"), site.hits("/page/1")), (1, 1, 1));

    // When the first is gone, the second takes over.
    first.kill();
    let taken_over = other.collect("text", &site.urls(&["/page/2"])).await;
    assert_eq!(items(&taken_over, "status"), ["completed"]);
}
