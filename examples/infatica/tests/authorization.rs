//! Who may have what: every tool and every prompt with every scope, in every revision, over every
//! transport, held against the vendor's own table.

use std::collections::BTreeSet;

use infatica_tools::SERVER;
use serde_json::{Value, json};
use toolwright_core::{Clause, Requirement};
use toolwright_tests::{Client, Reply, Revision, Server, Transport, Variables, rows};

const BINARY: &str = env!("CARGO_BIN_EXE_infatica");
const VARIABLES: Variables = Variables { credential: "INFATICA_PAT", gateway: "GATEWAY_BASE_URL" };
const FORBIDDEN: Option<i64> = Some(-31403);
const UNAUTHENTICATED: Option<i64> = Some(-31401);

/// Instead of a scope: to be signed in is enough.
const SESSION: &str = "session";

/// What the vendor says of a tool.
struct ToolFact {
    name: String,
    area: String,
    /// The one scope, or [`SESSION`].
    scope: String,
    access: String,
}

fn tool_facts() -> Vec<ToolFact> {
    let fact = |row: Vec<String>| match <[String; 4]>::try_from(row) {
        Ok([name, area, scope, access]) => ToolFact { name, area, scope, access },
        Err(row) => panic!("a row has four columns: {row:?}"),
    };
    rows("infatica.tsv").into_iter().map(fact).collect()
}

/// What follows for a prompt from the tools that it uses.
struct PromptFact {
    name: String,
    tools: Vec<String>,
    scopes: Vec<String>,
}

fn prompt_facts() -> Vec<PromptFact> {
    let words = |text: &str| text.split('+').filter(|word| *word != SESSION).map(str::to_owned).collect();
    let fact = |row: Vec<String>| match row.as_slice() {
        [name, _, tools, scopes] => PromptFact { name: name.clone(), tools: words(tools), scopes: words(scopes) },
        row => panic!("a row has four columns: {row:?}"),
    };
    rows("infatica-prompts.tsv").into_iter().map(fact).collect()
}

fn scopes() -> Vec<String> {
    rows("infatica-scopes.tsv").into_iter().flatten().collect()
}

/// Arguments that the tool's schema accepts, and that reach no other machine.
fn arguments(tool: &str) -> Value {
    match tool {
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
        "compare_runs" => json!({"run_ids": ["run_absent", "run_other"]}),
        "retry_comparison" => json!({"comparison_id": "comparison_absent"}),
        // The others want none; one that does says so to those only who may call it.
        _ => json!({}),
    }
}

/// Arguments that the prompt accepts.
fn prompt_arguments(prompt: &str) -> Value {
    match prompt {
        "scrape_urls" => json!({"urls": "https://example.com/"}),
        "usage_report" | "check_account" => json!({}),
        "compare_latest" => json!({"type": "urls"}),
        "run_status" => json!({"run_id": "run_absent"}),
        _ => panic!("no arguments for {prompt}"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Tool,
    Prompt,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Tool, Self::Prompt];

    /// The names that a caller is shown.
    async fn listed(self, client: &mut Client) -> BTreeSet<String> {
        let names = match self {
            Self::Tool => client.list().await.tool_names(),
            Self::Prompt => client.request("prompts/list", json!({})).await.prompt_names(),
        };
        names.into_iter().collect()
    }
}

/// What a caller can ask for.
struct Operation {
    kind: Kind,
    name: String,
    /// All of them are needed.
    scopes: Vec<String>,
}

fn operations() -> Vec<Operation> {
    let tool = |ToolFact { name, scope, .. }| {
        let scopes = if scope == SESSION { Vec::new() } else { vec![scope] };
        Operation { kind: Kind::Tool, name, scopes }
    };
    let prompt = |PromptFact { name, scopes, .. }| Operation { kind: Kind::Prompt, name, scopes };
    tool_facts().into_iter().map(tool).chain(prompt_facts().into_iter().map(prompt)).collect()
}

impl Operation {
    fn missing(&self, held: &[&str]) -> Vec<&str> {
        self.scopes.iter().map(String::as_str).filter(|scope| !held.contains(scope)).collect()
    }

    async fn ask(&self, client: &mut Client) -> Reply {
        match self.kind {
            Kind::Tool => client.call(&self.name, arguments(&self.name)).await,
            Kind::Prompt => {
                let params = json!({"name": self.name, "arguments": prompt_arguments(&self.name)});
                client.request("prompts/get", params).await
            }
        }
    }
}

async fn connect(server: &Server, transport: Transport, revision: Revision, token: Option<&str>) -> Client {
    let mut client = Client::of(server, VARIABLES, transport, revision, token);
    client.open().await;
    client
}

/// A requirement's scopes, all of which are needed.
fn scopes_of(requirement: &Requirement) -> Vec<String> {
    let clause = |clause: &Clause| match clause.alternatives() {
        [only] => SERVER.scopes().get(*only).name.to_string(),
        several => panic!("no tool has alternatives: {several:?}"),
    };
    requirement.clauses().iter().map(clause).collect()
}

#[test]
fn the_manifest_says_what_the_vendor_says() {
    let mut declared: Vec<_> = SERVER
        .tools
        .iter()
        .map(|tool| {
            let group = SERVER.groups.iter().find(|group| group.name == tool.group).expect("a group");
            let access = match tool.access.as_str() {
                "read" => "read-only",
                other => other,
            };
            let scopes = scopes_of(&tool.requirement);
            let scope = if scopes.is_empty() { SESSION.to_owned() } else { scopes.join("+") };
            [tool.name, group.title, &scope, access].map(str::to_owned)
        })
        .collect();
    declared.sort();
    let mut said: Vec<_> = tool_facts().into_iter().map(|f| [f.name, f.area, f.scope, f.access]).collect();
    let mut areas: Vec<String> = Vec::new();
    for [_, area, ..] in &said {
        if !areas.contains(area) {
            areas.push(area.clone());
        }
    }
    said.sort();
    assert_eq!(declared, said);
    assert_eq!(SERVER.groups.iter().map(|group| group.title).collect::<Vec<_>>(), areas);
    let declared: Vec<_> = SERVER.scopes.iter().map(|scope| scope.name.to_string()).collect();
    assert_eq!(declared, scopes());
}

#[test]
fn a_prompt_needs_what_its_tools_need() {
    let tools = tool_facts();
    let facts = prompt_facts();
    assert_eq!(
        SERVER.prompts.iter().map(|prompt| prompt.name).collect::<Vec<_>>(),
        facts.iter().map(|fact| fact.name.as_str()).collect::<Vec<_>>()
    );
    for (prompt, fact) in SERVER.prompts.iter().zip(&facts) {
        assert_eq!(prompt.uses, fact.tools, "{}", fact.name);
        assert_eq!(scopes_of(&prompt.requirement), fact.scopes, "{}", fact.name);
        let used = tools.iter().filter(|tool| fact.tools.contains(&tool.name) && tool.scope != SESSION);
        let needed: BTreeSet<&String> = used.map(|tool| &tool.scope).collect();
        assert_eq!(needed, fact.scopes.iter().collect(), "{}", fact.name);
    }
}

fn assert_allowed(reply: &Reply, case: &str) {
    assert!(reply.body.get("result").is_some(), "{case}: {reply:?}");
    assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
}

fn assert_forbidden(reply: &Reply, operation: &Operation, held: &[&str], case: &str) {
    let missing = operation.missing(held);
    assert_eq!(reply.error_code(), FORBIDDEN, "{case}: {reply:?}");
    assert!(reply.error_message().contains(&missing.join(" and ")), "{case}: {reply:?}");
    let expected = json!({
        "reason": "insufficient_scope",
        "operation": operation.name,
        "required": operation.scopes,
        "missing": missing,
        "held": held,
        "create_at": "Settings → Personal Access Tokens",
    });
    assert_eq!(*reply.error_data(), expected, "{case}");
    if let Some(status) = reply.status {
        assert_eq!(status, 403, "{case}");
        let challenge = reply.challenge.as_deref().unwrap_or_default();
        let start = format!("Bearer error=\"insufficient_scope\", scope=\"{}\", ", missing.join(" "));
        assert!(challenge.starts_with(&start), "{case}: {challenge}");
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
async fn everything_with_every_scope_in_every_revision_on_every_transport() {
    let server = Server::of(BINARY).start();
    let scopes = scopes();
    let all: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let mut tokens: Vec<(Vec<&str>, String)> = vec![(vec![], server.token("none", &[]))];
    for scope in &all {
        tokens.push((vec![scope], server.token(scope, &[scope])));
    }
    tokens.push((all.clone(), server.token("all", &all)));
    let revoked = server.token("revoked", &all);
    server.revoke("revoked");
    let operations = operations();
    let mut verdicts = 0;
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| Revision::ALL.map(|revision| (transport, revision)))
    {
        for (held, token) in &tokens {
            let case = format!("{held:?}, {revision:?}, {transport:?}");
            let mut client = connect(&server, transport, revision, Some(token)).await;
            for kind in Kind::ALL {
                let of_kind = operations.iter().filter(|operation| operation.kind == kind);
                let allowed = of_kind.filter(|operation| operation.missing(held).is_empty());
                let allowed: BTreeSet<_> = allowed.map(|operation| operation.name.clone()).collect();
                assert_eq!(kind.listed(&mut client).await, allowed, "{kind:?} with {case}");
            }
            for operation in &operations {
                let case = format!("{} with {case}", operation.name);
                let reply = operation.ask(&mut client).await;
                if operation.missing(held).is_empty() {
                    assert_allowed(&reply, &case);
                } else {
                    assert_forbidden(&reply, operation, held, &case);
                }
                verdicts += 1;
            }
        }
        for (token, presented) in [(Some(revoked.as_str()), true), (None, false)] {
            let case = format!("{token:?}, {revision:?}, {transport:?}");
            let mut client = connect(&server, transport, revision, token).await;
            for list in ["tools/list", "prompts/list"] {
                assert_unauthenticated(
                    &client.request(list, json!({})).await,
                    presented,
                    &format!("{list} with {case}"),
                );
            }
            for operation in &operations {
                let reply = operation.ask(&mut client).await;
                assert_unauthenticated(&reply, presented, &format!("{} with {case}", operation.name));
                verdicts += 1;
            }
        }
    }
    assert_eq!(verdicts, 3 * 3 * (1 + scopes.len() + 1 + 2) * operations.len());
}
