//! The audit log of a server that keeps nothing else.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{ALL, AUDITED, api::Api, before, http, key};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_keys_of_an_api_keeps_one_where_it_is_declared() {
    let api = Api::start().await;
    let (ada, bob) = (key('a'), key('b'));
    api.grant(&ada, "ada", &ALL);
    api.grant(&bob, "bob", &["notes:read"]);
    let server = before(&api, AUDITED).start();
    let help = server.succeed(&["--help"]);
    assert!(help.contains("audit") && help.contains("--database") && !help.contains("token "), "{help}");
    http(&server, &ada).call("list_notes", json!({})).await.structured();
    http(&server, &bob).call("create_note", json!({"text": "no"})).await;

    let deadline = Instant::now() + Duration::from_secs(20);
    let entries = loop {
        let lines = server.succeed(&["audit", "--format", "json"]);
        let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        if entries.len() == 2 {
            break entries;
        }
        assert!(Instant::now() < deadline, "{entries:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    let told: Vec<_> = entries
        .iter()
        .map(|entry| {
            json!([
                entry["kind"],
                entry["operation"],
                entry["subject"],
                entry["verdict"],
                entry["outcome"],
                entry["arguments"]
            ])
        })
        .collect();
    assert_eq!(
        told,
        [
            json!(["call", "list_notes", "ada", "allowed", "ok", null]),
            json!(["call", "create_note", "bob", "denied", "insufficient_scope", null]),
        ]
    );
    for key in [&ada, &bob] {
        assert!(entries.iter().all(|entry| !entry.to_string().contains(key.as_str())), "{entries:#?}");
    }
}
