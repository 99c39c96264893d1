//! Who may call what: every tool with every scope, in every revision, over every transport, held
//! against the vendor's own table.

use std::collections::BTreeSet;

use infatica_tools::SERVER;
use serde_json::{Value, json};
use toolwright_tests::{Client, Reply, Revision, Server, Transport, Variables, rows};

const BINARY: &str = env!("CARGO_BIN_EXE_infatica");
const VARIABLES: Variables = Variables { credential: "INFATICA_PAT", gateway: "GATEWAY_BASE_URL" };
const FORBIDDEN: Option<i64> = Some(-31403);
const UNAUTHENTICATED: Option<i64> = Some(-31401);

/// Instead of a scope: to be signed in is enough.
const SESSION: &str = "session";

struct Fact {
    tool: String,
    area: String,
    /// The one scope, or [`SESSION`].
    scope: String,
    access: String,
}

impl Fact {
    fn allows(&self, held: &[&str]) -> bool {
        self.scope == SESSION || held.contains(&self.scope.as_str())
    }
}

fn facts() -> Vec<Fact> {
    let fact = |row: Vec<String>| match <[String; 4]>::try_from(row) {
        Ok([tool, area, scope, access]) => Fact { tool, area, scope, access },
        Err(row) => panic!("a row has four columns: {row:?}"),
    };
    rows("infatica.tsv").into_iter().map(fact).collect()
}

fn scopes() -> Vec<String> {
    rows("infatica-scopes.tsv").into_iter().flatten().collect()
}

/// Arguments that the tool's schema accepts, and that reach no other machine.
fn arguments(tool: &str) -> Value {
    match tool {
        "list_runs"
        | "get_run_stats"
        | "list_schedules"
        | "get_usage_summary"
        | "list_usage_events"
        | "check_balance"
        | "refresh_balance"
        | "get_audit_log"
        | "list_analysis_templates" => json!({}),
        "create_run" => json!({"urls": ["http://127.0.0.1:9/"]}),
        "create_bulk_run" => json!({"engines": ["raw", "text"], "urls": ["http://127.0.0.1:9/"]}),
        "get_bulk_run" | "retry_bulk_run" => json!({"bulk_run_id": "bulk_absent"}),
        "create_schedule" => json!({"urls": ["http://127.0.0.1:9/"], "preset": "monthly", "status": "paused"}),
        "update_schedule" | "delete_schedule" => json!({"schedule_id": "sched_absent"}),
        "retry_item" => json!({"run_id": "run_absent", "item_id": "item_absent"}),
        "get_run" | "retry_run" | "cancel_run" | "export_run" | "get_run_logs" | "create_analysis"
        | "list_analyses" => {
            json!({"run_id": "run_absent"})
        }
        "get_analysis" => json!({"analysis_id": "analysis_absent"}),
        _ => panic!("no arguments for {tool}"),
    }
}

async fn connect(server: &Server, transport: Transport, revision: Revision, token: Option<&str>) -> Client {
    let mut client = Client::of(server, VARIABLES, transport, revision, token);
    client.open().await;
    client
}

#[test]
fn the_manifest_says_what_the_vendor_says() {
    let mut declared: Vec<_> = SERVER
        .tools
        .iter()
        .map(|tool| {
            let group = SERVER.groups.iter().find(|group| group.name == tool.group).expect("a group");
            let scopes: Vec<_> = tool
                .requirement
                .clauses()
                .iter()
                .map(|clause| clause.alternatives().iter().map(|id| SERVER.scopes().get(*id).name.as_ref()).collect())
                .map(|alternatives: Vec<&str>| alternatives.join("|"))
                .collect();
            let access = match tool.access.as_str() {
                "read" => "read-only",
                other => other,
            };
            let scope = if scopes.is_empty() { SESSION.to_owned() } else { scopes.join("+") };
            [tool.name, group.title, &scope, access].map(str::to_owned)
        })
        .collect();
    declared.sort();
    let mut said: Vec<_> = facts().into_iter().map(|f| [f.tool, f.area, f.scope, f.access]).collect();
    said.sort();
    assert_eq!(declared, said);
    let declared: Vec<_> = SERVER.scopes.iter().map(|scope| scope.name.to_string()).collect();
    assert_eq!(declared, scopes());
}

fn assert_allowed(reply: &Reply, case: &str) {
    assert!(reply.body.get("result").is_some(), "{case}: {reply:?}");
    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
}

fn assert_forbidden(reply: &Reply, fact: &Fact, held: &[&str], case: &str) {
    assert_eq!(reply.error_code(), FORBIDDEN, "{case}: {reply:?}");
    assert!(reply.error_message().contains(&fact.scope), "{case}: {reply:?}");
    let data = reply.error_data();
    assert_eq!(data["reason"], "insufficient_scope", "{case}");
    assert_eq!(data["operation"], json!(fact.tool), "{case}");
    assert_eq!(data["missing"], json!([fact.scope]), "{case}");
    assert_eq!(data["held"], json!(held), "{case}");
    assert_eq!(data["create_at"], "Settings → Personal Access Tokens", "{case}");
    if let Some(status) = reply.status {
        assert_eq!(status, 403, "{case}");
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        let scope = format!("scope=\"{}\"", fact.scope);
        assert!(challenge.starts_with("Bearer ") && challenge.contains("error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.contains(&scope), "{case}: {challenge}");
    }
}

fn assert_unauthenticated(reply: &Reply, presented: bool, case: &str) {
    assert_eq!(reply.error_code(), UNAUTHENTICATED, "{case}: {reply:?}");
    assert!(reply.error_message().contains("infpat_"), "{case}: {reply:?}");
    if let Some(status) = reply.status {
        assert_eq!(status, 401, "{case}");
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        assert!(challenge.starts_with("Bearer "), "{case}: {challenge}");
        assert_eq!(challenge.contains("error=\"invalid_token\""), presented, "{case}: {challenge}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_with_every_scope_in_every_revision_on_every_transport() {
    let server = Server::of(BINARY).start();
    let scopes = scopes();
    let all: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut tokens: Vec<(Vec<&str>, String)> = vec![(vec![], server.token("none", &[]))];
    for scope in &all {
        tokens.push((vec![scope], server.token(scope, &[scope])));
    }
    tokens.push((all.clone(), server.token("all", &all)));
    let revoked = server.token("revoked", &["runs:read", "runs:write"]);
    server.revoke("revoked");
    let facts = facts();
    let mut verdicts = 0;
    for transport in Transport::ALL {
        for revision in Revision::ALL {
            for (held, token) in &tokens {
                let mut client = connect(&server, transport, revision, Some(token)).await;
                let listed: BTreeSet<_> = client.list().await.tool_names().into_iter().collect();
                let allowed = facts.iter().filter(|fact| fact.allows(held));
                assert_eq!(listed, allowed.map(|fact| fact.tool.clone()).collect(), "{held:?}");
                for fact in &facts {
                    let case = format!("{} with {held:?}, {revision:?}, {transport:?}", fact.tool);
                    let reply = client.call(&fact.tool, arguments(&fact.tool)).await;
                    if fact.allows(held) {
                        assert_allowed(&reply, &case);
                    } else {
                        assert_forbidden(&reply, fact, held, &case);
                    }
                    verdicts += 1;
                }
            }
            for (token, presented) in [(Some(revoked.as_str()), true), (None, false)] {
                let mut client = connect(&server, transport, revision, token).await;
                for fact in &facts {
                    let case = format!("{} with {token:?}, {revision:?}, {transport:?}", fact.tool);
                    let reply = client.call(&fact.tool, arguments(&fact.tool)).await;
                    assert_unauthenticated(&reply, presented, &case);
                    verdicts += 1;
                }
            }
        }
    }
    assert_eq!(verdicts, 3 * 3 * (1 + scopes.len() + 1 + 2) * facts.len());
}
