//! Requests that are wrong before anybody reads their body.

use serde_json::json;
use toolwright_tests::{Server, raw};

use super::{Asked, INVALID_REQUEST, UNAUTHENTICATED, check};
use crate::{ACME, PREFIX};

#[tokio::test]
async fn media_types_and_sizes() {
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
    ])
    .await;
}

#[tokio::test]
async fn methods_and_paths() {
    check(vec![
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
    ])
    .await;
}

/// Clients look for an issuer before they use the credential that they have: whatever else they find than that there
/// is nothing, they begin to sign in.
#[tokio::test]
async fn a_server_with_tokens_of_its_own_has_nothing_of_oauth() {
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
            assert_eq!((reply.status, reply.header("www-authenticate")), (404, None), "{target}: {reply:?}");
            assert!(method == "HEAD" || reply.json()["error"] == "not_found", "{target}: {reply:?}");
        }
    }
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
