//! Every tool × every scope × every revision × every transport, against a table written by hand.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, Transport, promises::assert_kept};

use crate::{ACME, SCOPES, TOOLS, connect};

/// A tool; whether it can be called by a caller who holds one scope only, for each of [`SCOPES`], or
/// none at all; and what it requires.
struct Row {
    tool: &'static str,
    allowed: [u8; 6],
    required: &'static str,
}

const fn row(tool: &'static str, allowed: [u8; 6], required: &'static str) -> Row {
    Row { tool, allowed, required }
}

#[rustfmt::skip]
const TABLE: [Row; 12] = [
    //                        read write admin billing keys none
    row("list_notes",        [1,   1,    1,    0,      0,   0], r#"["notes:read"]"#),
    row("add_note",          [0,   1,    1,    0,      0,   0], r#"["notes:write"]"#),
    row("delete_note",       [0,   1,    1,    0,      0,   0], r#"["notes:write"]"#),
    row("print_note",        [0,   1,    1,    0,      0,   0], r#"["notes:write"]"#),
    row("shred_note",        [0,   1,    1,    0,      0,   0], r#"["notes:write"]"#),
    row("count_notes",       [0,   0,    1,    1,      0,   0], r#"[{"any_of": ["notes:admin", "billing:read"]}]"#),
    row("price_notes",       [0,   0,    0,    0,      0,   0], r#"["notes:read", "billing:read"]"#),
    row("check_notes",       [1,   1,    1,    0,      0,   0], r#"["notes:read"]"#),
    row("whoami",            [1,   1,    1,    1,      1,   1], "[]"),
    row("echo",              [1,   1,    1,    1,      1,   1], "[]"),
    row("misbehave",         [1,   1,    1,    1,      1,   1], "[]"),
    row("misbehave_writing", [1,   1,    1,    1,      1,   1], "[]"),
];

/// Those that a person has to agree to, and nobody does here.
const CONFIRMED: [&str; 2] = ["print_note", "shred_note"];

impl Row {
    fn allows(&self, held: &[&str]) -> bool {
        match held {
            [] => self.allowed[SCOPES.len()] == 1,
            [only] => self.allowed[SCOPES.iter().position(|scope| scope == only).expect("a scope")] == 1,
            // All of them; or the two that only the price needs together.
            held if held.len() == SCOPES.len() || held == ["notes:write", "billing:read"] => true,
            other => panic!("{other:?} has no column"),
        }
    }

    fn missing(&self, held: &[&str]) -> Value {
        let reads = ["notes:read", "notes:write", "notes:admin"].iter().any(|scope| held.contains(scope));
        match self.tool {
            "list_notes" | "check_notes" => json!(["notes:read"]),
            "count_notes" => json!(["notes:admin"]),
            "price_notes" if reads => json!(["billing:read"]),
            "price_notes" if held.contains(&"billing:read") => json!(["notes:read"]),
            "price_notes" => json!(["notes:read", "billing:read"]),
            _ => json!(["notes:write"]),
        }
    }
}

fn arguments(tool: &str) -> Value {
    match tool {
        "add_note" => json!({"text": "x"}),
        "delete_note" | "print_note" | "shred_note" => json!({"note_id": "absent"}),
        "misbehave" | "misbehave_writing" => json!({"how": "fail"}),
        _ => json!({}),
    }
}

fn assert_denied(reply: &Reply, row: &Row, held: &[&str], case: &str) {
    let over_http = reply.status.is_some();
    assert_kept(Promise::MissingScope, reply, case);
    let missing = row.missing(held);
    let required: Value = serde_json::from_str(row.required).expect("JSON");
    let expected = json!({
        "reason": "insufficient_scope",
        "operation": row.tool,
        "required": required,
        "missing": missing,
        "held": held,
        "create_at": "Account → Access Keys",
    });
    assert_eq!(reply.error_data(), &expected, "{case}");
    assert!(reply.body["id"].is_i64(), "{case}: the answer carries the request's id");
    if over_http {
        let names: Vec<_> = missing.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        let start = format!(r#"Bearer error="insufficient_scope", scope="{}", error_description=""#, names.join(" "));
        assert!(challenge.starts_with(&start) && challenge.is_ascii(), "{case}: {challenge}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn every_tool_with_every_scope() {
    assert_eq!(TABLE.each_ref().map(|row| row.tool), TOOLS);
    let server = Server::of(ACME).start();
    let mut held: Vec<Vec<&str>> = vec![vec![], SCOPES.to_vec(), vec!["notes:write", "billing:read"]];
    held.extend(SCOPES.iter().map(|scope| vec![*scope]));
    let mut verdicts = [0; 2];
    for held in &held {
        let token = server.token(&format!("holds {}", held.join("+")), held);
        for (transport, revision) in
            Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
        {
            let mut client = connect(&server, transport, revision, &token).await;
            let listed = client.list().await.tool_names();
            let allowed: Vec<_> = TABLE.iter().filter(|row| row.allows(held)).map(|row| row.tool).collect();
            assert_eq!(listed, allowed, "{held:?}, {transport:?}, {revision:?}");
            for row in &TABLE {
                let case = format!("{} with {held:?}, {transport:?}, {revision:?}", row.tool);
                let reply = client.call(row.tool, arguments(row.tool)).await;
                let allows = row.allows(held);
                verdicts[usize::from(allows)] += 1;
                if allows {
                    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
                    let fails = row.tool.starts_with("misbehave") || CONFIRMED.contains(&row.tool);
                    assert_eq!(reply.is_tool_error(), fails, "{case}: {reply:?}");
                } else {
                    assert_denied(&reply, row, held, &case);
                }
            }
        }
    }
    // By hand: without a scope 4 of 12 are allowed, with all or with two 12, with one 6, 10, 11, 5 and 4.
    assert_eq!(verdicts[1], 9 * (4 + 12 + 12 + 6 + 10 + 11 + 5 + 4));
    assert_eq!(verdicts[0] + verdicts[1], 9 * 8 * 12);
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_revoked_token_calls_nothing() {
    let server = Server::of(ACME).start();
    let token = server.token("gone", &SCOPES);
    server.revoke("gone");
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        let mut client = connect(&server, transport, revision, &token).await;
        for tool in TOOLS {
            let reply = client.call(tool, arguments(tool)).await;
            assert_kept(Promise::RevokedCredential, &reply, tool);
        }
        assert_eq!(client.list().await.error_code(), Some(-31401), "{transport:?}, {revision:?}");
    }
}

#[tokio::test]
async fn what_a_person_is_told() {
    let server = Server::of(ACME).start();
    let token = server.token("reader", &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let reply = client.call("add_note", json!({"text": "x"})).await;
    assert_eq!(
        reply.error_message(),
        "`add_note` needs the scope notes:write, which this Access Key does not hold (it holds: notes:read). \
         Create one that holds what is missing in Account → Access Keys."
    );
    assert_eq!(
        reply.challenge.as_deref(),
        Some(
            "Bearer error=\"insufficient_scope\", scope=\"notes:write\", \
             error_description=\"`add_note` needs the scope notes:write, which this Access Key does not hold \
             (it holds: notes:read). Create one that holds what is missing in Account -> Access Keys.\""
        )
    );
    let token = server.token("nobody", &[]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let reply = client.call("price_notes", json!({})).await;
    let start = "`price_notes` needs the scopes notes:read and billing:read, \
                 which this Access Key does not hold (it holds: none).";
    assert!(reply.error_message().starts_with(start), "{reply:?}");
}

#[tokio::test]
pub(super) async fn a_refused_call_leaves_no_trace_and_its_arguments_are_not_looked_at() {
    let server = Server::of(ACME).start();
    let token = server.token("reader", &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    for arguments in [json!({"text": "x"}), json!({"nonsense": 1})] {
        assert_kept(Promise::MissingScope, &client.call("add_note", arguments).await, "a call that writes");
    }
    assert_eq!(client.call("list_notes", json!({})).await.structured()["notes"], json!([]));
}
