//! The audit log: what is in it of each request, what never is, for how long it is kept, and that no call waits for it.

mod command;
mod kept;
mod refused;
mod secrets;
mod stalled;

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, SqliteConnection};
use toolwright_tests::{Client, Postgres, Reply, Revision, Server, Transport};

use crate::{ACME, ACME_LIMITS, PREFIX, VARIABLES, database, postgres};

/// How long something may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server on each kind of database that is there; each is asked the same.
fn servers(name: &str) -> Vec<Server> {
    let shared = postgres::new_database(name).map(|(_, url)| postgres::instance(&url).start());
    [Some(Server::of(ACME).start()), shared].into_iter().flatten().collect()
}

/// Runs a statement behind a server's back.
pub(crate) async fn change(server: &Server, shared: Option<&str>, statement: &str) {
    if let Some(name) = shared {
        let postgres = Postgres::shared().expect("it was there before");
        postgres.sql(name, &format!("SET search_path TO toolwright; {statement}"));
        return;
    }
    let mut database: SqliteConnection = database(server).await;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut database).await.expect("a statement");
}

/// What the log says, the oldest first.
pub(crate) fn log(server: &Server, options: &[&str]) -> Vec<Value> {
    let limit: &[&str] = if options.contains(&"--limit") { &[] } else { &["--limit", "100000"] };
    let command = [&["audit", "--format", "json"], limit, options].concat();
    let lines = server.succeed(&command);
    lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The same of one token, once there are so many entries.
async fn entries(server: &Server, token: &str, number: usize) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut entries = log(server, &["--token", token]);
        entries.retain(|entry| entry["kind"] != "token_created");
        if entries.len() >= number {
            return entries;
        }
        assert!(Instant::now() < deadline, "{number} are expected: {entries:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// A request, and what the log says of it, if it says anything: kind, operation, verdict, outcome, HTTP status and arguments.
type Case = (&'static str, Value, Option<(&'static str, &'static str, &'static str, &'static str, u16, Value)>);

fn cases() -> Vec<Case> {
    let call = |tool: &str, arguments: Value| json!({"name": tool, "arguments": arguments});
    let complete = |prompt: &str, argument: &str| json!({"ref": {"type": "ref/prompt", "name": prompt}, "argument": {"name": argument, "value": ""}});
    let (none, red) = (Value::Null, json!({"color": "red"}));
    vec![
        ("tools/list", json!({}), None),
        ("prompts/list", json!({}), None),
        (
            "tools/call",
            call("list_notes", red.clone()),
            Some(("call", "list_notes", "allowed", "ok", 200, red.clone())),
        ),
        ("tools/call", json!({"name": "whoami"}), Some(("call", "whoami", "allowed", "ok", 200, none.clone()))),
        (
            "tools/call",
            call("misbehave", json!({"how": "fail"})),
            Some(("call", "misbehave", "allowed", "wrong_state", 200, json!({"how": "fail"}))),
        ),
        (
            "tools/call",
            call("list_notes", json!({"limit": "all"})),
            Some(("call", "list_notes", "allowed", "invalid_arguments", 200, json!({"limit": "all"}))),
        ),
        (
            "tools/call",
            call("price_notes", json!({})),
            Some(("call", "price_notes", "denied", "insufficient_scope", 403, json!({}))),
        ),
        (
            "tools/call",
            call("print_note", json!({"note_id": "n1"})),
            Some(("call", "print_note", "allowed", "not_confirmed", 200, json!({"note_id": "n1"}))),
        ),
        (
            "tools/call",
            call("no\u{0}such_tool", red.clone()),
            Some(("call", "no\u{fffd}such_tool", "allowed", "unknown_tool", 200, none.clone())),
        ),
        (
            "tools/call",
            json!({"name": "whoami", "arguments": []}),
            Some(("call", "whoami", "allowed", "invalid_params", 400, none.clone())),
        ),
        (
            "prompts/get",
            call("show_note", json!({"note_id": "n1"})),
            Some(("prompt", "show_note", "allowed", "ok", 200, json!({"note_id": "n1"}))),
        ),
        (
            "prompts/get",
            call("no_such_prompt", red),
            Some(("prompt", "no_such_prompt", "allowed", "unknown_prompt", 200, none.clone())),
        ),
        ("completion/complete", complete("review_notes", "color"), None),
        (
            "completion/complete",
            complete("show_note", "note_id"),
            Some(("completion", "completion/complete", "allowed", "ok", 200, none.clone())),
        ),
        ("resources/list", json!({}), None),
        ("resources/templates/list", json!({}), None),
        (
            "resources/read",
            json!({"uri": "acme://guide"}),
            Some(("resource", "guide", "allowed", "ok", 200, json!({"uri": "acme://guide"}))),
        ),
        (
            "resources/read",
            json!({"uri": "acme://notes/red"}),
            Some(("resource", "colored_notes", "allowed", "ok", 200, json!({"uri": "acme://notes/red"}))),
        ),
        (
            "resources/read",
            json!({"uri": "acme://notes/pink"}),
            Some((
                "resource",
                "colored_notes",
                "allowed",
                "invalid_arguments",
                200,
                json!({"uri": "acme://notes/pink"}),
            )),
        ),
        (
            "resources/read",
            json!({"uri": "acme://mishaps/fail"}),
            Some(("resource", "mishap", "allowed", "wrong_state", 200, json!({"uri": "acme://mishaps/fail"}))),
        ),
        (
            "resources/read",
            json!({"uri": "acme://prices"}),
            Some(("resource", "prices", "denied", "insufficient_scope", 403, json!({"uri": "acme://prices"}))),
        ),
        (
            "resources/read",
            json!({"uri": "acme://nothing"}),
            Some(("resource", "resources/read", "allowed", "unknown_resource", 200, none.clone())),
        ),
        ("tasks/list", json!({}), Some(("request", "tasks/list", "allowed", "unknown_method", 200, none))),
    ]
}

/// The same of an entry.
fn told(entry: &Value) -> Value {
    json!([
        entry["kind"],
        entry["operation"],
        entry["verdict"],
        entry["outcome"],
        entry["status"],
        entry["arguments"],
        entry["count"],
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_that_does_something_is_in_it() {
    for server in servers("audit_requests") {
        // A process of its own would open another database than the server's.
        let is_shared = server.folder().join("data/acme.db").exists();
        let transports =
            if is_shared { vec![Transport::Http, Transport::Stdio, Transport::Gateway] } else { vec![Transport::Http] };
        for transport in transports {
            let name = format!("of {transport:?}");
            let token = server.token_for("ada", &name, &["notes:write"]);
            let started = jiff::Timestamp::now();
            let mut client = Client::of(&server, VARIABLES, transport, Revision::V2025_11_25, Some(&token));
            client.open().await;
            let mut expected = Vec::new();
            for (method, params, told) in cases() {
                client.request(method, params).await;
                expected.extend(told.map(|(kind, operation, verdict, outcome, status, arguments)| {
                    let status = (transport != Transport::Stdio).then_some(status);
                    json!([kind, operation, verdict, outcome, status, arguments, 1])
                }));
            }
            let entries = entries(&server, &name, expected.len()).await;
            assert_eq!(entries.iter().map(told).collect::<Vec<_>>(), expected, "{transport:?}");
            let via = if transport == Transport::Stdio { "stdio" } else { "http" };
            for entry in &entries {
                let text = |key: &str| entry[key].as_str().unwrap_or_default();
                assert_eq!((text("via"), text("credential_name"), text("subject")), (via, name.as_str(), "ada"));
                assert!(text("credential_id").starts_with("tok_"), "{entry}");
                let at: jiff::Timestamp = text("at").parse().expect("a time");
                assert!(started <= at && at <= jiff::Timestamp::now(), "{entry}");
                for size in ["request_bytes", "response_bytes"] {
                    assert!(entry[size].as_u64().is_some_and(|size| size > 40), "{entry}");
                }
                assert!(entry["microseconds"].as_u64().is_some_and(|took| took < 20_000_000), "{entry}");
                assert!(!entry.to_string().contains(&token), "{entry}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_is_in_it_as_it_was_answered_and_as_it_ended() {
    for server in servers("audit_late") {
        let token = server.token("patient", &["notes:write"]);
        let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
        client.call("misbehave_writing", json!({"how": "block"})).await;
        let patient = entries(&server, "patient", 2).await;
        let outcomes: Vec<_> = patient.iter().map(|entry| json!([entry["kind"], entry["outcome"]])).collect();
        // Both began at the same time, more or less.
        assert!(outcomes.contains(&json!(["call", "outcome_unknown"])), "{patient:#?}");
        assert!(outcomes.contains(&json!(["call_ended", "ok"])), "{patient:#?}");

        let token = server.token("impatient", &["notes:write"]);
        let url = server.url().to_owned();
        let waiting = tokio::spawn(async move {
            let mut client = Client::http(&url, Some(&token), Revision::V2025_11_25);
            client.call("misbehave_writing", json!({"how": "block", "text": "hurry"})).await
        });
        let deadline = Instant::now() + PATIENCE;
        while server.log().matches("misbehave_writing began").count() < 2 {
            assert!(Instant::now() < deadline, "it did not begin");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        waiting.abort();
        let impatient = entries(&server, "impatient", 2).await;
        let outcomes: Vec<_> = impatient.iter().map(|entry| json!([entry["kind"], entry["outcome"]])).collect();
        assert!(outcomes.contains(&json!(["call", "caller_gone"])), "{impatient:#?}");
        assert!(outcomes.contains(&json!(["call_ended", "ok"])), "{impatient:#?}");
        for entry in patient.iter().chain(&impatient).filter(|entry| entry["kind"] == "call_ended") {
            assert!(entry["microseconds"].as_u64().is_some_and(|took| took >= 2_500_000), "{entry}");
            assert_eq!(entry["operation"], "misbehave_writing");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_that_repeat_are_counted() {
    let server = Server::of(ACME_LIMITS).start();
    let token = server.token("hasty", &["notes:read"]);
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    let mut refused = 0;
    for _ in 0..60 {
        let reply: Reply = client.call("whoami", json!({})).await;
        refused += u64::from(reply.status == Some(429));
    }
    assert!(refused > 20);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let denied = log(&server, &["--token", "hasty", "--denied"]);
        let told: Vec<_> =
            denied.iter().map(|entry| json!([entry["kind"], entry["outcome"], entry["status"]])).collect();
        assert!(told.iter().all(|told| *told == json!(["call", "too_many_calls", 429])), "{denied:#?}");
        let counted: u64 = denied.iter().filter_map(|entry| entry["count"].as_u64()).sum();
        if counted == refused {
            assert!(denied.len() < 20, "{}", denied.len());
            return;
        }
        assert!(counted < refused && Instant::now() < deadline, "{refused} were refused: {denied:#?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_good_credential_is_counted_only() {
    for mut server in servers("audit_unknown") {
        let unknown = format!("{PREFIX}{}", "0".repeat(40));
        for (token, times) in [(Some(unknown.as_str()), 7), (None, 3)] {
            for _ in 0..times {
                Client::http(server.url(), token, Revision::V2026_07_28).call("whoami", json!({})).await;
            }
        }
        server.terminate();
        assert!(server.wait(PATIENCE).success());
        let mut denied: Vec<_> = log(&server, &["--denied"]);
        denied.sort_by_key(|entry| entry["outcome"].to_string());
        let denied: Vec<_> = denied
            .iter()
            .map(|entry| {
                json!([
                    entry["kind"],
                    entry["via"],
                    entry["outcome"],
                    entry["status"],
                    entry["count"],
                    entry["subject"]
                ])
            })
            .collect();
        assert_eq!(
            denied,
            [
                json!(["request", "http", "missing_credential", 401, 3, null]),
                json!(["request", "http", "unknown_credential", 401, 7, null]),
            ]
        );
    }
}
