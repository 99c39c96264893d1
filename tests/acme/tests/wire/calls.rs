//! Calls that go wrong, calls that nobody waits for, and many calls at once.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use toolwright_core::Promise;
use toolwright_tests::{
    Client, Reply, Revision, Server, StdioPipe, Transport,
    promises::{assert_ended, assert_kept},
    raw,
};

use crate::{ACME, PREFIX, VARIABLES, connect, full};

/// What a call may take, by the manifest.
const LIMIT: Duration = Duration::from_secs(2);

async fn notes(client: &mut Client) -> Vec<Value> {
    client.call("list_notes", json!({})).await.structured()["notes"].as_array().expect("notes").clone()
}

fn assert_in_time(started: Instant, at_least: Duration) {
    let elapsed = started.elapsed();
    assert!(elapsed >= at_least && elapsed < LIMIT + Duration::from_millis(900), "{elapsed:?}");
}

#[tokio::test]
pub(super) async fn a_panic_is_a_tools_error_and_the_server_lives_on() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        for tool in ["misbehave", "misbehave_writing"] {
            let reply = client.call(tool, json!({"how": "panic"})).await;
            assert_kept(Promise::Panic, &reply, &format!("{tool}, {transport:?}, {revision:?}"));
            assert_eq!(
                reply.text(),
                "internal: the server failed; its log has the details. \
                 Call again; if it stays, tell whoever runs the server when it happened."
            );
            assert_eq!(client.call("whoami", json!({})).await.structured()["key"], "first");
        }
    }
    server.wait_for_line(&["ERROR", "panicked", "testing.rs:", "a handler that panics"]);
    server.wait_for_line(&["operation=\"misbehave\"", "status=200", "outcome=\"internal\""]);
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_read_that_takes_too_long_is_stopped() {
    let server = Server::of(ACME).start();
    // One that waits, and one that blocks its thread: neither keeps its caller waiting.
    for (how, revision) in
        [("hang", Revision::V2025_11_25), ("hang", Revision::V2026_07_28), ("block", Revision::V2025_11_25)]
    {
        let mut client = full(&server, revision).await;
        let started = Instant::now();
        let reply = client.call("misbehave", json!({"how": how})).await;
        assert_in_time(started, LIMIT);
        assert_kept(Promise::SlowRead, &reply, how);
        assert_eq!(
            reply.text(),
            "timed_out: The call took longer than 2 seconds and was stopped; nothing was changed. Ask for less at once."
        );
    }
    server.wait_for_line(&["misbehave was dropped"]);
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_write_that_takes_too_long_still_completes() {
    for revision in [Revision::V2025_11_25, Revision::V2026_07_28] {
        write_late(revision).await;
    }
}

async fn write_late(revision: Revision) {
    let server = Server::of(ACME).start();
    let mut client = full(&server, revision).await;
    let started = Instant::now();
    let reply = client.call("misbehave_writing", json!({"how": "block", "text": "late"})).await;
    assert_in_time(started, LIMIT);
    assert_kept(Promise::SlowWrite, &reply, "one that blocks");
    assert_eq!(
        reply.text(),
        "outcome_unknown: A call that changes something took longer than 2 seconds; it goes on without an answer. \
         Read back what the call was to change before you repeat it."
    );
    assert_eq!(notes(&mut client).await, [] as [Value; 0], "not yet");
    server.wait_for_line(&["a call ended without its caller", "operation=\"misbehave_writing\"", "outcome=\"ok\""]);
    assert_eq!(notes(&mut client).await[0]["text"], "late");
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn the_same_id_twice_at_once_has_two_answers() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let mut calls: JoinSet<(String, Reply)> = JoinSet::new();
    for text in (0..20).map(|n| format!("the text of call {n}")) {
        // Of each client it is the first request, so that all have one id.
        let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
        calls.spawn(async move {
            let reply = client.call("echo", json!({"text": text})).await;
            (text, reply)
        });
    }
    while let Some(call) = calls.join_next().await {
        let (text, reply) = call.expect("a call");
        assert_kept(Promise::SameIdTwice, &reply, &text);
        assert_eq!(reply.structured()["arguments"]["text"], text.as_str());
    }
}

/// Sends a call, and hangs up as soon as the server has it.
async fn abandon(server: &Server, tool: &str, arguments: Value) {
    use tokio::io::AsyncWriteExt as _;
    let params = json!({"name": tool, "arguments": arguments});
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}).to_string();
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    let bytes = raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], body.as_bytes());
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(&bytes).await.expect("a connection");
    tokio::time::sleep(Duration::from_millis(300)).await;
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_caller_who_goes_stops_a_read() {
    let server = Server::of(ACME).start();
    let started = Instant::now();
    abandon(&server, "misbehave", json!({"how": "hang"})).await;
    server.wait_for_line(&["misbehave was dropped"]);
    assert!(started.elapsed() < LIMIT, "it was stopped before its own time was over");
    server.wait_for_line(&["operation=\"misbehave\"", "outcome=\"caller_gone\""]);
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_caller_who_goes_does_not_stop_a_write() {
    let server = Server::of(ACME).start();
    abandon(&server, "misbehave_writing", json!({"how": "block", "text": "orphan"})).await;
    let mut client = full(&server, Revision::V2025_11_25).await;
    assert_eq!(notes(&mut client).await, [] as [Value; 0], "not yet");
    server.wait_for_line(&["a call ended without its caller", "operation=\"misbehave_writing\"", "outcome=\"ok\""]);
    assert_eq!(notes(&mut client).await[0]["text"], "orphan");
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_cancelled_call_is_not_answered() {
    for transport in [Transport::Stdio, Transport::Gateway] {
        let server = Server::of(ACME).start();
        let token = server.first_token(PREFIX);
        let forwards = transport == Transport::Gateway;
        let pipe = if forwards { StdioPipe::through } else { StdioPipe::beside };
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        for (id, tool, how) in [(json!("a"), "misbehave", "hang"), (json!(2), "misbehave_writing", "block")] {
            let params = json!({"name": tool, "arguments": {"how": how}});
            let call = json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params});
            pipe.send(&call.to_string()).await;
            // Cancelled at once, a call would not begin at all.
            let began = format!("{tool} began");
            if forwards {
                server.wait_for_line(&[&began]);
            } else {
                pipe.wait_for_line(&[&began]).await;
            }
        }
        for id in [json!("a"), json!(2), json!("unknown"), json!(null)] {
            let cancelled = json!({
                "jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": id},
            });
            pipe.send(&cancelled.to_string()).await;
        }
        pipe.send(&json!({"jsonrpc": "2.0", "id": 3, "method": "ping"}).to_string()).await;
        assert_eq!(pipe.receive().await, json!({"jsonrpc": "2.0", "id": 3, "result": {}}));
        let more = pipe.receive_within(LIMIT + Duration::from_secs(2)).await;
        assert_ended(Promise::CallerGone, more.as_ref(), "nothing else is answered");
        // The write went on, and the ids are free again.
        let list = json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": {"name": "list_notes"}});
        assert_eq!(pipe.request(&list).await.structured()["notes"][0]["text"], "late");
        let (code, rest, log) = pipe.close().await;
        assert_eq!((code, rest), (Some(0), vec![]));
        // Of the process in which the call ran.
        let log = if forwards { server.log() } else { log };
        assert!(log.contains("misbehave was dropped"), "{log}");
        let gone = |line: &str| line.contains("operation=\"misbehave\"") && line.contains("outcome=\"caller_gone\"");
        assert!(log.lines().any(gone), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
pub(super) async fn many_callers_at_once_are_never_taken_for_one_another() {
    const CALLERS: usize = 8;
    const CALLS: usize = 200;
    let server = Server::of(ACME).start();
    let name = |caller: usize| format!("caller-{caller}");
    let tokens: Vec<_> =
        (0..CALLERS).map(|n| server.token_for(&format!("account-{n}"), &name(n), &["notes:write"])).collect();
    let revoked = server.token("revoked", &["notes:write"]);
    server.revoke("revoked");
    let mut calls: JoinSet<(usize, Reply, Reply)> = JoinSet::new();
    for call in 0..CALLS {
        let caller = call % (CALLERS + 1);
        let token = tokens.get(caller).unwrap_or(&revoked).clone();
        let url = server.url().to_owned();
        calls.spawn(async move {
            let mut client = Client::http(&url, Some(&token), Revision::ALL[call % 3]);
            let added = client.call("add_note", json!({"text": format!("of account-{caller}")})).await;
            (caller, added, client.call("whoami", json!({})).await)
        });
    }
    let mut answered = 0;
    while let Some(call) = calls.join_next().await {
        let (caller, added, who) = call.expect("a call");
        answered += 1;
        if caller == CALLERS {
            assert_eq!((added.error_code(), who.error_code()), (Some(-31401), Some(-31401)), "{added:?} {who:?}");
        } else {
            let expected =
                json!({"subject": format!("account-{caller}"), "key": name(caller), "key_secret": "[redacted]"});
            assert_kept(Promise::ManyCallers, &who, &name(caller));
            assert_eq!(who.structured(), &expected);
            assert_eq!(added.structured()["text"], format!("of account-{caller}"));
        }
    }
    assert_eq!(answered, CALLS);
    for (caller, token) in tokens.iter().enumerate() {
        let mut client = Client::http(server.url(), Some(token), Revision::V2026_07_28);
        let all = client.call("list_notes", json!({"limit": 50})).await.structured()["notes"].clone();
        let texts: Vec<_> = all.as_array().expect("notes").iter().map(|note| note["text"].clone()).collect();
        let own = (0..CALLS).filter(|call| call % (CALLERS + 1) == caller).count();
        assert_eq!(texts, vec![json!(format!("of account-{caller}")); own]);
    }
}
