//! An entry that the database refuses: the others are written, and the log says that it lacks one.

use std::time::{Duration, Instant};

use serde_json::json;
use toolwright_tests::{Client, Revision};

use super::{PATIENCE, change, entries, log, servers};

const REFUSING: [&str; 2] = [
    "CREATE TRIGGER refuse BEFORE INSERT ON audit WHEN new.operation = 'price_notes'
     BEGIN SELECT RAISE(ABORT, 'not this one'); END",
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not this one'; END $$;
     CREATE TRIGGER refuse BEFORE INSERT ON audit FOR EACH ROW WHEN (new.operation = 'price_notes')
     EXECUTE FUNCTION refuse()",
];

#[tokio::test(flavor = "multi_thread")]
async fn the_others_are_written_without_it() {
    for ((server, name), refusing) in
        servers("audit_refused").into_iter().zip([None, Some("audit_refused")]).zip(REFUSING)
    {
        let token = server.token("mixed", &["notes:read"]);
        change(&server, name, refusing).await;
        let mut client = Client::http(server.url(), Some(&token), Revision::V2026_07_28);
        for tool in ["whoami", "price_notes", "whoami"] {
            client.call(tool, json!({})).await;
        }
        let written = entries(&server, "mixed", 2).await;
        assert!(written.iter().all(|entry| entry["operation"] == "whoami"), "{written:?}");
        server.wait_for_line(&["ERROR", "not this one", "price_notes"]);
        // What comes afterwards brings the gap along.
        client.call("whoami", json!({})).await;
        entries(&server, "mixed", 3).await;
        let deadline = Instant::now() + PATIENCE;
        let gap = loop {
            if let Some(gap) = log(&server, &[]).into_iter().find(|entry| entry["kind"] == "gap") {
                break gap;
            }
            assert!(Instant::now() < deadline, "the log says nothing of its gap");
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        assert_eq!(gap["count"], 1, "{gap}");
    }
}
