//! Servers and models to render.

use serde_json::{Value, json};
use toolwright_core::{Access, Clause, ClientKind, Requirement, Scope, ScopeId, ScopeSet};
use toolwright_pages::{
    Account, Activity, Call, Connect, Credential, Day, Failure, Gateway, Group, Key, KeyField, KeyFieldKind, KeyForm,
    Keys, NewToken, Notice, Outcome, Pages, Server, SignIn, Token, TokenChoice, TokenForm, Tokens, Tool, Visitor,
    arguments, forms,
};

pub(crate) const BASE: &str = "/settings";

/// Sunday noon, 2026-11-22.
const NOW: i64 = 1_795_348_800;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Makes a sample's text of a plain one. Texts live as long as the test, so that models can borrow them.
pub(crate) type Made = fn(&str) -> &'static str;

/// The plain text itself.
pub(crate) fn plain(text: &str) -> &'static str {
    text.to_owned().leak()
}

/// The text with everything in it that could mean something to a browser.
pub(crate) fn hostile(text: &str) -> &'static str {
    format!("{text}{HOSTILE}").leak()
}

/// What would be an element, an attribute and the end of a script.
pub(crate) const HOSTILE: &str = "\"'</script><img src=x onerror=alert(1)> &amp;{{ x }}";

fn requirement(clauses: &[&[u8]]) -> Requirement {
    let clause = |ids: &&[u8]| Clause::from_alternatives(ids.iter().copied().map(ScopeId).collect());
    Requirement::from_clauses(clauses.iter().map(clause).collect())
}

pub(crate) fn server(text: Made) -> Server {
    let scope = |name: &str, access, grants: &str, implies: &[ScopeId]| Scope {
        name: text(name).into(),
        access,
        grants: text(grants).into(),
        implies: ScopeSet::of(implies),
    };
    let tool = |name: &str, title: &str, group, access, clauses: &[&[u8]], schema: &Value| Tool {
        name: text(name).to_owned(),
        title: text(title).to_owned(),
        description: text(&format!("{title}. It returns at once, and goes on in the background.")).to_owned(),
        group,
        access,
        records: access == Access::Read && group == 1,
        requirement: requirement(clauses),
        arguments: arguments(schema),
    };
    let run = json!({
        "properties": {"run_id": {"type": "string", "description": text("The run.")}},
        "required": ["run_id"],
    });
    let list = json!({"properties": {
        "status": {"$ref": "#/$defs/Status", "description": text("Only runs with this status.")},
        "limit": {"type": "integer", "default": 20, "description": text("How many at most.")},
        "tags": {"type": "array", "items": {"type": "string"}, "description": text("Only runs with all of these.")},
    }, "$defs": {"Status": {"type": "string", "enum": [text("queued"), text("running"), text("completed"), text("failed")]}}});
    let none = json!({"type": "object"});
    Server {
        name: text("acme").to_owned(),
        key: "acme".to_owned(),
        title: text("Acme MCP").to_owned(),
        description: text("Runs of your account.").to_owned(),
        version: text("1.4.0").to_owned(),
        endpoint: "https://api.acme.example/mcp".to_owned(),
        path: "/mcp".to_owned(),
        account: None,
        gateway: Some(Gateway { env: "GATEWAY".to_owned(), address: "https://api.acme.example".to_owned() }),
        credential: Credential {
            name: text("Personal Access Token").to_owned(),
            abbreviation: text("PAT").to_owned(),
            placeholder: format!("acmepat_{}", "x".repeat(46)),
            env: "ACME_PAT".to_owned(),
            create_at: text("Settings → Personal Access Tokens").to_owned(),
            signs_in: false,
            lifetime_seconds: 365 * 86_400,
        },
        scopes: vec![
            scope("runs:read", Access::Read, "Read runs, their exports and their logs.", &[]),
            scope("runs:write", Access::Write, "Create, retry and cancel runs.", &[ScopeId(0)]),
            scope("analyses:read", Access::Read, "Read analyses and comparisons.", &[]),
            scope("analyses:write", Access::Write, "Create analyses and compare runs.", &[ScopeId(2)]),
            scope("keys:read", Access::Read, "Read stored keys, masked, in the web interface only.", &[]),
        ],
        groups: vec![
            Group {
                title: text("Runs").to_owned(),
                description: Some(text("Collect pages and follow what becomes of them.").to_owned()),
            },
            Group { title: text("Analysis: single run").to_owned(), description: None },
            Group { title: text("Balance").to_owned(), description: None },
        ],
        tools: vec![
            tool("list_runs", "List runs", 0, Access::Read, &[&[0]], &list),
            tool("get_run", "Look up a run", 0, Access::Read, &[&[0]], &run),
            tool("create_run", "Create a run", 0, Access::Write, &[&[1]], &list),
            tool("cancel_run", "Cancel a run", 0, Access::Destructive, &[&[1]], &run),
            tool("get_analysis", "Look up an analysis", 1, Access::Read, &[&[2]], &run),
            tool("create_analysis", "Analyse a run", 1, Access::Write, &[&[3], &[0]], &list),
            tool("export_analysis", "Export an analysis", 1, Access::Read, &[&[2, 0]], &none),
            tool("check_balance", "See what is left", 2, Access::Read, &[], &none),
        ],
        clients: ClientKind::ALL.to_vec(),
    }
}

/// The same as the smallest server there is: it has what it must have.
pub(crate) fn least() -> Server {
    let mut server = server(plain);
    server.gateway = None;
    server.scopes.clear();
    server.groups.truncate(1);
    server.groups[0].description = None;
    server.tools = vec![server.tools.swap_remove(7)];
    server.tools[0].group = 0;
    server.clients.clear();
    server
}

/// The same where the path names an account.
pub(crate) fn with_account() -> Server {
    let account = Account {
        name: "account".to_owned(),
        placeholder: "YOUR_ACCOUNT".to_owned(),
        description: "Your account's id or subdomain.".to_owned(),
    };
    Server {
        endpoint: "https://api.acme.example/YOUR_ACCOUNT/mcp".to_owned(),
        path: "/YOUR_ACCOUNT/mcp".to_owned(),
        account: Some(account),
        ..server(plain)
    }
}

/// The page that connects Claude Code.
pub(crate) fn connect(pages: &Pages, name: &str, account: Option<&str>, accounts: &[String]) -> String {
    let chosen = forms::Choose {
        client: Some("claude-code".to_owned()),
        name: Some(name.to_owned()),
        account: account.map(str::to_owned),
    };
    pages.connect(&VISITOR, &Connect { chosen: &chosen, accounts })
}

/// The page of the tools.
pub(crate) fn tools(pages: &Pages, scopes: &[&str], search: &str) -> String {
    let scope = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    pages.tools(&VISITOR, &forms::Search { search: search.to_owned(), scope })
}

const VISITOR: Visitor<'static> = Visitor { name: "local", csrf: "c5f", signs_out: true };

/// Every page with as little on it as there can be, by name.
pub(crate) fn empty(pages: &Pages) -> Vec<(&'static str, String)> {
    let keys = Keys { now: NOW, description: "", keys: Vec::new(), form: KeyForm::default(), notice: None };
    vec![
        ("sign-in", pages.sign_in(SignIn::Unasked { command: "acme sign-in" })),
        ("failure", pages.failure(None, &Failure::of(500))),
        ("tokens", pages.tokens(&VISITOR, &Tokens::default())),
        ("connect", pages.connect(&VISITOR, &Connect { chosen: &forms::Choose::default(), accounts: &[] })),
        ("tools", pages.tools(&VISITOR, &forms::Search::default())),
        ("keys", pages.keys(&VISITOR, &keys)),
        ("activity", pages.activity(&VISITOR, &Activity::default())),
    ]
}

/// Every page with all that can be on it, by name.
pub(crate) fn full(pages: &Pages, text: Made) -> Vec<(&'static str, String)> {
    let visitor = Visitor { name: text("ada@acme.example"), csrf: text("c5f"), signs_out: true };
    let failure = Failure { status: 403, title: text("This is not yours"), text: text("Go back and try again.") };
    let command = text("acme sign-in");
    let search = forms::Search { search: "run".to_owned(), scope: vec![text("runs:read").to_owned()] };
    let codex = forms::Choose { client: Some("codex".to_owned()), name: Some("acme-prod".to_owned()), account: None };
    let wrong = forms::Choose { client: None, name: Some(text("a b").to_owned()), account: None };
    let list =
        Tokens { tokens: tokens(text), notice: Some(notice(true, text("CI was revoked."))), ..Tokens::default() };
    let list = Tokens { now: NOW, ..list };
    let secret = plain(&format!("acmepat_{}", "4".repeat(46)));
    let created = NewToken { name: text("Claude Code on the train"), secret, expires_at: NOW + 90 * DAY };
    let creating = Tokens { created: Some(created), notice: None, ..list.clone() };
    let refused = Tokens { now: NOW, form: form(text), notice: Some(notice(false, text("No."))), ..Tokens::default() };
    vec![
        (
            "sign-in-link",
            pages.sign_in(SignIn::Link {
                code: text("c0de"),
                name: text("ada@acme.example"),
                former: Some(text("bob")),
            }),
        ),
        ("sign-in", pages.sign_in(SignIn::Unasked { command })),
        ("sign-in-spent", pages.sign_in(SignIn::Spent { command })),
        ("failure", pages.failure(Some(&visitor), &failure)),
        ("tokens", pages.tokens(&visitor, &list)),
        ("tokens-created", pages.tokens(&visitor, &creating)),
        ("tokens-refused", pages.tokens(&visitor, &refused)),
        ("connect", pages.connect(&visitor, &Connect { chosen: &codex, accounts: &[] })),
        ("connect-refused", pages.connect(&visitor, &Connect { chosen: &wrong, accounts: &[] })),
        ("tools", pages.tools(&visitor, &forms::Search::default())),
        ("tools-searched", pages.tools(&visitor, &search)),
        ("keys", pages.keys(&visitor, &keys(text))),
        ("activity", pages.activity(&visitor, &activity(text))),
    ]
}

fn notice(done: bool, text: &str) -> Notice {
    Notice { done, text: text.to_owned() }
}

fn tokens(text: Made) -> Vec<Token<'static>> {
    let token = |id, name, scopes: &[&str], created, used: Option<i64>, expires, revoked: Option<i64>| Token {
        id,
        name: text(name),
        scopes: scopes.iter().map(|scope| text(scope)).collect(),
        created_at: NOW - created,
        last_used_at: used.map(|ago| NOW - ago),
        expires_at: NOW + expires,
        revoked_at: revoked.map(|ago| NOW - ago),
    };
    vec![
        token("t4", "Claude Code, laptop", &["runs:write", "analyses:write"], 0, None, 90 * DAY, None),
        token("t3", "CI", &["runs:read"], 12 * DAY, Some(40), 353 * DAY, None),
        token("t2", "Cursor with a name as long as somebody makes them", &[], 30 * DAY, Some(5 * HOUR), -DAY, None),
        token("t1", "Old laptop", &["runs:read", "analyses:read", "keys:read"], 400 * DAY, None, DAY, Some(2 * DAY)),
    ]
}

fn form(text: Made) -> TokenForm {
    TokenForm {
        name: text("Claude Code").to_owned(),
        scopes: vec![text("runs:write").to_owned(), text("no:scope").to_owned()],
        lifetime: "date".to_owned(),
        expires_on: text("2027-01-31").to_owned(),
        name_fault: Some(text("This name is taken.").to_owned()),
        scopes_fault: Some(text("There is no scope no:scope.").to_owned()),
        lifetime_fault: Some(text("Choose a day.").to_owned()),
    }
}

fn keys(text: Made) -> Keys<'static> {
    let field = |name, label, kind, required, fault: Option<&str>| KeyField {
        name,
        label: text(label),
        kind,
        hint: Some(text("As your provider shows it.")),
        required,
        value: text("what was written"),
        fault: fault.map(text),
    };
    let key = |id, name: &str, added_at| Key {
        id,
        name: text(name),
        masked: text("sk-…3f9a"),
        details: vec![(text("model"), text("gpt-5-mini")), (text("at"), text("https://api.openai.com/v1"))],
        added_at,
    };
    let fields = vec![
        field("name", "Name", KeyFieldKind::Text, true, Some("It is taken.")),
        field("base_url", "Base URL", KeyFieldKind::Url, true, None),
        field("model", "Model", KeyFieldKind::Text, false, None),
        field("secret", "Key", KeyFieldKind::Secret, true, None),
    ];
    Keys {
        now: NOW,
        description: text("Analyses are written by a language model, with your own key for it."),
        keys: vec![key("k1", "OpenAI", Some(NOW - 3 * DAY)), key("k2", "Local", None)],
        form: KeyForm { fields, fault: Some(text("The key was not stored.")) },
        notice: None,
    }
}

fn activity(text: Made) -> Activity<'static> {
    let day = |day: u64| Day {
        date: plain(&format!("2026-11-{day:02}")),
        calls: (day * 37) % 91 * u64::from(!day.is_multiple_of(7)),
        denials: (day * 5) % 11 / 4,
    };
    let call = |ago: i64, token: Option<&str>, operation: &str, outcome, milliseconds, bytes| Call {
        at: NOW - ago,
        token: token.map(text),
        operation: text(operation),
        outcome,
        milliseconds,
        bytes,
    };
    Activity {
        now: NOW,
        tokens: vec![TokenChoice { id: "t4", name: text("Claude Code") }, TokenChoice { id: "t3", name: text("CI") }],
        chosen: Some("t3"),
        days: (1..=22).map(day).collect(),
        calls: vec![
            call(4, Some("CI"), "list_runs", Outcome::Done, Some(12), Some(8_211)),
            call(70, Some("CI"), "create_run", Outcome::Denied(text("insufficient_scope")), None, Some(312)),
            call(3_700, Some("Claude Code"), "create_analysis", Outcome::Failed(text("not_found")), Some(1_530), None),
            call(90_000, None, "tools/list", Outcome::Done, Some(61_000), Some(2_400_000)),
        ],
        kept: Some("90 days"),
    }
}
