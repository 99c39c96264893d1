//! Connections that are slow, idle, endless or many.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::tcp::OwnedWriteHalf,
};
use toolwright_core::Promise;
use toolwright_tests::{
    Revision, Server,
    promises::{assert_ended, assert_kept},
    raw,
};

use crate::{ACME, PREFIX, full};

/// How long headers, and after them a body, may take.
const PATIENCE: Duration = Duration::from_secs(10);
const AT_LEAST: Duration = Duration::from_secs(9);
const AT_MOST: Duration = Duration::from_secs(15);

fn assert_patience(started: Instant) {
    let elapsed = started.elapsed();
    assert!((AT_LEAST..AT_MOST).contains(&elapsed), "{elapsed:?}");
}

/// Holds a connection with a byte a second, or with nothing at all.
async fn drip(mut sender: OwnedWriteHalf, bytes: bool) {
    while !bytes || sender.write_all(b"x").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn headers_that_never_end_lose_their_connection() {
    let server = Server::of(ACME).start();
    tokio::join!(
        lose_connection(&server, ""),
        lose_connection(&server, "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
    );
}

/// As a balancer keeps its connections: a request comes on one that was idle for longer than headers may take.
#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_kept_for_longer_than_headers_may_take() {
    let server = Server::of(ACME).start();
    let health = raw::request(server.authority(), "GET /healthz", &[], b"");
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(&health).await.expect("a connection");
    assert_eq!(raw::read(&mut stream).await.expect("an answer").status, 200);
    tokio::time::sleep(AT_MOST).await;
    stream.write_all(&health).await.expect("a connection");
    assert_eq!(raw::read(&mut stream).await.expect("an answer on the same connection").status, 200);
    // And its headers have their time as those of any other.
    let started = Instant::now();
    stream.write_all(&health[..20]).await.expect("a connection");
    assert!(raw::read(&mut stream).await.is_none(), "the server closes the connection");
    assert_patience(started);
}

async fn lose_connection(server: &Server, start: &str) {
    let started = Instant::now();
    let (mut reader, mut writer) = raw::connect(server.authority()).await.into_split();
    writer.write_all(start.as_bytes()).await.expect("a connection");
    let dripping = tokio::spawn(drip(writer, !start.is_empty()));
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(PATIENCE * 2, reader.read_to_end(&mut rest)).await;
    let last = (!rest.is_empty()).then(|| json!(String::from_utf8_lossy(&rest)));
    assert_ended(Promise::SlowHeaders, last.as_ref(), start);
    assert!(ended.is_ok(), "the server closes the connection after {start:?}");
    assert_patience(started);
    dripping.abort();
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_body_that_never_ends_is_a_408() {
    let server = Server::of(ACME).start();
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    let headers = [("Authorization", bearer.as_str()), ("Content-Length", "1000")];
    let mut stream = raw::connect(server.authority()).await;
    stream.write_all(&raw::request(server.authority(), "POST /mcp", &headers, b"{")).await.expect("a connection");
    let started = Instant::now();
    let reply = raw::read(&mut stream).await.expect("an answer");
    assert_patience(started);
    assert_kept(Promise::SlowBody, &reply, "a byte of a thousand");
}

#[tokio::test]
async fn headers_have_a_size() {
    let server = Server::of(ACME).start();
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    for (size, status) in [(8 * 1024, 200), (64 * 1024, 431)] {
        let padding = "x".repeat(size);
        let headers = [("Authorization", bearer.as_str()), ("X-Padding", padding.as_str())];
        let body = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let reply = raw::send(server.authority(), &raw::request(server.authority(), "POST /mcp", &headers, body)).await;
        assert_eq!(reply.status, status, "{size}");
    }
}

#[tokio::test]
async fn a_body_is_refused_by_its_announced_size_before_it_is_sent() {
    let server = Server::of(ACME).start();
    let bearer = format!("Bearer {}", server.first_token(PREFIX));
    let headers = [("Authorization", bearer.as_str()), ("Content-Length", "1000000000"), ("Expect", "100-continue")];
    let reply = raw::send(server.authority(), &raw::request(server.authority(), "POST /mcp", &headers, b"")).await;
    assert_eq!(reply.status, 413, "{reply:?}");
    let without = [("Content-Length", "1000"), ("Expect", "100-continue")];
    let reply = raw::send(server.authority(), &raw::request(server.authority(), "POST /mcp", &without, b"")).await;
    assert_eq!(reply.status, 401, "and without a credential none is asked for: {reply:?}");
}

#[tokio::test]
async fn nonsense_on_the_wire_harms_nobody() {
    let server = Server::of(ACME).start();
    for bytes in
        [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    {
        let mut stream = raw::connect(server.authority()).await;
        stream.write_all(bytes).await.expect("a connection");
        stream.shutdown().await.expect("a connection");
        let reply = raw::read(&mut stream).await;
        assert!(reply.as_ref().is_none_or(|reply| reply.status >= 400), "{bytes:?}: {reply:?}");
    }
    assert_eq!(full(&server, Revision::V2025_11_25).await.call("whoami", json!({})).await.status, Some(200));
}
