//! The same answers, whichever way a client comes: what is read and what is refused to the letter,
//! what is changed but for ids and times.

use regex::{Captures, Regex};
use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, Server, StdioPipe, rows};

use crate::{
    account::{Account, scopes, start, token},
    effects::{Story, effects, refusals},
    everything,
    reading::declared_readers,
    site::Site,
};

/// How a client reaches a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Http,
    /// A process on the server's own databases.
    Stdio,
}

impl Way {
    const ALL: [Self; 2] = [Self::Http, Self::Stdio];

    /// A client whose conversation is open, and what it was told on opening.
    async fn open(self, server: &Server, token: Option<&str>, revision: Revision) -> (Client, Value) {
        let mut client = match self {
            Self::Http => Client::http(server.url(), token, revision),
            Self::Stdio => {
                let environment: Vec<_> = token.map(|token| ("INFATICA_PAT", token)).into_iter().collect();
                let arguments = ["--allow-private-targets=127.0.0.1"];
                Client::stdio(
                    StdioPipe::start(env!("CARGO_BIN_EXE_infatica"), server.folder(), &environment, &arguments),
                    revision,
                )
            }
        };
        let opened = client.open().await.body;
        (client, opened)
    }
}

/// What was asked, and what was answered.
type Answers = Vec<(String, Value)>;

/// Names the first difference.
fn assert_same(expected: &Answers, found: &Answers, way: Way, case: &str) {
    for ((asked, expected), (_, found)) in expected.iter().zip(found) {
        assert_eq!(found, expected, "{asked}, {case}: {way:?} answers otherwise than HTTP");
    }
    assert_eq!(found.len(), expected.len(), "{case}, {way:?}");
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
async fn ask_everything(way: Way, server: &Server, callers: &Callers, revision: Revision) -> Answers {
    let tools: Vec<String> = rows("infatica.tsv").into_iter().map(|row| row[0].clone()).collect();
    let mut answers = Answers::new();
    let (mut client, opened) = way.open(server, Some(&callers.everything), revision).await;
    answers.push(("opening".to_owned(), opened));
    for method in ["tools/list", "ping", "nonsense"] {
        answers.push((method.to_owned(), client.request(method, json!({})).await.body));
    }
    for (tool, examples) in declared_readers() {
        for arguments in examples {
            let asked = format!("{tool} with {arguments}");
            let answer = client.call(&tool, arguments).await;
            assert!(!answer.is_tool_error() && answer.error_code().is_none(), "{asked}: {answer:?}");
            answers.push((asked, answer.body));
        }
    }
    for (tool, arguments, _) in refusals() {
        answers.push((format!("{tool} with {arguments}"), client.call(tool, arguments).await.body));
    }
    for (tool, arguments) in [("no_tool", json!({})), ("get_run", json!({"run": 1})), ("get_run", json!([]))] {
        answers.push((format!("{tool} with {arguments}"), client.call(tool, arguments).await.body));
    }
    if !revision.is_stateless() {
        for message in MESSAGES {
            answers.push((message.to_owned(), client.say(message).await.body));
        }
    }
    for (scope, token) in &callers.of_scopes {
        let (mut client, _) = way.open(server, Some(token), revision).await;
        answers.push((format!("tools/list with {scope}"), client.list().await.body));
        for tool in &tools {
            let answer = client.call(tool, json!({"nonsense": true})).await.body;
            answers.push((format!("{tool} with {scope}"), answer));
        }
    }
    for token in &callers.useless {
        let (mut client, opened) = way.open(server, token.as_deref(), revision).await;
        answers.push((format!("opening with {token:?}"), without_id(opened)));
        answers.push((format!("tools/list with {token:?}"), without_id(client.list().await.body)));
        for tool in &tools {
            answers.push((format!("{tool} with {token:?}"), without_id(client.call(tool, json!({})).await.body)));
        }
    }
    answers
}

/// A refused credential: over HTTP nothing is read of the request, and so its id is not known.
fn without_id(mut answer: Value) -> Value {
    assert_eq!(answer["error"]["code"], -31401, "{answer}");
    answer.as_object_mut().map(|answer| answer.remove("id"));
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_what_is_refused_is_the_same() {
    let site = Site::start().await;
    let server = start(&[]);
    everything::make(&mut Account::of(&server), &site).await;
    everything::rename_as_in_the_manifest(&server).await;
    let callers = Callers::of(&server);
    for revision in Revision::ALL {
        let over_http = ask_everything(Way::Http, &server, &callers, revision).await;
        for way in Way::ALL.into_iter().filter(|way| *way != Way::Http) {
            let answers = ask_everything(way, &server, &callers, revision).await;
            assert_same(&over_http, &answers, way, revision.as_str());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_the_same() {
    let site = Site::start().await;
    let mut over_http = None;
    for way in Way::ALL {
        let mut server = start(&[]);
        let token = token(&server, "local", "everything");
        if way == Way::Stdio {
            // One process works for a store, and this one is to be the client's.
            server.kill();
        }
        let (client, _) = way.open(&server, Some(&token), Revision::V2026_07_28).await;
        let mut story = Story::with(Account::with_client(client));
        let mut answers = Answers::new();
        for effect in effects(&site) {
            story.prepare(&effect.given).await;
            let result = story.keep(effect.by.0, &effect.by.1, effect.keeps).await;
            answers.push((format!("{} with {}", effect.by.0, effect.by.1), anonymous(&result)));
        }
        let expected = over_http.get_or_insert_with(|| answers.clone());
        assert_same(expected, &answers, way, "changes");
    }
}

/// A result in which ids and times are numbered as they appear: equal ones stay equal, and those
/// that differ stay different.
fn anonymous(result: &Value) -> Value {
    let given = Regex::new(r"[a-z]+_[0-9A-Za-z]{24}|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z").expect("an expression");
    let mut names: Vec<String> = Vec::new();
    let text = result.to_string();
    let anonymous = given.replace_all(&text, |found: &Captures<'_>| {
        let number = names.iter().position(|name| *name == found[0]).unwrap_or_else(|| {
            names.push(found[0].to_owned());
            names.len() - 1
        });
        format!("<{number}>")
    });
    serde_json::from_str(&anonymous).expect("JSON")
}
