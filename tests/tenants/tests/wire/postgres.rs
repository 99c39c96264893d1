//! Users and accounts in PostgreSQL, which two instances share.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::timeout;
use toolwright_tests::{Client, Postgres, Proxy, Reply, Revision, Server, ServerBuilder, Way};

use crate::{ADA, ALL, TENANTS, Teams, refused};

const DATABASE: &str = "TENANTS_DATABASE";

/// The product's promise.
const PROMISE: Duration = Duration::from_secs(1);

/// How long a test waits for what has no promise.
const PATIENCE: Duration = Duration::from_secs(20);

/// The teams on one instance, and another one that reaches the database by a way that can be cut.
struct Pair {
    teams: Teams,
    there: Server,
    proxy: Proxy,
}

fn new_database(name: &str) -> Option<(&'static Postgres, ServerBuilder)> {
    let postgres = Postgres::shared()?;
    postgres.database(name, "");
    Some((postgres, Server::of(TENANTS).env(DATABASE, postgres.url("postgres", name))))
}

impl Pair {
    fn start(database: &str) -> Option<Self> {
        let (postgres, builder) = new_database(database)?;
        let proxy = postgres.proxy();
        let url = postgres.url_by(&proxy, "postgres", database);
        let teams = Teams::on(builder);
        Some(Self { teams, there: Server::of(TENANTS).env(DATABASE, url).start(), proxy })
    }

    async fn call(&self, account: &str, token: &str) -> Reply {
        let url = self.there.url_of(account);
        Client::http(&url, Some(token), Revision::V2025_11_25).call("list_items", json!({})).await
    }

    /// Waits until the other instance remembers all that a call takes: it answers while it cannot ask.
    async fn heat(&self, account: &str, token: &str) {
        let begun = Instant::now();
        loop {
            self.call(account, token).await.structured();
            self.proxy.set(Way::Open, Way::Silent);
            let reply = timeout(Duration::from_millis(500), self.call(account, token)).await;
            self.proxy.set(Way::Open, Way::Open);
            match reply {
                Ok(reply) if reply.status == Some(200) => return,
                _ => assert!(begun.elapsed() < PATIENCE, "it asks on every call:\n{}", self.there.log()),
            }
        }
    }
}

/// What is done, and what the other instance says within a second.
const CASES: [(&[&[&str]], u16, &str); 5] = [
    (&[&["account", "remove-member", "ours", ADA]], 403, "foreign_account"),
    (&[&["account", "disable", "ours", "lists"]], 403, "feature_disabled"),
    (&[&["account", "remove-member", "ours", ADA], &["account", "delete", "ours"]], 404, "unknown_account"),
    (&[&["user", "delete", ADA]], 401, "unknown_credential"),
    (&[&["token", "revoke", "ada@example.com 2"]], 401, "unknown_credential"),
];

#[tokio::test(flavor = "multi_thread")]
async fn each_revocation_reaches_the_other_instance_within_a_second() {
    for (case, (commands, status, reason)) in CASES.into_iter().enumerate() {
        for listening in [Way::Open, Way::Cut, Way::Silent] {
            let Some(pair) = Pair::start(&format!("away_{case}_{listening:?}").to_lowercase()) else { return };
            let token = pair.teams.token(ADA, &ALL);
            // However the account is named.
            for name in ["ours", "OURS", &pair.teams.ours] {
                pair.heat(name, &token).await;
            }
            pair.proxy.set(listening, Way::Open);
            for command in commands {
                pair.teams.server.succeed(command);
            }
            let gone = Instant::now();
            for name in ["ours", "OURS", &pair.teams.ours] {
                let reply = loop {
                    let reply = pair.call(name, &token).await;
                    if reply.status != Some(200) {
                        break reply;
                    }
                    assert!(gone.elapsed() < PROMISE, "{commands:?} {listening:?} {name}: still accepted");
                };
                let (found, _, said) = refused(&reply);
                assert_eq!((found, said), (Some(status), reason), "{commands:?} {listening:?} {name}");
            }
            eprintln!("{commands:?} {listening:?}: refused after {:?}", gone.elapsed());
            assert!(gone.elapsed() < PROMISE, "{commands:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_is_there_on_the_next_request() {
    let Some(pair) = Pair::start("given") else { return };
    let token = pair.teams.token(ADA, &ALL);
    pair.heat("ours", &token).await;
    for (team, given) in
        [("off", ["account", "enable", "off", "lists"]), ("theirs", ["account", "add-member", "theirs", ADA])]
    {
        assert_eq!(pair.call(team, &token).await.status, Some(403));
        pair.teams.server.succeed(&given);
        assert_eq!(pair.call(team, &token).await.status, Some(200), "{given:?}");
    }
}

#[tokio::test]
async fn names_and_ids_are_as_in_sqlite() {
    let Some((postgres, builder)) = new_database("dialect") else { return };
    let mut server = builder.start();
    let said = |arguments: &[&str]| {
        let ran = server.command(arguments);
        assert!(!ran.status.success(), "{arguments:?}");
        ran.stderr
    };
    // Of the first start.
    let first: i64 = postgres.sql("dialect", "SELECT id FROM toolwright.accounts").parse().expect("one account");
    let id = server.account("Blue", &["lists"]);
    assert_eq!(id, (first + 1).to_string());
    assert!(said(&["account", "create", "--subdomain", "bLUE", "--name", "x"]).contains("bLUE"));
    server.succeed(&["account", "enable", "BLUE", "lists"]);
    server.user("Ada@Example.com", &["blue"]);
    assert!(said(&["user", "create", "--email", ADA, "--name", "x"]).contains(ADA));
    // Only the letters of ASCII have two cases.
    server.user("ÄDA@example.com", &[]);
    server.user("äda@example.com", &[]);
    let token = server.token_of_user("ADA@EXAMPLE.COM", "one", &ALL);
    let reply =
        Client::http(&server.url_of("bLuE"), Some(&token), Revision::V2025_11_25).call("list_items", json!({})).await;
    assert_eq!(reply.structured()["items"], Value::Array(Vec::new()));

    // An id that was chosen, and one that an account had, are given to no other one.
    server.succeed(&["account", "create", "--id", "500", "--subdomain", "chosen", "--name", "x"]);
    assert_eq!(server.account("next", &[]), "501");
    server.succeed(&["account", "delete", "501"]);
    assert_eq!(server.account("next", &[]), "502");
    assert!(said(&["account", "create", "--id", "501", "--subdomain", "again", "--name", "x"]).contains("501"));
    assert!(said(&["account", "create", "--id", "500", "--subdomain", "again", "--name", "x"]).contains("500"));
    assert!(said(&["account", "delete", "blue"]).contains("member"));
    server.succeed(&["user", "delete", "ada@example.COM"]);
    server.succeed(&["account", "delete", "blue"]);
    let users = server.succeed(&["user", "list"]);
    assert_eq!(users.lines().count(), 1 + 3, "{users}");
    server.kill();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_count_together_on_all_instances() {
    let Some(pair) = Pair::start("passwords") else { return };
    let password = "correct horse battery";
    let set = pair.teams.server.command_with_input(&["user", "password", ADA], password);
    assert!(set.status.success(), "{set:?}");
    let (token, body) = sign_in(&pair.there, password).await;
    assert_eq!(token, 200, "{body}");
    let token = body["access_token"].as_str().expect("a token").to_owned();
    pair.heat("ours", &token).await;
    let mut statuses = Vec::new();
    // At once and by turns: rows are counted, and nobody waits for each other for ever.
    for _ in 0..3 {
        let attempts = tokio::join!(sign_in(&pair.there, "wrong"), sign_in(&pair.teams.server, "wrong"));
        statuses.extend([attempts.0.0, attempts.1.0]);
    }
    assert!(statuses[..4].iter().all(|status| *status == 400), "{statuses:?}");
    assert_eq!(sign_in(&pair.there, password).await.0, 429, "after {statuses:?}");
    // What a program got for the old password is nothing any more.
    let set = pair.teams.server.command_with_input(&["user", "password", ADA, "--remove"], "");
    assert!(set.stderr.contains("revoked: 1"), "{set:?}");
    let gone = Instant::now();
    while pair.call("ours", &token).await.status != Some(401) {
        assert!(gone.elapsed() < PROMISE);
    }
}

async fn sign_in(server: &Server, password: &str) -> (u16, Value) {
    let url = format!("http://{}/oauth/token", server.authority());
    let body = json!({"grant_type": "password", "email": ADA, "password": password}).to_string();
    let request = reqwest::Client::new().post(url).header("Content-Type", "application/json").body(body);
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, serde_json::from_str(&response.text().await.expect("a body")).expect("JSON"))
}
