//! Tokens in PostgreSQL, which several instances of a server share.

mod aborted;
mod ending;
mod revocation;
mod start;

use std::{
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::json;
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use toolwright_tests::{Client, Postgres, Reply, Revision, Server, ServerBuilder};

use crate::{ACME, PREFIX};

/// The variable that says where the tokens are.
const DATABASE: &str = "ACME_DATABASE";

/// A new database of the tests' server, with a name of its own; without PostgreSQL, nothing.
pub(crate) fn new_database(name: &str) -> Option<(&'static Postgres, String)> {
    let postgres = Postgres::shared()?;
    postgres.database(name, "");
    Some((postgres, postgres.url("postgres", name)))
}

pub(crate) fn instance(url: &str) -> ServerBuilder {
    Server::of(ACME).env(DATABASE, url)
}

/// A table that somebody else has locked, so that nobody reads or writes it.
pub(crate) struct Locked {
    gate: PgConnection,
    holder: JoinHandle<String>,
}

impl Locked {
    pub(crate) async fn table(database: &'static str, url: &str, table: &str) -> Self {
        let postgres = Postgres::shared().expect("it was there before");
        let mut gate = url.parse::<PgConnectOptions>().expect("a URL").connect().await.expect("a database");
        sqlx::query("SELECT pg_advisory_lock(7)").execute(&mut gate).await.expect("a lock");
        // It goes on when it is told to, by a lock of its own.
        let hold = format!("BEGIN; LOCK TABLE toolwright.{table}; SELECT pg_advisory_lock(7); COMMIT");
        let holder = thread::spawn(move || postgres.sql(database, &hold));
        let is_locked = format!(
            "SELECT count(*) FROM pg_locks
             WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'toolwright.{table}'::regclass"
        );
        while postgres.sql(database, &is_locked) != "1" {
            assert!(!holder.is_finished(), "the lock was not held");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self { gate, holder }
    }

    pub(crate) async fn release(mut self) {
        sqlx::query("SELECT pg_advisory_unlock(7)").execute(&mut self.gate).await.expect("a lock");
        self.holder.join().expect("it ends");
    }
}

/// What the server says to a call with this token.
async fn call(server: &Server, token: &str) -> Reply {
    Client::http(server.url(), Some(token), Revision::V2026_07_28).call("whoami", json!({})).await
}

#[tokio::test]
async fn one_database_serves_two_instances() {
    let Some((postgres, url)) = new_database("shared") else { return };
    let (here, there) = (instance(&url).start(), instance(&url).start());
    let first = here.first_token(PREFIX);
    assert!(!there.log().contains(PREFIX), "{}", there.log());
    let made = here.token("made", &["notes:read"]);
    for server in [&here, &there] {
        assert_eq!(call(server, &first).await.status, Some(200));
        let reply = call(server, &made).await;
        assert_eq!(reply.structured()["key"], json!("made"), "{}", reply.text());
        assert_eq!(call(server, &format!("{PREFIX}{}", "0".repeat(40))).await.status, Some(401));
    }
    let taken = there.command(&["token", "create", "--name", "made", "--scope", "notes:read"]);
    assert!(taken.stderr.contains("a token with the name `made` works already"), "{taken:?}");
    let list = there.succeed(&["token", "list"]);
    let names: Vec<_> = list.lines().skip(1).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(names, ["first", "made"], "the oldest first: {list}");
    there.revoke("made");
    there.token("made", &["notes:write"]);
    assert!(there.command(&["token", "revoke", "nobody"]).stderr.contains("no token with the name or id `nobody`"));
    // Everything stands in a schema of its own.
    let tables = "SELECT DISTINCT schemaname FROM pg_tables WHERE tablename IN ('tokens', 'users', '_sqlx_migrations')";
    assert_eq!(postgres.sql("shared", tables), "toolwright");
    for text in [here.log(), there.log(), list] {
        assert!(!text.contains(Postgres::PASSWORD), "{text}");
    }
}
