//! Who may have what: every tool with every kind of key and every project that a call can name, over HTTP and stdio,
//! through the real API behind the server.

use std::collections::BTreeSet;

use inference_tools::SERVER;
use serde_json::{Value, json};
use toolwright_core::{Clause, Requirement};
use toolwright_tests::{Client, Reply, Revision, Server, Transport, Variables, rows};

const BINARY: &str = env!("CARGO_BIN_EXE_inference");
/// The manifest declares no gateway.
const VARIABLES: Variables = Variables { credential: "INFERENCE_API_KEY", gateway: "" };
const UNAUTHENTICATED: i64 = -31401;
const FORBIDDEN: i64 = -31403;

/// Every way to the server that its clients use, and each revision on one of them.
const WAYS: [(Transport, Revision); 4] = [
    (Transport::Http, Revision::V2025_06_18),
    (Transport::Http, Revision::V2025_11_25),
    (Transport::Http, Revision::V2026_07_28),
    (Transport::Stdio, Revision::V2025_11_25),
];

/// What is said of a tool by hand.
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
    rows("inference.tsv").into_iter().map(fact).collect()
}

/// Arguments that the tool's schema accepts, and that name nothing that exists.
fn arguments(tool: &str) -> Value {
    const TRACE: &str = "ffffffffffffffffffffffffffffffff";
    const SPAN: &str = "ffffffffffffffff";
    match tool {
        "get_inference" => json!({"inference_id": format!("{TRACE}-{SPAN}")}),
        "get_trace" => json!({"trace_id": TRACE}),
        "get_span" => json!({"trace_id": TRACE, "span_id": SPAN}),
        "get_dataset" | "launch_training_job" => json!({"dataset_id": "absent"}),
        "create_dataset" => json!({"name": "Nobody's", "agent": "absent"}),
        "get_rubric" => json!({"rubric_id": "absent"}),
        "create_rubric" => json!({"name": "Polite", "checks": [{"type": "contains", "text": "please"}]}),
        "get_eval" => json!({"eval_id": "absent"}),
        "run_eval" => json!({"dataset_id": "absent", "rubric_id": "absent"}),
        "get_training_job" | "cancel_training_job" => json!({"training_job_id": "absent"}),
        "create_deployment" => json!({"name": "Nobody's", "model_id": "absent"}),
        "get_deployment" | "update_deployment" => json!({"deployment_id": "absent"}),
        "get_halo_report" => json!({"conversation_id": "absent"}),
        "get_halo_run" => json!({"run_id": "absent"}),
        "run_halo" => json!({"agent": "absent"}),
        "create_halo_schedule" => json!({"agent": "absent", "cron": "0 9 * * *"}),
        "pause_halo_schedule" | "resume_halo_schedule" | "archive_halo_schedule" => json!({"schedule_id": "absent"}),
        // The others list, and want nothing.
        _ => json!({}),
    }
}

/// What a request shows for a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Credential {
    Nothing,
    Revoked,
    /// Reads the one project that it reaches.
    Reading,
    /// Writes to the one project that it reaches.
    Writing,
    /// Reads the first project, which is its default, and writes to the second.
    Both,
    /// The same without a default.
    Undecided,
}

/// The projects of the key's team.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Project {
    First,
    Second,
}

impl Credential {
    const ALL: [Self; 6] = [Self::Nothing, Self::Revoked, Self::Reading, Self::Writing, Self::Both, Self::Undecided];

    /// Makes it, where it has to be made.
    fn key(self, server: &Server) -> Option<String> {
        let create = |grants: &[&str]| {
            let name = format!("{self:?}");
            let words: Vec<&str> = ["key", "create", "--team", "Demo", "--name", &name]
                .into_iter()
                .chain(grants.iter().copied())
                .collect();
            server.succeed(&words)
        };
        match self {
            Self::Nothing => None,
            Self::Revoked => {
                let key = create(&["--write", "demo"]);
                self.revoke(server);
                Some(key)
            }
            Self::Reading => Some(create(&["--read", "demo"])),
            Self::Writing => Some(create(&["--write", "demo"])),
            Self::Both => Some(create(&["--read", "demo", "--write", "second", "--default", "demo"])),
            Self::Undecided => Some(create(&["--read", "demo", "--write", "second"])),
        }
    }

    fn revoke(self, server: &Server) {
        let keys = server.succeed(&["key", "list"]);
        let row = keys.lines().find(|row| row.contains(&format!("{self:?}"))).expect("the key's row");
        server.succeed(&["key", "revoke", row.split_whitespace().next().expect("an id")]);
    }

    /// Whether it writes to a project, of those that it reaches.
    fn writes_to(self, project: Project) -> Option<bool> {
        match (self, project) {
            (Self::Reading | Self::Both | Self::Undecided, Project::First) => Some(false),
            (Self::Writing, Project::First) | (Self::Both | Self::Undecided, Project::Second) => Some(true),
            _ => None,
        }
    }

    /// The project that a call is about which names none.
    fn decided(self) -> Option<Project> {
        (self != Self::Undecided).then_some(Project::First)
    }
}

/// What a call names as its project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Named {
    Nothing,
    First,
    FirstByAnotherCase,
    Second,
    /// A project of another team.
    Foreign,
    Unknown,
}

impl Named {
    const ALL: [Self; 6] =
        [Self::Nothing, Self::First, Self::FirstByAnotherCase, Self::Second, Self::Foreign, Self::Unknown];

    fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Nothing => return None,
            Self::First => "demo",
            Self::FirstByAnotherCase => "Demo",
            Self::Second => "second",
            Self::Foreign => "elsewhere",
            Self::Unknown => "nowhere",
        })
    }
}

/// What is to come of a call, in the order in which it is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Unauthenticated {
        presented: bool,
    },
    ProjectRequired,
    ProjectNotFound,
    /// The scope that is missing.
    Forbidden(&'static str),
    Allowed,
}

fn verdict(credential: Credential, named: Named, scope: &str) -> Verdict {
    match credential {
        Credential::Nothing => return Verdict::Unauthenticated { presented: false },
        Credential::Revoked => return Verdict::Unauthenticated { presented: true },
        _ if scope == "session" => return Verdict::Allowed,
        _ => {}
    }
    let project = match named {
        Named::Nothing => match credential.decided() {
            Some(project) => project,
            None => return Verdict::ProjectRequired,
        },
        Named::First | Named::FirstByAnotherCase => Project::First,
        Named::Second => Project::Second,
        Named::Foreign | Named::Unknown => return Verdict::ProjectNotFound,
    };
    match credential.writes_to(project) {
        None => Verdict::ProjectNotFound,
        Some(false) if scope == "write" => Verdict::Forbidden("write"),
        Some(_) => Verdict::Allowed,
    }
}

impl Verdict {
    fn assert(self, reply: &Reply, case: &str) {
        let refused = |code: i64, status: u16, reason: &str| {
            assert_eq!(reply.error_code(), Some(code), "{case}: {reply:?}");
            assert_eq!(reply.error_data()["reason"], reason, "{case}: {reply:?}");
            assert!(reply.body.get("result").is_none(), "{case}: {reply:?}");
            assert!(reply.status.is_none_or(|over_http| over_http == status), "{case}: {reply:?}");
        };
        let text = reply.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap_or_default();
        match self {
            Self::Unauthenticated { presented: false } => refused(UNAUTHENTICATED, 401, "missing_credential"),
            Self::Unauthenticated { presented: true } => refused(UNAUTHENTICATED, 401, "unknown_credential"),
            Self::ProjectRequired => {
                assert!(text.contains("Project ID is required"), "{case}: {reply:?}");
                // Which it may name.
                assert!(text.contains("demo") && text.contains("second"), "{case}: {text}");
                assert!(!text.contains("elsewhere"), "{case}: {text}");
            }
            Self::ProjectNotFound => assert!(text.contains("Project not found"), "{case}: {reply:?}"),
            Self::Forbidden(missing) => {
                refused(FORBIDDEN, 403, "insufficient_scope");
                assert_eq!(reply.error_data()["missing"], json!([missing]), "{case}");
            }
            Self::Allowed => {
                assert!(reply.body.get("result").is_some(), "{case}: {reply:?}");
                assert!(matches!(reply.status, None | Some(200)), "{case}: {reply:?}");
                let refusals = ["Project ID is required", "Project not found", "insufficient_scope"];
                // What nobody has ever made is not there; that the API refuses the key would be another thing.
                assert!(!refusals.iter().any(|refusal| text.contains(refusal)), "{case}: {text}");
            }
        }
    }
}

/// A server before an API with two projects of a team, and one of another.
fn populated() -> Server {
    let server = Server::of(BINARY).env("CATALYST_LISTEN", "127.0.0.1:0").start();
    server.succeed(&["project", "create", "second", "--team", "Demo"]);
    server.succeed(&["team", "create", "Others"]);
    server.succeed(&["project", "create", "elsewhere", "--team", "Others"]);
    server
}

/// A requirement's scopes, all of which are needed.
fn scopes_of(requirement: &Requirement) -> Vec<String> {
    if requirement.is_session() {
        return vec!["session".to_owned()];
    }
    let clause = |clause: &Clause| match clause.alternatives() {
        [only] => SERVER.scopes().get(*only).name.to_string(),
        several => panic!("no tool has alternatives: {several:?}"),
    };
    requirement.clauses().iter().map(clause).collect()
}

#[test]
fn the_manifest_says_what_was_written_by_hand() {
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
    assert_eq!((facts.len(), SERVER.tools.len()), (39, 39));
    assert_eq!(declared, facts.into_iter().map(|f| [f.name, f.area, f.scope, f.access]).collect());
    let declared: Vec<_> = SERVER.scopes.iter().map(|scope| scope.name.to_string()).collect();
    assert_eq!(declared, rows("inference-scopes.tsv").into_iter().flatten().collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_with_every_key_and_project() {
    let server = populated();
    let facts = tool_facts();
    let keys = Credential::ALL.map(|credential| (credential, credential.key(&server)));
    let mut verdicts = 0;
    for (transport, revision) in WAYS {
        for (credential, key) in &keys {
            let case = format!("{credential:?}, {revision:?}, {transport:?}");
            let mut client = Client::of(&server, VARIABLES, transport, revision, key.as_deref());
            client.open().await;
            let list = client.list().await;
            match verdict(*credential, Named::Nothing, "session") {
                Verdict::Allowed => {
                    let may = |fact: &&ToolFact| {
                        let any = Named::ALL.map(|named| verdict(*credential, named, &fact.scope));
                        any.contains(&Verdict::Allowed)
                    };
                    let allowed: BTreeSet<_> = facts.iter().filter(may).map(|fact| fact.name.clone()).collect();
                    assert_eq!(list.tool_names().into_iter().collect::<BTreeSet<_>>(), allowed, "{case}");
                }
                refused => refused.assert(&list, &format!("tools/list with {case}")),
            }
            for named in Named::ALL {
                for ToolFact { name, scope, .. } in &facts {
                    let mut arguments = arguments(name);
                    if let Some(project) = named.name()
                        && scope != "session"
                    {
                        arguments["project"] = json!(project);
                    }
                    let reply = client.call(name, arguments).await;
                    let case = format!("{name} about {named:?} with {case}");
                    verdict(*credential, named, scope).assert(&reply, &case);
                    verdicts += 1;
                }
            }
        }
    }
    assert_eq!(verdicts, WAYS.len() * Credential::ALL.len() * Named::ALL.len() * 39);
}

#[tokio::test(flavor = "multi_thread")]
async fn recent_inferences_need_no_project_with_a_key_of_one() {
    let server = populated();
    let key = Credential::Reading.key(&server);
    for (transport, revision) in WAYS {
        let mut client = Client::of(&server, VARIABLES, transport, revision, key.as_deref());
        client.open().await;
        let reply = client.call("list_inferences", json!({})).await;
        let found = reply.body.pointer("/result/structuredContent/inferences").and_then(Value::as_array);
        assert!(found.is_some_and(|found| !found.is_empty()), "{transport:?}, {revision:?}: {reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_was_just_revoked_is_refused_in_words_that_redaction_leaves() {
    let server = populated();
    let key = Credential::Writing.key(&server);
    let mut client = Client::of(&server, VARIABLES, Transport::Http, Revision::V2025_11_25, key.as_deref());
    client.open().await;
    client.call("list_agents", json!({})).await;
    // The server has been told that it is good, and asks no more.
    Credential::Writing.revoke(&server);
    let reply = client.call("list_agents", json!({})).await;
    let text = reply.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap_or_default();
    let told = "unknown_credential: the API refuses the Project API key, which is mistyped there or was revoked.";
    assert!(text.starts_with(told), "{reply:?}");
}
