//! What `tools/list` shows, and how long it may be kept.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, promises::assert_kept};

use crate::{ACME, ACME_ALL, ACME_GATED, TOOLS, full};

async fn list(server: &Server, scopes: &[&str], revision: Revision) -> Reply {
    let name = format!("{}-{}", revision.as_str(), scopes.join("+"));
    let mut client = Client::http(server.url(), Some(&server.token(&name, scopes)), revision);
    client.open().await;
    client.list().await
}

fn declared() -> Value {
    serde_json::from_str(acme_tools::SERVER.tool_list).expect("the generated list")
}

fn descriptions(list: &Value) -> Vec<&str> {
    let tools = list.as_array().expect("a list");
    tools.iter().map(|tool| tool["description"].as_str().expect("a description")).collect()
}

#[tokio::test]
async fn the_whole_list_is_the_generated_one() {
    let server = Server::of(ACME).start();
    for revision in Revision::ALL {
        let list = full(&server, revision).await.list().await;
        assert_eq!(list.result()["tools"], declared(), "{revision:?}");
        assert_eq!(list.result().get("nextCursor"), None);
    }
}

#[tokio::test]
async fn granted_hides_what_the_caller_cannot_use() {
    let server = Server::of(ACME).start();
    let names = list(&server, &["notes:read"], Revision::V2025_11_25).await.tool_names();
    assert_eq!(names, ["list_notes", "check_notes", "whoami", "echo", "misbehave", "misbehave_writing"]);
}

#[tokio::test]
async fn all_shows_everything_to_everyone() {
    let server = Server::of(ACME_ALL).start();
    for scopes in [&[][..], &["notes:read"]] {
        let list = list(&server, scopes, Revision::V2025_11_25).await;
        assert_eq!(list.result()["tools"], declared(), "{scopes:?}");
    }
}

#[tokio::test]
async fn gated_says_what_is_missing() {
    let server = Server::of(ACME_GATED).start();
    let list = list(&server, &["notes:read"], Revision::V2025_11_25).await;
    assert_eq!(list.tool_names(), TOOLS);
    let tools = &list.result()["tools"];
    let declared = declared();
    let notes = descriptions(&declared);
    let gated: Vec<_> = descriptions(tools)
        .into_iter()
        .zip(&notes)
        .map(|(shown, said)| shown.strip_prefix(said).expect("the declared description first"))
        .collect();
    let lacks = |scopes: &str| format!(" Not available with this Access Key: it lacks {scopes}.");
    assert_eq!(gated[0], "", "list_notes");
    assert_eq!(gated[1], lacks("notes:write"), "add_note");
    assert_eq!(gated[2], lacks("notes:write"), "delete_note");
    assert_eq!(gated[3], lacks("notes:write"), "print_note");
    assert_eq!(gated[4], lacks("notes:write"), "shred_note");
    assert_eq!(gated[5], lacks("notes:admin"), "count_notes");
    assert_eq!(gated[6], lacks("billing:read"), "price_notes");
    assert_eq!(gated[7..], [""; 5]);
    // The note is all that differs.
    let mut same = tools.clone();
    for (tool, said) in same.as_array_mut().expect("a list").iter_mut().zip(notes) {
        tool["description"] = json!(said);
    }
    assert_eq!(same, declared);
}

#[tokio::test]
pub(super) async fn only_a_list_that_is_the_same_for_all_may_be_shared() {
    for (binary, scope) in [(ACME, "private"), (ACME_GATED, "private"), (ACME_ALL, "public")] {
        let server = Server::of(binary).start();
        let modern = list(&server, &["notes:read"], Revision::V2026_07_28).await;
        assert_kept(Promise::ListOfOne, &modern, binary);
        assert_eq!(modern.result()["cacheScope"], scope, "{binary}");
        assert!(modern.result()["ttlMs"].is_u64(), "{binary}: {modern:?}");
        assert_eq!(modern.result()["resultType"], "complete", "{binary}");
        for revision in [Revision::V2025_06_18, Revision::V2025_11_25] {
            let legacy = list(&server, &["notes:read"], revision).await;
            let keys: Vec<_> = legacy.result().as_object().expect("an object").keys().collect();
            assert_eq!(keys, ["tools"], "{binary}, {revision:?}");
        }
    }
}

#[tokio::test]
async fn only_a_visible_tool_is_suggested() {
    let server = Server::of(ACME).start();
    let token = server.token("reader", &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let near = client.call("list_note", json!({})).await;
    assert!(near.error_message().starts_with("There is no tool `list_note`; did you mean `list_notes`?"), "{near:?}");
    let hidden = client.call("add_notes", json!({})).await;
    assert!(hidden.error_message().starts_with("There is no tool `add_notes`. "), "{hidden:?}");
    assert_eq!(hidden.error_data(), &json!({"reason": "unknown_tool", "operation": "add_notes"}));
}
