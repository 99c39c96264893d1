use serde_json::json;
use toolwright_core::Promise;
use toolwright_tests::{Client, Revision, Server, Transport, promises::assert_kept};

use super::{connect, start};
use crate::{ACME, PREFIX};

const OLDER: [Revision; 2] = [Revision::V2025_06_18, Revision::V2025_11_25];

#[tokio::test]
async fn a_client_of_an_older_revision_is_given_a_session() {
    let server = start();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, json!({"elicitation": {}})).await;
        let id = client.session().clone().expect("a session");
        assert!(id.bytes().all(|byte| byte.is_ascii_graphic()), "{id}");
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
    let mut refused = Client::http(server.url(), Some(&server.first_token(PREFIX)), Revision::V2025_11_25);
    assert_eq!(refused.request("initialize", json!({})).await.error_code(), Some(-32602));
    assert_eq!(*refused.session(), None, "a handshake that failed");
}

#[tokio::test]
async fn a_server_that_asks_nothing_has_no_sessions() {
    let server = Server::of(ACME).start();
    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, json!({"elicitation": {}})).await;
    assert_eq!(*client.session(), None);
    *client.session() = Some("anything".to_owned());
    assert_eq!(client.list().await.status, Some(200));
}

#[tokio::test]
pub(crate) async fn a_session_is_worth_nothing_elsewhere() {
    let server = start();
    let other_token = server.token("other", &["notes:read"]);
    for revision in OLDER {
        let mut client = connect(&server, Transport::Http, revision, json!({"elicitation": {}})).await;
        let id = client.session().clone().expect("a session");
        assert_eq!(client.list().await.status, Some(200));

        let mut other = Client::http(server.url(), Some(&other_token), revision);
        *other.session() = Some(id.clone());
        let middle = id.len() / 2;
        let turned = if id.as_bytes()[middle] == b'A' { "B" } else { "A" };
        let tampered = [
            format!("{}{turned}{}", &id[..middle], &id[middle + 1..]),
            format!("{id}A"),
            "x".to_owned(),
            String::new(),
        ];
        let mut replies = vec![other.list().await];
        for id in tampered {
            *client.session() = Some(id);
            replies.push(client.list().await);
        }
        for reply in replies {
            assert_kept(Promise::SessionOfAnother, &reply, revision.as_str());
        }
        // What begins anew has no use for the old one.
        assert_eq!(client.open().await.status, Some(200));
    }

    let mut newer = connect(&server, Transport::Http, Revision::V2026_07_28, json!({})).await;
    *newer.session() = Some("anything".to_owned());
    assert_kept(Promise::StraySession, &newer.list().await, "there are none in this revision");
}

#[tokio::test]
pub(crate) async fn who_sends_no_session_is_served_and_cannot_be_asked() {
    let server = start();
    for revision in OLDER {
        let mut client = connect(&server, Transport::Http, revision, json!({"elicitation": {}})).await;
        *client.session() = None;
        assert_kept(Promise::MissingSession, &client.list().await, revision.as_str());
        let told = client.call("book", json!({"flight": "LH1", "how": "one"})).await;
        assert_kept(Promise::MissingCapabilityBefore, &told, revision.as_str());
    }
}
