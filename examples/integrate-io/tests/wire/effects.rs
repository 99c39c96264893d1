//! Every tool, without exception: what it changes is shown by another, and what it must not do it refuses. The areas
//! have tests of their own that go deeper.
//!
//! A new tool is a row of `refusals`, and of `effects` where it writes.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use integrate_io_tools::SERVER;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use toolwright_tests::Server;

use crate::{
    account::{Account, start},
    store,
};

/// How long an effect may take to show.
const PATIENCE: Duration = Duration::from_mins(1);

/// That a tool changes something: another shows `before` at a place of its answer until it was called, and then
/// `after`. A text such as `$run` stands for the id that a call has answered with.
pub(crate) struct Effect {
    /// A change of the store, where no tool brings about what is needed.
    pub(crate) given: Option<&'static str>,
    pub(crate) by: (&'static str, Value),
    /// A name for a value of the answer, and its place.
    pub(crate) keeps: Option<(&'static str, &'static str)>,
    shown_by: (&'static str, Value, &'static str),
    /// `null` where the tool that shows it finds nothing yet.
    before: Value,
    after: Value,
}

fn effect(
    by: (&'static str, Value),
    shown_by: (&'static str, Value, &'static str),
    before: Value,
    after: Value,
) -> Effect {
    Effect { given: None, by, keeps: None, shown_by, before, after }
}

impl Effect {
    fn keeping(self, name: &'static str, place: &'static str) -> Self {
        Self { keeps: Some((name, place)), ..self }
    }

    fn given(self, statements: &'static str) -> Self {
        Self { given: Some(statements), ..self }
    }
}

/// A run that its worker does not know of, and so does not end.
const RUNNING: &str =
    "INSERT INTO runs (id, account, package, package_version, status, variables, dynamic_variables, attempt,
                           actor, created_at, started_at)
                       VALUES (7001, MINE, 101, 1, 'running', '{}', '{}', 1, 'a test', 0, 0)";

/// What each tool changes in the account that a first start fills.
pub(crate) fn effects() -> Vec<Effect> {
    let whole = || json!({"package_id": 101, "include_full_graph": true});
    let run = || json!({"run_id": "$run"});
    let run_package = |package: i64| ("run_package", json!({"package_id": package}));
    let clone = || ("clone_package", json!({"package_id": 101, "name": "Zebras", "workspace_id": 3}));
    let toggle = || ("toggle_schedule", json!({"schedule_id": 301, "enabled": false}));
    let components = json!([{"component_name": "large", "updates": {"condition": "amount > 5000"}}]);
    let update = || ("update_package_components", json!({"package_id": 101, "components": components}));
    let large = json!({"connection_id": 42, "table": "large_orders"});
    vec![
        effect(clone(), ("list_packages", json!({}), "/total"), json!(5), json!(6)),
        effect(clone(), ("search_all", json!({"query": "zebra"}), "/hits/0/name"), Value::Null, json!("Zebras")),
        effect(clone(), ("list_workspaces", json!({}), "/workspaces/0/package_count"), json!(0), json!(1)),
        effect(
            clone(),
            ("get_package", json!({"package_id": "$package"}), "/package/workspace_id"),
            Value::Null,
            json!(3),
        )
        .keeping("$package", "/package_id"),
        effect(
            update(),
            ("get_package", whole(), "/data_flow_json/components/1/condition"),
            json!("amount > $threshold"),
            json!("amount > 5000"),
        ),
        effect(update(), ("validate_package", json!({"package_id": 101}), "/version"), json!(1), json!(2)),
        effect(toggle(), ("get_schedule", json!({"schedule_id": 301}), "/enabled"), json!(true), json!(false)),
        effect(toggle(), ("list_schedules", json!({"enabled": true}), "/total"), json!(1), json!(0)),
        effect(run_package(101), ("get_run", run(), "/run/status"), Value::Null, json!("completed"))
            .keeping("$run", "/run_id"),
        effect(run_package(101), ("list_runs", json!({"package_id": 101}), "/total"), json!(1), json!(2)),
        effect(run_package(101), ("preview_data", large, "/rows/0/region"), Value::Null, json!("east")),
        effect(run_package(102), ("explain_job_failure", run(), "/patterns/0/class"), Value::Null, json!("schema"))
            .keeping("$run", "/run_id"),
        effect(
            ("cancel_job", json!({"run_id": 7001})),
            ("get_run", json!({"run_id": 7001}), "/run/status"),
            json!("running"),
            json!("cancelled"),
        )
        .given(RUNNING),
        effect(
            ("retry_job", json!({"run_id": 123_456})),
            ("get_run", json!({"run_id": 123_456}), "/retried_by/1"),
            Value::Null,
            json!("$run"),
        )
        .keeping("$run", "/run_id"),
    ]
}

/// A tool, arguments that it must refuse, and what it says then.
pub(crate) fn refusals() -> Vec<(&'static str, Value, &'static str)> {
    let package = || json!({"package_id": 777});
    let no_package = "not_found: there is no package `777` in your account";
    let run = || json!({"run_id": 777});
    let no_run = "not_found: there is no run `777` in your account";
    let no_schedule = "not_found: there is no schedule `777` in your account";
    let no_connection = "not_found: there is no connection `777` in your account";
    let no_database = "invalid_arguments: `connection_id`: connection not found, or not a database connection";
    let components = json!([{"component_name": "nothing", "updates": {"rows": 1}}]);
    vec![
        ("list_workspaces", json!({"limit": 0}), "invalid_arguments: `limit`: "),
        ("list_packages", json!({"status": "deleted"}), "invalid_arguments: `status`: "),
        ("get_package", package(), no_package),
        (
            "list_connections",
            json!({"connection_type_filter": "oracle"}),
            "invalid_arguments: `connection_type_filter`: ",
        ),
        ("get_connection", json!({"connection_id": 777}), no_connection),
        (
            "get_connection",
            json!({"connection_id": 42}),
            "invalid_arguments: `connection_type`: the id `42` is that of ",
        ),
        ("list_clusters", json!({"offset": -1}), "invalid_arguments: `offset`: "),
        ("search_all", json!({"query": "orders", "types": ["user"]}), "invalid_arguments: `types[0]`: "),
        ("search_all", json!({"query": "orders", "per_type_limit": 51}), "invalid_arguments: `per_type_limit`: "),
        ("list_runs", json!({"limit": 101}), "invalid_arguments: `limit`: "),
        ("get_run", run(), no_run),
        ("get_run", json!({"run_id": 123_456, "log_tail_lines": 201}), "invalid_arguments: `log_tail_lines`: "),
        ("explain_job_failure", run(), no_run),
        ("list_schedules", json!({"enabled": "yes"}), "invalid_arguments: `enabled`: "),
        ("get_schedule", json!({"schedule_id": 777}), no_schedule),
        ("validate_package", package(), no_package),
        ("discover_schema", json!({"connection_id": 777}), no_database),
        ("preview_data", json!({"connection_id": 777, "table": "orders"}), no_database),
        (
            "preview_data",
            json!({"connection_id": 42, "table": "nothing"}),
            "invalid_arguments: `table`: no table `nothing`",
        ),
        (
            "preview_data",
            json!({"connection_id": 42, "table": "orders", "row_count": 201}),
            "invalid_arguments: `row_count`: ",
        ),
        (
            "preview_data",
            json!({"connection_id": 42, "table": "orders", "where_clause": "1; DROP TABLE orders"}),
            "invalid_arguments: `where_clause`: ",
        ),
        ("test_connection", json!({"connection_id": 777}), no_connection),
        ("clone_package", package(), no_package),
        (
            "clone_package",
            json!({"package_id": 101, "workspace_id": 777}),
            "not_found: there is no workspace `777` in your account",
        ),
        (
            "update_package_components",
            json!({"package_id": 101, "components": components}),
            "invalid_arguments: `components[0].component_name`: ",
        ),
        ("toggle_schedule", json!({"schedule_id": 777, "enabled": true}), no_schedule),
        ("run_package", package(), no_package),
        ("run_package", json!({"package_id": 105}), "wrong_state: package `105` is archived"),
        ("cancel_job", run(), no_run),
        ("retry_job", run(), no_run),
        ("retry_job", json!({"run_id": 123_455}), "wrong_state: run `123455` is completed: "),
    ]
}

/// Calls that build on each other.
pub(crate) struct Story {
    pub(crate) account: Account,
    kept: BTreeMap<&'static str, Value>,
}

impl Story {
    pub(crate) fn of(account: Account) -> Self {
        Self { account, kept: BTreeMap::new() }
    }

    /// Calls the tool of an effect, and gives its whole result.
    pub(crate) async fn change(&mut self, server: &Server, effect: &Effect) -> Value {
        if let Some(statements) = effect.given {
            store::execute(server, statements, &self.account.id, "").await;
        }
        let (tool, arguments) = &effect.by;
        let reply = self.account.ask(tool, arguments.clone()).await;
        let answer = reply.structured();
        if let Some((name, place)) = effect.keeps {
            let value = answer.pointer(place).unwrap_or_else(|| panic!("{tool} answers without {place}: {answer}"));
            self.kept.insert(name, value.clone());
        }
        reply.result().clone()
    }

    /// The values that were kept in place of their names.
    fn filled(&self, value: &Value) -> Value {
        match value {
            Value::String(name) if name.starts_with('$') => {
                self.kept.get(name.as_str()).cloned().unwrap_or_else(|| json!(777))
            }
            Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), self.filled(value))).collect(),
            other => other.clone(),
        }
    }

    async fn look(&mut self, (tool, arguments, place): &(&str, Value, &str)) -> Value {
        let reply = self.account.ask(tool, self.filled(arguments)).await;
        if reply.is_tool_error() && reply.text().starts_with("not_found: ") {
            return Value::Null;
        }
        reply.structured().pointer(place).cloned().unwrap_or_default()
    }

    async fn tell(&mut self, server: &Server, effect: &Effect) {
        let Effect { given, by, shown_by, before, after, .. } = effect;
        let case = format!("{} shows what {} does", shown_by.0, by.0);
        if given.is_none() {
            assert_eq!(self.look(shown_by).await, *before, "{case}");
        }
        self.change(server, effect).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self.look(shown_by).await;
            if seen == self.filled(after) {
                return;
            }
            assert!(Instant::now() < deadline, "{case}: {seen}, and never {after}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The names of the tools that the list says this of.
fn names(are_wanted: impl Fn(&Value) -> bool) -> BTreeSet<String> {
    let list: Vec<Value> = serde_json::from_str(SERVER.tool_list).expect("the generated list");
    let wanted = list.iter().filter(|tool| are_wanted(tool));
    wanted.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

#[test]
fn no_tool_is_forgotten() {
    let changing: BTreeSet<String> = effects().iter().map(|effect| effect.by.0.to_owned()).collect();
    let writing = names(|tool| tool["annotations"]["readOnlyHint"] != true);
    assert_eq!(changing, writing, "every tool that writes has an effect");
    assert!(effects().iter().all(|effect| !writing.contains(effect.shown_by.0)), "what shows it only reads");
    let refusing: BTreeSet<String> = refusals().iter().map(|row| row.0.to_owned()).collect();
    assert_eq!(refusing, names(|_| true), "every tool refuses something");
    assert_eq!(refusing.len(), 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_changes_is_shown_by_another() {
    for effect in effects() {
        let server = start();
        Story::of(Account::first(&server)).tell(&server, &effect).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_must_not_do_it_refuses() {
    let server = start();
    let mut first = Account::first(&server);
    for (tool, arguments, expected) in refusals() {
        let refusal = first.refusal(tool, arguments.clone()).await;
        assert!(refusal.starts_with(expected), "{tool} with {arguments}: {refusal}");
    }
}
