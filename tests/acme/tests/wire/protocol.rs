//! What the server says of itself.

use serde_json::json;
use toolwright_tests::{Client, Revision, Server};

use crate::{ACME, PREFIX, full};

#[tokio::test]
async fn a_handshake_agrees_on_what_both_speak() {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    for (asked, agreed) in [
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2024-11-05", "2025-11-25"),
        ("2025-03-26", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("nonsense", "2025-11-25"),
    ] {
        let mut params = Revision::V2025_11_25.initialize();
        params["protocolVersion"] = json!(asked);
        let reply = client.request("initialize", params).await;
        assert_eq!(
            reply.result(),
            &json!({
                "protocolVersion": agreed,
                "capabilities": {
                    "completions": {},
                    "prompts": {"listChanged": true},
                    "resources": {"listChanged": true, "subscribe": true},
                    "tools": {"listChanged": true},
                },
                "serverInfo": {
                    "name": "acme",
                    "title": "Acme Notes",
                    "version": "1.4.0",
                    "description": "Keeps notes. A server to test with.",
                },
                "instructions": "Start with list_notes.",
            }),
            "{asked}"
        );
    }
    assert_eq!(client.request("ping", json!({})).await.result(), &json!({}));
}

#[tokio::test]
async fn discovery_says_the_same_without_a_handshake() {
    let server = Server::of(ACME).start();
    let reply = full(&server, Revision::V2026_07_28).await.request("server/discover", json!({})).await;
    let result = reply.result();
    assert_eq!(result["supportedVersions"], json!(["2025-06-18", "2025-11-25", "2026-07-28"]));
    assert_eq!(
        result["capabilities"],
        json!({
            "completions": {},
            "prompts": {"listChanged": true},
            "resources": {"listChanged": true, "subscribe": true},
            "tools": {"listChanged": true},
        })
    );
    assert_eq!(result["instructions"], "Start with list_notes.");
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "acme");
    assert_eq!(result["resultType"], "complete");
}

#[tokio::test]
async fn a_result_is_in_the_form_of_its_revision() {
    let server = Server::of(ACME).start();
    for revision in Revision::ALL {
        let mut client = full(&server, revision).await;
        let reply = client.call("whoami", json!({})).await;
        let expected = json!({"subject": "local", "key": "first", "key_secret": "[redacted]"});
        assert_eq!(reply.structured(), &expected);
        let text: serde_json::Value = serde_json::from_str(reply.text()).expect("the same as text");
        assert_eq!(text, expected);
        let stamp = reply.result().get("resultType");
        assert_eq!(stamp, revision.is_stateless().then_some(&json!("complete")), "{revision:?}");
        let failed = client.call("misbehave", json!({"how": "fail"})).await;
        assert_eq!(failed.text(), "wrong_state: this tool was asked to fail");
        assert_eq!(failed.result().get("structuredContent"), None);
    }
}

#[tokio::test]
async fn a_client_that_names_no_revision_is_served() {
    let server = Server::of(ACME).start();
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let reply = http
        .post(server.url())
        .bearer_auth(server.first_token(PREFIX))
        .header("Content-Type", "application/json")
        .body(json!({"jsonrpc": "2.0", "id": "a", "method": "tools/list"}).to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(reply.status(), 200);
    let list: serde_json::Value = serde_json::from_str(&reply.text().await.expect("a body")).expect("JSON");
    assert_eq!(list["id"], "a");
    assert_eq!(list["result"]["tools"].as_array().map(Vec::len), Some(12));
}

#[tokio::test]
async fn numbers_and_texts_come_back_as_ids() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    client.open().await;
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    for id in [json!(0), json!(-1), json!(i64::MAX), json!(i64::MIN), json!(""), json!("é\"\\\u{0}"), json!("7")] {
        for body in [
            json!({"jsonrpc": "2.0", "id": id, "method": "ping"}),
            json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": {"name": "nonsense"}}),
        ] {
            let sent = http.post(server.url()).bearer_auth(&token).header("Content-Type", "application/json");
            let reply = sent.body(body.to_string()).send().await.expect("an answer").text().await.expect("a body");
            let reply: serde_json::Value = serde_json::from_str(&reply).expect("JSON");
            assert_eq!(reply["id"], id, "{reply}");
        }
    }
}
