//! Paths that nobody has written by hand.

use serde_json::json;
use toolwright_tests::raw;

use crate::{ADA, ALL, TENANTS, Teams};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_name_is_no_account() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &ALL);
    let authority = teams.server.authority();
    let id = &teams.ours;
    let bearer = format!("Bearer {token}");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let ask = async |name: &str| {
        let target = format!("POST /{name}/mcp");
        raw::send(authority, &raw::request(authority, &target, &[("Authorization", &bearer)], body.as_bytes())).await
    };
    assert_eq!(ask(id).await.status, 200);
    assert_eq!(ask("ours").await.status, 200);

    let long = "1".repeat(8000);
    let hostile = [
        format!("0{id}"),
        format!("+{id}"),
        format!("-{id}"),
        format!("{id}.0"),
        format!("{id};x"),
        format!("{id}%00"),
        format!("{id}%2F"),
        format!("{id}%20"),
        format!("%20{id}"),
        format!("{id},1"),
        // An id of one digit, escaped.
        format!("%3{id}"),
        "%6Furs".into(),
        "%256Furs".into(),
        String::new(),
        "..".into(),
        "%2E%2E".into(),
        ".".into(),
        "%2F".into(),
        "ours%2Fmcp".into(),
        "%D9%A1".into(),
        "%EF%BC%91".into(),
        "%FF".into(),
        "%".into(),
        "{team}".into(),
        "YOUR_TEAM".into(),
        "*".into(),
        "ours'--".into(),
        "' OR 1=1".replace(' ', "%20"),
        "9223372036854775807".into(),
        "9223372036854775808".into(),
        "18446744073709551617".into(),
        "0".into(),
        "-0".into(),
        "0x1".into(),
        "1e0".into(),
        long,
    ];
    for name in hostile {
        let reply = ask(&name).await;
        assert_eq!((reply.status, reply.error_code()), (404, Some(-31404)), "{name}: {reply:?}");
        let json = reply.json();
        assert_eq!(json["id"], 1, "{name}");
        assert!(json["error"]["data"]["team"].as_str().is_some_and(|shown| shown.len() <= 64), "{name}");
    }
    // Other paths are not the endpoint's.
    for name in ["ours/x", "x/ours", "ours/", "/ours", "./ours", "x/../ours"] {
        let reply = ask(name).await;
        assert_eq!((reply.status, reply.json()["error"].as_str()), (404, Some("not_found")), "{name}");
    }
    // A query changes nothing.
    let target = format!("POST /theirs/mcp?team={id}&account={id}");
    let reply =
        raw::send(authority, &raw::request(authority, &target, &[("Authorization", &bearer)], body.as_bytes())).await;
    assert_eq!((reply.status, reply.error_code()), (403, Some(-31403)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_wants_no_answer_is_asked_too() {
    let teams = Teams::of(TENANTS);
    let token = teams.token(ADA, &ALL);
    let authority = teams.server.authority();
    let body = json!({"jsonrpc": "2.0", "method": "notifications/initialized"}).to_string();
    for (name, expected) in [("ours", 202), ("theirs", 403), ("nowhere", 404), ("off", 403)] {
        let target = format!("POST /{name}/mcp");
        let headers = [("Authorization", &*format!("Bearer {token}"))];
        let reply = raw::send(authority, &raw::request(authority, &target, &headers, body.as_bytes())).await;
        assert_eq!(reply.status, expected, "{name}: {reply:?}");
    }
}
