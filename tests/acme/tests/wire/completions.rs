//! Completion from what a tool lists: whose values, which of them, how many, and what a tool that goes wrong does.

use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, Transport};

use crate::{
    ACME, ACME_ALL, ACME_GATED, SCOPES, connect,
    prompts::{assert_denied, complete, holding},
};

/// A caller of an account without notes.
async fn account(server: &Server, transport: Transport, revision: Revision) -> Client {
    let name = format!("{transport:?}-{}", revision.as_str());
    let token = server.token_for(&name, &name, &["notes:write"]);
    connect(server, transport, revision, &token).await
}

/// Adds a note, and gives its id.
async fn add(client: &mut Client, text: &str, tags: &[&str]) -> String {
    let added = client.call("add_note", json!({"text": text, "tags": tags})).await;
    added.structured()["id"].as_str().expect("an id").to_owned()
}

fn ways() -> impl Iterator<Item = (Transport, Revision)> {
    Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
}

/// Everything that begins like what was typed.
fn all(values: &[&str]) -> Value {
    json!({"values": values, "total": values.len(), "hasMore": false})
}

/// The same of those that were listed, when there are more.
fn some(values: &[&str]) -> Value {
    json!({"values": values, "hasMore": true})
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_those_of_the_tool_that_begin_with_what_was_typed() {
    let server = Server::of(ACME).start();
    add(
        &mut connect(&server, Transport::Http, Revision::V2025_11_25, &server.token("other", &SCOPES)).await,
        "Foreign",
        &["foreign"],
    )
    .await;
    for (transport, revision) in ways() {
        let mut client = account(&server, transport, revision).await;
        let empty = complete(&mut client, "show_note", "note_id", "").await;
        assert_eq!(empty.result()["completion"], all(&[]), "{transport:?}, {revision:?}");

        let zebra = add(&mut client, "Zebra", &["zoo", "stripes"]).await;
        let ant = add(&mut client, "Ant", &["garden", "zoo"]).await;
        let antelope = add(&mut client, "Antelope", &["zoo", "gazelle"]).await;
        let ids = [zebra.as_str(), &ant, &antelope];
        let cases = [
            ("note_id", "", all(&ids)),
            ("note_id", "N", all(&ids)),
            ("note_id", &ant, all(&ids[1..2])),
            ("note_id", "o", all(&[])),
            // Each once, through both lists.
            ("tag", "", all(&["zoo", "stripes", "garden", "gazelle"])),
            ("tag", "GA", all(&["garden", "gazelle"])),
            // The tool lists two, and searches for what was typed.
            ("text", "", some(&["Zebra", "Ant"])),
            ("text", "a", all(&[])),
            ("text", "An", all(&["Ant", "Antelope"])),
            ("text", "Ante", all(&["Antelope"])),
            ("text", "Antelopes of the Serengeti", all(&[])),
        ];
        for (argument, typed, expected) in cases {
            let reply = complete(&mut client, "show_note", argument, typed).await;
            let case = format!("{argument} `{typed}`, {transport:?}, {revision:?}");
            assert_eq!(reply.result()["completion"], expected, "{case}");
        }
    }
    server.wait_for_line(&["operation=\"completion/complete\"", "status=200", "outcome=\"ok\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn at_most_a_hundred_values_are_sent() {
    let server = Server::of(ACME).start();
    let letters = || (b'a'..=b'z').map(char::from);
    let tags: Vec<String> = letters().flat_map(|a| letters().map(move |b| format!("{a}{b}"))).take(51 * 5).collect();
    for transport in Transport::ALL {
        let mut client = account(&server, transport, Revision::V2026_07_28).await;
        let mut ids = Vec::new();
        for tags in tags.chunks(5) {
            let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
            ids.push(add(&mut client, "A note", &tags).await);
        }
        let mut completion = async |argument: &str, typed: &str| {
            complete(&mut client, "show_note", argument, typed).await.result()["completion"].clone()
        };
        // The tool lists fifty notes of fifty-one, with five tags each.
        assert_eq!(completion("note_id", "").await, json!({"values": ids[..50], "hasMore": true}));
        assert_eq!(completion("tag", "").await, json!({"values": tags[..100], "total": 250, "hasMore": true}));
        assert_eq!(completion("tag", "b").await, json!({"values": tags[26..52], "total": 26, "hasMore": false}));
    }
}

#[tokio::test]
async fn what_is_kept_back_is_not_suggested() {
    let server = Server::of(ACME).start();
    let mut client = account(&server, Transport::Http, Revision::V2026_07_28).await;
    add(&mut client, "Bearer 0123456789abcdef", &[]).await;
    add(&mut client, "Bearing", &[]).await;
    let reply = complete(&mut client, "show_note", "text", "Bear").await;
    assert_eq!(reply.result()["completion"], all(&["Bearing"]));
}

#[tokio::test]
async fn what_else_was_filled_in_changes_nothing() {
    let server = Server::of(ACME).start();
    for revision in Revision::ALL {
        let mut client = account(&server, Transport::Http, revision).await;
        let id = add(&mut client, "A note", &[]).await;
        let asked = json!({
            "ref": {"type": "ref/prompt", "name": "show_note"},
            "argument": {"name": "note_id", "value": ""},
            "context": {"arguments": {"text": "Another", "limit": "0"}},
        });
        let reply = client.request("completion/complete", asked).await;
        assert_eq!(reply.result()["completion"], all(&[&id]), "{revision:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_listed_for_callers_who_may_not_have_the_prompt() {
    for (binary, is_shown) in [(ACME, false), (ACME_ALL, true), (ACME_GATED, true)] {
        let server = Server::of(binary).start();
        for held in [&["billing:read"][..], &[]] {
            for revision in Revision::ALL {
                let mut client = holding(&server, held, revision).await;
                let reply = complete(&mut client, "show_note", "note_id", "").await;
                let case = format!("{binary} with {held:?}, {revision:?}");
                if is_shown {
                    assert_denied(&reply, "show_note", "notes:read", held, &case);
                } else {
                    // In the same words as for a prompt that does not exist.
                    let absent = complete(&mut client, "show_tree", "note_id", "").await;
                    assert_eq!(absent.error_data()["reason"], "unknown_prompt", "{case}");
                    assert_eq!(reply.error_message().replace("note", "tree"), absent.error_message(), "{case}");
                }
            }
        }
    }
    let server = Server::of(ACME).start();
    let token = server.token("none", &[]);
    for revision in Revision::ALL {
        let mut client = connect(&server, Transport::Stdio, revision, &token).await;
        let reply = complete(&mut client, "show_note", "note_id", "").await;
        assert_eq!(reply.error_data(), &json!({"reason": "unknown_prompt", "operation": "show_note"}), "{revision:?}");
    }
}

fn assert_failed(reply: &Reply, reason: &str, message: &str, case: &str) {
    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
    assert_eq!(reply.error_code(), Some(-32603), "{case}: {reply:?}");
    assert_eq!(reply.error_message(), message, "{case}");
    assert_eq!(reply.error_data(), &json!({"reason": reason}), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_fails_is_an_error() {
    let server = Server::of(ACME).start();
    let token = server.token("nothing", &[]);
    for (transport, revision) in ways() {
        let mut client = connect(&server, transport, revision, &token).await;
        for (argument, reason, message) in [
            ("fail", "wrong_state", "wrong_state: this tool was asked to fail"),
            (
                "panic",
                "internal",
                "internal: the server failed; its log has the details. \
                 Call again; if it stays, tell whoever runs the server when it happened.",
            ),
        ] {
            let reply = complete(&mut client, "go_wrong", argument, "").await;
            assert_failed(&reply, reason, message, &format!("{argument}, {transport:?}, {revision:?}"));
        }
    }
    server.wait_for_line(&["operation=\"completion/complete\"", "outcome=\"wrong_state\""]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_that_takes_too_long_is_stopped() {
    let server = Server::of(ACME).start();
    let token = server.token("nothing", &[]);
    for transport in Transport::ALL {
        let mut client = connect(&server, transport, Revision::V2025_11_25, &token).await;
        let reply = complete(&mut client, "go_wrong", "hang", "").await;
        let message = "timed_out: The call took longer than 2 seconds and was stopped; nothing was changed. \
                       Ask for less at once.";
        assert_failed(&reply, "timed_out", message, &format!("{transport:?}"));
    }
    server.wait_for_line(&["misbehave was dropped"]);
    server.wait_for_line(&["operation=\"completion/complete\"", "outcome=\"timed_out\""]);
}
