//! A database that takes nothing for a while: no call waits for it, and nothing is lost.

use serde_json::json;
use toolwright_tests::{Client, Revision, Server};

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
    let Some((_, url)) = postgres::new_database("audit_stalled") else { return };
    let server = postgres::instance(&url).start();
    let token = server.token("steady", &["notes:read"]);
    let locked = postgres::Locked::table("audit_stalled", &url, "audit").await;
    call(&server, &token).await;
    locked.release().await;
    assert_eq!(entries(&server, "steady", CALLS).await.len(), CALLS);
}
