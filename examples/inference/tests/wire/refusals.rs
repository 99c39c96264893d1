//! What a tool must not do it refuses: with the catalogue's error, and in the API's own words where it was the API.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    place::Place,
    project::{filled, furnish},
    reading::tools,
    traffic::{span_id, trace_id},
};

const NO_AGENT: &str = "not_found: there is no agent `nobody`";
const NO_SCHEDULE: &str = "not_found: there is no HALO schedule `absent`";
const NO_JOB: &str = "not_found: there is no training job `absent`";

/// A tool, arguments that are refused in the project that [`furnish`] has filled, and how the answer begins.
pub(crate) fn refusals() -> Vec<(&'static str, Value, &'static str)> {
    let trace = || json!({"trace_id": trace_id(777)});
    let span = json!({"trace_id": trace_id(1), "span_id": span_id(777)});
    let job = || json!({"training_job_id": "absent"});
    let schedule = || json!({"schedule_id": "absent"});
    vec![
        ("whoami", json!({"project": "own"}), "invalid_arguments: "),
        ("list_projects", json!({"limit": 1}), "invalid_arguments: "),
        ("list_agents", json!({"limit": 0}), "invalid_arguments: `limit`: "),
        ("list_models", json!({"kind": "borrowed"}), "invalid_arguments: `kind`: "),
        ("list_inferences", json!({"since": "yesterday"}), "invalid_arguments: `since`: "),
        // The server cannot know which days there are; the API does.
        ("list_inferences", json!({"since": "2026-02-30"}), "invalid_arguments: `since`: "),
        ("list_inferences", json!({"cursor": "nonsense"}), "invalid_arguments: `cursor`: "),
        (
            "get_inference",
            json!({"inference_id": format!("{}-{}", trace_id(777), span_id(1))}),
            "not_found: there is no inference `",
        ),
        ("summarize_inference_errors", json!({"last": 1001}), "invalid_arguments: `last`: "),
        ("list_traces", json!({"status": "fine"}), "invalid_arguments: `status`: "),
        ("get_trace", trace(), "not_found: there is no trace `"),
        ("get_trace", json!({"trace_id": "../../whoami"}), "invalid_arguments: `trace_id`: "),
        ("find_slowest_traces", json!({"limit": 51}), "invalid_arguments: `limit`: "),
        ("list_spans", json!({"kind": "thought"}), "invalid_arguments: `kind`: "),
        ("get_span", span, "not_found: there is no span `"),
        ("list_datasets", json!({"cursor": "nonsense"}), "invalid_arguments: `cursor`: "),
        ("get_dataset", json!({"dataset_id": "absent"}), "not_found: there is no dataset `absent`"),
        ("create_dataset", json!({"name": "None", "agent": "nobody"}), "wrong_state: no inference gives an item: "),
        ("create_dataset", json!({"name": "Tickets", "agent": "sorter"}), "wrong_state: "),
        ("list_rubrics", json!({"limit": 101}), "invalid_arguments: `limit`: "),
        ("get_rubric", json!({"rubric_id": "absent"}), "not_found: there is no rubric `absent`"),
        (
            "create_rubric",
            json!({"name": "Broken", "checks": [{"type": "regex", "pattern": "("}]}),
            "invalid_arguments: `checks",
        ),
        ("list_evals", json!({"status": "late"}), "invalid_arguments: `status`: "),
        ("get_eval", json!({"eval_id": "absent"}), "not_found: there is no eval `absent`"),
        (
            "run_eval",
            json!({"dataset_id": "absent", "rubric_id": "$rubric"}),
            "not_found: there is no dataset `absent`",
        ),
        ("list_training_jobs", json!({"limit": 0}), "invalid_arguments: `limit`: "),
        ("get_training_job", job(), NO_JOB),
        ("launch_training_job", json!({"dataset_id": "absent"}), "not_found: there is no dataset `absent`"),
        (
            "launch_training_job",
            json!({"dataset_id": "$dataset", "base_model": "gpt"}),
            "invalid_arguments: `base_model`: the only model to train from is `text-classifier`",
        ),
        ("cancel_training_job", job(), NO_JOB),
        ("list_deployments", json!({"status": "tired"}), "invalid_arguments: `status`: "),
        ("get_deployment", json!({"deployment_id": "absent"}), "not_found: there is no deployment `absent`"),
        (
            "create_deployment",
            json!({"name": "Borrowed", "model_id": "small-model"}),
            "invalid_arguments: `model_id`: name a model of kind `trained`",
        ),
        ("create_deployment", json!({"name": "labels", "model_id": "$model"}), "wrong_state: "),
        (
            "update_deployment",
            json!({"deployment_id": "$deployment", "model_id": "small-model"}),
            "invalid_arguments: `model_id`: name a model of kind `trained`",
        ),
        ("list_halo_conversations", json!({"agent": ""}), "invalid_arguments: `agent`: "),
        ("get_halo_report", json!({"conversation_id": "absent"}), "not_found: there is no "),
        ("list_halo_runs", json!({"cursor": "nonsense"}), "invalid_arguments: `cursor`: "),
        ("get_halo_run", json!({"run_id": "absent"}), "not_found: there is no HALO run `absent`"),
        ("run_halo", json!({"agent": "nobody"}), NO_AGENT),
        ("run_halo", json!({"agent": "shopkeeper"}), "invalid_arguments: `agent`: 2 agents have this name"),
        ("list_halo_schedules", json!({"include_archived": "yes"}), "invalid_arguments: `include_archived`: "),
        ("create_halo_schedule", json!({"agent": "nobody", "cron": "0 9 * * *"}), NO_AGENT),
        ("create_halo_schedule", json!({"agent": "librarian", "cron": "every day"}), "invalid_arguments: `cron`: "),
        (
            "create_halo_schedule",
            json!({"agent": "librarian", "cron": "0 9 * * *", "time_zone": "Mars/Base"}),
            "invalid_arguments: `time_zone`: ",
        ),
        ("pause_halo_schedule", schedule(), NO_SCHEDULE),
        ("resume_halo_schedule", schedule(), NO_SCHEDULE),
        ("archive_halo_schedule", schedule(), NO_SCHEDULE),
    ]
}

#[test]
fn no_tool_is_forgotten() {
    let refusing: BTreeSet<_> = refusals().iter().map(|row| row.0).collect();
    assert_eq!(refusing, tools(&["read", "write", "destructive"]));
    assert_eq!(refusing.len(), 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_tool_must_not_do_it_refuses() {
    let place = Place::start();
    let mut owner = place.owner().await;
    let ids = furnish(&owner).await;
    let mut wrong = Vec::new();
    for (tool, arguments, expected) in refusals() {
        let arguments = filled(&arguments, &ids);
        let refusal = owner.refusal(tool, arguments.clone()).await;
        // Nothing here is a secret, and nothing is taken for one.
        if !refusal.starts_with(expected) || refusal.contains("[redacted]") {
            wrong.push(format!("{tool} {arguments}: {refusal}\n    and not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    // What was archived stays so.
    let schedule = json!({"schedule_id": ids["$schedule"]});
    owner.call("archive_halo_schedule", schedule.clone()).await;
    for tool in ["resume_halo_schedule", "pause_halo_schedule"] {
        let refusal = owner.refusal(tool, schedule.clone()).await;
        assert!(refusal.starts_with("wrong_state: ") && refusal.contains("archived"), "{refusal}");
    }
}

/// What costs credits is refused once a team has none, in the API's words, and nothing of it is begun.
#[tokio::test(flavor = "multi_thread")]
async fn a_team_whose_credits_are_spent_is_told_so() {
    let place = Place::start();
    place.server.succeed(&["team", "create", "Poor"]);
    place.server.succeed(&["project", "create", "attic", "--team", "Poor"]);
    place.server.succeed(&["credits", "add", "12", "--team", "Poor"]);
    let mut poor = place.caller(&place.key_of("Poor", &["--write", "attic"])).await;
    poor.export(&crate::project::traffic()).await;
    let run = poor.call("run_halo", json!({"agent": "librarian"})).await;
    poor.until("get_halo_run", json!({"run_id": run["id"]}), "/status", &json!("completed")).await;
    assert_eq!(poor.call("whoami", json!({})).await["team"]["credits"], 2);
    let before = place.dump().await;
    let refusal = poor.refusal("run_halo", json!({"agent": "librarian"})).await;
    assert!(refusal.starts_with("out_of_credits: this costs 10 credits, and the team has 2. "), "{refusal}");
    assert_eq!(place.dump().await, before);

    let tickets = json!({"name": "Tickets", "agent": "sorter", "expected_from": "ticket.label"});
    let dataset = poor.call("create_dataset", tickets).await;
    let rubric = json!({"name": "Short", "checks": [{"type": "regex", "pattern": "^.{0,20}$"}]});
    let rubric = poor.call("create_rubric", rubric).await;
    let dataset = &dataset["dataset"]["id"];
    let eval = json!({"dataset_id": dataset, "rubric_id": rubric["id"]});
    let mut refused = Vec::new();
    for (tool, arguments) in
        [("run_eval", eval), ("launch_training_job", json!({"dataset_id": dataset, "epochs": 100}))]
    {
        // Each takes what is left, and then there is nothing.
        for _ in 0..3 {
            let reply = poor.agree(tool, arguments.clone()).await;
            if reply.is_tool_error() {
                assert!(reply.text().starts_with("out_of_credits: this costs "), "{reply:?}");
                refused.push(tool);
                break;
            }
        }
    }
    assert_eq!(refused, ["run_eval", "launch_training_job"]);
}

/// A key that was revoked meets the API's refusal with its next call, and from then on nobody believes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_key_is_refused_as_soon_as_a_call_was_forwarded() {
    let place = Place::start();
    for (tool, arguments) in
        [("list_traces", json!({})), ("create_rubric", json!({"name": "Yes", "checks": [{"type": "exact"}]}))]
    {
        let mut writer = place.writer().await;
        writer.call("list_traces", json!({})).await;
        let id = writer.call("whoami", json!({})).await["key"]["id"].clone();
        place.server.succeed(&["key", "revoke", id.as_str().expect("an id")]);
        let before = place.dump().await;
        let told = writer.ask(tool, arguments).await;
        let words = "unknown_credential: the API refuses the Project API key, which is mistyped there or was revoked. \
                     Create another in API Keys in the dashboard.";
        assert!(told.is_tool_error() && told.text() == words, "{told:?}");
        let refused = writer.ask("whoami", json!({})).await;
        assert_eq!((refused.status, refused.error_code()), (Some(401), Some(-31401)), "{refused:?}");
        assert_eq!(refused.error_data()["reason"], "unknown_credential");
        assert!(refused.challenge.is_some_and(|challenge| challenge.starts_with("Bearer")));
        assert_eq!(place.dump().await, before);
    }
}
