//! Tokens for passwords, where users are members of accounts.

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::{Client, Ran, Reply, Revision, Server, run_with_input};

const TENANTS: &str = env!("CARGO_BIN_EXE_tenants");
const ADA: &str = "ada@example.com";
const PASSWORD: &str = "correct horse battery";

/// A server with Ada, a member of `blue`, and beside it the team `red`.
fn started() -> Server {
    let server = Server::of(TENANTS).start();
    for arguments in [
        ["account", "create", "--subdomain", "blue", "--name", "Blue"].as_slice(),
        &["account", "create", "--subdomain", "red", "--name", "Red"],
        &["account", "enable", "blue", "lists"],
        &["user", "create", "--email", ADA, "--name", "Ada", "--account", "blue"],
    ] {
        let ran = server.command(arguments);
        assert!(ran.status.success(), "{arguments:?}: {}", ran.stderr);
    }
    server
}

fn set_password(server: &Server, email: &str, input: &str) -> Ran {
    run_with_input(TENANTS, server.folder(), &["user", "password", email], input)
}

async fn sign_in(server: &Server, password: &str) -> (u16, Value) {
    let url = format!("http://{}/oauth/token", server.authority());
    let body = json!({"grant_type": "password", "email": ADA, "password": password}).to_string();
    let request = reqwest::Client::new().post(url).header("Content-Type", "application/json").body(body);
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.expect("a body")).expect("JSON"))
}

async fn token(server: &Server) -> String {
    let (status, body) = sign_in(server, PASSWORD).await;
    assert_eq!(status, 200, "{body}");
    body["access_token"].as_str().expect("a token").to_owned()
}

async fn call(server: &Server, team: &str, token: &str, tool: &str, arguments: Value) -> Reply {
    let url = format!("http://{}/{team}/mcp", server.authority());
    Client::http(&url, Some(token), Revision::V2025_11_25).call(tool, arguments).await
}

async fn status(server: &Server, token: &str) -> Option<u16> {
    call(server, "blue", token, "list_items", json!({})).await.status
}

#[tokio::test]
async fn a_token_for_a_password_reaches_the_accounts_of_its_user() {
    let server = started();
    assert!(set_password(&server, "Ada@Example.com", &format!("{PASSWORD}\n")).status.success());
    let token = token(&server).await;
    let added = call(&server, "blue", &token, "add_item", json!({"item": "milk"})).await;
    assert_eq!(added.structured(), &json!({"count": 1}));
    let listed = call(&server, "blue", &token, "list_items", json!({})).await;
    assert_eq!(listed.structured(), &json!({"items": ["milk"]}));
    for (team, reason) in [("red", 403), ("green", 404)] {
        assert_eq!(call(&server, team, &token, "list_items", json!({})).await.status, Some(reason), "{team}");
    }
    // The endpoint's own path goes by its placeholder only.
    assert_eq!(call(&server, "oauth", &token, "list_items", json!({})).await.status, Some(404));

    let mut kept = Vec::new();
    for file in ["tenants.db", "tenants.db-wal"] {
        kept.extend(std::fs::read(server.folder().join("data").join(file)).unwrap_or_default());
    }
    let holds = |text: &str| kept.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("$argon2id$v=19$m=19456,t=2,p=1$"));
    for secret in [PASSWORD, &token] {
        assert!(!holds(secret), "{secret} is in the database");
        assert!(!server.log().contains(secret), "{secret} in:\n{}", server.log());
    }
}

#[tokio::test]
async fn another_password_ends_what_the_one_before_gave() {
    let server = started();
    let created = ["token", "create", "--name", "named", "--user", ADA, "--scope", "items:read"];
    let named = server.command(&created).stdout.trim().to_owned();
    assert_eq!(sign_in(&server, PASSWORD).await.0, 400, "there is no password yet");

    assert!(set_password(&server, ADA, PASSWORD).status.success());
    let first = token(&server).await;
    assert_eq!(status(&server, &first).await, Some(200));
    let changed = set_password(&server, ADA, "another horse battery\r\n");
    assert!(changed.status.success() && changed.stdout.is_empty(), "{changed:?}");
    assert_eq!(
        changed.stderr,
        "ada@example.com has a new password; tokens that were given for one before and are revoked: 1\n"
    );
    assert_eq!(status(&server, &first).await, Some(401));
    assert_eq!(sign_in(&server, PASSWORD).await.0, 400);
    let (_, second) = sign_in(&server, "another horse battery").await;
    let second = second["access_token"].as_str().expect("a token").to_owned();

    assert!(server.command(&["user", "password", ADA, "--remove"]).status.success());
    assert_eq!(status(&server, &second).await, Some(401));
    assert_eq!(sign_in(&server, "another horse battery").await.0, 400);
    assert_eq!(status(&server, &named).await, Some(200), "a named token asks for no password");
}

/// A new password says that nobody else is signed in any more: it must not be there without that.
#[tokio::test]
async fn a_password_whose_tokens_cannot_be_revoked_stays() {
    let server = started();
    assert!(set_password(&server, ADA, PASSWORD).status.success());
    let held = token(&server).await;
    let file = SqliteConnectOptions::new().filename(server.folder().join("data/tenants.db"));
    let mut database = SqliteConnection::connect_with(&file).await.expect("the server's database");
    let full = "CREATE TRIGGER full BEFORE UPDATE OF revoked_at ON tokens BEGIN SELECT raise(ABORT, 'full'); END";
    sqlx::raw_sql(full).execute(&mut database).await.expect("a trigger");
    let refused = set_password(&server, ADA, "another horse battery");
    assert!(!refused.status.success() && refused.stderr.contains("full"), "{refused:?}");
    assert_eq!(sign_in(&server, "another horse battery").await.0, 400);
    assert_eq!(status(&server, &held).await, Some(200));
}

#[tokio::test]
async fn a_user_that_is_deleted_takes_every_token_along() {
    let server = started();
    assert!(set_password(&server, ADA, PASSWORD).status.success());
    let token = token(&server).await;
    assert!(server.command(&["user", "delete", ADA]).status.success());
    assert_eq!(status(&server, &token).await, Some(401));
    assert_eq!(sign_in(&server, PASSWORD).await.0, 400);
}

#[tokio::test]
async fn a_password_that_cannot_be_one_changes_nothing() {
    let server = started();
    assert!(set_password(&server, ADA, PASSWORD).status.success());
    let held = token(&server).await;
    let long = "x y".repeat(400);
    for (email, input, said) in [
        (ADA, "", "has at least 15 characters"),
        (ADA, "fourteen chars\n", "has at least 15 characters"),
        (ADA, "a line of words\nand another", "is one line"),
        (ADA, "Ada@example.com\n", "neither the email address"),
        (ADA, "aaaaaaaaaaaaaaaa", "one character again and again"),
        (ADA, &long, "has at most 1024 bytes"),
        ("nobody@example.com", PASSWORD, "there is no user `nobody@example.com`"),
    ] {
        let ran = set_password(&server, email, input);
        assert!(!ran.status.success() && ran.stderr.contains(said), "{input:?}: {ran:?}");
        assert!(input.trim().is_empty() || !ran.stderr.contains(input.trim()) || input.len() < 2, "{ran:?}");
    }
    assert_eq!(status(&server, &held).await, Some(200));
    token(&server).await;
}
