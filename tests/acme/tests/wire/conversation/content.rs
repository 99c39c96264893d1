use serde_json::json;
use toolwright_tests::{Revision, Transport};

use super::{connect, start};

#[tokio::test]
async fn a_tool_answers_with_blocks_of_the_kinds_that_it_declares() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| Revision::ALL.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        let reply = client.call("draw", json!({})).await;
        let blocks = json!([
            {"type": "text", "text": "A dot:"},
            {"type": "image", "data": "AQID", "mimeType": "image/png"},
        ]);
        assert_eq!(reply.result()["content"], blocks, "{transport:?} {revision:?}");
        assert_eq!(reply.result().get("structuredContent"), None);
        let reply = client.call("draw", json!({"sound": true})).await;
        assert!(reply.is_tool_error(), "{reply:?}");
        assert!(reply.text().starts_with("internal: "), "{reply:?}");
    }
}

#[tokio::test]
async fn every_kind_of_block_is_as_the_protocol_has_it() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| Revision::ALL.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        let link = json!({
            "type": "resource_link", "uri": "notes://2", "name": "second", "title": "The second note", "mimeType": "text/plain",
        });
        let blocks = json!([
            {"type": "text", "text": "All:"},
            {"type": "image", "data": "AQID", "mimeType": "image/png"},
            {"type": "audio", "data": "BA==", "mimeType": "audio/wav"},
            {"type": "resource", "resource": {"uri": "notes://1", "mimeType": "text/plain", "text": "The first note."}},
            {"type": "resource", "resource": {"uri": "notes://3", "mimeType": "application/octet-stream", "blob": "BQY="}},
            link,
        ]);
        assert_eq!(client.call("show", json!({})).await.result()["content"], blocks, "{transport:?} {revision:?}");
    }
}

#[tokio::test]
async fn a_resource_is_every_block_of_its_tool_that_can_be_read() {
    let server = start();
    for (transport, revision) in
        Transport::ALL.into_iter().flat_map(|transport| Revision::ALL.map(|revision| (transport, revision)))
    {
        let mut client = connect(&server, transport, revision, json!({})).await;
        let (drawing, everything) = ("talk://drawing", "talk://everything");
        for (uri, contents) in [
            (
                drawing,
                json!([
                    {"uri": drawing, "mimeType": "text/plain", "text": "A dot:"},
                    {"uri": drawing, "mimeType": "image/png", "blob": "AQID"},
                ]),
            ),
            (
                everything,
                json!([
                    {"uri": everything, "mimeType": "text/markdown", "text": "All:"},
                    {"uri": everything, "mimeType": "image/png", "blob": "AQID"},
                    {"uri": everything, "mimeType": "audio/wav", "blob": "BA=="},
                    {"uri": everything, "mimeType": "text/plain", "text": "The first note."},
                    {"uri": everything, "mimeType": "application/octet-stream", "blob": "BQY="},
                ]),
            ),
        ] {
            let reply = client.request("resources/read", json!({"uri": uri})).await;
            assert_eq!(reply.result()["contents"], contents, "{transport:?} {revision:?}");
        }
        let reply = client.request("resources/read", json!({"uri": "talk://noise"})).await;
        assert_eq!(reply.error_data()["reason"], "internal", "{transport:?} {revision:?}");
    }
}
