//! What is counted, and that no caller can make up what it is counted by.

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use toolwright_core::metrics::{DURATIONS, METRICS, Only};
use toolwright_tests::{Client, Family, Numbers, Revision, Server, ServerBuilder, raw};

use super::{collect, collect_until, get, operations};
use crate::{ACME, PREFIX, full};

/// Both eras, with the words for them.
const ERAS: [(Revision, &str); 2] = [(Revision::V2025_11_25, "legacy"), (Revision::V2026_07_28, "modern")];

fn sorted(labels: &[&str]) -> Vec<String> {
    let mut labels: Vec<_> = labels.iter().map(ToString::to_string).collect();
    labels.sort();
    labels
}

fn counting() -> ServerBuilder {
    Server::of(ACME).arg("--operations-listen=127.0.0.1:0")
}

#[tokio::test]
async fn what_is_shown_is_what_the_documentation_lists() {
    let server = counting().start();
    let operations = operations(&server);
    let mut client = full(&server, Revision::V2026_07_28).await;
    client.call("whoami", json!({})).await;
    client.call("misbehave", json!({"how": "panic"})).await;
    Client::http(server.url(), None, Revision::V2026_07_28).call("whoami", json!({})).await;

    let reply = get(&operations, "/metrics").await;
    assert_eq!(reply.status, 200);
    let media_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((reply.header("content-type"), reply.header("cache-control")), (Some(media_type), Some("no-store")));
    let mut expected: Vec<_> = METRICS
        .iter()
        .filter(|metric| metric.only != Only::Remembering)
        .map(|metric| Family {
            name: metric.name.to_owned(),
            kind: metric.kind.as_str().to_owned(),
            help: format!("{}.", metric.help),
            labels: sorted(metric.labels),
        })
        .collect();
    expected.sort();
    let numbers = Numbers::parse(&reply.body);
    assert_eq!(numbers.families(), expected);
    for metric in METRICS.iter().filter(|metric| metric.only != Only::Remembering) {
        assert!(reply.body.contains(&metric.sample()), "{}", metric.sample());
    }
    let bounds = numbers.buckets("toolwright_call_duration_seconds", &[("tool", "whoami")]);
    let bounds: Vec<_> = bounds.into_iter().map(|(bound, _)| bound).collect();
    assert_eq!(bounds, [&DURATIONS[..], &[f64::INFINITY]].concat());
    let build = [("name", "acme"), ("version", "1.4.0"), ("runtime", env!("CARGO_PKG_VERSION"))];
    assert_eq!(numbers.sum("toolwright_build_info", &build), 1);
    let started = numbers.sum("process_start_time_seconds", &[]);
    assert!((0..600).contains(&(jiff::Timestamp::now().as_second() - started)), "{started}");
}

#[tokio::test]
async fn calls_are_counted_by_tool_era_and_how_they_ended() {
    let server = counting().start();
    let operations = operations(&server);
    let reader = server.token("reader", &["notes:read"]);
    for (revision, era) in ERAS {
        let mut client = Client::http(server.url(), Some(&reader), revision);
        client.open().await;
        for (tool, arguments, outcome, times) in [
            ("whoami", json!({}), "ok", 3),
            ("list_notes", json!({"limit": 0}), "invalid_arguments", 2),
            ("misbehave", json!({"how": "hang"}), "timed_out", 1),
            ("misbehave", json!({"how": "panic"}), "internal", 1),
            ("misbehave", json!({"how": "fail"}), "wrong_state", 1),
            ("add_note", json!({"text": "x"}), "insufficient_scope", 2),
        ] {
            for _ in 0..times {
                client.call(tool, arguments.clone()).await;
            }
            let labels = [("tool", tool), ("era", era), ("transport", "http"), ("outcome", outcome)];
            let numbers = collect(&operations).await;
            assert_eq!(numbers.sum("toolwright_calls", &labels), times, "{labels:?}");
        }
    }
    let numbers = collect(&operations).await;
    let calls = |labels: &[(&str, &str)]| numbers.sum("toolwright_calls", labels);
    assert_eq!(calls(&[]), 20);
    assert_eq!(numbers.sum("toolwright_requests", &[("method", "tools/call")]), 20);
    for (reason, denied, failed) in
        [("insufficient_scope", 4, 0), ("timed_out", 0, 2), ("internal", 0, 2), ("wrong_state", 0, 0)]
    {
        let labels = [("reason", reason)];
        let counted = (numbers.sum("toolwright_denials", &labels), numbers.sum("toolwright_errors", &labels));
        assert_eq!(counted, (denied, failed), "{reason}");
    }
    let took = |tool: &str| numbers.sum("toolwright_call_duration_seconds", &[("tool", tool)]);
    assert_eq!((took("whoami"), took("misbehave"), took("add_note")), (6, 6, 0), "what is refused takes no time");
    let slow = numbers.buckets("toolwright_call_duration_seconds", &[("tool", "misbehave"), ("era", "modern")]);
    let up_to = |most: f64| slow.iter().filter(|(bound, _)| *bound <= most).map(|(_, count)| *count).next_back();
    assert!(up_to(1.0).is_some_and(|count| count <= 2), "one has hung for two seconds: {slow:?}");
    assert_eq!(slow.last().map(|(_, count)| *count), Some(3), "{slow:?}");
}

#[tokio::test]
async fn whoever_is_refused_before_they_say_what_they_want_is_counted_too() {
    let server = counting().start();
    let operations = operations(&server);
    Client::http(server.url(), None, Revision::V2026_07_28).list().await;
    let unknown = format!("{PREFIX}{}", "a".repeat(40));
    Client::http(server.url(), Some(&unknown), Revision::V2026_07_28).list().await;
    raw::send(server.authority(), &raw::request("evil.example", "POST /mcp", &[], b"{}")).await;
    let numbers = collect(&operations).await;
    for reason in ["missing_credential", "unknown_credential", "host_refused"] {
        assert_eq!(numbers.sum("toolwright_denials", &[("reason", reason)]), 1, "{reason}");
    }
    assert_eq!(numbers.sum("toolwright_requests", &[("method", "_unread")]), 3);
}

#[tokio::test]
async fn what_callers_make_up_is_no_label() {
    let server = counting().start();
    let operations = operations(&server);
    let name = "canary-of-a-credential";
    let token = server.token_for("canary-of-a-subject", name, &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    let mut series = Vec::new();
    for round in 0..3 {
        for made_up in 0..50 {
            client.call(&format!("canary_of_a_tool_{round}_{made_up}"), json!({})).await;
            client.request(&format!("canary/of/a/method/{round}/{made_up}"), json!({})).await;
            client.request("prompts/get", json!({"name": format!("canary_of_a_prompt_{round}_{made_up}")})).await;
            client.call("list_notes", json!({format!("canary_of_an_argument_{round}_{made_up}"): 1})).await;
        }
        let reply = get(&operations, "/metrics").await;
        assert!(!reply.body.contains("canary"), "{}", reply.body);
        assert!(!reply.body.contains(&token[..20]), "{}", reply.body);
        series.push(Numbers::parse(&reply.body).series());
    }
    assert_eq!(series[0], series[2], "however much is made up: {series:?}");
    let numbers = collect(&operations).await;
    assert_eq!(numbers.sum("toolwright_calls", &[("tool", "_other"), ("outcome", "unknown_tool")]), 150);
    assert_eq!(numbers.sum("toolwright_requests", &[("method", "_other"), ("outcome", "unknown_method")]), 150);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_is_shown_while_it_does() {
    let server = counting().start();
    let operations = operations(&server);
    let mut client = full(&server, Revision::V2026_07_28).await;
    let before = collect(&operations).await;
    assert_eq!(before.sum("toolwright_requests_in_flight", &[]), 0);
    let call = tokio::spawn(async move { client.call("misbehave", json!({"how": "hang"})).await });
    collect_until(&operations, |numbers| numbers.sum("toolwright_requests_in_flight", &[]) == 1).await;
    call.await.expect("the call");
    collect_until(&operations, |numbers| numbers.sum("toolwright_requests_in_flight", &[]) == 0).await;

    let open = |count: i64| move |numbers: &Numbers| numbers.sum("toolwright_connections", &[]) == count;
    let none = collect_until(&operations, open(0)).await;
    let idle = [raw::connect(server.authority()).await, raw::connect(server.authority()).await];
    let two = collect_until(&operations, open(2)).await;
    drop(idle);
    collect_until(&operations, open(0)).await;
    let accepted = |numbers: &Numbers| numbers.sum("toolwright_connections_accepted", &[]);
    assert_eq!(accepted(&two), accepted(&none) + 2);
    assert_eq!(before.sum("toolwright_connections_limit", &[]), 1024);
}

#[tokio::test]
async fn a_caller_who_does_not_wait_is_counted_as_gone() {
    let server = counting().start();
    let operations = operations(&server);
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "misbehave", "arguments": {"how": "hang"}}});
    let request =
        raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], body.to_string().as_bytes());
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(&request).await.expect("a connection");
    server.wait_for_line(&["misbehave began"]);
    drop(stream);
    let gone = [("tool", "misbehave"), ("outcome", "caller_gone")];
    let numbers = collect_until(&operations, |numbers| numbers.sum("toolwright_calls", &gone) == 1).await;
    assert_eq!(numbers.sum("toolwright_requests_in_flight", &[]), 0);
}

#[tokio::test]
async fn each_part_is_shown_to_be_ready_or_not() {
    let server = counting().start();
    let operations = operations(&server);
    for part in ["process", "database"] {
        assert_eq!(collect(&operations).await.sum("toolwright_ready", &[("part", part)]), 1, "{part}");
    }
    let mut behind = crate::database(&server).await;
    sqlx::Executor::execute(&mut behind, "ALTER TABLE tokens RENAME TO gone").await.expect("another name");
    let ready = |numbers: &Numbers| numbers.sum("toolwright_ready", &[("part", "database")]);
    let numbers = collect_until(&operations, |numbers| ready(numbers) == 0).await;
    assert_eq!(numbers.sum("toolwright_ready", &[("part", "process")]), 1);
}
