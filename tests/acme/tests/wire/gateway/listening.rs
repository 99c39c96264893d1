//! The stream of changes, which outlives the server that it was opened at.

use std::{future::ready, sync::Mutex};

use serde_json::{Value, json};
use toolwright_tests::{
    Client, Revision, Server, StdioPipe,
    fake::{Asked, Fake, http, json as answering},
};

use super::TOKEN;
use crate::{ACME, PREFIX, VARIABLES};

const REVISION: Revision = Revision::V2025_11_25;

fn initialize() -> Value {
    json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": REVISION.initialize()})
}

fn changed(list: &str) -> Value {
    json!({"jsonrpc": "2.0", "method": format!("notifications/{list}/list_changed")})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_started_anew_is_listened_to_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = Server::of(ACME).folder(folder.path()).start();
    let (token, listen) = (server.first_token(PREFIX), server.authority().to_owned());
    let mut pipe = StdioPipe::through(&server, VARIABLES, Some(&token));
    pipe.request(&initialize()).await.result();
    for _ in 0..2 {
        server.kill();
        server = Server::of(ACME).folder(folder.path()).arg("--listen").arg(&listen).start();
        // What changed meanwhile nobody knows.
        for list in ["tools", "prompts", "resources"] {
            assert_eq!(pipe.receive().await, changed(list));
        }
        let mut client = Client::http(server.url(), Some(&token), REVISION);
        client.call("delete_note", json!({"note_id": "absent"})).await.structured();
        assert_eq!(pipe.receive().await, changed("tools"));
        // The others come behind it.
        for list in ["prompts", "resources"] {
            assert_eq!(pipe.receive().await, changed(list));
        }
    }
    let (code, rest, log) = pipe.close().await;
    assert_eq!((code, rest), (Some(0), Vec::<String>::new()), "{log}");
}

#[tokio::test]
async fn who_is_not_let_is_not_there_again_and_who_meets_a_fault_is() {
    let stream = |messages: &str| http("200 OK", "text/event-stream", messages);
    for (first, is_final) in [
        (http("405 Method Not Allowed", "text/plain", ""), true),
        (http("401 Unauthorized", "application/json", "{}"), true),
        (http("200 OK", "text/html", "<html>"), true),
        (http("503 Service Unavailable", "text/plain", ""), false),
        (http("429 Too Many Requests", "text/plain", ""), false),
        (stream(""), false),
        ("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 100\r\n\r\n: cut".to_owned(), false),
        (String::new(), false),
    ] {
        let answers = Mutex::new(vec![stream(&format!("data: {}\n\n", changed("tools"))), first.clone()]);
        let fake = Fake::new(move |asked: Asked| {
            let answer = if asked.line.starts_with("GET ") {
                // Who listens for a third time hears what ends it.
                let next = answers.lock().expect("the answers").pop();
                next.unwrap_or_else(|| http("405 Method Not Allowed", "text/plain", ""))
            } else {
                let result = json!({"protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": {}});
                answering(&json!({"jsonrpc": "2.0", "id": asked.json()["id"], "result": result}))
            };
            ready(answer.into_bytes())
        })
        .await;
        let environment = [("ACME_KEY", TOKEN), ("NOTES_GATEWAY", fake.address()), ("RUST_LOG", "toolwright=debug")];
        let mut pipe = StdioPipe::alone(ACME, &environment);
        pipe.request(&initialize()).await.result();
        let listened = || fake.asked().iter().filter(|asked| asked.line.starts_with("GET ")).count();
        if is_final {
            pipe.wait_for_line(&["the server tells of no changes"]).await;
            assert_eq!(listened(), 1, "{first}");
            continue;
        }
        // Three lists that may have changed, and what is told then.
        for list in ["tools", "prompts", "resources", "tools"] {
            assert_eq!(pipe.receive().await, changed(list), "{first}");
        }
        assert!(listened() >= 2, "{first}");
    }
}
