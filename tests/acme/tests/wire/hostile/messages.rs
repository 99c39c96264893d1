//! Messages that are none, or not what they seem.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Revision, Server, promises::assert_kept};

use super::{Asked, INVALID_PARAMS, check};
use crate::{ACME, PREFIX};

const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const HEADER_MISMATCH: i64 = -32020;
/// Of the older revisions.
const RESOURCE_NOT_FOUND: i64 = -32002;

type Cases = Vec<(&'static str, Asked)>;

fn text(text: &str) -> Asked {
    Asked::body(text.as_bytes())
}

#[tokio::test]
async fn envelopes_that_are_good() {
    check(vec![
        ("a number as the id", text(r#"{"jsonrpc":"2.0","id":-3,"method":"ping"}"#), 200, None),
        ("a text as the id", text(r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#), 200, None),
        ("an escaped method", text(r#"{"jsonrpc":"2.0","id":7,"method":"\u0070ing"}"#), 200, None),
        ("members of its own", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","trace":{"a":1}}"#), 200, None),
    ])
    .await;
}

pub(super) fn not_json() -> Cases {
    let mut bad_text = br#"{"jsonrpc":"2.0","id":7,"method":""#.to_vec();
    bad_text.extend(b"\xff\xfe\"}");
    vec![
        ("empty", text("")),
        ("blank", text(" \n")),
        ("no JSON", text("{")),
        ("a trailing comma", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping",}"#)),
        ("something behind", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping"} {}"#)),
        ("no UTF-8", Asked::body(bad_text)),
        ("half a surrogate", text(r#"{"jsonrpc":"2.0","id":"\ud800","method":"ping"}"#)),
        ("a number without end", text(r#"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#)),
        ("a broken batch", text(r#"[{"jsonrpc":"2.0""#)),
    ]
}

pub(super) fn deep() -> Cases {
    let nested = |open: &str, close: &str| {
        Asked::body(format!(
            r#"{{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{{"name":"echo","arguments":{}1{}}}}}"#,
            open.repeat(10_000),
            close.repeat(10_000)
        ))
    };
    vec![("objects", nested(r#"{"a":"#, "}")), ("arrays", nested("[", "]")), ("a batch", text(&"[".repeat(10_000)))]
}

pub(super) fn other_envelopes() -> Cases {
    vec![
        ("a text", text(r#""ping""#)),
        ("null", text("null")),
        ("another version", text(r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#)),
        ("the version as a number", text(r#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#)),
        ("no version", text(r#"{"id":7,"method":"ping"}"#)),
        ("no method", text(r#"{"jsonrpc":"2.0","id":7}"#)),
        ("a number as the method", text(r#"{"jsonrpc":"2.0","id":7,"method":7}"#)),
    ]
}

pub(super) fn repeated_keys() -> Cases {
    vec![
        ("method", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/list"}"#)),
        ("id", text(r#"{"jsonrpc":"2.0","id":7,"id":8,"method":"ping"}"#)),
        ("id, null first", text(r#"{"jsonrpc":"2.0","id":null,"id":8,"method":"ping"}"#)),
        ("a member of its own", text(r#"{"jsonrpc":"2.0","id":7,"method":"ping","x":1,"x":1}"#)),
        (
            "name",
            text(r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"whoami","name":"delete_note"}}"#),
        ),
        (
            "name, once with escapes",
            text(
                r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"whoami","n\u0061me":"delete_note"}}"#,
            ),
        ),
        (
            "deep in the arguments",
            text(
                r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"anything":[{"a":{"b":1,"b":2}}]}}}"#,
            ),
        ),
    ]
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
        ("arguments null", call(json!(null)), 200, None),
        ("no arguments", Asked::whoami(), 200, None),
        ("no name", Asked::legacy("tools/call", &json!({})), 400, Some(INVALID_PARAMS)),
        ("name a number", Asked::legacy("tools/call", &json!({"name": 1})), 400, Some(INVALID_PARAMS)),
        ("cursor null", Asked::legacy("tools/list", &json!({"cursor": null})), 200, None),
        ("a bad handshake", Asked::legacy("initialize", &json!({})), 200, Some(INVALID_PARAMS)),
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
            "to complete a resource of no server",
            Asked::legacy(
                "completion/complete",
                &json!({"ref": {"type": "ref/resource", "uri": "x"}, "argument": {"name": "x", "value": ""}}),
            ),
            200,
            Some(RESOURCE_NOT_FOUND),
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
    check(vec![
        ("modern", Asked::modern("tools/list", json!({})), 200, None),
        ("modern call", Asked::modern("tools/call", json!({"name": "whoami"})), 200, None),
        (
            "modern, of no revision, and another in the header",
            Asked::legacy(
                "tools/list",
                &json!({"_meta": {
                    "io.modelcontextprotocol/protocolVersion": "2099-01-01",
                    "io.modelcontextprotocol/clientCapabilities": {},
                }}),
            )
            .header("MCP-Protocol-Version", "2026-07-28"),
            400,
            Some(HEADER_MISMATCH),
        ),
        (
            "modern, and a subscription of before",
            Asked::modern("resources/subscribe", json!({"uri": "acme://guide"})),
            404,
            Some(METHOD_NOT_FOUND),
        ),
        ("legacy without a version", Asked::list(), 200, None),
        ("legacy with a version", Asked::list().header("MCP-Protocol-Version", "2025-06-18"), 200, None),
        (
            "two versions in headers",
            Asked::list().header("MCP-Protocol-Version", "2025-06-18").more("MCP-Protocol-Version", "2025-11-25"),
            400,
            Some(INVALID_REQUEST),
        ),
    ])
    .await;
}

const REVISION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn with_meta(meta: &Value, revision: &str) -> Asked {
    Asked::legacy("tools/list", &json!({"_meta": meta}))
        .header("Mcp-Method", "tools/list")
        .header("MCP-Protocol-Version", revision)
}

pub(super) fn without_meta() -> Cases {
    vec![
        ("no capabilities", with_meta(&json!({REVISION: "2026-07-28"}), "2026-07-28")),
        ("no revision but in the header", with_meta(&json!({CAPABILITIES: {}}), "2026-07-28")),
        ("a method of no revision", Asked::legacy("foo", &json!({})).header("MCP-Protocol-Version", "2026-07-28")),
    ]
}

pub(super) fn modern_notification() -> Asked {
    let params = Revision::V2026_07_28.parameters(json!({"requestId": 1}));
    let message = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params});
    Asked::body(message.to_string())
        .header("MCP-Protocol-Version", "2026-07-28")
        .header("Mcp-Method", "notifications/cancelled")
}

pub(super) fn unknown_revisions() -> Cases {
    let of = |revision: &str| with_meta(&json!({REVISION: revision, CAPABILITIES: {}}), revision);
    vec![
        ("one of later", of("2027-01-01")),
        ("one of before", of("2025-03-26")),
        ("beside a method of no revision", Asked::legacy("foo", &json!({"_meta": {REVISION: "2099-01-01"}}))),
    ]
}

pub(super) fn mismatched_headers() -> Cases {
    let list = || Asked::modern("tools/list", json!({}));
    let call = || Asked::modern("tools/call", json!({"name": "whoami"}));
    let prompt = || Asked::modern("prompts/get", json!({"name": "tidy_notes", "arguments": {"topic": "milk"}}));
    let read = || Asked::modern("resources/read", json!({"uri": "acme://guide"}));
    vec![
        ("another version", list().header("MCP-Protocol-Version", "2025-11-25")),
        (
            "another version than one that nobody knows",
            with_meta(&json!({REVISION: "2027-01-01", CAPABILITIES: {}}), "2026-07-28"),
        ),
        ("another method", list().header("Mcp-Method", "tools/call")),
        ("no method", list().header("Mcp-Method", "-")),
        ("another name", call().header("Mcp-Name", "echo")),
        ("no name", call().header("Mcp-Name", "-")),
        ("another prompt", prompt().header("Mcp-Name", "review_notes")),
        ("no name of a prompt", prompt().header("Mcp-Name", "-")),
        ("another resource", read().header("Mcp-Name", "acme://logo")),
        ("no name of a resource", read()),
        ("bad base64", call().header("Mcp-Name", "=?base64?!!!?=")),
    ]
}

/// JSON-RPC has batches, and no revision that is spoken here has them.
#[tokio::test]
pub(super) async fn a_batch_is_refused_in_every_revision_and_nothing_of_it_is_done() {
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
            assert_kept(Promise::Batch, &reply, revision.as_str());
            assert_eq!(reply.json().get("id"), None, "{revision:?}: {reply:?}");
        }
    }
    let reply = Asked::legacy("tools/call", &json!({"name": "list_notes"})).of(&server, &token).await;
    assert_eq!(reply.json()["result"]["structuredContent"]["notes"], json!([]), "{reply:?}");
}
