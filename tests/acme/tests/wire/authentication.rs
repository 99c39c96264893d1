//! What a caller without a good credential is told.

use serde_json::json;
use toolwright_tests::{Client, Reply, Revision, Server};

use crate::{ACME, PREFIX};

async fn list(server: &Server, token: Option<&str>, revision: Revision) -> Reply {
    Client::http(server.url(), token, revision).list().await
}

fn assert_refused(reply: &Reply, reason: &str, case: &str) {
    assert_eq!((reply.status, reply.error_code()), (Some(401), Some(-31401)), "{case}: {reply:?}");
    let data = reply.error_data();
    assert_eq!(data["reason"], reason, "{case}");
    assert_eq!(data["create_at"], "Account → Access Keys", "{case}");
    let message = reply.error_message();
    assert!(message.contains("acme_") && message.contains("Account → Access Keys"), "{case}: {message}");
    let challenge = reply.challenge.as_deref().expect("a challenge");
    if reason == "missing_credential" {
        assert_eq!(challenge, r#"Bearer realm="acme""#, "{case}");
    } else {
        assert!(
            challenge.starts_with(r#"Bearer realm="acme", error="invalid_token", error_description=""#),
            "{challenge}"
        );
        assert!(challenge.contains("Account -> Access Keys"), "{challenge}");
    }
    assert!(challenge.is_ascii() && !challenge.contains("resource_metadata"), "{challenge}");
}

#[tokio::test]
async fn each_reason_has_its_name_and_says_what_to_do() {
    let server = Server::of(ACME).start();
    let expired = server.command(&["token", "create", "--name", "brief", "--scope", "notes:read", "--expires", "1s"]);
    let expired = expired.stdout.trim().to_owned();
    let revoked = server.token("revoked", &["notes:read"]);
    server.revoke("revoked");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let unknown = format!("acme_{}", "A".repeat(40));
    for revision in Revision::ALL {
        for (token, reason) in [
            (None, "missing_credential"),
            (Some("nonsense"), "malformed_credential"),
            (Some(unknown.as_str()), "unknown_credential"),
            (Some(revoked.as_str()), "unknown_credential"),
            (Some(expired.as_str()), "expired_credential"),
        ] {
            assert_refused(&list(&server, token, revision).await, reason, &format!("{reason} in {revision:?}"));
        }
    }
    // The log tells apart what the caller is not told.
    let log = server.log();
    for reason in ["reason=\"unknown\"", "reason=\"revoked\" credential=\"tok_", "reason=\"expired\" credential=\"tok_"]
    {
        assert!(log.contains(reason), "{reason} in:\n{log}");
    }
}

#[tokio::test]
async fn revoking_works_on_the_next_request() {
    let server = Server::of(ACME).start();
    let token = server.token("brief", &["notes:read"]);
    for revision in Revision::ALL {
        assert_eq!(list(&server, Some(&token), revision).await.status, Some(200));
    }
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    client.open().await;
    server.revoke("brief");
    let refused = client.call("list_notes", json!({})).await;
    assert_refused(&refused, "unknown_credential", "after the handshake");
    for revision in Revision::ALL {
        assert_refused(&list(&server, Some(&token), revision).await, "unknown_credential", "revoked");
    }
    assert_eq!(list(&server, Some(&server.first_token(PREFIX)), Revision::V2025_11_25).await.status, Some(200));
}

#[tokio::test]
async fn a_scope_that_is_no_longer_declared_grants_nothing() {
    let server = Server::of(ACME).start();
    let token = server.token("old", &["notes:read"]);
    let file = server.folder().join("data/acme.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut database = sqlx::ConnectOptions::connect(&options).await.expect("the token database");
    sqlx::query("UPDATE tokens SET scopes = 'notes:gone notes:read' WHERE name = 'old'")
        .execute(&mut database)
        .await
        .expect("an update");
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    assert_eq!(client.call("list_notes", json!({})).await.status, Some(200));
    let refused = client.call("add_note", json!({"text": "x"})).await;
    assert_eq!(refused.error_data()["held"], json!(["notes:read"]));
    server.wait_for_line(&["WARN", "scope=\"notes:gone\""]);
}
