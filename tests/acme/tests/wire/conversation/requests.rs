//! Asking by the older revisions: the server sends requests of its own before the answer.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Events, Revision, Server, Transport, post, promises::assert_kept};

use super::{connect, start};
use crate::PREFIX;

/// Where a page is that asks from a browser.
const PAGE: &str = "http://localhost:3000";

const REVISIONS: [Revision; 2] = [Revision::V2025_06_18, Revision::V2025_11_25];

async fn asked(server: &Server, transport: Transport, revision: Revision) -> Client {
    connect(server, transport, revision, json!({"elicitation": {}})).await
}

fn book(how: &str) -> Value {
    json!({"name": "book", "arguments": {"flight": "LH1", "how": how}})
}

fn accept(content: impl Into<Value>) -> Value {
    let content = content.into();
    json!({"result": {"action": "accept", "content": content}})
}

/// What a client answers to each of the two questions.
fn response(message: &Value) -> Value {
    assert_eq!(message["method"], "elicitation/create");
    let properties = message["params"]["requestedSchema"]["properties"].as_object().expect("properties");
    accept(if properties.contains_key("row") { json!({"row": 7.0}) } else { json!({"name": "Ada"}) })
}

#[tokio::test]
async fn a_client_is_asked_and_answers() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| REVISIONS.map(|revision| (transport, revision)))
    {
        let mut client = asked(&server, transport, revision).await;
        for (how, asked, found) in [
            ("one", 1, json!({"seat": {"row": 7, "window": true}})),
            ("both", 2, json!({"seat": {"row": 7, "window": true}, "name": {"name": "Ada"}})),
            ("rounds", 2, json!({"seat": {"row": 7, "window": true}, "name": {"name": "Ada"}})),
        ] {
            let heard = client.converse("tools/call", book(how), |question| Some(response(question))).await;
            assert_eq!(heard.reply.structured(), &found, "{transport:?} {revision:?} {how}");
            assert_eq!(heard.told.len(), asked);
            assert_eq!(heard.told[0]["params"]["message"], "Which seat to `LH1`?");
            assert_eq!(heard.reply.result().get("resultType"), None, "it is none of this revision");
        }
    }
}

#[tokio::test]
async fn what_is_no_answer_is_an_error_of_the_tool() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport, Revision::V2025_11_25).await;
        for (answer, why) in [
            (json!({"error": {"code": -1, "message": "the user is away"}}), "with an error: `the user is away`"),
            (accept(json!({"row": 31})), "does not fit"),
            (json!({"result": {}}), "does not fit"),
            (json!({"result": null}), "does not fit"),
            (json!({"error": {"code": -1, "message": "away ".repeat(1_000)}}), "with an error: `away away"),
        ] {
            let heard = client.converse("tools/call", book("one"), |_| Some(answer.clone())).await;
            let text = heard.reply.text();
            assert!(text.len() < 500, "{transport:?}: {text}");
            assert!(heard.reply.is_tool_error(), "{transport:?} {answer}");
            assert!(text.starts_with("not_answered: ") && text.contains(why), "{transport:?} {answer}: {text}");
        }
    }
}

#[tokio::test]
async fn a_client_that_never_answers_is_not_waited_for_without_end() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport, Revision::V2025_11_25).await;
        let heard = client.converse("tools/call", book("one"), |_| None).await;
        assert_eq!(heard.reply.text(), "not_answered: the client did not answer in time", "{transport:?}");
        assert_eq!(heard.told.len(), 1);
    }
}

#[tokio::test]
pub(crate) async fn a_client_that_cannot_be_asked_is_told_what_it_lacks() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| REVISIONS.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({"sampling": {}})).await;
        let heard = client.converse("tools/call", book("one"), |question| Some(response(question))).await;
        let case = format!("{transport:?} {revision:?}");
        assert_kept(Promise::MissingCapabilityBefore, &heard.reply, &case);
        assert!(heard.told.is_empty(), "{case}: {heard:?}");
        assert!(heard.reply.text().contains("`elicitation`"), "{case}: {heard:?}");
    }
}

#[tokio::test]
async fn a_model_says_one_text_or_several() {
    let server = start();
    let text = |text: &str| json!({"type": "text", "text": text});
    let image = json!({"type": "image", "data": "AQID", "mimeType": "image/png"});
    for transport in Transport::ALL {
        let can = json!({"sampling": {}, "roots": {}});
        let mut client = connect(&server, transport, Revision::V2025_11_25, can).await;
        for (content, rhyme) in [
            (text("cool"), Some("cool")),
            (json!([text("cool"), image, text("pool")]), Some("cool\npool")),
            (json!([image]), None),
            (image.clone(), None),
            (json!([]), None),
        ] {
            let respond = |question: &Value| {
                Some(if question["method"] == "roots/list" {
                    json!({"result": {"roots": [{"uri": "file:///work", "name": "work"}]}})
                } else {
                    json!({"result": {"role": "assistant", "model": "m1", "content": content}})
                })
            };
            let call = json!({"name": "rhyme", "arguments": {"word": "tool"}});
            let heard = client.converse("tools/call", call, respond).await;
            if let Some(rhyme) = rhyme {
                let found = json!({"rhyme": rhyme, "model": "m1", "folders": ["file:///work"], "titled": false});
                assert_eq!(heard.reply.structured(), &found, "{transport:?}");
            } else {
                let why = heard.reply.text();
                assert!(why.starts_with("not_answered: ") && why.contains("`content` has no text"), "{why}");
            }
        }
    }
}

/// Somebody who sends messages by hand.
struct Sender {
    http: reqwest::Client,
    url: String,
    token: String,
    session: Option<String>,
}

impl Sender {
    /// On a page of this machine.
    async fn new(server: &Server, token: String) -> Self {
        let mut client =
            Client::http(server.url(), Some(&token), Revision::V2025_11_25).capable(json!({"elicitation": {}}));
        client.open().await;
        let session = client.session().clone();
        let origin = ("origin".parse().expect("a name"), PAGE.parse().expect("a value"));
        let http = reqwest::Client::builder().no_proxy().default_headers([origin].into_iter().collect()).build();
        let http = http.expect("an HTTP client");
        Self { http, url: server.url().to_owned(), token, session }
    }

    async fn send(&self, message: &Value) -> reqwest::Response {
        let sent =
            post(&self.http, &self.url, Some(&self.token), self.session.as_deref(), Revision::V2025_11_25, message);
        sent.await.expect("a response")
    }

    async fn status(&self, message: &Value) -> u16 {
        self.send(message).await.status().as_u16()
    }

    /// Makes a call, and reads the question.
    async fn call(&self) -> (Events, Value) {
        let response =
            self.send(&json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": book("one")})).await;
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header("cache-control").as_deref(), Some("no-store"));
        assert_eq!(header("access-control-allow-origin").as_deref(), Some(PAGE));
        assert_eq!(header("x-accel-buffering").as_deref(), Some("no"));
        let mut events = Events::of(response);
        let question = events.next().await.expect("a question");
        (events, question)
    }
}

#[tokio::test]
async fn only_who_was_asked_answers_and_only_once() {
    let server = start();
    let one = Sender::new(&server, server.first_token(PREFIX)).await;
    let other = Sender::new(&server, server.token("other", &["notes:read"])).await;
    let (mut events, question) = one.call().await;
    let mut answer = accept(json!({"row": 5}));
    answer["jsonrpc"] = json!("2.0");
    for id in [json!("unknown"), json!(1), json!("")] {
        answer["id"] = id;
        assert_eq!(one.status(&answer).await, 400, "{answer}");
    }
    answer["id"] = question["id"].clone();
    let refused = other.send(&answer).await;
    assert_eq!(refused.status(), 400, "another credential");
    let body = Events::of(refused).next().await.expect("JSON");
    assert_eq!(body["error"]["code"], -32600, "as an id that nobody waits for: {body}");
    assert_eq!(one.status(&answer).await, 202);
    let reply = events.next().await.expect("the answer");
    assert_eq!(reply["result"]["structuredContent"], json!({"seat": {"row": 5, "window": true}}));
    assert_eq!(events.next().await, None, "the stream is over");
    assert_eq!(one.status(&answer).await, 400, "late");
}

/// On threads, since a connection is closed beside the test.
#[tokio::test(flavor = "multi_thread")]
async fn who_has_gone_is_not_waited_for() {
    let server = start();
    let one = Sender::new(&server, server.first_token(PREFIX)).await;
    let call = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {
        "name": "tell", "arguments": {"progress": [1], "hang": true}, "_meta": {"progressToken": 1},
    }});
    let mut events = Events::of(one.send(&call).await);
    assert_eq!(events.next().await.expect("progress")["params"]["progress"], 1);
    drop(events);
    server.wait_for_line(&["tell was dropped"]);
    server.wait_for_line(&["caller_gone"]);

    let (events, question) = one.call().await;
    drop(events);
    server.wait_for_line(&["book", "not_answered"]);
    let mut answer = accept(json!({"row": 5}));
    answer["jsonrpc"] = json!("2.0");
    answer["id"] = question["id"].clone();
    assert_eq!(one.status(&answer).await, 400, "nobody waits for it");
}
