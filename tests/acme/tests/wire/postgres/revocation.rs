//! What is taken away on one instance is refused by the other within a second, although that one does not ask the
//! database on every call.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::time::timeout;
use toolwright_tests::{Postgres, Proxy, Server, Way};

use super::{call, instance, new_database};
use crate::PREFIX;

/// The product's promise.
const PROMISE: Duration = Duration::from_secs(1);

/// How long a test waits for what has no promise.
const PATIENCE: Duration = Duration::from_secs(20);

/// Two instances, one of which reaches the database by a way that can be cut.
struct Pair {
    postgres: &'static Postgres,
    database: &'static str,
    here: Server,
    there: Server,
    proxy: Proxy,
}

impl Pair {
    fn start(database: &'static str) -> Option<Self> {
        let (postgres, url) = new_database(database)?;
        let proxy = postgres.proxy();
        let here = instance(&url).start();
        let there = instance(&postgres.url_by(&proxy, "postgres", database)).start();
        Some(Self { postgres, database, here, there, proxy })
    }

    /// Waits until the other instance remembers the token: it answers while it cannot ask.
    async fn heat(&self, token: &str) {
        let begun = Instant::now();
        loop {
            assert_eq!(call(&self.there, token).await.status, Some(200));
            self.proxy.set(Way::Open, Way::Silent);
            let reply = timeout(Duration::from_millis(500), call(&self.there, token)).await;
            self.proxy.set(Way::Open, Way::Open);
            match reply {
                Ok(reply) if reply.status == Some(200) => return,
                _ => assert!(begun.elapsed() < PATIENCE, "it asks on every call:\n{}", self.there.log()),
            }
        }
    }

    /// Calls the other instance until it refuses the token, which has just been taken away.
    async fn refused(&self, token: &str, what: &str) {
        let gone = Instant::now();
        let mut calls = 0;
        while call(&self.there, token).await.status != Some(401) {
            calls += 1;
            assert!(gone.elapsed() < PROMISE, "{what}: still accepted after {calls} calls");
        }
        eprintln!("{what}: refused after {:?} and {calls} calls", gone.elapsed());
        assert!(gone.elapsed() < PROMISE, "{what}");
    }

    fn sql(&self, statement: &str) -> String {
        self.postgres.sql(self.database, statement)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_a_token_away_the_other_instance_hears_it() {
    type TakeAway = fn(&Pair, &str);
    let Some(pair) = Pair::start("heard") else { return };
    let ways: [(&str, TakeAway); 4] = [
        ("revoked", |pair, name| pair.here.revoke(name)),
        ("updated", |pair, name| {
            pair.sql(&format!("UPDATE toolwright.tokens SET revoked_at = 1 WHERE name = '{name}'"));
        }),
        ("deleted", |pair, name| drop(pair.sql(&format!("DELETE FROM toolwright.tokens WHERE name = '{name}'")))),
        ("emptied", |pair, _| drop(pair.sql("TRUNCATE toolwright.tokens"))),
    ];
    for (name, take_away) in ways {
        let token = pair.here.token(name, &["notes:read"]);
        pair.heat(&token).await;
        take_away(&pair, name);
        pair.refused(&token, name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_the_notifications_a_revocation_arrives() {
    type Break = fn(&Pair);
    // The listening connections, and those that have the proof sent.
    fn terminate(pair: &Pair, last_query: &str) {
        let all = format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE datname = current_database() AND query LIKE '{last_query}%' AND pid <> pg_backend_pid()"
        );
        assert_eq!(pair.sql(&all), "2", "both instances listen");
    }
    let Some(pair) = Pair::start("unheard") else { return };
    let ways: [(&str, Break); 4] = [
        ("cut", |pair| pair.proxy.set(Way::Cut, Way::Open)),
        ("silent", |pair| pair.proxy.set(Way::Silent, Way::Open)),
        ("terminated", |pair| terminate(pair, "LISTEN")),
        ("unproved", |pair| terminate(pair, "SELECT pg_notify")),
    ];
    for (name, make) in ways {
        let token = pair.here.token(name, &["notes:read"]);
        pair.heat(&token).await;
        make(&pair);
        pair.here.revoke(name);
        pair.refused(&token, name).await;
        // What was not heard is not remembered either, and what is heard again is.
        let other = pair.here.token(&format!("{name} after"), &["notes:read"]);
        assert_eq!(call(&pair.there, &other).await.status, Some(200));
        pair.proxy.set(Way::Open, Way::Open);
        pair.heat(&other).await;
        pair.refused(&token, name).await;
    }
    let log = pair.there.log();
    // A connection that is silent for a moment only is not given up.
    let lost = log.matches("changes in the database are not heard").count();
    assert!(lost >= 2 && lost == log.matches("changes in the database are heard again").count(), "{log}");
    assert!(!log.contains(Postgres::PASSWORD), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_pooler_that_loses_notifications_nothing_is_remembered() {
    let Some((postgres, url)) = new_database("pooled") else { return };
    let proxy = postgres.proxy();
    proxy.set(Way::Pooled, Way::Open);
    let here = instance(&url).start();
    let there = instance(&postgres.url_by(&proxy, "postgres", "pooled")).start();
    let pair = Pair { postgres, database: "pooled", here, there, proxy };
    let token = pair.here.token("pooled", &["notes:read"]);
    assert_eq!(call(&pair.there, &token).await.status, Some(200));
    // Whatever can arrive there does meanwhile.
    pair.there.wait_for_line(&["changes in the database are not heard"]);
    assert_eq!(call(&pair.there, &token).await.status, Some(200));
    pair.here.revoke("pooled");
    assert_eq!(call(&pair.there, &token).await.status, Some(401));
    assert!(!pair.there.log().contains("are heard again"), "{}", pair.there.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_remembered_expires_by_the_clock() {
    let Some(pair) = Pair::start("expired") else { return };
    let token = pair.here.succeed(&["token", "create", "--name", "brief", "--scope", "notes:read", "--expires", "4s"]);
    pair.heat(&token).await;
    pair.proxy.set(Way::Open, Way::Silent);
    let begun = Instant::now();
    let refused = loop {
        let reply = call(&pair.there, &token).await;
        if reply.status != Some(200) {
            break reply;
        }
        assert!(begun.elapsed() < PATIENCE);
    };
    assert_eq!(refused.status, Some(401), "{:?}", refused.body);
    assert_eq!(refused.error_data()["reason"], json!("expired_credential"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_an_error_until_it_is_back() {
    let Some(pair) = Pair::start("gone") else { return };
    let token = pair.here.first_token(PREFIX);
    for way in [Way::Cut, Way::Silent] {
        pair.heat(&token).await;
        pair.proxy.set(way, way);
        let begun = Instant::now();
        let failed = loop {
            let reply = timeout(PATIENCE, call(&pair.there, &token)).await.expect("an answer");
            if reply.status != Some(200) {
                break reply;
            }
            assert!(begun.elapsed() < PROMISE, "{way:?}: what cannot be known is not believed");
        };
        assert_eq!((failed.status, failed.error_code()), (Some(500), Some(-32603)), "{way:?}: {:?}", failed.body);
        assert!(!failed.body.to_string().contains("database"), "nobody is told how: {}", failed.body);
        pair.proxy.set(Way::Open, Way::Open);
        let begun = Instant::now();
        while call(&pair.there, &token).await.status != Some(200) {
            assert!(begun.elapsed() < PATIENCE, "{way:?}: it is back:\n{}", pair.there.log());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_of_a_token_that_is_remembered_is_written_down() {
    let Some(pair) = Pair::start("used") else { return };
    let token = pair.here.token("used", &["notes:read"]);
    pair.heat(&token).await;
    let last = "SELECT last_used_at FROM toolwright.tokens WHERE name = 'used'";
    let begun = Instant::now();
    while pair.sql(last).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "{}", pair.there.log());
    }
    // Long ago, as if the instance had been quiet meanwhile; to be used is no change to forget a token for.
    pair.sql("UPDATE toolwright.tokens SET last_used_at = 1 WHERE name = 'used'");
    pair.proxy.set(Way::Open, Way::Silent);
    assert_eq!(call(&pair.there, &token).await.status, Some(200));
}
