//! What the documentation's example prompts come to: the calls that an assistant makes for each, on a project with samples.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision};

use crate::place::{Caller, Place, each};

/// An agent of the samples that runs in two services, and one whose name nobody else has.
const SHARED: &str = "customer-support-agent";
const UNIQUE: &str = "research-agent";

/// An assistant whose client asks the person itself.
async fn asking(place: &Place) -> Caller {
    let key = place.key(&["--write", "demo"]);
    let client = Client::http(place.server.url(), Some(&key), Revision::V2026_07_28);
    place.caller_by(&key, client.capable(json!({"elicitation": {}}))).await
}

/// Calls a tool about which the person is asked, who agrees. What they were asked, and what the tool answers.
async fn agreed(assistant: &mut Caller, tool: &str, arguments: Value) -> (String, Reply) {
    let asked = assistant.ask(tool, arguments.clone()).await;
    let asked = asked.result();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let question = asked["inputRequests"]["confirmation"]["params"]["message"].as_str().expect("a question");
    let params = json!({
        "name": tool,
        "arguments": arguments,
        "requestState": asked["requestState"],
        "inputResponses": {"confirmation": {"action": "accept", "content": {"agreed": true}}},
    });
    (question.to_owned(), assistant.request("tools/call", params).await)
}

/// Has HALO read an agent's traces through the tools, to the end.
async fn run(assistant: &mut Caller, agent: &Value, window: &str) -> Value {
    let run = assistant.call("run_halo", json!({"agent": agent, "window": window})).await;
    assistant.until("get_halo_run", json!({"run_id": run["id"]}), "/status", &json!("completed")).await
}

/// Follows a report to what it is about: each finding has a fix, and each span that shows it is there, and is the agent's.
async fn look_into(assistant: &mut Caller, report: &Value) {
    let findings = report["findings"].as_array().expect("findings");
    assert!(!findings.is_empty(), "{report}");
    for finding in findings {
        assert!(finding["fix"].as_str().is_some_and(|fix| fix.len() > 20), "{finding}");
        let evidence = finding["evidence"][0].clone();
        assert!(!evidence["span_ids"].as_array().expect("spans").is_empty(), "{finding}");
        for span in evidence["span_ids"].as_array().expect("spans") {
            let id = json!({"trace_id": evidence["trace_id"], "span_id": span});
            let shown = assistant.call("get_span", id).await;
            assert_eq!(shown["span"]["service"], report["agent"]["service"], "{finding}");
        }
    }
}

/// "Apply the fixes that HALO suggests for …"
#[tokio::test(flavor = "multi_thread")]
async fn fixes_of_an_agent_are_found_by_its_name() {
    let place = Place::start();
    let mut assistant = place.writer().await;
    // Of the name that two have, both are offered, and no report is taken for the other's.
    let offered = assistant.call("list_halo_conversations", json!({"agent": SHARED})).await;
    assert_eq!(each(&offered["agents"], "name"), [SHARED, SHARED], "{offered}");
    let agents = offered["agents"].as_array().expect("agents").clone();
    assert_ne!((&agents[0]["id"], &agents[0]["service"]), (&agents[1]["id"], &agents[1]["service"]));
    for agent in &agents {
        run(&mut assistant, &agent["id"], "7d").await;
    }
    let of_both = assistant.call("list_halo_conversations", json!({"agent": SHARED})).await;
    for agent in &agents {
        let offered = assistant.call("list_halo_conversations", json!({"agent": agent["id"]})).await;
        assert_eq!(offered["agents"], json!([agent]));
        let newest = &offered["conversations"][0];
        assert_eq!(&newest["agent"], agent);
        assert!(of_both["conversations"].as_array().expect("conversations").contains(newest), "{of_both}");
        let report = json!({"conversation_id": newest["id"]});
        let report = assistant.call("get_halo_report", report).await;
        assert_eq!((&report["agent"], &report["run_id"]), (agent, &newest["latest_run_id"]));
    }

    // Of a name that one has, the newest report is the one.
    let of_agent = json!({"agent": UNIQUE});
    for _ in 0..2 {
        run(&mut assistant, &json!(UNIQUE), "7d").await;
    }
    let offered = assistant.call("list_halo_conversations", of_agent.clone()).await;
    assert_eq!(each(&offered["agents"], "name"), [UNIQUE]);
    let runs = assistant.call("list_halo_runs", of_agent).await;
    let newest = &offered["conversations"][0];
    assert_eq!(
        (&newest["latest_run_id"], &newest["id"]),
        (&runs["runs"][0]["id"], &runs["runs"][0]["conversation_id"])
    );
    let report = assistant.call("get_halo_report", json!({"conversation_id": newest["id"]})).await;
    assert_eq!(report["run_id"], newest["latest_run_id"]);
    look_into(&mut assistant, &report).await;

    // Without a name, the reports of all agents are offered, the newest first.
    let latest = assistant.call("list_halo_conversations", json!({})).await;
    assert_eq!((&latest["agents"], &latest["conversations"][0]), (&json!([]), newest));
    let mut times = each(&latest["conversations"], "latest_report_at");
    times.retain(|time| time.is_string());
    assert!(times.is_sorted_by(|one, next| one.as_str() >= next.as_str()), "{latest}");
}

/// "Run HALO on the … over the last day, then apply its fixes."
#[tokio::test(flavor = "multi_thread")]
async fn halo_is_run_once_the_person_has_agreed() {
    let place = Place::start();
    let mut assistant = asking(&place).await;
    // The name is that of two, which the error tells apart.
    let shared = json!({"agent": SHARED, "window": "24h"});
    let (_, refused) = agreed(&mut assistant, "run_halo", shared).await;
    assert!(refused.is_tool_error() && refused.text().contains("2 agents have this name"), "{refused:?}");
    let agents = assistant.call("list_agents", json!({"name": SHARED})).await;
    for agent in agents["agents"].as_array().expect("agents") {
        assert!(refused.text().contains(agent["id"].as_str().expect("an id")), "{refused:?}");
    }

    // The busiest of them is the one that is meant.
    let agent = &agents["agents"][0];
    let (question, run) = agreed(&mut assistant, "run_halo", json!({"agent": agent["id"], "window": "7d"})).await;
    let run = run.structured();
    for told in [agent["id"].as_str().expect("an id"), "7d", "credits and compute", "Find what fails"] {
        assert!(question.contains(told), "{question}");
    }
    assert!(matches!(run["status"].as_str(), Some("queued" | "running")), "{run}");
    let done = assistant.until("get_halo_run", json!({"run_id": run["id"]}), "/status", &json!("completed")).await;
    let report = json!({"conversation_id": run["conversation_id"], "run_id": run["id"]});
    let report = assistant.call("get_halo_report", report).await;
    assert_eq!(done["findings"], json!(report["findings"].as_array().map(Vec::len)));
    look_into(&mut assistant, &report).await;
}

/// "Have HALO look at the … every day at 9 in the morning, UTC.", and "Pause HALO's schedule for the …"
#[tokio::test(flavor = "multi_thread")]
async fn a_daily_schedule_is_made_and_paused() {
    let place = Place::start();
    let mut assistant = asking(&place).await;
    let arguments = json!({"agent": UNIQUE, "cron": "0 9 * * *"});
    let (question, schedule) = agreed(&mut assistant, "create_halo_schedule", arguments).await;
    let schedule = schedule.structured();
    for told in [UNIQUE, "0 9 * * *", "UTC", "24h", "credits and compute whenever the schedule fires"] {
        assert!(question.contains(told), "{question}");
    }
    let now = Timestamp::now();
    let times: Vec<Timestamp> = schedule["upcoming"].as_array().expect("times").iter().map(instant).collect();
    assert_eq!(times.len(), 3, "{schedule}");
    for (day, time) in (1..).zip(&times) {
        assert_eq!(time.as_second() % 86_400, 9 * 3_600, "{schedule}");
        assert!(*time <= now + SignedDuration::from_hours(24 * day), "{schedule}");
    }
    assert_eq!(instant(&schedule["next_at"]), times[0]);

    let listed = assistant.call("list_halo_schedules", json!({"agent": UNIQUE})).await;
    assert_eq!(each(&listed["schedules"], "id"), [&schedule["id"]]);
    let paused = assistant.call("pause_halo_schedule", json!({"schedule_id": schedule["id"]})).await;
    assert_eq!((&paused["status"], &paused["upcoming"], paused.get("next_at")), (&json!("paused"), &json!([]), None));
    let listed = assistant.call("list_halo_schedules", json!({"agent": UNIQUE})).await;
    assert_eq!(listed["schedules"][0], paused);
}

/// A time as the API tells it, in whatever zone.
fn instant(time: &Value) -> Timestamp {
    let text = time.as_str().unwrap_or_else(|| panic!("no time: {time}"));
    text.parse().unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// All pages of a list.
async fn all(assistant: &mut Caller, tool: &str, list: &str, mut arguments: Value) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = assistant.call(tool, arguments.clone()).await;
        all.extend(page[list].as_array().expect("a list").iter().cloned());
        let Some(next) = page.get("next_cursor") else { return all };
        arguments["cursor"] = next.clone();
    }
}

/// "What went wrong in the last 50 inferences?"
#[tokio::test(flavor = "multi_thread")]
async fn errors_are_those_of_the_newest_inferences() {
    let place = Place::start();
    let mut assistant = place.caller(&place.key(&["--read", "demo"])).await;
    for last in [50, 200] {
        let mut newest = all(&mut assistant, "list_inferences", "inferences", json!({"limit": 100})).await;
        newest.truncate(last);
        let mut kinds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for inference in newest.iter().filter(|inference| inference["status"] == "error") {
            let kind = inference["error_type"].as_str().unwrap_or("unknown").to_owned();
            kinds.entry(kind).or_default().push(inference.clone());
        }
        let summary = assistant.call("summarize_inference_errors", json!({"last": last})).await;
        let errors: usize = kinds.values().map(Vec::len).sum();
        assert!(errors > 0, "the samples have errors among the newest {last}");
        assert_eq!((&summary["inferences"], &summary["errors"]), (&json!(newest.len()), &json!(errors)));
        let groups = summary["groups"].as_array().expect("groups");
        assert_eq!(groups.len(), kinds.len(), "{summary}");
        for group in groups {
            let errors = &kinds[group["error_type"].as_str().expect("a kind")];
            let ids: Vec<&Value> = errors.iter().take(5).map(|inference| &inference["id"]).collect();
            assert_eq!((&group["count"], &group["inference_ids"]), (&json!(errors.len()), &json!(ids)), "{group}");
            assert_eq!(Some(&group["message"]), errors[0].get("error_message"), "{group}");
        }
        assert!(groups.is_sorted_by(|one, next| one["count"].as_u64() >= next["count"].as_u64()), "{summary}");
    }
}

/// "Which were the slowest traces of today?"
#[tokio::test(flavor = "multi_thread")]
async fn the_slowest_traces_are_the_slowest_of_all() {
    let place = Place::start();
    let mut assistant = place.caller(&place.key(&["--read", "demo"])).await;
    let today = Timestamp::now().to_string()[..10].to_owned();
    let milliseconds = |trace: &Value| trace["duration_ms"].as_f64().expect("a number");
    for (since, most) in [(today.as_str(), 5), ("24h", 10), ("7d", 50)] {
        let mut traces = all(&mut assistant, "list_traces", "traces", json!({"since": since, "limit": 100})).await;
        traces.sort_by(|one, other| milliseconds(other).total_cmp(&milliseconds(one)));
        let expected: Vec<f64> = traces.iter().take(most).map(milliseconds).collect();
        let slowest = assistant.call("find_slowest_traces", json!({"since": since, "limit": most})).await;
        let found = slowest["traces"].as_array().expect("traces");
        assert_eq!(found.iter().map(milliseconds).collect::<Vec<_>>(), expected, "{since}");
        assert!(found.iter().all(|trace| traces.contains(trace)), "{since}: {slowest}");
        // Just after midnight today has none.
        assert!(since == today || found.len() == most, "{since}: {slowest}");
    }
}

/// "Make an eval dataset of what went well last week.", and how the training jobs are doing.
#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_made_of_successful_traffic() {
    let place = Place::start();
    let mut assistant = place.writer().await;
    let week = json!({"name": "Good answers of the week", "since": "7d"});
    let made = assistant.call("create_dataset", week).await;
    let count = made["dataset"]["items"].as_u64().expect("a number");
    assert!(count > 10, "{made}");
    let since = Timestamp::now() - SignedDuration::from_hours(7 * 24 + 1);
    let items = json!({"dataset_id": made["dataset"]["id"], "limit": 100});
    let got = assistant.call("get_dataset", items).await;
    let items = got["items"].as_array().expect("items");
    assert_eq!(items.len() as u64, count.min(100));
    for item in items.iter().take(20) {
        let taken = json!({"inference_id": item["inference_id"]});
        let taken = assistant.call("get_inference", taken).await;
        assert_eq!(taken["inference"]["status"], "ok", "{item}");
        assert!(instant(&taken["inference"]["started_at"]) > since, "{taken}");
        // Word for word what was asked and answered there.
        for (text, messages) in [("input", &taken["input"]), ("output", &taken["output"])] {
            let said = item[text].as_str().expect("a text").lines().next().expect("a line");
            assert!(messages.to_string().contains(&json!(said).to_string().trim_matches('"').to_owned()), "{taken}");
        }
    }

    let jobs = assistant.call("list_training_jobs", json!({})).await;
    assert!(!each(&jobs["training_jobs"], "status").is_empty(), "{jobs}");
    let agents = assistant.call("list_agents", json!({})).await;
    let ran: Vec<u64> = each(&agents["agents"], "executions").iter().filter_map(|count| count.as_u64()).collect();
    assert!(ran.len() > 4 && ran.is_sorted_by(|one, next| one >= next), "{agents}");
}
