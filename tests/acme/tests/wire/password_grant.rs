//! Tokens for passwords. All of 127.0.0.0/8 is this machine, so that a client can have several addresses:
//! on Linux without any preparation.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use sqlx::SqliteConnection;
use tokio::{io::AsyncWriteExt as _, time::timeout};
use toolwright_tests::{
    Client, Revision, Server,
    raw::{self, RawReply},
};

use crate::{ACME_GRANTS, PREFIX, database};

const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// What is kept of [`PASSWORD`].
const HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2l4dGVlbiBieXRlcyBvZg$Rh9+ETIDKmnQj1HOcVLk5lU3ll/RMSK2NjmWy2GyrNw";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server with three users: Ada, Bob, who has the same password, and Eve, who has none.
async fn started(arguments: &[&str]) -> Server {
    let builder = arguments.iter().fold(Server::of(ACME_GRANTS), |server, argument| server.arg(*argument));
    let server = builder.start();
    let mut database = database(&server).await;
    for (email, hash) in [(ADA, Some(HASH)), ("bob@example.com", Some(HASH)), ("eve@example.com", None)] {
        sqlx::query("INSERT INTO users (email, name, password_hash, created_at) VALUES (?1, ?1, ?2, 0)")
            .bind(email)
            .bind(hash)
            .execute(&mut database)
            .await
            .expect("a user");
    }
    server
}

async fn execute(database: &mut SqliteConnection, statement: &'static str) -> u64 {
    sqlx::query(statement).execute(database).await.expect("a statement").rows_affected()
}

async fn send(server: &Server, headers: &[(&str, &str)], target: &str, body: &str) -> RawReply {
    let authority = server.authority();
    raw::send(authority, &raw::request(authority, target, headers, body.as_bytes())).await
}

async fn ask(server: &Server, media_type: &str, body: &str) -> RawReply {
    send(server, &[("Content-Type", media_type)], "POST /oauth/token", body).await
}

fn request_of(email: &str, password: &str) -> Value {
    json!({"grant_type": "password", "email": email, "password": password})
}

async fn sign_in(server: &Server, email: &str, password: &str) -> RawReply {
    ask(server, JSON, &request_of(email, password).to_string()).await
}

/// As from another client.
async fn sign_in_from(last: u8, server: &Server, email: &str, password: &str) -> RawReply {
    let authority = server.authority();
    let mut stream = raw::connect_from(IpAddr::from([127, 0, 0, last]), authority).await;
    let request = raw::request(authority, "POST /oauth/token", &[], request_of(email, password).to_string().as_bytes());
    stream.write_all(&request).await.expect("a connection");
    raw::read(&mut stream).await.expect("an answer")
}

fn error(reply: &RawReply) -> (u16, String) {
    let body = reply.json();
    assert!(body["error_description"].is_string(), "{reply:?}");
    (reply.status, body["error"].as_str().expect("an error").to_owned())
}

fn token(reply: &RawReply) -> String {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["access_token"].as_str().expect("a token").to_owned()
}

/// The status of a call with a token.
async fn call(server: &Server, token: &str, tool: &str) -> Option<u16> {
    let mut client = Client::http(server.url(), Some(token), Revision::V2025_11_25);
    client.call(tool, json!({})).await.status
}

#[tokio::test]
async fn a_token_for_a_password_is_a_token_like_any_other() {
    let server = started(&[]).await;
    let json = |more: Value| {
        let mut body = request_of(ADA, PASSWORD);
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        (JSON, body.to_string())
    };
    let form = "grant_type=password&username=Ada%40Example.com&password=correct+horse+battery&client_id=x";
    for ((media_type, body), scope) in [
        (json(json!({})), "notes:write billing:read"),
        (json(json!({"scope": "", "unknown": 1})), "notes:write billing:read"),
        (json(json!({"scope": "notes:write"})), "notes:write"),
        (json(json!({"scope": "billing:read notes:read billing:read"})), "notes:read billing:read"),
        (("application/json; charset=utf-8", json(json!({})).1), "notes:write billing:read"),
        ((FORM, form.to_owned()), "notes:write billing:read"),
        ((FORM, format!("{form}&scope=notes%3Aread")), "notes:read"),
    ] {
        let reply = ask(&server, media_type, &body).await;
        let token = token(&reply);
        assert!(token.starts_with(PREFIX) && token.len() == PREFIX.len() + 40, "{reply:?}");
        assert_eq!(reply.header("Cache-Control"), Some("no-store"));
        assert_eq!(reply.header("Pragma"), Some("no-cache"));
        assert_eq!(reply.header("Content-Type"), Some(JSON));
        let mut database = database(&server).await;
        let (subject, kind, created_at, expires_at): (String, String, i64, i64) =
            sqlx::query_as("SELECT subject, kind, created_at, expires_at FROM tokens ORDER BY rowid DESC LIMIT 1")
                .fetch_one(&mut database)
                .await
                .expect("a row");
        assert_eq!((subject.as_str(), kind.as_str(), expires_at - created_at), ("1", "grant", 7200));
        let expected = json!({
            "access_token": token, "token_type": "Bearer", "expires_in": 7200, "created_at": created_at, "scope": scope,
        });
        assert_eq!(reply.json(), expected);
        for (tool, needs) in [("list_notes", "notes:"), ("whoami", ""), ("price_notes", "notes:read billing:read")] {
            let is_held =
                needs.split(' ').all(|one| scope.contains(one) || (one == "notes:read" && scope.contains("notes:w")));
            assert_eq!(call(&server, &token, tool).await, Some(if is_held { 200 } else { 403 }), "{tool} with {scope}");
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_said_as_oauth_says_it() {
    let server = started(&[]).await;
    let with = |more: &str| format!(r#"{{"grant_type":"password","email":"{ADA}","password":"{PASSWORD}"{more}}}"#);
    let long = "x".repeat(1025);
    for (media_type, body, status, expected) in [
        (JSON, String::new(), 400, "invalid_request"),
        (JSON, "{".to_owned(), 400, "invalid_request"),
        (JSON, "[]".to_owned(), 400, "invalid_request"),
        (JSON, "\"grant_type=password\"".to_owned(), 400, "invalid_request"),
        (JSON, "{}".to_owned(), 400, "invalid_request"),
        (JSON, r#"{"grant_type":"password"}"#.to_owned(), 400, "invalid_request"),
        (JSON, r#"{"grant_type":"password","email":"a"}"#.to_owned(), 400, "invalid_request"),
        (JSON, r#"{"grant_type":"password","email":"a","password":["p"]}"#.to_owned(), 400, "invalid_request"),
        (JSON, with(r#","password":"p""#), 400, "invalid_request"),
        (JSON, with(r#","username":"p""#), 400, "invalid_request"),
        (JSON, request_of(ADA, &long).to_string(), 400, "invalid_request"),
        (FORM, "grant_type=password&email=a&password=%FF%".to_owned(), 400, "invalid_grant"),
        (FORM, "grant_type=password&grant_type=password&email=a&password=p".to_owned(), 400, "invalid_request"),
        (FORM, with(""), 400, "invalid_request"),
        (JSON, r#"{"grant_type":"client_credentials"}"#.to_owned(), 400, "unsupported_grant_type"),
        (FORM, "grant_type=refresh_token&refresh_token=x".to_owned(), 400, "unsupported_grant_type"),
        (JSON, with(r#","scope":"notes:raed""#), 400, "invalid_scope"),
        (JSON, with(r#","scope":"notes:write notes:admin""#), 400, "invalid_scope"),
        (JSON, with(r#","scope":" ""#), 400, "invalid_scope"),
        (JSON, request_of(ADA, "wrong").to_string(), 400, "invalid_grant"),
        ("text/plain", with(""), 415, "invalid_request"),
        ("-", with(""), 415, "invalid_request"),
        (JSON, "x".repeat(70_000), 413, "invalid_request"),
    ] {
        let reply = ask(&server, media_type, &body).await;
        assert_eq!(error(&reply), (status, expected.to_owned()), "{body}: {reply:?}");
        assert_eq!(reply.header("Cache-Control"), Some("no-store"), "{reply:?}");
        let described = reply.json()["error_description"].as_str().expect("a description").to_owned();
        let is_allowed = |c: char| (' '..='~').contains(&c) && c != '"' && c != '\\';
        assert!(described.chars().all(is_allowed) && !described.contains(['{', '}']), "{described}");
        assert!(!reply.body.contains(PASSWORD), "{reply:?}");
    }
}

#[tokio::test]
async fn the_route_has_the_front_checks_of_the_endpoint() {
    let server = started(&[]).await;
    let good = request_of(ADA, PASSWORD).to_string();
    for (target, headers, status) in [
        ("GET /oauth/token", vec![], 405),
        ("PUT /oauth/token", vec![], 405),
        ("DELETE /oauth/token", vec![], 405),
        ("OPTIONS /oauth/token", vec![], 405),
        ("POST /oauth/token", vec![("Host", "evil.example")], 403),
        ("POST /oauth/token", vec![("Host", "-")], 400),
        ("POST /oauth/token", vec![("Origin", "https://evil.example")], 403),
        ("POST /oauth/token", vec![("Content-Encoding", "gzip")], 415),
    ] {
        let reply = send(&server, &headers, target, &good).await;
        assert_eq!(error(&reply), (status, "invalid_request".to_owned()), "{target} {headers:?}");
        assert_eq!(reply.header("Allow"), (status == 405).then_some("POST"));
    }
    let origin = ("Origin", "http://localhost:3000");
    let reply = send(&server, &[origin], "POST /oauth/token", &good).await;
    assert_eq!((reply.status, reply.header("Access-Control-Allow-Origin")), (200, Some(origin.1)), "{reply:?}");
    let asks = [origin, ("Access-Control-Request-Method", "POST")];
    assert_eq!(send(&server, &asks, "OPTIONS /oauth/token", "").await.status, 204);
    server.wait_for_line(&["password_grant", "status=204"]);
    for path in ["/oauth", "/oauth/token/", "/oauth/token/x", "/.well-known/oauth-authorization-server"] {
        assert_eq!(send(&server, &[], &format!("POST {path}"), &good).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn who_guesses_learns_nothing_of_users() {
    let server = started(&[]).await;
    let without_date = |reply: &RawReply| {
        let head: Vec<_> = reply.head.lines().filter(|line| !line.to_lowercase().starts_with("date:")).collect();
        (head.join("\n"), reply.body.clone())
    };
    let wrong = without_date(&sign_in(&server, ADA, "wrong").await);
    assert!(wrong.1.contains("invalid_grant"), "{wrong:?}");
    for (email, password) in [("nobody@example.com", PASSWORD), ("eve@example.com", PASSWORD), ("eve@example.com", "")]
    {
        let reply = sign_in(&server, email, if password.is_empty() { "x" } else { password }).await;
        assert_eq!(without_date(&reply), wrong, "{email}");
    }
    // A user who does not exist has to wait as one who does.
    for email in [ADA, "nobody@example.com", "eve@example.com"] {
        let mut statuses = Vec::new();
        for _ in 0..7 {
            statuses.push(sign_in(&server, email, "wrong").await.status);
        }
        assert!(statuses[..3].iter().all(|status| *status == 400) && statuses.contains(&429), "{email}: {statuses:?}");
    }
}

#[tokio::test]
async fn wrong_passwords_make_wait_and_time_forgives() {
    let mut server = started(&[]).await;
    let mut database = database(&server).await;
    let held = token(&sign_in(&server, ADA, PASSWORD).await);
    for _ in 0..5 {
        assert_eq!(error(&sign_in(&server, ADA, "wrong").await), (400, "invalid_grant".to_owned()));
    }
    // Half an hour of guessing, had somebody had the time for it.
    let guessed = "UPDATE sign_ins SET failures = 30, failed_at = unixepoch() WHERE failures = 5";
    assert_eq!(execute(&mut database, guessed).await, 3);
    let refused = sign_in(&server, ADA, PASSWORD).await;
    assert_eq!(error(&refused), (429, "too_many_attempts".to_owned()));
    let wait: u32 = refused.header("Retry-After").and_then(|wait| wait.parse().ok()).expect("a wait");
    assert!((890..=900).contains(&wait), "{refused:?}");
    assert_eq!(call(&server, &held, "list_notes").await, Some(200), "a token goes on working");
    token(&sign_in(&server, "bob@example.com", PASSWORD).await);

    // Who waits is not counted again, and a restart forgives nothing.
    let before: i64 =
        sqlx::query_scalar("SELECT max(failures) FROM sign_ins").fetch_one(&mut database).await.expect("a row");
    assert_eq!(before, 30);
    server.kill();
    let server = Server::of(ACME_GRANTS).folder(server.folder()).start();
    assert_eq!(sign_in(&server, ADA, PASSWORD).await.status, 429);

    assert!(execute(&mut database, "UPDATE sign_ins SET failed_at = failed_at - 901 WHERE failures = 30").await > 0);
    token(&sign_in(&server, ADA, PASSWORD).await);
    let failures: Vec<i64> = sqlx::query_scalar("SELECT failures FROM sign_ins WHERE succeeded_at > 0")
        .fetch_all(&mut database)
        .await
        .expect("rows");
    assert_eq!(failures, [0, 0], "Ada and Bob are forgiven");

    // What failed an hour ago has not happened, and is not kept.
    execute(
        &mut database,
        "UPDATE sign_ins SET failures = 99, failed_at = unixepoch() - 3600, forget_at = unixepoch()",
    )
    .await;
    assert_eq!(sign_in(&server, ADA, "wrong").await.status, 400);
    let rows: Vec<i64> =
        sqlx::query_scalar("SELECT failures FROM sign_ins").fetch_all(&mut database).await.expect("rows");
    assert_eq!(rows, [1, 1, 1]);
}

#[tokio::test]
async fn who_guesses_elsewhere_locks_nobody_out() {
    let server = started(&[]).await;
    let mut database = database(&server).await;
    token(&sign_in_from(1, &server, ADA, PASSWORD).await);
    assert_eq!(sign_in_from(2, &server, ADA, "wrong").await.status, 400);
    // The same from as many places as somebody can have.
    let guessed = "UPDATE sign_ins SET failures = 60, failed_at = unixepoch() WHERE failures = 1";
    assert_eq!(execute(&mut database, guessed).await, 3);
    for (from, email, expected) in
        [(1, ADA, 200), (2, ADA, 429), (3, ADA, 429), (2, "bob@example.com", 429), (3, "bob@example.com", 200)]
    {
        let reply = sign_in_from(from, &server, email, PASSWORD).await;
        assert_eq!(reply.status, expected, "{email} from {from}: {reply:?}");
    }
    // What a client says of where it is counts for nothing.
    let forwarded = [("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")];
    let mut stream = raw::connect_from(IpAddr::from([127, 0, 0, 2]), server.authority()).await;
    let request = request_of(ADA, PASSWORD).to_string();
    let request = raw::request(server.authority(), "POST /oauth/token", &forwarded, request.as_bytes());
    stream.write_all(&request).await.expect("a connection");
    assert_eq!(raw::read(&mut stream).await.expect("an answer").status, 429);
}

#[tokio::test]
async fn behind_a_proxy_the_address_tells_nothing() {
    let server = started(&["--behind-proxy"]).await;
    let mut database = database(&server).await;
    assert_eq!(sign_in_from(2, &server, ADA, "wrong").await.status, 400);
    let guessed = "UPDATE sign_ins SET failures = 60, failed_at = unixepoch() WHERE failures = 1";
    assert_eq!(execute(&mut database, guessed).await, 2);
    for (from, email, expected) in [(2, ADA, 429), (3, ADA, 429), (2, "bob@example.com", 200)] {
        assert_eq!(sign_in_from(from, &server, email, PASSWORD).await.status, expected, "{email} from {from}");
    }
}

#[tokio::test]
async fn many_attempts_at_once_are_few_guesses_and_stop_no_call() {
    let server = started(&[]).await;
    let mut database = database(&server).await;
    let held = token(&sign_in(&server, ADA, PASSWORD).await);
    assert_eq!(sign_in(&server, ADA, "wrong").await.status, 400);
    // One more is free, and the wait after it is longer than any test.
    let guessed = "UPDATE sign_ins SET failures = 14, failed_at = unixepoch() - 600 WHERE failures = 1";
    assert_eq!(execute(&mut database, guessed).await, 3);
    let attempts: Vec<_> = (0..100)
        .map(|_| {
            let authority = server.authority().to_owned();
            let body = request_of(ADA, "wrong").to_string();
            tokio::spawn(async move {
                raw::send(&authority, &raw::request(&authority, "POST /oauth/token", &[], body.as_bytes())).await
            })
        })
        .collect();
    for _ in 0..5 {
        assert_eq!(call(&server, &held, "list_notes").await, Some(200));
    }
    let mut outcomes: BTreeMap<(u16, String), usize> = BTreeMap::new();
    for attempt in attempts {
        let reply = attempt.await.expect("an answer");
        assert_eq!(reply.header("Retry-After").is_some(), reply.status != 400, "{reply:?}");
        *outcomes.entry(error(&reply)).or_default() += 1;
    }
    // What is checked at the same time is not counted yet.
    let slots = (std::thread::available_parallelism().expect("processors").get() / 2).max(1);
    let wrong = outcomes.remove(&(400, "invalid_grant".to_owned())).unwrap_or_default();
    assert!((1..=slots).contains(&wrong), "{wrong} of {outcomes:?}");
    let others: Vec<_> = outcomes.keys().map(|(status, error)| (*status, error.as_str())).collect();
    let known = [(429, "too_many_attempts"), (503, "temporarily_unavailable")];
    assert!(others.contains(&known[0]) && others.iter().all(|other| known.contains(other)), "{outcomes:?}");
}

/// Whoever hangs up while a password is checked would guess, and keep the processors busy, for nothing.
#[tokio::test]
async fn who_goes_before_the_answer_is_counted_too() {
    let server = started(&[]).await;
    let mut database = database(&server).await;
    let wrong = request_of(ADA, "wrong").to_string();
    let wrong = raw::request(server.authority(), "POST /oauth/token", &[], wrong.as_bytes());
    // Who goes before the check has begun costs nothing: then the next one goes later.
    for patience in [50, 100, 200, 400, 800, 1600].map(Duration::from_millis) {
        // While the database is locked nothing can be counted, and so nothing be answered.
        execute(&mut database, "BEGIN IMMEDIATE").await;
        let mut stream = raw::connect(server.authority()).await;
        stream.write_all(&wrong).await.expect("a connection");
        let answer = timeout(patience, raw::read(&mut stream)).await;
        assert!(answer.is_err(), "{answer:?}");
        drop(stream);
        execute(&mut database, "ROLLBACK").await;
        let until = Instant::now() + 2 * patience;
        while Instant::now() < until {
            let count = sqlx::query_scalar("SELECT count(*) FROM sign_ins WHERE failures > 0");
            let counted: i64 = count.fetch_one(&mut database).await.expect("a number");
            if counted == 3 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    panic!("no failure was counted");
}

#[tokio::test]
async fn a_granted_token_expires_is_revoked_and_is_forgotten() {
    let server = started(&[]).await;
    let mut database = database(&server).await;
    server.token("named", &["notes:read"]);
    let revoked = token(&sign_in(&server, ADA, PASSWORD).await);
    let expired = token(&sign_in(&server, ADA, PASSWORD).await);
    let listed = |arguments: &[&str]| {
        let ran = server.command(&[&["token", "list"], arguments].concat());
        assert!(ran.status.success(), "{}", ran.stderr);
        let rows = ran.stdout.lines().skip(1).map(|line| line.split_whitespace().next().expect("an id").to_owned());
        (rows.collect::<Vec<_>>(), ran.stdout.clone())
    };
    let (names, text) = listed(&[]);
    assert!(names.len() == 2 && text.contains("named") && !text.contains("password grant"), "{text}");
    let (ids, text) = listed(&["--grants"]);
    assert!(ids.len() == 2 && !text.contains("named"), "{text}");

    // They have no name to be told by.
    assert!(!server.command(&["token", "revoke", "password grant"]).status.success());
    assert!(server.command(&["token", "revoke", &ids[0]]).status.success());
    assert_eq!(call(&server, &revoked, "list_notes").await, Some(401));
    assert_eq!(call(&server, &expired, "list_notes").await, Some(200));
    execute(&mut database, "UPDATE tokens SET expires_at = unixepoch() WHERE kind = 'grant'").await;
    let mut client = Client::http(server.url(), Some(&expired), Revision::V2025_11_25);
    let reply = client.call("list_notes", json!({})).await;
    assert_eq!((reply.status, &reply.error_data()["reason"]), (Some(401), &json!("expired_credential")));

    // A named one that has expired is kept.
    execute(&mut database, "UPDATE tokens SET expires_at = unixepoch() - 86400").await;
    token(&sign_in(&server, ADA, PASSWORD).await);
    assert_eq!(listed(&["--grants"]).0.len(), 1);
    assert_eq!(listed(&[]).0, names);
}

#[tokio::test]
async fn the_log_has_neither_passwords_nor_addresses_nor_tokens() {
    let server = started(&["--log-format", "json"]).await;
    let given = token(&sign_in(&server, ADA, PASSWORD).await);
    sign_in(&server, ADA, "a wrong password").await;
    sign_in(&server, "typed-in-the-wrong-place", "x").await;
    ask(&server, JSON, r#"{"grant_type":"password","email":"e@example.com","password":{"odd":"hunter22"}}"#).await;
    server.wait_for_line(&["wrong password", "127.0.0.1"]);
    server.wait_for_line(&["unknown user"]);
    server.wait_for_line(&["password_grant", "invalid_request"]);
    let log = server.log();
    let log = log.split("listening on").nth(1).expect("a log");
    for secret in [PASSWORD, "a wrong password", "typed-in", "hunter22", ADA, "example.com", &given, "argon2"] {
        assert!(!log.contains(secret), "{secret} in:\n{log}");
    }
}
