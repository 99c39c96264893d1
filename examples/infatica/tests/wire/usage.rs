//! What requests cost: single events, and their sums.

use std::{collections::BTreeMap, path::Path, time::Duration};

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use serde_json::{Value, json};

use crate::{
    account::{Account, again, items, start, text},
    site::Site,
    store,
};

impl Account {
    /// All events that a filter matches, newest first, a few at a time.
    async fn usage(&mut self, filter: &Value) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let mut arguments = filter.clone();
            arguments["limit"] = json!(7);
            arguments["offset"] = json!(events.len());
            let page = self.call("list_usage_events", arguments).await;
            events.extend(page["events"].as_array().expect("events").clone());
            if events.len() == page["total"] {
                return events;
            }
            assert_eq!(page["events"].as_array().map(Vec::len), Some(7), "a page in the middle is full");
        }
    }
}

/// What came of an attempt, how many bytes were used, and what it cost.
type Used = (&'static str, i64, i64);

const UNUSED: Used = ("failed", 0, 1);
const UNANSWERED: Used = ("unanswered", 0, 0);

/// The engine, the page, and what each attempt used. `{site}` is the site's URL.
const PAGES: &[(&str, &str, &[Used])] = &[
    ("raw", "{site}/bytes/10", &[("completed", 10, 1)]),
    ("raw", "{site}/bytes/1000", &[("completed", 1000, 1)]),
    ("text", "{site}/bytes/20", &[("completed", 20, 2)]),
    ("metadata", "{site}/bytes/30", &[("completed", 30, 2)]),
    ("raw", "{site}/flaky/1/a", &[UNUSED, ("completed", 69, 1)]),
    ("text", "{site}/status/404", &[UNUSED]),
    ("metadata", "{site}/status/503", &[UNUSED; 3]),
    ("text", "{site}/bytes/1001", &[UNUSED]),
    ("text", "{site}/image", &[UNUSED]),
    ("raw", "{site}/hops/5", &[("completed", 63, 1)]),
    ("raw", "{site}/hops/6", &[UNUSED]),
    ("raw", "{site}/to?http://10.0.0.1/", &[UNUSED]),
    ("raw", "http://10.0.0.1/", &[UNANSWERED]),
    ("text", "http://127.0.0.1:1/", &[UNANSWERED; 3]),
    ("text", "{site}/drip", &[UNANSWERED; 3]),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_at_a_page_is_an_event_with_its_price() {
    let site = Site::start().await;
    let server = start(&["--page-bytes=1000", "--page-seconds=1"]);
    let mut account = Account::of(&server);
    let mut runs = BTreeMap::new();
    for engine in ["raw", "text", "metadata"] {
        let urls = PAGES.iter().filter(|page| page.0 == engine).map(|page| page.1.replace("{site}", &site.url("")));
        let run_id = account.create(json!({"engine": engine, "urls": urls.collect::<Vec<_>>()})).await;
        runs.insert(engine, run_id);
    }
    for (engine, run_id) in runs {
        let run = account.over(&run_id).await;
        let events = account.usage(&json!({"run_id": run_id})).await;
        let pages: Vec<_> = PAGES.iter().filter(|page| page.0 == engine).collect();
        assert_eq!(events.len(), pages.iter().map(|page| page.2.len()).sum::<usize>());
        for (item, (_, path, attempts)) in run["items"].as_array().expect("items").iter().zip(pages) {
            let of_item = events.iter().rev().filter(|event| event["item_id"] == item["id"]);
            let expected = (1..).zip(*attempts).map(|(attempt, (outcome, bytes, credits))| {
                json!({
                    "kind": "item", "run_id": run_id, "item_id": item["id"], "url": item["url"], "attempt": attempt,
                    "engine": engine, "outcome": outcome, "bytes": bytes, "credits": credits,
                })
            });
            let found: Vec<Value> = of_item.map(without_id_and_time).collect();
            assert_eq!(found, expected.collect::<Vec<_>>(), "{path}");
        }
    }
}

fn without_id_and_time(event: &Value) -> Value {
    let mut event = event.clone();
    let fields = event.as_object_mut().expect("an event");
    assert!(fields.shift_remove("id").is_some_and(|id| text(&id).starts_with("usage_")));
    assert!(fields.shift_remove("at").is_some_and(|at| text(&at).parse::<Timestamp>().is_ok()));
    event
}

/// The document of a sitemap or feed, and what the attempt used.
const SOURCES: &[(&str, Used)] = &[
    ("<urlset><url><loc>/page/1</loc></url></urlset>", ("completed", 46, 1)),
    ("<sitemapindex><sitemap><loc>/source/0</loc></sitemap></sitemapindex>", ("completed", 68 + 46, 1)),
    ("<urlset></urlset>", UNUSED),
    ("<html></html>", UNUSED),
    ("", UNUSED),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_at_a_feed_is_an_event_too() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (at, (document, (outcome, bytes, credits))) in SOURCES.iter().enumerate() {
        let url = site.url(&format!("/source/{at}"));
        site.publish(&format!("/source/{at}"), "application/xml", *document);
        let run_id = account.create(json!({"type": "feed", "source_url": url})).await;
        account.over(&run_id).await;
        let events = account.usage(&json!({"run_id": run_id, "kind": "source"})).await;
        let expected = json!({
            "kind": "source", "run_id": run_id, "url": url, "attempt": 1,
            "outcome": outcome, "bytes": bytes, "credits": credits,
        });
        assert_eq!(events.iter().map(without_id_and_time).collect::<Vec<_>>(), [expected], "{document}");
    }
}

/// What [`PAGES`] and [`SOURCES`] cost, and questions to a language model, in the words of the manifest.
const PRICES: &[&str] = &[
    "1 for a sitemap, a feed or a page with engine `raw`",
    "2 for a page with engine `text` or `metadata`",
    "10 for a question to a language model",
    "An answer that could not be used costs 1",
    "no answer costs nothing",
];

#[test]
fn the_manifest_says_the_prices_that_are_charged() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools.yaml");
    let manifest = std::fs::read_to_string(manifest).expect("the manifest");
    let manifest: Value = serde_saphyr::from_str(&manifest).expect("YAML");
    let notes = manifest["docs"]["notes"].as_array().expect("notes");
    let note = notes.iter().filter_map(Value::as_str).find(|note| note.contains("credits")).expect("a note on prices");
    for price in PRICES {
        assert!(note.contains(price), "{price}: {note}");
    }
}

/// What nobody waits for any more costs nothing: nothing came of it.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_cancelled_in_flight_is_not_counted() {
    let site = Site::start().await;
    let server = start(&["--concurrency=2"]);
    let mut account = Account::of(&server);
    let urls = site.urls(&["/page/1", "/gate/1", "/gate/2", "/page/2"]);
    let run_id = account.create(json!({"urls": urls})).await;
    let run = account.when(&run_id, |run| items(run, "status") == ["completed", "running", "running", "queued"]).await;
    account.call("cancel_run", json!({"run_id": run_id})).await;
    site.open_gate();
    account.collect("text", &site.urls(&["/page/3", "/page/4", "/page/5"])).await;

    let events = account.usage(&json!({"run_id": run_id})).await;
    assert_eq!(events.iter().map(|event| &event["item_id"]).collect::<Vec<_>>(), [&run["items"][0]["id"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_left_is_counted_when_it_is_done_again() {
    for is_killed in [true, false] {
        let site = Site::start().await;
        let mut server = start(&["--concurrency=2"]);
        let token = server.token("owner", &["runs:read", "runs:write"]);
        let mut account = Account::with_token(&server, &token);
        let urls = site.urls(&["/page/1", "/gate/1", "/gate/2", "/page/2"]);
        let run_id = account.create(json!({"urls": urls})).await;
        account.when(&run_id, |run| items(run, "status")[..3] == ["completed", "running", "running"]).await;
        if is_killed {
            server.kill();
        } else {
            server.terminate();
        }
        let ended = tokio::task::spawn_blocking(move || {
            server.wait(Duration::from_secs(20));
            server
        });
        let server = ended.await.expect("a server that has ended");
        site.open_gate();

        let server = again(&server, &[]);
        let mut account = Account::with_token(&server, &token);
        account.over(&run_id).await;
        let events = account.usage(&json!({"run_id": run_id})).await;
        let mut attempts: Vec<_> = events.iter().map(|event| (text(&event["url"]), &event["attempt"])).collect();
        attempts.sort_by_key(|(url, _)| url.clone());
        let expected = [("/gate/1", 2), ("/gate/2", 2), ("/page/1", 1), ("/page/2", 1)];
        let expected = expected.map(|(path, attempt)| (site.url(path), json!(attempt)));
        assert_eq!(attempts, expected.iter().map(|(url, attempt)| (url.clone(), attempt)).collect::<Vec<_>>());
        // Every event that costs something was charged, once.
        let charged = "SELECT (SELECT sum(credits) FROM usage) || ' ' || (SELECT -sum(credits) FROM ledger)";
        assert_eq!(store::column(&server, charged).await, ["8 8"]);
    }
}

/// When the events of the test below were: at the edges of days and of ranges.
const TIMES: &[&str] = &[
    "2026-02-28T23:59:59.999999Z",
    "2026-03-01T00:00:00Z",
    "2026-03-01T00:00:00.000001Z",
    "2026-03-01T12:00:00Z",
    "2026-03-03T23:59:59.999999Z",
    "2026-03-04T00:00:00Z",
    "2026-03-10T08:00:00Z",
    "2027-03-01T00:00:00Z",
];

/// Ranges, and how many days they touch.
const RANGES: &[(&str, &str, usize)] = &[
    // The end of all time that can be told, which is no whole microsecond.
    ("9999-12-01T00:00:00Z", "9999-12-30T22:00:00.999999999Z", 30),
    ("2026-02-28T00:00:00Z", "2026-03-11T00:00:00Z", 11),
    ("2026-03-01T00:00:00Z", "2026-03-04T00:00:00Z", 3),
    ("2026-03-01T00:00:00.000001Z", "2026-03-04T00:00:00.000001Z", 4),
    ("2026-03-01T00:00:00.0000001Z", "2026-03-03T23:59:59.9999999Z", 3),
    ("2026-02-28T23:59:59.999999Z", "2026-03-01T00:00:00Z", 1),
    ("2026-03-01T12:00:00+12:00", "2026-03-03T20:00:00-05:00", 4),
    ("2026-03-05T00:00:00Z", "2026-03-06T12:00:00Z", 2),
    ("2026-03-01T00:00:00Z", "2027-03-02T00:00:00Z", 366),
    ("1900-01-01T00:00:00Z", "1900-01-02T00:00:00Z", 1),
];

#[tokio::test(flavor = "multi_thread")]
async fn summaries_are_the_sums_of_their_events() {
    let site = Site::start().await;
    site.publish("/feed.xml", "application/xml", "<urlset><url><loc>/page/1</loc></url></urlset>");
    let server = start(&[]);
    let mut account = Account::of(&server);
    let feed = account.create(json!({"type": "feed", "source_url": site.url("/feed.xml")})).await;
    account.over(&feed).await;
    for (at, engine) in ["raw", "text", "metadata"].into_iter().enumerate() {
        let paths = ["/bytes/1", "/bytes/20", "/bytes/300", "/status/404", "/flaky/1/a", "/image"];
        account.collect(engine, &site.urls(&paths[at..])).await;
    }
    let mut stranger = Account::named(&server, "stranger");
    stranger.collect("raw", &site.urls(&["/bytes/4000"])).await;
    // The events of the operator's account are dealt out over the times.
    let mut database = store::open(&server).await;
    for (at, time) in TIMES.iter().enumerate() {
        let time: Timestamp = time.parse().expect("a time");
        sqlx::query("UPDATE usage SET at = ?1 WHERE account = 'local' AND seq % ?2 = ?3")
            .bind(time.as_microsecond())
            .bind(i64::try_from(TIMES.len()).expect("few"))
            .bind(i64::try_from(at).expect("few"))
            .execute(&mut database)
            .await
            .expect("another time");
    }

    let mut seen = 0;
    for (since, until, days) in RANGES {
        let range = json!({"since": since, "until": until});
        let events = account.usage(&range).await;
        let summary = account.call("get_usage_summary", range.clone()).await;
        assert_eq!(summary["total"], sum(&events), "{range}");
        let found = summary["days"].as_array().expect("days");
        assert_eq!(found.len(), *days, "{range}");
        for (at, day) in found.iter().enumerate() {
            let date = text(&day["date"]);
            assert!(at == 0 || text(&found[at - 1]["date"]) < date, "{range}: {found:?}");
            assert_eq!(day["usage"], sum(events.iter().filter(|event| text(&event["at"])[..10] == date)), "{date}");
        }
        let mut kinds: BTreeMap<(String, String), Vec<&Value>> = BTreeMap::new();
        for event in &events {
            kinds.entry((event["kind"].to_string(), event["engine"].to_string())).or_default().push(event);
        }
        let kinds: BTreeMap<_, _> = kinds.into_iter().map(|(kind, events)| (kind, sum(events))).collect();
        let found = summary["kinds"].as_array().expect("kinds").iter();
        let found = found.map(|row| ((row["kind"].to_string(), row["engine"].to_string()), row["usage"].clone()));
        assert_eq!(found.collect::<BTreeMap<_, _>>(), kinds, "{range}");
        seen += events.len();
    }
    assert!(seen > 40, "the ranges have {seen} events");
}

/// Events added up.
fn sum<'a>(events: impl IntoIterator<Item = &'a Value>) -> Value {
    let (mut requests, mut bytes, mut credits) = (0, 0, 0);
    for event in events {
        requests += 1;
        bytes += event["bytes"].as_i64().expect("bytes");
        credits += event["credits"].as_i64().expect("credits");
    }
    json!({"requests": requests, "bytes": bytes, "credits": credits})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_summary_covers_thirty_days_with_today() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    account.collect("text", &site.urls(&["/bytes/10", "/status/404"])).await;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let summary = account.call("get_usage_summary", json!({})).await;
    let used = json!({"requests": 2, "bytes": 10, "credits": 3});
    let nothing = json!({"requests": 0, "bytes": 0, "credits": 0});
    let days = (0..30).rev().map(|back| {
        let usage = if back == 0 { &used } else { &nothing };
        json!({"date": (today - back.days()).to_string(), "usage": usage})
    });
    assert_eq!(summary["days"], days.collect::<Value>());
    assert_eq!(summary["total"], used);
    assert_eq!(summary["kinds"], json!([{"kind": "item", "engine": "text", "usage": used}]));
    assert_eq!(summary["since"], format!("{}T00:00:00.000000Z", today - 29.days()));
    assert_eq!(summary["until"], format!("{}T00:00:00.000000Z", today + 1.day()));

    // The same, before a moment that was named.
    let summary = account.call("get_usage_summary", json!({"until": "2026-03-01T00:00:00Z"})).await;
    assert_eq!((&summary["since"], &summary["total"]), (&json!("2026-01-30T00:00:00.000000Z"), &nothing));
    assert_eq!(summary["days"].as_array().map(Vec::len), Some(30));
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_of_events_find_what_they_say() {
    let site = Site::start().await;
    site.publish("/feed.xml", "application/xml", "<urlset><url><loc>/bytes/1</loc></url></urlset>");
    let server = start(&[]);
    let mut account = Account::of(&server);
    let feed = account.create(json!({"type": "feed", "source_url": site.url("/feed.xml")})).await;
    account.over(&feed).await;
    let pages = account.collect("raw", &site.urls(&["/bytes/2"])).await;
    let pages = &pages["run"]["id"];
    let (source, first, second) = (site.url("/feed.xml"), site.url("/bytes/1"), site.url("/bytes/2"));
    let at = text(&account.usage(&json!({})).await[1]["at"]);

    let cases: Vec<(Value, Vec<&String>)> = vec![
        (json!({}), vec![&second, &first, &source]),
        (json!({"kind": "item"}), vec![&second, &first]),
        (json!({"kind": "source"}), vec![&source]),
        (json!({"kind": "analysis"}), vec![]),
        (json!({"run_id": pages}), vec![&second]),
        (json!({"run_id": feed}), vec![&first, &source]),
        (json!({"run_id": feed, "kind": "item"}), vec![&first]),
        (json!({"since": at}), vec![&second, &first]),
        (json!({"until": at}), vec![&source]),
        (json!({"since": at, "until": at}), vec![]),
        (json!({"since": at, "run_id": feed}), vec![&first]),
        (json!({"since": "9999-01-01T00:00:00Z"}), vec![]),
    ];
    for (filter, expected) in cases {
        let found = account.call("list_usage_events", filter.clone()).await;
        let urls: Vec<_> =
            found["events"].as_array().expect("events").iter().map(|event| text(&event["url"])).collect();
        assert_eq!(urls.iter().collect::<Vec<_>>(), expected, "{filter}");
        assert_eq!(found["total"], expected.len(), "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_told_is_refused() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let run = owner.collect("raw", &site.urls(&["/bytes/2"])).await;
    let run_id = text(&run["run"]["id"]);

    for (run_id, account) in [(run_id.as_str(), &mut stranger), ("run_nothing", &mut owner)] {
        let refusal = account.refusal("list_usage_events", json!({"run_id": run_id})).await;
        assert!(refusal.starts_with(&format!("not_found: there is no run `{run_id}` in your account")), "{refusal}");
    }
    assert_eq!(stranger.call("list_usage_events", json!({})).await, json!({"events": [], "total": 0}));
    assert_eq!(stranger.call("get_usage_summary", json!({})).await["kinds"], json!([]));

    let summary = "get_usage_summary";
    let cases = [
        (summary, json!({"since": "yesterday"}), "`since`", "yesterday"),
        (summary, json!({"until": "tomorrow"}), "until", "tomorrow"),
        (summary, json!({"since": "9999-01-01T00:00:00Z"}), "`since`", "must lie before `until`"),
        (
            summary,
            json!({"since": "2026-03-01T00:00:00Z", "until": "2026-03-01T00:00:00Z"}),
            "`since`",
            "must lie before `until`, which is 2026-03-01T00:00:00Z",
        ),
        (
            summary,
            json!({"since": "2026-03-01T00:00:00Z", "until": "2027-03-02T00:00:00.000001Z"}),
            "`since`",
            "there are 367 days in UTC, and at most 366",
        ),
        (summary, json!({"since": "0001-01-01T00:00:00Z"}), "`since`", "at most 366"),
        ("list_usage_events", json!({"since": "yesterday"}), "since", "yesterday"),
        ("list_usage_events", json!({"kind": "page"}), "kind", "source"),
        ("list_usage_events", json!({"limit": 501}), "limit", "500"),
    ];
    for (tool, arguments, field, expected) in cases {
        let refusal = owner.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with("invalid_arguments"), "{refusal}");
        assert!(refusal.contains(field) && refusal.contains(expected), "{arguments}:\n{refusal}");
    }
}
