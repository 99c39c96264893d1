//! Changes: who is told of which, in which words, and until when.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{
    Client, Events, Reply, Revision, Server, StdioPipe, Transport,
    promises::{assert_ended, assert_kept},
};

use crate::{ACME, ACME_LIMITS, PIPES, SCOPES, VARIABLES, connect};

const MODERN: Revision = Revision::V2026_07_28;
const OLDER: [Revision; 2] = [Revision::V2025_06_18, Revision::V2025_11_25];
const ID: &str = "io.modelcontextprotocol/subscriptionId";

/// A request to listen, with the id 77.
fn listen(filter: &Value) -> Value {
    let params = MODERN.parameters(json!({"notifications": filter}));
    json!({"jsonrpc": "2.0", "id": 77, "method": "subscriptions/listen", "params": params})
}

/// What a client is told, with the id of its subscription if it has one.
fn told(method: &str, params: &Value, is_subscription: bool) -> Value {
    let mut message = json!({"jsonrpc": "2.0", "method": format!("notifications/{method}"), "params": params});
    if is_subscription {
        message["params"]["_meta"] = json!({ID: 77});
    } else if message["params"] == json!({}) {
        message.as_object_mut().expect("an object").remove("params");
    }
    message
}

fn updated(uri: &str, is_subscription: bool) -> Value {
    told("resources/updated", &json!({"uri": uri}), is_subscription)
}

fn acknowledged(filter: &Value) -> Value {
    told("subscriptions/acknowledged", &json!({"notifications": filter}), true)
}

/// Everything that there is to be told of, and more.
fn everything() -> Value {
    json!({
        "toolsListChanged": true,
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": ["acme://notes", "acme://guide", "acme://nothing", "acme://notes/red", "acme://notes/../red"],
    })
}

async fn add(client: &mut Client, color: &str) {
    client.call("add_note", json!({"text": "A note", "color": color})).await.structured();
}

/// Changes every list.
async fn change_lists(client: &mut Client) {
    client.call("delete_note", json!({"note_id": "absent"})).await.structured();
}

async fn of_subject(server: &Server, subject: &str) -> (String, Client) {
    let token = server.token_for(subject, subject, &["notes:write"]);
    let client = connect(server, Transport::Http, MODERN, &token).await;
    (token, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_hears_of_what_it_asked_for_and_of_nothing_else() {
    let server = Server::of(ACME).start();
    let (token, mut own) = of_subject(&server, "ada").await;
    let (_, mut foreign) = of_subject(&server, "bob").await;
    let mut all = Events::post(server.url(), &token, MODERN, &listen(&everything())).await;
    assert_eq!(all.status(), 200);
    assert_eq!(all.header("content-type"), Some("text/event-stream"));
    assert_eq!(all.header("x-accel-buffering"), Some("no"));
    let accepted = json!({
        "toolsListChanged": true,
        "promptsListChanged": true,
        "resourcesListChanged": true,
        "resourceSubscriptions": ["acme://notes", "acme://notes/red"],
    });
    assert_eq!(all.next().await, Some(acknowledged(&accepted)));
    let mut some = Events::post(server.url(), &token, MODERN, &listen(&json!({"promptsListChanged": true}))).await;
    assert_eq!(some.next().await, Some(acknowledged(&json!({"promptsListChanged": true}))));
    let mut nothing = Events::post(server.url(), &token, MODERN, &listen(&json!({"toolsListChanged": false}))).await;
    assert_eq!(nothing.next().await, Some(acknowledged(&json!({}))));

    add(&mut foreign, "red").await;
    change_lists(&mut foreign).await;
    add(&mut own, "blue").await;
    add(&mut own, "red").await;
    change_lists(&mut own).await;
    let lists = ["tools/list_changed", "prompts/list_changed", "resources/list_changed"];
    let lists = lists.map(|list| told(list, &json!({}), true));
    let resources = ["acme://notes", "acme://notes", "acme://notes/red"].map(|uri| updated(uri, true));
    for expected in resources.into_iter().chain(lists.clone()) {
        assert_eq!(all.next().await, Some(expected));
    }
    assert_eq!(some.next().await.as_ref(), Some(&lists[1]));
    // Only the end comes after that, to all of them.
    server.terminate();
    for stream in [&mut all, &mut some, &mut nothing] {
        let end = stream.next().await.expect("a result at the end");
        assert_eq!((&end["id"], &end["result"]["_meta"][ID]), (&json!(77), &json!(77)), "{end}");
        assert_eq!(end["result"]["resultType"], "complete", "{end}");
        assert_eq!(stream.next().await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_hears_of_what_they_may_not_read() {
    let server = Server::of(ACME).start();
    let token = server.token_for("ada", "accountant", &["billing:read"]);
    let (_, mut own) = of_subject(&server, "ada").await;
    let mut stream = Events::post(server.url(), &token, MODERN, &listen(&everything())).await;
    let lists = json!({"toolsListChanged": true, "promptsListChanged": true, "resourcesListChanged": true});
    assert_eq!(stream.next().await, Some(acknowledged(&lists)));
    add(&mut own, "red").await;
    change_lists(&mut own).await;
    assert_eq!(stream.next().await, Some(told("tools/list_changed", &json!({}), true)));

    for revision in OLDER {
        let mut client = connect(&server, Transport::Http, revision, &token).await;
        let reply = client.request("resources/subscribe", json!({"uri": "acme://notes"})).await;
        crate::prompts::assert_denied(&reply, "notes", "notes:read", &["billing:read"], revision.as_str());
    }
}

/// What comes once nothing is told any more.
async fn end(events: &mut Events) -> Option<Value> {
    loop {
        match events.next().await {
            Some(message) if message.get("method").is_some() => {}
            last => return last,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_revoked_credential_hears_nothing_more() {
    let server = Server::of(ACME).start();
    let (token, mut own) = of_subject(&server, "ada").await;
    let mut modern = Events::post(server.url(), &token, MODERN, &listen(&everything())).await;
    assert_eq!(modern.next().await.expect("a message")["method"], "notifications/subscriptions/acknowledged");
    let mut older = Events::get(server.url(), &token, Revision::V2025_11_25).await;
    assert_eq!(older.status(), 200);
    change_lists(&mut own).await;
    assert_eq!(older.next().await, Some(told("tools/list_changed", &json!({}), false)));
    server.revoke("ada");
    let other = server.token_for("ada", "another", &["notes:write"]);
    let last = end(&mut modern).await.expect("the answer to what was asked");
    assert_ended(Promise::RevokedStream, Some(&last), "listening");
    assert_eq!(last["id"], 77, "{last}");
    assert_ended(Promise::RevokedStream, end(&mut modern).await.as_ref(), "after the answer");
    assert_ended(Promise::RevokedStream, end(&mut older).await.as_ref(), "a stream without a request");
    for events in [
        Events::get(server.url(), &token, Revision::V2025_11_25).await,
        Events::post(server.url(), &token, MODERN, &listen(&everything())).await,
    ] {
        assert_kept(Promise::RevokedCredential, &events.reply().await, "listening again");
    }
    assert_eq!(Events::get(server.url(), &other, Revision::V2025_11_25).await.status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn a_revoked_credential_hears_nothing_more_over_stdio() {
    let server = Server::of(ACME).start();
    for (place, pipe) in PIPES.into_iter().enumerate() {
        let name = format!("brief-{place}");
        let mut pipe = pipe(&server, VARIABLES, Some(&server.token_for("ada", &name, &["notes:write"])));
        pipe.send(&listen(&json!({"toolsListChanged": true})).to_string()).await;
        assert_eq!(next(&mut pipe).await, acknowledged(&json!({"toolsListChanged": true})));
        server.revoke(&name);
        let last = pipe.receive().await;
        assert_ended(Promise::RevokedStream, Some(&last), &name);
        assert_eq!(last["id"], 77, "{last}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_of_the_older_revisions_subscribe_and_listen_apart() {
    for revision in OLDER {
        let server = Server::of(ACME).start();
        let (token, mut own) = of_subject(&server, "ada").await;
        let mut client = connect(&server, Transport::Http, revision, &token).await;
        let mut stream = Events::get(server.url(), &token, revision).await;
        assert_eq!((stream.status(), stream.header("cache-control")), (200, Some("no-store")));
        assert_eq!(stream.header("x-accel-buffering"), Some("no"));
        let mut ask = async |method: &str, uri: &str| client.request(method, json!({"uri": uri})).await;
        let subscribed = ask("resources/subscribe", "acme://notes/red").await;
        assert_eq!(subscribed.result(), &json!({}), "{revision:?}");
        for (uri, code) in [("acme://nothing", -32002), ("acme://guide", -32602)] {
            let refused: Reply = ask("resources/subscribe", uri).await;
            assert_eq!(refused.error_code(), Some(code), "{uri}: {refused:?}");
        }
        add(&mut own, "red").await;
        assert_eq!(stream.next().await, Some(updated("acme://notes/red", false)), "{revision:?}");
        assert_eq!(ask("resources/unsubscribe", "acme://notes/red").await.result(), &json!({}));
        add(&mut own, "red").await;
        change_lists(&mut own).await;
        for list in ["tools/list_changed", "prompts/list_changed", "resources/list_changed"] {
            assert_eq!(stream.next().await, Some(told(list, &json!({}), false)), "{revision:?}");
        }
        server.terminate();
        assert_eq!(stream.next().await, None);
    }
}

/// The next message of a pipe that is no answer.
async fn next(pipe: &mut StdioPipe) -> Value {
    let message = pipe.receive().await;
    assert!(message.get("id").is_none(), "{message}");
    message
}

async fn call(pipe: &mut StdioPipe, id: u64, tool: &str, arguments: Value, revision: Revision) {
    let params = revision.parameters(json!({"name": tool, "arguments": arguments}));
    pipe.send(&json!({"jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params}).to_string()).await;
}

/// Receives these messages, and the answer with an id, in any order between the two.
async fn expect(pipe: &mut StdioPipe, id: u64, mut expected: Vec<Value>) {
    let mut is_answered = false;
    while !expected.is_empty() || !is_answered {
        let message = pipe.receive().await;
        if message["id"] == json!(id) {
            assert!(message.get("result").is_some(), "{message}");
            is_answered = true;
        } else {
            assert_eq!(message, expected.remove(0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_over_stdio_listens_until_it_cancels() {
    let server = Server::of(ACME).start();
    let token = server.token_for("ada", "ada", &["notes:write"]);
    for pipe in PIPES {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        let filter = json!({"toolsListChanged": true, "resourceSubscriptions": ["acme://notes"]});
        pipe.send(&listen(&filter).to_string()).await;
        assert_eq!(next(&mut pipe).await, acknowledged(&filter));
        call(&mut pipe, 1, "add_note", json!({"text": "x"}), MODERN).await;
        expect(&mut pipe, 1, vec![updated("acme://notes", true)]).await;
        call(&mut pipe, 2, "delete_note", json!({"note_id": "absent"}), MODERN).await;
        expect(&mut pipe, 2, vec![told("tools/list_changed", &json!({}), true)]).await;
        let cancel = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}});
        pipe.send(&cancel.to_string()).await;
        // Its id is free again once the request is over.
        loop {
            pipe.send(&listen(&json!({})).to_string()).await;
            let answer = pipe.receive().await;
            if answer["method"] == "notifications/subscriptions/acknowledged" {
                break;
            }
        }
        call(&mut pipe, 3, "delete_note", json!({"note_id": "absent"}), MODERN).await;
        expect(&mut pipe, 3, vec![]).await;
        let (code, rest, log) = pipe.close().await;
        assert_eq!(code, Some(0), "{log}");
        let end: Value = serde_json::from_str(rest.last().expect("a result at the end")).expect("JSON");
        assert_eq!(end["result"]["_meta"][ID], 77, "{end}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_the_older_revisions_is_told_over_stdio() {
    let server = Server::of(ACME).start();
    let token = server.token_for("ada", "ada", &["notes:write"]);
    for (pipe, revision) in PIPES.into_iter().zip(OLDER) {
        let mut pipe = pipe(&server, VARIABLES, Some(&token));
        let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": revision.initialize()});
        pipe.request(&initialize).await.result();
        let subscribe =
            json!({"jsonrpc": "2.0", "id": 1, "method": "resources/subscribe", "params": {"uri": "acme://notes"}});
        assert_eq!(pipe.request(&subscribe).await.result(), &json!({}));
        // It begins to listen after the handshake: the first changes can be too early for it.
        let mut id = 2;
        loop {
            call(&mut pipe, id, "delete_note", json!({"note_id": "absent"}), revision).await;
            let message = pipe.receive().await;
            if message.get("id").is_none() {
                assert_eq!(message, told("tools/list_changed", &json!({}), false));
                break;
            }
            id += 1;
        }
        call(&mut pipe, 1000, "add_note", json!({"text": "x"}), revision).await;
        loop {
            let message = pipe.receive().await;
            if message["method"] == "notifications/resources/updated" {
                assert_eq!(message, updated("acme://notes", false));
                break;
            }
        }
        let (code, _, log) = pipe.close().await;
        assert_eq!(code, Some(0), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn streams_are_bounded() {
    let server = Server::of(ACME).start();
    let (token, _) = of_subject(&server, "ada").await;
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Events::get(server.url(), &token, Revision::V2025_11_25).await);
    }
    assert!(open.iter().all(|stream| stream.status() == 200));
    for refused in [
        Events::post(server.url(), &token, MODERN, &listen(&json!({}))).await,
        Events::get(server.url(), &token, Revision::V2025_06_18).await,
    ] {
        assert_kept(Promise::TooManyStreams, &refused.reply().await, "a seventeenth");
    }
    let (another, _) = of_subject(&server, "bob").await;
    assert_eq!(Events::get(server.url(), &another, Revision::V2025_11_25).await.status(), 200);
    drop(open.pop());
    // Until the server has seen that it is gone.
    while Events::get(server.url(), &token, Revision::V2025_11_25).await.status() == 429 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
pub(super) async fn nothing_listens_where_nothing_is_announced() {
    let server = Server::of(ACME_LIMITS).start();
    let token = server.token("all", &SCOPES);
    let mut client = connect(&server, Transport::Http, MODERN, &token).await;
    add(&mut client, "red").await;
    change_lists(&mut client).await;
    for change in ["Resource(\"acme://notes/red\")", "List(Tools)"] {
        server.wait_for_line(&["a change that the manifest does not announce is told to nobody", change]);
    }
    for revision in OLDER {
        let stream = Events::get(server.url(), &token, revision).await;
        assert_eq!(stream.header("allow"), Some("POST"));
        assert_kept(Promise::AnotherMethod, &stream.reply().await, revision.as_str());
    }
    assert_eq!(Events::post(server.url(), &token, MODERN, &listen(&json!({}))).await.status(), 404);
    // The newest revision has no stream without a request, and each era only its own way to ask.
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let stream = Events::get(server.url(), &token, MODERN).await;
    assert_eq!((stream.status(), stream.header("allow")), (405, Some("GET, POST")));
    let mut modern = connect(&server, Transport::Http, MODERN, &token).await;
    assert_eq!(modern.request("resources/subscribe", json!({"uri": "acme://notes"})).await.error_code(), Some(-32601));
    let mut older = connect(&server, Transport::Http, Revision::V2025_11_25, &token).await;
    assert_eq!(older.request("subscriptions/listen", json!({"notifications": {}})).await.error_code(), Some(-32601));
    for filter in [json!(null), json!([]), json!({"resourceSubscriptions": "acme://notes"})] {
        let refused = modern.request("subscriptions/listen", json!({"notifications": filter})).await;
        assert_eq!(refused.error_code(), Some(-32602), "{refused:?}");
    }
}

#[tokio::test]
async fn a_stream_is_for_who_asks_for_one_in_a_revision_that_has_them() {
    let server = Server::of(ACME).start();
    let token = server.token("all", &SCOPES);
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    for (accept, version, status) in [
        ("text/event-stream", "2025-11-25", 200),
        ("text/event-stream;q=0.9", "2025-11-25", 200),
        ("application/json, Text/Event-Stream", "2025-06-18", 200),
        ("application/json", "2025-11-25", 405),
        ("*/*", "2025-11-25", 405),
        ("text/event-stream", "2024-01-01", 405),
        ("text/event-stream", "2026-07-28", 405),
    ] {
        let request = http.get(server.url()).header("Accept", accept).header("MCP-Protocol-Version", version);
        let answered = request.bearer_auth(&token).send().await.expect("an answer");
        assert_eq!(answered.status(), status, "{accept}, {version}");
    }
}

#[tokio::test]
async fn subscriptions_are_bounded() {
    let server = Server::of(ACME).start();
    let (token, _) = of_subject(&server, "ada").await;
    let uri = |number: usize| format!("acme://notes/c{number}");
    let many: Vec<String> = (1..=101).map(uri).collect();
    let filter = json!({"resourceSubscriptions": many});
    let mut stream = Events::post(server.url(), &token, MODERN, &listen(&filter)).await;
    let accepted = json!({"resourceSubscriptions": many[..100]});
    assert_eq!(stream.next().await, Some(acknowledged(&accepted)));

    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, &token).await;
    let mut subscribe = async |uri: &str| client.request("resources/subscribe", json!({"uri": uri})).await;
    for uri in &many[..100] {
        assert_eq!(subscribe(uri).await.error_code(), None, "{uri}");
    }
    let refused = subscribe(&many[100]).await;
    assert_eq!(refused.error_code(), Some(-32602), "{refused:?}");
    assert_eq!(subscribe(&many[0]).await.error_code(), None, "it is subscribed to this already");
}
