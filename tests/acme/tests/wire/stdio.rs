//! What is only so over standard input and output: where the process answers itself, and where it
//! forwards to a server.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, StdioPipe, promises::assert_kept};

use crate::{ACME, PIPES, PREFIX, VARIABLES};

fn over_stdio(answer: &Value) -> Reply {
    Reply { status: None, challenge: None, retry_after: None, body: answer.clone() }
}

#[tokio::test]
async fn every_revision_is_spoken() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for (pipe, revision) in PIPES.into_iter().flat_map(|pipe| Revision::ALL.map(|revision| (pipe, revision))) {
        let mut client = Client::stdio(pipe(&server, VARIABLES, Some(&token)), revision);
        let opened = client.open().await;
        if revision.is_stateless() {
            assert_eq!(opened.result()["supportedVersions"], json!(["2025-06-18", "2025-11-25", "2026-07-28"]));
        } else {
            assert_eq!(opened.result()["protocolVersion"], revision.as_str());
        }
        let list = client.list().await;
        let declared: Value = serde_json::from_str(acme_tools::SERVER.tool_list).expect("the generated list");
        assert_eq!(list.result()["tools"], declared, "{revision:?}");
        let scope = list.result().get("cacheScope");
        assert_eq!(scope, revision.is_stateless().then_some(&json!("private")), "{revision:?}");
        assert_eq!(
            client.call("whoami", json!({})).await.structured(),
            &json!({"subject": "local", "key": "first", "key_secret": "[redacted]"})
        );
    }
}

#[tokio::test]
pub(super) async fn lines_that_are_no_requests_are_answered_and_forgotten() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let too_long = "x".repeat(70_000);
    let cases = [
        ("garbage", -32700, None),
        ("{", -32700, None),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, -32600, None),
        ("[]", -32600, None),
        (r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, -32600, None),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, -32600, None),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, -32600, Some(json!(1))),
        (r#"{"jsonrpc":"2.0","id":"a","result":{}}"#, -32600, Some(json!("a"))),
        (r#"{"jsonrpc":"2.0","id":"b","method":"tools/call","params":[]}"#, -32602, Some(json!("b"))),
        (
            r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"echo","arguments":[1]}}"#,
            -32602,
            Some(json!("c")),
        ),
        (r#"{"jsonrpc":"2.0","id":"d","method":"tools/call","params":{"name":"nonsense"}}"#, -32602, Some(json!("d"))),
        (r#"{"jsonrpc":"2.0","id":"e","method":"tools/list","params":{"cursor":"2"}}"#, -32602, Some(json!("e"))),
        (r#"{"jsonrpc":"2.0","id":"f","method":"tasks/list"}"#, -32601, Some(json!("f"))),
        (too_long.as_str(), -32600, None),
    ];
    for pipe in PIPES {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        for (line, code, id) in &cases {
            pipe.send(line).await;
            let answer = pipe.receive().await;
            if *code == -32700 {
                assert_kept(Promise::GarbageOverStdio, &over_stdio(&answer), line);
            }
            assert_eq!(answer["error"]["code"], *code, "{line:.80}: {answer}");
            assert_eq!(answer.get("id"), id.as_ref(), "{line:.80}: {answer}");
        }
        // Blank lines and notifications want no answer, and line ends may be those of Windows.
        pipe.send("\n\r\n  ").await;
        pipe.send(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#).await;
        pipe.send("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"ping\"}\r").await;
        assert_eq!(pipe.receive().await, json!({"jsonrpc": "2.0", "id": 9, "result": {}}));
        let (code, rest, _) = pipe.close().await;
        assert_eq!((code, rest), (Some(0), vec![]));
    }
}

#[tokio::test]
pub(super) async fn an_id_in_use_is_refused_until_it_is_answered() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let hang =
        r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"misbehave","arguments":{"how":"hang"}}}"#;
    let who = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#;
    for pipe in PIPES {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        pipe.send(hang).await;
        pipe.send(who).await;
        let refused = pipe.receive().await;
        assert_kept(Promise::IdInUse, &over_stdio(&refused), "a call that runs");
        assert_eq!(refused["id"], 1, "{refused}");
        assert_timed_out(&pipe.receive().await);
        pipe.send(who).await;
        assert_eq!(pipe.receive().await["result"]["structuredContent"]["subject"], "local");
    }
}

fn assert_timed_out(answer: &Value) {
    let text = answer["result"]["content"][0]["text"].as_str().unwrap_or_default();
    assert!(text.starts_with("timed_out: "), "{answer}");
}

#[tokio::test]
pub(super) async fn the_credential_is_asked_for_every_request() {
    let server = Server::of(ACME).start();
    for (place, pipe) in PIPES.into_iter().enumerate() {
        for (token, promise) in [
            (None, Promise::NoCredential),
            (Some(""), Promise::NoCredential),
            (Some("acme_x"), Promise::UnreadableCredential),
        ] {
            let mut client = Client::stdio(pipe(&server, VARIABLES, token), Revision::V2025_11_25);
            let reply = client.open().await;
            assert_kept(promise, &reply, &format!("{token:?}"));
            assert!(reply.error_message().contains("acme_"), "{reply:?}");
        }
        let name = format!("brief-{place}");
        let token = server.token(&name, &["notes:read"]);
        let mut client = Client::stdio(pipe(&server, VARIABLES, Some(&token)), Revision::V2025_11_25);
        client.open().await;
        assert!(client.call("list_notes", json!({})).await.error_code().is_none());
        server.revoke(&name);
        let reply = client.call("list_notes", json!({})).await;
        assert_kept(Promise::RevokedCredential, &reply, "the next request");
    }
}

#[tokio::test]
async fn where_there_is_no_token_yet_it_says_how_to_make_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let (code, rest, log) = StdioPipe::start(ACME, folder.path(), &[], &[]).close().await;
    assert_eq!((code, rest), (Some(0), vec![]));
    assert_eq!(log, "acme: there is no Access Key yet. Make one: acme token create --name NAME --scope SCOPE…\n");
}

#[tokio::test]
async fn the_end_of_the_input_lets_calls_in_flight_finish() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let params = json!({"name": "misbehave", "arguments": {"how": "hang"}});
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    for pipe in PIPES {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        pipe.send(&call).await;
        let (code, rest, _) = pipe.close().await;
        assert_eq!(code, Some(0));
        let answer: Value = serde_json::from_str(&rest[0]).expect("JSON");
        assert_eq!((rest.len(), &answer["id"]), (1, &json!(1)));
        assert_timed_out(&answer);
    }
}
