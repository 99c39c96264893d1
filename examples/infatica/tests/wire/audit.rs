//! The audit log: every change that was asked for is recorded, once, with the change, and found again.
//!
//! A tool that writes is added to these tests by its row among the `effects`: `recorded_as` says the
//! action and the object.

use serde_json::{Value, json};
use sqlx::Executor as _;

use crate::{
    account::{Account, start, text},
    effects::{Story, effects, refusals},
    site::Site,
    store,
};

/// What tokens did, newest first: schedules can do something at any time.
async fn log(account: &mut Account) -> Vec<Value> {
    let log = account.call("get_audit_log", json!({"via": "token", "limit": 500})).await;
    let entries = log["entries"].as_array().expect("entries").clone();
    assert_eq!(log["total"], entries.len());
    entries
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_recorded_once() {
    let site = Site::start().await;
    let server = start(&[]);
    for (number, effect) in effects(&site).into_iter().enumerate() {
        let (tool, arguments) = &effect.by;
        let (action, object) = effect.recorded.unwrap_or_else(|| panic!("{tool}: what does the audit log have of it?"));
        let mut story = Story::of(&server, number);
        story.prepare(&effect.given).await;
        let before = log(&mut story.account).await;
        story.keep(tool, arguments, effect.keeps).await;
        let after = log(&mut story.account).await;

        assert_eq!(after.len(), before.len() + 1, "{tool} is recorded once: {after:#?}");
        assert_eq!(after[1..], before, "{tool}");
        let entry = &after[0];
        let (at, token_id) = (text(&entry["at"]), text(&entry["token_id"]));
        let token = format!("token of story {number}");
        let object = story.filled(&json!(object));
        assert_eq!(
            *entry,
            json!({
                "at": at, "action": action, "object_id": object, "via": "token", "by": token, "token_id": token_id
            }),
            "{tool}"
        );
        // The id is good for what it is needed for most.
        let revoked = server.command(&["token", "revoke", &token_id]);
        assert_eq!(revoked.stderr, format!("revoked {token} ({token_id})\n"), "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_done() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut database = store::open(&server).await;
    for (number, effect) in effects(&site).into_iter().enumerate() {
        let (tool, arguments) = &effect.by;
        let mut story = Story::of(&server, number);
        story.prepare(&effect.given).await;
        let fail = "CREATE TRIGGER fail BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END";
        database.execute(fail).await.expect("a trigger");
        let before = store::dump(&server).await;
        let refusal = story.account.refusal(tool, story.filled(arguments)).await;
        assert!(refusal.starts_with("internal: "), "{tool}: {refusal}");
        assert!(store::dump(&server).await == before, "{tool} has done something");
        database.execute("DROP TRIGGER fail").await.expect("a trigger");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_not_recorded() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (tool, arguments, _) in refusals() {
        account.refusal(tool, arguments).await;
        assert_eq!(log(&mut account).await, Vec::<Value>::new(), "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_state_forbids_or_has_already_is_not_recorded() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut account = Account::of(&server);
    let completed = account.collect("text", &site.urls(&["/page/1"])).await;
    let cancelled = account.create(json!({"urls": site.urls(&["/gate/1"])})).await;
    account.call("cancel_run", json!({"run_id": cancelled})).await;
    let before = log(&mut account).await;

    let run = json!({"run_id": completed["run"]["id"]});
    let item = json!({"run_id": completed["run"]["id"], "item_id": completed["items"][0]["id"]});
    for (tool, arguments) in [("cancel_run", &run), ("retry_run", &run), ("retry_item", &item)] {
        let refusal = account.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with("wrong_state: "), "{tool}: {refusal}");
    }
    account.call("cancel_run", json!({"run_id": cancelled})).await;
    assert_eq!(log(&mut account).await, before);
}

/// Entries as the store has them, oldest first: account, time, via, token, actor, action, object.
const ENTRIES: &[[&str; 7]] = &[
    ["local", "2026-03-01T00:30:00Z", "token", "token_1", "laptop", "run.created", "run_1"],
    ["stranger", "2026-03-01T00:45:00Z", "token", "token_2", "laptop", "run.created", "run_2"],
    ["local", "2026-03-01T01:00:00Z", "session", "", "Ada", "run.cancelled", "run_1"],
    ["local", "2026-03-01T01:00:00.000001Z", "schedule", "", "sched_1", "run.created", "run_3"],
    ["local", "2026-03-01T01:00:00.000001Z", "token", "token_1", "laptop", "item.retried", "item_4"],
    ["local", "2026-03-31T23:59:59.999999Z", "token", "token_3", "office", "bulk_run.created", "bulk_5"],
];

/// Filters, and the objects of the entries that they find, newest first.
fn filters() -> Vec<(Value, Vec<&'static str>)> {
    vec![
        (json!({}), vec!["bulk_5", "item_4", "run_3", "run_1", "run_1"]),
        (json!({"limit": 2}), vec!["bulk_5", "item_4"]),
        (json!({"limit": 2, "offset": 4}), vec!["run_1"]),
        (json!({"offset": 5}), vec![]),
        (json!({"action": "run.created"}), vec!["run_3", "run_1"]),
        // A kind of thing, and not whatever has its name in it.
        (json!({"action": "run"}), vec!["run_3", "run_1", "run_1"]),
        (json!({"action": "bulk_run"}), vec!["bulk_5"]),
        (json!({"action": "run.create"}), vec![]),
        (json!({"action": "created"}), vec![]),
        (json!({"action": "ru"}), vec![]),
        (json!({"object_id": "run_1"}), vec!["run_1", "run_1"]),
        (json!({"object_id": "run_1", "action": "run.created"}), vec!["run_1"]),
        (json!({"object_id": "run_2"}), vec![]),
        (json!({"object_id": "' OR 1 --"}), vec![]),
        (json!({"via": "token"}), vec!["bulk_5", "item_4", "run_1"]),
        (json!({"via": "session"}), vec!["run_1"]),
        (json!({"via": "schedule"}), vec!["run_3"]),
        // Times are instants, whatever their offset; the first bound is in, the second is out.
        (json!({"since": "2026-03-01T01:00:00Z"}), vec!["bulk_5", "item_4", "run_3", "run_1"]),
        (json!({"since": "2026-03-01T02:00:00.0000001+01:00"}), vec!["bulk_5", "item_4", "run_3"]),
        (json!({"until": "2026-03-01T01:00:00Z"}), vec!["run_1"]),
        (
            json!({"since": "2026-03-01T01:00:00Z", "until": "2026-03-31T23:59:59.999999Z"}),
            vec!["item_4", "run_3", "run_1"],
        ),
        (json!({"since": "2026-03-01T01:00:00Z", "until": "2026-03-01T01:00:00Z"}), vec![]),
        (json!({"via": "token", "action": "item", "since": "2026-03-01T01:00:00Z"}), vec!["item_4"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_they_say() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    let mut database = store::open(&server).await;
    for [owner, at, via, token, actor, action, object] in ENTRIES {
        let at: jiff::Timestamp = at.parse().expect("a time");
        let entry = "INSERT INTO audit (account, at, via, credential, actor, action, object)
                     VALUES (?1, ?2, ?3, nullif(?4, ''), ?5, ?6, ?7)";
        let entry = sqlx::query(entry).bind(owner).bind(at.as_microsecond()).bind(via).bind(token);
        entry.bind(actor).bind(action).bind(object).execute(&mut database).await.expect("an entry");
    }

    for (filter, expected) in filters() {
        let found = account.call("get_audit_log", filter.clone()).await;
        let entries = found["entries"].as_array().expect("entries");
        let objects: Vec<&str> = entries.iter().filter_map(|entry| entry["object_id"].as_str()).collect();
        assert_eq!(objects, expected, "{filter}");
        let paged = filter.get("limit").is_some() || filter.get("offset").is_some();
        assert_eq!(found["total"], if paged { 5 } else { expected.len() }, "{filter}");
    }

    let found = account.call("get_audit_log", json!({"object_id": "run_1"})).await;
    assert_eq!(
        found["entries"],
        json!([
            {"at": "2026-03-01T01:00:00.000000Z", "action": "run.cancelled", "object_id": "run_1", "via": "session",
             "by": "Ada"},
            {"at": "2026-03-01T00:30:00.000000Z", "action": "run.created", "object_id": "run_1", "via": "token",
             "by": "laptop", "token_id": "token_1"},
        ])
    );
}

/// Arguments that fit nothing: the field that is named, and what is said of it.
#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_do_not_fit_are_named() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (arguments, field, expected) in [
        (json!({"action": "run."}), "action", "matches"),
        (json!({"action": "run.created.twice"}), "action", "matches"),
        (json!({"action": "*"}), "action", "matches"),
        (json!({"via": "pat"}), "via", "schedule"),
        (json!({"since": "yesterday"}), "since", "yesterday"),
        (json!({"until": "2026-03-01"}), "until", "date and time"),
        (json!({"limit": 501}), "limit", "500"),
        (json!({"offset": -1}), "offset", "0"),
        (json!({"object": "run_1"}), "object", "object_id"),
    ] {
        let refusal = account.refusal("get_audit_log", arguments.clone()).await;
        assert!(refusal.starts_with("invalid_arguments"), "{refusal}");
        assert!(refusal.contains(field) && refusal.contains(expected), "{arguments}:\n{refusal}");
    }
}
