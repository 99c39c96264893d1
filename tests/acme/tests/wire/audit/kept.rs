//! For how long it is kept, and that nothing of it is lost when the server ends.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;
use toolwright_tests::{Client, Postgres, Revision, Server};

use super::{PATIENCE, change, entries, log, servers};
use crate::{ACME, postgres};

/// The acme server keeps it for 30 days, by the newest entry of those from before today: a clock is not believed on its first day.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_older_than_declared_is_deleted() {
    for (server, name) in servers("audit_kept").into_iter().zip([None, Some("audit_kept")]) {
        let token = server.token("old", &["notes:read"]);
        let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
        let ages = [33, 31, 2, 0];
        for _ in ages {
            client.call("whoami", json!({})).await;
        }
        let calls = entries(&server, "old", ages.len()).await;
        for (call, age) in calls.iter().zip(ages) {
            let (id, age) = (call["id"].as_str().expect("an id"), age * 86_400_000_000_i64);
            change(&server, name, &format!("UPDATE audit SET at = at - {age} WHERE id = '{id}'")).await;
        }
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
        while !log(&again, &["--token", "ancient"]).is_empty() || entries(&again, "old", 1).await.len() > 3 {
            assert!(Instant::now() < deadline, "what is old is still there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let ids = |entries: &[Value]| entries.iter().map(|entry| entry["id"].clone()).collect::<Vec<_>>();
        assert_eq!(ids(&entries(&again, "old", 3).await), ids(&calls[1..]));
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
