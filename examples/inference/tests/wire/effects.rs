//! Every tool that changes something: what it changes is shown by another tool, and by the API itself. Work that goes on
//! beside the calls is followed to its end.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    place::{Caller, Place},
    project::{Ids, filled, filled_path, furnish},
    reading::tools,
    traffic::{chat, export, span, with},
};

/// How long an effect may take to show.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where schedules of an agent are, and how the newest of them stands.
const SCHEDULES: &str = "halo/schedules?agent=sorter&include_archived=true";
const STATUS: &str = "/schedules/0/status";

/// That a tool changes something: until it was called, another tool and the API show `before` at a place of their answer,
/// and then `after`. A text such as `$run` stands for an id.
struct Effect {
    by: (&'static str, Value),
    /// A name for a value of the answer, and its place.
    keeps: Option<(&'static str, &'static str)>,
    shown_by: (&'static str, Value),
    path: &'static str,
    place: &'static str,
    /// `null` where nothing is there yet.
    before: Value,
    after: Value,
}

fn effect(
    by: (&'static str, Value),
    shown_by: (&'static str, Value),
    path: &'static str,
    place: &'static str,
    [before, after]: [Value; 2],
) -> Effect {
    Effect { by, keeps: None, shown_by, path, place, before, after }
}

impl Effect {
    fn keeping(self, name: &'static str, place: &'static str) -> Self {
        Self { keeps: Some((name, place)), ..self }
    }
}

/// What each tool changes in a project with one of each thing, one after the other.
#[expect(clippy::too_many_lines, reason = "a table")]
fn effects() -> Vec<Effect> {
    let dataset = || ("get_dataset", json!({"dataset_id": "$made"}));
    let schedules = || ("list_halo_schedules", json!({"agent": "sorter", "include_archived": true}));
    let schedule = || json!({"schedule_id": "$daily"});
    let status = |before: &str, after: &str| [json!(before), json!(after)];
    vec![
        effect(
            ("create_dataset", json!({"name": "Novels", "model": "large-model"})),
            dataset(),
            "datasets/$made",
            "/dataset/items",
            [Value::Null, json!(2)],
        )
        .keeping("$made", "/dataset/id"),
        effect(
            ("create_dataset", json!({"name": "Prices", "agent": "$shop"})),
            ("list_datasets", json!({})),
            "datasets",
            "/datasets/0/items",
            // What went wrong was answered too, and is left out.
            [json!(2), json!(1)],
        ),
        effect(
            ("create_rubric", json!({"name": "Prices", "checks": [{"type": "contains", "text": "89"}]})),
            ("get_rubric", json!({"rubric_id": "$prices"})),
            "rubrics/$prices",
            "/checks/0/text",
            [Value::Null, json!("89")],
        )
        .keeping("$prices", "/id"),
        effect(
            ("run_eval", json!({"dataset_id": "$made", "rubric_id": "$prices", "name": "Prices are told"})),
            ("get_eval", json!({"eval_id": "$scored"})),
            "evals/$scored",
            "/eval/score",
            [Value::Null, json!(0.0)],
        )
        .keeping("$scored", "/id"),
        // A deployment's answers in the place of the recorded ones, of which only the half are right.
        effect(
            ("run_eval", json!({"dataset_id": "$dataset", "rubric_id": "$rubric", "deployment_id": "$deployment"})),
            ("get_eval", json!({"eval_id": "$asked"})),
            "evals/$asked",
            "/eval/score",
            [Value::Null, json!(1.0)],
        )
        .keeping("$asked", "/id"),
        effect(
            ("launch_training_job", json!({"dataset_id": "$dataset", "epochs": 2})),
            ("get_training_job", json!({"training_job_id": "$trained"})),
            "training-jobs/$trained",
            "/training_job/status",
            [Value::Null, json!("completed")],
        )
        .keeping("$trained", "/id"),
        effect(
            ("cancel_training_job", json!({"training_job_id": "$waiting"})),
            ("get_training_job", json!({"training_job_id": "$waiting"})),
            "training-jobs/$waiting",
            "/training_job/status",
            status("queued", "cancelled"),
        ),
        effect(
            ("cancel_training_job", json!({"training_job_id": "$long"})),
            ("list_training_jobs", json!({"status": "running"})),
            "training-jobs?status=running",
            "/training_jobs/0/id",
            [json!("$long"), Value::Null],
        ),
        effect(
            ("create_deployment", json!({"name": "another", "model_id": "$model"})),
            ("get_deployment", json!({"deployment_id": "$served"})),
            "deployments/$served",
            "/deployment/model_id",
            [Value::Null, json!("$model")],
        )
        .keeping("$served", "/id"),
        effect(
            ("update_deployment", json!({"deployment_id": "$deployment", "status": "stopped"})),
            ("get_deployment", json!({"deployment_id": "$deployment"})),
            "deployments/$deployment",
            "/deployment/status",
            status("running", "stopped"),
        ),
        effect(
            ("run_halo", json!({"agent": "$shop", "window": "3h"})),
            ("get_halo_run", json!({"run_id": "$read"})),
            "halo/runs/$read",
            "/status",
            [Value::Null, json!("completed")],
        )
        .keeping("$read", "/id"),
        effect(
            ("create_halo_schedule", json!({"agent": "SORTER", "cron": "0 0 1 1 *"})),
            schedules(),
            SCHEDULES,
            STATUS,
            [Value::Null, json!("active")],
        )
        .keeping("$daily", "/id"),
        effect(("pause_halo_schedule", schedule()), schedules(), SCHEDULES, STATUS, status("active", "paused")),
        effect(("resume_halo_schedule", schedule()), schedules(), SCHEDULES, STATUS, status("paused", "active")),
        effect(("archive_halo_schedule", schedule()), schedules(), SCHEDULES, STATUS, status("active", "archived")),
    ]
}

#[test]
fn no_tool_that_writes_is_forgotten() {
    let changing: BTreeSet<_> = effects().iter().map(|effect| effect.by.0).collect();
    assert_eq!(changing, tools(&["write", "destructive"]));
    assert_eq!(changing.len(), 12);
    let reading = tools(&["read"]);
    assert!(effects().iter().all(|effect| reading.contains(effect.shown_by.0)), "what shows it only reads");
}

/// What the tool and the API show at the effect's place, which is the same.
async fn look(owner: &mut Caller, effect: &Effect, ids: &Ids) -> Value {
    let (tool, arguments) = &effect.shown_by;
    let reply = owner.ask(tool, filled(arguments, ids)).await;
    if reply.is_tool_error() && reply.text().starts_with("not_found: ") {
        return Value::Null;
    }
    reply.structured().pointer(effect.place).cloned().unwrap_or_default()
}

async fn tell(owner: &mut Caller, effect: &Effect, ids: &mut Ids) {
    let (tool, arguments) = &effect.by;
    let case = format!("{} shows what {tool} does", effect.shown_by.0);
    assert_eq!(look(owner, effect, ids).await, filled(&effect.before, ids), "{case}");
    let answer = owner.call(tool, filled(arguments, ids)).await;
    if let Some((name, place)) = effect.keeps {
        ids.insert(name, answer.pointer(place).unwrap_or_else(|| panic!("{tool} has no {place}: {answer}")).clone());
    }
    let after = filled(&effect.after, ids);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look(owner, effect, ids).await;
        if seen == after {
            break;
        }
        assert!(Instant::now() < deadline, "{case}: {seen}, and never {after}");
        sleep(Duration::from_millis(20)).await;
    }
    let same = owner.get(&filled_path(effect.path, ids)).await;
    assert_eq!(same.pointer(effect.place).cloned().unwrap_or_default(), after, "{case}, and the API too");
}

/// Two training jobs of which the first takes longer than the test, and the second waits for it.
async fn train_for_long(owner: &Caller, ids: &mut Ids) {
    let words = |number: u64| {
        let words = (0..150).map(|word| format!("word{}", (number + word) * 7919 % 4999));
        words.collect::<Vec<_>>().join(" ")
    };
    let label = |number: u64| json!({"long.label": format!("label {}", number % 5)});
    let spans = (0..400).map(|number| {
        span(1_000 + number, 1, (600_000 + number, 1), with(chat("wordy", &words(number), "yes"), label(number)))
    });
    owner.export(&export(&[("long", spans.collect())])).await;
    let dataset = json!({"name": "Long", "model": "wordy", "expected_from": "long.label"});
    let dataset = owner.post("datasets", &dataset).await;
    let job = json!({"dataset_id": dataset["dataset"]["id"], "epochs": 100});
    for name in ["$long", "$waiting"] {
        ids.insert(name, owner.post("training-jobs", &job).await["id"].clone());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_changes_is_shown_by_another_and_by_the_api() {
    let place = Place::start();
    let mut owner = place.owner().await;
    let mut ids = furnish(&owner).await;
    for effect in effects() {
        if effect.by.0 == "cancel_training_job" && !ids.contains_key("$long") {
            train_for_long(&owner, &mut ids).await;
        }
        tell(&mut owner, &effect, &mut ids).await;
    }
}

/// A deployment that is stopped refuses, and one that serves another model answers by that.
#[tokio::test(flavor = "multi_thread")]
async fn a_changed_deployment_answers_otherwise() {
    let place = Place::start();
    let mut owner = place.owner().await;
    let ids = furnish(&owner).await;
    let question = json!({"model": "labels", "messages": [{"role": "user", "content": "Where is parcel 7, when is it delivered"}]});
    let (status, answer) = owner.api("POST", "chat/completions", Some(&question)).await;
    assert_eq!((status, &answer["choices"][0]["message"]["content"]), (200, &json!("shipping")), "{answer}");
    let (deployment, requests) = (json!({"deployment_id": ids["$deployment"]}), "/deployment/requests");
    let counted = owner.call("get_deployment", deployment.clone()).await;
    assert_eq!(counted.pointer(requests), Some(&json!(1)), "{counted}");

    for (status, expected) in [("stopped", 409), ("running", 200)] {
        let changed = json!({"deployment_id": ids["$deployment"], "status": status});
        assert_eq!(owner.call("update_deployment", changed).await["status"], status);
        let (answered, answer) = owner.api("POST", "chat/completions", Some(&question)).await;
        assert_eq!(answered, expected, "{status}: {answer}");
    }
    let traced = owner.call("list_inferences", json!({"limit": 1})).await;
    assert_eq!(traced["inferences"][0]["service"], "catalyst", "{traced}");

    let another = owner.call("launch_training_job", json!({"dataset_id": ids["$dataset"], "epochs": 1})).await;
    let job = json!({"training_job_id": another["id"]});
    let job = owner.until("get_training_job", job, "/training_job/status", &json!("completed")).await;
    let model = &job["training_job"]["model_id"];
    owner.call("update_deployment", json!({"deployment_id": ids["$deployment"], "model_id": model})).await;
    let served = owner.call("get_deployment", deployment).await;
    assert_eq!((&served["model"]["id"], &served["deployment"]["status"]), (model, &json!("running")));
    assert_ne!(model, &ids["$model"]);
}
