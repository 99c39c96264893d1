use serde_json::json;
use toolwright_tests::{Client, Revision, Server, Transport};

use super::{connect, start};
use crate::{ACME, PREFIX};

const NOT_FOUND: i64 = -31404;

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
async fn a_session_is_worth_nothing_elsewhere() {
    let server = start();
    let mut client = connect(&server, Transport::Http, Revision::V2025_11_25, json!({"elicitation": {}})).await;
    let id = client.session().clone().expect("a session");
    assert_eq!(client.list().await.status, Some(200));

    let mut other = Client::http(server.url(), Some(&server.token("other", &["notes:read"])), Revision::V2025_11_25);
    *other.session() = Some(id.clone());
    let middle = id.len() / 2;
    let turned = if id.as_bytes()[middle] == b'A' { "B" } else { "A" };
    let tampered =
        [format!("{}{turned}{}", &id[..middle], &id[middle + 1..]), format!("{id}A"), "x".to_owned(), String::new()];
    let mut replies = vec![other.list().await];
    for id in tampered {
        *client.session() = Some(id);
        replies.push(client.list().await);
    }
    for reply in replies {
        assert_eq!((reply.status, reply.error_code()), (Some(404), Some(NOT_FOUND)), "{reply:?}");
        assert_eq!(reply.error_data()["reason"], "unknown_session");
    }
    // What begins anew has no use for the old one.
    assert_eq!(client.open().await.status, Some(200));

    let mut newer = connect(&server, Transport::Http, Revision::V2026_07_28, json!({})).await;
    *newer.session() = Some("anything".to_owned());
    assert_eq!(newer.list().await.status, Some(200), "there are none in this revision");
}
