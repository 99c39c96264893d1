//! Messages that are none, or not what they seem.

use serde_json::{Value, json};
use toolwright_tests::{Revision, Server};

use super::{
    Asked, HEADER_MISMATCH, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, PARSE_ERROR, UNSUPPORTED_VERSION, check,
};
use crate::{ACME, PREFIX};

#[tokio::test]
async fn envelopes() {
    let nested = |open: &str, close: &str| {
        format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"echo","arguments":{}1{}}}}}"#,
            open.repeat(10_000),
            close.repeat(10_000)
        )
    };
    let text = |text: &str| Asked::body(text.as_bytes());
    let mut bad_text = br#"{"jsonrpc":"2.0","id":7,"method":""#.to_vec();
    bad_text.extend(b"\xff\xfe\"}");
    check(vec![
        ("empty", text(""), 400, Some(PARSE_ERROR)),
        ("blank", text(" \n"), 400, Some(PARSE_ERROR)),
        ("no JSON", text("{"), 400, Some(PARSE_ERROR)),
        ("a trailing comma", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping",}"#), 400, Some(PARSE_ERROR)),
        ("something behind", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping"} {}"#), 400, Some(PARSE_ERROR)),
        ("no UTF-8", Asked::body(bad_text), 400, Some(PARSE_ERROR)),
        ("half a surrogate", text(r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#), 400, Some(PARSE_ERROR)),
        ("a number without end", text(r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#), 400, Some(PARSE_ERROR)),
        ("objects 10,000 deep", Asked::body(nested(r#"{"a":"#, "}")), 400, Some(PARSE_ERROR)),
        ("arrays 10,000 deep", Asked::body(nested("[", "]")), 400, Some(PARSE_ERROR)),
        ("an empty batch", text("[]"), 400, Some(INVALID_REQUEST)),
        ("a batch", text(r#"[{"jsonrpc":"2.0","id":7,"method":"ping"}]"#), 400, Some(INVALID_REQUEST)),
        ("a broken batch", text(r#"[{"jsonrpc":"2.0""#), 400, Some(PARSE_ERROR)),
        ("a text", text(r#""ping""#), 400, Some(INVALID_REQUEST)),
        ("null", text("null"), 400, Some(INVALID_REQUEST)),
        ("another jsonrpc", text(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("jsonrpc as a number", text(r#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("no jsonrpc", text(r#"{"id":7,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("no method", text(r#"{"jsonrpc":"2.0","id":7}"#), 400, Some(INVALID_REQUEST)),
        ("method as a number", text(r#"{"jsonrpc":"2.0","id":7,"method":7}"#), 400, Some(INVALID_REQUEST)),
        ("id null", text(r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("id an object", text(r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("id an array", text(r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("id true", text(r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("id a fraction", text(r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        (
            "id beyond 64 bits",
            text(r#"{"jsonrpc":"2.0","id":9223372036854775808,"method":"ping"}"#),
            400,
            Some(INVALID_REQUEST),
        ),
        ("a client's answer", text(r#"{"jsonrpc":"2.0","id":7,"result":{}}"#), 400, Some(INVALID_REQUEST)),
        (
            "a request and an answer at once",
            text(r#"{"jsonrpc":"2.0","id":7,"method":"tools/list","result":{}}"#),
            400,
            Some(INVALID_REQUEST),
        ),
        (
            "a client's error",
            text(r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":""}}"#),
            400,
            Some(INVALID_REQUEST),
        ),
        ("a notification", text(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), 202, None),
        ("an unknown notification", text(r#"{"jsonrpc":"2.0","method":"notifications/nonsense"}"#), 202, None),
        ("a number id", text(r#"{"jsonrpc":"2.0","id":-3,"method":"ping"}"#), 200, None),
        ("a text id", text(r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#), 200, None),
        ("an escaped method", text(r#"{"jsonrpc":"2.0","id":7,"method":"\u0070ing"}"#), 200, None),
        ("members of its own", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","trace":{"a":1}}"#), 200, None),
    ])
    .await;
}

#[tokio::test]
async fn repeated_keys() {
    let text = |text: &str| Asked::body(text.as_bytes());
    check(vec![
        ("method", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/list"}"#), 400, Some(INVALID_REQUEST)),
        ("id", text(r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("id, null first", text(r#"{"jsonrpc":"2.0","id":null,"id":8,"method":"ping"}"#), 400, Some(INVALID_REQUEST)),
        ("a member of its own", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","x":1,"x":1}"#), 400, Some(INVALID_REQUEST)),
        (
            "name",
            text(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"whoami","name":"delete_note"}}"#),
            400,
            Some(INVALID_REQUEST),
        ),
        (
            "name, once with escapes",
            text(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"whoami","n\u0061me":"delete_note"}}"#),
            400,
            Some(INVALID_REQUEST),
        ),
        (
            "deep in the arguments",
            text(
                r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"anything":[{"a":{"b":1,"b":2}}]}}}"#,
            ),
            400,
            Some(INVALID_REQUEST),
        ),
    ])
    .await;
}

#[tokio::test]
async fn parameters() {
    let call = |arguments: Value| Asked::legacy("tools/call", &json!({"name": "whoami", "arguments": arguments}));
    check(vec![
        ("params an array", Asked::legacy("tools/list", &json!([])), 400, Some(INVALID_PARAMS)),
        ("params null", Asked::legacy("tools/list", &json!(null)), 400, Some(INVALID_PARAMS)),
        ("_meta a text", Asked::legacy("tools/list", &json!({"_meta": "x"})), 400, Some(INVALID_PARAMS)),
        ("_meta of other types", Asked::legacy("ping", &json!({"_meta": {"progressToken": {}, "x": null}})), 200, None),
        (
            "a version that is no text",
            Asked::legacy("ping", &json!({"_meta": {"io.modelcontextprotocol/protocolVersion": 5}})),
            200,
            None,
        ),
        ("unknown parameters", Asked::legacy("ping", &json!({"x": [1], "cursor": {}})), 200, None),
        (
            "a retry without a question",
            Asked::legacy("tools/call", &json!({"name": "whoami", "requestState": "x"})),
            200,
            None,
        ),
        (
            "inputs of another type",
            Asked::legacy("tools/call", &json!({"name": "whoami", "inputResponses": 5})),
            200,
            Some(INVALID_PARAMS),
        ),
        ("arguments an array", call(json!([1])), 400, Some(INVALID_PARAMS)),
        ("arguments a text", call(json!("x")), 400, Some(INVALID_PARAMS)),
        ("arguments null", call(json!(null)), 200, None),
        ("no arguments", Asked::whoami(), 200, None),
        ("no name", Asked::legacy("tools/call", &json!({})), 400, Some(INVALID_PARAMS)),
        ("name a number", Asked::legacy("tools/call", &json!({"name": 1})), 400, Some(INVALID_PARAMS)),
        ("an unknown tool", Asked::legacy("tools/call", &json!({"name": "who"})), 200, Some(INVALID_PARAMS)),
        ("a tool in another case", Asked::legacy("tools/call", &json!({"name": "WHOAMI"})), 200, Some(INVALID_PARAMS)),
        ("a cursor", Asked::legacy("tools/list", &json!({"cursor": "2"})), 400, Some(INVALID_PARAMS)),
        ("an empty cursor", Asked::legacy("tools/list", &json!({"cursor": ""})), 400, Some(INVALID_PARAMS)),
        ("cursor null", Asked::legacy("tools/list", &json!({"cursor": null})), 200, None),
        ("a bad handshake", Asked::legacy("initialize", &json!({})), 200, Some(INVALID_PARAMS)),
        ("unknown method", Asked::legacy("tools/destroy", &json!({})), 200, Some(METHOD_NOT_FOUND)),
        ("what is not announced", Asked::legacy("resources/list", &json!({})), 200, Some(METHOD_NOT_FOUND)),
        ("a cursor of prompts", Asked::legacy("prompts/list", &json!({"cursor": "2"})), 400, Some(INVALID_PARAMS)),
        ("no name of a prompt", Asked::legacy("prompts/get", &json!({})), 400, Some(INVALID_PARAMS)),
        (
            "arguments of a prompt an array",
            Asked::legacy("prompts/get", &json!({"name": "review_notes", "arguments": ["red"]})),
            400,
            Some(INVALID_PARAMS),
        ),
        ("a prompt in another case", Asked::legacy("prompts/get", &json!({"name": "Tidy_notes"})), 200, Some(INVALID_PARAMS)),
        ("nothing to complete", Asked::legacy("completion/complete", &json!({})), 400, Some(INVALID_PARAMS)),
        (
            "to complete a resource",
            Asked::legacy(
                "completion/complete",
                &json!({"ref": {"type": "ref/resource", "uri": "x"}, "argument": {"name": "x", "value": ""}}),
            ),
            400,
            Some(INVALID_PARAMS),
        ),
        (
            "to complete a number",
            Asked::legacy(
                "completion/complete",
                &json!({"ref": {"type": "ref/prompt", "name": "review_notes"}, "argument": {"name": "color", "value": 1}}),
            ),
            400,
            Some(INVALID_PARAMS),
        ),
    ])
    .await;
}

#[tokio::test]
async fn revisions() {
    let meta = |meta: Value| Asked::legacy("tools/list", &json!({"_meta": meta})).header("Mcp-Method", "tools/list");
    let version = "io.modelcontextprotocol/protocolVersion";
    let capabilities = "io.modelcontextprotocol/clientCapabilities";
    check(vec![
        ("modern", Asked::modern("tools/list", json!({})), 200, None),
        ("modern call", Asked::modern("tools/call", json!({"name": "whoami"})), 200, None),
        (
            "modern handshake",
            Asked::modern("initialize", Revision::V2025_11_25.initialize()),
            404,
            Some(METHOD_NOT_FOUND),
        ),
        ("half a modern handshake", Asked::modern("initialize", json!({})), 404, Some(METHOD_NOT_FOUND)),
        ("modern unknown method", Asked::modern("tools/destroy", json!({})), 404, Some(METHOD_NOT_FOUND)),
        ("modern ping", Asked::modern("ping", json!({})), 404, Some(METHOD_NOT_FOUND)),
        ("modern logging", Asked::modern("logging/setLevel", json!({"level": "info"})), 404, Some(METHOD_NOT_FOUND)),
        (
            "modern subscription",
            Asked::modern("subscriptions/listen", json!({"notifications": {}})),
            404,
            Some(METHOD_NOT_FOUND),
        ),
        ("modern stray session", Asked::modern("tools/list", json!({})).header("Mcp-Session-Id", "x"), 200, None),
        ("modern unknown tool", Asked::modern("tools/call", json!({"name": "who"})), 200, Some(INVALID_PARAMS)),
        (
            "no capabilities",
            meta(json!({version: "2026-07-28"})).header("MCP-Protocol-Version", "2026-07-28"),
            400,
            Some(INVALID_PARAMS),
        ),
        (
            "no version but in the header",
            meta(json!({capabilities: {}})).header("MCP-Protocol-Version", "2026-07-28"),
            400,
            Some(INVALID_PARAMS),
        ),
        (
            "an unknown version",
            meta(json!({version: "2027-01-01", capabilities: {}})).header("MCP-Protocol-Version", "2027-01-01"),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
        (
            "an unknown version, and another in the header",
            meta(json!({version: "2027-01-01", capabilities: {}})).header("MCP-Protocol-Version", "2026-07-28"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "a version of before",
            meta(json!({version: "2025-03-26", capabilities: {}})).header("MCP-Protocol-Version", "2025-03-26"),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
    ])
    .await;
}

/// JSON-RPC has batches, and no revision that is spoken here has them.
#[tokio::test]
async fn a_batch_is_refused_in_every_revision_and_nothing_of_it_is_done() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for revision in Revision::ALL {
        let call = |id: i64| {
            let params = revision.parameters(json!({"name": "add_note", "arguments": {"text": "batched"}}));
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params})
        };
        for batch in [json!([]), json!([call(1)]), json!([call(1), call(2)])] {
            let asked = Asked::body(batch.to_string()).header("MCP-Protocol-Version", revision.as_str());
            let asked = if revision.is_stateless() { asked.header("Mcp-Method", "tools/call") } else { asked };
            let reply = asked.of(&server, &token).await;
            assert_eq!((reply.status, reply.error_code()), (400, Some(INVALID_REQUEST)), "{revision:?}: {reply:?}");
            assert_eq!(reply.json().get("id"), None, "{revision:?}: {reply:?}");
        }
    }
    let reply = Asked::legacy("tools/call", &json!({"name": "list_notes"})).of(&server, &token).await;
    assert_eq!(reply.json()["result"]["structuredContent"]["notes"], json!([]), "{reply:?}");
}

#[tokio::test]
async fn headers_that_repeat_what_the_body_says() {
    check(vec![
        (
            "another version in the header",
            Asked::modern("tools/list", json!({})).header("MCP-Protocol-Version", "2025-11-25"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "another method in the header",
            Asked::modern("tools/list", json!({})).header("Mcp-Method", "tools/call"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "no method in the header",
            Asked::modern("tools/list", json!({})).header("Mcp-Method", "-"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "another name in the header",
            Asked::modern("tools/call", json!({"name": "whoami"})).header("Mcp-Name", "echo"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "no name in the header",
            Asked::modern("tools/call", json!({"name": "whoami"})).header("Mcp-Name", "-"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "bad base64 in the header",
            Asked::modern("tools/call", json!({"name": "whoami"})).header("Mcp-Name", "=?base64?!!!?="),
            400,
            Some(HEADER_MISMATCH),
        ),
        ("legacy without a version", Asked::list(), 200, None),
        ("legacy with a version", Asked::list().header("MCP-Protocol-Version", "2025-06-18"), 200, None),
        (
            "legacy, unknown version",
            Asked::list().header("MCP-Protocol-Version", "nonsense"),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
        (
            "legacy, version of before",
            Asked::list().header("MCP-Protocol-Version", "2025-03-26"),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
        (
            "two versions in headers",
            Asked::list().header("MCP-Protocol-Version", "2025-06-18").more("MCP-Protocol-Version", "2025-11-25"),
            400,
            Some(INVALID_REQUEST),
        ),
        (
            "a method of no revision, modern in the header only",
            Asked::legacy("foo", &json!({})).header("MCP-Protocol-Version", "2026-07-28"),
            400,
            Some(INVALID_PARAMS),
        ),
        (
            "a method and a version of no revision",
            Asked::legacy("foo", &json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2099-01-01"}})),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
        ("legacy, stray session", Asked::list().header("Mcp-Session-Id", "x"), 200, None),
    ])
    .await;
}
