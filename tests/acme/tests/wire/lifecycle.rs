//! From the first start to the last answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use toolwright_tests::{Client, Revision, Server, raw};

use crate::{ACME, PIPES, PREFIX, VARIABLES, full};

#[tokio::test]
async fn the_first_start_makes_a_token_and_tells_how_to_connect() {
    let mut server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let log = server.log();
    assert_eq!(log.matches(&token).count(), 2, "once alone and once in the command:\n{log}");
    assert!(log.lines().any(|line| line.trim() == token), "alone on its line:\n{log}");
    let command = format!("claude mcp add --transport http --scope user acme {} ", server.url());
    assert!(log.contains(&command), "{log}");
    let list = full(&server, Revision::V2025_11_25).await.list().await;
    assert_eq!(list.tool_names().len(), 12, "every scope");
    server.kill();

    let again = Server::of(ACME).folder(server.folder()).start();
    assert!(!again.log().contains(PREFIX), "no second token:\n{}", again.log());
    let mut client = Client::http(again.url(), Some(&token), Revision::V2025_11_25);
    assert_eq!(client.list().await.status, Some(200), "the first token still works");
}

#[test]
fn of_several_that_start_at_once_one_makes_the_first_token() {
    for _ in 0..3 {
        let folder = tempfile::tempdir().expect("a folder");
        let start = || Server::of(ACME).folder(folder.path()).start();
        let servers = std::thread::scope(|scope| {
            let started: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            started.into_iter().map(|server| server.join().expect("a server")).collect::<Vec<_>>()
        });
        let printed = servers.iter().filter(|server| server.log().contains(PREFIX)).count();
        assert_eq!(printed, 1);
    }
}

#[tokio::test]
async fn a_database_that_ever_had_a_token_is_not_empty() {
    let mut server = Server::of(ACME).start();
    server.revoke("first");
    server.kill();
    let again = Server::of(ACME).folder(server.folder()).start();
    assert!(!again.log().contains(PREFIX), "{}", again.log());
}

#[tokio::test]
async fn where_others_can_listen_nobody_is_handed_a_token() {
    let server = Server::of(ACME).arg("--listen").arg("0.0.0.0:0").start();
    let log = server.log();
    assert!(!log.contains(PREFIX), "{log}");
    assert!(log.contains("acme token create --name NAME --scope SCOPE"), "{log}");
    let authority = server.authority().replace("0.0.0.0", "127.0.0.1");
    let reply = raw::send(&authority, &raw::request("evil.example", "POST /mcp", &[], b"{}")).await;
    assert_eq!(reply.status, 403, "every interface is no reason to trust every name");
}

#[tokio::test]
async fn an_address_that_is_taken_is_said() {
    let server = Server::of(ACME).start();
    let ran = server.command(&["--listen", server.authority()]);
    assert!(!ran.status.success());
    assert!(ran.stderr.contains(&format!("acme: cannot listen on {}: ", server.authority())), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_finishes_the_calls_in_flight() {
    let mut server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    let idle = raw::connect(server.authority()).await;
    let started = Instant::now();
    let call = tokio::spawn(async move { client.call("misbehave", json!({"how": "hang"})).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.terminate();
    server.wait_for_line(&["shutting down"]);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(tokio::net::TcpStream::connect(server.authority()).await.is_err(), "nobody is let in any more");
    let reply = call.await.expect("the call");
    assert!(reply.text().starts_with("timed_out: "), "it is answered as ever: {reply:?}");
    assert!(started.elapsed() >= Duration::from_secs(2));
    let status = server.wait(Duration::from_secs(3));
    assert_eq!(status.code(), Some(0), "{}", server.log());
    drop(idle);
}

#[tokio::test]
async fn shutting_down_answers_a_request_that_is_still_arriving() {
    let mut server = Server::of(ACME).start();
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami"}}"#;
    let request = raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], body);
    let (first, rest) = request.split_at(request.len() - 20);
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(first).await.expect("a connection");
    tokio::time::sleep(Duration::from_millis(300)).await;
    server.terminate();
    server.wait_for_line(&["shutting down"]);
    tokio::time::sleep(Duration::from_millis(300)).await;
    stream.write_all(rest).await.expect("a connection");
    let reply = raw::read(&mut stream).await.expect("an answer");
    assert_eq!(reply.json()["result"]["structuredContent"]["subject"], "local", "{reply:?}");
    assert_eq!(server.wait(Duration::from_secs(3)).code(), Some(0), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_waits_for_writes_whose_callers_have_gone_and_then_for_background_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let alive = folder.path().join("alive");
    let mut server = Server::of(ACME).env("ACME_ALIVE", &alive).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    let call = client.call("misbehave_writing", json!({"how": "block"})).await;
    assert!(call.text().starts_with("outcome_unknown: "));
    assert!(alive.exists());
    server.terminate();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(alive.exists(), "background work outlives the calls");
    let status = server.wait(Duration::from_secs(3));
    assert_eq!(status.code(), Some(0));
    assert!(!alive.exists(), "and is waited for");
    let log = server.log();
    let ended = log
        .lines()
        .position(|line| line.contains("a call ended without its caller") && line.contains("outcome=\"ok\""));
    assert!(ended.is_some(), "the write completed:\n{log}");
}

#[tokio::test]
async fn an_idle_server_stops_at_once() {
    let mut server = Server::of(ACME).start();
    full(&server, Revision::V2025_11_25).await;
    let started = Instant::now();
    server.terminate();
    assert_eq!(server.wait(Duration::from_secs(2)).code(), Some(0));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn the_log_is_text_or_json_with_a_line_a_request() {
    let server = Server::of(ACME).env("ACME_LOG_FORMAT", "json").start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    client.call("whoami", json!({})).await;
    client.call("list_notes", json!({"limit": 0})).await;
    let line = server.wait_for_line(&["list_notes"]);
    let line: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(line["level"], "INFO");
    assert_eq!((&line["operation"], &line["status"]), (&json!("list_notes"), &json!(200)));
    assert_eq!(line["outcome"], "invalid_arguments");
    assert!(line["credential"].as_str().is_some_and(|id| id.starts_with("tok_")) && line["ms"].is_u64(), "{line}");
    let whoami: Vec<_> = server.log().lines().filter(|line| line.contains("whoami")).map(str::to_owned).collect();
    assert_eq!(whoami.len(), 1, "{whoami:?}");
}

#[tokio::test]
async fn stdio_ends_when_it_is_told_to_although_its_input_is_open() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for pipe in PIPES {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        assert_eq!(pipe.request(&ping).await.result(), &json!({}));
        pipe.terminate();
        let (code, rest, _) = pipe.end().await;
        assert_eq!((code, rest), (Some(0), vec![]));
    }
}
