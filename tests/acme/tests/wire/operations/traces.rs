//! What a collector of traces is told, and what not.

use std::time::{Duration, Instant};

use serde_json::json;
use toolwright_tests::{
    Client, Revision, Server,
    collector::{Collector, attributes, hex},
};

use super::PATIENCE;
use crate::{ACME, PREFIX, VARIABLES, full};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const OTHER_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "00f067aa0ba902b7";

/// As often as it would be every five seconds otherwise.
fn traced(collector: &Collector) -> toolwright_tests::ServerBuilder {
    Server::of(ACME).env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address()).env("OTEL_BSP_SCHEDULE_DELAY", "50")
}

fn owned(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// A call with headers of its own.
async fn post(server: &Server, token: &str, headers: &[(&str, &str)], message: &serde_json::Value) -> u16 {
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = http.post(server.url()).bearer_auth(token).header("Content-Type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(message.to_string()).send().await.expect("an answer").status().as_u16()
}

fn call(tool: &str, arguments: &serde_json::Value, meta: &serde_json::Value) -> serde_json::Value {
    let params = json!({"name": tool, "arguments": arguments, "_meta": meta});
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
}

#[tokio::test]
async fn a_call_is_a_span_that_goes_on_with_its_callers_trace() {
    let collector = Collector::start().await;
    let server = traced(&collector).env("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test").start();
    let token = server.first_token(PREFIX);
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let headers = [("traceparent", traceparent.as_str()), ("MCP-Protocol-Version", "2025-11-25")];
    assert_eq!(post(&server, &token, &headers, &call("whoami", &json!({}), &json!({}))).await, 200);

    let span = collector.span("tools/call whoami").await;
    assert_eq!((hex(&span.trace_id).as_str(), hex(&span.parent_span_id).as_str()), (TRACE, PARENT));
    assert_eq!(span.kind, 2, "of a server");
    let expected = [
        ("gen_ai.operation.name", "execute_tool"),
        ("gen_ai.tool.name", "whoami"),
        ("http.response.status_code", "200"),
        ("http.route", "/mcp"),
        ("mcp.method.name", "tools/call"),
        ("mcp.protocol.version", "2025-11-25"),
        ("network.protocol.name", "http"),
        ("network.transport", "tcp"),
        ("toolwright.outcome", "ok"),
    ];
    assert_eq!(attributes(&span.attributes), owned(&expected));
    let handler = collector.span("execute_tool whoami").await;
    assert_eq!((&handler.trace_id, &handler.parent_span_id), (&span.trace_id, &span.span_id));
    assert_eq!(handler.kind, 1, "within the server");
    assert!(span.start_time_unix_nano <= handler.start_time_unix_nano);
    assert!(handler.end_time_unix_nano <= span.end_time_unix_nano);
    let (resource, _) = collector.spans().remove(0);
    for expected in [("service.name", "acme"), ("service.version", "1.4.0"), ("deployment.environment", "test")] {
        assert!(resource.contains(&owned(&[expected])[0]), "{resource:?}");
    }
    server.wait_for_line(&["request", &format!("trace_id=\"{TRACE}\""), "operation=\"whoami\""]);
}

#[tokio::test]
async fn what_a_message_says_of_its_trace_goes_before_what_its_request_says() {
    let collector = Collector::start().await;
    let server = traced(&collector).start();
    let token = server.first_token(PREFIX);
    let around = format!("00-{OTHER_TRACE}-{PARENT}-01");
    let meta = json!({"traceparent": format!("00-{TRACE}-{PARENT}-01")});
    post(&server, &token, &[("traceparent", &around)], &call("whoami", &json!({}), &meta)).await;
    let span = collector.span("tools/call whoami").await;
    assert_eq!(hex(&span.trace_id), TRACE);
    let links: Vec<_> = span.links.iter().map(|link| hex(&link.trace_id)).collect();
    assert_eq!(links, [OTHER_TRACE]);
}

#[tokio::test]
async fn how_a_request_ended_is_told_in_words_of_the_conventions() {
    let collector = Collector::start().await;
    let server = traced(&collector).start();
    let reader = server.token("reader", &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&reader), Revision::V2026_07_28);
    client.call("misbehave", json!({"how": "fail"})).await;
    client.call("add_note", json!({"text": "x"})).await;
    client.call("no_such_tool", json!({})).await;
    Client::http(server.url(), None, Revision::V2026_07_28).list().await;
    for (name, failure, outcome) in [
        ("tools/call misbehave", "tool_error", "wrong_state"),
        ("tools/call add_note", "-31403", "insufficient_scope"),
        ("tools/call", "-32602", "unknown_tool"),
        ("POST", "-31401", "missing_credential"),
    ] {
        let span = collector.span(name).await;
        let said = attributes(&span.attributes);
        for expected in [("error.type", failure), ("toolwright.outcome", outcome)] {
            assert!(said.contains(&owned(&[expected])[0]), "{name}: {said:?}");
        }
        let status = span.status.expect("a status");
        assert_eq!((status.code, status.message.as_str()), (2, ""), "{name}");
    }
    let handler = collector.span("execute_tool misbehave").await;
    assert!(attributes(&handler.attributes).contains(&owned(&[("error.type", "wrong_state")])[0]), "{handler:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_callers_send_or_get_is_in_a_trace() {
    let collector = Collector::start().await;
    let mut server = traced(&collector).env("OTEL_BSP_SCHEDULE_DELAY", "60000").start();
    let token = server.token_for("canary-subject", "canary-credential", &["notes:read", "notes:write"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    client.call("add_note", json!({"text": "canary-argument"})).await;
    client.call("list_notes", json!({"canary-key": 1})).await;
    client.call("canary-tool", json!({})).await;
    client.call("misbehave", json!({"how": "leak", "text": "canary-error"})).await;
    client.request("canary/method", json!({"canary": "canary"})).await;
    client.request("prompts/get", json!({"name": "canary-prompt"})).await;
    assert_eq!(collector.spans().len(), 0, "not yet");
    server.terminate();
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.log());
    assert!(collector.spans().len() >= 6, "what is left is sent at the end");
    let text = collector.text();
    assert!(!text.contains("canary") && !text.contains(&token[PREFIX.len()..]), "{text}");
}

#[tokio::test]
async fn over_stdio_it_is_the_same() {
    let collector = Collector::start().await;
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let database = format!("sqlite:{}", server.folder().join("data/acme.db").display());
    let environment = [
        (VARIABLES.credential, token.as_str()),
        ("ACME_DATABASE", database.as_str()),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &format!("{}/v1/traces", collector.address())),
        ("OTEL_SERVICE_NAME", "by-another-name"),
    ];
    let mut pipe = toolwright_tests::StdioPipe::alone(ACME, &environment);
    let meta = json!({"traceparent": format!("00-{TRACE}-{PARENT}-01")});
    assert!(pipe.request(&call("whoami", &json!({}), &meta)).await.error_code().is_none());
    let (code, ..) = pipe.close().await;
    assert_eq!(code, Some(0));
    let span = collector.span("tools/call whoami").await;
    assert_eq!(hex(&span.trace_id), TRACE);
    assert!(attributes(&span.attributes).contains(&owned(&[("network.transport", "pipe")])[0]));
    let (resource, _) = collector.spans().remove(0);
    assert!(resource.contains(&owned(&[("service.name", "by-another-name")])[0]), "{resource:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn calls_go_on_without_a_collector() {
    // Nobody listens there.
    let mut server = Server::of(ACME)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
        .env("OTEL_BSP_SCHEDULE_DELAY", "50")
        .env("OTEL_BSP_MAX_QUEUE_SIZE", "4")
        .start();
    let mut client = full(&server, Revision::V2026_07_28).await;
    for _ in 0..50 {
        assert_eq!(client.call("whoami", json!({})).await.status, Some(200));
    }
    server.wait_for_line(&["traces are not taken"]);
    let started = Instant::now();
    server.terminate();
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.log());
    assert!(started.elapsed() < Duration::from_secs(30), "and nobody waits for it at the end");
}

#[tokio::test]
async fn nothing_is_traced_unless_it_is_asked_for() {
    let collector = Collector::start().await;
    for disabled in [None, Some("true")] {
        let mut server = Server::of(ACME).env("OTEL_BSP_SCHEDULE_DELAY", "50");
        if let Some(disabled) = disabled {
            server = server.env("OTEL_SDK_DISABLED", disabled).env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address());
        }
        let server = server.start();
        full(&server, Revision::V2026_07_28).await.call("whoami", json!({})).await;
        let line = server.wait_for_line(&["request", "whoami"]);
        assert!(!line.contains("trace_id"), "{line}");
    }
    assert_eq!(collector.spans().len(), 0);
}
