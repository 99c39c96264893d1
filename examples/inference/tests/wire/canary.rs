//! Secrets are planted wherever an agent could have left one, and every tool is asked for everything: no result, no error
//! and no line of a log has any part of one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, StdioPipe};

use crate::{
    place::{BINARY, Caller, Place, server},
    project::{Ids, filled, furnish},
    reading::readings,
    refusals::refusals,
    traffic::{chat, export, failed, run, span, span_id, tool, trace_id, with},
};

/// All that our own packages log.
const LOG: &str = "inference=trace,catalyst=trace,toolwright=trace,toolwright_support=trace,info";

/// What only a name beside it tells, what a URL does, and what its form does.
const NAMED: &str = "N5f6g7h8j9k0l1m2n3b4v5";
const PASSWORD: &str = "W7kKj3Hg5Fd7Sa9Po1IuYx4Cv";
const BEARER: &str = "B9x8c7v6b5n4m3a2s1d0f9g8h7";
/// Somebody else's key, in a trace.
const OTHERS: &str = "sk-inference-Q1w2E3r4T5z6U7i8O9p0A1s2D3f4G5h6J7k8L9y0";

/// How many characters of a secret are more than chance.
const PART: usize = 8;
/// The trace with the secrets.
const TRACE: u64 = 900;

/// A text with all of them.
fn telling() -> String {
    format!(
        "I used api_key={NAMED} at postgres://loader:{PASSWORD}@db.example.com/shop with Authorization: Bearer {BEARER}, \
         or was it {OTHERS}?"
    )
}

/// The same as JSON, as instrumentations put arguments and results into a text.
fn structured() -> Value {
    json!({
        "api_key": NAMED,
        "url": format!("https://loader:{PASSWORD}@example.com/"),
        "headers": {"Authorization": format!("Bearer {BEARER}")},
        "nested": [{"text": telling(), "password": PASSWORD}],
        "key": OTHERS,
    })
}

/// Traces of an agent that tells everything it knows.
fn traffic() -> Value {
    let plain = json!({
        "api_key": NAMED,
        "authorization": format!("Bearer {BEARER}"),
        "url.full": format!("https://loader:{PASSWORD}@example.com/?access_token={NAMED}"),
        "config": structured(),
        "config.text": structured().to_string(),
        "note": telling(),
    });
    let call = with(tool("connect", &structured(), &structured()), plain.clone());
    let mut called = failed(span(TRACE, 2, (900_000, 50), call), "refused", &telling());
    called["events"] = json!([{
        "name": "exception",
        "timeUnixNano": called["endTimeUnixNano"],
        "attributes": [
            {"key": "exception.message", "value": {"stringValue": telling()}},
            {"key": "password", "value": {"stringValue": PASSWORD}},
        ],
    }]);
    let mut spans = vec![span(TRACE, 1, (900_000, 1_000), with(run("teller"), plain.clone())), called];
    for number in 3..9 {
        let arguments = json!({"number": number, "api_key": NAMED, "text": telling()});
        let call = span(TRACE, number, (900_000 + 60 * number, 50), tool("connect", &arguments, &Value::Null));
        spans.push(failed(call, "refused", &telling()));
    }
    let said = with(chat("small-model", &telling(), &telling()), with(plain, json!({"label": telling()})));
    spans.push(span(TRACE, 20, (900_800, 100), said));
    let said = with(
        chat("small-model", "What went wrong?", &structured().to_string()),
        json!({"label": format!("password: {PASSWORD}")}),
    );
    spans.push(failed(span(TRACE, 21, (900_950, 50), said), "refused", &telling()));
    export(&[("teller", spans)])
}

/// What shows what was planted, and what repeats what it is asked.
fn questions(ids: &Ids, key: &str) -> Vec<(&'static str, Value)> {
    let of_trace = || json!({"trace_id": trace_id(TRACE)});
    let dataset = |name: &str| json!({"name": name, "agent": "teller", "since": "1d"});
    let mut questions: Vec<(&str, Value)> =
        readings().into_iter().map(|reading| (reading.tool, filled(&reading.arguments, ids))).collect();
    questions.extend(refusals().into_iter().map(|(tool, arguments, _)| (tool, filled(&arguments, ids))));
    questions.extend([
        ("list_agents", json!({"name": "teller"})),
        ("get_trace", of_trace()),
        ("list_spans", of_trace()),
        ("list_inferences", json!({"agent": "teller"})),
        ("summarize_inference_errors", json!({"agent": "teller"})),
        ("list_traces", json!({"agent": "teller"})),
        ("find_slowest_traces", json!({"agent": "teller"})),
        ("get_dataset", json!({"dataset_id": "$told"})),
        ("get_eval", json!({"eval_id": "$judged", "failed_items": 50})),
        ("get_halo_run", json!({"run_id": "$ran"})),
        ("get_halo_report", json!({"conversation_id": "$talked"})),
    ]);
    for span in (1..9).chain([20, 21]) {
        questions.push(("get_span", json!({"trace_id": trace_id(TRACE), "span_id": span_id(span)})));
    }
    for span in [20, 21] {
        let id = format!("{}-{}", trace_id(TRACE), span_id(span));
        questions.push(("get_inference", json!({"inference_id": id})));
    }
    for secret in [key.to_owned(), OTHERS.to_owned(), format!("Bearer {BEARER}"), telling()] {
        let short: String = secret.chars().take(100).collect();
        let check = json!([{"type": "contains", "text": secret}, {"type": "regex", "pattern": format!("({secret}")}]);
        questions.extend([
            ("list_agents", json!({"name": short})),
            ("list_traces", json!({"agent": secret, "since": secret})),
            ("list_traces", json!({"cursor": secret})),
            ("get_trace", json!({"trace_id": secret})),
            ("get_dataset", json!({"dataset_id": short})),
            ("create_dataset", dataset(&short)),
            ("create_dataset", dataset(&short)),
            ("create_rubric", json!({"name": short, "description": secret, "checks": check})),
            ("run_eval", json!({"dataset_id": short, "rubric_id": short})),
            ("launch_training_job", json!({"dataset_id": short, "base_model": secret})),
            ("launch_training_job", json!({"dataset_id": "$dataset", "name": short})),
            ("create_deployment", json!({"name": short, "model_id": short})),
            ("update_deployment", json!({"deployment_id": short, "status": secret})),
            ("get_halo_report", json!({"conversation_id": short})),
            ("run_halo", json!({"agent": short, "window": secret})),
            ("run_halo", json!({"agent": short, "prompt": secret})),
            ("run_halo", json!({"agent": "teller", "prompt": secret})),
            ("create_halo_schedule", json!({"agent": "teller", "cron": secret})),
            ("create_halo_schedule", json!({"agent": "teller", "cron": "0 0 1 1 *", "prompt": secret})),
            ("whoami", json!({"api_key": secret, "authorization": {secret.clone(): secret}})),
            ("list_models", json!({"project": secret})),
        ]);
    }
    // What those have made.
    questions.extend([
        ("list_datasets", json!({})),
        ("list_rubrics", json!({})),
        ("list_training_jobs", json!({})),
        ("list_halo_conversations", json!({})),
        ("list_halo_runs", json!({})),
        ("list_halo_schedules", json!({})),
    ]);
    questions.into_iter().map(|(tool, arguments)| (tool, filled(&arguments, ids))).collect()
}

/// A part of a secret that a text has.
fn found(text: &str, secrets: &[&str]) -> Option<String> {
    // What stands before every key is no secret.
    let parts = secrets.iter().flat_map(|secret| {
        let own = secret.strip_prefix("sk-inference-").unwrap_or(secret).as_bytes();
        own.windows(PART).map(|part| str::from_utf8(part).expect("ASCII"))
    });
    let mut found = parts.filter_map(|part| text.find(part));
    let at = found.next()?;
    let around = |at: usize| (0..=at).rev().take(80).filter(|at| text.is_char_boundary(*at)).last().unwrap_or(at);
    Some(text[around(at)..].chars().take(160).collect())
}

/// Another caller's way to the server, which ends with a log.
async fn asked_over_stdio(place: &Place, key: &str, questions: &[(&str, Value)]) -> (Vec<(String, Value)>, String) {
    let environment = [("INFERENCE_API_KEY", key), ("RUST_LOG", LOG), ("CATALYST_LISTEN", "127.0.0.1:0")];
    let mut pipe = StdioPipe::start(BINARY, place.server.folder(), &environment, &[]);
    let mut answers = Vec::new();
    for (id, (tool, arguments)) in questions.iter().enumerate() {
        let params = Revision::V2026_07_28.parameters(json!({"name": tool, "arguments": arguments}));
        let message = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
        answers.push((format!("{tool} {arguments} over stdio"), pipe.request(&message).await.body));
    }
    let (_, rest, log) = pipe.close().await;
    assert!(rest.is_empty(), "{rest:?}");
    (answers, log)
}

/// Plants the secrets in the project `own`, and what is made of them.
async fn plant(owner: &Caller, ids: &mut Ids) {
    owner.export(&traffic()).await;
    let told = owner.post("datasets", &json!({"name": "Told", "agent": "teller", "expected_from": "label"})).await;
    ids.insert("$told", told["dataset"]["id"].clone());
    let eval = owner.post("evals", &json!({"dataset_id": ids["$told"], "rubric_id": ids["$polite"]})).await;
    ids.insert("$judged", eval["id"].clone());
    let ran = owner.post("halo/runs", &json!({"agent": "teller", "prompt": telling()})).await;
    ids.insert("$ran", ran["id"].clone());
    ids.insert("$talked", ran["conversation_id"].clone());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_line_of_a_log_has_a_secret() {
    let place = Place::of(server().env("RUST_LOG", LOG).start());
    let owner = place.owner().await;
    let mut ids = furnish(&owner).await;
    let polite = json!({"name": "Polite", "checks": [{"type": "contains", "text": "please"}]});
    ids.insert("$polite", owner.post("rubrics", &polite).await["id"].clone());
    plant(&owner, &mut ids).await;
    let key = place.key(&["--write", "own"]);
    let client = Client::http(place.server.url(), Some(&key), Revision::V2026_07_28);
    let mut caller = place.caller_by(&key, client).await;
    caller.until("get_halo_run", json!({"run_id": ids["$ran"]}), "/status", &json!("completed")).await;
    caller.until("get_eval", json!({"eval_id": ids["$judged"]}), "/eval/status", &json!("completed")).await;

    let secrets = [NAMED, PASSWORD, BEARER, OTHERS, &key];
    // The API itself has them all.
    let kept = owner.get(&format!("traces/{}/spans/{}", trace_id(TRACE), span_id(2))).await.to_string();
    assert!(secrets[..4].iter().all(|secret| kept.contains(secret)), "{kept}");

    let questions = questions(&ids, &key);
    let mut answers = Vec::new();
    for (tool, arguments) in &questions {
        let reply = caller.agree(tool, arguments.clone()).await;
        answers.push((format!("{tool} {arguments}"), reply.body));
    }
    let (over_stdio, log) = asked_over_stdio(&place, &key, &questions).await;
    answers.extend(over_stdio);

    let mut leaks = BTreeSet::new();
    for (asked, answer) in &answers {
        let found = found(&answer.to_string(), &secrets);
        leaks.extend(
            found.map(|found| format!("{}\n    answers …{found}", asked.chars().take(120).collect::<String>())),
        );
    }
    let redacted = answers.iter().filter(|(_, answer)| answer.to_string().contains("[redacted]")).count();
    assert!(redacted > 50, "{redacted} of {} answers had something to keep back", answers.len());
    for (whose, log) in [("the server's", place.server.log()), ("stdio's", log)] {
        assert!(log.contains("operation=\"get_span\""), "{whose} log has nothing to look at: {log}");
        let lines = log.lines().filter_map(|line| found(line, &secrets));
        leaks.extend(lines.map(|line| format!("{whose} log has …{line}")));
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), Vec::from_iter(leaks).join("\n"));
}
