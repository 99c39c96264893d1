//! A database that takes nothing for a while: no call waits for it, and nothing is lost.

use std::thread;

use serde_json::json;
use toolwright_tests::{Client, Postgres, Revision, Server};

use super::entries;
use crate::{ACME, database, postgres};

const CALLS: usize = 40;

async fn call(server: &Server, token: &str) {
    let mut client = Client::http(server.url(), Some(token), Revision::V2026_07_28);
    for _ in 0..CALLS {
        client.call("whoami", json!({})).await.structured();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_while_somebody_else_writes_to_a_file() {
    let server = Server::of(ACME).start();
    let token = server.token("steady", &["notes:read"]);
    let mut other = database(&server).await;
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.expect("a transaction");
    call(&server, &token).await;
    // It has given up once, so that it has to try again.
    server.wait_for_line(&["ERROR", "the audit log is not written; what is new waits"]);
    call(&server, &token).await;
    assert_eq!(super::log(&server, &["--token", "steady"]).iter().filter(|entry| entry["kind"] == "call").count(), 0);
    sqlx::query("COMMIT").execute(&mut other).await.expect("a transaction");
    assert_eq!(entries(&server, "steady", 2 * CALLS).await.len(), 2 * CALLS);
    server.wait_for_line(&["the audit log is written again"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_on_while_somebody_else_locks_a_table() {
    let Some((postgres, url)) = postgres::new_database("audit_stalled") else { return };
    let server = postgres::instance(&url).start();
    let token = server.token("steady", &["notes:read"]);
    let mut gate =
        sqlx::PgPool::connect(&url).await.expect("a database").acquire().await.expect("a connection").detach();
    sqlx::query("SELECT pg_advisory_lock(7)").execute(&mut gate).await.expect("a lock");
    let holder = thread::spawn(|| {
        let postgres = Postgres::shared().expect("it was there before");
        // It goes on when it is told to, by a lock of its own.
        postgres.sql("audit_stalled", "BEGIN; LOCK TABLE toolwright.audit; SELECT pg_advisory_lock(7); COMMIT")
    });
    let held = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'toolwright.audit'::regclass";
    while postgres.sql("audit_stalled", held) != "1" {
        assert!(!holder.is_finished(), "the lock was not held");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    call(&server, &token).await;
    sqlx::query("SELECT pg_advisory_unlock(7)").execute(&mut gate).await.expect("a lock");
    holder.join().expect("it ends");
    assert_eq!(entries(&server, "steady", CALLS).await.len(), CALLS);
}
