//! The same answers, whichever way a client comes: what is read and what is refused to the letter, what is changed but
//! for times.

use regex::{Captures, Regex};
use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, Server, StdioPipe};

use crate::{
    account::{Account, start},
    connections::BINARY,
    effects::{Story, effects, refusals},
    reading::declared_readers,
};

/// A way to the account of a first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The URL names the account.
    Http,
    /// It is the only one that the token's user is a member of.
    Only,
    /// The environment names it.
    Environment,
    /// An option names it.
    Argument,
}

impl Way {
    const ALL: [Self; 4] = [Self::Http, Self::Only, Self::Environment, Self::Argument];

    fn client(self, server: &Server, token: Option<&str>, revision: Revision) -> Client {
        let mut environment: Vec<_> = token.map(|token| ("INTEGRATE_IO_TOKEN", token)).into_iter().collect();
        let arguments: &[&str] = match self {
            Self::Http => return Client::http(&format!("{}/demo/api/mcp", server.address()), token, revision),
            Self::Only => &[],
            Self::Environment => {
                environment.push(("INTEGRATE_IO_ACCOUNT", "demo"));
                &[]
            }
            Self::Argument => &["--account", "demo"],
        };
        Client::stdio(StdioPipe::start(BINARY, server.folder(), &environment, arguments), revision)
    }
}

pub(crate) fn token(server: &Server, name: &str, scopes: &[&str]) -> String {
    let create = ["token", "create", "--user", "demo@example.com", "--name", name, "--scope"];
    server.succeed(&[&create[..], scopes].concat())
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

/// An answer with something else in place of what matches an expression.
fn replaced(answer: &Value, expression: &str, by: impl FnMut(&Captures<'_>) -> String) -> Value {
    let expression = Regex::new(expression).expect("an expression");
    serde_json::from_str(&expression.replace_all(&answer.to_string(), by)).expect("JSON")
}

/// An answer with zero in place of numbers that are of the moment, by their names.
fn without(names: &str, answer: &Value) -> Value {
    replaced(answer, &format!(r#"(\\?"(?:{names})\\?": ?)[0-9.]+"#), |found| format!("{}0", &found[1]))
}

/// An answer in which times are numbered as they appear: equal ones stay equal, and those that differ stay different.
fn numbered(answer: &Value) -> Value {
    let mut times: Vec<String> = Vec::new();
    replaced(answer, "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z", |found| {
        let number = times.iter().position(|time| *time == found[0]).unwrap_or_else(|| {
            times.push(found[0].to_owned());
            times.len() - 1
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

/// Messages that are refused for what they are.
const MESSAGES: &[&str] = &[
    "garbage",
    "[]",
    r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
    r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
    r#"{"jsonrpc":"2.0","id":"c","method":"tools/call","params":{"name":"list_runs","arguments":[1]}}"#,
    r#"{"jsonrpc":"2.0","id":"d","method":"nonsense"}"#,
];

/// Tokens of the account: with every scope, with one, and what is good for nothing.
struct Callers {
    everything: String,
    reader: String,
    useless: Vec<Option<String>>,
}

/// Everything that can be asked without changing anything.
async fn ask_everything(way: Way, server: &Server, callers: &Callers, revision: Revision) -> Answers {
    let mut client = way.client(server, Some(&callers.everything), revision);
    let mut answers = vec![("opening".to_owned(), client.open().await.body)];
    for method in ["tools/list", "prompts/list", "ping", "nonsense"] {
        answers.push((method.to_owned(), client.request(method, json!({})).await.body));
    }
    let examples = declared_readers().into_iter();
    let examples = examples.flat_map(|(tool, examples)| examples.into_iter().map(move |it| (tool.clone(), it)));
    let wrong = refusals().into_iter().map(|(tool, arguments, _)| (tool.to_owned(), arguments));
    for (tool, arguments) in examples.chain(wrong) {
        let asked = format!("{tool} with {arguments}");
        let answer = client.call(&tool, arguments).await.body;
        answers.push((asked, without("elapsed_ms|validation_id", &answer)));
    }
    answers.push(("no tool".to_owned(), client.call("no_tool", json!({})).await.body));
    for message in MESSAGES {
        answers.push(((*message).to_owned(), client.say(message).await.body));
    }

    let mut client = way.client(server, Some(&callers.reader), revision);
    client.open().await;
    answers.push(("tools/list of a reader".to_owned(), client.list().await.body));
    for (tool, arguments, _) in refusals() {
        answers.push((format!("{tool} of a reader"), client.call(tool, arguments).await.body));
    }
    for useless in &callers.useless {
        let mut client = way.client(server, useless.as_deref(), revision);
        answers.push((format!("opening with {useless:?}"), without_id(client.open().await.body)));
        for (tool, arguments, _) in refusals() {
            answers.push((format!("{tool} with {useless:?}"), without_id(client.call(tool, arguments).await.body)));
        }
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_and_what_is_refused_is_the_same() {
    let server = start();
    let revoked = token(&server, "revoked", &["read"]);
    server.succeed(&["token", "revoke", "revoked"]);
    let callers = Callers {
        everything: token(&server, "everything", &["read", "write"]),
        reader: token(&server, "reader", &["read"]),
        useless: vec![None, Some("integrateio_short".to_owned()), Some(revoked)],
    };
    for revision in Revision::ALL {
        let over_http = ask_everything(Way::Http, &server, &callers, revision).await;
        for way in [Way::Only, Way::Environment, Way::Argument] {
            let answers = ask_everything(way, &server, &callers, revision).await;
            assert_same(&over_http, &answers, way, revision.as_str());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_the_same() {
    let mut over_http = None;
    for way in Way::ALL {
        let mut server = start();
        let id = Account::first(&server).id;
        let token = token(&server, "everything", &["read", "write"]);
        if way != Way::Http {
            // One process works for a store, and this one is to be the client's.
            server.kill();
        }
        let mut client = way.client(&server, Some(&token), Revision::V2026_07_28);
        client.open().await;
        let mut story = Story::of(Account::with(id, client));
        let mut answers = Answers::new();
        for effect in effects() {
            let result = story.change(&server, &effect).await;
            answers.push((
                format!("{} with {}", effect.by.0, effect.by.1),
                numbered(&without("runtime_in_seconds", &result)),
            ));
        }
        let expected = over_http.get_or_insert_with(|| answers.clone());
        assert_same(expected, &answers, way, "changes");
    }
}
