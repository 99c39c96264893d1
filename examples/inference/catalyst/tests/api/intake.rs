//! How spans come in, and what is made of them.

use std::io::Write as _;

use catalyst::Access;
use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, RequestBuilder, header};
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::{
    service::{Api, answered, refused},
    spans::{attributes_of, export, hour_ago, span, span_id, table, trace_id, with},
};

impl Api {
    /// Sends spans of a service, all of which must be taken in.
    pub(crate) async fn send(&self, key: &SecretString, service: &str, spans: &[Value]) {
        let (status, answer) = answered(self.export(key, &export(service, spans))).await;
        assert_eq!((status, answer), (200, json!({})));
    }

    fn export(&self, key: &SecretString, export: &Value) -> RequestBuilder {
        self.request(key, Method::POST, "/v1/traces").json(export)
    }
}

/// A run of an agent in a trace: it asks a model, calls a tool, which fails, and asks the model again, in a service of
/// its own.
fn run(trace: u32) -> [(&'static str, Value); 5] {
    let chat = |id, after, tokens| {
        let attributes = json!({
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": "gpt-test",
            "gen_ai.usage.input_tokens": tokens,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.input.messages": "[{\"role\": \"user\", \"parts\": [\"Where is my order?\"]}]",
            "gen_ai.output.messages": [{"role": "assistant", "parts": ["Here."]}],
        });
        span(trace, id, Some(2), after, attributes)
    };
    let tool = json!({
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "find_order",
        "gen_ai.tool.call.arguments": {"order": 7},
        "error.type": "timeout",
    });
    let tool = with(span(trace, 4, Some(2), 20, tool), json!({"status": {"code": 2, "message": "no answer in 5 s"}}));
    let agent = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"});
    [
        ("web", with(span(trace, 1, None, 0, json!({"http.route": "/chat"})), json!({"name": "POST /chat"}))),
        ("shop", span(trace, 2, Some(1), 5, agent)),
        ("shop", chat(3, 10, 100)),
        ("shop", tool),
        ("shop", chat(5, 30, 150)),
    ]
}

#[tokio::test]
async fn a_run_of_an_agent_is_told_from_every_side() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    for (service, span) in run(1) {
        api.send(&key, service, &[span]).await;
    }
    let project = format!("/v1/projects/{}", api.demo);

    let whole = api.get(&key, &format!("{project}/traces/{}", trace_id(1))).await;
    assert_eq!(whole["is_complete"], true);
    let fields =
        ["name", "service", "agent", "status", "duration_ms", "spans", "errors", "input_tokens", "output_tokens"];
    let expected = json!([["POST /chat", "web", "support", "ok", 130.0, 5, 1, 250, 14]]);
    assert_eq!(table(&json!([whole["trace"]]), &fields), expected);
    let listed = api.get(&key, &format!("{project}/traces?agent=support&since=2h")).await;
    assert_eq!(listed, json!({"traces": [whole["trace"]]}));
    let fields = [
        "span_id",
        "parent_span_id",
        "kind",
        "service",
        "agent",
        "model",
        "tool",
        "status",
        "error_type",
        "error_message",
        "input_tokens",
    ];
    let spans = json!([
        [span_id(1), null, "other", "web", null, null, null, "ok", null, null, null],
        [span_id(2), span_id(1), "agent", "shop", "support", null, null, "ok", null, null, null],
        [span_id(3), span_id(2), "inference", "shop", "support", "gpt-test", null, "ok", null, null, 100],
        [
            span_id(4),
            span_id(2),
            "tool",
            "shop",
            "support",
            null,
            "find_order",
            "error",
            "timeout",
            "no answer in 5 s",
            null
        ],
        [span_id(5), span_id(2), "inference", "shop", "support", "gpt-test", null, "ok", null, null, 150],
    ]);
    assert_eq!(table(&whole["spans"], &fields), spans);

    let one = api.get(&key, &format!("{project}/traces/{}/spans/{}", trace_id(1), span_id(4))).await;
    assert_eq!(one["span"], whole["spans"][3]);
    assert_eq!(one["attributes"]["gen_ai.tool.call.arguments"], json!({"order": 7}));

    let agents = api.get(&key, &format!("{project}/agents?name=SUPP")).await;
    let fields = ["name", "service", "executions", "errors", "average_duration_ms", "input_tokens", "output_tokens"];
    assert_eq!(table(&agents["agents"], &fields), json!([["support", "shop", 1, 0, 100.0, 250, 14]]));
    assert_eq!(api.get(&key, &format!("{project}/agents?name=other")).await, json!({"agents": []}));

    let inferences = api.get(&key, &format!("{project}/inferences?model=gpt-test&agent=support")).await;
    let id = |span| format!("{}-{}", trace_id(1), span_id(span));
    assert_eq!(table(&inferences["inferences"], &["id", "finish_reason"]), json!([[id(5), "stop"], [id(3), "stop"]]));
    let inference = api.get(&key, &format!("{project}/inferences/{}", id(3))).await;
    assert_eq!(inference["inference"], inferences["inferences"][1]);
    // Recorded as a text or as it is, it is the same.
    assert_eq!(inference["input"], json!([{"role": "user", "parts": ["Where is my order?"]}]));
    assert_eq!(inference["output"], json!([{"role": "assistant", "parts": ["Here."]}]));
    assert!(inference["attributes"].get("gen_ai.input.messages").is_none());
    assert_eq!(inference["attributes"]["gen_ai.request.model"], "gpt-test");

    let projects = api.get(&key, "/v1/projects").await;
    assert_eq!(
        table(&projects["projects"], &["id", "is_default", "agents", "traces"]),
        json!([[api.demo, true, 1, 1]])
    );
    api.stop().await;
}

#[tokio::test]
async fn the_order_in_which_spans_come_in_and_how_often_makes_no_difference() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let mut told = Vec::new();
    // Each order is that of another trace: forwards, backwards, the middle first, and all of it twice.
    let orders = [vec![0, 1, 2, 3, 4], vec![4, 3, 2, 1, 0], vec![2, 4, 1, 0, 3], vec![3, 1, 1, 0, 4, 2, 3, 0]];
    for (number, order) in (1..).zip(orders) {
        let spans = run(number);
        for at in order {
            let (service, span) = &spans[at];
            api.send(&key, service, &[span.clone(), span.clone()]).await;
        }
        let project = format!("/v1/projects/{}", api.demo);
        let whole = api.get(&key, &format!("{project}/traces/{}", trace_id(number))).await.to_string();
        // Times are those of the moment.
        let whole: Value = serde_json::from_str(&whole.replace(&trace_id(number), "trace")).unwrap();
        let spans = table(&whole["spans"], &["span_id", "agent", "kind", "status"]);
        told.push((spans, table(&json!([whole["trace"]]), &["name", "agent", "spans", "errors", "input_tokens"])));
        let agents = api.get(&key, &format!("{project}/agents")).await;
        assert_eq!(table(&agents["agents"], &["name", "executions"]), json!([["support", number]]));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    api.stop().await;
}

#[tokio::test]
async fn a_malformed_span_is_rejected_alone() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let good = |id| span(1, id, None, 0, json!({}));
    let deep = (0..200).fold(json!({"stringValue": "x"}), |value, _| json!({"arrayValue": {"values": [value]}}));
    let next_week = (hour_ago() + 7 * 24 * 3_600_000_000_000).to_string();
    for (wrong, why) in [
        (with(good(9), json!({"traceId": "abc"})), "`traceId` has to be 32 hexadecimal digits"),
        (with(good(9), json!({"traceId": "0".repeat(32)})), "`traceId` is missing"),
        (with(good(9), json!({"traceId": null})), "`traceId` is missing"),
        (with(good(9), json!({"spanId": "g".repeat(16)})), "`spanId` has to be 16 hexadecimal digits"),
        (with(good(9), json!({"spanId": "é".repeat(8)})), "`spanId` has to be 16 hexadecimal digits"),
        (with(good(9), json!({"spanId": 7})), "invalid type: integer `7`, expected a string"),
        (with(good(9), json!({"parentSpanId": "1"})), "`parentSpanId` has to be 16 hexadecimal digits"),
        (with(good(9), json!({"startTimeUnixNano": "0"})), "`startTimeUnixNano` is missing"),
        (with(good(9), json!({"endTimeUnixNano": null})), "`endTimeUnixNano` is missing"),
        (with(good(9), json!({"startTimeUnixNano": "-5"})), "`startTimeUnixNano` has to be nanoseconds since 1970"),
        (
            with(good(9), json!({"startTimeUnixNano": next_week})),
            "`startTimeUnixNano` has to be nanoseconds since 1970",
        ),
        (with(good(9), json!({"endTimeUnixNano": u64::MAX})), "`endTimeUnixNano` has to be nanoseconds since 1970"),
        (with(good(9), json!({"endTimeUnixNano": "99999999999999999999"})), "expected an integer of 64 bits"),
        (with(good(9), json!({"startTimeUnixNano": 1.5})), "expected an integer of 64 bits"),
        (with(good(9), json!({"attributes": {"a": 1}})), "invalid type: map, expected a sequence"),
        (
            with(good(9), json!({"attributes": [{"key": "a", "value": {"intValue": "x"}}]})),
            "expected an integer of 64 bits",
        ),
        (
            with(good(9), json!({"attributes": [{"key": "a", "value": {"doubleValue": "x"}}]})),
            "expected a floating-point number",
        ),
        (with(good(9), json!({"attributes": [{"key": "a", "value": deep}]})), "recursion limit exceeded"),
        (with(good(9), json!({"name": "x".repeat(5 << 20)})), "it is larger than 4 MiB"),
        (json!("a span"), "invalid type: string"),
        (json!(null), "invalid type: null"),
    ] {
        let shown = wrong.to_string().chars().take(300).collect::<String>();
        let (status, answer) = answered(api.export(&key, &export("shop", &[good(1), wrong, good(2)]))).await;
        assert_eq!((status, &answer["partialSuccess"]["rejectedSpans"]), (200, &json!("1")), "{shown}: {answer}");
        let message = answer["partialSuccess"]["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("span 2 of the request: ") && message.contains(why), "{shown}: {message}");
    }
    let whole = api.get(&key, &format!("/v1/projects/{}/traces/{}", api.demo, trace_id(1))).await;
    assert_eq!(table(&whole["spans"], &["span_id"]), json!([[span_id(1)], [span_id(2)]]));
    api.stop().await;
}

#[tokio::test]
async fn what_the_protocol_allows_is_taken_in() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let values = json!([
        {"key": "integer", "value": {"intValue": 9_007_199_254_740_993_i64}},
        {"key": "text", "value": {"intValue": "-9223372036854775808"}},
        {"key": "double", "value": {"doubleValue": 0.5}},
        {"key": "infinite", "value": {"doubleValue": "Infinity"}},
        {"key": "bytes", "value": {"bytesValue": "AAE="}},
        {"key": "nested", "value": {"kvlistValue": {"values": [{"key": "a", "value": {"boolValue": false}}]}}},
        {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "b"}, {}]}}},
        {"key": "empty", "value": {"arrayValue": {}}},
        {"key": "twice", "value": {"stringValue": "first"}},
        {"key": "twice", "value": {"stringValue": "second"}},
        {"key": "unknown", "value": {"laterValue": 1}},
        {"key": "absent"},
    ]);
    let events = json!([
        {"timeUnixNano": hour_ago().to_string(), "name": "exception", "attributes": attributes_of(json!({"exception.type": "E", "exception.message": "broke"}))},
        {"name": "no time"},
    ]);
    let spans = [
        with(
            span(1, 1, None, 0, json!({})),
            json!({"attributes": values, "droppedAttributesCount": 3, "later": [[{}]]}),
        ),
        with(span(1, 2, None, 0, json!({})), json!({"events": events, "status": {"code": "STATUS_CODE_ERROR"}})),
        with(
            span(1, 3, None, 0, json!({})),
            json!({"traceId": trace_id(1).to_uppercase(), "parentSpanId": "0000000000000000"}),
        ),
        // The clock was set back; a name that no list shows whole; an error that was dealt with.
        with(
            span(1, 4, None, 0, json!({"error.type": "handled"})),
            json!({"endTimeUnixNano": "1", "name": "n".repeat(1000), "status": {"code": 1}}),
        ),
        with(
            span(1, 5, None, 0, json!({"error.type": "unset"})),
            json!({"name": null, "status": null, "events": null, "attributes": attributes_of(json!({"error.type": "unset"}))}),
        ),
    ];
    api.send(&key, "shop", &spans).await;
    let nothing = [
        json!({}),
        json!({"resourceSpans": null}),
        json!({"resourceSpans": [{}]}),
        json!({"resourceSpans": [{"scopeSpans": [{}]}]}),
    ];
    for nothing in nothing {
        assert_eq!(answered(api.export(&key, &nothing)).await, (200, json!({})), "{nothing}");
    }
    let project = format!("/v1/projects/{}", api.demo);
    let whole = api.get(&key, &format!("{project}/traces/{}", trace_id(1))).await;
    let fields = ["span_id", "parent_span_id", "status", "error_type", "error_message", "duration_ms"];
    let expected = json!([
        [span_id(1), null, "ok", null, null, 100.0],
        [span_id(2), null, "error", "E", "broke", 100.0],
        [span_id(3), null, "ok", null, null, 100.0],
        [span_id(4), null, "ok", null, null, 0.0],
        [span_id(5), null, "error", "unset", null, 100.0],
    ]);
    let mut spans = whole["spans"].as_array().unwrap().clone();
    spans.sort_by_key(|span| span["span_id"].to_string());
    assert_eq!(table(&json!(spans), &fields), expected);
    assert_eq!(spans[3]["name"].as_str().unwrap().len(), 200);
    let one = api.get(&key, &format!("{project}/traces/{}/spans/{}", trace_id(1), span_id(1))).await;
    let attributes = json!({
        "integer": 9_007_199_254_740_993_i64, "text": i64::MIN, "double": 0.5, "infinite": "Infinity", "bytes": "AAE=",
        "nested": {"a": false}, "list": ["b", null], "empty": [], "twice": "second", "unknown": null, "absent": null,
    });
    assert_eq!(one["attributes"], attributes);
    let failed = api.get(&key, &format!("{project}/traces/{}/spans/{}", trace_id(1), span_id(2))).await;
    assert_eq!(table(&failed["events"], &["name", "attributes"])[0][1]["exception.message"], "broke");
    assert!(failed["events"][0]["time"].as_str().unwrap().ends_with('Z'));
    api.stop().await;
}

#[tokio::test]
async fn a_body_is_json_plain_or_compressed_and_nothing_else() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    let body = export("shop", &[span(1, 1, None, 0, json!({}))]).to_string();
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let compressed = gzip(&body);
    let truncated = compressed[..compressed.len() / 2].to_vec();
    let json = "application/json";
    let unsupported = (415, "unsupported_media_type");
    for (content_type, encoding, body, expected) in [
        (json, "deflate", compressed.clone(), unsupported),
        ("application/x-protobuf", "", body.clone().into_bytes(), unsupported),
        (json, "gzip", truncated, (400, "bad_request")),
        (json, "gzip", body.clone().into_bytes(), (400, "bad_request")),
        (json, "", compressed.clone(), (422, "invalid")),
        (json, "", body[..body.len() - 1].to_owned().into_bytes(), (422, "invalid")),
        (json, "", format!("{body}{body}").into_bytes(), (422, "invalid")),
        (json, "", br#"{"resourceSpans": 7}"#.to_vec(), (422, "invalid")),
        (json, "", b"[]".to_vec(), (422, "invalid")),
        (json, "", b"{\"resourceSpans\": [{\"resource\": \"\xff\"}]}".to_vec(), (422, "invalid")),
        (json, "", "[".repeat(1 << 20).into_bytes(), (422, "invalid")),
        (json, "", Vec::new(), (422, "invalid")),
    ] {
        let mut request = api.request(&key, Method::POST, "/v1/traces").header(header::CONTENT_TYPE, content_type);
        if !encoding.is_empty() {
            request = request.header(header::CONTENT_ENCODING, encoding);
        }
        let shown = format!("{content_type} {encoding} {}", String::from_utf8_lossy(&body[..body.len().min(60)]));
        let (status, code) = refused(request.body(body)).await;
        assert_eq!((status, code.as_str()), expected, "{shown}");
    }
    let traces = format!("/v1/projects/{}/traces", api.demo);
    assert_eq!(api.get(&key, &traces).await, json!({"traces": []}));
    let request =
        api.request(&key, Method::POST, "/v1/traces").header(header::CONTENT_TYPE, "application/json; charset=utf-8");
    let request = request.header(header::CONTENT_ENCODING, "gzip").body(compressed);
    assert_eq!(answered(request).await, (200, json!({})));
    assert_eq!(api.get(&key, &traces).await["traces"].as_array().unwrap().len(), 1);
    api.stop().await;
}

#[tokio::test]
async fn a_large_trace_and_circles_are_told_as_any() {
    let api = Api::start().await;
    let key = api.demo_key(Access::Write).await;
    // A chain, the last of which came first, of all that a trace can have; and a circle with a span that hangs on it.
    let agent = json!({"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "deep"});
    let chain = (0..20_000).rev().map(|at: u32| {
        let attributes = if at == 0 { agent.clone() } else { json!({}) };
        span(1, at + 1, (at > 0).then_some(at), u64::from(at), attributes)
    });
    let chain: Vec<_> = chain.collect();
    api.send(&key, "shop", &chain).await;
    let more = [chain[0].clone(), span(1, 50_000, None, 0, json!({})), span(3, 1, None, 0, json!({}))];
    let (status, answer) = answered(api.export(&key, &export("shop", &more))).await;
    assert_eq!((status, &answer["partialSuccess"]["rejectedSpans"]), (200, &json!("1")), "{answer}");
    let circle = [(1, Some(3), 0), (2, Some(1), 1), (3, Some(2), 2), (4, Some(2), 3), (5, Some(5), 4)];
    let circle = circle.map(|(id, parent, after)| span(2, id, parent, after, json!({})));
    api.send(&key, "shop", &circle).await;

    let project = format!("/v1/projects/{}", api.demo);
    let deep = api.get(&key, &format!("{project}/traces/{}?limit=500", trace_id(1))).await;
    assert_eq!(table(&json!([deep["trace"]]), &["name", "agent", "spans"]), json!([["span 1", "deep", 20_000]]));
    assert_eq!(deep["is_complete"], false);
    let expected: Vec<_> = (1..=500).map(|id| json!([span_id(id), "deep"])).collect();
    assert_eq!(table(&deep["spans"], &["span_id", "agent"]), json!(expected));
    let round = api.get(&key, &format!("{project}/traces/{}", trace_id(2))).await;
    let ids: Vec<_> = [1, 2, 3, 4, 5].map(|id| json!([span_id(id), null])).into();
    assert_eq!(table(&round["spans"], &["span_id", "agent"]), json!(ids));
    api.stop().await;
}

#[tokio::test]
async fn nobody_writes_without_permission_whatever_they_send() {
    let api = Api::start().await;
    let reader = api.demo_key(Access::Read).await;
    let several = api.key(&[("demo", Access::Write), ("other", Access::Read)], None).await;
    let default = api.key(&[("demo", Access::Write), ("other", Access::Read)], Some("demo")).await;
    let (demo, other, foreign) = (Some(api.demo.as_str()), Some(api.other.as_str()), Some(api.foreign.as_str()));
    let denied = (403, "insufficient_permission");
    for (key, project, expected) in [
        (&reader, None, denied),
        (&reader, demo, denied),
        (&reader, other, (404, "not_found")),
        (&several, None, (422, "project_required")),
        (&several, other, denied),
        (&several, foreign, (404, "not_found")),
        (&several, Some("proj_nothing"), (404, "not_found")),
        (&default, other, denied),
        (&default, foreign, (404, "not_found")),
    ] {
        for body in [json!({}).to_string(), "nonsense".to_owned()] {
            let mut request = api.request(key, Method::POST, "/v1/traces").body(body);
            if let Some(project) = project {
                request = request.header("x-project-id", project);
            }
            let (status, code) = refused(request).await;
            assert_eq!((status, code.as_str()), expected, "{project:?}");
        }
    }
    for (key, project) in [(&several, demo), (&default, None), (&default, demo)] {
        let mut request = api.export(key, &json!({}));
        if let Some(project) = project {
            request = request.header("x-project-id", project);
        }
        assert_eq!(answered(request).await, (200, json!({})), "{project:?}");
    }
    api.stop().await;
}
