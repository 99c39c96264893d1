//! What reaches the API, and what comes back.

use serde_json::{Value, json};
use toolwright_tests::{Client, Revision, StdioPipe, Transport};

use crate::{ALL, BASE_URL, FORWARDER, VARIABLES, api::Api, before, http, key};

/// A client over any transport. Over stdio, a process that serves by itself asks the API too.
fn client(api: &Api, server: &toolwright_tests::Server, transport: Transport, revision: Revision, key: &str) -> Client {
    match transport {
        Transport::Stdio => {
            let environment = [(VARIABLES.credential, key), (BASE_URL, api.address())];
            Client::stdio(StdioPipe::alone(FORWARDER, &environment), revision)
        }
        Transport::Http | Transport::Gateway => Client::of(server, VARIABLES, transport, revision, Some(key)),
    }
}

#[tokio::test]
async fn a_call_asks_the_api_with_the_callers_key() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let cases = [
        ("list_notes", json!({}), "GET /v1/notes HTTP/1.1", "", json!({"notes": [{"id": "n_1", "text": "ada"}]})),
        (
            "list_notes",
            json!({"query": "a&b=c", "limit": 2}),
            "GET /v1/notes?query=a%26b%3Dc&limit=2 HTTP/1.1",
            "",
            json!({"notes": [{"id": "n_1", "text": "ada"}]}),
        ),
        ("get_note", json!({"note_id": "n_1"}), "GET /v1/notes/n_1 HTTP/1.1", "", json!({"id": "n_1", "text": "ada"})),
        (
            "create_note",
            json!({"text": "Hello."}),
            "POST /v1/notes HTTP/1.1",
            r#"{"text":"Hello."}"#,
            json!({"id": "n_2", "text": "Hello."}),
        ),
        ("delete_note", json!({"note_id": "n_1"}), "DELETE /v1/notes/n_1 HTTP/1.1", "", json!({"deleted": true})),
    ];
    for transport in Transport::ALL {
        for revision in Revision::ALL {
            let mut client = client(&api, &server, transport, revision, &ada);
            client.open().await;
            for (tool, arguments, line, body, result) in &cases {
                let reply = client.call(tool, arguments.clone()).await;
                assert_eq!(reply.structured(), result, "{transport:?} {revision:?} {tool}");
                let asked = api.asked().pop().expect("a request");
                assert_eq!((asked.line.as_str(), asked.body.as_str()), (*line, *body), "{transport:?} {revision:?}");
                assert_eq!(asked.header("authorization"), Some(format!("Bearer {ada}").as_str()));
            }
            let me = client.call("whoami", json!({})).await;
            assert_eq!(me.structured(), &json!({"key": "key_ada", "name": "ada's laptop", "owner": "ada"}));
        }
    }
    // One for the server, whatever asks it, and one for each process that serves by itself.
    assert_eq!(api.checks(), 1 + Revision::ALL.len());
}

#[tokio::test]
async fn nothing_of_the_callers_request_goes_along() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER)
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("http_proxy", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .start();
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "create_note", "arguments": {"text": "x"}, "_meta": {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}});
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut request = client
        .post(server.url())
        .header("Authorization", format!("Bearer {ada}"))
        .header("Content-Type", "application/json")
        .header("Accept", "application/json, text/event-stream")
        .header("User-Agent", "canary/1.0");
    let inbound = [
        "cookie",
        "x-forwarded-for",
        "x-forwarded-host",
        "forwarded",
        "x-real-ip",
        "x-api-key",
        "proxy-authorization",
        "traceparent",
        "tracestate",
        "baggage",
        "referer",
        "accept-language",
        "accept-encoding",
        "x-project-id",
        "mcp-session-id",
        "x-http-method-override",
    ];
    for name in inbound {
        request = request.header(name, "canary=identity");
    }
    let answer: Value = serde_json::from_str(
        &request.body(call.to_string()).send().await.expect("an answer").text().await.expect("text"),
    )
    .expect("JSON");
    assert_eq!(answer["result"]["isError"], json!(false), "{answer}");
    let asked = api.asked();
    let names = |at: usize| {
        let mut names: Vec<_> = asked[at].headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(0), ["accept", "authorization", "host", "user-agent"]);
    assert_eq!(names(1), ["accept", "authorization", "content-length", "content-type", "host", "user-agent"]);
    for asked in &asked {
        assert_eq!(asked.header("user-agent"), Some("forwarder/1.0.0"));
        assert_eq!(asked.header("accept"), Some("application/json"));
        assert_eq!(asked.header("host"), api.address().strip_prefix("http://"));
        assert!(!format!("{asked:?}").contains("canary"), "{asked:?}");
    }
}

#[tokio::test]
async fn scopes_are_those_that_the_api_grants() {
    let api = Api::start().await;
    let (reader, nobody) = (key('r'), key('n'));
    api.grant(&reader, "rita", &["notes:read", "billing", "notes:own"]);
    api.grant(&nobody, "nob", &[]);
    let server = before(&api, FORWARDER).start();
    let shown = async |key: &str| {
        let reply = http(&server, key).list().await;
        let tools = reply.result()["tools"].as_array().expect("tools").iter();
        tools.map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&reader).await, ["list_notes", "get_note", "whoami"]);
    assert_eq!(shown(&nobody).await, ["whoami"]);
    let refused = http(&server, &reader).call("create_note", json!({"text": "x"})).await;
    assert_eq!((refused.status, refused.error_code()), (Some(403), Some(-31403)), "{refused:?}");
    assert_eq!(refused.error_data()["held"], json!(["notes:read"]));
    assert_eq!(api.asked().len(), api.checks());
}
