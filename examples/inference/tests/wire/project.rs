//! A project of which everything is known: the traffic that the API was sent, and what was made of it there without the
//! server.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::{
    place::{Caller, Place, each},
    traffic::{chat, export, failed, run, span, tool, with},
};

/// How long work beside the calls may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many tickets the agent `sorter` has sorted: every other one is about a refund.
pub(crate) const TICKETS: u64 = 40;

/// The ids of what there is, by name.
pub(crate) type Ids = BTreeMap<&'static str, Value>;

/// Texts such as `$dataset` in a value, as the ids that they stand for.
pub(crate) fn filled(value: &Value, ids: &Ids) -> Value {
    match value {
        Value::String(text) => ids.get(text.as_str()).cloned().unwrap_or_else(|| value.clone()),
        Value::Array(items) => items.iter().map(|item| filled(item, ids)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), filled(value, ids))).collect(),
        other => other.clone(),
    }
}

/// The same in a path.
pub(crate) fn filled_path(path: &str, ids: &Ids) -> String {
    // Longer names first, as one can begin with another.
    ids.iter().rev().fold(path.to_owned(), |path, (name, id)| path.replace(name, id.as_str().expect("an id")))
}

impl Place {
    /// A caller who may do everything in the project `own`, which is new, and has the known traffic.
    pub(crate) async fn owner(&self) -> Caller {
        self.server.succeed(&["project", "create", "own", "--team", "Demo"]);
        let owner = self.caller(&self.key(&["--write", "own"])).await;
        owner.export(&traffic()).await;
        owner
    }
}

/// Four agents, two of which have one name.
pub(crate) fn traffic() -> Value {
    let lookup = tool("lookup", &json!({"article": "tent"}), &json!({"price": 89}));
    let mut looked = span(1, 3, (1_000, 500), lookup);
    looked["events"] = json!([{
        "name": "found",
        "timeUnixNano": looked["endTimeUnixNano"],
        "attributes": [{"key": "shelf", "value": {"stringValue": "B7"}}],
    }]);
    let shop = vec![
        span(1, 1, (0, 3_000), run("shopkeeper")),
        span(1, 2, (0, 1_000), chat("small-model", "What does the tent cost?", "It costs 89.")),
        looked,
        failed(span(2, 1, (60_000, 10_000), run("shopkeeper")), "rate_limit", "too many requests"),
        failed(
            span(2, 2, (60_000, 10_000), chat("small-model", "Is it waterproof?", "It may be.")),
            "rate_limit",
            "too many requests",
        ),
    ];
    let staging = vec![
        span(3, 1, (120_000, 2_000), run("shopkeeper")),
        span(3, 2, (120_000, 1_000), chat("large-model", "Does this work?", "It does.")),
    ];
    let mut library = vec![span(4, 1, (180_000, 5_000), run("librarian"))];
    for number in 2..10 {
        let fetch = tool("fetch_book", &json!({"title": format!("volume {number}")}), &Value::Null);
        let fetch = span(4, number, (180_000 + 100 * number, 100), fetch);
        library.push(failed(fetch, "invalid_argument", "isbn is missing"));
    }
    library.push(span(4, 10, (182_000, 1_000), chat("large-model", "Fetch the novels.", "I found none of them.")));
    let desk = (0..TICKETS).map(|number| {
        let (question, label) = match number % 2 {
            0 => (format!("I want my money back for order {number}, please refund it"), "refund"),
            _ => (format!("Where is parcel {number}, when is it delivered"), "shipping"),
        };
        let sorted = with(chat("small-model", &question, "shipping"), json!({"ticket.label": label}));
        let sorted = with(sorted, json!({"gen_ai.agent.name": "sorter"}));
        span(100 + number, 1, (300_000 + 1_000 * number, 500), sorted)
    });
    export(&[("shop", shop), ("shop-staging", staging), ("library", library), ("desk", desk.collect())])
}

/// Makes one of each thing that a project can have, through the API alone, and waits until all work is done.
pub(crate) async fn furnish(owner: &Caller) -> Ids {
    let id = |answer: &Value, place: &str| {
        answer.pointer(place).cloned().unwrap_or_else(|| panic!("nothing at {place} of {answer}"))
    };
    let mut ids = Ids::new();
    for agent in owner.get("agents").await["agents"].as_array().expect("agents") {
        if let ("shopkeeper", Some(service)) = (agent["name"].as_str().expect("a name"), agent["service"].as_str()) {
            ids.insert(if service == "shop" { "$shop" } else { "$staging" }, agent["id"].clone());
        }
    }
    let tickets = json!({"name": "Tickets", "agent": "sorter", "expected_from": "ticket.label"});
    ids.insert("$dataset", id(&owner.post("datasets", &tickets).await, "/dataset/id"));
    let right = json!({"name": "Right", "checks": [{"type": "exact", "ignore_case": true}]});
    ids.insert("$rubric", id(&owner.post("rubrics", &right).await, "/id"));
    let eval = json!({"dataset_id": ids["$dataset"], "rubric_id": ids["$rubric"]});
    ids.insert("$eval", id(&owner.post("evals", &eval).await, "/id"));
    let job = json!({"dataset_id": ids["$dataset"], "epochs": 3, "validation_share": 0.25, "name": "Labels"});
    ids.insert("$job", id(&owner.post("training-jobs", &job).await, "/id"));
    let ran = owner.post("halo/runs", &json!({"agent": "librarian", "window": "2h", "prompt": "What fails?"})).await;
    ids.insert("$run", id(&ran, "/id"));
    ids.insert("$conversation", id(&ran, "/conversation_id"));
    let schedule = json!({"agent": "librarian", "cron": "0 0 1 1 *", "time_zone": "Europe/Berlin"});
    ids.insert("$schedule", id(&owner.post("halo/schedules", &schedule).await, "/id"));

    for (path, place) in
        [("evals/$eval", "/eval/status"), ("training-jobs/$job", "/training_job/status"), ("halo/runs/$run", "/status")]
    {
        completed(owner, &filled_path(path, &ids), place).await;
    }
    let job = owner.get(&filled_path("training-jobs/$job", &ids)).await;
    ids.insert("$model", id(&job, "/training_job/model_id"));
    let deployment = owner.post("deployments", &json!({"name": "labels", "model_id": ids["$model"]})).await;
    ids.insert("$deployment", id(&deployment, "/id"));
    ids
}

async fn completed(owner: &Caller, path: &str, place: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = owner.get(path).await;
        let status = answer.pointer(place).and_then(Value::as_str).expect("a status");
        match status {
            "completed" => return,
            "queued" | "running" => assert!(Instant::now() < deadline, "{path} does not end: {answer}"),
            _ => panic!("{path}: {answer}"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_project_has_what_was_sent_and_nothing_of_another() {
    let place = Place::start();
    let owner = place.owner().await;
    let agents = owner.get("agents").await;
    let mut names = each(&agents["agents"], "name");
    names.sort_by_key(|name| name.as_str());
    assert_eq!(names, ["librarian", "shopkeeper", "shopkeeper", "sorter"]);
}
