//! What the tools refuse, and what they say then.

use serde_json::{Value, json};

use crate::{
    account::{Account, items, start, text},
    site::Site,
};

/// What says where items come from, and does not fit together: the field that is named, and what is
/// said of it.
fn unfit_arguments() -> Vec<(Value, &'static str, &'static str)> {
    let page = "https://example.com/";
    let long = format!("https://example.com/{}", "x".repeat(2048));
    vec![
        (json!({}), "`urls`", "needs 1 to 500 addresses; none came"),
        (json!({"type": "feed"}), "`source_url`", "none came"),
        (json!({"source_url": page}), "`source_url`", "belongs to type `feed`"),
        (json!({"urls": [page], "source_url": page}), "`source_url`", "belongs to type `feed`"),
        (json!({"type": "feed", "urls": [page]}), "`urls`", "belong to type `urls`"),
        (json!({"type": "feed", "urls": [page], "source_url": page}), "`urls`", "belong to type `urls`"),
        (json!({"urls": [page, "ftp://example.com/"]}), "`urls[1]`", "not `ftp`"),
        (json!({"urls": ["file:///etc/passwd"]}), "`urls[0]`", "not `file`"),
        (json!({"urls": ["javascript:alert(1)"]}), "`urls[0]`", "not `javascript`"),
        (json!({"urls": ["https://user@example.com/"]}), "`urls[0]`", "user name or password"),
        (json!({"urls": ["https://:word@example.com/"]}), "`urls[0]`", "user name or password"),
        (json!({"type": "feed", "source_url": "gopher://example.com/"}), "`source_url`", "not `gopher`"),
        (json!({"urls": [long]}), "urls", "2048"),
        (json!({"urls": []}), "urls", "1"),
        (json!({"urls": [page, page]}), "urls", "differ from one another"),
        (json!({"urls": vec![page; 501]}), "urls", "500"),
        (json!({"urls": ["no url"]}), "urls", "expected a URI"),
        (json!({"type": "feed", "source_url": page, "max_items": 501}), "max_items", "500"),
        (json!({"urls": [page], "name": ""}), "name", "1"),
        (json!({"urls": [page], "nome": "x"}), "nome", "name"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_do_not_fit_are_named() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (arguments, field, expected) in unfit_arguments() {
        for (tool, engine) in [("create_run", json!({})), ("create_bulk_run", json!({"engines": ["raw", "text"]}))] {
            let mut arguments = arguments.clone();
            arguments.as_object_mut().expect("arguments").extend(engine.as_object().cloned().unwrap_or_default());
            let refusal = account.refusal(tool, arguments.clone()).await;
            assert!(refusal.starts_with("invalid_arguments"), "{tool}: {refusal}");
            assert!(refusal.contains(field) && refusal.contains(expected), "{tool} with {arguments}:\n{refusal}");
        }
    }
    let page = json!(["https://example.com/"]);
    for (tool, arguments, field, expected) in [
        ("create_run", json!({"urls": page, "engine": "magic"}), "engine", "metadata"),
        ("create_bulk_run", json!({"urls": page}), "engines", "missing"),
        ("create_bulk_run", json!({"urls": page, "engine": "raw"}), "engine", "engines"),
        ("create_bulk_run", json!({"urls": page, "engines": []}), "engines", "1"),
        ("create_bulk_run", json!({"urls": page, "engines": ["raw", "raw"]}), "engines", "differ from one another"),
        ("create_bulk_run", json!({"urls": page, "engines": ["raw", "magic"]}), "engines[1]", "metadata"),
    ] {
        let refusal = account.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with("invalid_arguments"), "{tool}: {refusal}");
        assert!(refusal.contains(field) && refusal.contains(expected), "{tool} with {arguments}:\n{refusal}");
    }
    let refusal = account.refusal("list_runs", json!({"created_after": "yesterday"})).await;
    assert!(refusal.contains("created_after") && refusal.contains("yesterday"), "{refusal}");
    assert_eq!(account.call("list_runs", json!({})).await["total"], 0);
}

/// Each tool that names a run.
fn about_a_run(run_id: &str, item_id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("get_run", json!({"run_id": run_id})),
        ("get_run_logs", json!({"run_id": run_id})),
        ("export_run", json!({"run_id": run_id})),
        ("retry_run", json!({"run_id": run_id})),
        ("cancel_run", json!({"run_id": run_id})),
        ("retry_item", json!({"run_id": run_id, "item_id": item_id})),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reaches_another_account_or_what_does_not_exist() {
    let site = Site::start().await;
    let server = start(&[]);
    let mut owner = Account::named(&server, "owner");
    let mut stranger = Account::named(&server, "stranger");
    let failed = owner.collect("text", &site.urls(&["/status/404"])).await;
    let (run_id, item_id) = (text(&failed["run"]["id"]), items(&failed, "id")[0].to_owned());
    let before = owner.events(&run_id).await;

    for (tool, arguments) in about_a_run(&run_id, &item_id) {
        let refusal = stranger.refusal(tool, arguments).await;
        assert!(
            refusal.starts_with(&format!("not_found: there is no run `{run_id}` in your account")),
            "{tool}: {refusal}"
        );
    }
    for (tool, arguments) in about_a_run("run_nothing", "item_nothing") {
        let refusal = owner.refusal(tool, arguments).await;
        assert!(refusal.starts_with("not_found: there is no run `run_nothing` in your account"), "{tool}: {refusal}");
    }
    // Of an id of any length, as much is repeated as tells it.
    let refusal = owner.refusal("get_run", json!({"run_id": "é".repeat(65)})).await;
    let shown = "é".repeat(64);
    assert!(refusal.starts_with(&format!("not_found: there is no run `{shown}` in your account")), "{refusal}");
    assert_eq!(owner.events(&run_id).await, before);
    assert_eq!(stranger.call("list_runs", json!({})).await, json!({"runs": [], "total": 0}));
    assert_eq!(stranger.call("get_run_stats", json!({})).await["total_runs"], 0);

    // An item is not found through another run, not even the owner's.
    let other = owner.collect("text", &site.urls(&["/status/404"])).await;
    for item_id in ["item_nothing", &item_id] {
        let arguments = json!({"run_id": other["run"]["id"], "item_id": item_id});
        let refusal = owner.refusal("retry_item", arguments).await;
        assert!(refusal.starts_with(&format!("not_found: there is no item `{item_id}` in your account")), "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn states_forbid_what_makes_no_sense_and_say_what_would() {
    let site = Site::start().await;
    let server = start(&["--concurrency=1"]);
    let mut account = Account::of(&server);
    let completed = account.collect("text", &site.urls(&["/page/1"])).await;
    let failed = account.collect("text", &site.urls(&["/status/404"])).await;
    let cancelled = account.create(json!({"urls": site.urls(&["/gate/0"])})).await;
    account.call("cancel_run", json!({"run_id": cancelled})).await;
    let running = account.create(json!({"urls": site.urls(&["/gate/1"])})).await;
    let running = account.when(&running, |run| items(run, "status") == ["running"]).await;
    let queued = account.create(json!({"urls": site.urls(&["/gate/2"])})).await;
    let queued = account.get(&queued).await;
    let run = |run: &Value| json!({"run_id": run["run"]["id"]});
    let item = |run: &Value| json!({"run_id": run["run"]["id"], "item_id": run["items"][0]["id"]});

    let cases = [
        ("cancel_run", run(&completed), "is completed: only a queued or running run can be cancelled"),
        ("cancel_run", run(&failed), "is failed: only a queued or running run can be cancelled"),
        ("retry_run", run(&completed), "is completed and has no failed item: there is nothing to retry"),
        ("retry_run", run(&running), "is running: wait until it is completed or failed, or cancel it first"),
        ("retry_run", run(&queued), "is queued: wait until it is completed or failed, or cancel it first"),
        ("retry_run", json!({"run_id": cancelled}), "is cancelled: take up single items with retry_item"),
        ("retry_item", item(&completed), "is completed: it is kept as it was collected"),
        ("retry_item", item(&running), "is running: it is going to be collected anyway"),
        ("retry_item", item(&queued), "is queued: it is going to be collected anyway"),
    ];
    for (tool, arguments, expected) in cases {
        let refusal = account.refusal(tool, arguments).await;
        assert!(refusal.starts_with("wrong_state: "), "{tool}: {refusal}");
        assert!(refusal.contains(expected), "{tool}: {refusal}");
    }

    // To cancel twice is as good as once, and is not logged twice.
    let before = account.events(&cancelled).await;
    assert_eq!(account.call("cancel_run", json!({"run_id": cancelled})).await["status"], "cancelled");
    assert_eq!(account.events(&cancelled).await, before);
}
