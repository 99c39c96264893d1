//! The bounds and the patience of the worker.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    account::{Account, items, start, text},
    site::Site,
};

#[tokio::test(flavor = "multi_thread")]
async fn no_more_pages_are_collected_at_a_time_than_allowed() {
    let site = Site::start().await;
    let server = start(&["--concurrency=3"]);
    let mut account = Account::of(&server);
    let urls: Vec<String> = (0..30).map(|page| site.url(&format!("/slow/30/{page}"))).collect();
    let run = account.collect("text", &urls).await;
    assert_eq!(items(&run, "status"), ["completed"; 30]);
    assert_eq!(site.most_open(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_run_does_not_hold_up_another() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut large = Account::named(&server, "large");
    let mut small = Account::named(&server, "small");
    let urls: Vec<String> = (0..80).map(|page| site.url(&format!("/slow/50/{page}"))).collect();
    let large_id = large.create(json!({"urls": urls})).await;
    let run = small.collect("text", &site.urls(&["/page/1", "/page/2"])).await;
    assert_eq!(items(&run, "status"), ["completed"; 2]);
    assert_eq!(large.get(&large_id).await["run"]["status"], "running");
}

/// What becomes of an address whose attempts go wrong: its error, its attempts, its HTTP status.
const FAULTS: &[(&str, &str, i64, Option<i64>)] = &[
    ("/status/404", "HTTP status 404 Not Found", 1, Some(404)),
    ("/status/403", "HTTP status 403 Forbidden", 1, Some(403)),
    ("/status/500", "HTTP status 500 Internal Server Error", 3, Some(500)),
    ("/status/503", "HTTP status 503 Service Unavailable", 3, Some(503)),
    ("/status/429", "HTTP status 429 Too Many Requests", 3, Some(429)),
    ("/status/302", "302 Found without a Location", 1, Some(302)),
    ("/bytes/1001", "larger than 1000 bytes", 1, Some(200)),
    ("/bomb", "larger than 1000 bytes", 1, Some(200)),
    ("/image", "only text is collected, and this is image/png", 1, Some(200)),
    ("/slow/5000/a", "no complete answer within 1 s", 3, None),
    ("/drip", "no complete answer within 1 s", 3, None),
];

#[tokio::test(flavor = "multi_thread")]
async fn faults_that_may_pass_are_tried_again_and_others_are_not() {
    let site = Site::start().await;
    let server = start(&["--page-bytes=1000", "--page-seconds=1"]);
    let mut account = Account::of(&server);
    let paths: Vec<&str> = FAULTS.iter().map(|fault| fault.0).collect();
    let mut urls = site.urls(&paths);
    urls.push("http://127.0.0.1:1/".to_owned());
    urls.push("http://no-such-name.invalid/".to_owned());
    urls.push(site.url("/bytes/1000"));
    let run = account.collect("raw", &urls).await;

    let items = run["items"].as_array().expect("items");
    for (item, (path, error, attempts, http_status)) in items.iter().zip(FAULTS) {
        assert_eq!(text(&item["status"]), "failed", "{path}");
        assert_eq!(text(&item["error"]), *error, "{path}");
        assert_eq!(item["attempts"].as_i64(), Some(*attempts), "{path}");
        assert_eq!(item["http_status"].as_i64(), *http_status, "{path}");
        assert_eq!(site.hits(path), usize::try_from(*attempts).expect("few"), "{path}");
    }
    let rest = &items[FAULTS.len()..];
    for item in &rest[..2] {
        assert!(text(&item["error"]).starts_with("no answer: "), "{item}");
        assert_eq!(item["attempts"], 3, "{item}");
    }
    assert_eq!(rest[2]["status"], "completed", "{}", rest[2]);
    assert_eq!(rest[2]["bytes"], 1000);
    assert_eq!(run["run"]["status"], "completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_answers_in_the_end_is_collected() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let started = Instant::now();
    let run = account.collect("text", &site.urls(&["/flaky/2/a", "/busy/a"])).await;

    assert_eq!(items(&run, "status"), ["completed"; 2]);
    assert_eq!([&run["items"][0]["attempts"], &run["items"][1]["attempts"]], [&json!(3), &json!(2)]);
    assert_eq!(run["items"][0].get("error"), None);
    assert!(started.elapsed() >= Duration::from_secs(2), "Retry-After was not obeyed");

    let run_id = text(&run["run"]["id"]);
    let first = &run["items"][0]["id"];
    let log = account.events(&run_id).await;
    let of_first: Vec<String> =
        log.iter().filter(|event| event["item_id"] == *first).map(|event| text(&event["event"])).collect();
    let tried = ["item.started", "item.postponed"];
    assert_eq!(of_first, [&tried[..], &tried[..], &["item.started", "item.completed"]].concat());
    let busy = log.iter().find(|event| text_or_empty(&event["detail"]).contains("429")).expect("an event");
    assert_eq!(text(&busy["detail"]), "HTTP status 429 Too Many Requests; again in 2.0 s");
}

fn text_or_empty(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_says_who_asks_and_nothing_else() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let run = account.collect("raw", &site.urls(&["/headers"])).await;
    let exported = account.exported(&text(&run["run"]["id"])).await;
    let mut names: Vec<String> = text(&exported[0]["content"])
        .lines()
        .map(|line| line.split(':').next().unwrap_or_default().to_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
    assert!(text(&exported[0]["content"]).contains("user-agent: infatica-mcp/"));
}
