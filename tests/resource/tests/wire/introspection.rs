//! Tokens that the issuer is asked about.

use std::time::{Duration, Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use toolwright_tests::{Client, Reply, Revision, Server, StdioPipe, fake::http as raw, run};

use crate::{
    HASTY_VAULT, VAULT, http,
    issuer::{INTROSPECT, Issuer, METADATA, OPENID, Says, from_now},
    vault,
};

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";

/// What is said of a good token.
fn active() -> Value {
    json!({
        "active": true,
        "aud": "https://vault.example",
        "sub": "ada",
        "jti": "token_1",
        "permissions": ["items:read", "else"],
        "scope": "ignored",
        "exp": from_now(600),
    })
}

fn assert_refused(reply: &Reply, reason: &str, case: &str) {
    assert_eq!((reply.status, &reply.error_data()["reason"]), (Some(401), &json!(reason)), "{case}: {reply:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_is_asked_once_as_who_the_server_is_there() {
    let issuer = Issuer::start(&[]).await;
    issuer.know(TOKEN, active());
    let server = vault(&issuer, VAULT).start();
    let calls: Vec<_> = (0..32)
        .map(|_| {
            let mut client = http(&server, TOKEN);
            tokio::spawn(async move { client.call("whoami", json!({})).await })
        })
        .collect();
    for call in calls {
        let expected = json!({"token_id": "token_1", "subject": "ada"});
        assert_eq!(call.await.expect("an answer").structured(), &expected);
    }
    assert_eq!(http(&server, TOKEN).list().await.tool_names(), ["get_item", "whoami"]);
    let asked = issuer.asked(INTROSPECT);
    assert_eq!(asked.len(), 1);
    // Name and secret are encoded as in a form before they are put together (RFC 6749, section 2.3.1).
    let credentials = STANDARD.encode("vault+server:s3cret%2Fof%3Athe%2Bvault");
    assert_eq!(asked[0].header("authorization"), Some(format!("Basic {credentials}").as_str()));
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked[0].body, format!("token={TOKEN}&token_type_hint=access_token"));
    assert!(!server.log().contains(TOKEN) && !server.log().contains(&credentials));
}

const UNKNOWN: &str = "unknown_credential";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_when_the_issuer_says_so_and_for_this_server() {
    let issuer = Issuer::start(&[]).await;
    let server = vault(&issuer, VAULT).start();
    let with = |name: &str, value: Value| {
        let mut answer = active();
        answer[name] = value;
        answer
    };
    let cases = [
        ("not active", json!({"active": false}), UNKNOWN),
        ("not active, and yet all else", with("active", json!(false)), UNKNOWN),
        ("another audience", with("aud", json!("https://else.example")), UNKNOWN),
        (
            "the server's own URL, which is not its audience",
            with("aud", json!("https://mcp.vault.example/mcp")),
            UNKNOWN,
        ),
        ("no audience", with("aud", json!(null)), UNKNOWN),
        ("another issuer", with("iss", json!("https://else.example")), UNKNOWN),
        ("nobody's", with("sub", json!(null)), UNKNOWN),
        ("not valid yet", with("nbf", json!(from_now(300))), UNKNOWN),
        ("expired", with("exp", json!(from_now(-90))), "expired_credential"),
        ("the token as its subject", with("sub", json!("token-9")), UNKNOWN),
        ("a token to refresh", with("token_type", json!("refresh_token")), UNKNOWN),
        ("a token to refresh, by a URN", with("token_type", json!("urn:x:token-type:refresh_token")), UNKNOWN),
        ("a token to refresh, as Cognito has it", with("token_use", json!("Refresh")), UNKNOWN),
        ("a token to refresh, as Keycloak has it", with("typ", json!("Refresh")), UNKNOWN),
        ("one that never expires", with("typ", json!("Offline")), UNKNOWN),
        ("an ID token", with("token_use", json!("id")), UNKNOWN),
        ("an ID token, as Keycloak has it", with("typ", json!("ID")), UNKNOWN),
        ("an ID token by its whole name", with("token_type", json!("ID_Token")), UNKNOWN),
    ];
    for (number, (case, answer, reason)) in cases.into_iter().enumerate() {
        let token = format!("token-{number}");
        issuer.know(&token, answer);
        assert_refused(&http(&server, &token).list().await, reason, case);
    }
    for (number, (name, kind)) in [
        ("token_type", "Bearer"),
        ("token_type", "DPoP"),
        ("token_type", "access_token"),
        ("token_use", "access"),
        ("typ", "at+jwt"),
        ("typ", "JWT"),
    ]
    .into_iter()
    .enumerate()
    {
        let token = format!("good-{number}");
        issuer.know(&token, with(name, json!(kind)));
        assert!(http(&server, &token).list().await.error_code().is_none(), "{name} {kind}");
    }
    // A refusal that the issuer has not spoken is not remembered.
    issuer.know("another", with("aud", json!(null)));
    assert_refused(&http(&server, "another").list().await, UNKNOWN, "no audience");
    for answer in [active(), with("aud", json!(["https://else.example", "https://vault.example"]))] {
        issuer.know("another", answer);
        assert!(http(&server, "another").list().await.error_code().is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_taken_no_longer_than_the_manifest_says() {
    let issuer = Issuer::start(&[]).await;
    issuer.know(TOKEN, active());
    let server = vault(&issuer, HASTY_VAULT).start();
    let mut client = http(&server, TOKEN);
    assert!(client.list().await.error_code().is_none());
    issuer.revoke(TOKEN);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let reply = client.list().await;
        if reply.error_code().is_some() {
            return assert_refused(&reply, "unknown_credential", "revoked");
        }
        assert!(Instant::now() < deadline, "the token is still taken");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_says_nothing_useful_refuses_nobodys_token() {
    let issuer = Issuer::start(&[]).await;
    issuer.know(TOKEN, active());
    let server = vault(&issuer, VAULT).start();
    let plain = |status: &str, body: &str| Says::Raw(raw(status, "application/json", body));
    let redirect =
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: /other\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let cases = [
        (
            "a wrong secret",
            plain("401 Unauthorized", r#"{"error": "invalid_client"}"#),
            "refuses the name or the secret",
        ),
        ("forbidden", plain("403 Forbidden", "{}"), "answered with 403"),
        ("broken", plain("500 Internal Server Error", "{}"), "answered with 500"),
        ("no JSON", plain("200 OK", "yes"), "no JSON"),
        ("nothing said", plain("200 OK", "{}"), "answered without `active`"),
        ("said otherwise", plain("200 OK", r#"{"active": "true"}"#), "answered without `active`"),
        ("a redirect", Says::Raw(redirect.to_owned()), "redirects elsewhere"),
    ];
    for (case, says, why) in cases {
        issuer.say(INTROSPECT, says);
        let reply = http(&server, TOKEN).list().await;
        assert_eq!((reply.status, reply.error_code()), (Some(503), Some(-31503)), "{case}: {reply:?}");
        assert_eq!(reply.challenge, None, "{case}");
        server.wait_for_line(&["WARN", "an issuer does not say whether a token is good", why]);
    }
    assert!(issuer.asked("/other").is_empty());
    issuer.recover();
    assert!(http(&server, TOKEN).list().await.error_code().is_none());
    // Nor does one whose metadata is not there.
    issuer.say(METADATA, plain("404 Not Found", "{}"));
    let server = vault(&issuer, VAULT).start();
    assert_eq!(http(&server, TOKEN).list().await.status, Some(503));
}

/// Callers with different tokens, all at the same time.
fn many(server: &Server, count: usize) -> JoinSet<Reply> {
    let call = |number| {
        let mut client = http(server, &format!("many-{number}"));
        async move { client.list().await }
    };
    (0..count).map(call).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_issuer_is_waited_for_once_by_all() {
    let issuer = Issuer::start(&[]).await;
    for path in [METADATA, OPENID] {
        issuer.say(path, Says::Nothing);
    }
    let server = vault(&issuer, VAULT).start();
    for reply in many(&server, 8).join_all().await {
        assert_eq!((reply.status, reply.error_code()), (Some(503), Some(-31503)), "{reply:?}");
    }
    // That is far from once for each, however slow this machine is.
    assert!(issuer.asked(METADATA).len() < 4, "{:?}", issuer.asked(METADATA));
    issuer.recover();
    issuer.know(TOKEN, active());
    until_good(&mut http(&server, TOKEN)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issuer_is_asked_so_many_questions_at_a_time_and_no_more() {
    const MOST: usize = 32;
    let issuer = Issuer::start(&[]).await;
    let server = vault(&issuer, VAULT).start();
    (0..2 * MOST).for_each(|number| issuer.know(&format!("many-{number}"), active()));
    let held = issuer.hold(INTROSPECT);
    let mut calls = many(&server, 2 * MOST);
    for _ in 0..MOST {
        let reply = calls.join_next().await.expect("a call").expect("an answer");
        assert_eq!((reply.status, reply.error_code()), (Some(503), Some(-31503)), "{reply:?}");
    }
    assert_eq!(issuer.asked(INTROSPECT).len(), MOST);
    held.close();
    for reply in calls.join_all().await {
        assert!(reply.error_code().is_none(), "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_active_is_asked_about_once_in_a_while() {
    let issuer = Issuer::start(&[]).await;
    let server = vault(&issuer, VAULT).start();
    for _ in 0..10 {
        assert_refused(&http(&server, TOKEN).list().await, "unknown_credential", "not active");
    }
    assert!(issuer.asked(INTROSPECT).len() < 4, "{}", issuer.asked(INTROSPECT).len());
    // It can become good.
    issuer.know(TOKEN, active());
    until_good(&mut http(&server, TOKEN)).await;
}

async fn until_good(client: &mut Client) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let reply = client.list().await;
        if reply.error_code().is_none() {
            return;
        }
        assert!(Instant::now() < deadline, "{reply:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_over_stdio_is_asked_about_too() {
    let issuer = Issuer::start(&[]).await;
    issuer.know(TOKEN, active());
    let environment = [
        ("VAULT_ISSUER", issuer.address()),
        ("VAULT_CLIENT_ID", "vault server"),
        ("VAULT_CLIENT_SECRET", "s3cret/of:the+vault"),
        ("VAULT_TOKEN", TOKEN),
    ];
    let mut client = Client::stdio(StdioPipe::alone(VAULT, &environment), Revision::V2025_11_25);
    client.open().await;
    assert_eq!(client.call("whoami", json!({})).await.structured()["subject"], "ada");
}

#[test]
fn without_its_secret_the_server_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(VAULT, folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!ran.status.success());
    let said = "VAULT_CLIENT_ID is not set: the server asks https://auth.vault.example about tokens with it";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}
