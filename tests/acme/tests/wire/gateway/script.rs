//! One script, played over HTTP, to a process that answers itself, and to one that forwards: the answers
//! are the same to the last character.

use serde_json::{Value, json};
use toolwright_tests::{Revision, Server, StdioPipe, raw};

use crate::{ACME, PIPES, Pipe, VARIABLES};

/// A line, and over HTTP the header with the name that it has.
struct Said {
    line: String,
    name: Option<&'static str>,
}

impl Said {
    fn raw(line: &str) -> Self {
        Self { line: line.to_owned(), name: None }
    }

    fn method(&self) -> Option<String> {
        Some(self.json()?["method"].as_str()?.to_owned())
    }

    fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.line).ok()
    }
}

/// Everything that a client may say, rightly and wrongly, in the order in which it says it.
fn script(revision: Revision) -> Vec<Said> {
    let mut id = 0;
    let mut say = |method: &str, params: Value, name: Option<&'static str>| {
        id += 1;
        let params = revision.parameters(params);
        Said { line: json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string(), name }
    };
    let opening = if revision.is_stateless() {
        vec![say("server/discover", json!({}), None)]
    } else {
        let initialized = Said::raw(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        vec![say("initialize", revision.initialize(), None), initialized]
    };
    let mut call = |name: &'static str, arguments: Value| {
        say("tools/call", json!({"name": name, "arguments": arguments}), Some(name))
    };
    let calls = [
        call("whoami", json!({})),
        call("list_notes", json!({})),
        // Refused by scope, whatever its arguments are.
        call("add_note", json!({"text": "x"})),
        call("add_note", json!({"nonsense": 1})),
        call("price_notes", json!({})),
        call("list_note", json!({})),
        call("nonsense", json!({})),
        call("list_notes", json!({"limit": 0, "color": "purple", "nonsense": true})),
        call("list_notes", json!([1])),
        call("list_notes", Value::Null),
        call("echo", json!({"text": "é\u{2028}\n\"\\", "count": i64::MIN, "ratio": 1e-300, "anything": [1.0, 1e20]})),
        call("misbehave", json!({"how": "fail"})),
        call("misbehave", json!({"how": "panic"})),
        call("misbehave", json!({"how": "hang"})),
        call("misbehave_writing", json!({"how": "fail"})),
    ];
    let mut others = vec![
        say("tools/list", json!({}), None),
        say("tools/list", json!({"cursor": "2"}), None),
        say("prompts/list", json!({}), None),
        say("tools/call", json!({"name": "é"}), Some("=?base64?w6k=?=")),
        say("tools/call", json!({"name": " whoami"}), Some("=?base64?IHdob2FtaQ==?=")),
        say("tools/call", json!({"name": 5}), None),
        say("tools/call", json!({}), None),
        say("prompts/get", json!({"name": "review_notes", "arguments": {"color": "red"}}), Some("review_notes")),
        say("prompts/get", json!({"name": "review_notes", "arguments": {"color": "RED"}}), Some("review_notes")),
        say("prompts/get", json!({"name": "tidy_notes", "arguments": {"topic": "milk"}}), Some("tidy_notes")),
        say("prompts/get", json!({"name": "tidy_note"}), Some("tidy_note")),
        say("resources/list", json!({}), None),
        say("resources/read", json!({"uri": "note:1"}), Some("note:1")),
        say("ping", json!({}), None),
        say("initialize", json!({}), None),
        say("logging/setLevel", json!({"level": "info"}), None),
    ];
    for (prompt, argument) in [("review_notes", "color"), ("review_notes", "colour"), ("tidy_notes", "topic")] {
        let argument = json!({"name": argument, "value": "r"});
        let reference = json!({"type": "ref/prompt", "name": prompt});
        others.push(say("completion/complete", json!({"ref": reference, "argument": argument}), None));
    }
    let unknown_revision = json!({"_meta": {"io.modelcontextprotocol/protocolVersion": "2031-01-01"}});
    let lines = [
        "garbage",
        "{",
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":"a","result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"b","method":"tools/call","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":"c","method":"tools/list","params":{"_meta":1}}"#,
        r#"{"jsonrpc":"2.0","id":"é\"","method":"tools/call","params":{"name":"nonsense"}}"#,
        r#"{"jsonrpc":"2.0","id":-9223372036854775808,"method":"nonsense"}"#,
        r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","method":"notifications/nonsense"}"#,
        &"x".repeat(70_000),
        &json!({"jsonrpc": "2.0", "id": "d", "method": "tools/list", "params": unknown_revision}).to_string(),
    ];
    opening.into_iter().chain(calls).chain(others).chain(lines.map(Said::raw)).collect()
}

/// The answers over HTTP. Where a request was refused before its body was read, the answer has no id; a
/// line over stdio has always been read.
async fn over_http(server: &Server, token: Option<&str>, revision: Revision) -> Vec<Option<Value>> {
    let mut answers = Vec::new();
    for said in script(revision) {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let message = said.json().filter(Value::is_object);
        let params = message.as_ref().map(|message| &message["params"]);
        let inline = params.and_then(|params| params["_meta"].get("io.modelcontextprotocol/protocolVersion"));
        let method = said.method().unwrap_or_default();
        let mut headers: Vec<(&str, &str)> = bearer.iter().map(|bearer| ("Authorization", bearer.as_str())).collect();
        let modern = inline.and_then(Value::as_str);
        if let Some(version) =
            modern.or((!revision.is_stateless() && method != "initialize").then(|| revision.as_str()))
        {
            headers.push(("MCP-Protocol-Version", version));
        }
        if modern.is_some() {
            headers.push(("Mcp-Method", &method));
            headers.extend(said.name.map(|name| ("Mcp-Name", name)));
        }
        let request = raw::request(server.authority(), "POST /mcp", &headers, said.line.as_bytes());
        let reply = raw::send(server.authority(), &request).await;
        let answer = Some(reply.json()).filter(|_| reply.status != 202).map(|mut answer| {
            let id = message.as_ref().and_then(|message| message.get("id")).filter(|_| reply.status == 401);
            if let (None, Some(id)) = (answer.get("id"), id) {
                answer["id"] = id.clone();
            }
            answer
        });
        answers.push(answer);
    }
    answers
}

/// The answers on a pipe. What wants none is followed by a request that tells so.
async fn over_pipe(mut pipe: StdioPipe, revision: Revision) -> Vec<Option<Value>> {
    let mut answers = Vec::new();
    for said in script(revision) {
        pipe.send(&said.line).await;
        let wants_answer = said.json().is_none_or(|message| !message.is_object() || message.get("id").is_some());
        answers.push(if wants_answer { Some(pipe.receive().await) } else { None });
    }
    let (code, rest, _) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), vec![]), "one answer for each that wants one");
    answers
}

async fn assert_same(server: &Server, token: Option<&str>, revision: Revision, expected: &[Option<Value>], pipe: Pipe) {
    let found = over_pipe(pipe(server, VARIABLES, token), revision).await;
    for ((said, found), expected) in script(revision).iter().zip(&found).zip(expected) {
        assert_eq!(found, expected, "{revision:?}: {:.300}", said.line);
    }
    assert_eq!(found.len(), expected.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_transport_gives_the_same_answers() {
    let server = Server::of(ACME).start();
    let token = server.token("reader", &["notes:read"]);
    for revision in Revision::ALL {
        let expected = over_http(&server, Some(&token), revision).await;
        let results = expected.iter().flatten().filter(|answer| answer.get("result").is_some()).count();
        let errors = expected.iter().flatten().filter(|answer| answer.get("error").is_some()).count();
        assert!(results > 12 && errors > 25, "{results} results, {errors} errors");
        for pipe in PIPES {
            assert_same(&server, Some(&token), revision, &expected, pipe).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_is_good_for_nothing_gets_the_same_refusals() {
    let server = Server::of(ACME).start();
    let revoked = server.token("revoked", &["notes:read"]);
    server.revoke("revoked");
    for (token, reason) in [
        (None, "missing_credential"),
        (Some("acme_short"), "malformed_credential"),
        (Some(super::TOKEN), "unknown_credential"),
        (Some(&revoked), "unknown_credential"),
    ] {
        let revision = Revision::V2026_07_28;
        let local = over_pipe(StdioPipe::beside(&server, VARIABLES, token), revision).await;
        assert_same(&server, token, revision, &local, StdioPipe::through).await;
        // Over HTTP nothing is read of what comes without a credential, whether it is a message or not.
        let over_http = over_http(&server, token, revision).await;
        let mut refused = 0;
        for (local, over_http) in local.iter().zip(&over_http).filter_map(|(local, http)| Some((local.as_ref()?, http)))
        {
            if local["error"]["data"]["reason"] == reason {
                refused += 1;
                assert_eq!(Some(local), over_http.as_ref(), "{token:?}");
            }
        }
        assert!(refused > 35, "{token:?}: {refused}");
    }
}
