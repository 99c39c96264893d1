//! Schedules as callers see them: what is kept, what is changed and what is refused. `firing` looks at
//! what they do.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    account::{Account, start, text},
    store,
};

const PAGE: &str = "https://example.com/";
const FEED: &str = "https://example.com/feed.xml";

/// An object with some of its fields changed; a `null` takes one out.
fn with(object: &Value, changes: &Value) -> Value {
    let mut result = object.clone();
    for (key, value) in changes.as_object().expect("changes") {
        if value.is_null() {
            result.as_object_mut().expect("an object").remove(key);
        } else {
            result[key] = value.clone();
        }
    }
    result
}

/// The one schedule that an account has.
async fn only(account: &mut Account) -> Value {
    let list = account.call("list_schedules", json!({})).await;
    assert_eq!(list["total"], 1);
    list["schedules"][0].clone()
}

fn times(schedule: &Value) -> Vec<&str> {
    schedule["upcoming"].as_array().expect("times").iter().filter_map(Value::as_str).collect()
}

/// Arguments of `create_schedule`, and what they leave beside themselves.
fn creations() -> Vec<(Value, Value)> {
    vec![
        (
            json!({"urls": [PAGE, "https://example.com/about"], "cron": "0 0 1 1 *"}),
            json!({"name": PAGE, "type": "urls", "engine": "text", "time_zone": "UTC", "status": "active"}),
        ),
        (
            json!({"name": "Prices", "engine": "raw", "urls": [PAGE], "preset": "monthly", "time_zone": "Asia/Tokyo"}),
            json!({"type": "urls", "status": "active"}),
        ),
        (
            json!({"type": "feed", "source_url": FEED, "cron": " 0  0 1 jan *", "time_zone": "europe/berlin"}),
            json!({"name": FEED, "engine": "text", "max_items": 100, "cron": "0 0 1 jan *",
                   "time_zone": "Europe/Berlin", "status": "active"}),
        ),
        (
            json!({"type": "feed", "source_url": FEED, "max_items": 7, "preset": "daily", "status": "paused"}),
            json!({"name": FEED, "engine": "text", "time_zone": "UTC"}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_kept_as_it_was_asked_for() {
    let server = start(&[]);
    for (number, (arguments, rest)) in creations().into_iter().enumerate() {
        let mut account = Account::named(&server, &format!("owner {number}"));
        let created = account.call("create_schedule", arguments.clone()).await;
        let id = text(&created["id"]);
        assert!(id.starts_with("sched_") && id.len() == 30, "{id}");
        let told = json!({"id": id, "fired": 0, "created_at": created["created_at"], "upcoming": created["upcoming"],
                          "next_at": created.get("next_at")});
        let expected = with(&with(&arguments, &rest), &told);
        assert_eq!(created, expected, "{arguments}");
        assert_eq!(only(&mut account).await, created);

        let active = created["status"] == "active";
        assert_eq!(times(&created).len(), if active { 5 } else { 0 }, "{created}");
        if active {
            let first: jiff::Timestamp = times(&created)[0].parse().expect("a time");
            assert_eq!(created["next_at"], format!("{first:.6}"));
        }
    }
}

/// The times of the day at which an expression fires on the days on which clocks are changed; they are
/// the same in every year.
const CHANGED_CLOCKS: &[(&str, &str, &[&str])] = &[
    ("Europe/Berlin", "30 2 * MAR SUNL", &["T03:00:00+02:00"]),
    ("Europe/Berlin", "30 2 * OCT SUNL", &["T02:30:00+02:00"]),
    (
        "Europe/Berlin",
        "*/30 1-3 * MAR SUNL",
        &["T01:00:00+01:00", "T01:30:00+01:00", "T03:00:00+02:00", "T03:30:00+02:00"],
    ),
    (
        "Europe/Berlin",
        "*/30 2 * OCT SUNL",
        &["T02:00:00+01:00", "T02:00:00+02:00", "T02:30:00+01:00", "T02:30:00+02:00"],
    ),
    ("America/New_York", "30 2 * MAR SUN#2", &["T03:00:00-04:00"]),
    ("America/New_York", "30 1 * NOV SUN#1", &["T01:30:00-04:00"]),
    (
        "America/New_York",
        "0,59 1 * NOV SUN#1",
        &["T01:00:00-04:00", "T01:00:00-05:00", "T01:59:00-04:00", "T01:59:00-05:00"],
    ),
    ("UTC", "30 2 * MAR SUNL", &["T02:30:00+00:00"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn the_next_times_go_by_the_clocks_of_the_zone() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (zone, cron, expected) in CHANGED_CLOCKS {
        let arguments = json!({"urls": [PAGE], "cron": cron, "time_zone": zone});
        let schedule = account.call("create_schedule", arguments).await;
        let clocks: BTreeSet<&str> = times(&schedule).iter().map(|time| &time[10..]).collect();
        assert_eq!(clocks, expected.iter().copied().collect(), "{cron} in {zone}");
        assert!(times(&schedule).is_sorted_by_key(|time| time.parse::<jiff::Timestamp>().expect("a time")));
    }
}

/// Arguments of `update_schedule` for a schedule of one page, and what they change of it.
fn changes() -> Vec<(Value, Value)> {
    vec![
        (json!({}), json!({})),
        (json!({"name": "Other"}), json!({"name": "Other"})),
        (json!({"engine": "raw", "name": "Two"}), json!({"engine": "raw", "name": "Two"})),
        (json!({"urls": [FEED]}), json!({"urls": [FEED]})),
        (
            json!({"type": "feed", "source_url": FEED}),
            json!({"type": "feed", "source_url": FEED, "max_items": 100, "urls": null}),
        ),
        (
            json!({"type": "feed", "source_url": FEED, "max_items": 3}),
            json!({"type": "feed", "source_url": FEED, "max_items": 3, "urls": null}),
        ),
        (json!({"type": "urls"}), json!({})),
        (json!({"cron": "0 12 24 12 *"}), json!({"cron": "0 12 24 12 *"})),
        (json!({"preset": "weekly"}), json!({"preset": "weekly", "cron": null})),
        (json!({"time_zone": "Asia/Tokyo"}), json!({"time_zone": "Asia/Tokyo"})),
        (json!({"status": "paused"}), json!({"status": "paused", "next_at": null, "upcoming": []})),
        (json!({"status": "active"}), json!({})),
        (
            json!({"status": "paused", "preset": "hourly", "time_zone": "Asia/Tokyo", "name": "All"}),
            json!({"status": "paused", "preset": "hourly", "time_zone": "Asia/Tokyo", "name": "All", "cron": null,
                   "next_at": null, "upcoming": []}),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_changes_what_is_given_and_nothing_else() {
    let server = start(&[]);
    for (number, (arguments, expected)) in changes().into_iter().enumerate() {
        let mut account = Account::named(&server, &format!("owner {number}"));
        let created =
            account.call("create_schedule", json!({"name": "One", "urls": [PAGE], "cron": "0 0 1 1 *"})).await;
        let arguments = with(&arguments, &json!({"schedule_id": created["id"]}));
        let updated = account.call("update_schedule", arguments.clone()).await;
        let mut expected = with(&created, &expected);
        let new_times = ["cron", "preset", "time_zone"].iter().any(|key| arguments.get(key).is_some());
        if new_times && updated["status"] == "active" {
            assert_ne!(updated["next_at"], created["next_at"], "{arguments}");
            expected = with(&expected, &json!({"next_at": updated["next_at"], "upcoming": updated["upcoming"]}));
        }
        assert_eq!(updated, expected, "{arguments}");
        // Twice is as good as once.
        assert_eq!(account.call("update_schedule", arguments).await, updated);
        assert_eq!(only(&mut account).await, updated);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn updates_lead_from_one_way_of_saying_it_to_the_other_and_back() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let created = account.call("create_schedule", json!({"urls": [PAGE], "cron": "0 0 1 1 *"})).await;
    let there = [
        json!({"preset": "hourly"}),
        json!({"type": "feed", "source_url": FEED, "max_items": 3}),
        json!({"max_items": 4}),
        json!({"source_url": PAGE}),
        json!({"status": "paused"}),
    ];
    for change in there {
        account.call("update_schedule", with(&change, &json!({"schedule_id": created["id"]}))).await;
    }
    let changed = only(&mut account).await;
    let expected = json!({"preset": "hourly", "cron": null, "type": "feed", "source_url": PAGE, "max_items": 4,
                          "urls": null, "status": "paused", "next_at": null, "upcoming": []});
    assert_eq!(changed, with(&created, &expected));

    let back = json!({"cron": "0 0 1 1 *", "type": "urls", "urls": [PAGE], "status": "active"});
    let back = account.call("update_schedule", with(&back, &json!({"schedule_id": created["id"]}))).await;
    assert_eq!(back, created);
}

/// Arguments of both tools that do not fit together: the field that is named, and what is said of it.
fn unfit() -> Vec<(Value, &'static str, &'static str)> {
    vec![
        (json!({"cron": "0 0 1 1 *", "preset": "daily"}), "`preset`", "and so does `cron`"),
        (json!({"cron": "61 * * * *"}), "`cron`", "its field for the minute, `61`, is wrong"),
        (json!({"cron": "0 24 * * *"}), "`cron`", "its field for the hour, `24`, is wrong"),
        (json!({"cron": "0 0 32 * *"}), "`cron`", "its field for the day of month, `32`, is wrong"),
        (json!({"cron": "0 0 1 MON *"}), "`cron`", "its field for the month, `MON`, is wrong"),
        (json!({"cron": "0 0 * * 8"}), "`cron`", "its field for the day of week, `8`, is wrong"),
        (json!({"cron": "*/10 * * * * *"}), "`cron`", "expected five fields"),
        (json!({"cron": "@daily"}), "`cron`", "there is `preset`"),
        (json!({"cron": ", * * * *"}), "`cron`", "its field for the minute, `,`, is wrong"),
        (json!({"cron": "0 0 31 2 *"}), "`cron`", "never fires"),
        (json!({"cron": ""}), "`cron`", "1"),
        (json!({"cron": "0 0 1 1 *", "time_zone": "PST"}), "`time_zone`", "`Europe/Berlin`"),
        (json!({"preset": "yearly"}), "`preset`", "monthly"),
        (json!({"preset": "daily", "source_url": FEED, "urls": [PAGE]}), "`source_url`", "belongs to type `feed`"),
        (json!({"preset": "daily", "type": "feed", "urls": [PAGE]}), "`urls`", "belong to type `urls`"),
        (json!({"preset": "daily", "type": "feed"}), "`source_url`", "none came"),
        (json!({"preset": "daily", "urls": ["ftp://example.com/"]}), "`urls[0]`", "not `ftp`"),
        (json!({"preset": "daily", "urls": []}), "`urls`", "1"),
        (json!({"preset": "daily", "urls": [PAGE], "status": "deleted"}), "`status`", "paused"),
        (json!({"preset": "daily", "urls": [PAGE], "every": "day"}), "every", "name"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_do_not_fit_are_named_and_change_nothing() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let created = account.call("create_schedule", json!({"urls": [PAGE], "cron": "0 0 2 2 *"})).await;
    let mut cases = Vec::new();
    for (arguments, field, expected) in unfit() {
        let pages = if arguments.get("type").is_some() { json!({}) } else { json!({"urls": [PAGE]}) };
        cases.push(("create_schedule", with(&pages, &arguments), field, expected));
        // Beside what does not fit there is something that would.
        let id = json!({"schedule_id": created["id"], "name": "Other", "status": "paused"});
        cases.push(("update_schedule", with(&id, &arguments), field, expected));
    }
    cases.push(("create_schedule", json!({"urls": [PAGE]}), "`cron`", "give either `cron` or `preset`"));
    cases.push(("create_schedule", json!({"preset": "daily"}), "`urls`", "none came"));
    let max_items = json!({"schedule_id": created["id"], "max_items": 3});
    cases.push(("update_schedule", max_items, "`max_items`", "belongs to type `feed`"));

    for (tool, arguments, field, expected) in cases {
        let refusal = account.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with("invalid_arguments: "), "{tool} with {arguments}: {refusal}");
        assert!(refusal.contains(field) && refusal.contains(expected), "{tool} with {arguments}: {refusal}");
    }
    assert_eq!(only(&mut account).await, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_schedule_is_kept_but_over() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let created = account.call("create_schedule", json!({"urls": [PAGE], "preset": "monthly"})).await;
    let id = json!({"schedule_id": created["id"]});
    let deleted = account.call("delete_schedule", id.clone()).await;
    let expected = json!({"next_at": null, "upcoming": [], "deleted_at": deleted["deleted_at"]});
    assert!(deleted["deleted_at"].is_string(), "{deleted}");
    assert_eq!(deleted, with(&created, &expected));

    assert_eq!(account.call("list_schedules", json!({})).await, json!({"schedules": [], "total": 0}));
    let all = json!({"schedules": [deleted], "total": 1});
    assert_eq!(account.call("list_schedules", json!({"include_deleted": true})).await, all);
    let refusal = account.refusal("update_schedule", with(&id, &json!({"status": "active"}))).await;
    assert!(refusal.starts_with("wrong_state: schedule `sched_"), "{refusal}");
    assert!(refusal.contains("is deleted: create another one"), "{refusal}");
    // To delete twice is as good as once.
    assert_eq!(account.call("delete_schedule", id).await, deleted);
    assert_eq!(account.call("list_schedules", json!({"include_deleted": true})).await, all);
    let audit = "SELECT actor || ' ' || action FROM audit ORDER BY seq";
    let audit = store::column(&server, audit).await;
    assert_eq!(audit, ["token of local schedule.created", "token of local schedule.deleted"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_room_for_a_hundred_schedules() {
    let server = start(&[]);
    let mut account = Account::named(&server, "owner");
    let arguments = json!({"urls": [PAGE], "preset": "monthly", "status": "paused"});
    let mut created = json!(null);
    for _ in 0..100 {
        created = account.call("create_schedule", arguments.clone()).await;
    }
    let refusal = account.refusal("create_schedule", arguments.clone()).await;
    assert!(refusal.starts_with("wrong_state: your account has 100 schedules"), "{refusal}");
    assert!(refusal.contains("delete one with delete_schedule"), "{refusal}");
    assert_eq!(account.call("list_schedules", json!({"limit": 1})).await["total"], 100);
    // The room is each account's own.
    Account::named(&server, "neighbour").call("create_schedule", arguments.clone()).await;

    account.call("delete_schedule", json!({"schedule_id": created["id"]})).await;
    account.call("create_schedule", arguments.clone()).await;
    account.refusal("create_schedule", arguments).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_the_schedules_of_another_account() {
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let created = owner.call("create_schedule", json!({"urls": [PAGE], "preset": "monthly"})).await;
    let id = text(&created["id"]);
    for (tool, more) in [("update_schedule", json!({"status": "paused"})), ("delete_schedule", json!({}))] {
        for (account, id) in [(&mut stranger, id.as_str()), (&mut owner, "sched_nothing")] {
            let refusal = account.refusal(tool, with(&more, &json!({"schedule_id": id}))).await;
            assert!(
                refusal.starts_with(&format!("not_found: there is no schedule `{id}` in your account")),
                "{refusal}"
            );
        }
    }
    let everything = json!({"include_deleted": true});
    assert_eq!(stranger.call("list_schedules", everything).await, json!({"schedules": [], "total": 0}));
    assert_eq!(only(&mut owner).await, created);
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_listed_newest_first_and_page_by_page() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let mut created = Vec::new();
    for number in 0..5 {
        let arguments = json!({"name": format!("number {number}"), "urls": [PAGE], "preset": "monthly"});
        created.insert(0, account.call("create_schedule", arguments).await);
    }
    let mut listed = Vec::new();
    for offset in [0, 2, 4] {
        let page = account.call("list_schedules", json!({"limit": 2, "offset": offset})).await;
        assert_eq!(page["total"], 5);
        listed.extend(page["schedules"].as_array().expect("schedules").clone());
    }
    assert_eq!(listed, created);
}
