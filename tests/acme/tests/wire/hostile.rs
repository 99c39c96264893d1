//! Requests that no good client sends, and what each must come to.

use serde_json::{Value, json};
use toolwright_tests::{
    Revision, Server,
    raw::{self, RawReply},
};

use crate::{ACME, PREFIX};

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const HEADER_MISMATCH: i64 = -32020;
const UNSUPPORTED_VERSION: i64 = -32022;
const UNAUTHENTICATED: i64 = -31401;

/// A request that is good but for what a case changes.
struct Asked {
    target: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn legacy(method: &str, params: &Value) -> Self {
        Self::body(json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string())
    }

    fn body(body: impl Into<Vec<u8>>) -> Self {
        Self { target: "POST /mcp", headers: Vec::new(), body: body.into() }
    }

    fn modern(method: &'static str, params: Value) -> Self {
        let name = params["name"].as_str().map(str::to_owned);
        let params = Revision::V2026_07_28.parameters(params);
        let asked =
            Self::legacy(method, &params).header("MCP-Protocol-Version", "2026-07-28").header("Mcp-Method", method);
        match name {
            Some(name) => asked.header("Mcp-Name", &name),
            None => asked,
        }
    }

    fn list() -> Self {
        Self::legacy("tools/list", &json!({}))
    }

    fn whoami() -> Self {
        Self::legacy("tools/call", &json!({"name": "whoami"}))
    }

    /// Sets a header; `-` leaves it out.
    fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(given, _)| *given != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn more(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    fn target(mut self, target: &'static str) -> Self {
        self.target = target;
        self
    }

    async fn of(self, server: &Server, token: &str) -> RawReply {
        let bearer = format!("Bearer {token}");
        let mut headers: Vec<(&str, &str)> = Vec::new();
        if !self.headers.iter().any(|(name, _)| *name == "Authorization") {
            headers.push(("Authorization", &bearer));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (*name, value.as_str())));
        raw::send(server.authority(), &raw::request(server.authority(), self.target, &headers, &self.body)).await
    }
}

/// A name, a request, the status that it must get, and the JSON-RPC error's code.
type Case = (&'static str, Asked, u16, Option<i64>);

async fn check(cases: Vec<Case>) {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for (name, asked, status, code) in cases {
        let reply = asked.of(&server, &token).await;
        assert_eq!((reply.status, reply.error_code()), (status, code), "{name}: {reply:?}");
        let json = reply.json();
        let is_ours = reply.status >= 400 && !matches!(reply.status, 404 | 431);
        assert!(!is_ours || json.get("error").is_some(), "{name}: every refusal is JSON: {reply:?}");
        if let Some(error) = json.get("error") {
            assert_eq!(reply.header("content-type"), Some("application/json"), "{name}");
            assert_eq!(json["jsonrpc"], "2.0", "{name}: {reply:?}");
            assert_ne!(json.get("id"), Some(&Value::Null), "{name}: an unknown id is left out");
            assert!(error["message"].as_str().is_some_and(|text| text.len() < 600), "{name}: {reply:?}");
        }
        // Whatever came, the server goes on.
        let next = Asked::whoami().of(&server, &token).await;
        assert_eq!(next.status, 200, "after {name}: {next:?}");
    }
}

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
        ("prompts", Asked::legacy("prompts/list", &json!({})), 200, Some(METHOD_NOT_FOUND)),
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
            "a version of before",
            meta(json!({version: "2025-03-26", capabilities: {}})).header("MCP-Protocol-Version", "2025-03-26"),
            400,
            Some(UNSUPPORTED_VERSION),
        ),
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
        ("legacy, stray session", Asked::list().header("Mcp-Session-Id", "x"), 200, None),
    ])
    .await;
}

#[tokio::test]
async fn http() {
    let gzip = Asked::list().header("Content-Encoding", "gzip");
    let accept = |accept: &str| Asked::list().header("Accept", accept);
    let content = |content: &str| Asked::list().header("Content-Type", content);
    let too_long = "x".repeat(70_000);
    check(vec![
        ("plain curl", accept("*/*"), 200, None),
        ("both", accept("application/json, text/event-stream"), 200, None),
        ("both, weighted", accept("text/event-stream;q=0.5,application/json"), 200, None),
        ("wildcards", accept("application/*, text/*;q=0.1"), 200, None),
        ("in capitals", accept("Application/JSON, TEXT/event-stream"), 200, None),
        ("an empty Accept", accept(""), 200, None),
        ("only JSON", accept("application/json"), 406, Some(INVALID_REQUEST)),
        ("only a stream", accept("text/event-stream"), 406, Some(INVALID_REQUEST)),
        ("neither", accept("text/html"), 406, Some(INVALID_REQUEST)),
        ("JSON excluded", accept("application/json;q=0, text/event-stream"), 406, Some(INVALID_REQUEST)),
        ("with a charset", content("application/json; charset=utf-8"), 200, None),
        ("a form", content("application/x-www-form-urlencoded"), 415, Some(INVALID_REQUEST)),
        ("text", content("text/plain"), 415, Some(INVALID_REQUEST)),
        ("no type", content("-"), 415, Some(INVALID_REQUEST)),
        ("compressed", gzip, 415, Some(INVALID_REQUEST)),
        ("too large", Asked::body(too_long.as_bytes()), 413, Some(INVALID_REQUEST)),
        (
            "too large, in chunks",
            Asked::body(format!("{:x}\r\n{too_long}\r\n0\r\n\r\n", too_long.len()))
                .header("Content-Length", "-")
                .header("Transfer-Encoding", "chunked"),
            413,
            Some(INVALID_REQUEST),
        ),
        (
            "in chunks",
            Asked::body("28\r\n{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\r\n0\r\n\r\n")
                .header("Content-Length", "-")
                .header("Transfer-Encoding", "chunked"),
            200,
            None,
        ),
        ("GET", Asked::body("").target("GET /mcp"), 405, Some(INVALID_REQUEST)),
        ("DELETE", Asked::body("").target("DELETE /mcp"), 405, Some(INVALID_REQUEST)),
        ("PUT", Asked::list().target("PUT /mcp"), 405, Some(INVALID_REQUEST)),
        ("OPTIONS", Asked::body("").target("OPTIONS /mcp"), 405, Some(INVALID_REQUEST)),
        (
            "GET without a credential",
            Asked::body("").target("GET /mcp").header("Authorization", "-"),
            405,
            Some(INVALID_REQUEST),
        ),
        ("healthy", Asked::body("").target("GET /healthz").header("Authorization", "-"), 200, None),
        ("another path", Asked::list().target("POST /"), 404, None),
        ("a path below", Asked::list().target("POST /mcp/"), 404, None),
        (
            "OAuth, protected resource",
            Asked::body("").target("GET /.well-known/oauth-protected-resource/mcp"),
            404,
            None,
        ),
        ("OAuth, root", Asked::body("").target("GET /.well-known/oauth-protected-resource"), 404, None),
        ("OAuth, server", Asked::body("").target("GET /.well-known/oauth-authorization-server"), 404, None),
        ("OpenID", Asked::body("").target("GET /.well-known/openid-configuration"), 404, None),
        ("OAuth, registration", Asked::list().target("POST /register"), 404, None),
    ])
    .await;
}

#[tokio::test]
async fn hosts_and_origins() {
    let host = |host: &str| Asked::list().header("Host", host);
    let origin = |origin: &str| Asked::list().header("Origin", origin);
    check(vec![
        ("localhost", host("localhost"), 200, None),
        ("another port", host("127.0.0.1:1"), 200, None),
        ("IPv6", host("[::1]:8080"), 200, None),
        ("its public name", host("notes.acme.example"), 200, None),
        ("its public name in capitals", host("NOTES.acme.example:443"), 200, None),
        ("an evil host", host("evil.example"), 403, Some(INVALID_REQUEST)),
        ("an evil host that sounds good", host("localhost.evil.example"), 403, Some(INVALID_REQUEST)),
        ("a user in the host", host("localhost@evil.example"), 403, Some(INVALID_REQUEST)),
        ("no host", host("-"), 400, Some(INVALID_REQUEST)),
        ("an empty host", host(""), 400, Some(INVALID_REQUEST)),
        ("two hosts", host("localhost").more("Host", "evil.example"), 400, Some(INVALID_REQUEST)),
        ("an evil target", Asked::list().target("POST http://evil.example/mcp"), 403, Some(INVALID_REQUEST)),
        ("a page on this machine", origin("http://localhost:5173"), 200, None),
        ("a page of its own", origin("https://notes.acme.example"), 200, None),
        ("an evil page", origin("https://evil.example"), 403, Some(INVALID_REQUEST)),
        ("a page that sounds good", origin("http://localhost.evil.example"), 403, Some(INVALID_REQUEST)),
        ("its own without encryption", origin("http://notes.acme.example"), 403, Some(INVALID_REQUEST)),
        ("null", origin("null"), 403, Some(INVALID_REQUEST)),
        ("no URL", origin("localhost"), 403, Some(INVALID_REQUEST)),
        ("two origins", origin("http://localhost").more("Origin", "http://localhost"), 403, Some(INVALID_REQUEST)),
        (
            "evil without a credential",
            origin("https://evil.example").header("Authorization", "-"),
            403,
            Some(INVALID_REQUEST),
        ),
    ])
    .await;
}

#[tokio::test]
async fn options_trust_more_hosts_and_origins() {
    let server = Server::of(ACME)
        .arg("--allow-host=notes.internal:8443,other.internal")
        .arg("--allow-origin=https://app.example.com")
        .env("ACME_PUBLIC_URL", "https://public.example/notes/mcp")
        .start();
    let token = server.first_token(PREFIX);
    for (name, value, status) in [
        ("Host", "notes.internal:8443", 200),
        ("Host", "notes.internal:1", 403),
        ("Host", "other.internal:1", 200),
        ("Host", "public.example", 200),
        ("Origin", "https://app.example.com", 200),
        ("Origin", "https://app.example.com:444", 403),
        ("Origin", "https://public.example", 200),
    ] {
        let reply = Asked::list().header(name, value).of(&server, &token).await;
        assert_eq!(reply.status, status, "{name}: {value}: {reply:?}");
    }
    assert!(server.log().contains("\"https://public.example/notes/mcp\""), "{}", server.log());
}

#[tokio::test]
async fn browsers_may_ask_first_from_trusted_pages_only() {
    let server = Server::of(ACME).arg("--allow-origin=https://app.example.com").start();
    let token = server.first_token(PREFIX);
    let preflight = |origin: &str| {
        Asked::body("")
            .target("OPTIONS /mcp")
            .header("Authorization", "-")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "authorization,content-type")
    };
    let trusted = preflight("https://app.example.com").of(&server, &token).await;
    assert_eq!(trusted.status, 204, "{trusted:?}");
    assert_eq!(trusted.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(trusted.header("access-control-allow-methods"), Some("POST"));
    assert!(trusted.header("access-control-allow-headers").is_some_and(|names| names.contains("authorization")));
    let evil = preflight("https://evil.example").of(&server, &token).await;
    assert_eq!((evil.status, evil.header("access-control-allow-origin")), (403, None), "{evil:?}");

    let page = |asked: Asked| asked.header("Origin", "https://app.example.com");
    let refused = page(Asked::list()).header("Authorization", "-").of(&server, &token).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(refused.header("vary"), Some("origin"));
    let plain = Asked::list().of(&server, &token).await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn answers_have_the_headers_of_their_status() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for target in ["GET /mcp", "DELETE /mcp", "PUT /mcp"] {
        let reply = Asked::body("").target(target).of(&server, &token).await;
        assert_eq!(reply.header("allow"), Some("POST"), "{reply:?}");
    }
    let modern = Asked::modern("tools/list", json!({})).header("Mcp-Session-Id", "stray").of(&server, &token).await;
    assert_eq!(modern.header("mcp-session-id"), None);
    let unknown = Asked::list().header("MCP-Protocol-Version", "2027-01-01").of(&server, &token).await;
    let data = &unknown.json()["error"]["data"];
    assert_eq!(data["supported"], json!(["2025-06-18", "2025-11-25", "2026-07-28"]));
    assert_eq!(data["requested"], "2027-01-01");
    let notification = Asked::body(r#"{"jsonrpc":"2.0","method":"x"}"#).of(&server, &token).await;
    assert_eq!((notification.status, notification.body.as_str()), (202, ""));
    let healthy = Asked::body("").target("GET /healthz").header("Host", "anything").of(&server, &token).await;
    assert_eq!((healthy.status, healthy.body.as_str()), (200, "ok"));
}

#[tokio::test]
async fn credentials() {
    let authorization = |value: &str| Asked::list().header("Authorization", value);
    let shape = "A".repeat(40);
    check(vec![
        ("none", authorization("-"), 401, Some(UNAUTHENTICATED)),
        ("another scheme", authorization("Basic dXNlcjpwYXNz"), 401, Some(UNAUTHENTICATED)),
        ("only the scheme", authorization("Bearer"), 401, Some(UNAUTHENTICATED)),
        ("nothing behind", authorization("Bearer "), 401, Some(UNAUTHENTICATED)),
        ("empty", authorization(""), 401, Some(UNAUTHENTICATED)),
        ("two words", authorization("Bearer a b"), 401, Some(UNAUTHENTICATED)),
        ("no prefix", authorization(&format!("Bearer {shape}")), 401, Some(UNAUTHENTICATED)),
        ("too short", authorization(&format!("Bearer acme_{}", &shape[1..])), 401, Some(UNAUTHENTICATED)),
        ("another alphabet", authorization(&format!("Bearer acme_{}-", &shape[1..])), 401, Some(UNAUTHENTICATED)),
        ("not in ASCII", authorization("Bearer acme_→"), 401, Some(UNAUTHENTICATED)),
        ("unknown", authorization(&format!("Bearer acme_{shape}")), 401, Some(UNAUTHENTICATED)),
        ("in the query", authorization("-").target("POST /mcp?access_token=acme_x"), 401, Some(UNAUTHENTICATED)),
        ("64 KiB", authorization(&format!("Bearer acme_{}", "A".repeat(65_536))), 431, None),
        ("none, and bad JSON", Asked::body("{").header("Authorization", "-"), 401, Some(UNAUTHENTICATED)),
        ("none, and a wrong type", authorization("-").header("Content-Type", "text/plain"), 401, Some(UNAUTHENTICATED)),
    ])
    .await;
}

#[tokio::test]
async fn two_credentials_are_one_too_many() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let bearer = format!("Bearer {token}");
    let twice = Asked::list().header("Authorization", &bearer).more("Authorization", &bearer);
    let reply = twice.of(&server, &token).await;
    assert_eq!((reply.status, reply.error_code()), (400, Some(INVALID_REQUEST)), "{reply:?}");
    let lower = Asked::list().header("Authorization", &format!("bearer  {token}"));
    assert_eq!(lower.of(&server, &token).await.status, 200);
}
