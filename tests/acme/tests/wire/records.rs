//! A tool that reads and leaves a record of each call: what it leaves, and that nothing else can be done with it.

use serde_json::{Value, json};
use sqlx::{ConnectOptions as _, SqliteConnection, sqlite::SqliteConnectOptions};
use toolwright_tests::{Revision, Server, Transport};

use crate::{ACME, PREFIX, connect, full};

/// The database of the records, opened by somebody who may write.
async fn checks(server: &Server) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(server.folder().join("data/acme-checks.db"));
    options.connect().await.expect("the database of the checks")
}

async fn recorded(server: &Server) -> Vec<(i64, String)> {
    let mut checks = checks(server).await;
    sqlx::query_as("select id, subject from checks order by id").fetch_all(&mut checks).await.expect("checks")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_call_leaves_one() {
    let server = Server::of(ACME).start();
    let (ada, bob) =
        (server.token_for("ada", "of ada", &["notes:write"]), server.token_for("bob", "of bob", &["notes:read"]));
    let mut expected = Vec::new();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|way| Revision::ALL.map(|revision| (way, revision)))
    {
        for (subject, token) in [("ada", &ada), ("bob", &bob)] {
            let mut client = connect(&server, transport, revision, token).await;
            expected.push((i64::try_from(expected.len() + 1).expect("a few"), subject.to_owned()));
            let reply = client.call("check_notes", json!({})).await;
            assert_eq!(reply.structured(), &json!({"check_id": expected.len(), "repeated": []}), "{transport:?}");
        }
    }
    assert_eq!(recorded(&server).await, expected);
}

#[tokio::test]
async fn it_reads_what_its_caller_has() {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    for text in ["milk", "bread", "milk"] {
        client.call("add_note", json!({"text": text})).await;
    }
    let reply = client.call("check_notes", json!({})).await;
    assert_eq!(reply.structured(), &json!({"check_id": 1, "repeated": ["n3"]}));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_stays_whatever_becomes_of_the_call() {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    let mut said = Vec::new();
    for how in ["fail", "panic", "hang"] {
        let reply = client.call("check_notes", json!({"then": how})).await;
        assert!(reply.is_tool_error(), "{how}: {reply:?}");
        said.push(reply.text().split(':').next().expect("a name").to_owned());
        assert_eq!(recorded(&server).await.len(), said.len(), "{how}");
    }
    assert_eq!(said, ["wrong_state", "internal", "timed_out"]);
}

#[tokio::test]
async fn a_call_that_is_refused_leaves_none() {
    let server = Server::of(ACME).start();
    let token = server.token("without the scope", &["billing:read"]);
    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, &token).await;
    assert_eq!(client.call("check_notes", json!({})).await.error_code(), Some(-31403));
    let mut client = full(&server, Revision::V2025_11_25).await;
    let reply = client.call("check_notes", json!({"then": "nothing"})).await;
    assert!(reply.text().starts_with("invalid_arguments: "), "{reply:?}");
    assert_eq!(recorded(&server).await, []);
}

/// The server's own door can only append. These come from somebody who has the file, and may write.
#[tokio::test]
async fn the_database_refuses_to_change_a_record() {
    let server = Server::of(ACME).start();
    let mut client = full(&server, Revision::V2025_11_25).await;
    client.call("check_notes", json!({})).await;
    let before = recorded(&server).await;
    assert_eq!(before.len(), 1);
    let mut checks = checks(&server).await;
    for (statement, refusal) in [
        ("update checks set subject = 'nobody'", "a check cannot be changed"),
        ("delete from checks", "a check cannot be deleted"),
        ("insert or replace into checks (id, subject) values (1, 'nobody')", "a check cannot be replaced"),
        ("replace into checks (rowid, subject) values (1, 'nobody')", "a check cannot be replaced"),
        (
            "insert into checks (id, subject) values (1, 'nobody') on conflict do update set subject = 'nobody'",
            "a check cannot be replaced",
        ),
        ("insert into checks (id, subject) values (-1, 'nobody')", "CHECK constraint failed"),
    ] {
        let refused = sqlx::query(statement).execute(&mut checks).await.expect_err(statement).to_string();
        assert!(refused.contains(refusal), "{statement}: {refused}");
    }
    assert_eq!(recorded(&server).await, before);
    // Whoever may write can append as well, and so can the server still.
    assert_eq!(client.call("check_notes", json!({})).await.structured()["check_id"], 2);
}

#[tokio::test]
async fn it_is_a_tool_that_reads_and_says_that_it_records() {
    let server = Server::of(ACME).start();
    let token = server.first_token(PREFIX);
    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, &token).await;
    let list = client.list().await;
    let tools = list.result()["tools"].as_array().expect("tools");
    let check: Vec<&Value> = tools.iter().filter(|tool| tool["name"] == "check_notes").collect();
    // By the protocol, only of a tool that is not read-only it means something whether it is idempotent.
    assert_eq!(
        check[0]["annotations"],
        json!({
            "title": "Check notes",
            "readOnlyHint": true,
            "destructiveHint": false,
            "idempotentHint": false,
            "openWorldHint": false,
        })
    );
}
