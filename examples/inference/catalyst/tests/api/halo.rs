//! HALO over HTTP: who is meant, what it costs, what it finds, and what becomes of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

use catalyst::{
    Access,
    traffic::{Agent, Fault, Trace, Traffic, otlp},
};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::service::{Api, answered, refused};

const AGENT: &str = "customer-support-agent";

/// Traces of an agent, of the last day.
fn traffic(seed: u64, service: &str, name: &str) -> Traffic {
    let agent = Agent { service: service.to_owned(), name: name.to_owned() };
    Traffic::new(seed, agent, Timestamp::now() - SignedDuration::from_hours(24))
}

/// A file of traces.
fn file<'a>(traces: impl IntoIterator<Item = &'a Trace>) -> String {
    // One trace at a time: as a value all of them would fill the memory.
    let resources = traces.into_iter().flat_map(|trace| match otlp(&trace.spans)["resourceSpans"].take() {
        Value::Array(resources) => resources,
        other => panic!("{other}"),
    });
    let resources: Vec<String> = resources.map(|resource| resource.to_string()).collect();
    format!(r#"{{"resourceSpans":[{}]}}"#, resources.join(","))
}

impl Api {
    fn halo(&self, path: &str) -> String {
        format!("/v1/projects/{}/halo/{path}", self.demo)
    }

    /// Sends traces to `demo`.
    async fn take_in(&self, key: &SecretString, file: String) {
        let request = self.request(key, Method::POST, "/v1/traces").header("content-type", "application/json");
        let request = request.header("x-project-id", &self.demo).body(file);
        assert_eq!(answered(request).await, (200, json!({})));
    }

    async fn ask(&self, key: &SecretString, path: &str, body: Value) -> (u16, Value) {
        answered(self.request(key, Method::POST, &self.halo(path)).json(&body)).await
    }

    /// Has HALO read the traces of two days, and gives the run once it is over.
    async fn run(&self, key: &SecretString) -> Value {
        let (status, run) = self.ask(key, "runs", json!({"agent": AGENT, "window": "2d"})).await;
        assert_eq!(status, 200, "{run}");
        self.over(key, run["id"].as_str().unwrap()).await
    }

    /// The run once it is over.
    async fn over(&self, key: &SecretString, id: &str) -> Value {
        let is_over = |run: &Value| run["status"] != "queued" && run["status"] != "running";
        self.get_until(key, &self.halo(&format!("runs/{id}")), is_over).await
    }

    async fn report(&self, key: &SecretString, run: &Value) -> Value {
        let conversation = run["conversation_id"].as_str().unwrap();
        self.get(key, &self.halo(&format!("conversations/{conversation}/report"))).await
    }
}

/// The spans by the kind that they show.
type ByKind = BTreeMap<String, BTreeSet<(String, String)>>;

fn told(report: &Value) -> ByKind {
    let mut told = ByKind::new();
    for finding in report["findings"].as_array().unwrap() {
        let spans = told.entry(finding["kind"].as_str().unwrap().to_owned()).or_default();
        for evidence in finding["evidence"].as_array().unwrap() {
            let trace = evidence["trace_id"].as_str().unwrap();
            let ids = evidence["span_ids"].as_array().unwrap();
            spans.extend(ids.iter().map(|id| (trace.to_owned(), id.as_str().unwrap().to_owned())));
        }
    }
    told
}

/// A hundred thousand spans are taken in and reported on: `cargo test -p catalyst --release --test api -- --nocapture
/// hundred` prints how long that takes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_a_hundred_thousand_spans_is_reported_on_with_exactly_what_is_wrong() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let mut traffic = traffic(70, "support", AGENT);
    let (mut traces, mut planted, mut spans) = (Vec::new(), ByKind::new(), 0);
    while spans < 100_000 {
        let number = traces.len();
        let trace = if number % 11 == 0 {
            let fault = Fault::ALL[number / 11 % 8];
            let trace = traffic.faulty(fault);
            let ids = trace.planted.iter().map(|id| (trace.spans[0].trace_id.clone(), id.clone()));
            planted.entry(fault.kind().to_owned()).or_default().extend(ids);
            trace
        } else {
            traffic.clean()
        };
        spans += trace.spans.len();
        traces.push(trace);
    }
    let file = file(&traces);
    let bytes = file.len();

    let begun = Instant::now();
    api.take_in(&key, file).await;
    let taken_in = begun.elapsed();
    let run = api.run(&key).await;
    let reported = begun.elapsed();
    println!(
        "{spans} spans in {} traces, {bytes} bytes: taken in after {taken_in:?}, reported on after {reported:?}",
        traces.len()
    );

    assert_eq!(run["status"], "completed", "{run}");
    let report = api.report(&key, &run).await;
    assert_eq!((&report["spans"], &report["traces"]), (&json!(spans), &json!(traces.len())));
    let titles: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["title"]).collect();
    assert!(told(&report) == planted, "{titles:#?}");
    assert_eq!(planted.len(), 8);
    api.stop().await;
}

#[tokio::test]
async fn of_clean_traffic_nothing_is_reported() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 10).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    let mut traffic = traffic(71, "support", AGENT);
    let traces: Vec<_> = (0..300).map(|_| traffic.clean()).collect();
    api.take_in(&key, file(&traces)).await;
    let run = api.run(&key).await;
    assert_eq!((&run["status"], &run["findings"]), (&json!("completed"), &json!(0)), "{run}");
    let report = api.report(&key, &run).await;
    assert_eq!((&report["findings"], &report["traces"]), (&json!([]), &json!(300)));
    assert!(report["summary"].as_str().unwrap().ends_with("nothing was found."), "{report}");
    api.stop().await;
}

/// A service with two agents of one name and one of another, and what else is asked of HALO.
async fn with_agents() -> (Api, SecretString) {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let mut traces = Vec::new();
    for (seed, service, name) in [(1, "web", "Twin"), (2, "mail", "Twin"), (3, "support", AGENT)] {
        let mut traffic = traffic(seed, service, name);
        traces
            .extend((0..40).map(|number| if number % 4 == 0 { traffic.faulty(Fault::Loops) } else { traffic.clean() }));
    }
    api.take_in(&key, file(&traces)).await;
    (api, key)
}

#[tokio::test]
async fn an_agent_is_meant_by_id_or_name_and_never_guessed() {
    let (api, key) = with_agents().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    for path in ["runs", "schedules"] {
        let ask = async |agent: &str| {
            let body =
                if path == "runs" { json!({"agent": agent}) } else { json!({"agent": agent, "cron": "0 9 * * *"}) };
            api.ask(&key, path, body).await
        };
        let (status, answer) = ask("CUSTOMER-support-agent").await;
        assert_eq!((status, &answer["agent"]["name"]), (200, &json!(AGENT)));
        let (status, answer) = ask("twin").await;
        let message = answer["error"]["message"].as_str().unwrap();
        assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")), "{answer}");
        assert!(
            message.contains("in the service `mail`, `agt_") && message.contains("in the service `web`"),
            "{message}"
        );
        let id = message.split('`').find(|part| part.starts_with("agt_")).unwrap();
        let (status, answer) = ask(id).await;
        assert_eq!((status, &answer["agent"]["service"]), (200, &json!("mail")), "{answer}");
        for (named, told) in
            [("custmer-support-agnt", "there is `customer-support-agent`"), ("zzz", "some that there are: `Twin`")]
        {
            let (status, answer) = ask(named).await;
            let message = answer["error"]["message"].as_str().unwrap();
            assert!(status == 404 && message.contains(told), "{status} {message}");
        }
        for long in ["", &"a".repeat(201)] {
            let (status, answer) = ask(long).await;
            let message = &answer["error"]["message"];
            assert_eq!((status, message), (422, &json!("`agent`: write 1 to 200 characters")));
        }
    }
    let conversations = api.get(&key, &api.halo("conversations?agent=TWI")).await;
    assert_eq!(conversations["agents"].as_array().unwrap().len(), 2, "{conversations}");
    assert_eq!(conversations["conversations"].as_array().unwrap().len(), 2, "{conversations}");
    let none = api.get(&key, &api.halo("conversations?agent=nobody")).await;
    assert_eq!(none, json!({"agents": [], "conversations": []}));
    assert_eq!(api.get(&key, &api.halo("runs?agent=twin")).await["runs"].as_array().unwrap().len(), 1);
    assert_eq!(api.get(&key, &api.halo("runs?agent=wi")).await["runs"], json!([]));
    api.stop().await;
}

#[tokio::test]
async fn a_run_is_paid_for_and_its_report_stays_with_its_conversation() {
    let (api, key) = with_agents().await;
    api.service.add_credits("Ours", 15).await.unwrap();
    let run = api.run(&key).await;
    assert_eq!((&run["status"], &run["findings"]), (&json!("completed"), &json!(1)), "{run}");
    let (status, code) =
        refused(api.request(&key, Method::POST, &api.halo("runs")).json(&json!({"agent": AGENT}))).await;
    assert_eq!((status, code.as_str()), (402, "insufficient_credits"));
    // What could not be paid for has left nothing.
    assert_eq!(api.get(&key, &api.halo("runs")).await, json!({"runs": [run]}));
    let report = api.report(&key, &run).await;
    assert_eq!((&report["run_id"], &report["findings"][0]["kind"]), (&run["id"], &json!("loops")));
    assert_eq!(report["findings"][0]["severity"], "high");
    let conversations = api.get(&key, &api.halo("conversations")).await;
    let conversation = &conversations["conversations"][0];
    assert_eq!(conversation["id"], run["conversation_id"]);
    assert_eq!(conversation["latest_run_id"], run["id"]);
    assert_eq!((&conversation["runs"], &conversation["latest_findings"]), (&json!(1), &json!(1)));
    let path = format!("conversations/{}/report", conversation["id"].as_str().unwrap());
    for (path, status) in [
        (format!("{path}?run_id={}", run["id"].as_str().unwrap()), 200),
        (format!("{path}?run_id=run_none"), 404),
        ("conversations/conv_none/report".to_owned(), 404),
        ("runs/run_none".to_owned(), 404),
        ("runs?status=completed".to_owned(), 200),
        ("runs?status=odd".to_owned(), 422),
        ("runs?limit=0".to_owned(), 422),
    ] {
        assert_eq!(answered(api.request(&key, Method::GET, &api.halo(&path))).await.0, status, "{path}");
    }
    // Another project has nothing of it.
    let other = api.key(&[("other", Access::Write)], None).await;
    let elsewhere = format!("/v1/projects/{}/halo/runs/{}", api.other, run["id"].as_str().unwrap());
    assert_eq!(refused(api.request(&other, Method::GET, &elsewhere)).await.0, 404);
    api.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_a_key_that_reads_starts_nothing() {
    let (api, key) = with_agents().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let reader = api.demo_key(Access::Read).await;
    for path in ["runs", "schedules", "schedules/sched_none/pause", "schedules/sched_none/archive"] {
        let request = api.request(&reader, Method::POST, &api.halo(path));
        assert_eq!(refused(request).await, (403, "insufficient_permission".to_owned()), "{path}");
    }
    for (path, body, status) in [
        ("runs", json!({"agent": AGENT, "window": "1y"}), 422),
        ("runs", json!({"agent": AGENT, "prompt": " "}), 422),
        ("runs", json!({"agent": AGENT, "prompt": "é".repeat(2001)}), 422),
        ("runs", json!({"agent": AGENT, "windows": "1h"}), 422),
        ("runs", json!({}), 422),
        ("schedules", json!({"agent": AGENT, "cron": "9 o'clock"}), 422),
        ("schedules", json!({"agent": AGENT, "cron": "0 0 31 2 *"}), 422),
        ("schedules", json!({"agent": AGENT, "cron": "0 9 * * *", "time_zone": "Mars"}), 422),
        ("schedules/sched_none/resume", json!({}), 404),
    ] {
        let (found, answer) = api.ask(&key, path, body.clone()).await;
        assert_eq!(found, status, "{path} {body}: {answer}");
    }
    assert_eq!(api.get(&key, &api.halo("runs")).await, json!({"runs": []}));
    assert_eq!(api.get(&key, &api.halo("schedules")).await, json!({"schedules": []}));
    api.stop().await;
}

#[tokio::test]
async fn a_schedule_is_made_paused_resumed_and_archived() {
    let (api, key) = with_agents().await;
    let (status, made) = api.ask(&key, "schedules", json!({"agent": AGENT, "cron": "0 9 * * *"})).await;
    assert_eq!((status, &made["status"], &made["time_zone"]), (200, &json!("active"), &json!("UTC")), "{made}");
    assert_eq!((made["upcoming"].as_array().unwrap().len(), &made["window"]), (3, &json!("24h")));
    let id = made["id"].as_str().unwrap();
    for (turn, status) in [("pause", "paused"), ("pause", "paused"), ("resume", "active"), ("archive", "archived")] {
        let (code, schedule) = api.ask(&key, &format!("schedules/{id}/{turn}"), json!({})).await;
        assert_eq!((code, &schedule["status"]), (200, &json!(status)), "{turn}: {schedule}");
        assert_eq!(schedule["next_at"].is_string(), status == "active", "{turn}: {schedule}");
    }
    assert_eq!(api.ask(&key, &format!("schedules/{id}/resume"), json!({})).await.0, 409);
    assert_eq!(api.get(&key, &api.halo("schedules")).await, json!({"schedules": []}));
    let all = api.get(&key, &api.halo("schedules?include_archived=true&agent=Customer-Support-Agent")).await;
    assert_eq!(all["schedules"][0]["id"], made["id"]);
    // Its conversation is there, and has no report yet.
    let path = api.halo(&format!("conversations/{}/report", made["conversation_id"].as_str().unwrap()));
    assert_eq!(refused(api.request(&key, Method::GET, &path)).await, (409, "wrong_state".to_owned()));
    let conversations = api.get(&key, &api.halo("conversations")).await;
    assert_eq!(conversations["conversations"][0]["schedule_id"], made["id"]);
    api.stop().await;
}

#[tokio::test]
async fn lists_go_on_from_page_to_page() {
    let (api, key) = with_agents().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    for _ in 0..5 {
        api.run(&key).await;
        api.ask(&key, "schedules", json!({"agent": AGENT, "cron": "0 9 * * *"})).await;
    }
    for (list, count) in [("runs", 5), ("schedules", 5), ("conversations", 10)] {
        let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
        for _ in 0..=(count / 2) {
            let page = api.get(&key, &api.halo(&format!("{list}?limit=2{cursor}"))).await;
            for one in page[list].as_array().unwrap() {
                assert!(ids.insert(one["id"].as_str().unwrap().to_owned()), "{list}: twice");
            }
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(ids.len(), count, "{list}");
    }
    api.stop().await;
}

#[tokio::test]
async fn a_run_that_a_killed_service_left_is_done_by_the_next() {
    let (api, key) = with_agents().await;
    api.service.add_credits("Ours", 10).await.unwrap();
    let run = api.run(&key).await;
    let id = run["id"].as_str().unwrap();
    let stopped = api.pause().await;
    stopped.change("DELETE FROM halo_reports").await;
    stopped.change("UPDATE halo_runs SET status = 'running', completed_at = NULL").await;
    let api = Api::resume(stopped).await;
    let again = api.over(&key, id).await;
    assert_eq!((&again["status"], &again["findings"]), (&json!("completed"), &run["findings"]), "{again}");
    api.stop().await;
}

/// What is told of the samples, whose faults were written without the rules in mind: kinds and what they are about.
const OF_SAMPLES: &[(&str, &str, &[&str])] = &[
    (
        "customer-support-agent",
        "support-api",
        &[
            "dead_ends: Runs end with `context_length_exceeded` and no answer",
            "dead_ends: Runs end with `unhandled_tool_error` and no answer",
            "failing_tool_calls: `find_order` fails with `invalid_argument`",
            "failing_tool_calls: `issue_refund` fails with `permission_denied`",
            "loops: The agent goes round in circles: `find_order` → `track_parcel`",
            "oversized_contexts: `llama-3.3-70b-instruct` is given far more than usual from the start",
            "repeated_tool_calls: `search_help` is asked again for what it has answered",
            "retries: `track_parcel` fails with `timeout` and is tried again unchanged",
            "token_waste: Answers of `llama-3.3-70b-instruct` are cut off",
        ],
    ),
    ("customer-support-agent", "support-staging", &[]),
    ("fact-checker", "insights", &[]),
    ("invoice-reader", "billing", &[]),
    (
        "research-agent",
        "insights",
        &[
            "oversized_contexts: What `fetch_page` returns swells the context of `qwen3-235b-a22b`",
            "slow_spans: Some calls of `fetch_page` take far longer than usual",
        ],
    ),
    ("ticket-triage", "support-triage", &["dead_ends: Runs end with `server_error` and no answer"]),
];

#[tokio::test]
async fn of_the_samples_it_tells_what_was_put_into_them() {
    let api = Api::start().await;
    api.service.add_credits("Ours", 100).await.unwrap();
    let key = api.demo_key(Access::Write).await;
    api.service.load_samples(&api.service.project("demo").await.unwrap()).await.unwrap();
    let agents = api.get(&key, &format!("/v1/projects/{}/agents", api.demo)).await;
    let mut found = Vec::new();
    for agent in agents["agents"].as_array().unwrap() {
        let (_, run) = api.ask(&key, "runs", json!({"agent": agent["id"], "window": "9w"})).await;
        let run = api.over(&key, run["id"].as_str().unwrap()).await;
        let report = api.report(&key, &run).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let told = |finding: &Value| format!("{}: {}", text(&finding["kind"]), text(&finding["title"]));
        let mut told: Vec<_> = report["findings"].as_array().unwrap().iter().map(told).collect();
        told.sort();
        found.push((text(&agent["name"]), text(&agent["service"]), told));
    }
    found.sort();
    let expected = OF_SAMPLES.iter().map(|(name, service, told)| {
        ((*name).to_owned(), (*service).to_owned(), told.iter().map(|&told| told.to_owned()).collect())
    });
    assert_eq!(found, expected.collect::<Vec<_>>());
    api.stop().await;
}
