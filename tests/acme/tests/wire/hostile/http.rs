//! Requests that are wrong before anybody reads their body.

use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Server, promises::assert_kept, raw};

use super::{Asked, check};
use crate::{ACME, PREFIX};

const INVALID_REQUEST: i64 = -32600;

#[tokio::test]
async fn media_types_and_sizes_that_are_good() {
    let accept = |accept: &str| Asked::list().header("Accept", accept);
    let content = |content: &str| Asked::list().header("Content-Type", content);
    check(vec![
        ("plain curl", accept("*/*"), 200, None),
        ("both", accept("application/json, text/event-stream"), 200, None),
        ("both, weighted", accept("text/event-stream;q=0.5,application/json"), 200, None),
        ("wildcards", accept("application/*, text/*;q=0.1"), 200, None),
        ("in capitals", accept("Application/JSON, TEXT/event-stream"), 200, None),
        ("an empty Accept", accept(""), 200, None),
        ("with a charset", content("application/json; charset=utf-8"), 200, None),
        ("in chunks", chunked(r#"{"jsonrpc":"2.0","id":7,"method":"ping"}"#), 200, None),
        ("healthy", Asked::body("").target("GET /healthz").header("Authorization", "-"), 200, None),
        ("another path", Asked::list().target("POST /"), 404, None),
        ("a path below", Asked::list().target("POST /mcp/"), 404, None),
    ])
    .await;
}

fn chunked(body: &str) -> Asked {
    Asked::body(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()))
        .header("Content-Length", "-")
        .header("Transfer-Encoding", "chunked")
}

pub(super) fn large_bodies() -> Vec<(&'static str, Asked)> {
    let large = "x".repeat(70_000);
    vec![
        ("sent", Asked::body(large.as_bytes())),
        ("announced", Asked::body("{").header("Content-Length", "1000000000")),
        ("in chunks", chunked(&large)),
    ]
}

/// Clients look for an issuer before they use the credential that they have: whatever else they find than that there
/// is nothing, they begin to sign in.
#[tokio::test]
pub(super) async fn a_server_with_tokens_of_its_own_has_nothing_of_oauth() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/mcp/.well-known/oauth-protected-resource",
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-authorization-server/mcp",
        "/mcp/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/mcp",
        "/mcp/.well-known/openid-configuration",
        "/register",
        "/authorize",
        "/token",
    ] {
        for (method, credential) in
            ["GET", "HEAD", "POST"].into_iter().flat_map(|method| [(method, true), (method, false)])
        {
            let target = format!("{method} {path}");
            let bearer = format!("Bearer {token}");
            let authorization = if credential { bearer.as_str() } else { "-" };
            // The length that an answer to HEAD names is that of a body which does not come.
            let headers = [("Authorization", authorization), ("Connection", "close")];
            let request = raw::request(server.authority(), &target, &headers, b"");
            let reply = raw::send(server.authority(), &request).await;
            if method != "HEAD" {
                assert_kept(Promise::NoSignIn, &reply, &target);
            }
            assert_eq!((reply.status, reply.header("www-authenticate")), (404, None), "{target}: {reply:?}");
            assert!(method == "HEAD" || reply.json()["error"] == "not_found", "{target}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn hosts_and_origins_that_are_its_own() {
    let host = |host: &str| Asked::list().header("Host", host);
    let origin = |origin: &str| Asked::list().header("Origin", origin);
    check(vec![
        ("localhost", host("localhost"), 200, None),
        ("another port", host("127.0.0.1:1"), 200, None),
        ("IPv6", host("[::1]:8080"), 200, None),
        ("its public name", host("notes.acme.example"), 200, None),
        ("its public name in capitals", host("NOTES.acme.example:443"), 200, None),
        ("no host", host("-"), 400, Some(INVALID_REQUEST)),
        ("an empty host", host(""), 400, Some(INVALID_REQUEST)),
        ("two hosts", host("localhost").more("Host", "evil.example"), 400, Some(INVALID_REQUEST)),
        ("a page on this machine", origin("http://localhost:5173"), 200, None),
        ("a page of its own", origin("https://notes.acme.example"), 200, None),
    ])
    .await;
}

pub(super) fn other_origins() -> Vec<(&'static str, Asked)> {
    let origin = |origin: &str| Asked::list().header("Origin", origin);
    vec![
        ("evil", origin("https://evil.example")),
        ("one that sounds good", origin("http://localhost.evil.example")),
        ("its own without encryption", origin("http://notes.acme.example")),
        ("no URL", origin("localhost")),
        ("two", origin("http://localhost").more("Origin", "http://localhost")),
        ("evil without a credential", origin("https://evil.example").header("Authorization", "-")),
    ]
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
pub(super) async fn browsers_may_ask_first_from_trusted_pages_only() {
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
    assert_kept(Promise::TrustedPreflight, &trusted, "a page that is trusted");
    assert_eq!(trusted.header("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(trusted.header("access-control-allow-methods"), Some("POST"));
    assert!(trusted.header("access-control-allow-headers").is_some_and(|names| names.contains("authorization")));
    let evil = preflight("https://evil.example").of(&server, &token).await;
    assert_kept(Promise::AnotherPreflight, &evil, "another page");
    assert_eq!(evil.header("access-control-allow-origin"), None, "{evil:?}");

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
        assert_eq!(reply.header("allow"), Some("GET, POST"), "{reply:?}");
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

pub(super) fn unreadable_credentials() -> Vec<(&'static str, Asked)> {
    let authorization = |value: &str| Asked::list().header("Authorization", value);
    let shape = "A".repeat(40);
    vec![
        ("only the scheme", authorization("Bearer")),
        ("nothing behind", authorization("Bearer ")),
        ("empty", authorization("")),
        ("two words", authorization("Bearer a b")),
        ("no prefix", authorization(&format!("Bearer {shape}"))),
        ("too short", authorization(&format!("Bearer acme_{}", &shape[1..]))),
        ("another alphabet", authorization(&format!("Bearer acme_{}-", &shape[1..]))),
        ("not in ASCII", authorization("Bearer acme_→")),
    ]
}

#[tokio::test]
pub(super) async fn two_credentials_are_one_too_many() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let bearer = format!("Bearer {token}");
    for second in [bearer.as_str(), "Bearer acme_x", ""] {
        let twice = Asked::list().header("Authorization", &bearer).more("Authorization", second);
        assert_kept(Promise::TwoCredentials, &twice.of(&server, &token).await, second);
    }
}

#[tokio::test]
pub(super) async fn a_scheme_has_no_case() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    for scheme in ["bearer", "BEARER", "bearer "] {
        let asked = Asked::list().header("Authorization", &format!("{scheme} {token}"));
        assert_kept(Promise::SchemeInAnyCase, &asked.of(&server, &token).await, scheme);
    }
}
