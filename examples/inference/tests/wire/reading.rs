//! Every tool that reads returns what the API has, which is what the API was sent.

use std::collections::BTreeSet;

use inference_tools::SERVER;
use serde_json::{Value, json};

use crate::{
    place::Place,
    project::{Ids, TICKETS, filled, filled_path, furnish},
    traffic::{BEGIN, span_id, trace_id},
};

/// What a tool is asked, where the API has the same below the project, and some of what it has to be.
pub(crate) struct Reading {
    pub(crate) tool: &'static str,
    pub(crate) arguments: Value,
    /// `None` where the tool is about the key.
    path: Option<String>,
    known: Vec<(&'static str, Value)>,
}

fn reading(
    tool: &'static str,
    arguments: Value,
    path: impl Into<String>,
    known: impl IntoIterator<Item = (&'static str, Value)>,
) -> Reading {
    Reading { tool, arguments, path: Some(path.into()), known: known.into_iter().collect() }
}

fn of_key(tool: &'static str, known: impl IntoIterator<Item = (&'static str, Value)>) -> Reading {
    Reading { tool, arguments: json!({}), path: None, known: known.into_iter().collect() }
}

fn at(seconds: u64) -> Value {
    let at = i64::try_from(*BEGIN + seconds).expect("a second of today");
    json!(jiff::Timestamp::from_second(at).expect("a second of today").to_string())
}

fn inference(trace: u64, span: u64) -> String {
    format!("{}-{}", trace_id(trace), span_id(span))
}

/// All of them, in the project that [`furnish`] has filled.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn readings() -> Vec<Reading> {
    let failed = inference(2, 2);
    let span = |number| json!(span_id(number));
    vec![
        of_key(
            "whoami",
            [
                ("/team/name", json!("Demo")),
                ("/projects/0/name", json!("own")),
                ("/projects/0/permissions", json!(["read", "write"])),
                ("/projects/1", Value::Null),
            ],
        ),
        of_key(
            "list_projects",
            [
                ("/projects/0/name", json!("own")),
                ("/projects/0/traces", json!(4 + TICKETS)),
                ("/projects/0/agents", json!(4)),
                ("/projects/0/is_default", json!(true)),
                ("/projects/1", Value::Null),
            ],
        ),
        reading(
            "list_agents",
            json!({}),
            "agents",
            [
                ("/agents/0/name", json!("sorter")),
                ("/agents/0/executions", json!(TICKETS)),
                ("/agents/0/input_tokens", json!(100 * TICKETS)),
                ("/agents/1/name", json!("shopkeeper")),
                ("/agents/1/service", json!("shop")),
                ("/agents/1/executions", json!(2)),
                ("/agents/1/errors", json!(1)),
                ("/agents/1/average_duration_ms", json!(6500.0)),
                ("/agents/1/first_seen_at", at(0)),
                ("/agents/1/last_seen_at", at(60)),
                ("/agents/4", Value::Null),
            ],
        ),
        reading(
            "list_agents",
            json!({"name": "LIBR"}),
            "agents?name=LIBR",
            [("/agents/0/name", json!("librarian")), ("/agents/1", Value::Null)],
        ),
        reading("list_models", json!({}), "models", [("/models/3/id", json!("text-classifier"))]),
        reading(
            "list_models",
            json!({"kind": "trained"}),
            "models?kind=trained",
            [
                ("/models/0/id", json!("$model")),
                ("/models/0/training_job_id", json!("$job")),
                ("/models/0/deployments/0", json!("$deployment")),
                ("/models/1", Value::Null),
            ],
        ),
        reading(
            "list_models",
            json!({"kind": "observed"}),
            "models?kind=observed",
            [
                ("/models/0/id", json!("large-model")),
                ("/models/0/inferences", json!(2)),
                ("/models/1/id", json!("small-model")),
                ("/models/1/inferences", json!(2 + TICKETS)),
            ],
        ),
        reading(
            "list_inferences",
            json!({"model": "small-model", "agent": "shopkeeper"}),
            "inferences?model=small-model&agent=shopkeeper",
            [
                ("/inferences/0/id", json!(failed)),
                ("/inferences/0/error_message", json!("too many requests")),
                ("/inferences/0/started_at", at(60)),
                ("/inferences/1/id", json!(inference(1, 2))),
                ("/inferences/1/input_tokens", json!(100)),
                ("/inferences/1/output_tokens", json!(20)),
                ("/inferences/1/finish_reason", json!("stop")),
                ("/inferences/1/duration_ms", json!(1000.0)),
                ("/inferences/2", Value::Null),
            ],
        ),
        reading(
            "list_inferences",
            json!({"limit": 3}),
            "inferences?limit=3",
            [("/inferences/0/trace_id", json!(trace_id(99 + TICKETS))), ("/inferences/3", Value::Null)],
        ),
        reading(
            "get_inference",
            json!({"inference_id": inference(1, 2)}),
            format!("inferences/{}", inference(1, 2)),
            [
                ("/inference/agent", json!("shopkeeper")),
                ("/inference/model", json!("small-model")),
                ("/input/0/parts/0/content", json!("What does the tent cost?")),
                ("/output/0/parts/0/content", json!("It costs 89.")),
            ],
        ),
        reading(
            "summarize_inference_errors",
            json!({"last": 50}),
            "inferences/errors?last=50",
            [
                ("/inferences", json!(4 + TICKETS)),
                ("/errors", json!(1)),
                ("/groups/0/error_type", json!("rate_limit")),
                ("/groups/0/message", json!("too many requests")),
                ("/groups/0/inference_ids/0", json!(failed)),
                ("/groups/0/agents/0", json!("shopkeeper")),
                ("/groups/1", Value::Null),
            ],
        ),
        reading(
            "list_traces",
            json!({"agent": "$shop"}),
            "traces?agent=$shop",
            [
                ("/traces/0/trace_id", json!(trace_id(2))),
                ("/traces/0/status", json!("error")),
                ("/traces/1/trace_id", json!(trace_id(1))),
                ("/traces/1/spans", json!(3)),
                ("/traces/1/duration_ms", json!(3000.0)),
                ("/traces/2", Value::Null),
            ],
        ),
        reading(
            "list_traces",
            json!({"status": "error"}),
            "traces?status=error",
            [("/traces/0/trace_id", json!(trace_id(2))), ("/traces/1", Value::Null)],
        ),
        reading(
            "get_trace",
            json!({"trace_id": trace_id(1)}),
            format!("traces/{}", trace_id(1)),
            [
                ("/trace/agent", json!("shopkeeper")),
                ("/trace/service", json!("shop")),
                ("/is_complete", json!(true)),
                ("/spans/0/span_id", span(1)),
                ("/spans/1/span_id", span(2)),
                ("/spans/1/parent_span_id", span(1)),
                ("/spans/2/tool", json!("lookup")),
                ("/spans/3", Value::Null),
            ],
        ),
        reading(
            "find_slowest_traces",
            json!({"limit": 3}),
            "traces/slowest?limit=3",
            [
                ("/traces/0/trace_id", json!(trace_id(2))),
                ("/traces/0/duration_ms", json!(10_000.0)),
                ("/traces/1/trace_id", json!(trace_id(4))),
                ("/traces/2/trace_id", json!(trace_id(1))),
            ],
        ),
        reading(
            "list_spans",
            json!({"trace_id": trace_id(4), "kind": "tool", "status": "error"}),
            format!("spans?trace_id={}&kind=tool&status=error", trace_id(4)),
            [
                ("/spans/0/span_id", span(2)),
                ("/spans/7/span_id", span(9)),
                ("/spans/7/error_type", json!("invalid_argument")),
                ("/spans/8", Value::Null),
            ],
        ),
        reading(
            "list_spans",
            json!({"min_duration_ms": 5000}),
            "spans?min_duration_ms=5000",
            [
                ("/spans/0/trace_id", json!(trace_id(4))),
                ("/spans/2/trace_id", json!(trace_id(2))),
                ("/spans/3", Value::Null),
            ],
        ),
        reading(
            "get_span",
            json!({"trace_id": trace_id(1), "span_id": span_id(3)}),
            format!("traces/{}/spans/{}", trace_id(1), span_id(3)),
            [
                ("/span/kind", json!("tool")),
                ("/span/duration_ms", json!(500.0)),
                ("/attributes/gen_ai.tool.name", json!("lookup")),
                ("/events/0/name", json!("found")),
                ("/events/0/attributes/shelf", json!("B7")),
            ],
        ),
        reading(
            "list_datasets",
            json!({}),
            "datasets",
            [
                ("/datasets/0/id", json!("$dataset")),
                ("/datasets/0/items", json!(TICKETS)),
                ("/datasets/1", Value::Null),
            ],
        ),
        reading(
            "get_dataset",
            json!({"dataset_id": "$dataset", "offset": 1, "limit": 2}),
            "datasets/$dataset?offset=1&limit=2",
            [
                ("/dataset/name", json!("Tickets")),
                ("/items/0/index", json!(1)),
                ("/items/0/input", json!("I want my money back for order 38, please refund it")),
                ("/items/0/output", json!("shipping")),
                ("/items/0/expected", json!("refund")),
                ("/items/0/inference_id", json!(inference(138, 1))),
                ("/items/2", Value::Null),
            ],
        ),
        reading(
            "list_rubrics",
            json!({}),
            "rubrics",
            [("/rubrics/0/id", json!("$rubric")), ("/rubrics/1", Value::Null)],
        ),
        reading(
            "get_rubric",
            json!({"rubric_id": "$rubric"}),
            "rubrics/$rubric",
            [("/name", json!("Right")), ("/checks", json!([{"type": "exact", "ignore_case": true}]))],
        ),
        reading(
            "list_evals",
            json!({"status": "completed"}),
            "evals?status=completed",
            [("/evals/0/id", json!("$eval")), ("/evals/1", Value::Null)],
        ),
        reading(
            "get_eval",
            json!({"eval_id": "$eval", "failed_items": 1}),
            "evals/$eval?failed_items=1",
            [
                ("/eval/scored", json!(TICKETS)),
                ("/eval/passed", json!(TICKETS / 2)),
                ("/eval/score", json!(0.5)),
                ("/checks/0/failed", json!(TICKETS / 2)),
                ("/failed_items/0/index", json!(1)),
                ("/failed_items/0/output", json!("shipping")),
                ("/failed_items/1", Value::Null),
            ],
        ),
        reading(
            "list_training_jobs",
            json!({}),
            "training-jobs",
            [
                ("/training_jobs/0/id", json!("$job")),
                ("/training_jobs/0/name", json!("Labels")),
                ("/training_jobs/1", Value::Null),
            ],
        ),
        reading(
            "get_training_job",
            json!({"training_job_id": "$job"}),
            "training-jobs/$job",
            [
                ("/training_job/metrics/labels", json!(2)),
                ("/training_job/metrics/training_items", json!(TICKETS * 3 / 4)),
                ("/training_job/metrics/validation_items", json!(TICKETS / 4)),
                ("/history/2/epoch", json!(3)),
                ("/history/3", Value::Null),
            ],
        ),
        reading(
            "list_deployments",
            json!({"status": "running"}),
            "deployments?status=running",
            [("/deployments/0/id", json!("$deployment")), ("/deployments/1", Value::Null)],
        ),
        reading(
            "get_deployment",
            json!({"deployment_id": "$deployment"}),
            "deployments/$deployment",
            [("/deployment/name", json!("labels")), ("/deployment/requests", json!(0)), ("/model/id", json!("$model"))],
        ),
        reading(
            "list_halo_conversations",
            json!({"agent": "Librarian"}),
            "halo/conversations?agent=Librarian",
            [
                ("/agents/0/service", json!("library")),
                // The schedule's, which has no report yet, comes after it.
                ("/conversations/0/id", json!("$conversation")),
                ("/conversations/0/latest_run_id", json!("$run")),
                ("/conversations/1/schedule_id", json!("$schedule")),
            ],
        ),
        reading(
            "get_halo_report",
            json!({"conversation_id": "$conversation"}),
            "halo/conversations/$conversation/report",
            [
                ("/run_id", json!("$run")),
                ("/traces", json!(1)),
                ("/spans", json!(10)),
                ("/findings/0/kind", json!("failing_tool_calls")),
                ("/findings/0/occurrences", json!(8)),
                ("/findings/0/evidence/0/trace_id", json!(trace_id(4))),
                ("/findings/0/evidence/0/span_ids", (2..10).map(span_id).collect()),
                ("/findings/1", Value::Null),
            ],
        ),
        reading(
            "list_halo_runs",
            json!({"agent": "librarian"}),
            "halo/runs?agent=librarian",
            [("/runs/0/id", json!("$run")), ("/runs/1", Value::Null)],
        ),
        reading(
            "get_halo_run",
            json!({"run_id": "$run"}),
            "halo/runs/$run",
            [("/agent/name", json!("librarian")), ("/prompt", json!("What fails?")), ("/findings", json!(1))],
        ),
        reading(
            "list_halo_schedules",
            json!({}),
            "halo/schedules",
            [
                ("/schedules/0/id", json!("$schedule")),
                ("/schedules/0/cron", json!("0 0 1 1 *")),
                ("/schedules/0/time_zone", json!("Europe/Berlin")),
                ("/schedules/0/status", json!("active")),
                ("/schedules/1", Value::Null),
            ],
        ),
    ]
}

/// The names of the tools with one of these words as their access.
pub(crate) fn tools(access: &[&str]) -> BTreeSet<&'static str> {
    SERVER.tools.iter().filter(|tool| access.contains(&tool.access.as_str())).map(|tool| tool.name).collect()
}

#[test]
fn no_tool_that_reads_is_forgotten() {
    let asked: BTreeSet<_> = readings().iter().map(|reading| reading.tool).collect();
    assert_eq!(asked, tools(&["read"]));
    assert_eq!(asked.len(), 27);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_returns_what_the_api_was_sent() {
    let place = Place::start();
    let mut owner = place.owner().await;
    let ids: Ids = furnish(&owner).await;
    let mut wrong = Vec::new();
    for Reading { tool, arguments, path, known } in readings() {
        let arguments = filled(&arguments, &ids);
        let answer = owner.call(tool, arguments.clone()).await;
        let same = match path {
            Some(path) => owner.get(&filled_path(&path, &ids)).await,
            None => owner.api("GET", if tool == "whoami" { tool } else { "projects" }, None).await.1,
        };
        assert_eq!(answer, same, "{tool} {arguments}: the API itself says otherwise");
        for (place, expected) in known {
            let found = answer.pointer(place).cloned().unwrap_or_default();
            let expected = filled(&expected, &ids);
            if found != expected {
                wrong.push(format!("{tool} {arguments}: at {place} is {found}, and not {expected}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
