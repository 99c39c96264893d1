//! Every tool, without exception: what it changes is shown by another, and what it must not do it
//! refuses. The areas have tests of their own that go deeper.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    time::Duration,
};

use infatica_tools::SERVER;
use serde_json::{Value, json};
use sqlx::Executor as _;
use tokio::time::{Instant, sleep};
use toolwright_tests::Server;

use crate::{
    account::{Account, start},
    site::Site,
    store,
};

/// How long an effect may take to show.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is looked at in an answer.
type Look = fn(&Value) -> Value;

/// That a tool changes something: another shows `before` until it was called, and then `after`. A
/// text such as `$run` in arguments stands for a value of an earlier answer.
pub(crate) struct Effect {
    pub(crate) given: Vec<Step>,
    pub(crate) by: (&'static str, Value),
    /// A name for a value of the answer, and its place.
    pub(crate) keeps: Option<(&'static str, &'static str)>,
    /// What the audit log has of it: the action, and the name of the value that is the object's id.
    pub(crate) recorded: Option<(&'static str, &'static str)>,
    shown_by: (&'static str, Value),
    look: Look,
    /// `null` where the tool that shows it refuses, since there is nothing yet.
    before: Value,
    after: Value,
}

/// What is done first.
#[derive(Clone)]
pub(crate) enum Step {
    /// A call; a name for a value of its answer, and its place.
    Keep(&'static str, Value, &'static str, &'static str),
    /// Calls until the answer has this value at this place.
    Until(&'static str, Value, &'static str, &'static str),
    /// A change of the database, where no tool brings about what is needed.
    Change(&'static str),
}

/// The start of an effect: a call that changes something.
fn by(tool: &'static str, arguments: Value) -> Effect {
    Effect {
        given: Vec::new(),
        by: (tool, arguments),
        keeps: None,
        recorded: None,
        shown_by: ("", Value::Null),
        look: Value::clone,
        before: Value::Null,
        after: Value::Null,
    }
}

impl Effect {
    fn given(mut self, steps: Vec<Step>) -> Self {
        self.given = steps;
        self
    }

    fn keeping(mut self, name: &'static str, place: &'static str) -> Self {
        self.keeps = Some((name, place));
        self
    }

    fn recorded_as(mut self, action: &'static str, object: &'static str) -> Self {
        self.recorded = Some((action, object));
        self
    }

    fn shown_by(self, tool: &'static str, arguments: Value, look: Look, before: Value, after: Value) -> Self {
        Self { shown_by: (tool, arguments), look, before, after, ..self }
    }

    /// The tools that show something of it: the one that shows the change, and those whose answer
    /// the call takes up.
    fn shows(&self) -> impl Iterator<Item = &'static str> {
        let taken_up = self.given.iter().filter_map(|step| match step {
            Step::Keep(tool, _, name, _) if self.by.1.to_string().contains(&json!(name).to_string()) => Some(*tool),
            _ => None,
        });
        taken_up.chain([self.shown_by.0])
    }
}

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

/// The tools that the server has, with what the list says of each.
fn declared() -> BTreeMap<String, Value> {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("the generated list");
    list.into_iter().map(|tool| (tool["name"].as_str().expect("a name").to_owned(), tool)).collect()
}

fn names(tools: &BTreeMap<String, Value>, are_wanted: impl Fn(&Value) -> bool) -> BTreeSet<&str> {
    tools.iter().filter(|(_, tool)| are_wanted(tool)).map(|(name, _)| name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_tool_is_forgotten() {
    let tools = declared();
    let reads = |tool: &Value| tool["annotations"]["readOnlyHint"] == true;
    let effects = effects(&Site::start().await);
    let changing: BTreeSet<&str> = effects.iter().map(|effect| effect.by.0).collect();
    assert_eq!(changing, names(&tools, |tool| !reads(tool)), "every tool that writes has an effect");
    let showing: BTreeSet<&str> = effects.iter().flat_map(Effect::shows).collect();
    let showing: BTreeSet<&str> = showing.difference(&changing).copied().collect();
    assert_eq!(showing, names(&tools, reads), "every tool that reads shows one");
    let refusing: BTreeSet<&str> = refusals().iter().map(|row| row.0).collect();
    assert_eq!(refusing, names(&tools, |_| true), "every tool refuses something");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_changes_is_shown_by_another() {
    let site = Site::start().await;
    let server = start(&[]);
    for (number, effect) in effects(&site).into_iter().enumerate() {
        Story::of(&server, number).tell(&effect).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_must_not_do_it_refuses() {
    let server = start(&[]);
    let mut account = Account::of(&server);
    for (tool, arguments, expected) in refusals() {
        let refusal = account.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with(expected), "{tool} with {arguments}: {refusal}");
    }
}

/// An account of its own, and the values that its answers had.
pub(crate) struct Story {
    pub(crate) account: Account,
    store: PathBuf,
    kept: BTreeMap<&'static str, Value>,
}

impl Story {
    pub(crate) fn of(server: &Server, number: usize) -> Self {
        Self::with(server, Account::named(server, &format!("story {number}")))
    }

    pub(crate) fn with(server: &Server, account: Account) -> Self {
        Self { account, store: store::path(server), kept: BTreeMap::new() }
    }

    async fn tell(&mut self, effect: &Effect) {
        let Effect { given, by, keeps, recorded: _, shown_by, look, before, after } = effect;
        assert_ne!(before, after, "{} changes nothing", by.0);
        self.prepare(given).await;
        let case = format!("{} before {}", shown_by.0, by.0);
        assert_eq!(self.look(shown_by.0, &shown_by.1, look).await, *before, "{case}");
        self.keep(by.0, &by.1, *keeps).await;
        self.wait(shown_by.0, &shown_by.1, look, after).await;
    }

    /// Does what is done first.
    pub(crate) async fn prepare(&mut self, given: &[Step]) {
        for step in given {
            match step {
                Step::Keep(tool, arguments, name, place) => {
                    self.keep(tool, arguments, Some((name, place))).await;
                }
                Step::Until(tool, arguments, place, value) => {
                    let look = |answer: &Value| answer.pointer(place).cloned().unwrap_or_default();
                    self.wait(tool, arguments, look, &json!(value)).await;
                }
                Step::Change(statement) => {
                    store::connect(&self.store).await.execute(*statement).await.expect(statement);
                }
            }
        }
    }

    /// Calls a tool, keeps a value of its answer, and gives its whole result.
    pub(crate) async fn keep(&mut self, tool: &str, arguments: &Value, keeps: Option<(&'static str, &str)>) -> Value {
        let reply = self.account.ask(tool, self.filled(arguments)).await;
        let answer = reply.structured();
        if let Some((name, place)) = keeps {
            let value = answer.pointer(place).unwrap_or_else(|| panic!("{tool} answers without {place}: {answer}"));
            self.kept.insert(name, value.clone());
        }
        reply.result().clone()
    }

    async fn wait(&mut self, tool: &str, arguments: &Value, look: impl Fn(&Value) -> Value, expected: &Value) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.look(tool, arguments, &look).await;
            if seen == *expected {
                return;
            }
            assert!(Instant::now() < deadline, "{tool} shows {seen}, and never {expected}");
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn look(&mut self, tool: &str, arguments: &Value, look: impl Fn(&Value) -> Value) -> Value {
        let reply = self.account.ask(tool, self.filled(arguments)).await;
        if reply.is_tool_error() { Value::Null } else { look(reply.structured()) }
    }

    /// The arguments with the values that were kept in place of their names.
    pub(crate) fn filled(&self, arguments: &Value) -> Value {
        match arguments {
            Value::String(name) if name.starts_with('$') => {
                self.kept.get(name.as_str()).cloned().unwrap_or_else(|| json!("not_kept_yet"))
            }
            Value::Array(items) => items.iter().map(|item| self.filled(item)).collect(),
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect(),
            other => other.clone(),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
