//! What a client is told that has no token yet, or one that allows too little.

use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Client, Revision, Transport, promises::assert_kept};

use crate::{
    ARCHIVE, archive, client, http,
    issuer::{Issuer, Key},
};

const METADATA: &str = r#"resource_metadata="https://mcp.archive.example/.well-known/oauth-protected-resource/mcp""#;

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn who_has_no_token_is_told_where_to_sign_in() {
    let issuer = Issuer::start(&[]).await;
    let server = archive(&issuer, ARCHIVE).start();
    for revision in Revision::ALL {
        let reply = Client::http(server.url(), None, revision).list().await;
        assert_kept(Promise::NoCredential, &reply, revision.as_str());
        assert_eq!(reply.challenge, Some(format!(r#"Bearer {METADATA}, scope="docs:read""#)), "{revision:?}");
        assert!(reply.error_message().contains("Sign in from your client"), "{reply:?}");
        assert_eq!(reply.error_data().get("prefix"), None);
    }
    // Somebody whose token is not good has to be told that as well.
    let challenge = http(&server, "abc").list().await.challenge.unwrap_or_default();
    let begin = r#"Bearer error="invalid_token", error_description="#;
    assert!(challenge.starts_with(begin), "{challenge}");
    assert!(challenge.ends_with(&format!(r#", {METADATA}, scope="docs:read""#)), "{challenge}");
}

#[tokio::test(flavor = "multi_thread")]
pub(super) async fn who_may_not_is_told_all_that_the_operation_takes_and_may_with_that() {
    let key = Key::ed("k");
    let issuer = Issuer::start(&[&key]).await;
    let server = archive(&issuer, ARCHIVE).start();
    let cases = [
        ("", "get_document", json!({"document_id": "d_1"}), "docs:read", vec!["docs:read"]),
        ("docs:read", "write_document", json!({"text": "Hello."}), "docs:write", vec!["docs:write"]),
        // What is held already is asked for again: the new token is to do for the whole operation.
        (
            "docs:read",
            "publish_document",
            json!({"document_id": "d_1"}),
            "docs:read docs:publish",
            vec!["docs:publish"],
        ),
        (
            "docs:publish",
            "publish_document",
            json!({"document_id": "d_1"}),
            "docs:read docs:publish",
            vec!["docs:read"],
        ),
        // What is held beside that and is not needed is not the server's to ask for; clients keep count of it.
        (
            "docs:write",
            "publish_document",
            json!({"document_id": "d_1"}),
            "docs:read docs:publish",
            vec!["docs:publish"],
        ),
        (
            "",
            "publish_document",
            json!({"document_id": "d_1"}),
            "docs:read docs:publish",
            vec!["docs:read", "docs:publish"],
        ),
    ];
    for (held, tool, arguments, needed, missing) in cases {
        let token = key.sign(&issuer.claims("ada", held));
        for revision in Revision::ALL {
            let refused = Client::http(server.url(), Some(&token), revision).call(tool, arguments.clone()).await;
            let challenge = refused.challenge.clone().unwrap_or_default();
            assert_kept(Promise::MissingScope, &refused, tool);
            let begin =
                format!(r#"Bearer error="insufficient_scope", scope="{needed}", {METADATA}, error_description="#);
            assert!(challenge.starts_with(&begin), "{held} {tool}: {challenge}");
            assert_eq!(refused.error_data()["missing"], json!(missing), "{held} {tool}");
        }
        // Over stdio there is no header, and the same is said.
        let mut local = client(&issuer, &server, Transport::Stdio, Revision::V2025_11_25, &token);
        local.open().await;
        assert_eq!(local.call(tool, arguments.clone()).await.error_data()["missing"], json!(missing));
        let stepped_up = key.sign(&issuer.claims("ada", needed));
        let called = http(&server, &stepped_up).call(tool, arguments).await;
        assert!(called.error_code().is_none() && !called.is_tool_error(), "{held} {tool}: {called:?}");
    }
}
