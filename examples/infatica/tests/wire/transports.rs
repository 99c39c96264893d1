//! The same answers, whichever way a client comes: what is read and what is refused to the letter,
//! what is changed but for ids and times.

use jiff::Timestamp;
use regex::{Captures, Regex};
use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, Server, StdioPipe, Transport, Variables, rows};

use crate::{
    account::{Account, scopes, start, token},
    effects::{Story, effects, refusals},
    everything,
    reading::declared_readers,
    site::Site,
};

const VARIABLES: Variables = Variables { credential: "INFATICA_PAT", gateway: "GATEWAY_BASE_URL" };

/// A client whose conversation is open, and what it was told on opening.
async fn open(transport: Transport, server: &Server, token: Option<&str>, revision: Revision) -> (Client, Value) {
    let mut client = match transport {
        // It collects by itself where no other process does.
        Transport::Stdio => {
            let environment: Vec<_> = token.map(|token| (VARIABLES.credential, token)).into_iter().collect();
            let arguments = ["--allow-private-targets=127.0.0.1"];
            Client::stdio(
                StdioPipe::start(env!("CARGO_BIN_EXE_infatica"), server.folder(), &environment, &arguments),
                revision,
            )
        }
        Transport::Http | Transport::Gateway => Client::of(server, VARIABLES, transport, revision, token),
    };
    let opened = client.open().await.body;
    (client, opened)
}

/// What was asked, and what was answered.
type Answers = Vec<(String, Value)>;

/// Names the first difference.
fn assert_same(expected: &Answers, found: &Answers, transport: Transport, case: &str) {
    for ((asked, expected), (_, found)) in expected.iter().zip(found) {
        assert_eq!(found, expected, "{asked}, {case}: {transport:?} answers otherwise than HTTP");
    }
    assert_eq!(found.len(), expected.len(), "{case}, {transport:?}");
}

const TIME: &str = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z";
const ID: &str = "[a-z]+_[0-9A-Za-z]{24}";

/// An answer with something else in place of what matches an expression.
fn replaced(answer: &Value, expression: &str, by: impl FnMut(&Captures<'_>) -> String) -> Value {
    let expression = Regex::new(expression).expect("an expression");
    serde_json::from_str(&expression.replace_all(&answer.to_string(), by)).expect("JSON")
}

/// An answer in which every time since `start` is the moment of asking. What is stored is older.
fn without_now(answer: &Value, start: Timestamp) -> Value {
    replaced(answer, TIME, |found| {
        let is_now = found[0].parse().is_ok_and(|time| (start..=Timestamp::now()).contains(&time));
        if is_now { "<now>".to_owned() } else { found[0].to_owned() }
    })
}

/// An answer in which ids and times are numbered as they appear: equal ones stay equal, and those
/// that differ stay different.
fn numbered(answer: &Value) -> Value {
    let mut names: Vec<String> = Vec::new();
    replaced(answer, &format!("{TIME}|{ID}"), |found| {
        let number = names.iter().position(|name| *name == found[0]).unwrap_or_else(|| {
            names.push(found[0].to_owned());
            names.len() - 1
        });
        format!("<{number}>")
    })
}

/// A refused credential: over HTTP nothing is read of the request, and so its id is not known.
fn without_id(mut answer: Value) -> Value {
    assert_eq!(answer["error"]["code"], -31401, "{answer}");
    answer.as_object_mut().map(|answer| answer.remove("id"));
    answer
}

/// Tokens of one account: with every scope, with each alone, and what is good for nothing.
struct Callers {
    everything: String,
    of_scopes: Vec<(String, String)>,
    useless: Vec<Option<String>>,
}

impl Callers {
    fn of(server: &Server) -> Self {
        let scopes = scopes();
        let all: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let revoked = server.token("revoked", &all);
        server.revoke("revoked");
        Self {
            everything: server.token("everything", &all),
            of_scopes: all.iter().map(|scope| ((*scope).to_owned(), server.token(scope, &[scope]))).collect(),
            useless: vec![
                None,
                Some("infpat_short".to_owned()),
                Some(format!("infpat_{}", "0".repeat(46))),
                Some(revoked),
            ],
        }
    }
}

/// Messages that are refused for what they are.
const MESSAGES: [&str; 12] = [
    "garbage",
    "{",
    "[]",
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
    r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
    r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":"a","result":{}}"#,
    r#"{"jsonrpc":"2.0","id":"b","method":"tools/call","params":[]}"#,
    r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"list_runs","arguments":[1]}}"#,
    r#"{"jsonrpc":"2.0","id":"d","method":"tools/list","params":{"cursor":"2"}}"#,
    r#"{"jsonrpc":"2.0","id":"e","method":"nonsense"}"#,
];

/// Everything that can be asked without changing anything.
async fn ask_everything(transport: Transport, server: &Server, callers: &Callers, revision: Revision) -> Answers {
    let mut answers = allowed(transport, server, &callers.everything, revision).await;
    answers.extend(of_scopes(transport, server, callers, revision).await);
    answers.extend(unauthenticated(transport, server, callers, revision).await);
    answers
}

/// What a caller with every scope is answered.
async fn allowed(transport: Transport, server: &Server, token: &str, revision: Revision) -> Answers {
    let start = Timestamp::now();
    let (mut client, opened) = open(transport, server, Some(token), revision).await;
    let mut answers = vec![("opening".to_owned(), opened)];
    for method in ["tools/list", "prompts/list", "ping", "nonsense"] {
        answers.push((method.to_owned(), client.request(method, json!({})).await.body));
    }
    for (tool, examples) in declared_readers() {
        for arguments in examples {
            let asked = format!("{tool} with {arguments}");
            let answer = client.call(&tool, arguments).await;
            assert!(!answer.is_tool_error() && answer.error_code().is_none(), "{asked}: {answer:?}");
            answers.push((asked, without_now(&answer.body, start)));
        }
    }
    let refusals = refusals().into_iter().map(|(tool, arguments, _)| (tool, arguments));
    let misshapen = [("no_tool", json!({})), ("get_run", json!({"run": 1})), ("get_run", json!([]))];
    for (tool, arguments) in refusals.chain(misshapen) {
        answers.push((format!("{tool} with {arguments}"), client.call(tool, arguments).await.body));
    }
    answers.extend(prompts(&mut client).await);
    if !revision.is_stateless() {
        for message in MESSAGES {
            answers.push((message.to_owned(), client.say(message).await.body));
        }
    }
    answers
}

/// What every prompt says, and how each of its arguments is completed.
async fn prompts(client: &mut Client) -> Answers {
    let mut answers = Answers::new();
    let list = client.request("prompts/list", json!({})).await;
    for prompt in list.result()["prompts"].as_array().expect("prompts") {
        let name = &prompt["name"];
        let mut all = json!({});
        for argument in prompt["arguments"].as_array().into_iter().flatten() {
            let argument = argument["name"].as_str().expect("a name");
            let params = json!({
                "ref": {"type": "ref/prompt", "name": name},
                "argument": {"name": argument, "value": ""},
            });
            let completed = client.request("completion/complete", params).await;
            let first = &completed.result()["completion"]["values"][0];
            all[argument] = if first.is_string() { first.clone() } else { json!("anything") };
            answers.push((format!("{name}, completing {argument}"), completed.body));
        }
        let filled = client.request("prompts/get", json!({"name": name, "arguments": all})).await;
        assert!(filled.error_code().is_none(), "{name} with {all}: {filled:?}");
        answers.push((format!("{name} with {all}"), filled.body));
        let refused = json!({"name": name, "arguments": {"nonsense": "1"}});
        answers.push((format!("{name} with nonsense"), client.request("prompts/get", refused).await.body));
    }
    let unknown = [
        ("prompts/get", json!({"name": "no_prompt"})),
        (
            "completion/complete",
            json!({"ref": {"type": "ref/prompt", "name": "no_prompt"}, "argument": {"name": "a", "value": ""}}),
        ),
    ];
    for (method, params) in unknown {
        answers.push((format!("{method} of no prompt"), client.request(method, params).await.body));
    }
    answers
}

/// What is answered to those who hold one scope: every tool refuses, for the scope or for its arguments.
async fn of_scopes(transport: Transport, server: &Server, callers: &Callers, revision: Revision) -> Answers {
    let mut answers = Answers::new();
    for (scope, token) in &callers.of_scopes {
        let (mut client, _) = open(transport, server, Some(token), revision).await;
        answers.push((format!("tools/list with {scope}"), client.list().await.body));
        for tool in tool_names() {
            let answer = client.call(&tool, json!({"nonsense": true})).await.body;
            answers.push((format!("{tool} with {scope}"), answer));
        }
        answers.push((format!("prompts/list with {scope}"), client.request("prompts/list", json!({})).await.body));
        for prompt in prompt_names() {
            let answer = client.request("prompts/get", json!({"name": prompt})).await.body;
            answers.push((format!("{prompt} with {scope}"), answer));
        }
    }
    answers
}

/// What is answered to those whose token is good for nothing.
async fn unauthenticated(transport: Transport, server: &Server, callers: &Callers, revision: Revision) -> Answers {
    let mut answers = Answers::new();
    for token in &callers.useless {
        let (mut client, opened) = open(transport, server, token.as_deref(), revision).await;
        answers.push((format!("opening with {token:?}"), without_id(opened)));
        answers.push((format!("tools/list with {token:?}"), without_id(client.list().await.body)));
        for tool in tool_names() {
            answers.push((format!("{tool} with {token:?}"), without_id(client.call(&tool, json!({})).await.body)));
        }
        for prompt in prompt_names() {
            let answer = client.request("prompts/get", json!({"name": prompt})).await.body;
            answers.push((format!("{prompt} with {token:?}"), without_id(answer)));
        }
    }
    answers
}

fn tool_names() -> Vec<String> {
    rows("infatica.tsv").into_iter().map(|row| row[0].clone()).collect()
}

fn prompt_names() -> Vec<String> {
    rows("infatica-prompts.tsv").into_iter().map(|row| row[0].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_what_is_refused_is_the_same() {
    let site = Site::start().await;
    let server = start(&[]);
    everything::make(&mut Account::of(&server), &site).await;
    everything::rename_as_in_the_manifest(&server).await;
    let callers = Callers::of(&server);
    for revision in Revision::ALL {
        let over_http = ask_everything(Transport::Http, &server, &callers, revision).await;
        for transport in [Transport::Stdio, Transport::Gateway] {
            let answers = ask_everything(transport, &server, &callers, revision).await;
            assert_same(&over_http, &answers, transport, revision.as_str());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_the_same() {
    let site = Site::start().await;
    let mut over_http = None;
    for transport in Transport::ALL {
        let mut server = start(&[]);
        let token = token(&server, "local", "everything");
        if transport == Transport::Stdio {
            // One process works for a store, and this one is to be the client's.
            server.kill();
        }
        let (client, _) = open(transport, &server, Some(&token), Revision::V2026_07_28).await;
        let mut story = Story::with(&server, Account::with_client(client));
        let mut answers = Answers::new();
        for effect in effects(&site) {
            story.prepare(&effect.given).await;
            let result = story.keep(effect.by.0, &effect.by.1, effect.keeps).await;
            answers.push((format!("{} with {}", effect.by.0, effect.by.1), numbered(&result)));
        }
        let expected = over_http.get_or_insert_with(|| answers.clone());
        assert_same(expected, &answers, transport, "changes");
    }
}
