//! Callers that go away before they are answered.

use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt as _;
use toolwright_tests::raw;

use super::{Locked, call, instance, new_database};
use crate::PREFIX;

const PATIENCE: Duration = Duration::from_secs(20);

/// More than the server has connections.
const CALLERS: usize = 20;

#[tokio::test(flavor = "multi_thread")]
async fn they_cost_the_server_no_connection() {
    let Some((postgres, url)) = new_database("aborted") else { return };
    let server = instance(&url).start();
    let token = server.first_token(PREFIX);
    let locked = Locked::table("aborted", &url, "tokens").await;
    let waiting = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
                   AND query LIKE '%FROM tokens%' ORDER BY pid";
    let mut callers = Vec::new();
    for number in 0..CALLERS {
        let bearer = format!("Bearer {PREFIX}{number:0>40}");
        let body = br#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}"#;
        let request = raw::request(server.authority(), "POST /mcp", &[("Authorization", &bearer)], body);
        let mut caller = raw::connect(server.authority()).await;
        caller.write_all(&request).await.expect("a connection");
        callers.push(caller);
    }
    let begun = Instant::now();
    let asked = loop {
        let asked = postgres.sql("aborted", waiting);
        if asked.lines().count() >= 4 {
            break asked;
        }
        assert!(begun.elapsed() < PATIENCE, "nobody is looked up: {asked}");
    };
    drop(callers);
    // The server sees that they are gone before the database answers.
    tokio::time::sleep(Duration::from_millis(500)).await;
    locked.release().await;
    while !postgres.sql("aborted", waiting).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "they still wait");
    }
    assert_eq!(call(&server, &token).await.status, Some(200));
    let ids = asked.lines().collect::<Vec<_>>().join(", ");
    let left = postgres.sql("aborted", &format!("SELECT pid FROM pg_stat_activity WHERE pid IN ({ids}) ORDER BY pid"));
    assert_eq!(left, asked, "connections were closed");
}
