//! Tools that read leave no trace, and find what they are asked for.

use std::{collections::BTreeMap, path::Path, time::Duration};

use serde_json::{Value, json};
use toolwright_tests::{examples, rows};

use crate::{
    account::{Account, items, start, text},
    everything,
    site::Site,
    store,
};

/// The examples of each tool that the manifest declares to read.
pub(crate) fn declared_readers() -> BTreeMap<String, Vec<Value>> {
    examples(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tools"), &["read"])
}

/// Whether there is something in all that an answer lists.
fn is_full(answer: &Value) -> bool {
    let lists: Vec<&Vec<Value>> = answer.as_object().into_iter().flatten().filter_map(|(_, v)| v.as_array()).collect();
    lists.iter().all(|list| !list.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_leaves_no_trace() {
    let site = Site::start().await;
    let mut server = start(&[]);
    everything::make(&mut Account::of(&server), &site).await;
    // A token that was never used: nothing has been noted of it yet.
    let mut reader = Account::with_new_token(&server, "local", "reader");
    everything::rename_as_in_the_manifest(&server).await;

    let readers = declared_readers();
    let mut said: Vec<String> =
        rows("infatica.tsv").into_iter().filter(|row| row[3] == "read-only").map(|row| row[0].clone()).collect();
    said.sort();
    assert_eq!(readers.keys().collect::<Vec<_>>(), said.iter().collect::<Vec<_>>());

    let before = store::dump(&server).await;
    assert!(before.contains("'run_example'") && before.contains("'reader'"), "{before}");
    for (tool, examples) in readers {
        let mut finds = false;
        for example in examples {
            finds |= is_full(&reader.call(&tool, example).await);
        }
        assert!(finds, "no example of {tool} finds anything");
    }
    // What is written late is written by now.
    server.terminate();
    let server = tokio::task::spawn_blocking(move || {
        server.wait(Duration::from_secs(20));
        server
    });
    let after = store::dump(&server.await.expect("a stopped server")).await;
    let changed = before.lines().zip(after.lines()).find(|(before, after)| before != after);
    assert!(
        before == after,
        "reading has changed the database from {} lines to {}, first here: {changed:#?}",
        before.lines().count(),
        after.lines().count()
    );
}

/// Times of creation that are told apart by more than their text.
const CREATED: &[(&str, &str)] = &[
    ("Alpha 100%", "2026-03-01T00:30:00Z"),
    ("beta_1", "2026-03-01T01:00:00Z"),
    ("betaX1", "2026-03-01T01:00:00.000001Z"),
    ("ÄRGER", "2026-03-31T23:59:59.999999Z"),
];

/// Filters, and the runs that they find, newest first.
fn filters() -> Vec<(Value, Vec<&'static str>)> {
    vec![
        (json!({}), vec!["ÄRGER", "betaX1", "beta_1", "Alpha 100%"]),
        (json!({"limit": 2}), vec!["ÄRGER", "betaX1"]),
        (json!({"limit": 2, "offset": 3}), vec!["Alpha 100%"]),
        (json!({"offset": 4}), vec![]),
        (json!({"type": "feed"}), vec!["ÄRGER"]),
        (json!({"type": "urls", "status": "failed"}), vec!["betaX1"]),
        (json!({"status": "cancelled"}), vec![]),
        // No character is a wildcard, and case does not matter, whatever the script.
        (json!({"query": "%"}), vec!["Alpha 100%"]),
        (json!({"query": "a_1"}), vec!["beta_1"]),
        (json!({"query": "BETA"}), vec!["betaX1", "beta_1"]),
        (json!({"query": "ärg"}), vec!["ÄRGER"]),
        (json!({"query": "'; DROP TABLE runs; --"}), vec![]),
        // Addresses count, too: of items, and of the feed.
        (json!({"query": "/PAGE/alpha"}), vec!["Alpha 100%"]),
        (json!({"query": "feed.xml"}), vec!["ÄRGER"]),
        // Times are instants, whatever their offset; the first bound is in, the second is out.
        (json!({"created_after": "2026-03-01T01:00:00Z"}), vec!["ÄRGER", "betaX1", "beta_1"]),
        (json!({"created_after": "2026-03-01T02:00:00+01:00"}), vec!["ÄRGER", "betaX1", "beta_1"]),
        (json!({"created_after": "2026-02-28T20:00:00.0000001-05:00"}), vec!["ÄRGER", "betaX1"]),
        (json!({"created_before": "2026-03-01T01:00:00Z"}), vec!["Alpha 100%"]),
        (json!({"created_before": "2026-03-01T06:30:00.000001+05:30"}), vec!["beta_1", "Alpha 100%"]),
        (
            json!({"created_after": "2026-03-01T01:00:00+01:00", "created_before": "2026-03-31T23:59:59.999999Z"}),
            vec!["betaX1", "beta_1", "Alpha 100%"],
        ),
        (json!({"query": "beta", "created_after": "2026-03-01T01:00:00.000001Z"}), vec!["betaX1"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_say() {
    let site = Site::start().await;
    site.publish("/feed.xml", "application/xml", "<urlset><url><loc>/page/1</loc></url></urlset>");
    let server = start(&[]);
    let mut account = Account::of(&server);
    let runs = [
        json!({"urls": [site.url("/page/alpha")]}),
        json!({"urls": [site.url("/page/1")]}),
        json!({"urls": [site.url("/status/404")]}),
        json!({"type": "feed", "source_url": site.url("/feed.xml")}),
    ];
    let mut database = store::open(&server).await;
    for (mut run, (name, created)) in runs.into_iter().zip(CREATED) {
        run["name"] = json!(name);
        let run_id = account.create(run).await;
        account.over(&run_id).await;
        let created: jiff::Timestamp = created.parse().expect("a time");
        sqlx::query("UPDATE runs SET created_at = ?1 WHERE id = ?2")
            .bind(created.as_microsecond())
            .bind(run_id)
            .execute(&mut database)
            .await
            .expect("another time");
    }
    let mut stranger = Account::named(&server, "stranger");
    stranger.collect("text", &site.urls(&["/page/alpha"])).await;

    for (filter, expected) in filters() {
        let found = account.call("list_runs", filter.clone()).await;
        let names: Vec<&str> =
            found["runs"].as_array().expect("runs").iter().filter_map(|run| run["name"].as_str()).collect();
        assert_eq!(names, expected, "{filter}");
        if filter.get("limit").is_none() && filter.get("offset").is_none() {
            assert_eq!(found["total"], expected.len(), "{filter}");
        } else {
            assert_eq!(found["total"], 4, "{filter}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_follow_each_other_without_gap_or_overlap() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let urls: Vec<String> = (0..25).map(|page| site.url(&format!("/page/{page}"))).collect();
    let run = account.collect("text", &urls).await;
    let run_id = text(&run["run"]["id"]);

    let mut seen = Vec::new();
    let mut offset = json!(0);
    while !offset.is_null() {
        let page = account.call("get_run", json!({"run_id": run_id, "limit": 10, "offset": offset})).await;
        seen.extend(items(&page, "url").into_iter().map(str::to_owned));
        offset = page.get("next_offset").cloned().unwrap_or(Value::Null);
    }
    assert_eq!(seen, urls);

    let all = account.events(&run_id).await;
    let mut log = Vec::new();
    while log.len() < all.len() {
        let part = account.call("get_run_logs", json!({"run_id": run_id, "limit": 7, "offset": log.len()})).await;
        assert_eq!(part["total"], all.len());
        log.extend(part["events"].as_array().expect("events").clone());
    }
    assert_eq!(log, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn statistics_cover_fourteen_days_with_today() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let empty = account.call("get_run_stats", json!({})).await;
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let dates: Vec<String> = (0..14).rev().map(|back| (today - jiff::Span::new().days(back)).to_string()).collect();
    let days: Vec<Value> =
        dates.iter().map(|date| json!({"date": date, "created": 0, "completed": 0, "failed": 0})).collect();
    assert_eq!(empty["days"], json!(days));
    assert_eq!(empty["by_status"], json!({"cancelled": 0, "completed": 0, "failed": 0, "queued": 0, "running": 0}));

    // Created on the first day at midnight, on the day before it, and today; they end today.
    let mut database = store::open(&server).await;
    let midnight = |back: i64| {
        let date = today - jiff::Span::new().days(back);
        date.to_zoned(jiff::tz::TimeZone::UTC).expect("midnight").timestamp().as_microsecond()
    };
    let created = [Some(midnight(13)), Some(midnight(13) - 1), None];
    for (created, path) in created.into_iter().zip(["/page/1", "/status/404", "/page/2"]) {
        let run = account.collect("raw", &site.urls(&[path, "/bytes/10"])).await;
        if let Some(created) = created {
            sqlx::query("UPDATE runs SET created_at = ?1 WHERE id = ?2")
                .bind(created)
                .bind(text(&run["run"]["id"]))
                .execute(&mut database)
                .await
                .expect("another time");
        }
    }
    let failed = account.collect("raw", &site.urls(&["/status/404"])).await;
    assert_eq!(failed["run"]["status"], "failed");
    Account::named(&server, "stranger").collect("raw", &site.urls(&["/bytes/10"])).await;

    let stats = account.call("get_run_stats", json!({})).await;
    let days = stats["days"].as_array().expect("days");
    assert_eq!(days[0], json!({"date": dates[0], "created": 1, "completed": 0, "failed": 0}));
    assert_eq!(days[13], json!({"date": dates[13], "created": 2, "completed": 3, "failed": 1}));
    assert!(days[1..13].iter().all(|day| day["created"] == 0 && day["completed"] == 0), "{days:?}");
    assert_eq!(stats["by_status"], json!({"cancelled": 0, "completed": 3, "failed": 1, "queued": 0, "running": 0}));
    assert_eq!(
        (&stats["total_runs"], &stats["total_items"], &stats["completed_items"]),
        (&json!(4), &json!(7), &json!(5))
    );
    let html = |path: &str| format!("<!DOCTYPE html><title>{path}</title><p>This is <b>{path}</b>.").len();
    assert_eq!(stats["bytes"], 3 * 10 + html("/page/1") + html("/page/2"));
}
