//! Secrets are planted wherever somebody could write one, and every tool is asked for everything: no answer and no line of
//! a log has any part of one.

mod planted;
mod secrets;

use std::{collections::BTreeSet, path::Path, time::Duration};

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use toolwright_tests::{Client, Revision, StdioPipe, examples};

use crate::{
    account::{Account, server, start},
    connections::{BINARY, connection, done, id_of},
    reading::ended,
    store,
};
use planted::{PACKAGES, Planted, RUN, plant};
use secrets::{Finder, KNOWN, READER, WRITER};

/// All that our own packages log. Of what the libraries log at this level, as a parser does of each token, no more can be
/// said than that it goes through the log's redaction.
const TRACE: &str = "integrate_io=trace,toolwright=trace,toolwright_support=trace,info";

/// What is said to the server, whichever way: a method and its parameters.
type Question = (&'static str, Value);

fn call(tool: &str, arguments: impl Into<Value>) -> Question {
    ("tools/call", json!({"name": tool, "arguments": arguments.into()}))
}

/// Every example that the manifest declares.
fn declared() -> Vec<Question> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tools");
    let examples = examples(&tools, &["read", "write", "destructive"]);
    assert_eq!(examples.len(), 22);
    let calls = examples.into_iter().flat_map(|(tool, examples)| examples.into_iter().map(move |it| call(&tool, it)));
    calls.collect()
}

/// What shows what was planted.
fn shown(planted: &Planted) -> Vec<Question> {
    let Planted { file, telling, socket, storage } = *planted;
    let mut questions = vec![
        call("list_workspaces", json!({})),
        call("list_packages", json!({"workspace_id": 7})),
        call("list_connections", json!({})),
        call("list_clusters", json!({})),
        call("list_schedules", json!({})),
        call("get_schedule", json!({"schedule_id": 7301})),
        call("toggle_schedule", json!({"schedule_id": 7301, "enabled": false})),
        call("list_runs", json!({"package_id": 7101})),
        call("discover_schema", json!({"connection_id": file})),
        call("preview_data", json!({"connection_id": file, "table": "orders"})),
        call("preview_data", json!({"connection_id": file, "table": "orders", "where_clause": "id = 2"})),
        call("retry_job", json!({"run_id": RUN})),
        call("cancel_job", json!({"run_id": RUN})),
    ];
    for words in ["R4n", "Zt4Qw 8Er2", "Op3As7Df", "W7k", "storage", "it is", "127.0.0.1", "vault"] {
        questions.push(call("search_all", json!({"query": words})));
    }
    for (id, kind) in [(file, "database"), (telling, "database"), (socket, "database"), (storage, "cloud_storage")] {
        questions.push(call("get_connection", json!({"connection_id": id, "connection_type": kind})));
        questions.push(call("test_connection", json!({"connection_id": id, "connection_type": kind})));
    }
    for id in [telling, socket, storage] {
        questions.push(call("discover_schema", json!({"connection_id": id})));
        questions.push(call("preview_data", json!({"connection_id": id, "table": "orders"})));
    }
    for package in PACKAGES {
        questions.push(call("get_package", json!({"package_id": package, "include_full_graph": true})));
        questions.push(call("validate_package", json!({"package_id": package})));
        questions.push(call("clone_package", json!({"package_id": package})));
        questions.push(call("run_package", json!({"package_id": package})));
        let updates = json!([{"component_name": "some", "updates": {"condition": "TRUE"}}]);
        questions.push(call("update_package_components", json!({"package_id": package, "components": updates})));
    }
    for lines in [1, 2, 5, 17, 18, 19, 30, 54, 57, 200] {
        for tool in ["get_run", "explain_job_failure"] {
            questions.push(call(tool, json!({"run_id": RUN, "log_tail_lines": lines})));
        }
    }
    questions
}

/// What is refused, or fails, with a secret in it.
fn wrong(planted: &Planted, secret: &'static str) -> Vec<Question> {
    let Planted { file, telling, .. } = *planted;
    let preview = |more: Value| {
        let mut arguments = json!({"connection_id": file, "table": "orders"});
        arguments.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        call("preview_data", arguments)
    };
    let quoted = format!("\"{}\"", secret.replace('"', "\"\""));
    let mut questions = vec![
        preview(json!({"table": secret})),
        preview(json!({"schema_name": secret})),
        preview(json!({"row_count": secret})),
        call("preview_data", json!({"connection_id": telling, "table": secret, "where_clause": format!("'{secret}'")})),
        call("discover_schema", json!({"connection_id": file, "search": secret})),
        call("discover_schema", json!({"connection_id": file, "schema_name": secret})),
        call("test_connection", json!({"connection_id": file, "connection_type": secret})),
        call("search_all", json!({"query": secret})),
        call("search_all", json!({"query": "orders", "types": [secret]})),
        call("list_packages", json!({"status": secret})),
        call("list_runs", json!({"status": secret, secret: 1})),
        call("get_run", json!({"run_id": secret})),
        call("get_package", json!({"package_id": {secret: secret}})),
        call("run_package", json!({"package_id": 7101, "variables": {"plain": secret}})),
        call("run_package", json!({"package_id": 7101, "variables": {secret: "1"}})),
        call("run_package", json!({"package_id": 101, "dynamic_variables": {"threshold": format!("'{secret}'")}})),
        call("run_package", json!({"package_id": 101, "dynamic_variables": {"threshold": secret}})),
        call("run_package", json!({"package_id": 101, "dynamic_variables": {"threshold": format!("abs({quoted})")}})),
        call("run_package", json!({"package_id": 101, "dynamic_variables": {secret: "1"}})),
        call("run_package", json!({"package_id": 101, "cluster_id": secret})),
        call("clone_package", json!({"package_id": 7101, "name": format!("named {secret}")})),
        call("clone_package", json!({"package_id": 7101, "name": secret.repeat(10)})),
        call(secret, json!({})),
        (secret, json!({})),
        ("tools/call", json!({"name": {secret: 1}})),
        ("tools/list", json!({"cursor": secret})),
        ("prompts/get", json!({"name": secret})),
        ("resources/read", json!({"uri": format!("file:///{secret}")})),
        ("logging/setLevel", json!({"level": secret})),
    ];
    for condition in [
        format!("note = '{secret}'"),
        format!("{quoted} = 1"),
        format!("amount = {secret}"),
        format!("{quoted}(amount) = 1"),
        format!("amount IN (SELECT '{secret}')"),
        format!("CAST('{secret}' AS {quoted}) = 1"),
        format!("note LIKE '{secret}' ESCAPE '{secret}'"),
        format!("{}note = '{secret}'", " ".repeat(60)),
        format!("note = '{secret}'; -- {secret}"),
        "x".repeat(40) + secret,
    ] {
        questions.push(preview(json!({"where_clause": condition})));
        let components = json!([{"component_name": "some", "updates": {"condition": condition}}]);
        questions.push(call("update_package_components", json!({"package_id": 7101, "components": components})));
    }
    for components in [
        json!([{"component_name": secret, "updates": {"rows": 1}}]),
        json!([{"component_name": "some", "updates": {secret: secret}}]),
        json!([{"component_name": "some", "updates": {"type": secret}}]),
        json!([{"component_name": "some", "updates": {"type": {"a": [secret, "x".repeat(60), secret]}}}]),
        json!([{"component_name": "in", "updates": {"table": secret}}]),
        json!([{"component_name": "in", "updates": {"connection_id": secret}}]),
        json!([{"component_name": "some", "updates": secret}]),
    ] {
        questions.push(call("update_package_components", json!({"package_id": 7101, "components": components})));
    }
    questions
}

/// A way to the server.
enum Way {
    Http(Client),
    Stdio(Box<StdioPipe>, u64),
}

impl Way {
    async fn ask(&mut self, (method, params): Question) -> Value {
        match self {
            Self::Http(client) => client.request(method, params).await.body,
            Self::Stdio(pipe, id) => {
                *id += 1;
                let params = Revision::V2026_07_28.parameters(params);
                pipe.request(&json!({"jsonrpc": "2.0", "id": *id, "method": method, "params": params})).await.body
            }
        }
    }

    async fn tool(&mut self, tool: &str, arguments: Value) -> Value {
        self.ask(call(tool, arguments)).await["result"]["structuredContent"].clone()
    }

    /// Waits until every run is over, and asks for each.
    async fn runs(&mut self) -> Vec<(String, Value)> {
        let deadline = Instant::now() + Duration::from_mins(1);
        let mut open = 1;
        while open > 0 {
            assert!(Instant::now() < deadline, "{open} runs do not end");
            sleep(Duration::from_millis(50)).await;
            open = 0;
            for status in ["pending", "running"] {
                let listed = self.tool("list_runs", json!({"status": status, "include_retries": true})).await;
                open += listed["total"].as_i64().expect("a number");
            }
        }
        let listed = self.tool("list_runs", json!({"include_retries": true, "limit": 100})).await;
        let mut answers = vec![("list_runs".to_owned(), listed.clone())];
        for run in listed["runs"].as_array().expect("runs") {
            for tool in ["get_run", "explain_job_failure"] {
                let question = call(tool, json!({"run_id": run["id"], "log_tail_lines": 200}));
                answers.push((format!("{tool} of {run}"), self.ask(question).await));
            }
        }
        answers
    }
}

/// Every text in a value, by itself and as it would be pasted together.
fn texts<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|item| self::texts(item, texts)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            texts.push(name);
            self::texts(value, texts);
        }),
        _ => {}
    }
}

/// Asks everything over one way, and gives what was found in the answers.
async fn leaks(way: &mut Way, planted: &Planted, finder: &Finder) -> Vec<String> {
    let questions = [declared(), shown(planted), KNOWN.iter().flat_map(|secret| wrong(planted, secret)).collect()];
    let mut answers = Vec::new();
    for question in questions.concat() {
        let asked = format!("{} {}", question.0, question.1);
        answers.push((asked, way.ask(question).await));
    }
    answers.extend(way.runs().await);
    let mut leaks = Vec::new();
    for (asked, answer) in &answers {
        let mut all = Vec::new();
        texts(answer, &mut all);
        all.push("");
        let pasted = all.concat();
        let found = all.iter().find_map(|text| finder.find(text)).or_else(|| finder.find(&pasted));
        leaks.extend(found.map(|found| format!("{asked}\n  answers {found}")));
    }
    assert!(answers.iter().any(|(_, answer)| answer.to_string().contains("[redacted]")));
    leaks
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_line_of_a_log_has_a_secret() {
    let first = start();
    let account = Account::first(&first).id;
    let first = ended(first).await;
    let planted = plant(&first, &account).await;
    let server = server().folder(first.folder()).env("RUST_LOG", TRACE).start();
    let token = ["token", "create", "--user", "demo@example.com", "--name", "canary", "--scope", "read", "write"];
    let token = server.succeed(&token);
    let finder = Finder::new();

    let url = format!("{}/{account}/api/mcp", server.address());
    let mut http = Way::Http(Client::http(&url, Some(&token), Revision::V2026_07_28));
    let mut leaks = leaks(&mut http, &planted, &finder).await;
    for path in [READER, WRITER].map(secrets::percent) {
        let mut strange =
            Client::http(&format!("{}/{path}/api/mcp", server.address()), Some(&token), Revision::V2025_11_25);
        leaks.extend(finder.find(&strange.open().await.body.to_string()));
    }

    for id in [planted.telling, planted.socket].map(|id| id.to_string()) {
        let checked = connection(server.folder(), &["check", &id, "--account", &account, "--kind", "database"], "");
        assert!(!checked.status.success());
        leaks.extend(finder.find(&checked.stderr).map(|found| format!("connection check says {found}")));
    }

    let environment = [("INTEGRATE_IO_TOKEN", token.as_str()), ("RUST_LOG", TRACE)];
    let pipe = StdioPipe::start(BINARY, server.folder(), &environment, &[]);
    let mut stdio = Way::Stdio(Box::new(pipe), 0);
    leaks.extend(self::leaks(&mut stdio, &planted, &finder).await);
    let Way::Stdio(pipe, _) = stdio else { unreachable!("it is") };
    let (_, rest, log) = pipe.close().await;
    assert!(rest.is_empty(), "{rest:?}");

    let server = ended(server).await;
    for (whose, log) in [("the server's", server.log()), ("stdio's", log)] {
        assert!(log.contains("operation=\"preview_data\""), "{whose} log has nothing to look at: {log}");
        let lines: BTreeSet<String> = log.lines().filter_map(|line| finder.find(line)).collect();
        leaks.extend(lines.into_iter().map(|line| format!("{whose} log has {line}")));
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

/// What a database can hold, and what is shown of it: a text that only looks like a password is data, what has the form of
/// a secret or a name that is kept back is none.
const DATA: &[(&str, &str)] = &[
    ("Tr0ub4dor&3 correct horse", "Tr0ub4dor&3 correct horse"),
    ("the password of the safe", "the password of the safe"),
    ("password=Tr0ub4dor", "password=[redacted]"),
    ("https://me:Tr0ub4dor@example.com/", "https://me:[redacted]@example.com/"),
    ("Bearer abcdef0123456789abcd", "Bearer [redacted]"),
    ("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e"),
];

#[tokio::test(flavor = "multi_thread")]
async fn what_only_looks_like_a_password_is_data() {
    let server = start();
    let mut first = Account::first(&server);
    let file = server.folder().join("data.db");
    let values: Vec<String> = DATA.iter().map(|(note, _)| format!("('{note}', 'x')")).collect();
    let values = values.join(", ");
    store::make(&file, &format!("CREATE TABLE notes (note TEXT, password TEXT); INSERT INTO notes VALUES {values}"))
        .await;
    let add = ["add", "--type", "sqlite", "--account", &first.id, "--name", "notes", "--database"];
    let connection = id_of(&done(server.folder(), &[&add[..], &[file.to_str().expect("Unicode")]].concat(), ""));
    let preview = first.call("preview_data", json!({"connection_id": connection, "table": "notes"})).await;
    let expected: Vec<Value> = DATA.iter().map(|(_, shown)| json!({"note": shown, "password": "[redacted]"})).collect();
    assert_eq!(preview["rows"], json!(expected));
}
