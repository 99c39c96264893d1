//! What a caller without a good credential is told.

use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Client, Reply, Revision, Server, promises::assert_kept};

use crate::{ACME, PREFIX, database};

async fn list(server: &Server, token: Option<&str>, revision: Revision) -> Reply {
    Client::http(server.url(), token, revision).list().await
}

fn assert_refused(reply: &Reply, promise: Promise, case: &str) {
    assert_kept(promise, reply, case);
    assert_eq!(reply.error_data()["create_at"], "Account → Access Keys", "{case}");
    let message = reply.error_message();
    assert!(message.contains("acme_") && message.contains("Account → Access Keys"), "{case}: {message}");
    let challenge = reply.challenge.as_deref().expect("a challenge");
    if promise == Promise::NoCredential {
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
pub(super) async fn each_reason_has_its_name_and_says_what_to_do() {
    let server = Server::of(ACME).start();
    let expired = server.command(&["token", "create", "--name", "brief", "--scope", "notes:read", "--expires", "1s"]);
    let expired = expired.stdout.trim().to_owned();
    let revoked = server.token("revoked", &["notes:read"]);
    server.revoke("revoked");
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let unknown = format!("acme_{}", "A".repeat(40));
    for revision in Revision::ALL {
        for (token, promise) in [
            (None, Promise::NoCredential),
            (Some("nonsense"), Promise::UnreadableCredential),
            (Some(unknown.as_str()), Promise::UnknownCredential),
            (Some(revoked.as_str()), Promise::RevokedCredential),
            (Some(expired.as_str()), Promise::ExpiredCredential),
        ] {
            assert_refused(&list(&server, token, revision).await, promise, revision.as_str());
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
pub(super) async fn revoking_works_on_the_next_request() {
    let server = Server::of(ACME).start();
    let token = server.token("brief", &["notes:read"]);
    for revision in Revision::ALL {
        assert_eq!(list(&server, Some(&token), revision).await.status, Some(200));
    }
    let mut client = Client::http(server.url(), Some(&token), Revision::V2025_11_25);
    client.open().await;
    server.revoke("brief");
    let refused = client.call("list_notes", json!({})).await;
    assert_refused(&refused, Promise::RevokedCredential, "after the handshake");
    for revision in Revision::ALL {
        assert_refused(&list(&server, Some(&token), revision).await, Promise::RevokedCredential, "revoked");
    }
    assert_eq!(list(&server, Some(&server.first_token(PREFIX)), Revision::V2025_11_25).await.status, Some(200));
}

#[tokio::test]
async fn a_scope_that_is_no_longer_declared_grants_nothing() {
    let server = Server::of(ACME).start();
    let token = server.token("old", &["notes:read"]);
    let mut database = database(&server).await;
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
