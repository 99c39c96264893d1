//! For how long it is kept, and that nothing of it is lost when the server ends.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;
use toolwright_tests::{Client, Postgres, Revision, Server};

use super::{PATIENCE, change, entries, log, servers};
use crate::{ACME, postgres};

/// The acme server keeps it for 30 days.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_declared_is_deleted() {
    for (server, name) in servers("audit_kept").into_iter().zip([None, Some("audit_kept")]) {
        let token = server.token("old", &["notes:read"]);
        let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
        for _ in 0..3 {
            client.call("whoami", json!({})).await;
        }
        let calls = entries(&server, "old", 3).await;
        let (gone, stays) = (calls[0]["id"].as_str().expect("an id"), calls[1]["id"].as_str().expect("an id"));
        let days = |days: i64| days * 86_400_000_000;
        change(&server, name, &format!("UPDATE audit SET at = at - {} WHERE id = '{gone}'", days(31))).await;
        change(&server, name, &format!("UPDATE audit SET at = at - {} WHERE id = '{stays}'", days(29))).await;
        // More than are deleted at a time.
        let many = "INSERT INTO audit (id, at, kind, via, verdict, outcome, credential_name)
            WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 2500)
            SELECT 'old ' || number, number, 'call', 'http', 'allowed', 'ok', 'ancient' FROM numbers";
        change(&server, name, many).await;
        assert_eq!(log(&server, &["--token", "ancient"]).len(), 2500);

        let folder = server.folder().to_owned();
        let again = match name {
            Some(name) => {
                let url = Postgres::shared().expect("it was there before").url("postgres", name);
                postgres::instance(&url).start()
            }
            None => Server::of(ACME).folder(&folder).start(),
        };
        let deadline = Instant::now() + PATIENCE;
        while !log(&again, &["--token", "ancient"]).is_empty() || entries(&again, "old", 1).await.len() > 2 {
            assert!(Instant::now() < deadline, "what is old is still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let left: Vec<_> = entries(&again, "old", 2).await.iter().map(|entry| entry["id"].clone()).collect();
        assert_eq!(left, [calls[1]["id"].clone(), calls[2]["id"].clone()]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_has_written_everything() {
    const CALLS: usize = 500;
    for mut server in servers("audit_ended") {
        let token = server.token("busy", &["notes:read"]);
        let mut callers = JoinSet::new();
        for caller in 0..10 {
            let (url, token) = (server.url().to_owned(), token.clone());
            callers.spawn(async move {
                let mut client = Client::http(&url, Some(&token), Revision::ALL[caller % 3]);
                for _ in 0..CALLS / 10 {
                    assert_eq!(client.call("whoami", json!({})).await.status, Some(200));
                }
            });
        }
        callers.join_all().await;
        server.terminate();
        assert!(server.wait(PATIENCE).success());
        let written = log(&server, &["--token", "busy"]);
        assert_eq!(written.iter().filter(|entry| entry["kind"] == "call" && entry["outcome"] == "ok").count(), CALLS);
        assert!(!server.log().contains("gap") && !server.log().contains("is lost"), "{}", server.log());
    }
}
