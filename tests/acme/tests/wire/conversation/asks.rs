//! Asking by 2026-07-28: the answer says what is asked, and the request comes again.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, Transport, promises::assert_kept};

use super::{connect, start};
use crate::{ACME_TALK, VARIABLES};

async fn asked(server: &Server, transport: Transport) -> Client {
    connect(server, transport, Revision::V2026_07_28, json!({"elicitation": {"form": {}}})).await
}

/// A call with what the client was given, and what it answers.
async fn again(client: &mut Client, arguments: &Value, state: &Value, answers: Value) -> Reply {
    let mut params = json!({"name": "book", "arguments": arguments, "inputResponses": answers});
    if !state.is_null() {
        params["requestState"] = state.clone();
    }
    client.request("tools/call", params).await
}

/// The keys of what is asked, and the state that goes with it.
fn required(reply: &Reply) -> (Vec<String>, Value) {
    assert_eq!(reply.result()["resultType"], "input_required", "{reply:?}");
    let requests = reply.result()["inputRequests"].as_object().unwrap_or_else(|| panic!("{reply:?}"));
    assert!(reply.result()["requestState"].is_string(), "{reply:?}");
    (requests.keys().cloned().collect(), reply.result()["requestState"].clone())
}

fn accept(content: impl Into<Value>) -> Value {
    let content = content.into();
    json!({"action": "accept", "content": content})
}

fn flight(how: &str) -> Value {
    json!({"flight": "LH1 `now`", "how": how})
}

#[tokio::test]
async fn what_is_asked_is_answered_with_the_same_call() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport).await;
        let reply = client.call("book", flight("one")).await;
        let (keys, state) = required(&reply);
        assert_eq!(keys, ["seat"], "{transport:?}");
        let request = &reply.result()["inputRequests"]["seat"];
        assert_eq!(request["method"], "elicitation/create");
        assert_eq!(request["params"]["message"], "Which seat to `LH1 'now'`?");
        let form = &request["params"]["requestedSchema"];
        assert_eq!(
            form["properties"]["row"],
            json!({"type": "integer", "description": "Its row.", "minimum": 1, "maximum": 30})
        );
        assert_eq!(form["required"], json!(["row"]));
        for (answer, seat) in [
            (accept(json!({"row": 3, "window": false})), json!({"row": 3, "window": false})),
            (accept(json!({"row": 3.0})), json!({"row": 3, "window": true})),
            (json!({"action": "decline"}), json!("declined")),
            (json!({"action": "cancel"}), json!("cancelled")),
        ] {
            let reply = again(&mut client, &flight("one"), &state, json!({"seat": answer, "unknown": 1})).await;
            assert_eq!(reply.structured(), &json!({"seat": seat}), "{transport:?}");
            assert_eq!(reply.result()["resultType"], "complete");
        }
    }
}

#[tokio::test]
async fn answers_without_a_state_are_the_clients_own() {
    let server = start();
    let mut client = asked(&server, Transport::Http).await;
    let reply = again(&mut client, &flight("one"), &Value::Null, json!({"seat": accept(json!({"row": 1}))})).await;
    assert_eq!(reply.structured(), &json!({"seat": {"row": 1, "window": true}}));
}

#[tokio::test]
async fn what_does_not_fit_is_asked_again() {
    let server = start();
    let mut client = asked(&server, Transport::Http).await;
    let (_, state) = required(&client.call("book", flight("one")).await);
    for answers in [
        json!({}),
        json!({"set": accept(json!({"row": 1}))}),
        json!({"seat": accept(json!({"row": 31}))}),
        json!({"seat": accept(json!({"row": "1"}))}),
        json!({"seat": accept(json!({}))}),
        json!({"seat": {"action": "accept"}}),
        json!({"seat": {"action": "perhaps"}}),
        json!({"seat": 12_345}),
        json!({"seat": null}),
    ] {
        let reply = again(&mut client, &flight("one"), &state, answers.clone()).await;
        assert_eq!(required(&reply).0, ["seat"], "{answers}");
    }
}

#[tokio::test]
async fn several_are_asked_at_once_and_what_lacks_is_asked_again() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport).await;
        let reply = client.call("book", flight("both")).await;
        let (keys, state) = required(&reply);
        assert_eq!(keys, ["name", "seat"], "{transport:?}");
        assert_eq!(reply.result()["inputRequests"]["name"]["params"]["message"], "Who flies with us?");
        let reply = again(&mut client, &flight("both"), &state, json!({"seat": accept(json!({"row": 2}))})).await;
        let (keys, state) = required(&reply);
        assert_eq!(keys, ["name"], "{transport:?}");
        // The seat is in the state.
        let reply = again(&mut client, &flight("both"), &state, json!({"name": accept(json!({"name": "Ada"}))})).await;
        assert_eq!(
            reply.structured(),
            &json!({"seat": {"row": 2, "window": true}, "name": {"name": "Ada"}}),
            "{transport:?}"
        );
    }
}

#[tokio::test]
async fn rounds_follow_each_other() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport).await;
        let (keys, first) = required(&client.call("book", flight("rounds")).await);
        assert_eq!(keys, ["seat"], "{transport:?}");
        let reply = again(&mut client, &flight("rounds"), &first, json!({"seat": accept(json!({"row": 2}))})).await;
        let (keys, second) = required(&reply);
        assert_eq!(keys, ["name"], "{transport:?}");
        assert_ne!(first, second);
        let name = json!({"name": accept(json!({"name": "Ada"}))});
        let reply = again(&mut client, &flight("rounds"), &second, name.clone()).await;
        assert_eq!(
            reply.structured(),
            &json!({"seat": {"row": 2, "window": true}, "name": {"name": "Ada"}}),
            "{transport:?}"
        );
        // What an earlier round has brought stays as it was.
        let mut other = name.clone();
        other["seat"] = accept(json!({"row": 30}));
        let reply = again(&mut client, &flight("rounds"), &second, other).await;
        assert_eq!(reply.structured()["seat"]["row"], json!(2), "{transport:?}");
        // The first state knows no seat.
        assert_eq!(required(&again(&mut client, &flight("rounds"), &first, name).await).0, ["seat"], "{transport:?}");
        for (action, why) in [("decline", "the user declined to answer"), ("cancel", "the user closed what")] {
            let answer = json!({"name": {"action": action}});
            let reply = again(&mut client, &flight("rounds"), &second, answer).await;
            let said = format!("not_answered: {why}");
            assert!(reply.is_tool_error() && reply.text().starts_with(&said), "{action}: {reply:?}");
        }
    }
}

#[tokio::test]
async fn the_same_can_be_asked_again() {
    let server = start();
    let mut client = asked(&server, Transport::Http).await;
    let (keys, state) = required(&client.call("book", flight("again")).await);
    assert_eq!(keys, ["name"]);
    let reply = again(&mut client, &flight("again"), &state, json!({"name": accept(json!({"name": "Bob"}))})).await;
    let (keys, state) = required(&reply);
    assert_eq!(keys, ["name#2"]);
    let reply = again(&mut client, &flight("again"), &state, json!({"name#2": accept(json!({"name": "Ada"}))})).await;
    assert_eq!(reply.structured(), &json!({"tried": ["Bob", "Ada"]}));
}

#[tokio::test]
pub(crate) async fn a_state_is_worth_nothing_elsewhere() {
    let server = start();
    let mut client = asked(&server, Transport::Http).await;
    let (_, state) = required(&client.call("book", flight("one")).await);
    let text = state.as_str().expect("text");
    let middle = text.len() / 2;
    let turned = if text.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let seat = || json!({"seat": accept(json!({"row": 1}))});

    for tampered in [
        format!("{}{turned}{}", &text[..middle], &text[middle + 1..]),
        format!("{text}A"),
        String::new(),
        "x".to_owned(),
    ] {
        let reply = again(&mut client, &flight("one"), &json!(tampered), seat()).await;
        assert_kept(Promise::TamperedState, &reply, &tampered);
    }
    for arguments in [flight("both"), json!({"flight": "LH2", "how": "one"})] {
        let reply = again(&mut client, &arguments, &state, seat()).await;
        assert_kept(Promise::StateOfAnother, &reply, &arguments.to_string());
    }
    let token = server.token("other", &["notes:read"]);
    let mut other = Client::of(&server, VARIABLES, Transport::Http, Revision::V2026_07_28, Some(&token))
        .capable(json!({"elicitation": {}}));
    let reply = again(&mut other, &flight("one"), &state, seat()).await;
    assert_kept(Promise::StateOfAnother, &reply, "another credential");
    assert_eq!(
        again(&mut client, &flight("one"), &state, seat()).await.structured(),
        &json!({"seat": {"row": 1, "window": true}})
    );
}

#[tokio::test]
pub(crate) async fn a_client_that_cannot_be_asked_is_refused_before_anything_runs() {
    let server = start();
    for transport in Transport::ALL {
        for (tool, arguments, can, lacks) in [
            ("book", flight("one"), json!({}), json!({"elicitation": {"form": {}}})),
            (
                "book",
                flight("one"),
                json!({"elicitation": {"url": {}}, "sampling": {}}),
                json!({"elicitation": {"form": {}}}),
            ),
            ("rhyme", json!({"word": "tool"}), json!({"elicitation": {}, "roots": {}}), json!({"sampling": {}})),
        ] {
            let mut client = connect(&server, transport, Revision::V2026_07_28, can.clone()).await;
            let reply = client.call(tool, arguments).await;
            assert_kept(Promise::MissingCapability, &reply, &format!("{transport:?} {can}"));
            assert_eq!(reply.error_data()["requiredCapabilities"], lacks, "{transport:?} {can}");
        }
    }
}

#[tokio::test]
async fn what_a_tool_can_do_without_is_asked_of_who_has_it() {
    let server = start();
    let sampled = json!({"role": "assistant", "content": {"type": "text", "text": "cool"}, "model": "m1", "stopReason": "endTurn"});
    let roots = json!({"roots": [{"uri": "file:///work"}]});
    for (can, answers, found) in [
        (
            json!({"sampling": {}}),
            json!({"rhyme": sampled}),
            json!({"rhyme": "cool", "model": "m1", "folders": null, "titled": false}),
        ),
        (
            json!({"sampling": {}, "roots": {}, "elicitation": {}}),
            json!({"rhyme": sampled, "folders": roots}),
            json!({"rhyme": "cool", "model": "m1", "folders": ["file:///work"], "titled": true}),
        ),
    ] {
        let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, can.clone()).await;
        let arguments = json!({"word": "`tool`"});
        let reply = client.call("rhyme", arguments.clone()).await;
        let (mut keys, state) = required(&reply);
        keys.sort_unstable();
        let mut expected: Vec<&String> = answers.as_object().expect("an object").keys().collect();
        expected.sort_unstable();
        assert_eq!(keys.iter().collect::<Vec<_>>(), expected, "{can}");
        let request = &reply.result()["inputRequests"]["rhyme"];
        assert_eq!(request["method"], "sampling/createMessage");
        assert_eq!(request["params"]["maxTokens"], 40);
        // A model reads an argument as it came.
        let text = &request["params"]["messages"][0]["content"]["text"];
        assert_eq!(text, "What rhymes with `tool`?");
        let params = json!({"name": "rhyme", "arguments": arguments, "requestState": state, "inputResponses": answers});
        assert_eq!(client.request("tools/call", params).await.structured(), &found, "{can}");
    }
}

#[tokio::test]
async fn a_tool_asks_only_what_it_declares() {
    let server = start();
    let can = json!({"elicitation": {}, "sampling": {}});
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, can).await;
    let reply = client.call("book", flight("foreign")).await;
    assert!(reply.is_tool_error() && reply.text().starts_with("internal: "), "{reply:?}");
    server.wait_for_line(&["`book` asks `rhyme`, which it does not declare"]);
}

#[tokio::test]
async fn a_tool_asks_the_same_once_at_a_time() {
    let server = start();
    let mut client = asked(&server, Transport::Http).await;
    let reply = client.call("book", flight("twice")).await;
    assert!(reply.is_tool_error() && reply.text().starts_with("internal: "), "{reply:?}");
    server.wait_for_line(&["`book` asks the same twice at once"]);
}

#[tokio::test]
async fn a_tool_that_fails_after_it_has_asked_has_failed() {
    let server = start();
    for transport in Transport::ALL {
        let mut client = asked(&server, transport).await;
        let reply = client.call("book", flight("vain")).await;
        assert!(reply.is_tool_error(), "{transport:?}: {reply:?}");
        assert_eq!(reply.text(), "wrong_state: the flight is full", "{transport:?}");
    }
}

#[tokio::test]
async fn nobody_is_asked_for_what_they_have_not_declared() {
    let server = start();
    let mut client = connect(&server, Transport::Http, Revision::V2026_07_28, json!({"sampling": {}})).await;
    let reply = client.call("rhyme", json!({"word": "tool", "insists": true})).await;
    assert!(reply.is_tool_error(), "{reply:?}");
    let text = reply.text();
    assert!(text.starts_with("missing_capability: ") && text.contains("`roots`"), "{text}");
}

#[tokio::test]
async fn no_question_has_a_secret() {
    let server = Server::of(ACME_TALK).env("ACME_SECRET", "flies with us").start();
    let mut client = asked(&server, Transport::Http).await;
    let reply = client.call("book", flight("both")).await;
    assert_eq!(reply.result()["inputRequests"]["name"]["params"]["message"], "Who [redacted]?");
}
