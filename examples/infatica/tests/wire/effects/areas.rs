//! The effects of the tools by area, and what each refuses.

use serde_json::{Value, json};

use super::effect::{Effect, Step, by};
use crate::site::Site;

/// The effects of every area.
pub(crate) fn effects(site: &Site) -> Vec<Effect> {
    let areas = [of_runs, of_bulk_runs, of_analyses, of_comparisons, of_schedules, of_balance];
    areas.into_iter().flat_map(|area| area(site)).collect()
}

fn run() -> Value {
    json!({"run_id": "$run"})
}

/// How often the first item of a run was tried.
fn attempts(run: &Value) -> Value {
    run["items"][0]["attempts"].clone()
}

fn total(list: &Value) -> Value {
    list["total"].clone()
}

fn of_runs(site: &Site) -> Vec<Effect> {
    let create_run = || {
        let page = json!({"urls": [site.url("/page/1")]});
        by("create_run", page).keeping("$run", "/id").recorded_as("run.created", "$run")
    };
    // An item that has failed, and one that never arrives.
    let failed = || {
        vec![
            Step::Keep("create_run", json!({"urls": [site.url("/status/404")]}), "$run", "/id"),
            Step::Until("get_run", run(), "/run/status", "failed"),
            Step::Keep("get_run", run(), "$item", "/items/0/id"),
        ]
    };
    let stuck = vec![
        Step::Keep("create_run", json!({"urls": [site.url("/gate/1")]}), "$run", "/id"),
        Step::Until("get_run", run(), "/items/0/status", "running"),
    ];
    vec![
        create_run().shown_by("list_runs", json!({}), total, json!(0), json!(1)),
        create_run().shown_by(
            "get_usage_summary",
            json!({}),
            |summary| summary["total"]["requests"].clone(),
            json!(0),
            json!(1),
        ),
        create_run().shown_by(
            "list_usage_events",
            run(),
            |events| events["events"][0]["outcome"].clone(),
            Value::Null,
            json!("completed"),
        ),
        create_run().shown_by("get_run_stats", json!({}), |stats| stats["completed_items"].clone(), json!(0), json!(1)),
        create_run().shown_by(
            "export_run",
            run(),
            |export| json!(text(&export["content"]).contains("This is /page/1.")),
            Value::Null,
            json!(true),
        ),
        create_run().shown_by("get_audit_log", json!({}), total, json!(0), json!(1)),
        by("retry_run", run()).given(failed()).recorded_as("run.retried", "$run").shown_by(
            "get_run",
            run(),
            attempts,
            json!(1),
            json!(2),
        ),
        by("retry_item", json!({"run_id": "$run", "item_id": "$item"}))
            .given(failed())
            .recorded_as("item.retried", "$item")
            .shown_by("get_run", run(), attempts, json!(1), json!(2)),
        by("cancel_run", run()).given(stuck).recorded_as("run.cancelled", "$run").shown_by(
            "get_run_logs",
            run(),
            |log| log["events"].as_array().and_then(|events| Some(events.last()?["event"].clone())).unwrap_or_default(),
            json!("item.started"),
            json!("run.cancelled"),
        ),
    ]
}

fn of_bulk_runs(site: &Site) -> Vec<Effect> {
    let bulk_run = || json!({"bulk_run_id": "$bulk_run"});
    let create_bulk_run = |url| {
        let page = json!({"engines": ["raw", "text"], "urls": [url]});
        by("create_bulk_run", page).keeping("$bulk_run", "/id").recorded_as("bulk_run.created", "$bulk_run")
    };
    vec![
        create_bulk_run(site.url("/page/1")).shown_by(
            "get_bulk_run",
            bulk_run(),
            |bulk_run| bulk_run["status"].clone(),
            Value::Null,
            json!("completed"),
        ),
        by("retry_bulk_run", bulk_run())
            .given(vec![
                Step::Keep("create_bulk_run", create_bulk_run(site.url("/status/404")).by.1, "$bulk_run", "/id"),
                Step::Until("get_bulk_run", bulk_run(), "/status", "failed"),
                Step::Keep("get_bulk_run", bulk_run(), "$run", "/runs/1/id"),
            ])
            .recorded_as("bulk_run.retried", "$bulk_run")
            .shown_by("get_run", run(), attempts, json!(1), json!(2)),
    ]
}

/// Collects a page as a run of this name.
fn collected(site: &Site, name: &'static str) -> Vec<Step> {
    vec![
        Step::Keep("create_run", json!({"urls": [site.url("/page/1")]}), name, "/id"),
        Step::Until("get_run", json!({"run_id": name}), "/run/status", "completed"),
    ]
}

fn of_analyses(site: &Site) -> Vec<Effect> {
    let create_analysis = |template: &str, given| {
        by("create_analysis", json!({"run_id": "$run", "template": template}))
            .given([collected(site, "$run"), given].concat())
            .keeping("$analysis", "/id")
            .recorded_as("analysis.created", "$analysis")
    };
    let templates = Step::Keep("list_analysis_templates", json!({}), "$template", "/templates/2/name");
    vec![
        create_analysis("summary", vec![]).shown_by("list_analyses", run(), total, json!(0), json!(1)),
        create_analysis("$template", vec![templates]).shown_by(
            "get_analysis",
            json!({"analysis_id": "$analysis"}),
            |analysis| analysis["result"]["findings"]["template"].clone(),
            Value::Null,
            json!("quality"),
        ),
    ]
}

fn of_comparisons(site: &Site) -> Vec<Effect> {
    let collected = || [collected(site, "$run"), collected(site, "$other")].concat();
    let run_ids = json!(["$run", "$other"]);
    let comparison = || json!({"comparison_id": "$comparison"});
    let failed = vec![
        Step::Keep("compare_runs", json!({"run_ids": run_ids}), "$comparison", "/id"),
        Step::Until("list_comparisons", comparison(), "/comparisons/0/status", "completed"),
        Step::Change(
            "UPDATE analyses SET status = 'failed', error = 'by hand', result = NULL WHERE kind = 'comparison'",
        ),
    ];
    let templates = Step::Keep("list_comparison_templates", json!({}), "$template", "/templates/1/name");
    vec![
        by("compare_runs", json!({"run_ids": run_ids, "template": "$template"}))
            .given([collected(), vec![templates]].concat())
            .keeping("$comparison", "/id")
            .recorded_as("comparison.created", "$comparison")
            .shown_by(
                "list_comparisons",
                comparison(),
                |list| list["comparisons"][0]["result"]["findings"]["template"].clone(),
                Value::Null,
                json!("overlap"),
            ),
        by("retry_comparison", comparison())
            .given([collected(), failed].concat())
            .recorded_as("comparison.retried", "$comparison")
            .shown_by(
                "list_comparisons",
                comparison(),
                |list| list["comparisons"][0]["status"].clone(),
                json!("failed"),
                json!("completed"),
            ),
    ]
}

fn of_schedules(site: &Site) -> Vec<Effect> {
    let yearly = || json!({"urls": [site.url("/page/1")], "cron": "0 0 1 1 *"});
    let scheduled = || vec![Step::Keep("create_schedule", yearly(), "$schedule", "/id")];
    vec![
        by("create_schedule", yearly())
            .keeping("$schedule", "/id")
            .recorded_as("schedule.created", "$schedule")
            .shown_by("list_schedules", json!({}), total, json!(0), json!(1)),
        by("update_schedule", json!({"schedule_id": "$schedule", "status": "paused"}))
            .given(scheduled())
            .recorded_as("schedule.updated", "$schedule")
            .shown_by(
                "list_schedules",
                json!({}),
                |list| list["schedules"][0]["status"].clone(),
                json!("active"),
                json!("paused"),
            ),
        by("delete_schedule", json!({"schedule_id": "$schedule"}))
            .given(scheduled())
            .recorded_as("schedule.deleted", "$schedule")
            .shown_by("list_schedules", json!({}), total, json!(1), json!(0)),
    ]
}

fn of_balance(site: &Site) -> Vec<Effect> {
    // A balance that was asked for before something was used.
    let asked_for = Step::Keep("refresh_balance", json!({}), "$account", "/account");
    let refresh = by("refresh_balance", json!({}))
        .given([vec![asked_for], collected(site, "$run")].concat())
        .recorded_as("balance.refreshed", "$account")
        .shown_by(
            "check_balance",
            json!({}),
            |balance| json!([balance["balance"], balance["change_since"]]),
            json!([10_000, -2]),
            json!([9_998, 0]),
        );
    vec![refresh]
}

/// A tool, arguments that it must refuse, and what it says then.
pub(crate) fn refusals() -> Vec<(&'static str, Value, &'static str)> {
    let no_run = "not_found: there is no run `run_nothing` in your account";
    let no_bulk_run = "not_found: there is no bulk run `bulk_nothing` in your account";
    let no_schedule = "not_found: there is no schedule `sched_nothing` in your account";
    let no_comparison = "not_found: there is no comparison `comparison_nothing` in your account";
    let nothing = || json!({"run_id": "run_nothing"});
    let no_bulk = || json!({"bulk_run_id": "bulk_nothing"});
    vec![
        (
            "list_runs",
            json!({"created_after": "yesterday"}),
            "invalid_arguments: `created_after`: expected a date and time",
        ),
        ("create_bulk_run", json!({"engines": [], "urls": ["https://example.com/"]}), "invalid_arguments: `engines`: "),
        ("get_bulk_run", no_bulk(), no_bulk_run),
        ("retry_bulk_run", no_bulk(), no_bulk_run),
        ("get_audit_log", json!({"action": "run.created.twice"}), "invalid_arguments: `action`: "),
        ("create_run", json!({"urls": ["ftp://example.com/"]}), "invalid_arguments: `urls[0]`"),
        ("create_analysis", nothing(), no_run),
        ("list_analyses", nothing(), no_run),
        (
            "get_analysis",
            json!({"analysis_id": "analysis_nothing"}),
            "not_found: there is no analysis `analysis_nothing` in your account",
        ),
        ("list_analysis_templates", json!({"run_id": "run_nothing"}), "invalid_arguments: `run_id`: "),
        ("compare_runs", json!({"run_ids": ["run_nothing", "run_other"]}), no_run),
        ("list_comparisons", json!({"comparison_id": "comparison_nothing"}), no_comparison),
        ("list_comparison_templates", json!({"run_ids": []}), "invalid_arguments: `run_ids`: "),
        ("retry_comparison", json!({"comparison_id": "comparison_nothing"}), no_comparison),
        ("get_run", nothing(), no_run),
        ("retry_run", nothing(), no_run),
        ("cancel_run", nothing(), no_run),
        ("export_run", nothing(), no_run),
        ("get_run_stats", json!({"days": 7}), "invalid_arguments: `days`: "),
        ("get_run_logs", nothing(), no_run),
        ("retry_item", json!({"run_id": "run_nothing", "item_id": "item_nothing"}), no_run),
        ("list_schedules", json!({"limit": 0}), "invalid_arguments: `limit`: "),
        ("create_schedule", json!({"urls": ["http://127.0.0.1:9/"]}), "invalid_arguments: `cron`: "),
        ("update_schedule", json!({"schedule_id": "sched_nothing"}), no_schedule),
        ("delete_schedule", json!({"schedule_id": "sched_nothing"}), no_schedule),
        (
            "get_usage_summary",
            json!({"since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}),
            "invalid_arguments: `since`: it must lie before `until`",
        ),
        ("list_usage_events", nothing(), no_run),
        ("check_balance", json!({"account": "other"}), "invalid_arguments: `account`: "),
        ("refresh_balance", json!({"account": "other"}), "invalid_arguments: `account`: "),
    ]
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
