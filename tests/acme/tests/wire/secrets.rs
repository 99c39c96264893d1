//! A token that must be nowhere but where it was shown, and arguments that must not be in the log.

use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Client, Revision, Server, StdioPipe, promises::assert_kept, raw};

use crate::{ACME, SCOPES, TOOLS};

/// Looks like nothing else in a log or an answer.
const ARGUMENT: &str = "canary-argument-4711";

fn call(tool: &str, arguments: &serde_json::Value) -> Vec<u8> {
    let params = json!({"name": tool, "arguments": arguments});
    json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn no_token_is_in_any_log_or_answer() {
    let server = Server::of(ACME).env("RUST_LOG", "trace").start();
    let live = server.token("canary", &SCOPES);
    let poor = server.token("poor", &[]);
    let revoked = server.token("revoked", &SCOPES);
    server.revoke("revoked");
    let unknown = format!("acme_{}", "C".repeat(40));
    let malformed = format!("{live}x");
    let mut answers = Vec::new();
    for token in [&live, &poor, &revoked, &unknown, &malformed] {
        let bearer = format!("Bearer {token}");
        let scheme = format!("Token {token}");
        let in_query = format!("POST /mcp?access_token={token}");
        let in_path = format!("GET /{token}");
        let bodies = [
            &b""[..],
            b"{",
            b"[]",
            br#"{"jsonrpc":"2.0","id":1,"method":"nonsense"}"#,
            br#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#,
            br#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#,
        ];
        let mut requests: Vec<_> =
            bodies.iter().map(|body| ("POST /mcp", vec![("Authorization", bearer.as_str())], body.to_vec())).collect();
        for tool in TOOLS {
            let headers = vec![("Authorization", bearer.as_str())];
            requests.push(("POST /mcp", headers.clone(), call(tool, &json!({}))));
            requests.push(("POST /mcp", headers.clone(), call(tool, &json!({"how": "panic"}))));
            requests.push((
                "POST /mcp",
                headers,
                call(tool, &json!({"text": ARGUMENT, "nonsense": ARGUMENT, "note_id": ARGUMENT})),
            ));
        }
        requests.extend([
            ("POST /mcp", vec![("Authorization", scheme.as_str())], bodies[5].to_vec()),
            (
                "POST /mcp",
                vec![("Authorization", bearer.as_str()), ("Authorization", bearer.as_str())],
                bodies[5].to_vec(),
            ),
            ("POST /mcp", vec![("Authorization", bearer.as_str()), ("Accept", "text/html")], bodies[5].to_vec()),
            ("POST /mcp", vec![("Authorization", bearer.as_str()), ("Host", "evil.example")], bodies[5].to_vec()),
            ("POST /mcp", vec![("Authorization", bearer.as_str()), ("Content-Encoding", "gzip")], bodies[5].to_vec()),
            (
                "POST /mcp",
                vec![("Authorization", bearer.as_str()), ("MCP-Protocol-Version", "2027-01-01")],
                bodies[5].to_vec(),
            ),
            ("GET /mcp", vec![("Authorization", bearer.as_str())], Vec::new()),
            (in_query.as_str(), vec![], bodies[5].to_vec()),
            (in_path.as_str(), vec![], Vec::new()),
        ]);
        for (target, headers, body) in requests {
            let reply = raw::send(server.authority(), &raw::request(server.authority(), target, &headers, &body)).await;
            answers.push(format!("{}\n{}", reply.head, reply.body));
        }
    }
    assert!(answers.len() > 200);
    let bearer = format!("Bearer {live}");
    let whoami =
        raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], &call("whoami", &json!({})));
    assert_kept(Promise::SecretInText, &raw::send(server.authority(), &whoami).await, "after all that");
    let log = server.log();
    assert!(log.lines().count() > 200 && log.contains("tok_"), "the log is not empty");
    for token in [&live, &poor, &revoked, &unknown] {
        let secret = &token["acme_".len()..];
        assert!(!log.contains(secret), "a token is in the log: {:?}", log.lines().find(|line| line.contains(secret)));
        assert!(!answers.iter().any(|answer| answer.contains(secret)), "a token is in an answer");
    }
}

/// Texts with a secret in them, and what is left of each.
const LEAKS: &[(&str, &str)] = &[
    ("nothing", "nothing"),
    ("it is canary/s3cret=.", "it is [redacted]."),
    ("x=canary%2Fs3cret%3D&y", "x=[redacted]&y"),
    ("63616e6172792f7333637265743d", "[redacted]"),
    ("postgres://me:hunter2@db.example/x", "postgres://me:[redacted]@db.example/x"),
    ("Authorization: Bearer 0123456789abcdef", "Authorization: Bearer [redacted]"),
    ("ssl-key = abc, b", "ssl-key = [redacted], b"),
];

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn no_secret_is_in_a_result_an_error_or_the_log() {
    let server = Server::of(ACME).env("ACME_SECRET", "canary/s3cret=").start();
    let token = server.token("canary", &SCOPES);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
    for (text, left) in LEAKS {
        let echoed = client.call("echo", json!({"text": text, "labels": {"of": text}})).await;
        assert_kept(Promise::SecretInText, &echoed, text);
        let echoed = &echoed.structured()["arguments"];
        assert_eq!((&echoed["text"], &echoed["labels"]["of"]), (&json!(left), &json!(left)));
        for tool in ["misbehave", "misbehave_writing"] {
            let error = client.call(tool, json!({"how": "leak", "text": text})).await;
            assert!(error.is_tool_error() && error.text().starts_with(&format!("unavailable: {left}")), "{error:?}");
        }
        assert!(server.log().contains(left) && (text == left || !server.log().contains(text)), "{text}");
    }
    let named = json!({"Password": "hunter2", "n": [{"sslKey": {"a": 1}}, null], "lines": ["a canary/s3", "cret= b"]});
    let left = json!({"Password": "[redacted]", "n": [{"sslKey": "[redacted]"}, null], "lines": ["a [redacted]", "[redacted] b"]});
    let echoed = client.call("echo", json!({"anything": named})).await;
    assert_eq!(echoed.structured()["arguments"]["anything"], left);
    assert!(!echoed.body.to_string().contains("hunter2"), "{echoed:?}");
    assert_eq!(client.call("whoami", json!({})).await.structured()["key_secret"], "[redacted]");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_argument_is_in_the_log() {
    let server = Server::of(ACME).start();
    let token = server.token("canary", &SCOPES);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    for arguments in
        [json!({"text": ARGUMENT}), json!({"text": ARGUMENT, "nonsense": ARGUMENT}), json!({"text": [ARGUMENT]})]
    {
        for tool in TOOLS {
            client.call(tool, arguments.clone()).await;
        }
    }
    assert_eq!(client.call("echo", json!({"text": ARGUMENT})).await.structured()["arguments"]["text"], ARGUMENT);
    let log = server.log();
    assert!(log.lines().count() > 25 && !log.contains(ARGUMENT), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn stdio_keeps_its_credential_too() {
    let server = Server::of(ACME).start();
    let token = server.token("canary", &["notes:read"]);
    let mut pipe = StdioPipe::start(ACME, server.folder(), &[("ACME_KEY", &token), ("RUST_LOG", "trace")], &[]);
    let mut answers = Vec::new();
    for tool in TOOLS {
        let message = String::from_utf8(call(tool, &json!({"how": "panic", "text": ARGUMENT}))).expect("text");
        answers.push(pipe.request(&serde_json::from_str(&message).expect("JSON")).await.body.to_string());
    }
    let whoami = serde_json::from_slice(&call("whoami", &json!({}))).expect("JSON");
    assert_kept(Promise::SecretInText, &pipe.request(&whoami).await, "after all that");
    let (_, _, log) = pipe.close().await;
    let secret = &token["acme_".len()..];
    assert!(log.contains("tok_") && !log.contains(secret), "{log}");
    assert!(!answers.iter().any(|answer| answer.contains(secret)));
}

#[tokio::test]
async fn the_database_does_not_hold_a_token() {
    let server = Server::of(ACME).start();
    let token = server.token("canary", &SCOPES);
    let secret = &token.as_bytes()["acme_".len()..];
    let mut files = 0;
    for entry in std::fs::read_dir(server.folder().join("data")).expect("the data") {
        let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
        assert!(!bytes.windows(secret.len()).any(|part| part == secret));
        files += 1;
    }
    assert!(files >= 1);
}
