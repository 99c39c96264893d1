//! Whether the server is there, and whether it can be given requests.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::Executor as _;
use toolwright_tests::{Revision, Server, raw, raw::RawReply};

use super::{PATIENCE, get, operations};
use crate::{ACME, database, full};

/// Asks until the status is this one.
pub(crate) async fn until(authority: &str, path: &str, status: u16) -> RawReply {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let reply = get(authority, path).await;
        if reply.status == status {
            return reply;
        }
        assert!(Instant::now() < deadline, "{path} never becomes {status}: {reply:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_balancer_is_told_that_the_server_is_there_and_ready_and_no_more() {
    let server = Server::of(ACME).arg("--operations-listen=127.0.0.1:0").start();
    for path in ["/healthz", "/readyz"] {
        let reply = get(server.authority(), path).await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok"), "{path}");
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{path}");
        // A balancer asks by an address that the server may know nothing of.
        let elsewhere = raw::request("10.1.2.3:8080", &format!("GET {path}"), &[("Content-Length", "-")], b"");
        assert_eq!(raw::send(server.authority(), &elsewhere).await.status, 200, "{path}");
        let posted = raw::request(server.authority(), &format!("POST {path}"), &[], b"{}");
        assert_eq!(raw::send(server.authority(), &posted).await.status, 405, "{path}");
    }
    assert_eq!(get(server.authority(), "/metrics").await.status, 404, "that is for whoever runs the server");

    let report = get(&operations(&server), "/readyz").await;
    assert_eq!((report.status, report.header("content-type")), (200, Some("application/json")), "{report:?}");
    let report = report.json();
    assert_eq!(report["ready"], true);
    for part in ["process", "database"] {
        let said = &report["parts"][part];
        assert_eq!((&said["ready"], said.get("why")), (&json!(true), None), "{report}");
        assert!(since(said) <= jiff::Timestamp::now(), "{report}");
    }
}

fn since(part: &Value) -> jiff::Timestamp {
    part["since"].as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("a time: {part}"))
}

#[tokio::test]
async fn a_server_whose_database_does_not_answer_is_not_ready_until_it_does() {
    let server = Server::of(ACME).arg("--operations-listen=127.0.0.1:0").start();
    let operations = operations(&server);
    let before = get(&operations, "/readyz").await.json();
    let mut behind = database(&server).await;
    behind.execute("ALTER TABLE tokens RENAME TO gone").await.expect("another name");

    let refused = until(server.authority(), "/readyz", 503).await;
    assert_eq!(refused.body, "not ready", "not what is wrong");
    assert_eq!(get(server.authority(), "/healthz").await.status, 200, "to start it again would not help");
    let report = get(&operations, "/readyz").await;
    assert_eq!(report.status, 503);
    let report = report.json();
    assert_eq!((&report["ready"], &report["parts"]["process"]["ready"]), (&json!(false), &json!(true)), "{report}");
    let part = &report["parts"]["database"];
    assert_eq!(part["ready"], false, "{report}");
    assert!(part["why"].as_str().is_some_and(|why| why.contains("no such table: tokens")), "{report}");
    assert!(since(part) > since(&before["parts"]["database"]), "{report}");
    server.wait_for_line(&["not ready", "part=\"database\""]);

    behind.execute("ALTER TABLE gone RENAME TO tokens").await.expect("its name");
    assert_eq!(until(server.authority(), "/readyz", 200).await.body, "ok");
    server.wait_for_line(&["ready again", "part=\"database\""]);
}

#[tokio::test]
async fn however_often_it_is_asked_the_database_is_not() {
    const QUESTION: &str = "SELECT id FROM tokens LIMIT 1";
    let started = Instant::now();
    let server = Server::of(ACME).env("RUST_LOG", "info,sqlx=debug").start();
    for _ in 0..300 {
        assert_eq!(get(server.authority(), "/readyz").await.status, 200);
    }
    let asked = server.log().matches(QUESTION).count();
    // Once in two seconds, and once before.
    let most = usize::try_from(started.elapsed().as_secs() / 2).expect("not for ever") + 1;
    assert!((1..=most).contains(&asked), "{asked} times: {}", server.log());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_told_to_stop_goes_on_until_balancers_have_seen_it() {
    let mut server = Server::of(ACME).arg("--operations-listen=127.0.0.1:0").env("ACME_DRAIN_SECONDS", "3600").start();
    let operations = operations(&server);
    let mut client = full(&server, Revision::V2025_11_25).await;
    let before = raw_ping(&server).await;
    assert_eq!(before.header("connection"), None, "{before:?}");

    server.terminate();
    let refused = until(server.authority(), "/readyz", 503).await;
    assert_eq!((refused.body.as_str(), refused.header("connection")), ("not ready", Some("close")), "{refused:?}");
    let report = get(&operations, "/readyz").await;
    assert_eq!((report.status, &report.json()["parts"]["process"]["why"]), (503, &json!("shutting down")));
    assert_eq!(get(server.authority(), "/healthz").await.status, 200);
    assert_eq!(client.call("whoami", json!({})).await.status, Some(200), "calls are answered");
    let during = raw_ping(&server).await;
    assert_eq!(
        (during.status, during.header("connection")),
        (200, Some("close")),
        "on new connections too: {during:?}"
    );
    server.wait_for_line(&["draining"]);
    let call = tokio::spawn(async move { client.call("misbehave", json!({"how": "hang"})).await });
    server.wait_for_line(&["misbehave began"]);

    // Who tells it again does not want to wait.
    server.terminate();
    server.wait_for_line(&["shutting down"]);
    assert_eq!(call.await.expect("the call").status, Some(200), "what is in flight is answered");
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.log());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_at_a_terminal_waits_for_balancers() {
    let mut server = Server::of(ACME).arg("--drain-seconds=3600").start();
    server.interrupt();
    assert_eq!(server.wait(PATIENCE).code(), Some(0), "{}", server.log());
}

async fn raw_ping(server: &Server) -> RawReply {
    let bearer = format!("Bearer {}", server.first_token(crate::PREFIX));
    let body = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let request = raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], body);
    raw::send(server.authority(), &request).await
}
