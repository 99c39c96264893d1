//! What the command `audit` prints.

use serde_json::json;
use toolwright_tests::{Client, Revision, Server};

use super::{entries, log};
use crate::{ACME, ACME_LIMITS};

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_what_is_asked_for_the_newest_last() {
    let server = Server::of(ACME).start();
    let (ada, bob) = (server.token("of ada", &["notes:read"]), server.token("of bob", &["notes:read"]));
    for (token, tool) in
        [(&ada, "whoami"), (&bob, "price_notes"), (&ada, "price_notes"), (&ada, "no\u{1b}[2J\u{202e}tool")]
    {
        Client::http(server.url(), Some(token), Revision::V2025_11_25).call(tool, json!({})).await;
    }
    let of_ada = entries(&server, "of ada", 3).await;
    entries(&server, "of bob", 1).await;
    let id = of_ada[0]["credential_id"].as_str().expect("an id");

    let operations = |options: &[&str]| -> Vec<String> {
        let entries = log(&server, options);
        entries.iter().map(|entry| entry["operation"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(operations(&["--token", id, "--limit", "2"]), ["price_notes", "no\u{1b}[2J\u{202e}tool"]);
    assert_eq!(operations(&["--denied"]), ["price_notes", "price_notes"]);
    assert_eq!(operations(&["--denied", "--token", "of bob"]), ["price_notes"]);
    assert_eq!(operations(&["--token", "of nobody"]), [""; 0]);
    assert_eq!(operations(&["--since", "1h"]).len(), operations(&[]).len());

    let table = server.succeed(&["audit", "--token", "of ada"]);
    let rows: Vec<Vec<&str>> =
        table.lines().map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect();
    let header = ["TIME", "VIA", "WHAT", "OPERATION", "WHO", "WHOSE", "VERDICT", "OUTCOME", "MS", "TIMES"];
    assert_eq!(rows[0], header, "{table}");
    let told: Vec<_> = rows[1..].iter().map(|row| row[1..8].join("|")).collect();
    assert_eq!(
        told,
        [
            "command_line|token_created|-|of ada|local|allowed|ok",
            "http|call|whoami|of ada|local|allowed|ok",
            "http|call|price_notes|of ada|local|denied|insufficient_scope",
            // Nothing that a terminal obeys, nor what turns a line around.
            "http|call|no\u{fffd}[2J\u{fffd}tool|of ada|local|allowed|unknown_tool",
        ]
    );
    for arguments in [["audit", "--since", "soon"], ["audit", "--limit", "0"], ["audit", "--format", "yaml"]] {
        assert_eq!(server.command(&arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_in_it_with_whoever_made_them() {
    for server in super::servers("audit_tokens") {
        server.token("made", &["notes:read"]);
        server.revoke("made");
        let events = log(&server, &["--token", "made"]);
        let told: Vec<_> = events
            .iter()
            .map(|event| {
                json!([event["kind"], event["via"], event["credential_name"], event["subject"], event["verdict"]])
            })
            .collect();
        assert_eq!(
            told,
            [
                json!(["token_created", "command_line", "made", "local", "allowed"]),
                json!(["token_revoked", "command_line", "made", "local", "allowed"]),
            ]
        );
        for event in &events {
            assert!(event["operator"].as_str().is_some_and(|operator| !operator.is_empty()), "{event}");
            assert_eq!(event["credential_id"], events[0]["credential_id"]);
        }
        // What the server makes by itself is in it too.
        let first = entries_of_server(&server).await;
        assert_eq!(
            json!([first["kind"], first["credential_name"], first["subject"]]),
            json!(["token_created", "first", "local"])
        );
    }
}

async fn entries_of_server(server: &Server) -> serde_json::Value {
    loop {
        let found = log(server, &["--token", "first"]).into_iter().find(|entry| entry["via"] == "server");
        if let Some(found) = found {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[test]
fn a_server_keeps_it_as_its_manifest_says() {
    let server = Server::of(ACME_LIMITS).start();
    let help = server.succeed(&["audit", "--help"]);
    for option in [
        "--since <TIME>",
        "--token <NAME-OR-ID>",
        "--denied",
        "--limit <NUMBER>",
        "--format <FORMAT>",
        "--database <URL>",
    ] {
        assert!(help.contains(option), "{option}: {help}");
    }
}
