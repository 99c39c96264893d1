//! Whose a key is: asked of the API, and believed for a while.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwright_tests::{Reply, fake::http as raw};

use crate::{
    ALL, FORWARDER, HASTY,
    api::{Api, CHECK, Says, whose},
    before, http, key,
};

/// What is said of a key that the API does not know.
fn assert_unknown(reply: &Reply) {
    assert_eq!((reply.status, reply.error_code()), (Some(401), Some(-31401)), "{reply:?}");
    assert_eq!(reply.error_data()["reason"], json!("unknown_credential"));
    let challenge = reply.challenge.as_deref().unwrap_or_default();
    assert!(challenge.starts_with(r#"Bearer realm="forwarder", error="invalid_token""#), "{challenge}");
}

#[tokio::test]
async fn a_key_is_one_that_the_api_knows() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    assert_unknown(&http(&server, &key('x')).list().await);
    // What cannot be a key is not sent anywhere.
    for malformed in ["sk-notes-short", "sk_notes_", &ada[1..], &format!("{ada}a"), &format!("{}/", &ada[..48])] {
        let refused = http(&server, malformed).list().await;
        assert_eq!(refused.error_data()["reason"], json!("malformed_credential"), "{malformed}");
    }
    assert_eq!(api.checks(), 1);
    assert!(http(&server, &ada).list().await.error_code().is_none());
}

#[tokio::test]
async fn many_callers_with_one_key_have_it_checked_once() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let mut client = http(&server, &ada);
            tokio::spawn(async move { client.call("whoami", json!({})).await })
        })
        .collect();
    for call in calls {
        assert_eq!(call.await.expect("an answer").structured()["owner"], json!("ada"));
    }
    assert_eq!(api.checks(), 1);
    // A refusal is not remembered: a key that was just made works at once.
    let bob = key('b');
    assert_unknown(&http(&server, &bob).list().await);
    api.grant(&bob, "bob", &ALL);
    assert_eq!(http(&server, &bob).call("whoami", json!({})).await.structured()["owner"], json!("bob"));
    // And nobody is taken for somebody else.
    assert_eq!(http(&server, &ada).call("whoami", json!({})).await.structured()["owner"], json!("ada"));
    assert_eq!(api.checks(), 3);
}

#[tokio::test]
async fn a_revoked_key_is_believed_until_a_call_meets_the_refusal() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, FORWARDER).start();
    let mut client = http(&server, &ada);
    assert!(!client.call("list_notes", json!({})).await.is_tool_error());
    api.revoke(&ada);
    // What asks the API for nothing is still answered.
    assert_eq!(client.call("whoami", json!({})).await.structured()["owner"], json!("ada"));
    assert_eq!(api.checks(), 1);
    for (tool, arguments) in [("list_notes", json!({})), ("delete_note", json!({"note_id": "n_1"}))] {
        api.grant(&ada, "ada", &ALL);
        assert!(client.list().await.error_code().is_none());
        api.revoke(&ada);
        let told = client.call(tool, arguments).await;
        assert!(
            told.is_tool_error() && told.text().starts_with("unknown_credential: the API refuses the Notes API Key"),
            "{told:?}"
        );
        let checks = api.checks();
        assert_unknown(&client.call("whoami", json!({})).await);
        assert_eq!(api.checks(), checks + 1);
    }
}

#[tokio::test]
async fn a_revoked_key_is_believed_no_longer_than_the_manifest_says() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, HASTY).start();
    let mut client = http(&server, &ada);
    assert!(client.list().await.error_code().is_none());
    api.revoke(&ada);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let reply = client.list().await;
        if reply.error_code().is_some() {
            return assert_unknown(&reply);
        }
        assert!(Instant::now() < deadline, "the key is still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn an_api_that_says_nothing_useful_refuses_nobodys_key() {
    let api = Api::start().await;
    let ada = key('a');
    api.grant(&ada, "ada", &ALL);
    let server = before(&api, HASTY).start();
    let answer = |change: fn(&mut Value)| {
        let mut answer = whose("ada", &ALL);
        change(&mut answer);
        Says::json("200 OK", &answer)
    };
    let endless =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: keep-alive\r\n\r\n{\"key\": ".to_owned();
    let huge = raw("200 OK", "application/json", &format!("{}{}", " ".repeat(1 << 20), whose("ada", &ALL)));
    let cases = [
        (
            "500 Internal Server Error",
            Says::error("500 Internal Server Error", "broken"),
            "answered the check with 500",
        ),
        ("503", Says::error("503 Service Unavailable", "busy"), "answered the check with 503"),
        ("403", Says::error("403 Forbidden", "not you"), "answered the check with 403"),
        ("404", Says::error("404 Not Found", "nothing"), "answered the check with 404"),
        (
            "204",
            Says::Raw("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n".to_owned()),
            "answered the check with 204",
        ),
        ("a page", Says::Raw(raw("200 OK", "text/html", "<p>Sign in</p>")), "no JSON"),
        ("nothing", Says::Raw(raw("200 OK", "application/json", "")), "no JSON"),
        ("a list", Says::json("200 OK", &json!([])), "`key.id` is no text"),
        ("no id", answer(|all| all["key"]["id"] = json!(null)), "`key.id` is no text"),
        ("an empty id", answer(|all| all["key"]["id"] = json!("")), "`key.id` is no text"),
        ("a long id", answer(|all| all["key"]["id"] = json!("k".repeat(201))), "`key.id` is no text"),
        (
            "an id with a line break",
            answer(|all| all["key"]["id"] = json!("k\ncredential=key_bob")),
            "`key.id` is no text",
        ),
        ("no owner", answer(|all| drop(all.as_object_mut().map(|all| all.remove("owner")))), "`owner` is no text"),
        ("no scopes", answer(|all| all["permissions"] = json!("notes:read")), "`permissions` is no list of texts"),
        (
            "a scope that is no text",
            answer(|all| all["permissions"] = json!(["notes:read", 1])),
            "`permissions` is no list",
        ),
        ("silence", Says::Nothing, "did not answer within 1 seconds"),
        ("an answer without an end", Says::Raw(endless), "did not answer within 1 seconds"),
        ("too much", Says::Raw(huge), "answered with more than 1048576 bytes"),
        ("half", Says::Raw("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_owned()), "did not answer to the end"),
        ("no HTTP", Says::Raw("hello\r\n\r\n".to_owned()), "did not answer to the end"),
    ];
    let mut client = http(&server, &ada);
    for (what, says, why) in cases {
        api.say(&format!("GET {CHECK} "), says);
        let reply = client.list().await;
        assert_eq!((reply.status, reply.error_code()), (Some(502), Some(-31502)), "{what}: {reply:?}");
        assert_eq!(reply.error_data()["reason"], json!("upstream_unavailable"), "{what}");
        assert_eq!(reply.challenge, None, "{what}");
        server.wait_for_line(&["WARN", "whose a credential is cannot be told", why]);
        assert!(!server.log().contains(&ada) && !reply.body.to_string().contains(&ada), "{what}");
    }
    // None of that is remembered.
    api.say(&format!("GET {CHECK} "), Says::json("200 OK", &whose("ada", &ALL)));
    assert!(client.list().await.error_code().is_none());
}
