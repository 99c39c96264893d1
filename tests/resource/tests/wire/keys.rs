//! The keys of the issuer: found, fetched, rotated, withdrawn, and not to be had.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use toolwright_tests::{
    Client, Reply,
    fake::{http as raw, json as ok},
    raw as bytes,
};

use crate::{
    ALL, ARCHIVE, HASTY_ARCHIVE, archive, http,
    issuer::{Issuer, KEYS, Key, METADATA, OPENID, Says},
};

/// What the log says when the issuer was given up.
const GIVEN_UP: &str = "the keys of an issuer are not known";

fn assert_good(reply: &Reply, case: &str) {
    assert!(reply.error_code().is_none(), "{case}: {reply:?}");
}

fn assert_unknown(reply: &Reply, case: &str) {
    assert_eq!((reply.status, &reply.error_data()["reason"]), (Some(401), &json!("unknown_credential")), "{case}");
}

/// What is said while there is nothing to check a token with: no token is a bad one because of that.
fn assert_unavailable(reply: &Reply, case: &str) {
    assert_eq!((reply.status, reply.error_code()), (Some(503), Some(-31503)), "{case}: {reply:?}");
    assert_eq!(reply.error_data()["reason"], json!("issuer_unavailable"), "{case}");
    assert_eq!(reply.challenge, None, "{case}");
}

/// Asks until an answer has what is waited for.
async fn until(client: &mut Client, what: &str, is: impl Fn(&Reply) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = client.list().await;
        if is(&reply) {
            return;
        }
        assert!(Instant::now() < deadline, "{what}: {reply:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_once_however_many_wait() {
    let key = Key::rsa("k", 0);
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let token = key.sign(&issuer.claims("ada", ALL));
    let calls: Vec<_> = (0..64)
        .map(|_| {
            let mut client = http(&server, &token);
            tokio::spawn(async move { client.list().await })
        })
        .collect();
    for call in calls {
        assert_good(&call.await.expect("an answer"), "one of many");
    }
    assert_eq!((issuer.asked(METADATA).len(), issuer.asked(KEYS).len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_works_at_once_and_a_flood_of_unknown_ones_asks_once() {
    let (old, new) = (Key::ec("old"), Key::ec("new"));
    let issuer = Issuer::start(&[&old]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let claims = issuer.claims("ada", ALL);
    assert_good(&http(&server, &old.sign(&claims)).list().await, "the old key");
    issuer.publish(&[&old, &new]);
    assert_good(&http(&server, &new.sign(&claims)).list().await, "the new key");
    assert_good(&http(&server, &old.sign(&claims)).list().await, "the old key beside it");
    let asked = issuer.asked(KEYS).len();
    assert_eq!(asked, 2);
    // Whoever makes keys up does not have the issuer asked again and again.
    let made_up = Key::ec("made up");
    for _ in 0..50 {
        assert_unknown(&http(&server, &made_up.sign(&claims)).list().await, "a key that is made up");
    }
    assert_eq!(issuer.asked(KEYS).len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_a_name_is_found_among_all() {
    let (first, second, third) = (Key::ed("a"), Key::ed("b"), Key::ed("c"));
    let issuer = Issuer::start(&[&first, &second]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let unnamed = |key: &Key| key.sign_with(&json!({"alg": "EdDSA"}), &issuer.claims("ada", ALL));
    assert_good(&http(&server, &unnamed(&second)).list().await, "the second key");
    issuer.publish(&[&first, &second, &third]);
    assert_good(&http(&server, &unnamed(&third)).list().await, "a new key");
    assert_unknown(&http(&server, &unnamed(&Key::ed("d"))).list().await, "nobody's key");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_keys_with_one_name_each_works() {
    let (rsa, ec, other) = (Key::rsa("k", 0), Key::ec("k"), Key::ec("k"));
    let issuer = Issuer::start(&[&rsa, &ec, &other]).await;
    let server = archive(&issuer, ARCHIVE).start();
    for key in [&rsa, &ec, &other] {
        assert_good(&http(&server, &key.sign(&issuer.claims("ada", ALL))).list().await, "the same name");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_key_counts_no_longer_than_the_manifest_says() {
    let (old, new) = (Key::ec("old"), Key::ec("new"));
    let issuer = Issuer::start(&[&old, &new]).await;
    let server = archive(&issuer, HASTY_ARCHIVE).start();
    let claims = issuer.claims("ada", ALL);
    let mut client = http(&server, &old.sign(&claims));
    assert_good(&client.list().await, "before it is withdrawn");
    issuer.publish(&[&new]);
    until(&mut client, "the key still counts", |reply| reply.error_code().is_some()).await;
    assert_unknown(&client.list().await, "after it is withdrawn");
    assert_good(&http(&server, &new.sign(&claims)).list().await, "the other key");
}

#[tokio::test(flavor = "multi_thread")]
async fn old_keys_count_for_a_while_when_the_issuer_is_down() {
    let key = Key::ec("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, HASTY_ARCHIVE).start();
    let mut client = http(&server, &key.sign(&issuer.claims("ada", ALL)));
    assert_good(&client.list().await, "while it is up");
    issuer.say(KEYS, Says::Raw(raw("500 Internal Server Error", "text/plain", "broken")));
    until(&mut client, "they are not asked for again", |_| issuer.asked(KEYS).len() > 1).await;
    server.wait_for_line(&["WARN", GIVEN_UP, "/keys answered with 500"]);
    assert_good(&client.list().await, "a while after");
    // They are used for a second here, and twelve times as long at most.
    until(&mut client, "the old keys still count", |reply| reply.status == Some(503)).await;
    assert_unavailable(&client.list().await, "long after");
    issuer.recover();
    until(&mut client, "the issuer is up again", |reply| reply.error_code().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_says_nothing_useful_refuses_nobodys_token() {
    let key = Key::ec("k");
    let huge = raw("200 OK", "application/json", &format!("{{\"keys\": [{}]}}", "{},".repeat(300_000)));
    let redirect =
        |to: &str| format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let cases = [
        ("broken", KEYS, Says::Raw(raw("500 Internal Server Error", "text/plain", "")), "/keys answered with 500"),
        ("a page", KEYS, Says::Raw(raw("200 OK", "text/html", "<p>")), "no JSON"),
        ("a list", KEYS, Says::Raw(raw("200 OK", "application/json", "[]")), "no set of keys"),
        ("too much", KEYS, Says::Raw(huge), "answered with more than 524288 bytes"),
        ("a redirect", KEYS, Says::Raw(redirect("/other")), "redirects elsewhere (302 Found)"),
        (
            "half",
            KEYS,
            Says::Raw("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{".to_owned()),
            "not answer to the end",
        ),
        ("silence", KEYS, Says::Nothing, "did not answer within 5 seconds"),
        (
            "no metadata",
            METADATA,
            Says::Raw(raw("404 Not Found", "text/plain", "")),
            "does not say where its `jwks_uri` is",
        ),
        (
            "the metadata of another",
            METADATA,
            Says::Raw(raw(
                "200 OK",
                "application/json",
                r#"{"issuer": "https://else.example", "jwks_uri": "https://else.example/keys"}"#,
            )),
            "is the metadata of another issuer",
        ),
    ];
    for (case, path, says, why) in cases {
        let issuer = Issuer::start(&[&key]).await;
        issuer.say(path, says);
        let server = archive(&issuer, ARCHIVE).start();
        let mut client = http(&server, &key.sign(&issuer.claims("ada", ALL)));
        assert_unavailable(&client.list().await, case);
        server.wait_for_line(&["WARN", GIVEN_UP, why]);
        assert!(issuer.asked("/other").is_empty(), "{case}");
        issuer.recover();
        until(&mut client, case, |reply| reply.error_code().is_none()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_of_openid_is_found_too() {
    let key = Key::rsa("k", 0);
    let issuer = Issuer::start(&[&key]).await;
    let metadata = json!({"issuer": issuer.address(), "jwks_uri": format!("{}{KEYS}?tenant=1", issuer.address())});
    issuer.say(METADATA, Says::Raw(raw("404 Not Found", "text/plain", "")));
    issuer.say(OPENID, Says::Raw(raw("200 OK", "application/json", &metadata.to_string())));
    let server = archive(&issuer, ARCHIVE).start();
    assert_good(&http(&server, &key.sign(&issuer.claims("ada", ALL))).list().await, "by OpenID Connect Discovery");
    assert!(issuer.asked(KEYS)[0].line.contains("?tenant=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_issuer_holds_up_nobody_whose_key_is_known() {
    let key = Key::ec("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, HASTY_ARCHIVE).start();
    let mut client = http(&server, &key.sign(&issuer.claims("ada", ALL)));
    assert_good(&client.list().await, "while it answers");
    for path in [METADATA, OPENID, KEYS] {
        issuer.say(path, Says::Nothing);
    }
    while issuer.asked(KEYS).len() < 2 {
        assert_good(&client.list().await, "whose keys are old");
    }
    assert_good(&client.list().await, "while the issuer is asked");
    assert!(!server.log().contains(GIVEN_UP), "a caller waited for the issuer:\n{}", server.log());
    // However often it is asked in vain: the server is as ready as it was.
    let deadline = Instant::now() + Duration::from_mins(1);
    while issuer.asked(METADATA).len() < 3 {
        assert!(Instant::now() < deadline, "the issuer is not asked again");
        client.list().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(!server.log().contains("not ready"), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_looked_for_where_they_moved_and_where_they_were() {
    let (first, second, third) = (Key::ec("first"), Key::ec("second"), Key::ec("third"));
    let issuer = Issuer::start(&[&first]).await;
    let server = archive(&issuer, HASTY_ARCHIVE).start();
    let token = |key: &Key| key.sign(&issuer.claims("ada", ALL));
    assert_good(&http(&server, &token(&first)).list().await, "where they are at first");
    let moved = format!("{}/moved", issuer.address());
    let gone = || Says::Raw(raw("404 Not Found", "text/plain", ""));
    let keys = |key: &Key| Says::Raw(ok(&json!({"keys": [key.public()]})));
    issuer.say(KEYS, gone());
    issuer.say("/moved", keys(&second));
    issuer.say(METADATA, Says::Raw(ok(&json!({"issuer": issuer.address(), "jwks_uri": moved}))));
    until(&mut http(&server, &token(&second)), "where they moved", |reply| reply.error_code().is_none()).await;
    // Without metadata they are still where they were.
    issuer.say(METADATA, gone());
    issuer.say("/moved", Says::Raw(raw("500 Internal Server Error", "text/plain", "")));
    let mut client = http(&server, &token(&third));
    let asked = issuer.asked("/moved").len();
    until(&mut client, "they are not asked for again", |_| issuer.asked("/moved").len() > asked).await;
    server.wait_for_line(&["WARN", GIVEN_UP, "/moved answered with 500"]);
    issuer.say("/moved", keys(&third));
    until(&mut client, "where they were", |reply| reply.error_code().is_none()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_keeps_nobody_from_a_rotated_key() {
    let (old, new) = (Key::ec("old"), Key::ec("new"));
    let issuer = Issuer::start(&[&old]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let claims = issuer.claims("ada", ALL);
    assert_good(&http(&server, &old.sign(&claims)).list().await, "the old key");
    let held = issuer.hold(KEYS);
    let mut leaving = bytes::connect(server.authority()).await;
    let authorization = format!("Bearer {}", Key::ec("made up").sign(&claims));
    let headers = [("Authorization", authorization.as_str()), ("Accept", "application/json, text/event-stream")];
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).to_string();
    let request = bytes::request(server.authority(), "POST /mcp", &headers, body.as_bytes());
    leaving.write_all(&request).await.expect("a connection");
    issuer.wait_for(KEYS, 2).await;
    drop(leaving);
    assert_good(&http(&server, &old.sign(&claims)).list().await, "the old key meanwhile");
    issuer.publish(&[&old, &new]);
    held.close();
    assert_good(&http(&server, &new.sign(&claims)).list().await, "the new key");
    assert_eq!(issuer.asked(KEYS).len(), 2);
}
