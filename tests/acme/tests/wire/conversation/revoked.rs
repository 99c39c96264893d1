//! Answers that are told in parts to a credential that is revoked before their end.

use serde_json::{Value, json};
use toolwright_core::Promise;
use toolwright_tests::{
    Client, Events, Revision, Server, post,
    promises::{assert_ended, assert_kept},
};

use super::start;

/// Begins a call, and reads the first message before its answer.
async fn begin(server: &Server, token: &str, revision: Revision, call: Value) -> (Events, Value) {
    let mut client = Client::http(server.url(), Some(token), revision).capable(json!({"elicitation": {}}));
    client.open().await;
    let mut params = revision.parameters(call);
    params["_meta"]["progressToken"] = json!("p");
    let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params});
    let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    let session = client.session().clone();
    let answered = post(&http, server.url(), Some(token), session.as_deref(), revision, &message);
    let mut events = Events::of(answered.await.expect("an answer"));
    let told = events.next().await.expect("a message");
    assert_eq!(events.status(), 200, "{told}");
    (events, told)
}

/// The request is answered with the refusal, and nothing follows.
async fn assert_over(mut events: Events, case: &str) {
    let last = events.next().await.expect("an answer");
    assert_ended(Promise::RevokedStream, Some(&last), case);
    assert_eq!(last["id"], 5, "{case}");
    assert_ended(Promise::RevokedStream, events.next().await.as_ref(), case);
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn an_answer_that_is_told_in_parts_ends_with_the_refusal() {
    for revision in Revision::ALL {
        let server = start();
        let case = revision.as_str();
        let token = server.token("brief", &[]);
        let call = json!({"name": "tell", "arguments": {"progress": [1], "hang": true}});
        let (events, told) = begin(&server, &token, revision, call).await;
        assert_eq!(told["method"], "notifications/progress", "{case}");
        server.revoke("brief");
        assert_over(events, case).await;
        server.wait_for_line(&["tell was dropped"]);
        server.wait_for_line(&["operation=\"tell\"", "outcome=\"unknown_credential\""]);
        let next = Client::http(server.url(), Some(&token), revision).list().await;
        assert_kept(Promise::RevokedCredential, &next, case);
    }
}

#[tokio::test(flavor = "multi_thread")]
pub(crate) async fn a_question_of_a_write_is_over_and_the_write_goes_on() {
    for revision in [Revision::V2025_06_18, Revision::V2025_11_25] {
        let server = start();
        let token = server.token("brief", &[]);
        let call = json!({"name": "book", "arguments": {"flight": "LH1", "how": "one"}});
        let (events, question) = begin(&server, &token, revision, call).await;
        assert_eq!(question["method"], "elicitation/create", "{revision:?}");
        server.revoke("brief");
        assert_over(events, revision.as_str()).await;
        // It is told that nobody answers, and comes to its own end.
        server.wait_for_line(&["a call ended without its caller", "operation=\"book\"", "outcome=\"not_answered\""]);
    }
}
