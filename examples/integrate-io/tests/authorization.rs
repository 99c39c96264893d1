//! Who may have what: every tool with every scope and every account, in every revision, over HTTP and
//! stdio, held against the facts of the vendor's page.

use std::collections::BTreeSet;

use integrate_io_tools::SERVER;
use serde_json::{Value, json};
use toolwright_core::{Clause, Requirement};
use toolwright_tests::{Client, Reply, Revision, Server, Transport, Variables, rows};

const BINARY: &str = env!("CARGO_BIN_EXE_integrate-io");
const USER: &str = "ada@example.com";
const TRANSPORTS: [Transport; 2] = [Transport::Http, Transport::Stdio];
/// The manifest declares no gateway.
const VARIABLES: Variables = Variables { credential: "INTEGRATE_IO_TOKEN", gateway: "" };
const UNAUTHENTICATED: i64 = -31401;
const FORBIDDEN: i64 = -31403;
const NOT_FOUND: i64 = -31404;

/// What the vendor says of a tool.
struct ToolFact {
    name: String,
    area: String,
    scope: String,
    access: String,
}

fn tool_facts() -> Vec<ToolFact> {
    let fact = |row: Vec<String>| match <[String; 4]>::try_from(row) {
        Ok([name, area, scope, access]) => ToolFact { name, area, scope, access },
        Err(row) => panic!("a row has four columns: {row:?}"),
    };
    rows("integrate-io.tsv").into_iter().map(fact).collect()
}

/// Arguments that the tool's schema accepts, and that name nothing that exists.
fn arguments(tool: &str) -> Value {
    const ABSENT: i64 = 999_999_999;
    match tool {
        "get_package" | "validate_package" | "clone_package" | "run_package" => json!({"package_id": ABSENT}),
        "get_connection" | "discover_schema" | "test_connection" => json!({"connection_id": ABSENT}),
        "preview_data" => json!({"connection_id": ABSENT, "table": "orders"}),
        "search_all" => json!({"query": "orders"}),
        "get_run" | "explain_job_failure" | "cancel_job" | "retry_job" => json!({"run_id": ABSENT}),
        "get_schedule" => json!({"schedule_id": ABSENT}),
        "toggle_schedule" => json!({"schedule_id": ABSENT, "enabled": false}),
        "update_package_components" => {
            json!({"package_id": ABSENT, "components": [{"component_name": "large", "updates": {"condition": "TRUE"}}]})
        }
        // The others list, and want nothing.
        _ => json!({}),
    }
}

/// The accounts, as the user sees them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Account {
    /// A member of it, and the feature is enabled.
    Own,
    /// The same by its number.
    OwnById,
    /// A member of it, and the feature is not enabled.
    Disabled,
    /// Not a member of it, and the feature is enabled.
    Foreign,
    /// Not a member of it, and the feature is not enabled.
    ForeignDisabled,
    /// There is none.
    Unknown,
}

impl Account {
    const ALL: [Self; 6] =
        [Self::Own, Self::OwnById, Self::Disabled, Self::Foreign, Self::ForeignDisabled, Self::Unknown];

    /// As a URL or the environment names it.
    fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::OwnById => "501",
            Self::Disabled => "disabled",
            Self::Foreign => "foreign",
            Self::ForeignDisabled => "foreign-disabled",
            Self::Unknown => "unknown",
        }
    }
}

/// What a request shows for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    Nothing,
    Revoked,
    Scopes(&'static [&'static str]),
}

impl Credential {
    const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Revoked,
        Self::Scopes(&[]),
        Self::Scopes(&["read"]),
        Self::Scopes(&["write"]),
        Self::Scopes(&["read", "write"]),
    ];

    fn token(self, server: &Server) -> Option<String> {
        let of = |name: &str, scopes: &[&str]| Some(server.token_of_user(USER, name, scopes));
        match self {
            Self::Nothing => None,
            Self::Revoked => {
                let token = of("revoked", &["read", "write"]);
                server.revoke("revoked");
                token
            }
            Self::Scopes(scopes) => of(&format!("holds {}", scopes.join(" and ")), scopes),
        }
    }
}

/// What is to come of a request, in the order in which it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unauthenticated {
        presented: bool,
    },
    UnknownAccount,
    ForeignAccount,
    FeatureDisabled,
    /// The scope that is missing.
    Forbidden(&'static str),
    Allowed,
}

/// `scope` is what is asked for; a list asks for none.
fn verdict(credential: Credential, account: Account, scope: Option<&str>) -> Verdict {
    let held = match credential {
        Credential::Nothing => return Verdict::Unauthenticated { presented: false },
        Credential::Revoked => return Verdict::Unauthenticated { presented: true },
        Credential::Scopes(held) => held,
    };
    match account {
        Account::Unknown => Verdict::UnknownAccount,
        Account::Foreign | Account::ForeignDisabled => Verdict::ForeignAccount,
        Account::Disabled => Verdict::FeatureDisabled,
        // `write` covers `read`.
        Account::Own | Account::OwnById => match scope {
            Some("read") if held.is_empty() => Verdict::Forbidden("read"),
            Some("write") if !held.contains(&"write") => Verdict::Forbidden("write"),
            _ => Verdict::Allowed,
        },
    }
}

impl Verdict {
    /// HTTP status, JSON-RPC code, and the reason in the answer's data.
    fn refusal(self) -> Option<(u16, i64, &'static str)> {
        Some(match self {
            Self::Unauthenticated { presented: false } => (401, UNAUTHENTICATED, "missing_credential"),
            Self::Unauthenticated { presented: true } => (401, UNAUTHENTICATED, "unknown_credential"),
            Self::UnknownAccount => (404, NOT_FOUND, "unknown_account"),
            Self::ForeignAccount => (403, FORBIDDEN, "foreign_account"),
            Self::FeatureDisabled => (403, FORBIDDEN, "feature_disabled"),
            Self::Forbidden(_) => (403, FORBIDDEN, "insufficient_scope"),
            Self::Allowed => return None,
        })
    }

    fn assert(self, reply: &Reply, case: &str) {
        let Some((status, code, reason)) = self.refusal() else {
            assert!(reply.body.get("result").is_some(), "{case}: {reply:?}");
            assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
            return;
        };
        assert_eq!(reply.error_code(), Some(code), "{case}: {reply:?}");
        assert_eq!(reply.error_data()["reason"], reason, "{case}: {reply:?}");
        assert!(reply.body.get("result").is_none(), "{case}: {reply:?}");
        match self {
            Self::FeatureDisabled => {
                let message = reply.error_message();
                assert!(message.contains("PTP MCP server is not enabled for this account"), "{case}: {message}");
                assert!(message.contains("Contact Integrate.io support"), "{case}: {message}");
            }
            Self::Forbidden(missing) => assert_eq!(reply.error_data()["missing"], json!([missing]), "{case}"),
            _ => {}
        }
        if let Some(over_http) = reply.status {
            assert_eq!(over_http, status, "{case}: {reply:?}");
            let challenge = reply.challenge.as_deref().unwrap_or_default();
            let challenged = match self {
                Self::Unauthenticated { .. } => challenge.starts_with("Bearer "),
                Self::Forbidden(missing) => {
                    challenge.starts_with(&format!("Bearer error=\"insufficient_scope\", scope=\"{missing}\", "))
                }
                _ => !challenge.contains("insufficient_scope"),
            };
            assert!(challenged, "{case}: {challenge}");
        }
    }
}

/// A server with the accounts, and the user.
fn populated() -> Server {
    let server = Server::of(BINARY).start();
    for (subdomain, id) in [("own", "501"), ("disabled", "502"), ("foreign", "503"), ("foreign-disabled", "504")] {
        server.succeed(&["account", "create", "--subdomain", subdomain, "--name", subdomain, "--id", id]);
        if !subdomain.ends_with("disabled") {
            server.succeed(&["account", "enable", subdomain, "ptp_mcp_server"]);
        }
    }
    server.user(USER, &["own", "disabled"]);
    server
}

async fn connect(
    server: &Server,
    transport: Transport,
    revision: Revision,
    account: Account,
    token: Option<&str>,
) -> Client {
    let mut client = Client::about(server, account.name(), VARIABLES, transport, revision, token);
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
    let declared: BTreeSet<_> = SERVER
        .tools
        .iter()
        .map(|tool| {
            let group = SERVER.groups.iter().find(|group| group.name == tool.group).expect("a group");
            let access = match tool.access.as_str() {
                "read" => "read-only",
                other => other,
            };
            [tool.name, group.title, &scopes_of(&tool.requirement).join("+"), access].map(str::to_owned)
        })
        .collect();
    let facts = tool_facts();
    let mut areas: Vec<&str> = facts.iter().map(|fact| fact.area.as_str()).collect();
    areas.dedup();
    assert_eq!(SERVER.groups.iter().map(|group| group.title).collect::<Vec<_>>(), areas);
    assert_eq!((facts.len(), SERVER.tools.len()), (22, 22));
    assert_eq!(declared, facts.into_iter().map(|f| [f.name, f.area, f.scope, f.access]).collect());
    let declared: Vec<_> = SERVER.scopes.iter().map(|scope| scope.name.to_string()).collect();
    assert_eq!(declared, rows("integrate-io-scopes.tsv").into_iter().flatten().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_with_every_scope_and_account_in_every_revision() {
    let server = populated();
    let facts = tool_facts();
    let tokens = Credential::ALL.map(|credential| (credential, credential.token(&server)));
    let mut verdicts = 0;
    for (transport, revision) in TRANSPORTS.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision))) {
        for (credential, token) in &tokens {
            for account in Account::ALL {
                let case = format!("{credential:?}, {account:?}, {revision:?}, {transport:?}");
                let mut client = connect(&server, transport, revision, account, token.as_deref()).await;
                let list = client.list().await;
                let expected = verdict(*credential, account, None);
                expected.assert(&list, &format!("tools/list with {case}"));
                if expected == Verdict::Allowed {
                    let allowed = facts
                        .iter()
                        .filter(|fact| verdict(*credential, account, Some(&fact.scope)) == Verdict::Allowed);
                    let allowed: BTreeSet<_> = allowed.map(|fact| fact.name.clone()).collect();
                    assert_eq!(list.tool_names().into_iter().collect::<BTreeSet<_>>(), allowed, "{case}");
                }
                for ToolFact { name, scope, .. } in &facts {
                    let reply = client.call(name, arguments(name)).await;
                    verdict(*credential, account, Some(scope)).assert(&reply, &format!("{name} with {case}"));
                    verdicts += 1;
                }
            }
        }
    }
    assert_eq!(verdicts, 2 * 3 * Credential::ALL.len() * Account::ALL.len() * 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_is_gone_on_the_next_request() {
    type Change = &'static [&'static str];
    const CHANGES: &[(Change, Account, Verdict)] = &[
        (&["account", "disable", "own", "ptp_mcp_server"], Account::Own, Verdict::FeatureDisabled),
        (&["account", "enable", "own", "ptp_mcp_server"], Account::Own, Verdict::Allowed),
        (&["account", "remove-member", "own", "ada@example.com"], Account::Own, Verdict::ForeignAccount),
        (&["account", "add-member", "own", "ada@example.com"], Account::Own, Verdict::Allowed),
        (&["account", "enable", "disabled", "ptp_mcp_server"], Account::Disabled, Verdict::Allowed),
        (&["account", "remove-member", "disabled", "ada@example.com"], Account::Disabled, Verdict::ForeignAccount),
        (&["account", "delete", "disabled"], Account::Disabled, Verdict::UnknownAccount),
        (&["user", "delete", "ada@example.com"], Account::Own, Verdict::Unauthenticated { presented: true }),
    ];
    let server = populated();
    let token = Credential::Scopes(&["read"]).token(&server);
    let mut clients = Vec::new();
    for account in [Account::Own, Account::Disabled] {
        for transport in TRANSPORTS {
            let client = connect(&server, transport, Revision::V2026_07_28, account, token.as_deref()).await;
            clients.push((account, transport, client));
        }
    }
    for (change, about, expected) in CHANGES {
        server.succeed(change);
        for (account, transport, client) in &mut clients {
            if account == about {
                let reply = client.call("list_workspaces", json!({})).await;
                expected.assert(&reply, &format!("{} over {transport:?}", change.join(" ")));
            }
        }
    }
}
